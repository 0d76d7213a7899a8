"""Excel workbooks (.xlsx) as lines of tab-separated text."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from alloop.errors import InstrumentError
from alloop.file_kinds import look_into
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.limits import LARGEST_UNPACKED_MB, MOST_WORKBOOK_CELLS, check_shape


def packed_names(content: Content) -> frozenset[str] | None:
    """The names in a zip archive; None when the file is none or damaged."""
    if not content.data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        return frozenset(look_into(content.data).names)
    except zipfile.BadZipFile:
        return frozenset()


def sheets(content: Content, most_rows: int | None = None) -> Iterator[list[str]]:
    """The lines of every sheet, its first `most_rows` only where that is given.

    Raises:
        InstrumentError: when the workbook is damaged or too large.
    """
    _check_unpacked(content)
    left = MOST_WORKBOOK_CELLS
    for sheet in _load(content).worksheets:
        lines: list[str] = []
        try:
            for row in sheet.iter_rows(values_only=True, max_row=most_rows):
                check_shape(0, len(row), content.name)
                left -= len(row)
                if left < 0:
                    raise InstrumentError(
                        f"the workbook has more than {MOST_WORKBOOK_CELLS} cells",
                        "save the sheet with the data as CSV",
                        content.name,
                    )
                lines.append("\t".join(_text(cell) for cell in row))
        except InstrumentError:
            raise
        except Exception as error:
            raise _damaged(content, error) from error
        yield lines


def _check_unpacked(content: Content) -> None:
    try:
        unpacked = look_into(content.data).unpacked
    except zipfile.BadZipFile as error:
        raise _damaged(content, error) from None
    if unpacked > LARGEST_UNPACKED_MB * 1_000_000:
        raise InstrumentError(
            f"the workbook unpacks to {unpacked / 1e6:.0f} MB; it may unpack to {LARGEST_UNPACKED_MB} MB",
            "save the sheet with the data as CSV",
            content.name,
        )


def _load(content: Content) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and validations that openpyxl does not know carry no values
        try:
            return openpyxl.load_workbook(io.BytesIO(content.data), read_only=True, data_only=True)
        except Exception as error:
            # openpyxl lets through whatever its XML, zip and value readers raise; all of it means the same.
            raise _damaged(content, error) from error


def _damaged(content: Content, error: Exception) -> InstrumentError:
    return InstrumentError(
        f"the workbook is damaged ({type(error).__name__})",
        "open it in a spreadsheet program and save it again",
        content.name,
    )


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell)
    return str(cell).replace("\t", " ").replace("\n", " ").replace("\r", " ")
