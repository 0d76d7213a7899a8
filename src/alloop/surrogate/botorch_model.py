"""alloop's beliefs as a BoTorch model, so that any BoTorch acquisition function can look at them.

The posterior is that of `Belief.latent`, jointly over the points of a batch. Where a forest speaks too, the mixture of
both is replaced by the normal distribution with its mean and covariance. The Gaussian process is differentiable; trees
are steps and have no gradient, so that a search along gradients follows the process alone while values count both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from botorch.models.model import Model
from botorch.posteriors.gpytorch import GPyTorchPosterior
from gpytorch.distributions import MultitaskMultivariateNormal, MultivariateNormal
from torch import Tensor

from alloop.surrogate.belief import Belief
from alloop.surrogate.forest import Forest
from alloop.surrogate.gp import GaussianProcess
from alloop.surrogate.hyperparameters import MEAN_VARIANCE
from alloop.surrogate.kernels import matern52

_TINY = 1e-15  # squared distance below which there is no gradient: that of a root at 0 is infinite
_NUGGET = 1e-8


class BeliefModel(Model):
    """One or several beliefs as a BoTorch model: outputs in the order given, on the scale each is modelled on.

    Points are raw features (..., q, d), as `FeatureMap` makes them; nothing has to be normalised. Outputs are
    independent of each other. With `observation_noise` the posterior is that of new measurements, each on a plate of
    its own. Minimised properties want their sign turned by an objective or a posterior transform.
    """

    _supports_cache_root = False

    def __init__(self, *beliefs: Belief) -> None:
        super().__init__()
        if not beliefs:
            raise ValueError("a model needs at least one belief")
        self.beliefs = beliefs

    @property
    def num_outputs(self) -> int:
        """Number of properties."""
        return len(self.beliefs)

    @property
    def batch_shape(self) -> torch.Size:
        """One model, no batch of models."""
        return torch.Size()

    def subset_output(self, idcs: list[int]) -> BeliefModel:
        """The model of some of the properties."""
        return BeliefModel(*(self.beliefs[index] for index in idcs))

    def posterior(
        self,
        X: Tensor,
        output_indices: Sequence[int] | None = None,
        observation_noise: bool | Tensor = False,
        posterior_transform: Any = None,
    ) -> Any:
        """Joint posterior at `X` (..., q, d): event shape (..., q, number of outputs).

        Args:
            X: raw features.
            output_indices: which properties; all when None.
            observation_noise: whether to add the noise of a new measurement, or the variances (..., q, outputs) to add.
            posterior_transform: of BoTorch, applied last.
        """
        wanted = range(self.num_outputs) if output_indices is None else output_indices
        parts = []
        for place, index in enumerate(wanted):
            mean, covariance = _moments(self.beliefs[index], X, observation_noise is True)
            if isinstance(observation_noise, Tensor):
                covariance = covariance + torch.diag_embed(observation_noise[..., place].to(covariance))
            parts.append(MultivariateNormal(mean.to(X), covariance.to(X)))
        joint = parts[0] if len(parts) == 1 else MultitaskMultivariateNormal.from_independent_mvns(parts)
        posterior = GPyTorchPosterior(joint)
        return posterior if posterior_transform is None else posterior_transform(posterior)


def _moments(belief: Belief, points: Tensor, noisy: bool) -> tuple[Tensor, Tensor]:
    """Mean (..., q) and covariance (..., q, q) of the belief at `points` (..., q, d)."""
    points = points.double()
    process, square = belief.process, belief.inflation**2
    mean, covariance = _of_process(process, points)
    covariance = covariance * square
    eye = torch.eye(points.shape[-2], dtype=covariance.dtype, device=covariance.device)
    noise = process.noise_sd() ** 2 if noisy else 0.0
    covariance = covariance + eye * (noise * square + _NUGGET * process.scaling.value_spread**2)
    if belief.forest is None:
        return mean, covariance
    other, other_covariance = _of_forest(belief.forest, points)
    other_noise = belief.forest_noise**2 if noisy else 0.0
    other_covariance = (other_covariance + eye * other_noise) * square
    gap = mean - other
    w = belief.weight
    mixed = w * covariance + (1.0 - w) * other_covariance
    return w * mean + (1.0 - w) * other, mixed + w * (1.0 - w) * gap[..., :, None] * gap[..., None, :]


def _of_process(process: GaussianProcess, points: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (..., q) and covariance (..., q, q) of the Gaussian process, in the units of the values."""
    scaling, h = process.scaling, process.hyperparameters
    centre, spread = (torch.as_tensor(part).to(points) for part in (scaling.centre, scaling.spread))
    used = torch.as_tensor(scaling.used, device=points.device)
    x = (points[..., used] - centre) / spread / torch.as_tensor(h.lengthscales).to(points)
    inputs, root, weights = (part.to(points) for part in (process.inputs, process.cholesky, process.weights))

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        square = a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :]
        square = square - 2.0 * a @ b.transpose(-1, -2)
        return h.signal * matern52(square.clamp_min(_TINY)) + MEAN_VARIANCE

    cross = kernel(x, inputs)
    half = torch.linalg.solve_triangular(root, cross.transpose(-1, -2), upper=False)
    covariance = kernel(x, x) - half.transpose(-1, -2) @ half
    unit = scaling.value_spread
    return cross @ weights * unit + scaling.value_centre, covariance * unit**2


def _of_forest(forest: Forest, points: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (..., q) and covariance (..., q, q) over the trees; without gradient."""
    flat = points.detach().cpu().reshape(-1, points.shape[-1]).numpy()
    members = torch.as_tensor(forest.members(flat)).to(points)
    members = members.reshape(-1, *points.shape[:-1])
    mean = members.mean(0)
    off = members - mean
    return mean, torch.einsum("t...i,t...j->...ij", off, off) / len(members)
