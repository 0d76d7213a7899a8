"""How long a symmetric cell lives at one current, and how it dies.

Dropping means a short, rising means decomposition or lost contact. A cell that is alive at the end of the test gives
a bound. So does one with a soft short before: nobody can tell how much of the later current flowed through metal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.errors import InstrumentError
from alloop.instruments.cells.half_cycles import Event, HalfCycles, drops, half_cycles, rise
from alloop.instruments.cells.signals import Plateau
from alloop.instruments.cells.technique import Programme, cycled_current, same_current, under_current
from alloop.instruments.evaluation import Bound, Flag
from alloop.instruments.recording import Trace

_LASTING = 3  # half-cycles for which a rise must hold
_FEWEST = 4  # half-cycles
_WINDOW = 5  # half-cycles of the running median
_FADED = 1.0 / 3.0  # of the highest running median: contacts that form take off less
_RESTING = 0.1  # of the test: less is not worth a word
_HOUR = 3600.0
_NEVER_SYMMETRIC_V = 0.2  # sum of the voltages both ways: no zero error is that large


@dataclass(frozen=True)
class Life:
    """The life of a symmetric cell.

    Attributes:
        hours: until failure, or until what is known ends.
        low90_h, high90_h: between which it failed; None for a bound.
        bound: `above` where the cell was alive at the end or had a soft short.
        failure: `short`, `rise`, `cut-off` or `none`.
        current_A: magnitude of the current.
        half_cycle_h: usual duration of a half-cycle.
        events: what happened, in order.
        cycles: the half-cycles at that current.
        flags: what was found.
    """

    hours: float
    low90_h: float | None
    high90_h: float | None
    bound: Bound
    failure: str
    current_A: float
    half_cycle_h: float
    events: tuple[Event, ...]
    cycles: HalfCycles
    flags: tuple[Flag, ...]


def lifetime(trace: Trace, programme: Programme) -> Life:
    """The life of a symmetric cell from the begin of the cycling at its usual current.

    Args:
        trace: without gaps.
        programme: cycling, as `technique.recognise` gives it.

    Raises:
        InstrumentError: when the cell is not symmetric or there are too few half-cycles.
    """
    flowing = under_current(trace, list(programme.plateaus))
    check_symmetric(trace, flowing)
    counted = cycled_current(flowing)
    assert counted is not None  # or it would be no cycling
    kept = [one for one in flowing if same_current(one.level, counted)]
    flags = _left_out(len(flowing) - len(kept), counted, len(kept), _hours_before(trace, kept[0]))
    flowing = kept
    if len(flowing) < _FEWEST:
        raise InstrumentError(f"{len(flowing)} half-cycles", f"a lifetime needs at least {_FEWEST}")
    cycles = half_cycles(trace, flowing)
    begin = float(cycles.start_s[0])
    flags += _pauses(cycles)
    found, odd = drops(cycles)
    soft = tuple(one for one in found if one.kind == "soft short")
    end = first_of(next((one for one in found if one.kind == "short"), None), rise(cycles, _LASTING, odd))
    soft = tuple(one for one in soft if end is None or one.after_s < end.after_s)
    if soft:
        flags += (soft_short_flag(soft, begin),)
    flags += fading_flags(cycles, end)
    current = float(np.median(np.abs(cycles.current_A)))
    usual = float(np.median(cycles.end_s - cycles.start_s)) / _HOUR
    events = soft if end is None else (*soft, end)
    if end is None:
        known = soft[0].after_s if soft else float(cycles.end_s[-1])
        hours = (known - begin) / _HOUR
        return Life(hours, None, None, "above", "none", current, usual, events, cycles, flags)
    low, high = (end.after_s - begin) / _HOUR, (end.before_s - begin) / _HOUR
    first = (soft[0].after_s - begin) / _HOUR if soft else low
    return Life(
        (low + high) / 2.0, min(first, low), high, "exact", end.kind, current, usual, events, cycles, flags
    )


def _hours_before(trace: Trace, first: Plateau) -> float:
    return float(trace.time_s[first.start] - trace.time_s[0]) / _HOUR


def _left_out(others: int, counted_A: float, kept: int, hours: float) -> tuple[Flag, ...]:
    if not others:
        return ()
    words = (
        f"{others} half-cycles at other currents are left out: counted are {kept} at {1e3 * counted_A:.3g} mA"
    )
    return (Flag("formation_left_out", f"{words}, from {hours:.3g} h of the file on"),)


def _pauses(cycles: HalfCycles) -> tuple[Flag, ...]:
    """Whether much of the lifetime is rest: the metal touches the electrolyte then, too, and it counts."""
    test = float(cycles.end_s[-1] - cycles.start_s[0])
    resting = test - float((cycles.end_s - cycles.start_s).sum())
    if resting <= _RESTING * test:
        return ()
    words = (
        f"{resting / _HOUR:.3g} of {test / _HOUR:.3g} h are rests, pauses or other currents: they are counted"
    )
    return (Flag("pauses_counted", words),)


def check_symmetric(trace: Trace, flowing: list[Plateau]) -> None:
    """Refuse what is no symmetric cell: its voltage must change its sign with the current.

    Raises:
        InstrumentError: when it does not.
    """
    early = flowing[:4]
    sides = {
        sign: [np.median(trace.voltage_V[one.rows]) for one in early if np.sign(one.level) == sign]
        for sign in (-1.0, 1.0)
    }
    if not sides[1.0] or not sides[-1.0]:
        return
    up, down = float(np.median(sides[1.0])), float(np.median(sides[-1.0]))
    if abs(up + down) > max(0.5 * abs(up - down), _NEVER_SYMMETRIC_V):
        raise InstrumentError(
            f"the voltage is {up:.3g} V at positive and {down:.3g} V at negative current: not a symmetric cell",
            "lifetimes and critical currents come from symmetric cells; a battery's capacity is not evaluated",
        )


def first_of(one: Event | None, other: Event | None) -> Event | None:
    """The earlier of two events."""
    if one is None or other is None:
        return one or other
    return one if one.after_s <= other.after_s else other


def soft_short_flag(soft: tuple[Event, ...], begin_s: float) -> Flag:
    """What to say of soft shorts."""
    first = soft[0]
    return Flag(
        "soft_short",
        f"{len(soft)} soft short{'s' * (len(soft) > 1)}: the resistance fell suddenly to "
        f"{100 * max(min(one.depth for one in soft), 0.0):.0f} % and came back or stayed above half, first after "
        f"{(first.after_s - begin_s) / _HOUR:.3g} h; check with impedance spectra",
        "doubt",
    )


def fading_flags(cycles: HalfCycles, end: Event | None) -> tuple[Flag, ...]:
    """Whether the resistance faded step by step before the end, as it does where filaments grow slowly."""
    level = np.nanmedian(cycles.resistance_ohm, axis=1)[: None if end is None else end.half_cycle]
    if len(level) < 2 * _WINDOW:
        return ()
    medians = np.median(np.lib.stride_tricks.sliding_window_view(level, _WINDOW), axis=1)
    highest, last = float(medians.max()), float(medians[-1])
    if highest <= 0.0 or last >= _FADED * highest:
        return ()
    ratio = last / highest
    words = f"the resistance fell to {100 * ratio:.0f} % little by little: a slow soft short looks like this"
    return (Flag("fading", f"{words}; check with impedance spectra", "doubt"),)
