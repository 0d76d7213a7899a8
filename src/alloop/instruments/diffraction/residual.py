"""What a fit leaves: agreement figures, peaks that no phase explains, the hump of amorphous material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.measured import Measured
from alloop.instruments.diffraction.model import Fit
from alloop.instruments.diffraction.peaks import Peak, find_peaks

# Beside a fitted line, a remainder below this part of it is a misfit of its shape.
_MISFIT_SHARE = 0.25
_LEAST_SHARE = 0.004
_ABOVE, _ROUNDS, _FLAT = 0.05, 25, 0.03


@dataclass(frozen=True)
class Residual:
    """How well a fit agrees with its pattern.

    Attributes:
        rwp, rexp: the weighted profile residual and the one that counting alone would leave (Young, 1993, The Rietveld
            Method, table 1.3), background included.
        goodness: rwp/rexp.
        misfit: root of the mean squared residual in units of counting and model error together; 1 is as expected.
        unexplained: peaks that no phase explains, strongest first.
        unexplained_share: their part of the area above the background.
        hump_share: part of the area above a smooth background that lies in broad humps.
    """

    rwp: float
    rexp: float
    goodness: float
    misfit: float
    unexplained: tuple[Peak, ...]
    unexplained_share: float
    hump_share: float


def residual_of(measured: Measured, fit: Fit, width_deg: float) -> Residual:
    """The residual of a fit; `width_deg` is the usual width of the pattern's peaks."""
    left = measured.counts - fit.calculated
    weight = 1.0 / measured.noise**2
    whole = float(np.sum(weight * measured.counts**2))
    freedom = max(len(left) - measured.terms.shape[1] - 4 * len(fit.phases), 1)
    rwp = float(np.sqrt(np.sum(weight * left**2) / whole))
    rexp = float(np.sqrt(freedom / whole))
    explained = np.maximum(fit.calculated - fit.background, 0.0)
    tolerance = np.hypot(
        measured.noise, _MISFIT_SHARE / 3.0 * _nearby_maximum(measured, explained, width_deg)
    )
    peaks = find_peaks(measured.two_theta_deg, left, tolerance, width_deg)
    total = float(np.trapezoid(np.maximum(measured.counts - fit.background, 0.0), measured.two_theta_deg))
    seen = [one for one in peaks if one.area > _LEAST_SHARE * total and one.width_deg < 6.0 * width_deg]
    seen.sort(key=lambda one: -one.area)
    return Residual(
        rwp,
        rexp,
        rwp / rexp,
        float(np.sqrt(np.mean((left / measured.sigma) ** 2))),
        tuple(seen),
        float(min(sum(one.area for one in seen) / max(total, 1e-300), 1.0)),
        hump_share(measured.two_theta_deg, fit.background, measured.counts, float(np.median(measured.noise))),
    )


def _nearby_maximum(measured: Measured, values: FloatArray, width_deg: float) -> FloatArray:
    """The largest value within one peak width on either side."""
    from scipy.ndimage import maximum_filter1d

    step = float(np.median(np.diff(measured.two_theta_deg)))
    return np.asarray(maximum_filter1d(values, size=2 * max(1, round(width_deg / step)) + 1))


def hump_share(two_theta_deg: FloatArray, background: FloatArray, counts: FloatArray, noise: float) -> float:
    """Part of the area above a smooth background that is broad: what the fitted background has above a+b·x+c·x²+d/x.

    The smooth part (air, slits, fluorescence, a beam longer than the sample) is laid under the fitted background by
    asymmetric least squares. The share grows with the amorphous content but is no weight fraction; that takes an
    internal standard.
    """
    x = two_theta_deg / two_theta_deg[-1]
    columns = np.column_stack([np.ones(len(x)), x, x**2, x[0] / np.maximum(x, 1e-3)])
    weight = np.ones(len(x))
    smooth = background
    for _ in range(_ROUNDS):
        root = np.sqrt(weight)
        smooth = columns @ np.linalg.lstsq(columns * root[:, None], background * root, rcond=None)[0]
        weight = np.where(background > smooth, _ABOVE, 1.0 - _ABOVE)
    above = np.maximum(background - smooth, 0.0)
    # At its ends a background is held from one side only.
    edge = max(1, len(above) // 50)
    above[:edge] = above[-edge:] = 0.0
    if above.max() < max(_FLAT * float(np.median(np.abs(smooth))), 2.0 * noise):
        return 0.0
    hump = float(np.trapezoid(above, two_theta_deg))
    peaks = float(np.trapezoid(np.maximum(counts - background, 0.0), two_theta_deg))
    return hump / max(hump + peaks, 1e-300)
