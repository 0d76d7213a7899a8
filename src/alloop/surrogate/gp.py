"""An exact Gaussian process with an offset per plate or publication, learned noise and bounds.

    y = m + f(x) + g[group] + b [literature] + noise,  f ~ GP(0, s² Matérn-5/2),  g ~ N(0, t²),  b ~ N(0, u²)

Plates of the own laboratory and publications have offsets of different size (t²), and all literature may be off in
common (b): what others report is learned from as far as it agrees with the own laboratory.

Hyperparameters are found at the maximum of marginal likelihood times prior with an analytic gradient
(Rasmussen & Williams 2006, eq. 5.9).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.bounds import pseudo_observations
from alloop.surrogate.data import Observations, Scaling, scaling_of
from alloop.surrogate.hyperparameters import (
    MEAN_VARIANCE,
    Hyperparameters,
    by_source,
    cholesky,
    covariance,
    maximise,
    offset_covariance,
    usual_hyperparameters,
)
from alloop.surrogate.kernels import matern52, squared_distances

_JITTER = 1e-8
_BOUND_ROUNDS = 3


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

    def scale(self, features: FloatArray, dtype: torch.dtype = torch.float64) -> Tensor:
        """Standardised features divided by the length scales, as a tensor (n, used)."""
        x = self.scaling.features(features) / self.hyperparameters.lengthscales
        return torch.as_tensor(x, dtype=dtype)

    def cross(self, x: Tensor) -> Tensor:
        """Prior covariance of the latent function at scaled `x` (n, d) with the training rows: (n, rows)."""
        return self.hyperparameters.signal * matern52(squared_distances(x, self.inputs)) + MEAN_VARIANCE

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the function itself, without offset and noise."""
        with torch.no_grad():
            cross = self.cross(self.scale(features))
            half = torch.linalg.solve_triangular(self.cholesky, cross.T, upper=False)
            variance = self.hyperparameters.signal + MEAN_VARIANCE - half.square().sum(0)
            mean = (cross @ self.weights).numpy()
            sd = variance.clamp_min(_JITTER).sqrt().numpy()
        unit = self.scaling.value_spread
        return mean * unit + self.scaling.value_centre, sd * unit

    def noise_sd(self, source: int = 0) -> float:
        """Standard deviation of a new measurement around the function: offset of a new plate and noise."""
        h = self.hyperparameters
        row = np.array([source])
        variance = float(by_source(h.offset, row)[0] + by_source(h.noise, row)[0]) + (
            h.bias if source else 0.0
        )
        return math.sqrt(variance) * self.scaling.value_spread

    def joint(self, features: FloatArray) -> tuple[Tensor, Tensor]:
        """Joint posterior of the function: mean (n,) and covariance (n, n), standardised."""
        with torch.no_grad():
            x = self.scale(features)
            cross = self.cross(x)
            half = torch.linalg.solve_triangular(self.cholesky, cross.T, upper=False)
            prior = self.hyperparameters.signal * matern52(squared_distances(x, x)) + MEAN_VARIANCE
            return cross @ self.weights, prior - half.T @ half

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """Joint draws of the function at `features`: (n_samples, n)."""
        mean, covariance = self.joint(features)
        root = cholesky(covariance)
        normal = torch.as_tensor(rng.standard_normal((len(mean), n_samples)))
        draws = (mean[:, None] + root @ normal).T.numpy()
        scaled: FloatArray = draws * self.scaling.value_spread + self.scaling.value_centre
        return scaled

    def group_offsets(self) -> FloatArray:
        """Expected offset (n,) of each training row by its plate or publication, in the units of the values."""
        shared = offset_covariance(self.data.groups, self.data.sources, self.hyperparameters)
        result: FloatArray = (shared @ self.weights).numpy() * self.scaling.value_spread
        return result

    def leave_out(self, rows: IntArray, kept: IntArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Mean and sd (len(rows),) of new measurements at training `rows`, learned from the `kept` others."""
        if kept is None:
            kept = np.setdiff1d(np.arange(len(self.data)), rows)
        index, held = torch.as_tensor(kept), torch.as_tensor(rows)
        with torch.no_grad():
            total = covariance(self.inputs, self.data.groups, self.data.sources, self.hyperparameters)[0]
            inner = total[index][:, index] + torch.diag(self.variances[index])
            root = cholesky(inner)
            half = torch.linalg.solve_triangular(root, total[index][:, held], upper=False)
            mean = half.T @ torch.linalg.solve_triangular(root, self.targets[index, None], upper=False)[:, 0]
            variance = total.diagonal()[held] - half.square().sum(0)
        noise = by_source(self.hyperparameters.noise, self.data.sources[rows])
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
    data: Observations,
    background: FloatArray | None = None,
    blocks: IntArray | None = None,
    start: Hyperparameters | None = None,
) -> GaussianProcess:
    """Fit a Gaussian process to `data` (at least one row).

    Args:
        data: the observations.
        background: (m, d) features of a sample of candidates, for the scaling.
        blocks: (d,) number of the block each feature belongs to; one block when None.
        start: hyperparameters to begin the search from.
    """
    if not len(data):
        raise ValueError("a Gaussian process needs at least one observation")
    scaling = scaling_of(data, background)
    x = torch.as_tensor(scaling.features(data.features))
    y = scaling.values(data.values)
    used = np.zeros(len(scaling.used), dtype=np.int64) if blocks is None else blocks[scaling.used]
    used = np.unique(used, return_inverse=True)[1].ravel()
    is_bound = data.bounds != 0
    with one_thread():
        h = start if start is not None and len(start.lengthscales) == x.shape[1] else None
        h = h or usual_hyperparameters(used, int(data.sources.max()) + 1)
        for _ in range(_BOUND_ROUNDS if is_bound.any() else 1):
            targets, variances = _stand_ins(x, y, data, h)
            fixed = np.where(is_bound, variances, np.nan)
            h = maximise(x, targets, fixed, data.groups, data.sources, used, h)
        return _assemble(x, y, data, scaling, h)


def _stand_ins(
    x: Tensor, y: FloatArray, data: Observations, h: Hyperparameters
) -> tuple[FloatArray, FloatArray]:
    """Targets and noise variances (n,) in which every bound is replaced by a Gaussian of the same effect."""
    total = covariance(x / torch.as_tensor(h.lengthscales), data.groups, data.sources, h)[0].numpy()
    return pseudo_observations(total, y, data.bounds, by_source(h.noise, data.sources))


def _assemble(
    x: Tensor, y: FloatArray, data: Observations, scaling: Scaling, h: Hyperparameters
) -> GaussianProcess:
    scaled = x / torch.as_tensor(h.lengthscales)
    targets, variances = _stand_ins(x, y, data, h)
    goal, noise = torch.as_tensor(targets), torch.as_tensor(variances)
    root = cholesky(covariance(scaled, data.groups, data.sources, h)[0] + torch.diag(noise))
    weights = torch.cholesky_solve(goal[:, None], root)[:, 0]
    return GaussianProcess(scaling, h, data, scaled, goal, noise, root, weights)
