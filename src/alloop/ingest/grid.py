"""A table as it was sent: rows of cells that remember where they stood."""

from __future__ import annotations

from dataclasses import dataclass, field

from alloop.errors import UploadError
from alloop.ingest.cells import Cell, cell_text, is_empty

MOST_ROWS = 200_000
MOST_COLUMNS = 2_000


@dataclass(frozen=True)
class Row:
    """One row: its number in the file (from 1, as a spreadsheet program counts) and its cells.

    `merged` holds the positions whose text was filled in from a merged cell that began elsewhere.
    """

    number: int
    cells: tuple[Cell, ...]
    merged: frozenset[int] = field(default_factory=frozenset)

    def cell(self, position: int) -> Cell:
        """The cell at a position counted from 0; an empty one behind the end of a short row."""
        return self.cells[position] if position < len(self.cells) else ""

    def text(self, position: int) -> str:
        """The text of that cell, or "" when it says nothing."""
        cell = self.cell(position)
        return "" if is_empty(cell) else cell_text(cell)

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return all(isinstance(cell, str) and not cell.strip() for cell in self.cells)


@dataclass(frozen=True)
class Table:
    """One sheet: all rows that hold something, headings included, in the order of the file.

    `name` is how messages call it (``results.xlsx, sheet 'Plate 3'``); `decimal` its decimal mark, "" when
    both marks are used.
    """

    name: str
    rows: tuple[Row, ...]
    decimal: str = "."

    @property
    def width(self) -> int:
        """The number of columns."""
        return max((len(row.cells) for row in self.rows), default=0)

    def place(self, row: Row, heading: str = "") -> str:
        """Where something stands, for messages and for the records."""
        return f"{self.name}, row {row.number}" + (f", column '{heading}'" if heading else "")


def check_shape(rows: int, columns: int, where: str) -> None:
    """Refuse tables that are too long or too wide to hold results.

    Raises:
        UploadError: naming the limit.
    """
    if rows > MOST_ROWS:
        raise UploadError(f"the table has more than {MOST_ROWS} rows", "upload it in parts", where)
    if columns > MOST_COLUMNS:
        raise UploadError(
            f"the table has more than {MOST_COLUMNS} columns", "give every sample a row of its own", where
        )
