"""Rests at open circuit, and the stretches of work between them: what every technique is told from.

Potentiostats write the open circuit before, between and after what they do into the same file: without a current, with
a current of exactly zero, or not at all (a gap in time). A voltage that nobody controls belongs to no programme of
voltages, however long it was recorded; a current of zero may well be a step of a programme of currents.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.errors import InstrumentError
from alloop.instruments.cells.signals import FEWEST_POINTS, digital_step, jump_size
from alloop.instruments.recording import Trace

_FEWEST_WITHOUT = 3  # rows in sequence: fewer without a current are gaps in the export
_FEWEST_ZEROS = 12  # rows in sequence: fewer zeros happen by chance where digits are as coarse as the noise
_BY_DIGITS = 5.0  # digits within which a current of zero is what is left of a decay
_PAUSE, _AROUND = 5.0, 3  # times the longest of so many sampling intervals on both sides


@dataclass(frozen=True)
class Usable:
    """A trace without gaps.

    Attributes:
        trace: rows with all numbers; the current at rest is zero.
        rests: rows at open circuit, in order.
        left_out: how many rows lacked a number.
        repeated: how many rows said the same as the row before, and are left out.
    """

    trace: Trace
    rests: tuple[slice, ...]
    left_out: int
    repeated: int


def usable_rows(trace: Trace) -> Usable:
    """The rows that can be evaluated, and which of them are at open circuit.

    Raises:
        InstrumentError: when too few rows remain, or when time runs backwards.
    """
    has_time = bool(np.isfinite(trace.time_s).any())
    there = np.isfinite(trace.voltage_V) & (np.isfinite(trace.time_s) | (not has_time))
    without = there & np.isnan(trace.current_A)
    silent = np.zeros(len(there), dtype=np.bool_)
    for run in runs(without[there]):
        if run.stop - run.start >= _FEWEST_WITHOUT:
            silent[np.flatnonzero(there)[run]] = True
    keep = there & (np.isfinite(trace.current_A) | silent)
    left_out = int(len(keep) - keep.sum())
    repeated = keep & _as_before(trace) if has_time else np.zeros_like(keep)
    keep &= ~repeated
    if (working := int((keep & ~silent).sum())) < FEWEST_POINTS:
        raise InstrumentError(
            f"{working} rows with voltage and current", f"at least {FEWEST_POINTS} are needed"
        )
    current = np.where(silent, 0.0, trace.current_A)[keep]
    kept = Trace(trace.time_s[keep], trace.voltage_V[keep], current, trace.cycle[keep])
    if has_time and (back := np.flatnonzero(np.diff(kept.time_s) < 0)).size:
        raise InstrumentError(
            f"time runs backwards behind sample {back[0] + 1}",
            "export one run at a time, in the order of time",
        )
    resting = silent[keep] | _without_current(kept)
    rests = runs(resting) if not resting.all() else []
    return Usable(kept, tuple(rests), left_out, int(repeated.sum()))


def runs(mask: BoolArray) -> list[slice]:
    """The runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def between(rests: Sequence[slice], n: int) -> list[slice]:
    """The stretches of n rows outside the rests; all of them where there are no rests."""
    working = np.ones(n, dtype=np.bool_)
    for one in rests:
        working[one] = False
    return runs(working)


def hours_of(time_s: FloatArray, rests: Sequence[slice]) -> float:
    """How long rests took, by their rows."""
    return float(sum(time_s[one.stop - 1] - time_s[one.start] for one in rests)) / 3600.0


def pauses(time_s: FloatArray) -> IntArray:
    """The rows before which nothing was recorded for a while: much longer than the intervals on both sides."""
    steps = np.diff(time_s)
    if len(steps) < 2 * _AROUND + 1 or not np.isfinite(steps).all():
        return np.zeros(0, dtype=np.int64)
    padded = np.concatenate([np.zeros(_AROUND), steps, np.zeros(_AROUND)])
    highest = np.lib.stride_tricks.sliding_window_view(padded, _AROUND).max(axis=1)
    before, after = highest[: len(steps)], highest[_AROUND + 1 :]
    usual = np.maximum(before, after)
    return np.flatnonzero((steps > _PAUSE * usual) & (usual > 0.0)) + 1


def split_at(stretches: Sequence[slice], rows: IntArray) -> list[slice]:
    """Stretches cut before these rows."""
    found = []
    for one in stretches:
        inside = rows[(rows > one.start) & (rows < one.stop)].tolist()
        found += [slice(a, b) for a, b in itertools.pairwise([one.start, *inside, one.stop])]
    return found


def _as_before(trace: Trace) -> BoolArray:
    """(n,) whether a row has time, voltage and current of the row before."""
    found = np.zeros(len(trace.time_s), dtype=np.bool_)
    columns = (trace.time_s, trace.voltage_V, trace.current_A)
    found[1:] = np.logical_and.reduce([one[1:] == one[:-1] for one in columns])
    return found


def _without_current(trace: Trace) -> BoolArray:
    """(n,) whether a current of exactly zero means that none was let flow.

    A small current that is written in coarse digits is zero too. It is taken for that where the neighbouring current
    at the same voltage is a few digits at most.
    """
    current, voltage = trace.current_A, trace.voltage_V
    digit, same = digital_step(current), jump_size(voltage)
    found = np.zeros(len(current), dtype=np.bool_)
    for run in runs(current == 0.0):
        if run.stop - run.start < _FEWEST_ZEROS:
            continue
        sides = [(run.start, run.start - 1), (run.stop - 1, run.stop)]
        faded = any(
            abs(voltage[inner] - voltage[outer]) <= same and abs(current[outer]) <= _BY_DIGITS * digit
            for inner, outer in sides
            if 0 <= outer < len(current)
        )
        found[run] = not faded
    return found
