"""Hyperparameters of a Gaussian process: their prior, the covariance they give, and the search for them.

log l_j = usual + common[block of j] + deviation_j. Features come in blocks (descriptors, element fractions, process
settings): how much a block matters is learned freely, the deviations within it are held together. With dozens of
correlated descriptors free length scales overfit, and cross-validation at fixed hyperparameters does not see it
(figures in docs/planner.md). That length scales grow with the number of features follows Hvarfner et al. 2024,
arXiv:2402.02229.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.kernels import (
    matern52,
    matern52_and_slope,
    squared_distances,
    weighted_square_differences,
)

MEAN_VARIANCE = 1.0
"""Variance of the unknown mean, in units of the spread of the values."""

_OPTIONS = {"maxiter": 100, "ftol": 1e-5}
_COARSE = 192
_COMMON_SPREAD = 1.0
_DEVIATION_SPREAD = 0.5
_FEW_FEATURES = 6
_SPREAD_OF_FEW = 0.75  # a block of a few features may tell them apart: that needs no more rows than there are
_SIGNAL_PRIOR = (0.0, 1.0)  # log s², normal
_OFFSET_PRIOR = (math.log(0.05), 1.5)  # log t², of the offset of a plate or publication
# log u²: laboratories differ by half a decade, far more than the plates of one; were it as small as they are, a single
# own plate would be bent to the literature's level
_BIAS_PRIOR = (math.log(0.5), 1.5)
_NOISE_PRIOR = (math.log(0.05), 1.5)  # log noise


@dataclass(frozen=True)
class Hyperparameters:
    """Length scales of standardised features, and variances in units of the values' spread.

    Attributes:
        lengthscales: (d,).
        signal: of the function.
        bias: of what all literature has in common against the own laboratory.
        offset: (n_sources,) of a plate of the own laboratory, of a publication.
        noise: (n_sources,) of a measurement.
    """

    lengthscales: FloatArray
    signal: float
    bias: float
    offset: FloatArray
    noise: FloatArray


def covariance(
    scaled: Tensor, groups: IntArray, sources: IntArray, h: Hyperparameters
) -> tuple[Tensor, Tensor, Tensor]:
    """Prior covariance of value-without-noise, the correlation alone, and squared distances: (n, n) each."""
    squared = squared_distances(scaled, scaled)
    squared.fill_diagonal_(0.0)
    correlation = matern52(squared)
    total = h.signal * correlation + MEAN_VARIANCE + offset_covariance(groups, sources, h)
    return total, correlation, squared


def offset_covariance(groups: IntArray, sources: IntArray, h: Hyperparameters) -> Tensor:
    """(n, n) covariance of what rows share beside the function: plate or publication, and being literature."""
    offsets = torch.as_tensor(by_source(h.offset, sources))
    return offsets * same_group(groups) + h.bias * both_literature(sources)


def same_group(groups: IntArray) -> Tensor:
    """(n, n) 1 where two rows share a group."""
    same: Tensor = torch.as_tensor((groups[:, None] == groups) & (groups >= 0), dtype=torch.float64)
    return same


def both_literature(sources: IntArray) -> Tensor:
    """(n, n) 1 where neither row is the own laboratory's."""
    foreign = torch.as_tensor(sources > 0, dtype=torch.float64)
    return torch.outer(foreign, foreign)


def by_source(variances: FloatArray, sources: IntArray) -> FloatArray:
    """The entry (n,) of `variances` (n_sources,) for each row."""
    row: FloatArray = variances[np.minimum(sources, len(variances) - 1)]
    return row


def cholesky(matrix: Tensor) -> Tensor:
    """Lower Cholesky factor; jitter grows until rounding no longer makes the matrix indefinite."""
    scale = float(matrix.diagonal().mean())
    eye = torch.eye(len(matrix), dtype=matrix.dtype)
    for jitter in (1e-10, 1e-8, 1e-6, 1e-4):
        factored: tuple[Tensor, Tensor] = torch.linalg.cholesky_ex(matrix + jitter * scale * eye)
        if not int(factored[1]):
            return factored[0]
    raise ArithmeticError("the covariance of the measurements is not positive definite")


def maximise(
    x: Tensor,
    targets: FloatArray,
    fixed_noise: FloatArray,
    groups: IntArray,
    sources: IntArray,
    blocks: IntArray,
    start: Hyperparameters,
) -> Hyperparameters:
    """Hyperparameters at the maximum of marginal likelihood times prior, from `start`.

    Args:
        x: (n, d) standardised features.
        targets: (n,) standardised values.
        fixed_noise: (n,) variance of a row where it is given (bounds), nan where it is learned.
        groups: (n,) group of each row or -1.
        sources: (n,) source of each row.
        blocks: (d,) number of the block that each feature belongs to, from 0.
        start: where the search begins.
    """
    if len(targets) > 2 * _COARSE:  # most of the way is found on a part, in a fraction of the time
        part = np.sort(np.random.default_rng(0).permutation(len(targets))[:_COARSE])
        start = _search(x[part], targets[part], fixed_noise[part], groups[part], sources[part], blocks, start)
    return _search(x, targets, fixed_noise, groups, sources, blocks, start)


def _search(
    x: Tensor,
    targets: FloatArray,
    fixed_noise: FloatArray,
    groups: IntArray,
    sources: IntArray,
    blocks: IntArray,
    start: Hyperparameters,
) -> Hyperparameters:
    """:func:`maximise` on all rows at once."""
    d, n_sources, n_blocks = x.shape[1], len(start.noise), int(blocks.max(initial=0)) + 1
    y = torch.as_tensor(targets)
    same, foreign = same_group(groups), both_literature(sources)
    by_offset = [same * torch.as_tensor((sources == s).astype(float)) for s in range(n_sources)]
    mixed = bool((sources > 0).any() and (sources == 0).any())
    is_fixed = np.isfinite(fixed_noise)
    usual = _usual_log_lengths(blocks)
    # theta: deviations (d), common parts (n_blocks), log signal, log bias, log offset and log noise per source
    tail = d + n_blocks
    offset_at, noise_at = tail + 2, tail + 2 + n_sources
    centres = np.array(
        [0.0] * tail
        + [_SIGNAL_PRIOR[0]]
        + [_BIAS_PRIOR[0]]
        + [_OFFSET_PRIOR[0]] * n_sources
        + [_NOISE_PRIOR[0]] * n_sources
    )
    is_small = np.bincount(blocks, minlength=n_blocks)[blocks] <= _FEW_FEATURES
    spreads = np.array(
        [*np.where(is_small, _SPREAD_OF_FEW, _DEVIATION_SPREAD)]
        + [_COMMON_SPREAD] * n_blocks
        + [_SIGNAL_PRIOR[1]]
        + [_BIAS_PRIOR[1]]
        + [_OFFSET_PRIOR[1]] * n_sources
        + [_NOISE_PRIOR[1]] * n_sources
    )

    def unpack(theta: FloatArray) -> Hyperparameters:
        lengths = np.exp(usual + theta[:d] + theta[d:tail][blocks])
        signal, bias = math.exp(theta[tail]), math.exp(theta[tail + 1])
        return Hyperparameters(
            lengths, signal, bias, np.exp(theta[offset_at:noise_at]), np.exp(theta[noise_at:])
        )

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        h = unpack(theta)
        scaled = x / torch.as_tensor(h.lengthscales)
        squared = squared_distances(scaled, scaled).fill_diagonal_(0.0)
        correlation, slope = matern52_and_slope(squared)
        total = (h.signal * correlation).add_(MEAN_VARIANCE)
        for offset, part in zip(h.offset, by_offset, strict=True):
            total.add_(part, alpha=float(offset))
        if mixed:
            total.add_(foreign, alpha=h.bias)
        noise = np.where(is_fixed, fixed_noise, by_source(h.noise, sources))
        total.diagonal().add_(torch.as_tensor(noise))
        root = cholesky(total)
        alpha = torch.cholesky_solve(y[:, None], root)[:, 0]
        value = 0.5 * float(y @ alpha) + float(root.diagonal().log().sum())
        w = torch.cholesky_inverse(root).addr_(alpha, alpha, alpha=-1.0)
        gradient = np.zeros_like(theta)
        # half the trace of (K⁻¹ - αα') dK/dθ is the gradient of the negative log likelihood
        weighted = slope.mul_(w).mul_(0.5 * h.signal)
        gradient[:d] = weighted_square_differences(weighted, scaled).numpy()
        gradient[d:tail] = np.bincount(blocks, weights=gradient[:d], minlength=n_blocks)
        flat = w.flatten()
        gradient[tail] = 0.5 * h.signal * float(flat @ correlation.flatten())
        gradient[tail + 1] = 0.5 * h.bias * float(flat @ foreign.flatten()) if mixed else 0.0
        diagonal = np.where(is_fixed, 0.0, w.diagonal().numpy() * noise)
        for source in range(n_sources):
            rows = sources == source
            gradient[offset_at + source] = 0.5 * h.offset[source] * float(flat @ by_offset[source].flatten())
            gradient[noise_at + source] = 0.5 * diagonal[rows].sum()
        z = (theta - centres) / spreads
        return value + 0.5 * float(z @ z), gradient + z / spreads

    logs = np.log(start.lengthscales) - usual
    counts = np.maximum(np.bincount(blocks, minlength=n_blocks), 1)
    common = np.bincount(blocks, weights=logs, minlength=n_blocks) / counts
    scales = np.log(np.concatenate([[start.signal, start.bias], start.offset, start.noise]))
    begin = np.concatenate([logs - common[blocks], common, scales])
    limits = (
        [(-3.0, 3.0)] * d
        + [(-4.0, 5.0)] * n_blocks
        + [(-6.0, 4.0)]
        + [(-9.0, 6.0)]
        + [(-9.0, 2.0)] * (2 * n_sources)
    )
    found = minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=limits, options=_OPTIONS)
    return unpack(np.asarray(found.x, dtype=float))


def usual_hyperparameters(blocks: IntArray, n_sources: int) -> Hyperparameters:
    """Where the search begins without anything better: the middle of the prior."""
    offset = math.exp(_OFFSET_PRIOR[0])
    return Hyperparameters(
        np.exp(_usual_log_lengths(blocks)),
        1.0,
        math.exp(_BIAS_PRIOR[0]),
        np.full(n_sources, offset),
        np.full(n_sources, 0.1),
    )


def _usual_log_lengths(blocks: IntArray) -> FloatArray:
    """½ log(features in the block · blocks): every block then matters alike, however many features it has."""
    sizes = np.bincount(blocks)
    usual: FloatArray = 0.5 * np.log(sizes[blocks] * float((sizes > 0).sum())) if len(blocks) else np.zeros(0)
    return usual
