"""How likely a candidate is to be one of the best, or to meet the targets."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from alloop.arrays import BoolArray, FloatArray
from alloop.planning.beliefs import Beliefs
from alloop.planning.goals import Yardstick, lengths


def depth(goodness: FloatArray, directions: FloatArray) -> FloatArray:
    """How close each of n points (..., n, K) is to the front of them: 1 on it, 0 behind all, (..., n).

    A point counts by its best rank over the directions; with one objective that is its rank.
    """
    n = goodness.shape[-2]
    best = np.zeros(goodness.shape[:-1])
    for direction in directions:
        reach = lengths(goodness, direction[None])[..., 0]
        order = np.argsort(reach, axis=-1)
        ranks = np.empty(order.shape)
        np.put_along_axis(ranks, order, np.broadcast_to(np.arange(n) / max(n - 1, 1), order.shape), axis=-1)
        np.maximum(best, ranks, out=best)
    return best


def chance_among_best(
    goodness: FloatArray, passing: BoolArray, count: int, directions: FloatArray
) -> FloatArray:
    """Chance (n,) of belonging to the best `count` of n points, from draws (S, n, K) and (S, n).

    In each draw a point counts by its best rank over the directions among the points that pass.
    """
    n = goodness.shape[1]
    count = int(np.clip(count, 1, n))
    columns = [np.ascontiguousarray(goodness[..., k], dtype=np.float32) for k in range(goodness.shape[2])]
    failing = ~passing
    best = np.full(passing.shape, count, dtype=np.int32)
    places = np.broadcast_to(np.arange(count, dtype=np.int32), (len(passing), count))
    for direction in directions.astype(np.float32):
        behind = columns[0] / -direction[0]
        for column, weight in zip(columns[1:], direction[1:], strict=True):
            np.maximum(behind, column / -weight, out=behind)
        behind[failing] = np.inf
        # whoever is not among the best in any direction cannot be among them
        top = np.argpartition(behind, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(behind, top, axis=1), axis=1)
        top = np.take_along_axis(top, order, axis=1)
        np.put_along_axis(best, top, np.minimum(np.take_along_axis(best, top, axis=1), places), axis=1)
    best[failing] = n
    threshold = np.partition(best, count - 1, axis=1)[:, count - 1 : count]
    return np.asarray((passing & (best <= threshold)).mean(axis=0))


def chance_above_share(
    goodness: FloatArray, passing: BoolArray, sample: slice, share: float, directions: FloatArray
) -> FloatArray:
    """Chance (n,) of ranking with the best `share` of the points in `sample`, a uniform part of the space."""
    depths = np.where(passing, depth(goodness, directions), -1.0)
    threshold = np.quantile(depths[:, sample], 1.0 - share, axis=1, method="higher", keepdims=True)
    return np.asarray((passing & (depths >= threshold)).mean(axis=0))


def chance_of_targets(
    beliefs: Beliefs, yardstick: Yardstick, features: FloatArray, noisy: bool
) -> FloatArray:
    """Chance (n,) of meeting all stated targets and constraints, for a new measurement or (`noisy` False) in truth."""
    chance = beliefs.p_feasible(features)
    for k, entry in enumerate(yardstick.objectives):
        if not np.isfinite(yardstick.target[k]):
            continue
        belief = beliefs.properties[entry.property]
        mean, sd = belief.predict(features) if noisy else belief.latent(features)
        good = yardstick.sign[k] * (mean - yardstick.reference[k]) / yardstick.span[k]
        chance = chance * ndtr((good - yardstick.target[k]) / (sd / yardstick.span[k]))
    return chance


def optimism(
    beliefs: Beliefs, yardstick: Yardstick, features: FloatArray, directions: FloatArray
) -> FloatArray:
    """Score (n,) of what the trees hope for: mean plus one standard deviation, by rank, times feasibility.

    Trees tell families of materials apart where a smooth model blurs them; see docs/planner.md for what this
    rule adds to the chance of being among the best. Properties without trees are hoped for by their own belief.
    """
    hopes = [beliefs.properties[entry.property].hope(features) for entry in yardstick.objectives]
    mean, sd = (np.stack(column, axis=-1) for column in zip(*hopes, strict=True))
    return _by_rank(yardstick.goodness(mean) + sd / yardstick.span, directions) * beliefs.p_feasible(features)


def promise(
    beliefs: Beliefs, yardstick: Yardstick, features: FloatArray, directions: FloatArray
) -> FloatArray:
    """Score (n,) of what is expected: the mean by rank, times feasibility.

    The chance of being among the best also goes to candidates of which little is known. Where each plate is one of
    several, the best known neighbourhood yields more; exploring is the task of other components.
    """
    means = [beliefs.properties[entry.property].latent(features)[0] for entry in yardstick.objectives]
    return _by_rank(yardstick.goodness(np.stack(means, axis=-1)), directions) * beliefs.p_feasible(features)


def _by_rank(goodness: FloatArray, directions: FloatArray) -> FloatArray:
    """A score (n,) that grows towards the front of points (n, K), the steeper the nearer."""
    return np.asarray(-np.log1p(1.0 / len(goodness) - depth(goodness, directions)))
