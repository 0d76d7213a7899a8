"""What a trace is: told from the signals, not from the file's name.

The controlled quantity follows its programme much more closely than the measured one follows anything: current in
steps is galvanostatic, voltage in steps is a polarisation, voltage in ramps is voltammetry. What the file or a person
states ("chronoamperometry") decides only where the signals leave two readings.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.cells.segments import between, pauses, split_at
from alloop.instruments.cells.signals import Plateau, digital_step, jump_size, plateaus
from alloop.instruments.cells.sweeps import Sweep, find_sweeps, held_between, is_staircase
from alloop.instruments.recording import Trace

Technique = Literal[
    "potentiostatic polarisation", "galvanostatic polarisation", "voltammetry", "cycling", "critical current"
]

_SHARE = 0.9  # of the samples that lie in the programme
_SWEPT = 0.1  # of the samples that lie in sweeps, holds between them not counted
_CLEARER = 3.0  # how much more closely the controlled quantity follows its programme than the other one
_SAME_CURRENT = 0.01  # relative difference of two settings that are meant to be the same
_MANY_MORE = 3  # times the half-cycles at any other current: cycling with formation, not a staircase
_FEWEST_CYCLED = 10  # half-cycles at one current, to be called cycling beside others
_STRAYS = 0.2  # relative deviation from levels beyond which they are no programme
_EXACT = 1e-6  # relative deviations below are all alike

# what people and instruments call them; the first that is found counts
_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("critical current", ("critical current", "critical_current", "ccd")),
    ("cycling", ("cycling", "plating", "stripping", "symmetric", "gcpl")),
    ("voltammetry", ("voltammetry", "linear sweep", "lsv", "cyclic volt")),
    ("potentiostatic polarisation", ("chronoamp", "potentiostatic", "constant voltage")),
    ("galvanostatic polarisation", ("chronopot", "constant current", "galvanostatic pol")),
    ("polarisation", ("polarisation", "polarization", "hebb")),
)
_GALVANOSTATIC = ("galvanostatic polarisation", "cycling", "critical current")


@dataclass(frozen=True)
class Programme:
    """What was done to the cell.

    Attributes:
        technique: its name.
        plateaus: pieces of constant voltage or current, in order; empty for voltammetry.
        sweeps: ramps of the voltage, in order; empty for all others.
        rests: rows at open circuit, in order.
    """

    technique: Technique
    plateaus: tuple[Plateau, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    rests: tuple[slice, ...] = ()


def recognise(trace: Trace, stated: str = "", rests: tuple[slice, ...] = ()) -> Programme:
    """What was done to the cell.

    Args:
        trace: without gaps (see `segments.usable_rows`).
        stated: what the file or a person calls it, "" where nobody does.
        rests: rows at open circuit: no part of a programme of voltages, steps at zero of one of currents.

    Raises:
        InstrumentError: when nothing known fits, or when more than one reading does and nobody says which.
    """
    named = _named(stated)
    working = between(rests, len(trace.current_A))
    unpaused = split_at(working, pauses(trace.time_s))
    n_working = _rows(working)
    in_current, in_voltage = plateaus(trace.current_A), plateaus(trace.voltage_V, working)
    if is_staircase(in_voltage):
        in_voltage = []
    found_sweeps = find_sweeps(trace.time_s, trace.voltage_V, unpaused)
    swept, held = _rows(found_sweeps), held_between(trace.voltage_V, found_sweeps, unpaused)
    is_swept = swept >= _SWEPT * n_working and swept >= 0.5 * (n_working - held)
    deviations = {
        "current": _deviation(trace.current_A, in_current, len(trace.current_A)),
        "voltage": _deviation(trace.voltage_V, in_voltage, n_working),
        "sweep": max(one.deviation for one in found_sweeps) if is_swept else np.inf,
    }
    if named not in _GALVANOSTATIC and _is_coarse_response(trace.current_A, in_voltage, working):
        deviations["current"] = np.inf
    controlled = _controlled(deviations, named)
    if controlled == "sweep":
        return Programme("voltammetry", sweeps=tuple(found_sweeps), rests=rests)
    if not np.isfinite(trace.time_s).all():
        raise InstrumentError(
            "voltage or current is held in steps, but there are no times", "export the column with the time"
        )
    if controlled == "voltage":
        return Programme("potentiostatic polarisation", tuple(in_voltage), rests=rests)
    technique = _galvanostatic(trace, in_current, named)
    return Programme(technique, tuple(in_current), rests=rests)


def same_current(one: float, other: float) -> bool:
    """Whether two currents are the same setting."""
    return abs(abs(one) - abs(other)) <= _SAME_CURRENT * max(abs(one), abs(other))


def current_steps(found: tuple[Plateau, ...] | list[Plateau]) -> list[float]:
    """The different magnitudes of current, rising, each the median of its plateaus."""
    levels = sorted(abs(one.level) for one in found)
    groups: list[list[float]] = []
    for level in levels:
        if groups and same_current(level, groups[-1][0]):
            groups[-1].append(level)
        else:
            groups.append([level])
    return [float(np.median(group)) for group in groups]


def under_current(trace: Trace, found: list[Plateau]) -> list[Plateau]:
    """The plateaus at which a current flows."""
    least = 2.0 * jump_size(trace.current_A)
    return [one for one in found if abs(one.level) > least]


def _named(stated: str) -> str:
    text = stated.lower()
    return next((name for name, words in _NAMES if any(word in text for word in words)), "")


def _rows(found: Sequence[slice | Plateau | Sweep]) -> int:
    return sum(one.stop - one.start for one in found)


def _deviation(values: FloatArray, found: list[Plateau], n: int) -> float:
    """How far a signal strays from its levels over n samples, relative to them; infinite where it has none."""
    if not found or _rows(found) < _SHARE * n:
        return float("inf")
    largest = max(abs(one.level) for one in found)
    if largest == 0.0:
        return float("inf")
    spreads, weights = [], []
    for one in found:
        if abs(one.level) < 1e-3 * largest:
            continue
        piece = values[one.rows]
        spreads.append(float(np.quantile(np.abs(piece - one.level), 0.9)) / abs(one.level))
        weights.append(one.stop - one.start)
    deviation = float(np.average(spreads, weights=weights))
    return deviation if deviation <= _STRAYS else float("inf")


def _is_coarse_response(current: FloatArray, in_voltage: list[Plateau], working: list[slice]) -> bool:
    """Whether a current only looks as if it were set in steps: a small one that follows a voltage, in coarse digits.

    What is set changes no more often than what follows, and follows its programme all the time. Nothing is said of
    voltages to and fro: those of a symmetric cell that shorts change less often than its current.
    """
    if digital_step(current) == 0.0 or _rows(in_voltage) < _SHARE * _rows(working):
        return False
    if int((np.diff(np.sign([one.level for one in in_voltage])) != 0).sum()) > 1:
        return False
    in_current = plateaus(current, working)
    return len(in_current) > len(in_voltage) or _rows(in_current) < _rows(in_voltage)


def _controlled(deviations: dict[str, float], named: str) -> str:
    """Which quantity follows a programme: `current`, `voltage` or `sweep`."""
    ranked = sorted((max(value, _EXACT), name) for name, value in deviations.items())
    if not np.isfinite(ranked[0][0]):
        raise InstrumentError(
            "neither voltage nor current is held in steps, and the voltage is not swept evenly",
            "export one technique at a time (polarisation, voltammetry, or cycling at set currents), and no rests "
            "whose current is noise",
        )
    if ranked[1][0] >= _CLEARER * ranked[0][0]:
        return ranked[0][1]
    stated = {"voltammetry": "sweep", "potentiostatic polarisation": "voltage"}.get(
        named, "current" if named in _GALVANOSTATIC else ""
    )
    if stated in (ranked[0][1], ranked[1][1]):
        return stated
    words = {
        "current": "the current in steps",
        "voltage": "the voltage in steps",
        "sweep": "the voltage in ramps",
    }
    raise InstrumentError(
        f"it cannot be told whether {words[ranked[0][1]]} or {words[ranked[1][1]]} was set",
        'state the technique, for instance "chronoamperometry" or "cycling"',
    )


def cycled_current(flowing: list[Plateau]) -> float | None:
    """The magnitude at which a cell was cycled: the only one, or that of many more half-cycles than any other.

    None where no current stands out, as in a staircase.
    """
    steps = current_steps(flowing)
    counts = np.bincount([_place(one.level, steps) for one in flowing], minlength=len(steps))
    most = int(np.argmax(counts))
    others = int(np.delete(counts, most).max()) if len(steps) > 1 else 0
    stands_out = not others or counts[most] >= max(_MANY_MORE * others, _FEWEST_CYCLED)
    return steps[most] if stands_out else None


def _galvanostatic(trace: Trace, found: list[Plateau], named: str) -> Technique:
    flowing = under_current(trace, found)
    if not flowing:
        raise InstrumentError("no current flows", "this is a rest at open circuit: nothing to evaluate")
    signs = np.sign([one.level for one in flowing])
    reversals = int((np.diff(signs) != 0).sum())
    steps = current_steps(flowing)
    if reversals == 0:
        return _one_way(steps, named)
    if reversals == 1 and named not in ("cycling", "critical current", "polarisation"):
        raise InstrumentError(
            "the current changes its sign once: one cycle of a symmetric cell, or a polarisation both ways",
            'state the technique: "cycling", or "polarisation" with blocking electrodes',
        )
    if named in ("polarisation", "galvanostatic polarisation"):
        return "galvanostatic polarisation"
    if cycled_current(flowing) is not None:
        return "cycling"
    places = [_place(one.level, steps) for one in flowing]
    rising = places[: int(np.argmax(places)) + 1]
    if all(b >= a for a, b in itertools.pairwise(rising)):
        return "critical current"
    raise InstrumentError(
        f"{len(steps)} different currents in no rising order: neither a staircase nor cycling at one current",
        "cut the part with rising currents, or the part at one current, into a file of its own",
    )


def _one_way(steps: list[float], named: str) -> Technique:
    """Current of one sign only."""
    if named == "critical current":
        return "critical current"
    if named in ("polarisation", "galvanostatic polarisation") or (len(steps) == 1 and named != "cycling"):
        return "galvanostatic polarisation"
    raise InstrumentError(
        f"{len(steps)} current{'s' * (len(steps) > 1)} of one sign: plating in one direction, or a polarisation",
        'state the technique: "critical current" with metal electrodes, "polarisation" with blocking ones',
    )


def _place(level: float, steps: list[float]) -> int:
    return int(np.argmin(np.abs(np.log(np.array(steps) / abs(level)))))
