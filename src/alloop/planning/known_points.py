"""What is known already of the front: the most promising of what is measured, and what is on its way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from alloop.arrays import FloatArray
from alloop.planning.beliefs import Beliefs
from alloop.planning.goals import Yardstick
from alloop.planning.problem import PlanningProblem
from alloop.planning.roles import features_of
from alloop.surrogate.fast import make_fast

_KNOWN = 300
_MANY = 4000
_SAMPLE = 2000


def known_points(problem: PlanningProblem, beliefs: Beliefs, yardstick: Yardstick) -> FloatArray:
    """Features of what is measured (the most promising few hundred) and pending."""
    measured = problem.measured
    if len(measured) > _KNOWN:
        models = [beliefs.properties[entry.property] for entry in yardstick.objectives]
        if len(measured) > _MANY:  # a cheap look comes first
            fast = [make_fast(model, measured[-_SAMPLE:]) for model in models]
            narrow = torch.as_tensor(measured, dtype=torch.float32)
            measured = _most_promising(measured, [view.latent(narrow)[0] for view in fast], yardstick, _MANY)
        means = [model.latent(measured)[0] for model in models]
        measured = _most_promising(measured, means, yardstick, _KNOWN)
    return np.vstack([measured, features_of(problem, list(problem.pending))])


def _most_promising(
    measured: FloatArray, means: Sequence[FloatArray], yardstick: Yardstick, count: int
) -> FloatArray:
    good = yardstick.goodness(np.stack(means, axis=-1)).min(axis=1)
    return measured[np.sort(np.argsort(-good, kind="stable")[:count])]
