"""Spectra exported as text by RelaxIS."""

from __future__ import annotations

from alloop.instruments.readers.assemble import Source, find_table, recording_of
from alloop.instruments.readers.content import Content
from alloop.instruments.recording import Recording


def is_relaxis(content: Content) -> bool:
    """Whether a file begins as RelaxIS's exports do."""
    return content.head.lstrip("\n \t").startswith("RelaxIS")


def read_relaxis(content: Content) -> Recording:
    """The spectra in a RelaxIS export. The date in it is that of the export and not taken.

    Raises:
        InstrumentError: when its table is missing or lacks columns.
    """
    lines = [line for line in content.lines if not line.startswith("DC=")]
    found, table = find_table(lines, content.name)
    return recording_of(
        table, Source("RelaxIS text", content.name, title=lines[found.line - 1] if found.line > 2 else "")
    )
