"""A cheap view of a belief for screening millions of candidates: single precision, fewer trees, a bound on the doubt.

The mean of the Gaussian process is exact up to rounding. Its standard deviation uses only the `_ANCHORS` training
points that explain most of the covariance (pivoted Cholesky), which can only make it larger: a candidate is never
lost for too little doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.belief import Belief
from alloop.surrogate.gp import GaussianProcess
from alloop.surrogate.kernels import matern52, squared_distances

_ANCHORS = 96
_TREES = 32


@dataclass(frozen=True)
class FastBelief:
    """What screening needs of a belief."""

    belief: Belief
    inputs: Tensor
    weights: Tensor
    anchors: IntArray
    whitening: Tensor
    noise_sd: float

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and an upper bound of the standard deviation (n,) of the function."""
        process = self.belief.process
        h = process.hyperparameters
        with torch.no_grad():
            x = process.scale(features, torch.float32)
            cross = h.signal * matern52(squared_distances(x, self.inputs)) + 1.0
            mean = (cross @ self.weights).double().numpy()
            white = cross[:, torch.as_tensor(self.anchors)] @ self.whitening
            variance = (h.signal + 1.0 - white.square().sum(1)).clamp_min(1e-6).double().numpy()
        unit = process.scaling.value_spread
        mean = mean * unit + process.scaling.value_centre
        sd = np.sqrt(variance) * unit * self.belief.inflation
        forest = self.belief.forest
        if forest is None:
            return mean, sd
        other, other_sd = forest.latent(features, _TREES)
        w = self.belief.weight
        mixed = w * mean + (1.0 - w) * other
        square = w * (sd**2 + mean**2) + (1.0 - w) * ((other_sd * self.belief.inflation) ** 2 + other**2)
        return mixed, np.sqrt(np.maximum(square - mixed**2, 1e-18))


def make_fast(belief: Belief) -> FastBelief:
    """The cheap view of `belief`."""
    process = belief.process
    anchors = _anchor_rows(process, _ANCHORS)
    index = torch.as_tensor(anchors)
    inputs = process.inputs[index]
    h = process.hyperparameters
    inner = h.signal * matern52(squared_distances(inputs, inputs)) + 1.0
    inner = inner + torch.diag(process.variances[index] + h.offset + 1e-8)
    root = torch.linalg.cholesky(inner)
    whitening = torch.linalg.solve_triangular(root, torch.eye(len(anchors), dtype=root.dtype), upper=False).T
    return FastBelief(
        belief,
        process.inputs.float(),
        process.weights.float(),
        anchors,
        whitening.float(),
        process.noise_sd(),
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
