"""Why a well is on the plate, in words a person can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from alloop.arrays import FloatArray
from alloop.planning.aims import Objective
from alloop.planning.problem import Prediction
from alloop.properties import get_property

_WHY = {
    "hits": "likely to be among the best",
    "hope": "the trees see a promising family here",
    "front": "could extend what has been reached",
    "best": "could beat the best so far",
    "cover": "nothing like it has been tried",
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
            parts.append(f"{symbol} {found.median:.2g}{unit} ({found.low90:.2g} to {found.high90:.2g})")
    return ", ".join(parts)


def pairwise_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Euclidean distances (n, m) between the rows of `a` and `b`."""
    square = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * a @ b.T
    distances: FloatArray = np.sqrt(np.maximum(square, 0.0))
    return distances


def novelty(features: FloatArray, tried: FloatArray, scale: FloatArray) -> FloatArray:
    """Distance (n,) to the nearest thing tried, relative to the typical distance among what was tried.

    Args:
        features: (n, d) of the wells.
        tried: (t, d) of what was measured.
        scale: (d,) what features are multiplied with before distances are taken.
    """
    if len(tried) < 2:
        return np.full(len(features), np.inf)
    among = pairwise_distances(tried * scale, tried * scale)
    np.fill_diagonal(among, np.inf)
    typical = float(np.median(among.min(axis=1)))
    nearest: FloatArray = pairwise_distances(features * scale, tried * scale).min(axis=1)
    return nearest / max(typical, 1e-12)
