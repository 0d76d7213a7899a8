"""Whether what was measured at a constant voltage (or current) has come to rest, and where it would.

A polarisation begins with the current of the ions and ends with that of the electrons. The end is told from the last
third of the step: its drift must be small against its level. Where it is not, two laws of decay are fitted that bracket
what pellets do, an exponential (one charging time) and a power of time (Curie-von Schweidler: A. K. Jonscher,
Dielectric Relaxation in Solids, Chelsea Dielectrics Press 1983); their limits are believed if they agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.cells.signals import level_with_error, time_blocks

State = Literal["steady", "extrapolated", "drifting", "reversed"]

STEADY_DRIFT = 0.05
"""Largest change over the last third of a step, relative to its level, at which it counts as steady."""

REVERSED_DRIFT = 0.2
"""The same in the direction that a relaxation does not take."""

_REMAINING = (
    4.0  # what is still to come, in changes over the last third: 1 / (1.5^p - 1) for decays with t^-0.55
)
_TRUSTED_STEP = 0.3  # how far a limit may lie from the last level, relative to that
_AGREEMENT = 0.1  # of the two laws, relative to the last level
_FIT_POINTS = 200
_FEWEST_IN_TAIL = 8  # samples
_NORMAL_90 = 1.645
_POWERS = np.linspace(0.2, 2.0, 37)


@dataclass(frozen=True)
class Rest:
    """What a relaxing signal tends to.

    Attributes:
        state: `steady`; `extrapolated` by the laws of decay; `drifting` without an end in sight, so that `level`
            bounds what is left; `reversed` where it moves against the sense of a relaxation.
        level: the limit, or the last level where there is none.
        low90, high90: its 90 % interval, the spread between the laws included.
        drift: change over the last third, relative to the level (negative: towards zero).
    """

    state: State
    level: float
    low90: float
    high90: float
    drift: float


def last_share(time_s: FloatArray, share: float, fewest: int) -> slice:
    """The rows of the last share of a time, at least `fewest`: sampling is dense at the begin and sparse later."""
    first = int(np.searchsorted(time_s, time_s[-1] - share * (time_s[-1] - time_s[0])))
    return slice(max(min(first, len(time_s) - fewest), 0), len(time_s))


def rest_of(time_s: FloatArray, values: FloatArray, falls: bool = True, digit: float = 0.0) -> Rest:
    """Where a signal at one setting comes to rest.

    Args:
        time_s: (n,) since any zero, n at least 12; evenly or not.
        values: (n,) the current (or the voltage) while the other is held.
        falls: whether a relaxation lowers the signal, as it does with the current after a step up of the voltage.
        digit: in which the instrument writes the signal.
    """
    last = last_share(time_s, 1.0 / 3.0, _FEWEST_IN_TAIL)
    level, error = level_with_error(time_s[last], values[last], digit)
    half = _NORMAL_90 * error
    change, change_error = _change(time_s[last], values[last])
    size = max(abs(level), 1e-300)
    drift = float(np.sign(level) * change / size)
    if abs(level) < 3.0 * error:
        # what cannot be told from zero cannot be told to drift either
        return Rest("steady", level, level - half, level + half, drift)
    onward = (change < 0) == falls
    significant = abs(change) > 2.0 * change_error
    if not significant or abs(drift) <= (STEADY_DRIFT if onward else REVERSED_DRIFT):
        away = half + (_REMAINING * abs(change) if significant else abs(change) + change_error)
        if not (significant and onward):
            return Rest("steady", level, level - away, level + away, drift)
        low, high = (level - away, level + half) if change < 0 else (level - half, level + away)
        return Rest("steady", level, low, high, drift)
    last_level = float(np.median(values[last_share(time_s, 0.1, 3)]))
    if not onward:
        return Rest("reversed", last_level, last_level - half, last_level + half, drift)
    limits = _limits(time_s, values)
    if limits is not None:
        middle, spread = float(np.mean(limits)), float(np.ptp(limits))
        if spread <= _AGREEMENT * size and abs(last_level - middle) <= _TRUSTED_STEP * abs(last_level):
            away = half + spread
            return Rest("extrapolated", middle, middle - away, middle + away, drift)
    # what decays does not change its sign
    rest = min(_REMAINING * abs(change), abs(last_level)) if drift < 0 else _REMAINING * abs(change)
    low, high = (
        (last_level - rest, last_level + half) if change < 0 else (last_level - half, last_level + rest)
    )
    return Rest("drifting", last_level, low, high, drift)


def _change(time_s: FloatArray, values: FloatArray) -> tuple[float, float]:
    """The change of a signal over its whole length by a straight line, and its standard error."""
    parts = time_blocks(time_s, 8)
    x = np.array([time_s[one].mean() for one in parts])
    y = np.array([np.median(values[one]) for one in parts])
    x = x - x.mean()
    if len(x) < 4 or not x.any():
        return 0.0, float(np.ptp(y))
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    length = float(np.ptp(time_s))
    return slope * length, float(np.sqrt(rest @ rest / (len(x) - 2) / (x @ x))) * length


def _limits(time_s: FloatArray, values: FloatArray) -> tuple[float, float] | None:
    """The limits of the exponential and of the power law; None where either does not fit or has no limit."""
    later = last_share(time_s, 0.95, len(values) // 2)  # without the charging of cables and surfaces
    parts = time_blocks(time_s[later], _FIT_POINTS)
    t = np.array([time_s[later][one].mean() for one in parts]) - time_s[0]
    y = np.array([np.median(values[later][one]) for one in parts])
    if (t <= 0).any() or len(t) < 8:
        return None
    tail = t >= t[-1] / 4.0  # one exponential holds for the end only
    length = t[-1]
    taus = length * np.geomspace(0.03, 3.0, 41)
    exponential = _best_limit(y[tail], [np.exp(-t[tail] / tau) for tau in taus])
    power = _best_limit(y, [(t / length) ** -exponent for exponent in _POWERS])
    return exponential, power


def _best_limit(y: FloatArray, decays: list[FloatArray]) -> float:
    """The constant of `constant + amplitude * decay` for the decay that fits best, by least squares."""
    best, limit = np.inf, float("nan")
    for decay in decays:
        matrix = np.stack([np.ones_like(y), decay], axis=1)
        found, *_ = np.linalg.lstsq(matrix, y, rcond=None)
        misfit = float(np.sum((y - matrix @ found) ** 2))
        if misfit < best:
            best, limit = misfit, float(found[0])
    return limit
