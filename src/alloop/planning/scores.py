"""Cheap optimistic scores: how far a candidate may reach in many directions, times the chance that it passes.

What is known of a candidate is seen as a few *outputs*: the goodness of each objective (K), its standard deviation
(K), and the log-odds of being feasible. Scores follow from these, whoever gives them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtr
from torch import Tensor

from alloop.arrays import FloatArray
from alloop.planning.aims import Constraint
from alloop.planning.beliefs import Beliefs, p_between
from alloop.planning.computed import Computed
from alloop.planning.goals import Yardstick
from alloop.runner import Runner
from alloop.surrogate.belief import process_alone
from alloop.surrogate.fast import FastBelief, FastView, make_fast
from alloop.surrogate.protocol import PropertyModel

OPTIMISM = (0.0, 1.0, 2.0)
_LEAST_CHANCE = 1e-3
_LEAST_PENALTY = 0.05


@dataclass(frozen=True)
class Judge:
    """The fast view of all models of a round."""

    constraints: tuple[Constraint, ...]
    yardstick: Yardstick
    fast: dict[str, FastView]
    forming: FastView | None

    @property
    def travels(self) -> bool:
        """Whether other processes can be given it: a model that somebody supplied may hold anything."""
        views = (*self.fast.values(), *([self.forming] if self.forming is not None else []))
        return all(isinstance(view, FastBelief) or isinstance(view.model, Computed) for view in views)

    def outputs(self, features: FloatArray) -> FloatArray:
        """Outputs (n, 2 K + 1) of candidates with features (n, d)."""
        narrow = torch.as_tensor(features, dtype=torch.float32)
        predicted = {name: fast.latent(narrow) for name, fast in self.fast.items()}
        chance = np.ones(len(features))
        if self.forming is not None:
            mean, sd = self.forming.latent(narrow)
            chance = ndtr(mean / np.hypot(sd, self.forming.noise_sd))
        for constraint in self.constraints:
            mean, sd = predicted[constraint.property]
            wide = np.hypot(sd, self.fast[constraint.property].noise_sd)
            chance = chance * p_between(mean, wide, constraint)
        chance = np.clip(chance, _LEAST_CHANCE, 1.0 - _LEAST_CHANCE)
        pairs = [predicted[entry.property] for entry in self.yardstick.objectives]
        goodness = self.yardstick.goodness(np.stack([mean for mean, _ in pairs], axis=-1))
        doubt = np.stack([sd for _, sd in pairs], axis=-1) / self.yardstick.span
        return np.column_stack([goodness, doubt, np.log(chance) - np.log1p(-chance)])


def make_judge(beliefs: Beliefs, yardstick: Yardstick, sample: FloatArray, runner: Runner) -> Judge:
    """The fast view of a round's models; `sample` (s, d) are features of typical candidates."""
    wanted = [entry.property for entry in yardstick.objectives]
    wanted += [entry.property for entry in beliefs.constraints]
    names = list(dict.fromkeys(wanted))
    models = [beliefs.properties[name] for name in names]
    if beliefs.forming is not None:
        models.append(process_alone(beliefs.forming))
    made = list(runner.map(_fast_of, sample, models))
    forming = made.pop() if beliefs.forming is not None else None
    return Judge(beliefs.constraints, yardstick, dict(zip(names, made, strict=True)), forming)


def _fast_of(sample: FloatArray, belief: PropertyModel) -> FastView:
    return make_fast(belief, sample)


def scores(outputs: Tensor, steepness: Tensor) -> Tensor:
    """Scores (n_scores, n), one row per degree of optimism and direction.

    A candidate that may be infeasible is worth less where it reaches far, never more where it falls short.

    Args:
        outputs: (2 K + 1, n).
        steepness: (D, K) the inverse of the directions.
    """
    n_directions, n_objectives = steepness.shape
    goodness, doubt = outputs[:n_objectives], outputs[n_objectives:-1].clamp_min(0.0)
    chance = outputs[-1].sigmoid()
    penalty = chance.clamp_min(_LEAST_PENALTY).reciprocal_()
    result = outputs.new_empty((len(OPTIMISM) * n_directions, outputs.shape[1]))
    for place, hope in enumerate(OPTIMISM):
        hoped = torch.add(goodness, doubt, alpha=hope) if hope else goodness
        reach = result[place * n_directions : (place + 1) * n_directions]
        torch.mul(hoped[0], steepness[:, :1], out=reach)
        for k in range(1, n_objectives):
            torch.minimum(reach, hoped[k] * steepness[:, k : k + 1], out=reach)
        # the smaller of the two: reach times chance where reach is positive, times the penalty where it is not
        torch.minimum(reach * chance, reach.mul_(penalty), out=reach)
    return result
