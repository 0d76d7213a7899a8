"""Text files of CH Instruments' programs."""

from __future__ import annotations

from dataclasses import replace

from alloop.instruments.readers.assemble import Source, find_table, recording_of
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.statements import stated
from alloop.instruments.recording import Recording

_POLARITY = "CH Instruments' programs may count cathodic currents as positive: look at the signs"


def is_chi(content: Content) -> bool:
    """Whether a file names an instrument of CH Instruments above its data."""
    return "Instrument Model:  CHI" in content.head or "Instrument Model: CHI" in content.head


def read_chi(content: Content) -> Recording:
    """The recording in a text file of CH Instruments.

    Raises:
        InstrumentError: when its table is missing or lacks columns.
    """
    lines = content.lines
    found, table = find_table(lines, content.name)
    header = lines[: found.line]
    technique = next((line.strip() for line in header[1:4] if line.strip()), "")
    source = Source(
        "CH Instruments text", content.name, header, title=stated(header, "header") or "", month_first=True,
        metadata={"technique": technique, "scan_rate_V_per_s": stated(header, "scan rate (v/s)") or ""},
    )  # fmt: skip
    recording = recording_of(table, source)
    return (
        recording if recording.trace is None else replace(recording, remarks=(*recording.remarks, _POLARITY))
    )
