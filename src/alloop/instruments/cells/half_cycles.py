"""Resistance of a symmetric cell over its half-cycles, and what happens to it: shorts, soft shorts, rises.

A metal filament through the electrolyte carries the current as electrons: the voltage drops at once. Decomposition
and lost contact let it rise (the two ways to fail: see the discussion of soft shorts by M. J. Counihan et al., Joule 8
(2024) 64). Resistances V/I, not voltages, are compared, so that currents may differ; always with the same eighth of
earlier half-cycles, so that the usual shape of a half-cycle is no event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.instruments.cells.signals import Plateau, blocks, noise_of
from alloop.instruments.recording import Trace

DROP = 0.5
"""A short: the resistance falls below this share of the running median of the half-cycles before."""

SOFT_DROP = 0.75
"""A soft short: it falls suddenly below this share, or below `DROP` and recovers."""

RISE = 2.0
"""A rise: the resistance exceeds this multiple of its lowest running median."""

PARTS = 8
_MEMORY = 5  # half-cycles of the running median
_SETTLED = 2  # half-cycles before which contacts still form: only deep drops count there
_NOISE = 5.0  # standard deviations by which a drop must exceed the noise
_EARLY = 0.8  # of the usual duration and charge: a half-cycle that ended before its time
_CUT = 1.5  # times the usual resistance at such an end: the voltage limit ended it

Kind = Literal["short", "soft short", "rise", "cut-off"]


@dataclass(frozen=True)
class HalfCycles:
    """What the half-cycles of a cell show.

    Attributes:
        current_A: (k,) set in each.
        start_s, end_s: (k,) of each, in the time of the trace.
        resistance_ohm: (k, 8) median V/I of each eighth, freed of the voltage at rest; NaN where there are fewer
            samples.
        noise_ohm: (k,) standard deviation of such a median, that of the voltage at rest included.
        times_s: (k, 9) edges of the eighths.
    """

    current_A: FloatArray
    start_s: FloatArray
    end_s: FloatArray
    resistance_ohm: FloatArray
    noise_ohm: FloatArray
    times_s: FloatArray

    def __len__(self) -> int:
        return len(self.current_A)


@dataclass(frozen=True)
class Event:
    """Something that happened: in which half-cycle and eighth, and between which times (s) it began."""

    kind: Kind
    half_cycle: int
    part: int
    after_s: float
    before_s: float
    depth: float


def half_cycles(trace: Trace, flowing: list[Plateau]) -> HalfCycles:
    """The half-cycles of a trace; a current whose sign is opposite to the voltage's throughout is turned round."""
    count = len(flowing)
    voltage = np.full((count, PARTS), np.nan)
    times = np.zeros((count, PARTS + 1))
    noise = np.zeros(count)
    for k, one in enumerate(flowing):
        piece, clock = trace.voltage_V[one.rows], trace.time_s[one.rows]
        parts = blocks(len(piece), PARTS)
        for b, part in enumerate(parts):
            voltage[k, b] = np.median(piece[part])
            times[k, b] = clock[part.start]
        times[k, len(parts) :] = clock[-1]
        noise[k] = noise_of(piece) / np.sqrt(len(piece) / len(parts))
    current = np.array([one.level for one in flowing])
    zero, zero_error = _voltage_at_rest(voltage, current)
    resistance = (voltage - zero[:, None]) / current[:, None]
    resistance *= np.sign(np.nanmedian(resistance[: max(count // 4, 2)])) or 1.0
    edges = [(trace.time_s[one.start], trace.time_s[one.stop - 1]) for one in flowing]
    start, end = np.array(edges, dtype=np.float64).T
    return HalfCycles(current, start, end, resistance, np.hypot(noise, zero_error) / np.abs(current), times)


def _voltage_at_rest(voltage: FloatArray, current: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(k,) what a symmetric cell shows without current, and how uncertain that is.

    Half the sum of two half-cycles of opposite currents: contacts of different metals and zero errors make some
    millivolts, which would look like a drop in every other half-cycle. The running median of earlier pairs is taken,
    so that a short does not shift it; for the first half-cycles, that of the first five.
    """
    level = np.nanmedian(voltage, axis=1)
    opposite = np.abs(current[1:] + current[:-1]) < 0.05 * np.abs(current[1:])
    pairs = np.where(opposite, (level[1:] + level[:-1]) / 2.0, np.nan)
    zero, error = np.zeros(len(level)), np.zeros(len(level))
    for k in range(len(level)):
        last = max(k, _MEMORY)
        near = pairs[last - _MEMORY : last]
        near = near[np.isfinite(near)]
        if near.size:
            zero[k] = np.median(near)
            error[k] = 1.4826 * np.median(np.abs(near - zero[k]))
    return zero, error


def drops(cycles: HalfCycles) -> tuple[tuple[Event, ...], BoolArray]:
    """Soft shorts in the order of time and the short that ends them, if there is one; (k,) half-cycles in them."""
    resistance = cycles.resistance_ohm
    odd = np.zeros(resistance.shape, dtype=np.bool_)  # not to be compared with
    found: list[Event] = []
    current: Event | None = None  # the drop that lasts
    for k in range(len(cycles)):
        usual = _usual(resistance, odd, k)
        for b in np.flatnonzero(np.isfinite(resistance[k])).tolist():
            here, before = float(resistance[k, b]), float(usual[b])
            # a resistance of nothing or less, as a disconnected cell may show, is nothing to drop from
            low = before > 0.0 and here < SOFT_DROP * before and before - here > _NOISE * cycles.noise_ohm[k]
            deep = low and here < DROP * before
            soft = low and k >= _SETTLED and (current is not None or _is_sudden(resistance, k, b))
            if not (deep or soft):
                found += [current] if current is not None else []
                current = None
                continue
            odd[k, b] = True
            after = cycles.times_s[k, b - 1] if b else cycles.start_s[k]
            if current is None:
                till = cycles.times_s[k, b + 1]
                current = Event("soft short", k, b, float(after), float(till), here / before)
            current = replace(current, depth=min(current.depth, here / before))
            if deep and _stays_low(resistance, k, b, DROP * before):
                return (*found, replace(current, kind="short")), np.asarray(odd.any(axis=1))
    found += [current] if current is not None else []
    return tuple(found), np.asarray(odd.any(axis=1))


def rise(cycles: HalfCycles, lasting: int, ignore: BoolArray) -> Event | None:
    """The first lasting rise of the resistance, or the first half-cycle that the voltage limit cut short.

    Args:
        cycles: of the cell.
        lasting: half-cycles for which the rise must hold (fewer where the test ends).
        ignore: (k,) half-cycles that are not compared with: those with soft shorts.
    """
    level = np.nanmedian(cycles.resistance_ohm, axis=1)
    lowest = np.inf
    recent: list[float] = []
    cut = _cut_short(cycles)
    for k in range(len(cycles)):
        if recent and cut[k] and np.nanmax(cycles.resistance_ohm[k]) > _CUT * np.median(recent):
            times = (
                float(cycles.end_s[k] - (cycles.end_s[k] - cycles.start_s[k]) / PARTS),
                float(cycles.end_s[k]),
            )
            return Event("cut-off", k, PARTS - 1, *times, float(level[k] / np.median(recent)))
        ahead = level[k : k + lasting]
        if np.isfinite(lowest) and len(ahead) >= min(lasting, 2) and (ahead > RISE * lowest).all():
            times = float(cycles.start_s[k]), float(cycles.end_s[k])
            return Event("rise", k, 0, *times, float(level[k] / lowest))
        if not ignore[k] and level[k] > 0:
            recent = [*recent[1 - _MEMORY :], float(level[k])]
            lowest = min(lowest, float(np.median(recent)))
    return None


def _usual(resistance: FloatArray, odd: BoolArray, k: int) -> FloatArray:
    """What to expect of each eighth of a half-cycle: the median of the same eighth in the half-cycles before.

    The first half-cycle is compared with its own earlier eighths, without the first: nucleation takes a peak.
    """
    earlier = np.where(odd[max(k - 2 * _MEMORY, 0) : k], np.nan, resistance[max(k - 2 * _MEMORY, 0) : k])
    expected = np.full(PARTS, np.nan)
    for b in range(PARTS):
        same = earlier[:, b][np.isfinite(earlier[:, b])][-_MEMORY:]
        if same.size:
            expected[b] = np.median(same)
        elif k == 0 and b >= 3:
            expected[b] = np.median(resistance[0, 1:b])
    return expected


def _is_sudden(resistance: FloatArray, k: int, b: int) -> bool:
    """Whether the resistance was still near the usual one an eighth (or, at a start, a half-cycle) before."""
    before = resistance[k, b - 1] if b else resistance[k - 1, 0] if k else np.nan
    return bool(resistance[k, b] < SOFT_DROP * before)


def _stays_low(resistance: FloatArray, k: int, b: int, limit: float) -> bool:
    """Whether the resistance stays below a limit for good: no eight of the later eighths in a row come back."""
    later = np.concatenate([resistance[k, b:], resistance[k + 1 :].ravel()])
    later = later[np.isfinite(later)]
    back = later > limit
    if len(later) < PARTS:
        return not bool(back[-1:].any())
    windows = np.convolve(back, np.ones(PARTS), mode="valid")
    return bool((windows < 0.75 * PARTS).all())


def _cut_short(cycles: HalfCycles) -> BoolArray:
    """(k,) whether a half-cycle took less time and less charge than others.

    Than those before at the same current and of the same sign, where there are any: the two ways may be meant to be
    of different length, and lengths may be changed on the way.
    """
    seconds = cycles.end_s - cycles.start_s
    current = cycles.current_A
    charge = seconds * np.abs(current)
    usual_charge = np.median(charge)
    found = np.zeros(len(cycles), dtype=np.bool_)
    for k in range(len(cycles)):
        alike = np.flatnonzero(np.abs(current - current[k]) < 0.05 * abs(current[k]))
        alike = alike[alike < k][-_MEMORY:] if alike[0] < k else alike[alike > k][:_MEMORY]
        if alike.size:
            found[k] = seconds[k] < _EARLY * np.median(seconds[alike])
            continue
        same = np.abs(np.abs(current) - abs(current[k])) < 0.05 * abs(current[k])
        found[k] = seconds[k] < _EARLY * seconds[same].max() or (
            same.sum() == 1 and seconds[k] < _EARLY * np.median(seconds) and charge[k] < _EARLY * usual_charge
        )
    return found
