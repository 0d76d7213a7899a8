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
    """The random layer: (H, d) weights on unscaled features and (H,) biases, and the scaling of the linear part."""

    weights: FloatArray
    bias: FloatArray
    centre: FloatArray
    factor: FloatArray

    def of(self, features: FloatArray) -> RealArray:
        """(n, H + d + 1) in single precision: hidden values, scaled features and a constant, of features (n, d)."""
        hidden = np.maximum(features @ self.weights.T + self.bias, 0.0)
        scaled = (features - self.centre) * self.factor
        return np.hstack([hidden, scaled, np.ones((len(features), 1))], dtype=np.float32, casting="same_kind")


@dataclass(frozen=True)
class Distilled:
    """The fitted network, as tensors on one device.

    Attributes:
        inner: (H + o, n_composition) weights of hidden layer and linear part on a composition's features.
        settings: (H + o, n_combinations) what each combination of settings adds to them, and the biases.
        outer: (o, H).
    """

    inner: Tensor
    settings: Tensor
    outer: Tensor

    def of_compositions(self, features: Tensor) -> Tensor:
        """The part (H + o, n) that all settings of a composition share, from features (n_composition, n)."""
        return self.inner @ features

    def outputs(self, shared: Tensor, combination: int, room: Tensor) -> Tensor:
        """Outputs (o, n) of compositions with one combination of settings.

        Args:
            shared: (H + o, n) from :meth:`of_compositions`.
            combination: column of `settings`.
            room: (H, n) is overwritten.
        """
        n_hidden = self.outer.shape[1]
        added = self.settings[:, combination, None]
        torch.add(shared[:n_hidden], added[:n_hidden], out=room)
        room.relu_()
        return torch.addmm(shared[n_hidden:], self.outer, room).add_(added[n_hidden:])


def hidden_layer(features: FloatArray, rng: np.random.Generator, n_hidden: int = HIDDEN) -> HiddenLayer:
    """A random layer for candidates like `features` (n, d); features that do not vary get no weight."""
    centre, spread = features.mean(axis=0), features.std(axis=0)
    varies = spread > 1e-9 * (1.0 + np.abs(centre))
    factor = np.where(varies, 1.0 / np.where(varies, spread, 1.0), 0.0)
    scale = 1.0 / np.sqrt(max(int(varies.sum()), 1))
    weights = rng.standard_normal((n_hidden, features.shape[1])) * factor * scale
    bias = rng.uniform(-_BIAS, _BIAS, n_hidden) - weights @ centre
    return HiddenLayer(weights, bias, centre, factor)


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
    linear = found[n_hidden:-1].T * layer.factor
    offset = found[-1] + centre - linear @ layer.centre
    inner = np.vstack([layer.weights, linear])
    settings = np.concatenate([layer.bias, offset])[:, None] + inner[:, n_composition:] @ combinations.T
    parts = (inner[:, :n_composition], settings, found[:n_hidden].T)
    return Distilled(*(torch.as_tensor(part.copy(), dtype=dtype, device=device) for part in parts))
