"""Onset of oxidation and reduction in a voltage sweep, by a threshold of the current density over its baseline.

An onset is a convention: the current of a decomposition rises without a corner, the faster the sweep and the more
carbon, the sooner (F. Han, Y. Zhu, X. He, Y. Mo and C. Wang, Adv. Energy Mater. 6 (2016) 1501590,
doi:10.1002/aenm.201501590). So the criterion, the sweep rate and the carbon content go with the value, and the other
usual criterion, the steepest tangent cut with the baseline, widens its interval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.cells.signals import blocks, longest_run, noise_of
from alloop.instruments.evaluation import Bound, Flag

THRESHOLD_A_PER_CM2 = 10e-6
"""Over the baseline; where the noise of the baseline is high, `NOISE_MULTIPLE` times that instead."""

NOISE_MULTIPLE = 5.0

SHORTEST_V = 0.2
"""A shorter sweep has no baseline."""

Reaction = Literal["oxidation", "reduction"]

_BINS = 300
_WINDOW = 0.2  # of the sweep: the length of the baseline
_SUSTAINED_V = 0.02  # over which the current must stay above the threshold
_PAST_PEAK = 0.8  # of the highest current: what falls below this lies behind a peak
_NORMAL_90 = 1.645


@dataclass(frozen=True)
class Onset:
    """Where a reaction sets in.

    Attributes:
        reaction: which.
        value_V: the onset, against whatever the voltage was measured; where `bound` is not exact, the last potential
            without one.
        low90_V, high90_V: its 90 % interval, the other criterion included; None for a bound.
        bound: `above` (oxidation) or `below` (reduction) where the sweep ended without an onset.
        threshold: current density over the baseline at which it is read, in the unit of the current.
        tangent_V: by the other criterion, the tangent; None where there is none.
        baseline: (slope per volt, current at 0 V) of the line the current rises from.
        flags: what was found.
    """

    reaction: Reaction
    value_V: float
    low90_V: float | None
    high90_V: float | None
    bound: Bound
    threshold: float
    tangent_V: float | None
    baseline: tuple[float, float]
    flags: tuple[Flag, ...] = ()


def find_onset(
    voltage_V: FloatArray,
    current: FloatArray,
    reaction: Reaction,
    threshold: float | None = THRESHOLD_A_PER_CM2,
) -> Onset:
    """The onset in one sweep.

    Args:
        voltage_V: (n,) of one ramp, upwards for an oxidation, downwards for a reduction.
        current: (n,) current densities, in the unit of the threshold; oxidation is positive.
        reaction: which.
        threshold: over the baseline; None takes `NOISE_MULTIPLE` times the noise of the baseline.

    Raises:
        InstrumentError: when the sweep is too short, or the current has the wrong sign.
    """
    sign = 1.0 if reaction == "oxidation" else -1.0
    v, j, noise = _binned(sign * voltage_V, sign * current)
    if np.ptp(v) < SHORTEST_V:
        raise InstrumentError(
            f"the sweep covers {np.ptp(v):.2f} V", f"at least {SHORTEST_V} V are needed to see a baseline"
        )
    slope, offset, scatter, first = _baseline(v, j)
    least = NOISE_MULTIPLE * max(scatter, noise)
    limit = least if threshold is None else max(threshold, least)
    flags: tuple[Flag, ...] = ()
    if threshold is not None and least > threshold:
        flags += (
            Flag(
                "noisy_baseline",
                f"the noise of the baseline is {scatter / threshold:.2g} times the threshold: "
                f"{limit / threshold:.2g} times the usual threshold was taken",
                "doubt",
            ),
        )
    flags += _sloping(slope * _WINDOW * np.ptp(v), limit)
    excess = j - slope * v - offset
    excess[:first] = 0.0
    at = _crossing(v, excess, limit)
    line = (slope, sign * offset)  # seen from the other side slope keeps its sign
    if at is None:
        if _crossing(v, -excess, 3.0 * limit) is not None:
            raise InstrumentError(
                f"the current runs against the sweep where {reaction} is expected",
                "oxidation must be positive: turn the sign round in the export, or check the leads",
            )
        bound: Bound = "above" if reaction == "oxidation" else "below"
        # a rise at the very end is too short for an onset: what lies before it is without one
        last = float(v[np.flatnonzero(excess <= limit)[-1]])
        return Onset(reaction, sign * last, None, None, bound, limit, None, line, flags)
    row, value = at
    tangent = _tangent(v, j, excess, row, (slope, offset))
    half = _NORMAL_90 * float(np.hypot(noise, scatter))
    step = float(np.median(np.diff(v)))
    edges = [value - step, value + step]
    edges += [_interpolated(v, excess, row, limit + shift) for shift in (-half, half)]
    edges += [] if tangent is None else [tangent]
    low, high = sorted((sign * min(edges), sign * max(edges)))
    return Onset(
        reaction,
        sign * value,
        low,
        high,
        "exact",
        limit,
        None if tangent is None else sign * tangent,
        line,
        flags,
    )


def _binned(v: FloatArray, j: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Means over about 300 equal steps of the voltage, and the noise of such a mean."""
    order = np.argsort(v, kind="stable")
    v, j = v[order], j[order]
    parts = blocks(len(v), min(_BINS, max(len(v) // 2, 2)))
    per_bin = len(v) / len(parts)
    means = np.array([j[one].mean() for one in parts])
    return np.array([v[one].mean() for one in parts]), means, noise_of(j) / float(np.sqrt(per_bin))


def _baseline(v: FloatArray, j: FloatArray) -> tuple[float, float, float, int]:
    """Slope, offset, scatter and first row of the flattest and lowest stretch of the sweep."""
    width = max(int(_WINDOW * len(v)), 8)
    best: tuple[float, float, float, float, int] | None = None
    stretches = []
    for first in range(0, len(v) - width + 1, max(width // 10, 1)):
        x, y = v[first : first + width], j[first : first + width]
        slope, offset = np.polyfit(x, y, 1)
        scatter = 1.4826 * float(np.median(np.abs(y - slope * x - offset)))
        stretches.append((float(slope), float(offset), scatter, float(np.median(np.abs(y))), first))
    lowest = min(one[3] for one in stretches)
    best = min(
        stretches,
        key=lambda one: abs(one[0]) * (v[width - 1] - v[0]) + 3.0 * one[2] + 2.0 * (one[3] - lowest),
    )
    slope, offset, scatter, _, first = best
    if slope < 0:
        # the tail of a charging current: drawn on it would cross zero and feign a reaction
        slope, offset = 0.0, float(np.median(j[first : first + width]))
    return slope, offset, scatter, first


def _sloping(rise: float, limit: float) -> tuple[Flag, ...]:
    if rise <= limit:
        return ()
    return (
        Flag(
            "sloping_baseline",
            f"the current rises by {rise / limit:.1f} thresholds within the flattest fifth of the sweep: either the "
            "sample conducts electrons or the reaction had begun before; start the sweep earlier",
            "doubt",
        ),
    )


def _crossing(v: FloatArray, excess: FloatArray, limit: float) -> tuple[int, float] | None:
    """The first row behind a crossing that lasts, and the voltage of the crossing."""
    above = excess > limit
    lasting = max(int(np.ceil(_SUSTAINED_V / max(float(np.median(np.diff(v))), 1e-12))), 3)
    for row in np.flatnonzero(above & ~np.concatenate([[False], above[:-1]])):
        ahead = above[row : row + lasting]
        if longest_run(ahead) == len(ahead) and len(ahead) >= 3:
            return int(row), _interpolated(v, excess, int(row), limit)
    return None


def _interpolated(v: FloatArray, excess: FloatArray, row: int, limit: float) -> float:
    """Where the excess current passes a limit in the neighbourhood of a row."""
    while row + 1 < len(v) and excess[row] < limit:
        row += 1
    while row > 0 and excess[row - 1] > limit:
        row -= 1
    if row == 0 or excess[row] == excess[row - 1]:
        return float(v[row])
    share = (limit - excess[row - 1]) / (excess[row] - excess[row - 1])
    return float(v[row - 1] + np.clip(share, 0.0, 1.0) * (v[row] - v[row - 1]))


def _tangent(
    v: FloatArray, j: FloatArray, excess: FloatArray, row: int, baseline: tuple[float, float]
) -> float | None:
    """Where the steepest tangent between the onset and the first peak cuts the baseline."""
    highest = np.maximum.accumulate(excess[row:])
    behind = np.flatnonzero(excess[row:] < _PAST_PEAK * highest)
    stop = row + int(behind[0]) if behind.size else len(v)
    width = 7
    best: tuple[float, float] | None = None
    for first in range(max(row - width // 2, 0), stop - width + 1):
        slope, offset = np.polyfit(v[first : first + width], j[first : first + width], 1)
        if best is None or slope > best[0]:
            best = float(slope), float(offset)
    if best is None or best[0] <= baseline[0]:
        return None
    cut = (baseline[1] - best[1]) / (best[0] - baseline[0])
    return float(np.clip(cut, v[0], v[-1]))
