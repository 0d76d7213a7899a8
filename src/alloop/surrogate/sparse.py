"""A Gaussian process of many measurements: all rows count, seen through a few hundred inducing points.

The exact process takes n³ steps. Beyond `gp.EXACT_ROWS` rows,

- hyperparameters are those of an exact process of `SUBSET` rows: whole plates and publications, evenly over time,
  since offsets and noise are only told apart within them, and rows drawn evenly from the rest;
- the function is seen through its values at `INDUCING` rows, picked by pivoted Cholesky, and what they leave open of
  a row counts as noise of that row alone (FITC: Snelson & Ghahramani 2006; Quiñonero-Candela & Rasmussen 2005,
  section 6). Offsets of plates and publications stay exact: they are summed out of the normal equations;
- a bound becomes a Gaussian of the same effect, matched once to what the subset and once to what all rows expect.

Time grows linearly with the rows. The result is a `GaussianProcess` whose training rows are the inducing points, with
values and noise such that it predicts what all rows together say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.runner import one_thread
from alloop.surrogate.bounds import matched_site
from alloop.surrogate.data import Observations
from alloop.surrogate.gp import GaussianProcess, fit_gp
from alloop.surrogate.hyperparameters import MEAN_VARIANCE, Hyperparameters, by_source, cholesky
from alloop.surrogate.kernels import matern52, squared_distances
from alloop.surrogate.normal_equations import Sums, solve
from alloop.surrogate.representatives import pivots, representative_rows

SUBSET = 1000
INDUCING = 1024

_POOL = 4096  # rows that inducing points are picked from
_CHUNK = 1024  # rows whose covariances stay in a core's cache
_JOINT_POINTS = 6000
_JITTER = 1e-6
_LEAST = 1e-7  # least information on a direction: keeps the stand-ins' noise finite


@dataclass(frozen=True)
class SparseProcess(GaussianProcess):
    """A process of many rows. `inputs`, `targets`, `variances`, `cholesky` and `weights` speak of the inducing points.

    Attributes:
        rows: (n, d) scaled features of all rows.
        row_targets, row_noise: (n,) standardised values and noise variances of all rows, bounds replaced.
        whitening: (m, m) inverse Cholesky factor of the inducing points' covariance, transposed.
        sums: normal equations of all rows.
    """

    rows: Tensor
    row_targets: Tensor
    row_noise: Tensor
    whitening: Tensor
    sums: Sums

    @property
    def _joint_points(self) -> int:
        """Fourier features cannot follow what this many rows have pinned down: draws are joint ones."""
        return _JOINT_POINTS

    def group_offsets(self) -> FloatArray:
        """Expected offset (n,) of each training row by its plate or publication, in the units of the values."""
        solved = solve(self.sums, _group_variances(self.data, self.hyperparameters))
        offsets = np.append(solved.group_mean.numpy(), 0.0)[_groups(self.data)]
        if (self.data.sources > 0).any():
            bias = self.hyperparameters.bias**0.5 * float(solved.mean[-1])
            offsets = offsets + bias * (self.data.sources > 0)
        result: FloatArray = offsets * self.scaling.value_spread
        return result

    def leave_out(self, rows: IntArray, kept: IntArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Mean and sd (len(rows),) of new measurements at training `rows`, learned from the `kept` others."""
        everything = np.arange(len(self.data))
        out = rows if kept is None else np.setdiff1d(everything, kept)
        sums = self.sums.less(_sum_rows(self, out))
        mean, variance = _marginals(self, sums, rows)
        noise = by_source(self.hyperparameters.noise, self.data.sources[rows])
        unit = self.scaling.value_spread
        return mean * unit + self.scaling.value_centre, np.sqrt(variance + noise) * unit


def fit_sparse(
    data: Observations,
    background: FloatArray | None = None,
    blocks: IntArray | None = None,
    start: Hyperparameters | None = None,
) -> SparseProcess:
    """The sparse process of more than `SUBSET` rows; arguments as of `fit_gp`."""
    rows = representative_rows(data, SUBSET)
    subset = fit_gp(data.rows(rows), background, blocks, start)
    with one_thread():
        return make_sparse(data, subset, rows)


def make_sparse(
    data: Observations, subset: GaussianProcess, rows: IntArray, n_inducing: int = INDUCING
) -> SparseProcess:
    """The process of all `data` with the hyperparameters and scaling of `subset`, an exact process of its `rows`."""
    h = subset.hyperparameters
    scaled = torch.as_tensor(subset.scaling.features(data.features) / h.lengthscales)
    targets = subset.scaling.values(data.values)
    noise = by_source(h.noise, data.sources).copy()
    limits, is_bound = targets.copy(), data.bounds != 0
    if is_bound.any():
        targets[is_bound], noise[is_bound] = _first_sites(data, subset, is_bound, limits)
        targets[rows], noise[rows] = subset.targets.numpy(), subset.variances.numpy()
    process = _assemble(data, subset, scaled, targets, noise, n_inducing)
    if is_bound.any():
        targets, noise = targets.copy(), noise.copy()
        targets[is_bound], noise[is_bound] = _second_sites(process, np.flatnonzero(is_bound), limits)
        process = _refreshed(process, targets, noise)
    return process


def _first_sites(
    data: Observations, subset: GaussianProcess, is_bound: np.ndarray, limits: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Stand-ins (values, variances) for bounds, from what the subset expects at them."""
    h, scaling = subset.hyperparameters, subset.scaling
    some = data.rows(np.flatnonzero(is_bound))
    mean, sd = subset.latent(some.features)
    variance = (sd / scaling.value_spread) ** 2 + np.where(
        some.groups >= 0, by_source(h.offset, some.sources), 0.0
    )
    variance = variance + np.where(some.sources > 0, h.bias, 0.0)
    return matched_site(
        scaling.values(mean), variance, limits[is_bound], some.bounds, by_source(h.noise, some.sources)
    )


def _second_sites(
    process: SparseProcess, rows: IntArray, limits: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Stand-ins for the bounds `rows`, from what all other rows expect: the old stand-in is divided out."""
    mean, variance = _marginals(process, process.sums, rows)
    old_noise, old = process.row_noise.numpy()[rows], process.row_targets.numpy()[rows]
    precision = np.maximum(1.0 / variance - 1.0 / old_noise, 1e-6)
    cavity = (mean / variance - old / old_noise) / precision
    noise = by_source(process.hyperparameters.noise, process.data.sources[rows])
    return matched_site(cavity, 1.0 / precision, limits[rows], process.data.bounds[rows], noise)


def _assemble(
    data: Observations,
    subset: GaussianProcess,
    scaled: Tensor,
    targets: FloatArray,
    noise: FloatArray,
    n_inducing: int,
) -> SparseProcess:
    h = subset.hyperparameters
    pool = representative_rows(data, _POOL)
    inputs = scaled[torch.as_tensor(pool[pivots(scaled[torch.as_tensor(pool)], n_inducing)])]
    inner = h.signal * matern52(squared_distances(inputs, inputs)) + MEAN_VARIANCE
    inner.diagonal().fill_((1.0 + _JITTER) * h.signal + MEAN_VARIANCE)
    root = cholesky(inner)
    eye = torch.eye(len(inputs), dtype=root.dtype)
    whitening = torch.linalg.solve_triangular(root, eye, upper=False).T.contiguous()
    nothing = torch.zeros(len(inputs))
    empty = Sums(nothing, nothing, nothing, nothing, nothing)
    bare = SparseProcess(
        subset.scaling, h, data, inputs, nothing, nothing, root, nothing,
        scaled, torch.as_tensor(targets), torch.as_tensor(noise), whitening, empty,
    )  # fmt: skip
    return _refreshed(bare, targets, noise)


def _refreshed(process: SparseProcess, targets: FloatArray, noise: FloatArray) -> SparseProcess:
    """The same process with other values and noise of its rows."""
    h, m = process.hyperparameters, len(process.inputs)
    process = replace(process, row_targets=torch.as_tensor(targets), row_noise=torch.as_tensor(noise))
    sums = _sum_rows(process, np.arange(len(process.data)))
    solved = solve(sums, _group_variances(process.data, h))
    information = solved.square[:m, :m] - torch.eye(m, dtype=torch.float64)
    if len(solved.square) > m:  # the bias of literature is summed out like the offsets
        column = solved.square[:m, m:]
        information = information - column @ column.T / solved.square[m, m]
    values, vectors = torch.linalg.eigh(information)
    values = values.clamp_min(_LEAST)
    # observing u with noise L T⁻¹ L' says of the function what all rows say
    stand_in = cholesky((vectors * (1.0 + 1.0 / values)) @ vectors.T)
    root = torch.linalg.inv(process.whitening.T).tril()
    weights = process.whitening @ solved.mean[:m]
    factor = root @ stand_in
    inner = h.signal * matern52(squared_distances(process.inputs, process.inputs)) + MEAN_VARIANCE
    return replace(
        process,
        sums=sums,
        cholesky=factor,
        weights=weights,
        targets=factor @ (factor.T @ weights),
        variances=(factor.square().sum(1) - inner.diagonal()).clamp_min(_JITTER),
    )


def _basis(process: SparseProcess, rows: IntArray) -> tuple[Tensor, Tensor]:
    """Whitened features (r, k) of some rows, and what they leave open (r,) of the function's prior variance."""
    h = process.hyperparameters
    basis = process.cross(process.rows[torch.as_tensor(rows)]) @ process.whitening
    left = (h.signal + MEAN_VARIANCE - basis.square().sum(1)).clamp_min(0.0)
    if (process.data.sources > 0).any():
        foreign = torch.as_tensor(process.data.sources[rows] > 0, dtype=basis.dtype)
        basis = torch.cat([basis, h.bias**0.5 * foreign[:, None]], dim=1)
    return basis, left


def _sum_rows(process: SparseProcess, rows: IntArray) -> Sums:
    """The part of the normal equations that `rows` contribute."""
    groups = _groups(process.data)
    n_groups = int(groups.max(initial=-1)) + 1
    size = len(process.inputs) + int((process.data.sources > 0).any())
    square = torch.zeros((size, size), dtype=torch.float64)
    shift = torch.zeros(size, dtype=torch.float64)
    shared = torch.zeros((n_groups + 1, size), dtype=torch.float64)
    counts = torch.zeros((n_groups + 1, 2), dtype=torch.float64)
    with torch.no_grad():
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            index = torch.as_tensor(some)
            basis, left = _basis(process, some)
            precision = 1.0 / (process.row_noise[index] + left)
            weighted = basis * precision[:, None]
            square.addmm_(weighted.T, basis)
            target = process.row_targets[index]
            shift += weighted.T @ target
            place = torch.as_tensor(np.where(groups[some] < 0, n_groups, groups[some]))
            shared.index_add_(0, place, weighted)
            counts.index_add_(0, place, torch.stack([precision, precision * target], dim=1))
    return Sums(square, shift, shared[:-1].T.contiguous(), counts[:-1, 0], counts[:-1, 1])


def _marginals(process: SparseProcess, sums: Sums, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (r,) of value-without-noise at training rows, standardised, as learned from `sums`."""
    h = process.hyperparameters
    solved = solve(sums, _group_variances(process.data, h))
    groups = _groups(process.data)[rows]
    means, variances = np.empty(len(rows)), np.empty(len(rows))
    with torch.no_grad():
        for start in range(0, len(rows), _CHUNK):
            piece = slice(start, start + _CHUNK)
            basis, left = _basis(process, rows[piece])
            place = torch.as_tensor(groups[piece])
            mean, variance = basis @ solved.mean, left
            if len(solved.group_mean):
                grouped = (place >= 0).double()
                safe = place.clamp_min(0)
                mean = mean + grouped * solved.group_mean[safe]
                variance = variance + grouped * solved.group_variance[safe]
                basis = basis - grouped[:, None] * solved.shared[:, safe].T
            half = torch.linalg.solve_triangular(solved.root, basis.T, upper=False)
            means[piece] = mean.numpy()
            variances[piece] = (variance + half.square().sum(0)).clamp_min(1e-8).numpy()
    return means, variances


def _groups(data: Observations) -> IntArray:
    """Groups (n,) numbered from 0; -1 for none."""
    labels, place = np.unique(data.groups, return_inverse=True)
    numbers: IntArray = place.ravel() - int((labels < 0).sum())
    return np.maximum(numbers, -1)


def _group_variances(data: Observations, h: Hyperparameters) -> FloatArray:
    """Prior variance (G,) of each group's offset."""
    groups = _groups(data)
    variances = np.ones(int(groups.max(initial=-1)) + 1)
    member = groups >= 0
    variances[groups[member]] = by_source(h.offset, data.sources)[member]
    return variances
