"""Which rows stand for many: for hyperparameters, and as inducing points."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import IntArray
from alloop.surrogate.data import Observations
from alloop.surrogate.kernels import matern52, squared_distances

_BY_GROUP = 0.7  # share of the rows for hyperparameters that comes in whole groups


def representative_rows(data: Observations, count: int) -> IntArray:
    """Rows (sorted) that hyperparameters are learned from; the same for the same data.

    Whole groups, evenly over their numbers, fill most of the `count`; the rest is drawn evenly from all other rows.
    """
    if len(data) <= count:
        return np.arange(len(data))
    rng = np.random.default_rng(len(data))
    labels, first, sizes = np.unique(data.groups, return_index=True, return_counts=True)
    real = labels >= 0
    chosen = np.zeros(len(data), dtype=bool)
    labels, sizes, order = labels[real], sizes[real], first[real].argsort()
    if len(labels):
        room = int(_BY_GROUP * count)
        fits = max(1, min(len(labels), int(room / max(float(sizes.mean()), 1.0))))
        for place in order[np.unique(np.linspace(0, len(order) - 1, fits).astype(int))]:
            members = np.flatnonzero(data.groups == labels[place])
            spare = room - int(chosen.sum())
            if spare > 1:
                chosen[members if len(members) <= spare else rng.permutation(members)[:spare]] = True
    rest = np.flatnonzero(~chosen)
    chosen[rng.permutation(rest)[: count - int(chosen.sum())]] = True
    return np.flatnonzero(chosen)


def pivots(x: Tensor, count: int) -> IntArray:
    """Up to `count` rows of `x` (n, d), scaled, by pivoted Cholesky: each explains the most of what is left."""
    x = x.float()
    residual = torch.ones(len(x), dtype=x.dtype)
    factor = torch.zeros((min(count, len(x)), len(x)), dtype=x.dtype)
    chosen: list[int] = []
    for step in range(len(factor)):
        pivot = int(torch.argmax(residual))
        if float(residual[pivot]) < 1e-5:
            break
        chosen.append(pivot)
        column = matern52(squared_distances(x[pivot : pivot + 1], x))[0]
        column = (column - factor[:step].T @ factor[:step, pivot]) / residual[pivot].sqrt()
        factor[step] = column
        residual = (residual - column.square()).clamp_min(0.0)
        residual[pivot] = -1.0
    return np.array(chosen, dtype=np.int64)
