"""Peaks of a pattern: where something stands out of the noise, how wide and how strong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.background import smoothed, snip, variance_per_count

_SIGNIFICANT = 6.0
_POINTS_PER_WIDTH = 7.0
_MOST_PEAKS = 200


@dataclass(frozen=True)
class Peak:
    """A peak: its place and width (FWHM) in degrees, height and area above the background, height over its noise."""

    two_theta_deg: float
    width_deg: float
    height: float
    area: float
    significance: float


def find_peaks(
    two_theta_deg: FloatArray,
    excess: FloatArray,
    noise: FloatArray,
    width_deg: float | None = None,
    significance: float = _SIGNIFICANT,
) -> list[Peak]:
    """The peaks of what is left above a background, from low to high angles.

    Args:
        two_theta_deg: (n,), increasing.
        excess: (n,) counts above the background.
        noise: (n,) standard uncertainties of the counts.
        width_deg: usual width of the peaks, which the noise is averaged over; five points where None is given.
        significance: how many times its noise a peak must be high.
    """
    from scipy.signal import find_peaks as local_maxima
    from scipy.signal import peak_widths

    step = float(np.median(np.diff(two_theta_deg)))
    points = 5 if width_deg is None else max(3, round(0.6 * width_deg / step)) | 1
    calm = smoothed(excess, points)
    level = noise / np.sqrt(points)
    score = calm / np.maximum(level, 1e-300)
    found, _ = local_maxima(score, height=significance, prominence=0.6 * significance)
    if len(found) == 0:
        return []
    if len(found) > _MOST_PEAKS:
        found = np.sort(found[np.argsort(-calm[found])[:_MOST_PEAKS]])
    widths = peak_widths(score, found, rel_height=0.5)[0] * step
    # Area of a peak between a Gaussian (1.06) and a Lorentzian (1.57) of this height and width.
    return [
        Peak(
            float(two_theta_deg[place]),
            float(width),
            float(calm[place]),
            float(1.3 * calm[place] * width),
            float(score[place]),
        )
        for place, width in zip(found, widths, strict=True)
    ]


def peaks_of_pattern(
    two_theta_deg: FloatArray, counts: FloatArray, sigma: FloatArray | None = None
) -> list[Peak]:
    """The peaks of a measured pattern above its background."""
    background = snip(two_theta_deg, counts)
    if sigma is None:
        floor = max(float(np.mean(np.abs(counts))) * 0.01, 1e-9)
        sigma = np.sqrt(max(variance_per_count(counts), 1e-12) * np.maximum(smoothed(counts, 5), floor))
    return find_peaks(two_theta_deg, counts - background, sigma)


def points_to_join(two_theta_deg: FloatArray, peaks: list[Peak]) -> int:
    """How many neighbouring points may be joined while narrow peaks keep seven points across their width."""
    if not peaks:
        return 1
    step = float(np.median(np.diff(two_theta_deg)))
    narrow = float(np.quantile([peak.width_deg for peak in peaks], 0.25))
    return int(np.clip(narrow / _POINTS_PER_WIDTH / step, 1, 20))


def joined(values: FloatArray, points: int) -> FloatArray:
    """The means of neighbouring points, an incomplete last group left out."""
    whole = len(values) // points * points
    return np.asarray(values[:whole].reshape(-1, points).mean(axis=1))
