"""How large a file may be, and the refusals of one that is larger or empty."""

from __future__ import annotations

from alloop.errors import InstrumentError
from alloop.instruments.readers.content import Content

LARGEST_FILE_MB = 60
LARGEST_UNPACKED_MB = 150
MOST_ROWS = 2_000_000
MOST_COLUMNS = 2_000
MOST_NUMBERS = 15_000_000
MOST_WORKBOOK_CELLS = 300_000
MOST_SPECTRA = 2_000
MOST_TABLES = 500


def check_size(content: Content) -> None:
    """Refuse a file without content, or one with too many bytes or lines to be read.

    Only bytes are counted, so that nothing large is decoded before it is known to be small enough.

    Raises:
        InstrumentError: when it is empty or too large.
    """
    data = content.data
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise InstrumentError("the file is empty", "export it again", content.name)
    if len(data) > LARGEST_FILE_MB * 1_000_000:
        raise InstrumentError(
            f"the file has {len(data) / 1e6:.0f} MB; an instrument file may have {LARGEST_FILE_MB} MB",
            "export fewer points",
            content.name,
        )
    ends = max(data.count(b"\n"), data.count(b"\r"))
    if ends > MOST_ROWS:
        raise InstrumentError(
            f"the file has {ends} lines; at most {MOST_ROWS} are read",
            "export fewer points, or split the file",
            content.name,
        )


def check_shape(rows: int, columns: int, where: str) -> None:
    """Refuse a table with more columns or numbers than are read.

    Raises:
        InstrumentError: naming what is too many.
    """
    if columns > MOST_COLUMNS:
        raise InstrumentError(
            f"a row has {columns} cells; at most {MOST_COLUMNS} are read", "split the file", where
        )
    if rows * columns > MOST_NUMBERS:
        raise InstrumentError(
            f"the table has {rows * columns} numbers; at most {MOST_NUMBERS} are read",
            "export fewer points or columns",
            where,
        )


def check_tables(count: int, where: str) -> None:
    """Refuse a file with more tables than are read.

    Raises:
        InstrumentError: naming how many there are.
    """
    if count > MOST_TABLES:
        raise InstrumentError(
            f"the file has {count} tables of data; at most {MOST_TABLES} are read", "split the file", where
        )
