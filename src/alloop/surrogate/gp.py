"""An exact Gaussian process with an offset per plate or publication, learned noise and bounds.

    y = m + f(x) + g[group] + noise[source],  f ~ GP(0, s² Matérn-5/2),  g ~ N(0, t²)

Hyperparameters are found at the maximum of marginal likelihood times prior with an analytic gradient; the
prior on length scales grows with the number of features (Hvarfner et al. 2024, arXiv:2402.02229).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.bounds import pseudo_observations
from alloop.surrogate.data import Observations, Scaling, scaling_of
from alloop.surrogate.kernels import matern52, matern52_slope, squared_distances, weighted_square_differences

_MEAN_VARIANCE = 1.0  # of the unknown mean, in units of the spread of the values
_JITTER = 1e-8
_BOUND_ROUNDS = 3
# log l_j = common + deviation_j + ½ log d; the common part is free, the deviations are held together: with
# dozens of correlated descriptors free length scales overfit (measured on OBELiX: docs/planner.md)
_COMMON_PRIOR = (0.0, 1.0)
_DEVIATION_SPREAD = 0.3
_SCALE_PRIOR = (0.0, 1.0)  # log s², normal
_OFFSET_PRIOR = (math.log(0.05), 1.5)  # log t²
_NOISE_PRIOR = (math.log(0.05), 1.5)  # log noise


@dataclass(frozen=True)
class Hyperparameters:
    """Length scales (d,) of standardised features, and variances in units of the values' spread."""

    lengthscales: FloatArray
    signal: float
    offset: float
    noise: FloatArray


@dataclass(frozen=True)
class GaussianProcess:
    """A fitted process; `predict` and `sample` speak in the units of the observations."""

    scaling: Scaling
    hyperparameters: Hyperparameters
    data: Observations
    inputs: Tensor
    targets: Tensor
    variances: Tensor
    cholesky: Tensor
    weights: Tensor
    bounded: bool

    def scale(self, features: FloatArray, dtype: torch.dtype = torch.float64) -> Tensor:
        """Standardised features divided by the length scales, as a tensor (n, used)."""
        x = self.scaling.features(features) / self.hyperparameters.lengthscales
        return torch.as_tensor(x, dtype=dtype)

    def cross(self, x: Tensor) -> Tensor:
        """Prior covariance of the latent function at scaled `x` (n, d) with the training rows: (n, rows)."""
        return self.hyperparameters.signal * matern52(squared_distances(x, self.inputs)) + _MEAN_VARIANCE

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the function itself, without offset and noise."""
        with torch.no_grad():
            cross = self.cross(self.scale(features))
            half = torch.linalg.solve_triangular(self.cholesky, cross.T, upper=False)
            variance = self.hyperparameters.signal + _MEAN_VARIANCE - half.square().sum(0)
            mean = (cross @ self.weights).numpy()
            sd = variance.clamp_min(_JITTER).sqrt().numpy()
        unit = self.scaling.value_spread
        return mean * unit + self.scaling.value_centre, sd * unit

    def noise_sd(self, source: int = 0) -> float:
        """Standard deviation of a new measurement around the function: offset of a new plate and noise."""
        h = self.hyperparameters
        noise = h.noise[min(source, len(h.noise) - 1)]
        return float(math.sqrt(h.offset + noise)) * self.scaling.value_spread

    def joint(self, features: FloatArray) -> tuple[Tensor, Tensor]:
        """Joint posterior of the function: mean (n,) and covariance (n, n), standardised."""
        with torch.no_grad():
            x = self.scale(features)
            cross = self.cross(x)
            half = torch.linalg.solve_triangular(self.cholesky, cross.T, upper=False)
            prior = self.hyperparameters.signal * matern52(squared_distances(x, x)) + _MEAN_VARIANCE
            return cross @ self.weights, prior - half.T @ half

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """Joint draws of the function at `features`: (n_samples, n)."""
        mean, covariance = self.joint(features)
        root = _cholesky(covariance)
        normal = torch.as_tensor(rng.standard_normal((len(mean), n_samples)))
        draws = (mean[:, None] + root @ normal).T.numpy()
        scaled: FloatArray = draws * self.scaling.value_spread + self.scaling.value_centre
        return scaled

    def group_offsets(self) -> FloatArray:
        """Expected offset (n,) of each training row's group, in the units of the values."""
        groups = self.data.groups
        same = torch.as_tensor((groups[:, None] == groups) & (groups >= 0), dtype=torch.float64)
        offsets = self.hyperparameters.offset * (same @ self.weights)
        result: FloatArray = offsets.numpy() * self.scaling.value_spread
        return result

    def leave_out(self, rows: IntArray, kept: IntArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Mean and sd (len(rows),) of new measurements at training `rows`, learned from the `kept` others."""
        if kept is None:
            kept = np.setdiff1d(np.arange(len(self.data)), rows)
        index, held = torch.as_tensor(kept), torch.as_tensor(rows)
        with torch.no_grad():
            covariance = _covariance(self.inputs, self.data.groups, self.hyperparameters)[0]
            inner = covariance[index][:, index] + torch.diag(self.variances[index])
            root = _cholesky(inner)
            half = torch.linalg.solve_triangular(root, covariance[index][:, held], upper=False)
            mean = half.T @ torch.linalg.solve_triangular(root, self.targets[index, None], upper=False)[:, 0]
            variance = covariance.diagonal()[held] - half.square().sum(0)
        noise = _row_noise(self.hyperparameters.noise, self.data.sources[rows])
        sd = np.sqrt(variance.clamp_min(_JITTER).numpy() + noise)
        unit = self.scaling.value_spread
        return mean.numpy() * unit + self.scaling.value_centre, sd * unit


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: small factorisations stall on two when anything else runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def fit_gp(
    data: Observations, background: FloatArray | None = None, start: Hyperparameters | None = None
) -> GaussianProcess:
    """Fit a Gaussian process to `data` (at least one row).

    Args:
        data: the observations.
        background: (m, d) features of a sample of candidates, for the scaling.
        start: hyperparameters to begin the search from.
    """
    if not len(data):
        raise ValueError("a Gaussian process needs at least one observation")
    scaling = scaling_of(data, background)
    x = torch.as_tensor(scaling.features(data.features))
    y = scaling.values(data.values)
    bounded = bool(np.any(data.bounds != 0))
    with one_thread():
        h = start if start is not None and len(start.lengthscales) == x.shape[1] else _default(x, data)
        targets, extra = y, None
        for _ in range(_BOUND_ROUNDS if bounded else 1):
            if bounded:
                targets, extra = _stand_ins(x, y, data, h)
            h = _maximise(x, targets, extra, data, h)
        return _assemble(x, y, data, scaling, h)


def condition(process: GaussianProcess, data: Observations) -> GaussianProcess:
    """The same hyperparameters with other data."""
    x = torch.as_tensor(process.scaling.features(data.features))
    with one_thread():
        return _assemble(x, process.scaling.values(data.values), data, process.scaling, process.hyperparameters)


def _assemble(
    x: Tensor, y: FloatArray, data: Observations, scaling: Scaling, h: Hyperparameters
) -> GaussianProcess:
    noise = _row_noise(h.noise, data.sources)
    scaled = x / torch.as_tensor(h.lengthscales)
    covariance = _covariance(scaled, data.groups, h)[0]
    targets, variances = pseudo_observations(covariance.numpy(), y, data.bounds, noise)
    root = _cholesky(covariance + torch.diag(torch.as_tensor(variances)))
    goal = torch.as_tensor(targets)
    weights = torch.cholesky_solve(goal[:, None], root)[:, 0]
    bounded = bool(np.any(data.bounds != 0))
    return GaussianProcess(
        scaling, h, data, scaled, goal, torch.as_tensor(variances), root, weights, bounded
    )


def _default(x: Tensor, data: Observations) -> Hyperparameters:
    d = x.shape[1]
    length = math.exp(_COMMON_PRIOR[0] + 0.5 * math.log(max(d, 1)))
    sources = int(data.sources.max()) + 1 if len(data) else 1
    return Hyperparameters(np.full(d, length), 1.0, math.exp(_OFFSET_PRIOR[0]), np.full(sources, 0.1))


def _row_noise(noise: FloatArray, sources: IntArray) -> FloatArray:
    row: FloatArray = noise[np.minimum(sources, len(noise) - 1)]
    return row


def _same_group(groups: IntArray) -> Tensor:
    return torch.as_tensor((groups[:, None] == groups) & (groups >= 0), dtype=torch.float64)


def _covariance(scaled: Tensor, groups: IntArray, h: Hyperparameters) -> tuple[Tensor, Tensor, Tensor]:
    """Prior covariance of value-without-noise, the correlation alone, and squared distances."""
    squared = squared_distances(scaled, scaled)
    squared.fill_diagonal_(0.0)
    correlation = matern52(squared)
    covariance = h.signal * correlation + _MEAN_VARIANCE + h.offset * _same_group(groups)
    return covariance, correlation, squared


def _cholesky(matrix: Tensor) -> Tensor:
    """Lower Cholesky factor; jitter grows until rounding no longer makes the matrix indefinite."""
    scale = float(matrix.diagonal().mean())
    eye = torch.eye(len(matrix), dtype=matrix.dtype)
    for jitter in (1e-10, 1e-8, 1e-6, 1e-4):
        root, info = torch.linalg.cholesky_ex(matrix + jitter * scale * eye)
        if not int(info):
            return root
    raise ArithmeticError("the covariance of the measurements is not positive definite")


def _stand_ins(
    x: Tensor, y: FloatArray, data: Observations, h: Hyperparameters
) -> tuple[FloatArray, FloatArray]:
    """Pseudo targets, and for the bounded rows the pseudo variance (nan where the noise is learned)."""
    covariance = _covariance(x / torch.as_tensor(h.lengthscales), data.groups, h)[0].numpy()
    noise = _row_noise(h.noise, data.sources)
    targets, variances = pseudo_observations(covariance, y, data.bounds, noise)
    return targets, np.where(data.bounds != 0, variances, np.nan)


def _maximise(
    x: Tensor, targets: FloatArray, extra: FloatArray | None, data: Observations, start: Hyperparameters
) -> Hyperparameters:
    d, n_sources = x.shape[1], len(start.noise)
    y = torch.as_tensor(targets)
    same = _same_group(data.groups)
    grouped = bool(same.any())
    fixed = np.zeros(len(targets), dtype=bool) if extra is None else np.isfinite(extra)
    half_log_d = 0.5 * math.log(max(d, 1))
    # theta: deviations (d), common, log signal, log offset, log noise per source
    centres = np.array([0.0] * d + [_COMMON_PRIOR[0], _SCALE_PRIOR[0], _OFFSET_PRIOR[0]] + [_NOISE_PRIOR[0]] * n_sources)
    spreads = np.array(
        [_DEVIATION_SPREAD] * d
        + [_COMMON_PRIOR[1], _SCALE_PRIOR[1], _OFFSET_PRIOR[1]]
        + [_NOISE_PRIOR[1]] * n_sources
    )

    def unpack(theta: FloatArray) -> Hyperparameters:
        lengths = np.exp(theta[:d] + theta[d] + half_log_d)
        return Hyperparameters(lengths, math.exp(theta[d + 1]), math.exp(theta[d + 2]), np.exp(theta[d + 3 :]))

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        h = unpack(theta)
        lengths = torch.as_tensor(h.lengthscales)
        scaled = x / lengths
        covariance, correlation, squared = _covariance(scaled, data.groups, h)
        noise = _row_noise(h.noise, data.sources)
        if extra is not None:
            noise = np.where(fixed, extra, noise)
        root = _cholesky(covariance + torch.diag(torch.as_tensor(noise)))
        alpha = torch.cholesky_solve(y[:, None], root)[:, 0]
        value = 0.5 * float(y @ alpha) + float(root.diagonal().log().sum())
        w = torch.cholesky_inverse(root) - torch.outer(alpha, alpha)
        slope = (0.5 * h.signal) * w * matern52_slope(squared)
        gradient = np.zeros_like(theta)
        gradient[:d] = weighted_square_differences(slope, scaled).numpy()
        gradient[d] = gradient[:d].sum()
        gradient[d + 1] = 0.5 * h.signal * float((w * correlation).sum())
        gradient[d + 2] = 0.5 * h.offset * float((w * same).sum()) if grouped else 0.0
        diagonal = np.where(fixed, 0.0, w.diagonal().numpy() * noise)
        for source in range(n_sources):
            gradient[d + 3 + source] = 0.5 * diagonal[data.sources == source].sum()
        z = (theta - centres) / spreads
        return value + 0.5 * float(z @ z), gradient + z / spreads

    logs = np.log(start.lengthscales) - half_log_d
    common = float(logs.mean()) if d else _COMMON_PRIOR[0]
    begin = np.concatenate([logs - common, [common, math.log(start.signal), math.log(start.offset)], np.log(start.noise)])
    limits = [(-3.0, 3.0)] * d + [(-4.0, 5.0), (-6.0, 4.0)] + [(-9.0, 2.0)] * (1 + n_sources)
    found = minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 100})
    return unpack(np.asarray(found.x, dtype=float))
