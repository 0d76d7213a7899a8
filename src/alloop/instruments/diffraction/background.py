"""Background of a pattern: where it lies, its noise, and the terms that a fit gives it."""

from __future__ import annotations

import numpy as np

from alloop.arrays import FloatArray

_SNIP_REACH_DEG = 2.5


def snip(two_theta_deg: FloatArray, counts: FloatArray, reach_deg: float = _SNIP_REACH_DEG) -> FloatArray:
    """The background below the peaks, by iterative clipping of their tops.

    Ryan, Clayton, Griffin, Sie & Cousens (1988), doi:10.1016/0168-583X(88)90063-8, with windows that shrink
    (Morháč et al., 1997, doi:10.1016/S0168-9002(97)01023-1), on the doubly logarithmic scale of the root.
    """
    step = float(np.median(np.diff(two_theta_deg)))
    widest = int(np.clip(reach_deg / max(step, 1e-6), 2, max(2, len(counts) // 4)))
    low = np.log(np.log(np.sqrt(np.maximum(smoothed(counts, 5), 0.0) + 1.0) + 1.0) + 1.0)
    # At most 60 windows: neighbouring ones clip alike.
    for window in np.unique(np.linspace(widest, 1, min(widest, 60)).astype(int))[::-1]:
        middle = (low[: -2 * window] + low[2 * window :]) / 2.0
        low[window:-window] = np.minimum(low[window:-window], middle)
    return (np.exp(np.exp(low) - 1.0) - 1.0) ** 2 - 1.0


def smoothed(values: FloatArray, points: int) -> FloatArray:
    """A running mean over an odd number of points, the ends repeated."""
    half = points // 2
    padded = np.pad(values, half, mode="edge")
    return np.asarray(np.convolve(padded, np.ones(2 * half + 1) / (2 * half + 1), mode="valid"))


def variance_per_count(counts: FloatArray) -> float:
    """How much larger the variance of neighbouring points is than their mean: 1 for counted events.

    It tells counts from counts per second or smoothed data. From second differences (their variance is 6 σ²), in
    the lower half of the pattern where peaks bend least; a robust estimate.
    """
    if len(counts) < 10:
        return 1.0
    second = counts[:-2] - 2.0 * counts[1:-1] + counts[2:]
    level = np.maximum((counts[:-2] + counts[1:-1] + counts[2:]) / 3.0, 1e-9)
    calm = level <= np.median(level)
    # The median of a squared normal variable is 0.4549 of its variance.
    return float(np.median(second[calm] ** 2 / level[calm]) / 6.0 / 0.4549)


def background_terms(two_theta_deg: FloatArray, number: int) -> FloatArray:
    """Columns of a linear background: Chebyshev polynomials of 2θ and 1/2θ for scattering by air, (n, number + 1)."""
    low, high = two_theta_deg[0], two_theta_deg[-1]
    scaled = 2.0 * (two_theta_deg - low) / (high - low) - 1.0
    columns = np.polynomial.chebyshev.chebvander(scaled, number - 1)
    return np.column_stack([columns, low / np.maximum(two_theta_deg, 1e-3)])
