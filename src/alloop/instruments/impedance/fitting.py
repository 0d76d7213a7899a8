"""A robust least-squares fit of one circuit, without a guess from a person.

Real and imaginary residuals are divided by |Z|: the instrument's error is close to proportional to it. A soft loss
keeps single outliers from steering the fit. Neighbouring residuals of a circuit that is only nearly right are
alike; they count as fewer independent ones in the covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.impedance.circuits import (
    ComplexArray,
    Node,
    impedance_and_jacobian,
    is_exponent,
    parameter_names,
    to_values,
)

EXPONENT_BOUNDS = (0.3, 1.0)
# ln of magnitudes: wide enough for every R, C, L, Q and A there is, narrow enough for exp() to stay finite.
_LOG_BOUNDS = (-46.0, 46.0)
_MOST_EVALUATIONS = 80
_WIDE_SCALE = 0.1


@dataclass(frozen=True)
class Fit:
    """A circuit fitted to a spectrum.

    Attributes:
        circuit: what was fitted.
        coordinates: (p,) of the optimum, see `circuits`.
        covariance: (p, p) of the coordinates; the errors of ill-determined ones are large.
        residual: (n,) complex, measured less fitted, as a share of |Z|.
        cost: the soft loss, half the sum of squares for small residuals; comparable for equal `scale`.
        scale: beyond this residual a point counts linearly, not by its square.
        effective_points: how many independent real numbers the residuals amount to.
    """

    circuit: Node
    coordinates: FloatArray
    covariance: FloatArray
    residual: ComplexArray
    cost: float
    scale: float
    effective_points: float

    @property
    def rms(self) -> float:
        """The root mean square of the residuals of real and imaginary parts, as a share of |Z|."""
        return float(np.sqrt(np.mean(np.abs(self.residual) ** 2) / 2.0))

    @property
    def misfit(self) -> float:
        """As `rms`, from the third quartile of the residuals, so that outliers do not count."""
        # |residual| of two equal normal parts has the Rayleigh distribution: its third quartile is sqrt(2 ln 4) σ.
        return float(np.quantile(np.abs(self.residual), 0.75) / np.sqrt(2.0 * np.log(4.0)))

    @property
    def parameters(self) -> dict[str, float]:
        """Parameter values in SI units by name."""
        names = parameter_names(self.circuit)
        return dict(zip(names, map(float, to_values(self.circuit, self.coordinates)), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors by name: relative ones of magnitudes, absolute ones of exponents."""
        errors = np.sqrt(np.diag(self.covariance))
        return dict(zip(parameter_names(self.circuit), map(float, errors), strict=True))


def fit_circuit(
    circuit: Node,
    frequency_Hz: FloatArray,
    impedance_ohm: ComplexArray,
    starts: FloatArray,
    scale: float,
) -> Fit:
    """The best fit from several starts.

    Args:
        circuit: of p parameters.
        frequency_Hz, impedance_ohm: (n,) from the highest frequency to the lowest.
        starts: (k, p) coordinates to start from, k at least 1.
        scale: residual, as a share of |Z|, beyond which a point counts less.
    """
    from scipy.optimize import least_squares

    size = np.abs(impedance_ohm)
    exponents = is_exponent(circuit)
    low = np.where(exponents, EXPONENT_BOUNDS[0], _LOG_BOUNDS[0])
    high = np.where(exponents, EXPONENT_BOUNDS[1], _LOG_BOUNDS[1])
    cache: dict[bytes, tuple[ComplexArray, ComplexArray]] = {}

    def model(theta: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        key = theta.tobytes()
        if key not in cache:
            cache.clear()
            cache[key] = impedance_and_jacobian(circuit, theta, frequency_Hz)
        return cache[key]

    def residuals(theta: FloatArray) -> FloatArray:
        return _stacked((impedance_ohm - model(theta)[0]) / size)

    def jacobian(theta: FloatArray) -> FloatArray:
        return _stacked(-model(theta)[1] / size[:, None])

    def search(start: FloatArray, loss_scale: float, tolerance: float) -> Any:
        inside = np.clip(start, low + 1e-6, high - 1e-6)
        return least_squares(
            residuals,
            inside,
            jacobian,
            (low, high),
            loss="soft_l1",
            f_scale=loss_scale,
            max_nfev=_MOST_EVALUATIONS,
            xtol=tolerance,
            ftol=tolerance,
            gtol=1e-10,
        )

    # Far from the optimum every residual is large: with a tight scale right points would pass for outliers.
    first = min((search(start, max(scale, _WIDE_SCALE), 1e-3) for start in starts), key=lambda one: one.cost)
    best = search(first.x, scale, 1e-7)
    theta = best.x
    residual = (impedance_ohm - model(theta)[0]) / size
    effective = effective_count(residual * np.sqrt(_weights(np.abs(residual), scale)))
    covariance = _covariance(_stacked(model(theta)[1] / size[:, None]), residual, scale, effective)
    return Fit(circuit, theta, covariance, residual, float(best.cost), scale, effective)


def effective_count(residual: ComplexArray) -> float:
    """How many independent real numbers correlated residuals amount to, by their lag-1 autocorrelation r.

    n (1 - r) / (1 + r), the effective size of a sample with first-order autocorrelation (Bayley and Hammersley,
    J. R. Stat. Soc. Suppl. 8, 184 (1946), doi:10.2307/2983560); n counts real and imaginary parts.

    Args:
        residual: (n,) in the order of the sweep.
    """
    power = float(np.sum(np.abs(residual) ** 2))
    if len(residual) < 3 or power == 0.0:
        return 2.0 * len(residual)
    lagged = float(np.sum((residual[1:] * residual[:-1].conj()).real))
    r = min(max(lagged / power, 0.0), 0.95)
    return 2.0 * len(residual) * (1.0 - r) / (1.0 + r)


def _covariance(matrix: FloatArray, residual: ComplexArray, scale: float, effective: float) -> FloatArray:
    """Covariance of the coordinates: Gauss-Newton with the weights of the soft loss, inflated for correlation."""
    errors = _stacked(residual)
    weights = _weights(errors, scale)
    weighted = matrix * np.sqrt(weights)[:, None]
    count = matrix.shape[1]
    variance = float(np.sum(weights * errors**2)) / max(len(errors) - count, 1)
    # A direction the data say nothing of keeps an error of e^5: never infinite, always useless.
    precision = weighted.T @ weighted + np.eye(count) * (variance + 1e-16) / 25.0
    covariance: FloatArray = np.linalg.inv(precision) * variance * (len(errors) / effective)
    return covariance


def _weights(errors: FloatArray, scale: float) -> FloatArray:
    """What an error counts relative to a small one: the derivative of the soft loss by its square."""
    return np.asarray(1.0 / np.sqrt(1.0 + (errors / scale) ** 2))


def _stacked(values: ComplexArray) -> FloatArray:
    return np.concatenate([values.real, values.imag])
