"""The Matérn-5/2 covariance with a length scale per feature, and what its gradient needs."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_ROOT5 = math.sqrt(5.0)


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Squared Euclidean distances between the rows of `a` (n, d) and `b` (m, d): (n, m)."""
    cross = torch.addmm((a * a).sum(-1, keepdim=True) + (b * b).sum(-1), a, b.T, alpha=-2.0)
    return cross.clamp_min_(0.0)


def matern52(squared: Tensor) -> Tensor:
    """Matérn-5/2 correlation of squared scaled distances (Rasmussen & Williams 2006, eq. 4.17)."""
    root = (5.0 * squared).sqrt()
    return (1.0 + root + root.square() / 3.0) * torch.exp(-root)


def matern52_and_slope(squared: Tensor) -> tuple[Tensor, Tensor]:
    """The correlation, and -2 dk/d(r²): with it dk/d(log l_j) = slope · (Δx_j / l_j)²."""
    root = (5.0 * squared).sqrt_()
    decay = torch.exp(-root)
    slope = (1.0 + root).mul_(decay)
    return torch.addcmul(slope, root.square_(), decay, value=1.0 / 3.0), slope.mul_(5.0 / 3.0)


def weighted_square_differences(weights: Tensor, x: Tensor) -> Tensor:
    """Σ_ij M_ij (x_ik - x_jk)² for symmetric `weights` M (n, n) and every column k of `x` (n, d): (d,).

    Expands the square, so that no (n, n, d) array is ever held.
    """
    return 2.0 * ((weights.sum(1) @ x.square()) - (x * (weights @ x)).sum(0))
