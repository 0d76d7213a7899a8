"""A cheap view of a belief for screening millions of candidates.

Single precision, fewer trees, and a bound on the doubt: the mean of the Gaussian process is exact up to
rounding; its standard deviation uses only the training points that explain most of the covariance (pivoted
Cholesky), which can only make it larger, so that no candidate is lost for too little doubt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.belief import Belief, mixed
from alloop.surrogate.gp import GaussianProcess
from alloop.surrogate.hyperparameters import MEAN_VARIANCE, offset_covariance
from alloop.surrogate.kernels import matern52, squared_distances

_ANCHORS = 96
_TREES = 32
_CHUNK = 512  # rows whose covariances fit into a core's cache: several times faster than larger ones


@dataclass(frozen=True)
class FastBelief:
    """What screening needs of a belief; inputs are scaled by √5 as the Matérn-5/2 kernel wants them."""

    belief: Belief
    noise_sd: float
    used: Tensor
    centre: Tensor
    factor: Tensor
    inputs: Tensor
    squares: Tensor
    weights: Tensor
    anchors: Tensor
    whitening: Tensor

    def latent(self, features: Tensor) -> tuple[FloatArray, FloatArray]:
        """Mean and an upper bound of the standard deviation (n,) of the function.

        Args:
            features: (n, d) in single precision.
        """
        mean, variance = self._process(features)
        unit = self.belief.process.scaling.value_spread
        mean = mean * unit + self.belief.process.scaling.value_centre
        sd = np.sqrt(variance) * unit * self.belief.inflation
        forest = self.belief.forest
        if forest is None:
            return mean, sd
        other, other_sd = forest.latent(features.numpy(), _TREES)
        return mixed(self.belief.weight, (mean, sd), (other, other_sd * self.belief.inflation))

    def _process(self, features: Tensor) -> tuple[FloatArray, FloatArray]:
        signal = self.belief.process.hyperparameters.signal
        mean, explained = torch.empty(len(features)), torch.empty(len(features))
        offset, shift = MEAN_VARIANCE * self.weights.sum(), MEAN_VARIANCE * self.whitening.sum(0)
        with torch.no_grad():
            scaled = (features[:, self.used] - self.centre) * self.factor
            for start in range(0, len(scaled), _CHUNK):
                x = scaled[start : start + _CHUNK]
                root = torch.addmm(self.squares, x, self.inputs, alpha=-2.0)
                root.add_((x * x).sum(1, keepdim=True)).clamp_min_(0.0)
                polynomial = root / 3.0
                polynomial.add_(root.sqrt_()).add_(1.0)
                correlation = root.neg_().exp_().mul_(polynomial)
                mean[start : start + _CHUNK] = signal * (correlation @ self.weights) + offset
                white = signal * (correlation[:, self.anchors] @ self.whitening) + shift
                explained[start : start + _CHUNK] = white.square_().sum(1)
        variance = (signal + MEAN_VARIANCE - explained).clamp_min_(1e-6)
        return mean.double().numpy(), variance.double().numpy()


def make_fast(belief: Belief) -> FastBelief:
    """The cheap view of `belief`."""
    process = belief.process
    h, scaling = process.hyperparameters, process.scaling
    anchors = _anchor_rows(process, _ANCHORS)
    index = torch.as_tensor(anchors)
    inputs = process.inputs[index]
    inner = h.signal * matern52(squared_distances(inputs, inputs)) + MEAN_VARIANCE
    shared = offset_covariance(process.data.groups[anchors], process.data.sources[anchors], h)
    inner = inner + shared + torch.diag(process.variances[index] + 1e-8)
    root = torch.linalg.cholesky(inner)
    whitening = torch.linalg.solve_triangular(root, torch.eye(len(index), dtype=root.dtype), upper=False).T
    wide = (process.inputs * math.sqrt(5.0)).float()
    return FastBelief(
        belief=belief,
        noise_sd=process.noise_sd(),
        used=torch.as_tensor(scaling.used),
        centre=torch.as_tensor(scaling.centre, dtype=torch.float32),
        factor=torch.as_tensor(math.sqrt(5.0) / (scaling.spread * h.lengthscales), dtype=torch.float32),
        inputs=wide.T.contiguous(),
        squares=wide.square().sum(1),
        weights=process.weights.float(),
        anchors=index,
        whitening=whitening.float().contiguous(),
    )


def _anchor_rows(process: GaussianProcess, count: int) -> IntArray:
    """Training rows picked by pivoted Cholesky: each explains the most of what is left."""
    x = process.inputs
    signal = process.hyperparameters.signal
    residual = torch.full((len(x),), signal, dtype=x.dtype)
    factor = torch.zeros((min(count, len(x)), len(x)), dtype=x.dtype)
    chosen: list[int] = []
    for step in range(len(factor)):
        pivot = int(torch.argmax(residual))
        if float(residual[pivot]) < 1e-6 * signal:
            break
        chosen.append(pivot)
        column = signal * matern52(squared_distances(x[pivot : pivot + 1], x))[0]
        column = (column - factor[:step].T @ factor[:step, pivot]) / residual[pivot].sqrt()
        factor[step] = column
        residual = (residual - column.square()).clamp_min(0.0)
        residual[pivot] = -1.0
    return np.array(sorted(chosen), dtype=np.int64)
