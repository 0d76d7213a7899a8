"""The current density at which a symmetric cell shorts, from a staircase of currents.

What is known after a short in one step is that the cell passed the step before: the truth lies between. A cell that
lost contact or ran into the voltage limit did not short up to there, and one that passed everything did not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.errors import InstrumentError
from alloop.instruments.cells.cycling import check_symmetric, fading_flags, first_of, soft_short_flag
from alloop.instruments.cells.half_cycles import Event, HalfCycles, drops, half_cycles, rise
from alloop.instruments.cells.technique import Programme, current_steps, under_current
from alloop.instruments.evaluation import Bound, Flag
from alloop.instruments.recording import Trace

_LASTING = 2  # half-cycles for which a rise must hold: a staircase has few at each current
_COMPLETE = 0.95  # of the usual duration of a half-cycle: less is no step passed
_HOUR = 3600.0


@dataclass(frozen=True)
class Critical:
    """Where a cell failed in a staircase of currents.

    Attributes:
        current_A: the current of the step in which it shorted; the highest current it passed where it did not short
            (`above`); the first one where it shorted at once (`below`).
        passed_A: the highest current it passed without any doubt; 0 where there is none.
        bound: see there.
        failure: `short`, `rise`, `cut-off` or `none`.
        steps_A: the currents of the staircase.
        step_h: usual duration of a half-cycle.
        half_cycles_per_step: usual number of half-cycles at one current.
        events: what happened, in order.
        cycles: the half-cycles.
        flags: what was found.
    """

    current_A: float
    passed_A: float
    bound: Bound
    failure: str
    steps_A: tuple[float, ...]
    step_h: float
    half_cycles_per_step: int
    events: tuple[Event, ...]
    cycles: HalfCycles
    flags: tuple[Flag, ...]


def critical_current(trace: Trace, programme: Programme) -> Critical:
    """The current at which a cell shorts.

    Args:
        trace: without gaps.
        programme: a staircase of currents, as `technique.recognise` gives it.

    Raises:
        InstrumentError: when the cell is not symmetric, or has not passed any step.
    """
    flowing = under_current(trace, list(programme.plateaus))
    check_symmetric(trace, flowing)
    cycles = half_cycles(trace, flowing)
    steps = np.array(current_steps(flowing))
    place = np.argmin(np.abs(np.log(steps[None, :] / np.abs(cycles.current_A)[:, None])), axis=1)
    found, odd = drops(cycles)
    soft = tuple(one for one in found if one.kind == "soft short")
    short = next((one for one in found if one.kind == "short"), None)
    end = first_of(short, rise(cycles, _LASTING, odd))
    soft = tuple(one for one in soft if end is None or one.after_s < end.after_s)
    flags: tuple[Flag, ...] = ()
    if soft:
        flags += (soft_short_flag(soft, float(cycles.start_s[0])),)
    flags += fading_flags(cycles, end)
    last = int(place[end.half_cycle]) if end else _last_complete(cycles, place) + 1
    first_doubt = int(place[soft[0].half_cycle]) if soft else last
    passed = float(steps[min(first_doubt, last) - 1]) if min(first_doubt, last) > 0 else 0.0
    counts = np.bincount(place)
    events = soft if end is None else (*soft, end)

    def result(current: float, bound: Bound, failure: str) -> Critical:
        return Critical(
            current, passed, bound, failure, tuple(float(one) for one in steps),
            float(np.median(cycles.end_s - cycles.start_s)) / _HOUR,
            int(np.median(counts[counts > 0])), events, cycles, flags,
        )  # fmt: skip

    if end is not None and end.kind == "short":
        return result(float(steps[last]), "exact" if last > 0 else "below", "short")
    if passed == 0.0:
        reason = "a soft short" if soft else f"a {end.kind}" if end else "the end of the test"
        raise InstrumentError(f"no step was passed before {reason}", "begin the staircase at a lower current")
    if end is not None:
        words = (
            f"the resistance rose to {end.depth:.1f} times what it was"
            if end.kind == "rise"
            else "the voltage limit ended a half-cycle"
        )
        flags += (
            Flag(
                "contact_lost",
                f"{words} at step {last + 1} of {len(steps)}: contact was lost (or the electrolyte decomposed), "
                "no short was seen up to there",
            ),
        )
    return result(passed, "above", end.kind if end else "none")


def _last_complete(cycles: HalfCycles, place: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> int:
    """The number of the highest step whose half-cycles all lasted; -1 where none did."""
    seconds = cycles.end_s - cycles.start_s
    counts = np.bincount(place)
    top = int(place[-1])
    same = place == top
    whole = seconds[-1] >= _COMPLETE * (seconds[same][:-1].max() if same.sum() > 1 else 0.0)
    before = counts[:top][counts[:top] > 0]
    full_count = not before.size or same.sum() >= np.median(before)
    return top if whole and full_count else top - 1
