"""The two-parameter Weibull distribution from few cells: intervals and survivors count as what they are.

A cell that failed in a staircase of currents failed somewhere between the last step it passed and the step in which
it shorted; one that passed the whole staircase fails somewhere above. Both are terms of the likelihood (W. Q. Meeker
and L. A. Escobar, Statistical Methods for Reliability Data, Wiley 1998, chapters 3 and 8). Why critical currents
scatter like the strength of ceramics: A. Lowack, arXiv:2603.20113.

The likelihood takes whole batches of samples at once, for the simulations in `small_samples`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError

SHAPE_LIMITS = (0.2, 50.0)
"""Between which the shape is looked for: failures that all fall into one step would send it to infinity."""

FEWEST_FAILURES = 2
_SCALE_SHARE = 1.0 - float(np.exp(-1.0))  # the share that has failed at the scale parameter
_FAR = 60.0  # natural logarithms away from the estimate at which the search for a bound ends
_GRID = np.linspace(-1.0, 1.0, 13)
_ZOOM, _LEVELS = 2.5, 17  # each level looks closer around the best of the last: 6 / 2.5^17 = 1e-6 at the end


@dataclass(frozen=True)
class WeibullFit:
    """F(x) = 1 - exp(-(x / scale)^shape), by maximum likelihood.

    Attributes:
        scale: in the unit of the data; 63.2 % have failed there.
        shape: the Weibull modulus: the larger, the narrower.
        log_likelihood: at the maximum.
        n_cells, n_failed: how many went in, and how many of them failed.
        shape_at_limit: whether the data bound the shape on one side only.
    """

    scale: float
    shape: float
    log_likelihood: float
    n_cells: int
    n_failed: int
    shape_at_limit: bool

    def quantile(self, share: float) -> float:
        """Where this share of the cells has failed."""
        return float(self.scale * (-np.log1p(-share)) ** (1.0 / self.shape))


@dataclass(frozen=True)
class Quantile:
    """Where a share of the cells has failed, with one-sided bounds of a confidence each."""

    share: float
    estimate: float
    lower: float
    upper: float
    confidence: float


def fit_weibull(low: FloatArray, high: FloatArray) -> WeibullFit:
    """The most likely scale and shape.

    Args:
        low: (n,) a cell failed above this; 0 where it failed in the first step.
        high: (n,) and not above this; infinite for a survivor; equal to `low` where the value is exact.

    Raises:
        InstrumentError: with fewer than two failures, or with limits that are no limits.
    """
    low, high = _checked(low, high)
    n_failed = int(np.isfinite(high).sum())
    if n_failed < FEWEST_FAILURES:
        raise InstrumentError(
            f"{n_failed} of {len(low)} cells failed: a Weibull distribution needs {FEWEST_FAILURES}",
            "raise the current until more cells fail",
        )
    place, shape, value = (float(one) for one in maximum(low, high))
    at_limit = bool(np.min(np.abs(shape - np.log(SHAPE_LIMITS))) < 1e-3)
    return WeibullFit(float(np.exp(place)), float(np.exp(shape)), value, len(low), n_failed, at_limit)


def quantile_with_bounds(
    low: FloatArray,
    high: FloatArray,
    share: float = 0.05,
    confidence: float = 0.95,
    critical: tuple[float, float] | None = None,
) -> Quantile:
    """Where a share of the cells has failed, with bounds from the profile likelihood.

    A bound lies where twice the log-likelihood, maximised over the shape, has fallen by its critical value (lower
    and upper). Without them the quantile of chi-squared with one degree of freedom is taken (Meeker and Escobar
    1998, chapter 8): bounds that are too tight for few cells, see
    :func:`alloop.instruments.cells.small_samples.calibrated_critical`.

    Raises:
        InstrumentError: as :func:`fit_weibull`.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    low, high = _checked(low, high)
    fit = fit_weibull(low, high)
    usual = float(ndtri(confidence)) ** 2  # chi-squared with one degree of freedom, at 2 confidence - 1
    centre = float(np.log(fit.quantile(share)))
    found = []
    for sign, limit in zip((-1.0, 1.0), critical or (usual, usual), strict=True):

        def excess(at: float, limit: float = limit) -> float:
            fallen = fit.log_likelihood - float(profile(low, high, np.float64(at), share))
            return 2.0 * fallen - limit

        far, step = centre, 0.05
        while excess(far) < 0.0 and abs(far - centre) < _FAR:
            far, step = far + sign * step, 1.5 * step
        open_ended = excess(far) < 0.0 or far == centre
        found.append(float(np.exp(far if open_ended else brentq(excess, centre, far, xtol=1e-6))))
    return Quantile(share, float(np.exp(centre)), found[0], found[1], confidence)


def maximum(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of samples (..., n): the logarithms of scale and shape with the highest likelihood, and that, each (...)."""
    place = _typical(low, high)
    shape = np.full_like(place, np.mean(np.log(SHAPE_LIMITS)))
    half_place, half_shape = 4.0, float(np.ptp(np.log(SHAPE_LIMITS))) / 2.0
    across, up = (one.ravel() for one in np.meshgrid(_GRID, _GRID))
    for _ in range(_LEVELS):
        places = place[..., None] + half_place * across
        shapes = np.clip(shape[..., None] + half_shape * up, *np.log(SHAPE_LIMITS))
        values = log_likelihood(low, high, places, shapes, _SCALE_SHARE)
        place, shape, value = (_at_best(one, values) for one in (places, shapes, values))
        half_place, half_shape = half_place / _ZOOM, half_shape / _ZOOM
    return place, shape, value


def profile(
    low: FloatArray, high: FloatArray, log_quantile: FloatArray | np.float64, share: float
) -> FloatArray:
    """Of samples (..., n): the log-likelihood at a quantile (...), maximised over the shape."""
    place = np.asarray(log_quantile, dtype=np.float64)
    shape = np.full(low.shape[:-1], np.mean(np.log(SHAPE_LIMITS)))
    half = float(np.ptp(np.log(SHAPE_LIMITS))) / 2.0
    for _ in range(_LEVELS):
        shapes = np.clip(shape[..., None] + half * _GRID, *np.log(SHAPE_LIMITS))
        values = log_likelihood(low, high, place[..., None] + 0.0 * shapes, shapes, share)
        shape, value = _at_best(shapes, values), _at_best(values, values)
        half /= _ZOOM
    return value


def log_likelihood(
    low: FloatArray, high: FloatArray, log_quantile: FloatArray, log_shape: FloatArray, share: float
) -> FloatArray:
    """The log-likelihood of samples (..., n) at k parameters each (..., k), as (..., k).

    The cumulative hazard is H(x) = -ln(1 - share) (x / quantile)^shape. A survivor adds -H(low); a failure in a step
    adds ln(exp(-H(low)) - exp(-H(high))); an exact one ln(shape H / x) - H.
    """
    place, shape = log_quantile[..., None], np.exp(log_shape[..., None])
    low, high = low[..., None, :], high[..., None, :]
    hazard = np.log(-np.log1p(-share))
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        log_low = hazard + shape * (np.log(low) - place)
        log_high = hazard + shape * (np.log(high) - place)
        at_low, at_high = np.exp(np.minimum(log_low, 700.0)), np.exp(np.minimum(log_high, 700.0))
        exact = log_low + np.log(shape) - np.log(low) - at_low
        within = -at_low + np.log(-np.expm1(at_low - at_high))
        terms = np.where(np.isinf(high), -at_low, np.where(low == high, exact, within))
    # what is impossible in double precision stays comparable with what is more impossible
    return np.asarray(np.maximum(terms, -1e6).sum(axis=-1), dtype=np.float64)


def _at_best(what: FloatArray, values: FloatArray) -> FloatArray:
    best = np.argmax(values, axis=-1)[..., None]
    return np.asarray(np.take_along_axis(what, best, axis=-1)[..., 0], dtype=np.float64)


def _typical(low: FloatArray, high: FloatArray) -> FloatArray:
    """The mean logarithm of where the failures lie, where to look for the scale."""
    failed = np.isfinite(high)
    middle = np.where(failed, (low + np.where(failed, high, 0.0)) / 2.0, 1.0)
    return np.asarray((np.log(middle) * failed).sum(axis=-1) / failed.sum(axis=-1), dtype=np.float64)


def _checked(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, high = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    if low.shape != high.shape or low.ndim != 1 or not len(low):
        raise InstrumentError("limits of cells must come in pairs", "give low and high for each cell")
    if not (np.isfinite(low).all() and (low >= 0).all() and (high > 0).all() and (high >= low).all()):
        raise InstrumentError("a cell's limits are not 0 <= low <= high", "check the currents of the steps")
    return low, high
