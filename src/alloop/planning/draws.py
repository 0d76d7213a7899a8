"""Joint draws of every objective and of feasibility: the one thing that all aims look at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from alloop.arrays import BoolArray, FloatArray
from alloop.planning.beliefs import Beliefs, p_between
from alloop.planning.goals import Yardstick
from alloop.runner import n_workers, one_thread


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
    names = [entry.property for entry in yardstick.objectives]
    names += [entry.property for entry in beliefs.constraints if entry.property not in names]
    streams = rng.spawn(len(names) + 1)
    with one_thread(), ThreadPoolExecutor(n_workers()) as workers:
        drawing = {
            name: workers.submit(beliefs.properties[name].sample, features, n_samples, stream)
            for name, stream in zip(names, streams, strict=False)
        }
        drawn: dict[str, FloatArray] = {name: future.result() for name, future in drawing.items()}
    columns = [drawn[entry.property] for entry in yardstick.objectives]
    goodness = (
        yardstick.goodness(np.stack(columns, axis=-1)) if columns else np.zeros((n_samples, len(features), 0))
    )
    chance = np.ones((n_samples, len(features)))
    if beliefs.forming is not None:
        latent = beliefs.forming.sample(features, n_samples, streams[-1])
        chance *= ndtr(latent / beliefs.forming.noise_sd())
    for constraint in beliefs.constraints:
        belief = beliefs.properties[constraint.property]
        chance *= p_between(drawn[constraint.property], belief.noise_sd(), constraint)
    passing = rng.random(chance.shape) < chance
    return Draws(goodness, passing)
