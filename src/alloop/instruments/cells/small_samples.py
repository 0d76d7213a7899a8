"""Few cells: bounds that hold all the same, and how many cells a statement takes."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.cells.weibull import (
    FEWEST_FAILURES,
    SHAPE_LIMITS,
    WeibullFit,
    log_likelihood,
    profile,
)

_MOST_STEPS = 400
_MANY_CELLS = (
    30  # with more of them the critical value of 30 is used: 3.2 on its way to 2.7, a little too careful
)


def staircase(failures: FloatArray, step: float, top: float) -> tuple[FloatArray, FloatArray]:
    """What a staircase of currents shows of cells that fail at these currents (any shape): low and high.

    Args:
        failures: currents at which cells fail.
        step: the height of a step; 0 for a continuous rise.
        top: the last current; infinite where it goes on until the cell fails.
    """
    high = np.ceil(failures / step) * step if step > 0 else failures
    low = np.maximum(high - step, 0.0)
    # a survivor has passed the last whole step
    passed = np.floor(top / step * (1 + 1e-9)) * step if step > 0 and np.isfinite(top) else top
    survived = high > top * (1 + 1e-9)
    return np.where(survived, passed, low), np.where(survived, np.inf, high)


def calibrated_critical(
    n_cells: int, share: float = 0.05, confidence: float = 0.95, draws: int = 3000, seed: int = 0
) -> tuple[float, float]:
    """Critical values of the likelihood ratio for the lower and the upper bound of a quantile, for few cells.

    The signed root of the likelihood ratio at the true quantile has a distribution that depends on nothing but the
    number of cells where all are seen to fail (J. F. Lawless, Statistical Models and Methods for Lifetime Data, 2nd
    ed., Wiley 2003, chapter 5): it is drawn once and its quantiles taken. With survivors and steps this is an
    approximation; how good it is, `benchmarks/instruments_cells.py` measures. (Drawing samples from the fitted
    distribution with its steps instead was tried: 64 to 91 % instead of 95 % with three cells, because cells that
    fail in the same step make the fitted distribution far too narrow.)

    Args:
        n_cells: how many were tested.
        share, confidence: of the statement.
        draws, seed: of the simulation.
    """
    return _critical(min(n_cells, _MANY_CELLS), share, confidence, draws, seed)


@lru_cache(maxsize=64)
def _critical(n_cells: int, share: float, confidence: float, draws: int, seed: int) -> tuple[float, float]:
    samples = np.random.default_rng(seed).weibull(1.0, (draws, n_cells))
    true = float(np.log(-np.log1p(-share)))
    root = np.concatenate([_signed_roots(part, true, share) for part in np.array_split(samples, 20)])
    lower, upper = np.quantile(root, [confidence, 1.0 - confidence])
    return float(max(lower, 0.0) ** 2), float(min(upper, 0.0) ** 2)


def _signed_roots(samples: FloatArray, true: float, share: float) -> FloatArray:
    """Of samples (m, n): the root of the likelihood ratio at the true ln(quantile), positive where it lies below."""
    shape = _shapes_of_complete(samples)
    estimate = np.log(np.mean(samples ** shape[:, None], axis=1)) / shape + true / shape
    at = (estimate[:, None], np.log(shape)[:, None], share)
    fallen = log_likelihood(samples, samples, *at)[:, 0] - profile(
        samples, samples, np.full(len(samples), true), share
    )
    return np.asarray(np.sign(estimate - true) * np.sqrt(2.0 * np.maximum(fallen, 0.0)), dtype=np.float64)


def _shapes_of_complete(samples: FloatArray) -> FloatArray:
    """The most likely shapes of samples (m, n) without survivors, by bisection of the score.

    The score, sum(x^b ln x) / sum(x^b) - 1 / b - mean(ln x), rises with the shape b (Lawless 2003, chapter 5).
    """
    logs = np.log(samples)
    logs = logs - logs.max(axis=1, keepdims=True)
    low, high = (np.full(len(samples), one) for one in np.log(SHAPE_LIMITS))
    for _ in range(40):
        middle = (low + high) / 2.0
        shape = np.exp(middle)[:, None]
        weights = np.exp(shape * logs)
        score = (weights * logs).sum(axis=1) / weights.sum(axis=1) - 1.0 / shape[:, 0] - logs.mean(axis=1)
        low, high = np.where(score < 0, middle, low), np.where(score < 0, high, middle)
    return np.asarray(np.exp((low + high) / 2.0), dtype=np.float64)


def zero_failure_cells(share: float = 0.05, confidence: float = 0.95) -> int:
    """How many cells must pass a current, none failing, to state that at most this share fails there.

    The success run: n = ln(1 - confidence) / ln(1 - share), 59 for 5 % at 95 %; from the binomial
    distribution, so that no Weibull shape is assumed (Meeker and Escobar 1998, chapter 10).
    """
    _check_shares(share, confidence)
    return math.ceil(math.log(1.0 - confidence) / math.log(1.0 - share) - 1e-9)


def cells_for_precision(
    fit: WeibullFit,
    below: float,
    step: float,
    top: float = np.inf,
    share: float = 0.05,
    confidence: float = 0.95,
) -> int:
    """How many cells it takes until the lower bound of a quantile is expected at (1 - below) times the estimate.

    n = c(n) s^2 / ln(1 - below)^2 with the critical value c of :func:`calibrated_critical`, where s^2 is the
    asymptotic variance of the logarithm of the quantile for one cell, from the exact Fisher information of the
    staircase: it has finitely many outcomes (cell fails in step k, cell survives), with probabilities
    p_k(scale, shape). Of a continuous rise without top it is the textbook's
    [1.109 - 0.514 u + 0.608 u^2] / shape^2 with u = ln(-ln(1 - share)) (Meeker and Escobar 1998, chapter 10). It
    takes the fitted shape for the true one: with few cells a rough guide.

    Raises:
        InstrumentError: for shares outside (0, 1).
    """
    _check_shares(share, confidence, below)
    variance = _quantile_variance(fit, step, top, share)
    needed = float(_MANY_CELLS)
    for _ in range(5):  # the critical value changes slowly with the number of cells
        critical, _ = calibrated_critical(max(round(needed), FEWEST_FAILURES), share, confidence)
        needed = critical * variance / math.log1p(-below) ** 2
    return max(math.ceil(needed), FEWEST_FAILURES)


def _quantile_variance(fit: WeibullFit, step: float, top: float, share: float) -> float:
    """Asymptotic variance of ln(quantile) for one cell."""
    last = fit.quantile(1.0 - 1e-7)
    fine = max(step, fit.scale / _MOST_STEPS)
    edges = np.arange(1, math.ceil(min(top, last) / fine) + 1) * fine
    edges = edges[edges <= top * (1 + 1e-9)]
    if not len(edges):
        raise InstrumentError("the staircase ends below its first step", "check step and last current")
    log_hazard = fit.shape * np.log(edges / fit.scale)
    survival = np.concatenate([[1.0], np.exp(-np.exp(log_hazard))])
    # dS/d ln(scale) = S H shape; dS/d ln(shape) = -S H ln(H), as H = (x / scale)^shape
    slope = np.exp(log_hazard) * survival[1:]
    by_scale = np.concatenate([[0.0], slope * fit.shape])
    by_shape = np.concatenate([[0.0], -slope * log_hazard])
    chance = np.append(-np.diff(survival), survival[-1])
    gradients = np.stack([np.append(-np.diff(one), one[-1]) for one in (by_scale, by_shape)])
    seen = chance > 1e-12
    information = (gradients[:, seen] / chance[seen]) @ gradients[:, seen].T
    u = math.log(-math.log1p(-share))
    direction = np.array([1.0, -u / fit.shape])  # d ln(quantile) / d (ln scale, ln shape)
    return float(direction @ np.linalg.solve(information, direction))


def _check_shares(*shares: float) -> None:
    if not all(0.0 < one < 1.0 for one in shares):
        raise InstrumentError("shares and confidences lie between 0 and 1", "give 0.05 for 5 %")
