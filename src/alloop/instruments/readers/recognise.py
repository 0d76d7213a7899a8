"""What kind of instrument file some bytes are, by their content, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from alloop.errors import InstrumentError
from alloop.instruments.readers.biologic import is_biologic, read_biologic
from alloop.instruments.readers.biologic_binary import is_biologic_binary, read_biologic_binary
from alloop.instruments.readers.chi import is_chi, read_chi
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.delimited import begins_with_sweep, read_bare_columns, read_delimited
from alloop.instruments.readers.diffraction import read_diffraction
from alloop.instruments.readers.gamry import is_gamry, read_gamry
from alloop.instruments.readers.limits import check_size
from alloop.instruments.readers.not_recordings import binary_kind, table_kind
from alloop.instruments.readers.relaxis import is_relaxis, read_relaxis
from alloop.instruments.readers.tables import find_headings
from alloop.instruments.readers.versastudio import is_versastudio, read_versastudio
from alloop.instruments.readers.workbook import packed_names, sheets
from alloop.instruments.readers.zplot import is_zplot, read_zplot
from alloop.instruments.recording import Recording

_SIGNED: tuple[tuple[Callable[[Content], bool], Callable[[Content], Recording]], ...] = (
    (is_biologic_binary, read_biologic_binary),
    (is_biologic, read_biologic),
    (is_gamry, read_gamry),
    (is_zplot, read_zplot),
    (is_versastudio, read_versastudio),
    (is_relaxis, read_relaxis),
    (is_chi, read_chi),
)
"""Formats that say who wrote them in their first lines."""

_WORKBOOK = "xl/workbook.xml"
_ROWS_LOOKED_AT = 60
_BYTES_LOOKED_AT = 300_000


# numbers of damaged files overflow; what comes of it is counted among the bad rows
@np.errstate(all="ignore")
def read_recording(data: bytes, name: str) -> Recording:
    """What an instrument file holds. The format is told from its content; the name serves messages only.

    Formats that sign their files come first, then tables with headings of impedances or of voltages and currents, then
    diffraction patterns, then three bare columns.

    Raises:
        InstrumentError: when the file is no instrument file, of a kind that is not read, damaged or too large.
    """
    content = Content(data, name)
    check_size(content)
    names = packed_names(content)
    if names is not None and _WORKBOOK in names:
        return _read_workbook(content)
    for is_of_format, read in _SIGNED:
        if is_of_format(content):
            return read(content)
    pattern = read_diffraction(content) if names is not None or not content.is_text else None
    if pattern is not None:
        return pattern
    kind = binary_kind(content)
    if kind is not None:
        raise _not_a_recording(kind, name)
    lines = content.lines
    recording = read_delimited(lines, name)
    if recording is None:
        other = table_kind(lines)
        if other is not None:
            raise _not_a_recording(other, name)
        recording = None if begins_with_sweep(lines) else read_diffraction(content)
        recording = recording or read_bare_columns(lines, name)
    if recording is None:
        raise _not_a_recording("text without a table of numbers that alloop knows", name)
    return recording


@np.errstate(all="ignore")
def is_recording(data: bytes, name: str) -> bool:
    """Whether a file is an instrument file rather than a table of results or phases, or anything else.

    Only the beginning is looked at: a file for which this is true may still be refused when it is read.
    """
    content = Content(data, name)
    try:
        check_size(content)
        names = packed_names(content)
        if names is not None and _WORKBOOK in names:
            return any(
                _holds_recording(lines) or begins_with_sweep(lines)
                for lines in sheets(content, _ROWS_LOOKED_AT)
            )
    except InstrumentError:
        return False
    if any(is_of_format(content) for is_of_format, _ in _SIGNED):
        return True
    beginning = content.head.split("\n")
    if content.is_text and names is None and binary_kind(content) is None:
        beginning = beginning[:-1] or beginning  # the last line may be cut
        if table_kind(beginning) is not None:
            return False
        if _holds_recording(beginning):
            return True
    if content.is_text and begins_with_sweep(beginning):
        return True
    part = Content(data[:_BYTES_LOOKED_AT], name) if content.is_text else content
    try:
        return read_diffraction(part) is not None
    except InstrumentError:  # a pattern, which is damaged or was cut here
        return True


def _holds_recording(lines: Sequence[str]) -> bool:
    found = find_headings(lines)
    return found is not None and "sample" not in found.quantities


def _read_workbook(content: Content) -> Recording:
    kind = None
    for lines in sheets(content):
        format = "Excel workbook"
        recording = read_delimited(lines, content.name, format)
        kind = kind or table_kind(lines)
        if recording is None and kind is None:
            recording = read_bare_columns(lines, content.name, format)
        if recording is not None:
            return recording
    raise _not_a_recording(
        kind or "a workbook without a table of impedances, or of voltages and currents", content.name
    )


def _not_a_recording(kind: str, name: str) -> InstrumentError:
    return InstrumentError(
        f"this is {kind}, not an instrument file", "see docs/instrument_files.md for the formats", name
    )
