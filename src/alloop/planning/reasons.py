"""Why a well is on the plate, in words a person can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.planning.aims import Objective
from alloop.planning.problem import Prediction
from alloop.properties import get_property

_SOME = 2000
_WHY = {
    "hits": "likely to be among the best",
    "hope": "the trees see a promising family here",
    "front": "could extend what has been reached",
    "best": "could beat the best so far",
    "cover": "nothing like it has been tried",
    "boundary": "would tell best on which side of the boundary candidates lie",
    "region": "its result would teach the region most",
    "map": "its result would teach the model most",
}


def component_reason(component: str) -> str:
    """What moved the planner, by the component that took the well."""
    return _WHY[component]


def expectation(objectives: Sequence[Objective], predictions: Mapping[str, Prediction]) -> str:
    """The predicted values with their 90 % intervals, in a line."""
    parts = []
    for entry in objectives:
        found = predictions.get(entry.property)
        if found is not None:
            unit = "" if entry.unit == "1" else f" {entry.unit}"
            symbol = get_property(entry.property).symbol
            low, high = f"{found.low90:.2g}", f"{found.high90:.2g}"
            parts.append(
                f"{symbol} {found.median:.2g}{unit}" + (f" ({low} to {high})" if low != high else "")
            )
    return ", ".join(parts)


def pairwise_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Euclidean distances (n, m) between the rows of `a` and `b`."""
    square = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * a @ b.T
    distances: FloatArray = np.sqrt(np.maximum(square, 0.0))
    return distances


def usual_distance(tried: FloatArray, scale: FloatArray) -> float:
    """The median distance of what was tried to its nearest neighbour, of at most some thousand; 0 below two.

    Args:
        tried: (t, d) features.
        scale: (d,) what features are multiplied with before distances are taken.
    """
    some = tried[np.unique(np.linspace(0, len(tried) - 1, min(len(tried), _SOME)).astype(np.int64))] * scale
    if len(some) < 2:
        return 0.0
    among = pairwise_distances(some, some)
    np.fill_diagonal(among, np.inf)
    return float(np.median(among.min(axis=1)))


def nearest(
    features: FloatArray, tried: FloatArray, scale: FloatArray, count: int
) -> tuple[IntArray, FloatArray]:
    """The `count` things tried that are nearest to each well, nearest first: rows (n, k), distances (n, k).

    Distances are in multiples of the usual one among what was tried.

    Args:
        features: (n, d) of the wells.
        tried: (t, d) of what was measured; k is the smaller of `count` and t.
        scale: (d,) what features are multiplied with before distances are taken.
    """
    distances = pairwise_distances(features * scale, tried * scale)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    usual = max(usual_distance(tried, scale), 1e-12)
    return order, np.take_along_axis(distances, order, axis=1) / usual


__all__ = ["component_reason", "expectation", "nearest", "pairwise_distances", "usual_distance"]
