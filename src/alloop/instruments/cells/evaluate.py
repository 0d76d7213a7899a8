"""From a trace of voltage and current to property values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from alloop.errors import InstrumentError
from alloop.instruments.cells.case import Case, Outcome
from alloop.instruments.cells.outcome_blocking import outcome_of_polarisation, outcome_of_voltammetry
from alloop.instruments.cells.outcome_metal import outcome_of_critical_current, outcome_of_cycling
from alloop.instruments.cells.pictures import picture_of_trace
from alloop.instruments.cells.signals import usable_rows
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
        trace, left_out = usable_rows(recording.trace)
    except InstrumentError as error:
        return Evaluation(recording.format, "current-voltage", flags=(_refusal(error),))
    remarks: tuple[Flag, ...] = ()
    if left_out:
        remarks = (Flag("rows_left_out", f"{left_out} rows lack time, voltage or current and are left out"),)
    try:
        programme = recognise(trace, Case(trace, recording, given).technique)
        outcome = _OUTCOMES[programme.technique](Case(trace, recording, given), programme)
    except InstrumentError as error:
        flags = (*remarks, _refusal(error))
        return Evaluation(recording.format, "current-voltage", flags=flags, figure=picture_of_trace(trace))
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


def _refusal(error: InstrumentError) -> Flag:
    return Flag("not_evaluated", str(error), "refusal")
