"""Text tables that a person or any other program wrote: with headings, or three bare columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.assemble import Source, recording_of
from alloop.instruments.readers.headings import Heading
from alloop.instruments.readers.impedances import holds_negative
from alloop.instruments.readers.numbers import Dialect, find_dialect, is_number, parse
from alloop.instruments.readers.tables import HEADINGS_WITHIN, Table, find_headings, read_table
from alloop.instruments.recording import Recording

_FEWEST_ROWS = 3
_ROWS_LOOKED_AT = 20
_SMALLEST_SPAN = 10.0
_LONGEST_LINE = 1_000


def read_delimited(lines: Sequence[str], name: str, format: str = "text table") -> Recording | None:
    """The recording in a table with headings; None when no line is one of headings.

    Raises:
        InstrumentError: when there are headings and the columns or numbers are not as they promise.
    """
    found = find_headings(lines)
    if found is None:
        return None
    header = lines[: found.line]
    title = next((line.strip() for line in header if line.strip()), "")[:200]
    table = read_table(lines, found, name)
    return recording_of(table, Source(format, name, header, title=title, is_generic=True))


def read_bare_columns(lines: Sequence[str], name: str, format: str = "text table") -> Recording | None:
    """The spectrum in three columns without headings; None when there are no such columns.

    The columns are taken as frequency, Z' and Z'' (or -Z'', decided from the data), which is said in a remark. That
    the first can be a frequency is checked: positive, rising or falling by factors and not by equal steps.

    Raises:
        InstrumentError: when there are numbers in columns that cannot be this.
    """
    start = _first_numbers(lines)
    if start is None:
        return None
    body = [line for line in lines[start:] if line.strip() and not line.lstrip().startswith(("#", "%"))]
    dialect = find_dialect(body)
    if dialect is None:
        return None
    width = _width(body[0], dialect)
    if width != 3:
        raise InstrumentError(
            f"the file has {width} columns of numbers and no headings",
            "write a line of headings above them, such as freq/Hz, Z'/ohm, Z''/ohm or time/s, E/V, I/A",
            name,
        )
    values = parse(body, dialect, (0, 1, 2), name)
    complete = values[np.isfinite(values).all(axis=1)]
    if len(complete) < _FEWEST_ROWS or not _can_be_frequency(complete[:, 0]):
        raise InstrumentError(
            "three columns without headings, and the first is no sweep of frequencies",
            "write a line of headings above them",
            name,
        )
    is_negative = holds_negative(complete[:, 0], complete[:, 1], complete[:, 2])
    headings = (
        Heading("column 1", "frequency", "Hz"),
        Heading("column 2", "real", "ohm"),
        Heading("column 3", "imaginary", "ohm", negated=is_negative),
    )
    third = "-Z''" if is_negative else "Z''"
    words = f"three columns without headings: taken as frequency in Hz, Z' and {third} in ohm (the sign by the data)"
    header = lines[:start]
    title = next((line.strip() for line in header if line.strip()), "")[:200]
    return recording_of(Table(headings, values), Source(format, name, header, title=title, remarks=(words,)))


def begins_with_sweep(lines: Sequence[str]) -> bool:
    """Whether bare columns of three begin with numbers that rise or fall by one factor, as no angles do."""
    start = _first_numbers(lines)
    if start is None:
        return False
    body = [line[:_LONGEST_LINE] for line in lines[start : start + _ROWS_LOOKED_AT] if line.strip()]
    dialect = find_dialect(body)
    if dialect is None or _width(body[0], dialect) != 3:
        return False
    values = np.array([dialect.number(dialect.cells(line)[0]) for line in body])
    return bool((values > 0).all()) and _is_even(np.log(values)) and not _is_even(values)


def _is_even(values: FloatArray) -> bool:
    """Whether the steps between numbers differ by less than a fifth of the largest."""
    steps = np.diff(values)
    return bool(np.ptp(steps) < 0.2 * np.abs(steps).max())


def _first_numbers(lines: Sequence[str]) -> int | None:
    """The first of three lines of numbers, in as many cells each."""
    for start in range(min(HEADINGS_WITHIN, max(0, len(lines) - _FEWEST_ROWS + 1))):
        three = [line[:_LONGEST_LINE] for line in lines[start : start + _FEWEST_ROWS]]
        if not all(any(letter.isdigit() for letter in line) for line in three):
            continue
        dialect = find_dialect(three)
        widths = [_width(line, dialect) for line in three] if dialect is not None else [0]
        if widths[0] >= 2 and len(set(widths)) == 1:
            return start
    return None


def _width(line: str, dialect: Dialect) -> int:
    """How many numbers a line holds; 0 when there is anything else in it."""
    cells = dialect.cells(line)
    while cells and not cells[-1]:
        cells.pop()
    return len(cells) if all(is_number(cell, dialect) for cell in cells) else 0


def _can_be_frequency(values: FloatArray) -> bool:
    if (values <= 0).any() or not np.isfinite(values).all():
        return False
    logarithms = np.log(values)
    step = np.diff(logarithms)
    same_way = max(np.count_nonzero(step > 0), np.count_nonzero(step < 0))
    equal_steps = len(values) > 4 and float(np.ptp(np.diff(values))) < 1e-3 * float(
        np.abs(np.diff(values)).max()
    )
    spans = bool(values.max() >= _SMALLEST_SPAN * values.min())
    return bool(same_way >= 0.8 * step.size) and not equal_steps and (spans or _is_even(logarithms))
