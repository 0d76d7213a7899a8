"""A belief distilled into a small network: a shared hidden layer for all outputs, for millions of candidates.

The hidden layer is random, relu(W x + b) (random feature expansions: Rahimi & Recht 2008), so that only the last,
linear layer has to be found, by ridge regression from a few thousand exact values. Beside it runs a linear part.
A candidate's features are those of its composition followed by those of its settings; since W x is a sum over
both, what belongs to the composition is computed once for all settings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import FloatArray, RealArray

HIDDEN = 384
_RIDGE = 1e-4
_BIAS = 1.5


@dataclass(frozen=True)
class HiddenLayer:
    """The random layer: (H, d) weights on scaled features and (H,) biases, and the scaling."""

    weights: FloatArray
    bias: FloatArray
    centre: FloatArray
    factor: FloatArray

    def of(self, features: FloatArray) -> RealArray:
        """(n, H + d + 1) in single precision: hidden values, scaled features and a constant, of features (n, d)."""
        n_hidden, d = self.weights.shape
        basis = np.empty((len(features), n_hidden + d + 1), dtype=np.float32)
        scaled = ((features - self.centre) * self.factor).astype(np.float32)
        hidden = scaled @ self.weights.T.astype(np.float32)
        hidden += self.bias.astype(np.float32)
        np.maximum(hidden, 0.0, out=basis[:, :n_hidden])
        basis[:, n_hidden:-1], basis[:, -1] = scaled, 1.0
        return basis


@dataclass(frozen=True)
class Distilled:
    """The fitted network, as tensors on one device.

    Attributes:
        inner: (H + o, n_composition) weights of hidden layer and linear part on a composition's features.
        bias: (H + o, 1) what the settings add to them on average, and the biases.
        kinks: (H, n_combinations) where each hidden value bends: how much less than average a combination adds.
        outer: (o, H).
        offset: (o, n_combinations) what each combination adds to the outputs.
    """

    inner: Tensor
    bias: Tensor
    kinks: Tensor
    outer: Tensor
    offset: Tensor

    def outputs(self, features: Tensor, group: slice, at_once: int) -> Tensor:
        """Outputs (o, g, n) of compositions with each of a group of combinations of settings.

        Args:
            features: (n_composition, n) of the compositions.
            group: g neighbouring combinations.
            at_once: compositions that go through the network at once.
        """
        n_hidden, n = self.outer.shape[1], features.shape[1]
        kinks, offset = self.kinks[:, group], self.offset[:, group]
        found = features.new_empty((len(self.outer), kinks.shape[1], n))
        for start in range(0, n, at_once):
            piece = slice(start, start + at_once)
            shared = torch.addmm(self.bias, self.inner, features[:, piece])
            linear, room = shared[n_hidden:], torch.empty_like(shared[:n_hidden])
            for i in range(kinks.shape[1]):
                # relu(x + a) is max(x, -a) + a, and the sum of the latter is in the offset: one pass instead of two
                torch.maximum(shared[:n_hidden], kinks[:, i, None], out=room)
                torch.addmm(linear, self.outer, room, out=found[:, i, piece])
        return found.add_(offset[:, :, None])


def hidden_layer(features: FloatArray, rng: np.random.Generator, n_hidden: int = HIDDEN) -> HiddenLayer:
    """A random layer for candidates like `features` (n, d); features that do not vary get no weight."""
    centre, spread = features.mean(axis=0), features.std(axis=0)
    varies = spread > 1e-9 * (1.0 + np.abs(centre))
    factor = np.where(varies, 1.0 / np.where(varies, spread, 1.0), 0.0)
    scale = 1.0 / np.sqrt(max(int(varies.sum()), 1))
    weights = rng.standard_normal((n_hidden, features.shape[1])) * scale
    return HiddenLayer(weights, rng.uniform(-_BIAS, _BIAS, n_hidden), centre, factor)


def distil(
    layer: HiddenLayer,
    features: FloatArray,
    outputs: FloatArray,
    weights: FloatArray,
    combinations: FloatArray,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> Distilled:
    """Fit the last layer.

    Args:
        layer: the hidden layer.
        features: (n, d) of candidates.
        outputs: (n, o) what the network is to give for them.
        weights: (n,) how much each counts.
        combinations: (c, d_settings) the features of each combination of settings, the last of the d.
        device, dtype: where and in which precision the network computes.
    """
    basis = layer.of(features)
    centre = weights @ outputs / weights.sum()
    spread = np.maximum(outputs.std(axis=0), 1e-9)
    weighted = basis * weights[:, None].astype(np.float32)
    square = (weighted.T @ basis).astype(np.float64)
    square[np.diag_indices_from(square)] += _RIDGE * weights.sum()
    found = np.linalg.solve(square, weighted.T @ ((outputs - centre) / spread).astype(np.float32)) * spread
    n_hidden, n_composition = len(layer.bias), features.shape[1] - combinations.shape[1]
    inner = np.vstack([layer.weights, found[n_hidden:-1].T]) * layer.factor
    constant = np.concatenate([layer.bias, found[-1] + centre]) - inner @ layer.centre
    settings = constant[:, None] + inner[:, n_composition:] @ combinations.T
    bias, outer = settings.mean(axis=1, keepdims=True), found[:n_hidden].T
    added = settings - bias
    by_combination = added[n_hidden:] + outer @ added[:n_hidden]
    parts = (inner[:, :n_composition], bias, -added[:n_hidden], outer, by_combination)
    return Distilled(*(torch.as_tensor(part.copy(), dtype=dtype, device=device) for part in parts))
