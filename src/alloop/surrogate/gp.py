"""An exact Gaussian process with an offset per plate or publication, learned noise and bounds.

    y = m + f(x) + g[group] + b [literature] + noise,  f ~ GP(0, s² Matérn-5/2),  g ~ N(0, t²),  b ~ N(0, u²)

Plates of the own laboratory and publications have offsets of different size (t²), and all literature may be off in
common (b): what others report is learned from as far as it agrees with the own laboratory.

Hyperparameters are found at the maximum of marginal likelihood times prior with an analytic gradient
(Rasmussen & Williams 2006, eq. 5.9).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.runner import one_thread
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

EXACT_ROWS = 2000
"""Rows beyond which the process is sparse (see `sparse`)."""

_AT_ONCE = 4096
_JITTER = 1e-8
_BOUND_ROUNDS = 3
_JOINT_POINTS = 600
_FREQUENCIES = 768


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
        mean, sd = np.empty(len(features)), np.empty(len(features))
        with torch.no_grad():
            for start in range(0, len(features), _AT_ONCE):
                piece = slice(start, start + _AT_ONCE)
                cross = self.cross(self.scale(features[piece]))
                half = torch.linalg.solve_triangular(self.cholesky, cross.T, upper=False)
                variance = self.hyperparameters.signal + MEAN_VARIANCE - half.square().sum(0)
                mean[piece] = (cross @ self.weights).numpy()
                sd[piece] = variance.clamp_min(_JITTER).sqrt().numpy()
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

    def sample(
        self, features: FloatArray, n_samples: int, rng: np.random.Generator, stretch: float = 1.0
    ) -> FloatArray:
        """Joint draws of the function at `features`: (n_samples, n).

        Draws come in mirrored pairs, so that their average is the exact mean. `stretch` multiplies their deviations
        from it. At more than a few hundred points the deviations are drawn by pathwise conditioning; each point's are
        then brought to its exact standard deviation, since few features cannot follow many rows everywhere.
        """
        half = -(-n_samples // 2)
        with torch.no_grad(), one_thread():
            if len(features) <= self._joint_points:
                mean, covariance = self.joint(features)
                normal = torch.as_tensor(rng.standard_normal((len(mean), half)))
                deviations = cholesky(covariance) @ normal
            else:
                x = self.scale(features)
                cross = self.cross(x)
                mean, deviations = cross @ self.weights, pathwise(self, x, cross, half, rng)
                known = torch.linalg.solve_triangular(self.cholesky, cross.T, upper=False)
                left = self.hyperparameters.signal + MEAN_VARIANCE - known.square().sum(0)
                spread = deviations.square().mean(1).clamp_min_(_JITTER)
                deviations *= (left.clamp_min_(_JITTER) / spread).sqrt_()[:, None]
            deviations = deviations.T * (stretch * self.scaling.value_spread)
            centre = mean * self.scaling.value_spread + self.scaling.value_centre
            return torch.cat([centre + deviations, centre - deviations])[:n_samples].numpy()

    @property
    def _joint_points(self) -> int:
        """Points up to which draws come from the joint covariance."""
        return _JOINT_POINTS

    def group_offsets(self) -> FloatArray:
        """Expected offset (n,) of each training row by its plate or publication, in the units of the values."""
        shared = offset_covariance(self.data.groups, self.data.sources, self.hyperparameters)
        result: FloatArray = (shared @ self.weights).numpy() * self.scaling.value_spread
        return result

    def leave_out(self, rows: IntArray, kept: IntArray | None = None) -> tuple[FloatArray, FloatArray]:
        """Mean and sd (len(rows),) of new measurements at training `rows`, learned from the `kept` others."""
        if kept is None:
            kept = np.setdiff1d(np.arange(len(self.data)), rows)
        # (Rasmussen & Williams 2006, section 5.4.2, for blocks): what is left out is explained by what it had added
        out = np.setdiff1d(np.arange(len(self.data)), kept)
        index, place = torch.as_tensor(out), torch.as_tensor(np.searchsorted(out, rows))
        with torch.no_grad():
            precision = torch.cholesky_inverse(self.cholesky)[index][:, index]
            total = torch.cholesky_inverse(cholesky(precision))
            mean = (self.targets[index] - total @ self.weights[index])[place]
            variance = (total.diagonal() - self.variances[index])[place]
        noise = by_source(self.hyperparameters.noise, self.data.sources[rows])
        sd = np.sqrt(variance.clamp_min(_JITTER).numpy() + noise)
        unit = self.scaling.value_spread
        return mean.numpy() * unit + self.scaling.value_centre, sd * unit


def pathwise(
    process: GaussianProcess, x: Tensor, cross: Tensor, n_draws: int, rng: np.random.Generator
) -> Tensor:
    """Deviations (n, n_draws) of joint posterior draws from the mean, in time linear in the points.

    A draw of the prior by random Fourier features is corrected by what the data say of it (Wilson et al. 2020,
    arXiv:2002.09309, eq. 8). The frequencies of a Matérn-5/2 covariance are t-distributed with five degrees of freedom
    (Rasmussen & Williams 2006, eq. 4.15).

    Args:
        process: the posterior.
        x: (n, d) points, scaled.
        cross: (n, rows) their prior covariance with the training rows.
        n_draws: how many.
        rng: of the draws.
    """
    h, inputs = process.hyperparameters, process.inputs
    heavy = np.sqrt(5.0 / rng.chisquare(5.0, _FREQUENCIES))
    frequencies = torch.as_tensor(
        rng.standard_normal((x.shape[1], _FREQUENCIES)) * heavy, dtype=torch.float32
    )
    weights = torch.as_tensor(rng.standard_normal((2 * _FREQUENCIES, n_draws)), dtype=torch.float32)
    level = torch.as_tensor(rng.standard_normal(n_draws)) * math.sqrt(MEAN_VARIANCE)

    def prior(points: Tensor) -> Tensor:
        phase = points.float() @ frequencies
        waves = torch.cat([phase.cos(), phase.sin()], dim=1) @ weights
        return waves.double() * math.sqrt(h.signal / _FREQUENCIES) + level

    inner = h.signal * matern52(squared_distances(inputs, inputs)) + MEAN_VARIANCE
    noise = cholesky(process.cholesky @ process.cholesky.T - inner)
    scatter = noise @ torch.as_tensor(rng.standard_normal((len(inputs), n_draws)))
    seen = torch.cholesky_solve(prior(inputs) + scatter, process.cholesky)
    return prior(x).sub_((cross.float() @ seen.float()).double())


def fit_gp(
    data: Observations,
    background: FloatArray | None = None,
    blocks: IntArray | None = None,
    start: Hyperparameters | None = None,
) -> GaussianProcess:
    """Fit a Gaussian process to `data` (at least one row), exact up to `EXACT_ROWS` rows, sparse beyond.

    Args:
        data: the observations.
        background: (m, d) features of a sample of candidates, for the scaling.
        blocks: (d,) number of the block each feature belongs to; one block when None.
        start: hyperparameters to begin the search from.
    """
    if not len(data):
        raise ValueError("a Gaussian process needs at least one observation")
    if len(data) > EXACT_ROWS:
        from alloop.surrogate.sparse import fit_sparse  # builds on this module

        return fit_sparse(data, background, blocks, start)
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
