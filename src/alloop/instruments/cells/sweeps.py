"""Ramps of a voltage: where they begin and end, and how fast they are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.instruments.cells.signals import FEWEST_POINTS, Plateau, noise_of

_TURN = 0.02  # of the range: a reversal by less is noise
_HOLD = 0.02  # of a ramp: what stays this close to its ends may be a hold, and does not shape the line
_STRAIGHT = 0.01  # root mean square deviation from a line, relative to the ramp
_MANY_LEVELS = 25  # of equal height: a digital ramp, not steps to wait on
_MOST_SAMPLES = 20_000  # in which turns are looked for; longer traces are thinned for it


@dataclass(frozen=True)
class Sweep:
    """One ramp (start to stop, stop excluded).

    Attributes:
        rate_V_per_s: its slope, negative downwards; per sample where there are no times.
        deviation: root mean square distance from a straight line, relative to its range.
    """

    start: int
    stop: int
    rate_V_per_s: float
    deviation: float

    @property
    def rows(self) -> slice:
        """The samples."""
        return slice(self.start, self.stop)


def find_sweeps(
    time_s: FloatArray, voltage_V: FloatArray, within: Sequence[slice] | None = None
) -> list[Sweep]:
    """The straight ramps of a voltage in order, holds at their ends left out; empty where there are none.

    Args:
        time_s: (n,), or NaN throughout.
        voltage_V: (n,).
        within: stretches of samples to look in; no ramp reaches from one to the next. None looks everywhere.
    """
    stretches = [slice(0, len(voltage_V))] if within is None else within
    worked = np.concatenate([voltage_V[:0], *(voltage_V[one] for one in stretches)])
    range_V = float(np.ptp(worked)) if worked.size else 0.0
    noise = noise_of(worked)
    if range_V <= 20.0 * noise or range_V == 0.0:
        return []
    clock = time_s if np.isfinite(time_s).all() else np.arange(len(voltage_V), dtype=np.float64)
    least = max(_TURN * range_V, 6.0 * noise)
    found = []
    for one in stretches:
        for first, last in itertools.pairwise((_turns(voltage_V[one], least) + one.start).tolist()):
            ramp = _straight_part(clock, voltage_V, first, last + 1)
            if ramp is not None and np.ptp(voltage_V[ramp.rows]) > least:
                found.append(ramp)
    return found


def held_between(voltage_V: FloatArray, found: Sequence[Sweep], within: Sequence[slice]) -> int:
    """How many samples beside the sweeps lie at the voltage at which the sweep before ended or the next one begins."""
    count = 0
    for one in within:
        inside = [sweep for sweep in found if one.start <= sweep.start < one.stop]
        for before, after in itertools.pairwise([None, *inside, None]):
            first = before.stop if before else one.start  # sweeps share their turning point
            rows = slice(first, max(after.start if after else one.stop, first))
            near = np.zeros(rows.stop - rows.start, dtype=np.bool_)
            for sweep, end in ((before, -1), (after, 0)):
                if sweep is not None:
                    v = voltage_V[sweep.rows]
                    near |= np.abs(voltage_V[rows] - v[end]) <= _HOLD * np.ptp(v)
            count += int(near.sum())
    return count


def is_staircase(levels: list[Plateau]) -> bool:
    """Whether plateaus of a voltage are the many equal steps of a digital ramp."""
    if len(levels) < _MANY_LEVELS:
        return False
    heights = np.abs(np.diff([one.level for one in levels]))
    return bool(np.quantile(heights, 0.9) < 1.5 * np.quantile(heights, 0.1))


def _turns(values: FloatArray, least: float) -> IntArray:
    """First sample, last sample, and where the direction changes by more than `least` in between."""
    stride = max(1, len(values) // _MOST_SAMPLES)
    thin = values[::stride].tolist()
    turns, extreme, direction = [0], 0, 0
    for row, value in enumerate(thin):
        ahead = value - thin[extreme]
        if direction == 0:
            if abs(ahead) > least:
                direction, extreme = (1 if ahead > 0 else -1), row
        elif direction * ahead >= 0:
            extreme = row
        elif abs(ahead) > least:
            turns.append(extreme * stride)
            direction, extreme = -direction, row
    turns.append(len(values) - 1)
    return np.unique(np.array(turns, dtype=np.int64))


def _straight_part(clock: FloatArray, voltage: FloatArray, start: int, stop: int) -> Sweep | None:
    """The ramp between two turns without the holds at its ends, if it is straight."""
    piece = voltage[start:stop]
    if len(piece) < FEWEST_POINTS:
        return None
    height = float(np.ptp(piece))
    at_start = np.flatnonzero(np.abs(piece - piece[0]) <= _HOLD * height)
    at_end = np.flatnonzero(np.abs(piece - piece[-1]) <= _HOLD * height)
    first, last = start + int(at_start[-1]), start + int(at_end[0]) + 1
    if last - first < FEWEST_POINTS:
        return None
    x, y = clock[first:last] - clock[first], voltage[first:last]
    if np.ptp(x) == 0.0:
        return None
    slope, offset = np.polyfit(x, y, 1)
    deviation = float(np.sqrt(np.mean((y - slope * x - offset) ** 2)) / height)
    if deviation > _STRAIGHT:
        return None
    # the ends again, as far as they lie on the line
    near = max(3.0 * deviation, _STRAIGHT / 5.0) * height
    on_line = np.abs(voltage - slope * (clock - clock[first]) - offset) <= near
    while first > start and on_line[first - 1]:
        first -= 1
    while last < stop and on_line[last]:
        last += 1
    return Sweep(first, last, float(slope), deviation)
