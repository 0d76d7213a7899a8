"""Linear regression on many rows whose groups share an offset: the offsets are summed out, not solved for.

With thousands of plates the offsets would be the larger part of the unknowns; each touches its own rows only, so that
their block of the normal equations is diagonal and drops out (Schur complement).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from alloop.arrays import FloatArray
from alloop.surrogate.hyperparameters import cholesky


@dataclass(frozen=True)
class Sums:
    """Normal equations of weights (k,) and group offsets (G,), from some of the rows."""

    square: Tensor
    shift: Tensor
    shared: Tensor
    group_precision: Tensor
    group_shift: Tensor

    def less(self, other: Sums) -> Sums:
        """These sums without the rows of `other`."""
        return Sums(*(getattr(self, name) - getattr(other, name) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Solved:
    """Posterior of the weights, N(mean, (root root')⁻¹), and what it leaves of each group's offset."""

    mean: Tensor
    root: Tensor
    square: Tensor
    shared: Tensor
    group_mean: Tensor
    group_variance: Tensor


def solve(sums: Sums, group_variances: FloatArray) -> Solved:
    """Sum the group offsets out of the normal equations and solve for the weights."""
    own = 1.0 / torch.as_tensor(group_variances) + sums.group_precision
    square = torch.eye(len(sums.square), dtype=torch.float64) + sums.square
    square = square - (sums.shared / own) @ sums.shared.T
    root = cholesky(square)
    shift = sums.shift - sums.shared @ (sums.group_shift / own)
    mean = torch.cholesky_solve(shift[:, None], root)[:, 0]
    group_mean = (sums.group_shift - sums.shared.T @ mean) / own
    return Solved(mean, root, square, sums.shared / own, group_mean, 1.0 / own)
