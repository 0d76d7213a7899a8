"""From a trace of voltage and current to property values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from alloop.errors import InstrumentError
from alloop.instruments.cells.case import Case, Outcome
from alloop.instruments.cells.outcome_blocking import outcome_of_polarisation, outcome_of_voltammetry
from alloop.instruments.cells.outcome_metal import outcome_of_critical_current, outcome_of_cycling
from alloop.instruments.cells.pictures import picture_of_trace
from alloop.instruments.cells.segments import Usable, hours_of, usable_rows
from alloop.instruments.cells.technique import Programme, Technique, recognise
from alloop.instruments.evaluation import Evaluation, Flag, Given
from alloop.instruments.recording import Recording

_OUTCOMES: Mapping[Technique, Callable[[Case, Programme], Outcome]] = {
    "potentiostatic polarisation": outcome_of_polarisation,
    "galvanostatic polarisation": outcome_of_polarisation,
    "voltammetry": outcome_of_voltammetry,
    "cycling": outcome_of_cycling,
    "critical current": outcome_of_critical_current,
}


def evaluate_trace(recording: Recording, given: Given) -> Evaluation:
    """What a trace of voltage and current says of a sample.

    The technique is told from the signals (see `technique.recognise`). What cannot be believed gives no value but a
    flag of severity `refusal`. Names understood in `given.conditions`, and in the metadata of the file: `technique`,
    `reference_electrode`, `reference_offset_V`, `scan_rate_V_per_s`, `carbon_wt_percent`, `electrodes`,
    `pressure_MPa`.

    Raises:
        InstrumentError: when the recording holds no trace.
    """
    if recording.trace is None:
        raise InstrumentError(f"{recording.format} holds no voltage and current over time", "")
    try:
        usable = usable_rows(recording.trace)
    except InstrumentError as error:
        return Evaluation(recording.format, "current-voltage", flags=(_refusal(error),))
    remarks = _remarks(usable)
    case = Case(usable.trace, recording, given)
    try:
        programme = recognise(case.trace, case.technique, usable.rests)
        outcome = _OUTCOMES[programme.technique](case, programme)
    except InstrumentError as error:
        flags = (*remarks, _refusal(error))
        return Evaluation(
            recording.format, "current-voltage", flags=flags, figure=picture_of_trace(case.trace)
        )
    return Evaluation(
        recording.format,
        outcome.kind,
        outcome.values,
        remarks + outcome.flags,
        outcome.model,
        {"technique": programme.technique, **outcome.details},
        outcome.figure,
        outcome.status,
    )


def _remarks(usable: Usable) -> tuple[Flag, ...]:
    """How the rows of a file were taken."""
    found: tuple[Flag, ...] = ()
    if usable.left_out:
        words = f"{usable.left_out} rows lack time, voltage or current and are left out"
        found += (Flag("rows_left_out", words),)
    if usable.repeated:
        found += (Flag("rows_repeated", f"{usable.repeated} rows repeat the row before and are left out"),)
    if usable.rests:
        count, hours = len(usable.rests), hours_of(usable.trace.time_s, usable.rests)
        lasting = f", {hours:.3g} h together" if np.isfinite(hours) else ""
        words = (
            f"{count} stretch{'es' * (count > 1)} without any current{lasting}: taken as rest at open circuit"
        )
        found += (Flag("open_circuit", words),)
    return found


def _refusal(error: InstrumentError) -> Flag:
    return Flag("not_evaluated", str(error), "refusal")
