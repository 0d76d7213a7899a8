"""Tables in a text: where the headings stand, what they say, and the numbers below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.headings import Heading, read_heading
from alloop.instruments.readers.limits import MOST_COLUMNS, check_shape
from alloop.instruments.readers.numbers import Dialect, find_dialect, is_number, parse
from alloop.instruments.readers.scales import scale

HEADINGS_WITHIN = 400
_CHARACTERS_LOOKED_AT = 200_000
_LINES_BEFORE_NUMBERS = 12
_LONGEST_LINE = 20_000
_SEPARATOR = re.compile(r" {2,}|\t")
_UNIT_OF_ITS_OWN = re.compile(r"^[\[(][^\[\]()]*[\])]$|^/$")


@dataclass(frozen=True)
class Table:
    """The columns of a table that are understood.

    Attributes:
        headings: one per column of `values`, in the order of the file.
        values: (rows, columns), NaN where a cell holds no number.
        remarks: on lines that were left out.
        others: headings that are not understood.
    """

    headings: tuple[Heading, ...]
    values: FloatArray
    remarks: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def positions(self, quantity: str) -> list[int]:
        """The columns that hold a quantity."""
        return [i for i, heading in enumerate(self.headings) if heading.quantity == quantity]

    def column(self, quantity: str) -> FloatArray | None:
        """The first column with a quantity as it stands in the file; None where there is none."""
        found = self.positions(quantity)
        return self.values[:, found[0]] if found else None

    def rows(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Table:
        """The table with some of its rows only."""
        return Table(self.headings, self.values[chosen], self.remarks, self.others)


@dataclass(frozen=True)
class HeadingLine:
    """A line of headings: its number, its cells as understood, and what parts them."""

    line: int
    headings: tuple[Heading, ...]
    delimiter: str | None

    @property
    def quantities(self) -> frozenset[str]:
        """What the columns hold."""
        return frozenset(heading.quantity for heading in self.headings) - {""}

    @property
    def is_impedance(self) -> bool:
        """Whether there are impedances in the columns, with or without frequencies."""
        has = self.quantities
        parts = "real" in has and bool(has & {"imaginary", "spreadsheet error"})
        frequencies = bool(has & {"frequency", "angular frequency"})
        return parts or (frequencies and ({"modulus", "phase"} <= has or "real" in has or "imaginary" in has))

    @property
    def is_trace(self) -> bool:
        """Whether there are voltages with currents, or one of them over time."""
        has = self.quantities
        current = bool(has & {"current", "current density", "control current"})
        return ("voltage" in has and (current or "time" in has)) or (current and "time" in has)


def find_headings(lines: Sequence[str], start: int = 0) -> HeadingLine | None:
    """The line of headings of impedances or of voltages and currents; None when there is none.

    Of several lines above the first numbers (a title such as "i - t Curve" can look like one), the one that names
    most quantities.
    """
    best: HeadingLine | None = None
    without_numbers: HeadingLine | None = None
    characters = 0
    for number in range(start, min(len(lines), start + HEADINGS_WITHIN)):
        characters += len(lines[number])
        if characters > _CHARACTERS_LOOKED_AT:
            break
        found = headings_at(lines, number)
        if found is not None and (found.is_impedance or found.is_trace):
            if best is None or len(found.quantities) >= len(best.quantities):
                best = found
        elif best is not None and find_dialect([lines[number]], _data_delimiters(best)) is not None:
            return best
        elif best is not None and number > best.line + _LINES_BEFORE_NUMBERS:
            best, without_numbers = None, without_numbers or best
    return best or without_numbers


def headings_at(lines: Sequence[str], number: int) -> HeadingLine | None:
    """A line read as headings, together with a line of units below it; None when it holds no known quantity."""
    text = lines[number].strip("\n").lstrip("#%;* ").rstrip(" ")
    if not text.strip() or len(text) > _LONGEST_LINE:
        return None
    below = lines[number + 1] if number + 1 < len(lines) else ""
    best: HeadingLine | None = None
    known = 1
    for delimiter, cells in _ways_to_split(lines[number], text):
        units = _units_below(below, delimiter, len(cells))
        headings = tuple(read_heading(cell, unit) for cell, unit in zip(cells, units, strict=True))
        count = sum(1 for heading in headings if heading.quantity)
        found = HeadingLine(number, headings, delimiter)
        if found.is_impedance or found.is_trace:
            return found  # single words of longer headings would be understood too: the first way that works counts
        if count > known:
            best, known = found, count
    return best


def _ways_to_split(line: str, text: str) -> list[tuple[str | None, list[str]]]:
    ways: list[tuple[str | None, list[str]]] = []
    for delimiter in ("\t", ";", ",", "|"):
        if delimiter in text:
            # A mark of comments in front of the headings is no cell; an empty first cell is one.
            whole = line if delimiter == "\t" and not line.lstrip(" ").startswith(("#", "%")) else text
            ways.append((delimiter, [_unquoted(cell) for cell in whole.split(delimiter)[: MOST_COLUMNS + 1]]))
    if "  " in text:
        ways.append(
            (None, [_unquoted(cell) for cell in _SEPARATOR.split(text.strip().strip('"').strip()) if cell])
        )
    words: list[str] = []
    for word in text.strip().strip('"').split()[: MOST_COLUMNS + 1]:
        if words and (_UNIT_OF_ITS_OWN.match(word) or words[-1].endswith("/")):
            words[-1] += word
        else:
            words.append(word)
    ways.append((None, words))
    return ways


def _unquoted(cell: str) -> str:
    plain = cell.strip()
    return plain[1:-1].strip() if len(plain) > 1 and plain[0] == plain[-1] == '"' else plain


def _units_below(line: str, delimiter: str | None, width: int) -> list[str]:
    """The units in the line below the headings, if it holds units and no numbers."""
    none = [""] * width
    if len(line) > _LONGEST_LINE or not line.strip():
        return none
    cells = Dialect(delimiter).cells(line)
    if len(cells) > width or any(is_number(cell, Dialect(delimiter)) for cell in cells if cell):
        return none
    plain = [cell.strip("[]()") for cell in cells]
    if sum(1 for cell in plain if scale(cell.partition(" vs")[0]) is not None) < 2:
        return none
    return [*plain, *none[len(plain) :]]


def read_table(lines: Sequence[str], found: HeadingLine, where: str, end: int | None = None) -> Table:
    """The numbers below a line of headings, in the columns that are understood.

    Blank lines, repeated headings and comments are passed over, lines behind the last number too; any other line
    without a number stays in as a row of NaN, to be counted by whoever needs its numbers.

    Raises:
        InstrumentError: when there are no numbers, or more cells in a row than can be told apart.
    """
    title = lines[found.line]
    units = lines[found.line + 1] if found.line + 1 < len(lines) else ""
    body = [
        line
        for line in lines[found.line + 1 : end]
        if line.strip() and line != title and not line.lstrip().startswith(("#", "%"))
    ]
    if body and body[0] == units and any(_units_below(units, found.delimiter, len(found.headings))):
        body = [line for line in body if line != units]
    dialect = find_dialect(body, _data_delimiters(found))
    if dialect is None:
        raise InstrumentError("there are no numbers below the headings", "export the data again", where)
    all_headings = _in_step_with(body[0], dialect, found.headings)
    _check_width(body, dialect, all_headings, where)
    used = [i for i, heading in enumerate(all_headings) if heading.quantity]
    values = parse(body, dialect, used, where)
    has_number = np.isfinite(values).any(axis=1)
    last = int(np.flatnonzero(has_number)[-1]) + 1 if has_number.any() else 0
    behind = len(body) - last
    remarks = (f"{behind} {'line' if behind == 1 else 'lines'} without numbers at the end left out",)
    others = tuple(heading.text for heading in all_headings if heading.text and not heading.quantity)
    return Table(tuple(all_headings[i] for i in used), values[:last], remarks if behind else (), others)


def _in_step_with(row: str, dialect: Dialect, headings: tuple[Heading, ...]) -> tuple[Heading, ...]:
    """The headings without the empty ones, where a row has cells for the others only (several tabs between them)."""
    named = tuple(heading for heading in headings if heading.text)
    return named if len(named) < len(headings) and _cell_count(row, dialect) == len(named) else headings


def _data_delimiters(found: HeadingLine) -> list[str | None]:
    return [found.delimiter] if found.delimiter is not None else [None, ",", "\t", ";"]


def _check_width(body: Sequence[str], dialect: Dialect, headings: Sequence[Heading], where: str) -> None:
    """Refuse rows with more or fewer cells than headings: nobody can say which heading belongs to which column."""
    width = max(i for i, heading in enumerate(headings, start=1) if heading.text)
    counts = sorted(_cell_count(line, dialect) for line in body[:50])
    usual = counts[len(counts) // 2]
    check_shape(0, counts[-1], where)
    if usual == width or (usual < width <= _usual_width(body, dialect)):
        return
    if dialect.delimiter == "," and counts[0] >= 2 * width - 1 > 1:
        raise InstrumentError(
            f"the rows have {usual} cells under {width} headings: a comma parts the cells and marks the decimals",
            "export with semicolons or tabs between the cells, or with decimal points",
            where,
        )
    has_frequency = any("frequency" in heading.quantity for heading in headings)
    lacks = "" if has_frequency or usual < width else " (none is that of a frequency)"
    raise InstrumentError(
        f"the rows have {usual} cells under {width} headings{lacks}: which belong together cannot be told",
        "write one heading above every column",
        where,
    )


def _usual_width(body: Sequence[str], dialect: Dialect) -> int:
    """The number of cells of most rows, with the empty ones at their ends."""
    counts = sorted(line[:_LONGEST_LINE].count(dialect.delimiter or " ") + 1 for line in body[:50])
    return counts[len(counts) // 2] if dialect.delimiter is not None else 0


def _cell_count(line: str, dialect: Dialect) -> int:
    cells = dialect.cells(line[:_LONGEST_LINE])
    while cells and not cells[-1]:
        cells.pop()
    return len(cells)


def joined(parts: Sequence[Table], where: str) -> Table:
    """Tables one below the other, counted in a column of cycles where they have none.

    Raises:
        InstrumentError: when their columns differ.
    """
    headings = parts[0].headings
    if len(parts) == 1:
        return parts[0]
    if any(part.headings != headings for part in parts):
        raise InstrumentError(
            "the tables of the file have different columns", "export them one by one", where
        )
    values = np.concatenate([part.values for part in parts])
    if "cycle" not in {heading.quantity for heading in headings}:
        counted = np.concatenate([np.full(len(part.values), i + 1.0) for i, part in enumerate(parts)])
        values = np.column_stack([values, counted])
        headings = (*headings, read_heading("cycle"))
    remarks = tuple(dict.fromkeys(remark for part in parts for remark in part.remarks))
    return Table(headings, values, remarks, parts[0].others)
