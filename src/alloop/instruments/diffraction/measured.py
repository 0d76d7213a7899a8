"""A measured pattern made ready for fitting: its noise, its background terms, its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.background import background_terms, smoothed, snip, variance_per_count
from alloop.instruments.diffraction.model import Fit
from alloop.instruments.diffraction.profile import FULL_REACH, Beam

# How well a calculated pattern can be trusted besides the counting: line shapes, texture, structure factors.
MODEL_ERROR = 0.05


@dataclass(frozen=True, eq=False)
class Measured:
    """A pattern made ready for fitting.

    Attributes:
        two_theta_deg, counts: (n,) as measured.
        sigma: (n,) standard uncertainties of the counts, an allowance for the model included.
        noise: (n,) the same without the allowance.
        terms: (n, m) background columns.
        beam: the radiation.
        reach: how many widths off its centre a line ends.
    """

    two_theta_deg: FloatArray
    counts: FloatArray
    sigma: FloatArray
    noise: FloatArray
    terms: FloatArray
    beam: Beam
    reach: float = FULL_REACH


def measured_pattern(
    two_theta_deg: FloatArray, counts: FloatArray, sigma: FloatArray | None, beam: Beam
) -> Measured:
    """A pattern made ready: its noise, its background terms, the first guess of what the model leaves."""
    span = float(two_theta_deg[-1] - two_theta_deg[0])
    number = int(np.clip(round(span / 7.5), 4, 14))
    level = np.maximum(smoothed(counts, 3), 0.0)
    if sigma is not None:
        noise = np.maximum(sigma, 1e-3 * float(np.median(sigma)))
    else:
        noise = np.sqrt(max(variance_per_count(counts), 1e-12) * np.maximum(level, _floor(counts)))
    peaks = np.maximum(level - snip(two_theta_deg, counts), 0.0)
    return Measured(
        two_theta_deg,
        counts,
        np.hypot(noise, MODEL_ERROR * peaks),
        noise,
        background_terms(two_theta_deg, number),
        beam,
    )


def _floor(counts: FloatArray) -> float:
    """The level below which noise no longer falls: a hundredth of the mean."""
    return max(float(np.mean(counts)) * 0.01, 1e-9)


def reweighted(measured: Measured, fit: Fit, complete: bool = False) -> Measured:
    """The pattern with uncertainties from the calculated counts: observed ones would favour low scales.

    As long as phases may be missing, the peaks that nothing explains yet keep the allowance of explained ones, so that
    they don't distort the phases already found.
    """
    ratio = measured.noise**2 / np.maximum(smoothed(measured.counts, 3), _floor(measured.counts))
    calculated = np.maximum(fit.calculated, _floor(measured.counts))
    noise = np.sqrt(np.median(ratio) * calculated)
    peaks = np.maximum(fit.calculated - fit.background, 0.0)
    if not complete:
        peaks = np.maximum(peaks, smoothed(measured.counts, 3) - fit.background)
    return replace(measured, noise=noise, sigma=np.hypot(noise, MODEL_ERROR * peaks))


def reference_spacing(measured: Measured) -> float:
    """The smallest spacing in Å whose line the pattern reaches, with a margin for shifts; rounded for the cache."""
    half = np.radians(min(measured.two_theta_deg[-1] / 2.0 + 0.3, 89.0))
    return round(float(measured.beam.wavelength_angstrom / (2.0 * np.sin(half))), 3)


def stiff_terms(measured: Measured) -> FloatArray:
    """Background terms that cannot follow the peaks of phases that are still to be found."""
    low, high = measured.two_theta_deg[0], measured.two_theta_deg[-1]
    line = (measured.two_theta_deg - low) / (high - low)
    return np.column_stack([snip(measured.two_theta_deg, measured.counts), np.ones(len(line)), line])
