"""Joint draws of every objective and of feasibility: the one thing that all aims look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from alloop.arrays import BoolArray, FloatArray
from alloop.planning.beliefs import Beliefs, p_between
from alloop.planning.goals import Yardstick


@dataclass(frozen=True)
class Draws:
    """Joint draws at n points.

    Attributes:
        goodness: (S, n, K) goodness of the objectives.
        passing: (S, n) whether the sample forms and meets the constraints in that draw.
    """

    goodness: FloatArray
    passing: BoolArray


def draw(
    beliefs: Beliefs, yardstick: Yardstick, features: FloatArray, n_samples: int, rng: np.random.Generator
) -> Draws:
    """Draw `n_samples` worlds at `features` (n, d).

    The properties are drawn independently of each other; each jointly over all points.
    """
    columns = []
    drawn: dict[str, FloatArray] = {}
    for entry in yardstick.objectives:
        drawn[entry.property] = beliefs.properties[entry.property].sample(features, n_samples, rng)
        columns.append(drawn[entry.property])
    goodness = (
        yardstick.goodness(np.stack(columns, axis=-1)) if columns else np.zeros((n_samples, len(features), 0))
    )
    chance = np.ones((n_samples, len(features)))
    if beliefs.forming is not None:
        latent = beliefs.forming.sample(features, n_samples, rng)
        chance *= ndtr(latent / beliefs.forming.noise_sd())
    for constraint in beliefs.constraints:
        belief = beliefs.properties[constraint.property]
        values = drawn.get(constraint.property)
        if values is None:
            values = belief.sample(features, n_samples, rng)
        chance *= p_between(values, belief.process.noise_sd(), constraint)
    passing = rng.random(chance.shape) < chance
    return Draws(goodness, passing)
