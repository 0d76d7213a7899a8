"""Likelihood terms for bounds ("< 1e-10", "> 700 h") by expectation propagation.

A bound says that latent value plus noise lies on one side of a limit. Its likelihood Φ(z) is replaced by a
Gaussian of the same effect, found by moment matching (Rasmussen & Williams 2006, algorithm 3.5 and eq.
3.82-3.85, with a shifted limit). With limit 0 and noise 1 the same terms are a probit classifier: that is how
the chance of a failed well is learned.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from alloop.arrays import FloatArray, IntArray

_SWEEPS = 40
_DAMPING = 0.7


def pseudo_observations(
    covariance: FloatArray,
    values: FloatArray,
    bounds: IntArray,
    noise: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Gaussian stand-ins for the bounds among the rows.

    Args:
        covariance: (n, n) prior covariance of the latent values (without noise), prior mean zero.
        values: (n,) values, or limits where `bounds` is not 0.
        bounds: (n,) -1 below, 0 exact, +1 above.
        noise: (n,) variance of a measurement.

    Returns:
        (n,) pseudo values and (n,) pseudo variances; exact rows keep value and noise.
    """
    targets, variances = values.copy(), noise.copy()
    open_rows = np.flatnonzero(bounds)
    if not len(open_rows):
        return targets, variances
    exact = np.flatnonzero(bounds == 0)
    mean = np.zeros(len(open_rows))
    prior = covariance[np.ix_(open_rows, open_rows)].copy()
    if len(exact):  # condition on the exact rows once; the sites then only see the small block
        inner = covariance[np.ix_(exact, exact)] + np.diag(noise[exact])
        cross = np.linalg.solve(inner, covariance[np.ix_(exact, open_rows)])
        mean = cross.T @ values[exact]
        prior -= covariance[np.ix_(open_rows, exact)] @ cross
    precision, shift = _sites(mean, prior, values[open_rows], bounds[open_rows], noise[open_rows])
    variances[open_rows] = 1.0 / precision
    targets[open_rows] = shift / precision
    return targets, variances


def _sites(
    mean: FloatArray, prior: FloatArray, limits: FloatArray, sides: IntArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Site precisions and shifts by damped parallel updates."""
    n = len(limits)
    precision, shift = np.full(n, 1e-6), np.zeros(n)
    for _ in range(_SWEEPS):
        gain = np.linalg.solve(prior + np.diag(1.0 / precision), prior)
        posterior_variance = np.maximum(np.diag(prior) - np.einsum("ij,ji->i", prior, gain), 1e-10)
        posterior_mean = mean + gain.T @ (shift / precision - mean)
        cavity_precision = np.maximum(1.0 / posterior_variance - precision, 1e-8)
        cavity_mean = (posterior_mean / posterior_variance - shift) / cavity_precision
        new_value, new_spread = matched_site(cavity_mean, 1.0 / cavity_precision, limits, sides, noise)
        new_precision = 1.0 / new_spread
        new_shift = new_value * new_precision
        change = float(np.abs(new_precision - precision).max() / (1.0 + np.abs(precision).max()))
        precision = (1.0 - _DAMPING) * precision + _DAMPING * new_precision
        shift = (1.0 - _DAMPING) * shift + _DAMPING * new_shift
        if change < 1e-4:
            break
    return precision, shift


def matched_site(
    mean: FloatArray, variance: FloatArray, limits: FloatArray, sides: IntArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Value and variance (n,) of the Gaussian that does to N(`mean`, `variance`) what a bound does.

    Args:
        mean, variance: (n,) of the latent values as all other rows expect them.
        limits, sides: (n,) of the bounds.
        noise: (n,) variance of a measurement.
    """
    total = np.sqrt(variance + noise)
    z = sides * (mean - limits) / total
    ratio = np.exp(-0.5 * z * z - log_ndtr(z)) / np.sqrt(2.0 * np.pi)
    new_mean = mean + sides * variance * ratio / total
    new_variance = variance - variance**2 * ratio * (z + ratio) / total**2
    precision = np.clip(1.0 / np.maximum(new_variance, 1e-10) - 1.0 / variance, 1e-6, 1e6)
    value: FloatArray = (new_mean * (precision + 1.0 / variance) - mean / variance) / precision
    return value, 1.0 / precision


def expected_beyond(mean: FloatArray, sd: FloatArray, limits: FloatArray, sides: IntArray) -> FloatArray:
    """Mean of a normal distribution (`mean`, `sd`) cut at `limits`, on the side that `sides` names."""
    z = sides * (mean - limits) / sd
    ratio = np.exp(-0.5 * z * z - log_ndtr(z)) / np.sqrt(2.0 * np.pi)
    cut: FloatArray = mean + sides * sd * ratio
    return cut
