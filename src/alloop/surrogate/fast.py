"""A cheap view of a belief for scoring tens of thousands of candidates.

Single precision, fewer trees, and a bound on the doubt: the mean of the Gaussian process is exact up to rounding;
its standard deviation leaves out the directions in which the training points explain next to nothing of a sample
of candidates, which can only make it larger, so that no candidate is lost for too little doubt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import FloatArray
from alloop.surrogate.belief import Belief, mixed
from alloop.surrogate.forest import Forest
from alloop.surrogate.gp import GaussianProcess
from alloop.surrogate.hyperparameters import MEAN_VARIANCE
from alloop.surrogate.protocol import PropertyModel

_RANK = 128
_SPARE = 32
_TREES = 64
_FEWEST_TREES = 32
_CHUNK = 512  # rows whose covariances fit into a core's cache: several times faster than larger ones


@dataclass(frozen=True)
class FastBelief:
    """What screening needs of a belief, and no more; inputs are scaled by √5 as the Matérn-5/2 kernel wants them.

    Attributes:
        noise_sd: standard deviation of a new measurement around the function.
        value_centre, value_spread: what the process' values were scaled by.
        signal: variance of the function on that scale.
        inflation: factor on standard deviations.
        weight: share of the process beside the trees.
        trees: those that are asked; None where there are none.
        weights: (rows, 1 + r) those of the mean, then those of what the training points explain.
        shift: (1 + r,) what the unknown mean adds to each.
    """

    noise_sd: float
    value_centre: float
    value_spread: float
    signal: float
    inflation: float
    weight: float
    trees: Forest | None
    used: Tensor
    centre: Tensor
    factor: Tensor
    inputs: Tensor
    squares: Tensor
    weights: Tensor
    shift: Tensor

    def latent(self, features: Tensor) -> tuple[FloatArray, FloatArray]:
        """Mean and an upper bound of the standard deviation (n,) of the function.

        Args:
            features: (n, d) in single precision.
        """
        mean, variance = self._process(features)
        mean = mean * self.value_spread + self.value_centre
        sd = np.sqrt(variance) * self.value_spread * self.inflation
        if self.trees is None:
            return mean, sd
        other, other_sd = self.trees.latent(features.numpy())
        return mixed(self.weight, (mean, sd), (other, other_sd * self.inflation))

    def _process(self, features: Tensor) -> tuple[FloatArray, FloatArray]:
        mean, explained = torch.empty(len(features)), torch.empty(len(features))
        with torch.no_grad():
            scaled = (features[:, self.used] - self.centre) * self.factor
            for start in range(0, len(scaled), _CHUNK):
                x = scaled[start : start + _CHUNK]
                root = torch.addmm(self.squares, x, self.inputs, alpha=-2.0)
                root.add_((x * x).sum(1, keepdim=True)).clamp_min_(0.0)
                polynomial = root / 3.0
                polynomial.add_(root.sqrt_()).add_(1.0)
                correlation = root.neg_().exp_().mul_(polynomial)
                seen = torch.addmm(self.shift, correlation, self.weights)
                mean[start : start + _CHUNK] = seen[:, 0]
                explained[start : start + _CHUNK] = seen[:, 1:].square().sum(1)
        variance = (self.signal + MEAN_VARIANCE - explained).clamp_min_(1e-6)
        return mean.double().numpy(), variance.double().numpy()


@dataclass(frozen=True)
class Unabridged:
    """The view of a model that nobody can look into: the model itself."""

    model: PropertyModel
    noise_sd: float

    def latent(self, features: Tensor) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the property."""
        return self.model.latent(features.double().numpy())


FastView = FastBelief | Unabridged


def make_fast(belief: PropertyModel, sample: FloatArray) -> FastView:
    """The cheap view of `belief`; `sample` (s, d) are features of typical candidates."""
    if not isinstance(belief, Belief):
        return Unabridged(belief, belief.noise_sd())
    process = belief.process
    h, scaling = process.hyperparameters, process.scaling
    weights = torch.cat([process.weights[:, None], _whitening(process, sample)], dim=1)
    wide = (process.inputs * math.sqrt(5.0)).float()
    return FastBelief(
        noise_sd=process.noise_sd(),
        value_centre=scaling.value_centre,
        value_spread=scaling.value_spread,
        signal=h.signal,
        inflation=belief.inflation,
        weight=belief.weight,
        trees=_trees(belief),
        used=torch.as_tensor(scaling.used),
        centre=torch.as_tensor(scaling.centre, dtype=torch.float32),
        factor=torch.as_tensor(math.sqrt(5.0) / (scaling.spread * h.lengthscales), dtype=torch.float32),
        inputs=wide.T.contiguous(),
        squares=wide.square().sum(1),
        weights=(h.signal * weights).float().contiguous(),
        shift=(MEAN_VARIANCE * weights.sum(0)).float(),
    )


def _trees(belief: Belief) -> Forest | None:
    """The trees that are asked: they take most of the time, so fewer where they have less say than a quarter."""
    if belief.forest is None:
        return None
    count = max(round(_TREES * min(4.0 * (1.0 - belief.weight), 1.0)), _FEWEST_TREES)
    return belief.forest.first(count)


def _whitening(process: GaussianProcess, sample: FloatArray) -> Tensor:
    """(rows, r) such that the square of covariance times it sums to the variance that the rows explain, or to less.

    With many rows r directions are kept, those that explain the most at `sample`: found by a randomised subspace
    iteration (Halko et al. 2011, doi:10.1137/090771806). Any orthonormal directions explain at most what all do.
    """
    n = len(process.inputs)
    eye = torch.eye(n, dtype=process.cholesky.dtype)
    whole: Tensor = torch.linalg.solve_triangular(process.cholesky, eye, upper=False).T
    if n <= _RANK + _SPARE:
        return whole
    half = process.cross(process.scale(sample)).float() @ whole.float()
    square = half.T @ half
    start = np.random.default_rng(n).standard_normal((n, _RANK + _SPARE))
    basis = torch.linalg.qr(square @ torch.as_tensor(start, dtype=torch.float32))[0]
    basis = torch.linalg.qr(square @ basis)[0]
    inner, turned = torch.linalg.eigh(basis.T @ square @ basis)
    directions: Tensor = basis @ turned[:, torch.argsort(inner, descending=True)[:_RANK]]
    return whole @ directions.to(whole.dtype)
