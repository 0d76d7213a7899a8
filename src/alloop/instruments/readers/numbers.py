"""Lines of text to arrays of numbers, whatever parts the cells and marks the decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.readers.limits import check_shape

_SAMPLE = 60
_BEGINNINGS = frozenset(
    "0123456789+-."
)  # other words cost an exception each; NaN and infinity stay NaN unread


@dataclass(frozen=True)
class Dialect:
    """What parts the cells of a line (None: any white space), and whether decimals are marked by a comma."""

    delimiter: str | None
    decimal_comma: bool = False

    def cells(self, line: str) -> list[str]:
        """The cells of a line without the blanks and quotation marks around them."""
        return [cell.strip().strip('"').strip() for cell in line.split(self.delimiter)]

    def number(self, cell: str) -> float:
        """The number in a cell, NaN where there is none."""
        try:
            return float(cell.replace(",", ".") if self.decimal_comma else cell)
        except ValueError:
            return float("nan")


DIALECTS = (
    Dialect("\t"), Dialect("\t", True), Dialect(";"), Dialect(";", True), Dialect(","), Dialect("|"),
    Dialect(None), Dialect(None, True),
)  # fmt: skip
"""In the order in which they are believed when several read a table equally well."""


def find_dialect(lines: Sequence[str], delimiters: Sequence[str | None] | None = None) -> Dialect | None:
    """The dialect in which most of some lines hold most numbers; None when none gives two numbers in a line.

    The lines that are tried lie evenly over all: the first rows alone may hold whole numbers only.
    """
    every = max(1, len(lines) // _SAMPLE)
    sample = [line[:20_000] for line in lines[::every] if line.strip()]
    best, most = None, 0.0
    for dialect in DIALECTS:
        if delimiters is not None and dialect.delimiter not in delimiters:
            continue
        score = sum(_share_of_numbers(dialect, line) for line in sample)
        if score > most + 1e-9:
            best, most = dialect, score
    return best


def _share_of_numbers(dialect: Dialect, line: str) -> float:
    cells = dialect.cells(line)
    if dialect.delimiter is not None:
        while cells and not cells[-1]:
            cells.pop()
    numbers = sum(1 for cell in cells if is_number(cell, dialect))
    return numbers / len(cells) if numbers >= 2 else 0.0


def is_number(cell: str, dialect: Dialect) -> bool:
    """Whether a cell holds a number, or the word for none (NaN)."""
    number = dialect.number(cell)
    return number == number or cell.lower() in ("nan", "-nan")


def parse(lines: Sequence[str], dialect: Dialect, columns: Sequence[int], where: str) -> FloatArray:
    """The numbers in some columns of the lines, shape (lines, columns); NaN where there is none.

    Raises:
        InstrumentError: when there are too many.
    """
    check_shape(len(lines), len(columns), where)
    if not lines or not columns:
        return np.full((len(lines), len(columns)), np.nan)
    plain = [line.replace(",", ".") for line in lines] if dialect.decimal_comma else lines
    try:
        parsed = np.loadtxt(
            plain,
            delimiter=dialect.delimiter,
            usecols=list(columns),
            ndmin=2,
            comments=None,
            dtype=np.float64,
        )
    except ValueError:  # some cell is no number, or missing: the slower way tells which
        parsed = None
    if parsed is not None and len(parsed) == len(lines):
        return parsed
    numbers = np.full((len(lines), len(columns)), np.nan)
    for row, line in enumerate(plain):
        cells = line.split(dialect.delimiter)
        for position, column in enumerate(columns):
            cell = cells[column].strip().strip('"') if column < len(cells) else ""
            if cell[:1] in _BEGINNINGS:
                try:
                    numbers[row, position] = float(cell)
                except ValueError:
                    continue
    return numbers
