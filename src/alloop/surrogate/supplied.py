"""A BoTorch model as what is believed of a property, beside or instead of alloop's own models.

`from_botorch` takes a fitted model, or a function that fits one to observations. A function is better: the model is
then fitted again each round, judged by cross-validation, and its intervals are calibrated like those of alloop's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from botorch.models.model import Model
from botorch.utils.sampling import manual_seed

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.cross_validation import Check, check_of, inflation_for_coverage, make_folds
from alloop.surrogate.data import Observations
from alloop.surrogate.protocol import Learner

_FOLDS = 5
_CHUNK = 4096
_NOISE_ROWS = 256


@dataclass(frozen=True)
class SuppliedModel:
    """A `PropertyModel` that speaks through a BoTorch model with one output.

    Attributes:
        model: the BoTorch model; its inputs are raw features, its output the property on its model scale.
        data: what it was learned from.
        check: cross-validated trust; `n` is 0 for a model that nobody could fit again.
        inflation: factor on standard deviations that cross-validation asked for.
        held_mean, held_sd: (n,) of each row of `data` predicted without it; sd is infinite where it was not held out.
        noise: standard deviation of a measurement around the property itself.
    """

    model: Model
    data: Observations
    check: Check
    inflation: float
    held_mean: FloatArray
    held_sd: FloatArray
    noise: float

    @property
    def kind(self) -> str:
        """The model's class, and whether anybody has checked it."""
        name = type(self.model).__name__
        return name if self.check.n else f"{name}, not checked"

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the property itself."""
        mean, sd = _posterior(self.model, features, noisy=False)
        return mean, sd * self.inflation

    def hope(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What `latent` says."""
        return self.latent(features)

    def predict(self, features: FloatArray, source: int = 0) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of a new measurement, whoever makes it."""
        mean, sd = _posterior(self.model, features, noisy=True)
        return mean, sd * self.inflation

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """Joint draws of the property itself: (n_samples, n)."""
        points = torch.as_tensor(features)
        with torch.no_grad(), manual_seed(int(rng.integers(2**31))):
            posterior: Any = self.model.posterior(points)
            draws = posterior.rsample(torch.Size([n_samples]))[..., 0].numpy()
            mean = posterior.mean[:, 0].numpy()
        return cast(FloatArray, mean + (draws - mean) * self.inflation)

    def noise_sd(self, source: int = 0) -> float:
        """Standard deviation of a new measurement around the property itself."""
        return self.noise

    def leave_out(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Mean and sd (len(rows),) of new measurements at `rows` of the data, as held out in cross-validation."""
        return self.held_mean[rows], self.held_sd[rows]


def from_botorch(model: Model | Callable[[Observations], Model]) -> Learner:
    """What makes a belief of a BoTorch model, for `PlanningProblem.models`.

    Args:
        model: a fitted model with one output, or a function that fits one to observations. Its inputs are raw
            features (n, d) in double precision, its output is on the property's model scale (log10 of a
            conductivity), more is whatever more means there. Bounds, plates and sources of the observations are
            for the function to use or to ignore.
    """

    def learn(data: Observations, seed: int) -> SuppliedModel:
        if isinstance(model, Model):
            return _believed(_single(model), data, None, seed)
        with manual_seed(seed):
            fitted = _single(model(data))
        return _believed(fitted, data, model, seed)

    return learn


def _single(model: Any) -> Model:
    if not isinstance(model, Model):
        raise TypeError(f"a BoTorch model is needed, not {type(model).__name__}")
    if model.num_outputs != 1:
        raise ValueError(f"a property needs a model with one output, not {model.num_outputs}")
    return model.eval()


def _believed(
    fitted: Model, data: Observations, fit: Callable[[Observations], Model] | None, seed: int
) -> SuppliedModel:
    mean, sd = data.values.copy(), np.full(len(data), np.inf)
    folds = make_folds(data, _FOLDS, np.random.default_rng(seed)) if fit is not None else ()
    for fold in folds:
        with manual_seed(seed):
            part = _single(fit(data.rows(fold.train)))  # type: ignore[misc]
        mean[fold.test], sd[fold.test] = _posterior(part, data.features[fold.test], noisy=True)
    rows = np.flatnonzero(np.isfinite(sd))
    nan = float("nan")
    check, inflation = Check(0, nan, nan, nan, 0.0), 1.0
    if len(rows):
        seen = data.rows(rows)
        inflation = inflation_for_coverage(mean[rows], sd[rows], seen)
        check = check_of(mean[rows], sd[rows] * inflation, seen, seen.values)
    some = data.features[:: max(1, len(data) // _NOISE_ROWS)]
    wide, narrow = _posterior(fitted, some, noisy=True)[1], _posterior(fitted, some, noisy=False)[1]
    noise = float(np.sqrt(np.mean(np.maximum(wide**2 - narrow**2, 0.0)))) * inflation
    least = 1e-3 * float(data.values.std())
    return SuppliedModel(fitted, data, check, inflation, mean, sd * inflation, max(noise, least, 1e-9))


def _posterior(model: Model, features: FloatArray, *, noisy: bool) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (n,) at `features` (n, d), each point by itself."""
    means, sds = [np.zeros(0)], [np.zeros(0)]
    with torch.no_grad():
        for start in range(0, len(features), _CHUNK):
            points = torch.as_tensor(np.ascontiguousarray(features[start : start + _CHUNK], dtype=float))
            posterior: Any = model.posterior(points[:, None, :], observation_noise=noisy)
            means.append(posterior.mean[:, 0, 0].numpy())
            sds.append(posterior.variance[:, 0, 0].clamp_min(0.0).sqrt().numpy())
    return np.concatenate(means), np.concatenate(sds)
