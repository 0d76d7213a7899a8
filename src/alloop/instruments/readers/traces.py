"""Columns of times, voltages and currents to a trace."""

from __future__ import annotations

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.rows import keep_good
from alloop.instruments.readers.tables import Table
from alloop.instruments.recording import Trace

_UNITS = {"time": "s", "voltage": "V", "current": "A", "control current": "A", "current density": "A/cm2"}
_LARGEST_CYCLE = 1e9
_LARGEST = (
    1e15  # seconds, volts or amperes: beyond that it is no measurement; NaN is left out by comparing, too
)


def trace_of(table: Table, where: str, area_cm2: float | None) -> tuple[Trace, tuple[str, ...]]:
    """The trace in a table with voltages and currents, and remarks on what was assumed or left out.

    Args:
        table: with columns of voltages and of currents (or current densities), and of times where there are any.
        where: the file, for messages.
        area_cm2: of the electrode as the file states it; current densities are refused without it.

    Raises:
        InstrumentError: when voltage or current is missing, rows are incomplete, or times run backwards.
    """
    remarks = list(table.remarks)
    voltage, said = _column(table, "voltage", where)
    remarks += said
    current, said = _current(table, where, area_cm2)
    remarks += said
    time, said = (
        _column(table, "time", where) if table.positions("time") else (np.full(voltage.size, np.nan), [])
    )
    remarks += said
    good = (np.abs(voltage) < _LARGEST) & (np.abs(current) < _LARGEST)
    if table.positions("time"):
        good &= np.abs(time) < _LARGEST
    remarks += keep_good(good, "have no believable number for time, voltage or current", where)
    time, voltage, current = time[good], voltage[good], current[good]
    cycle = _cycles(table.rows(good), voltage.size)
    time, said = _forward(time, cycle, where)
    return Trace(time, voltage, current, cycle), (*remarks, *said)


def _column(table: Table, quantity: str, where: str) -> tuple[FloatArray, list[str]]:
    found = table.positions(quantity)
    if not found:
        raise InstrumentError(
            f"the file has no column of the {quantity}",
            f"export it with time, voltage and current ({quantity})",
            where,
        )
    heading = table.headings[found[0]]
    words = f"values under '{heading.text}' have no unit: taken as {_UNITS[quantity]}"
    return table.values[:, found[0]] * heading.factor, [] if heading.kind else [words]


def _current(table: Table, where: str, area_cm2: float | None) -> tuple[FloatArray, list[str]]:
    if table.positions("current"):
        return _column(table, "current", where)
    if table.positions("current density"):
        density, remarks = _column(table, "current density", where)
        if area_cm2 is None:
            raise InstrumentError(
                "the file states current per area and not the area",
                "export the current in mA, or add a line such as 'Area: 0.785 cm2'",
                where,
            )
        return density * area_cm2, [
            *remarks,
            f"current = current density times the stated area {area_cm2:g} cm2",
        ]
    if table.positions("control current"):
        values, remarks = _column(table, "control current", where)
        return values, [*remarks, "no measured current in the file: the current that was set is taken"]
    raise InstrumentError(
        "the file has no column of the current", "export it with time, voltage and current", where
    )


def _cycles(table: Table, rows: int) -> IntArray:
    for quantity in ("cycle", "step"):
        column = table.column(quantity)
        if column is not None and np.isfinite(column).all() and (np.abs(column) < _LARGEST_CYCLE).all():
            return np.round(column).astype(np.int64)
    return np.zeros(rows, dtype=np.int64)


def _forward(time: FloatArray, cycle: IntArray, where: str) -> tuple[FloatArray, list[str]]:
    """Times that never run backwards; those that begin anew with every cycle or step are added up."""
    back = np.flatnonzero(np.diff(time) < 0) + 1
    if back.size == 0:
        return time, []
    restarts = back[cycle[back] != cycle[back - 1]]
    if restarts.size < back.size:
        raise InstrumentError(
            f"the times run backwards in {back.size} places",
            "export the total time, in the order measured",
            where,
        )
    step = np.zeros(time.size)
    step[restarts] = time[restarts - 1]
    return time + np.cumsum(step), [f"times begin anew in {restarts.size} cycles or steps: added up"]
