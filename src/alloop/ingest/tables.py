"""Tables in, whatever their dialect: all sheets of a file, or named columns of one table."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import Problem, UploadError
from alloop.ingest.cells import Bound, NotANumberError, fold, read_number
from alloop.ingest.grid import Row, Table
from alloop.ingest.headings import split_unit
from alloop.ingest.recognise import check_size, read_file, table_kind
from alloop.ingest.text_table import read_text_table
from alloop.ingest.workbook import read_workbook
from alloop.units import conversion, normalise_unit

_HEADER_WITHIN = 30
_POSITION = re.compile(r"#([1-9]\d{0,3})")


def read_table(source: Path | str | bytes, name: str | None = None) -> list[Table]:
    """All tables of a CSV, TSV or XLSX file, recognised by content.

    Args:
        source: a path, or the bytes of a file.
        name: what messages call the file; the path's last part when left out.

    Raises:
        UploadError: when the file is missing, empty, too large, damaged, or no table at all.
    """
    where = name or ("table" if isinstance(source, bytes) else Path(source).name)
    data = source if isinstance(source, bytes) else read_file(Path(source), where)
    check_size(data, where)
    tables = (
        [read_text_table(data, where)] if table_kind(data, where) == "text" else read_workbook(data, where)
    )
    tables = [table for table in tables if table.rows]
    if not tables:
        raise UploadError("the file is empty", "export the table again", where)
    return tables


@dataclass(frozen=True)
class Columns:
    """Named columns of one table, row by row.

    `headings` says under which heading each column stood, `units` the unit in that heading ("" when none),
    `rows` the row numbers in the file.
    """

    table: Table
    headings: Mapping[str, str]
    positions: Mapping[str, int]
    units: Mapping[str, str]
    data: tuple[Row, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """The numbers of the rows in the file, shape (n_rows,)."""
        return tuple(row.number for row in self.data)

    def texts(self, name: str) -> tuple[str, ...]:
        """The cells of a column as text, "" where empty, shape (n_rows,)."""
        return tuple(row.text(self.positions[name]) for row in self.data)

    def numbers(self, name: str, unit: str | None = None) -> tuple[FloatArray, tuple[Bound, ...]]:
        """The numbers of a column and on which side of each the truth lies, both of shape (n_rows,).

        Empty cells are NaN. With `unit`, values are converted from the unit in the heading; a heading without
        one is taken to be in `unit` already.

        Raises:
            UploadError: listing every cell that holds no number.
            UnitError: when the heading's unit measures something else.
        """
        values = np.full(len(self.data), math.nan)
        bounds: list[Bound] = ["exact"] * len(self.data)
        problems = []
        slope, intercept = self.conversion(name, unit)
        for index, row in enumerate(self.data):
            try:
                number = read_number(row.cell(self.positions[name]), self.table.decimal)
            except NotANumberError as error:
                problems.append(Problem(self.table.place(row, self.headings[name]), str(error)))
                continue
            if number is not None:
                exact = number.value / 100 if number.percent and unit is not None else number.value
                values[index] = float(exact * slope + intercept)
                bounds[index] = number.bound
        if problems:
            raise UploadError(problems)
        return values, tuple(bounds)

    def conversion(self, name: str, unit: str | None) -> tuple[Fraction, Fraction]:
        """The exact slope and intercept from the unit in a column's heading to `unit`; 1 and 0 where one is missing.

        Raises:
            UnitError: naming the heading, when its unit measures something else.
        """
        own = self.units[name]
        if not own or not unit:
            return Fraction(1), Fraction(0)
        return conversion(own, unit, f"{self.table.name}, column '{self.headings[name]}'")


def read_columns(source: Path | str | bytes, mapping: Mapping[str, str], name: str | None = None) -> Columns:
    """Named columns of the first table of a file that has all the headings of `mapping`.

    Args:
        source: a path, or the bytes of a file.
        mapping: the caller's name of each column -> its heading in the file; ``#3`` is the third column,
            and a file addressed only in this way may lack headings.
        name: what messages call the file.

    Raises:
        UploadError: when headings are missing or occur twice, listing what the table offers.
    """
    tables = read_table(source, name)
    problems: list[Problem] = []
    for table in tables:
        found, problems = _find_columns(table, mapping)
        if found is not None:
            return found
    raise UploadError(problems)


def _find_columns(table: Table, mapping: Mapping[str, str]) -> tuple[Columns | None, list[Problem]]:
    by_position = {key: _POSITION.fullmatch(heading.strip()) for key, heading in mapping.items()}
    wanted = {fold(heading) for key, heading in mapping.items() if by_position[key] is None}
    header = _header_index(table, wanted)
    row = table.rows[header]
    texts = [fold(row.text(position)) for position in range(len(row.cells))]
    first_data = header + 1 if wanted or not _is_all_numbers(row, table) else header
    problems, positions, headings = [], {}, {}
    for key, heading in mapping.items():
        place = by_position[key]
        hits = [int(place[1]) - 1] if place else [i for i, text in enumerate(texts) if text == fold(heading)]
        if place and hits[0] >= table.width:
            problems.append(Problem(table.name, f"there is no column {heading}", f"there are {table.width}"))
        elif len(hits) != 1:
            problems.append(Problem(table.name, *_missing(heading, row, len(hits))))
        else:
            positions[key] = hits[0]
            headings[key] = row.text(hits[0]) if first_data > header else heading
    if problems:
        return None, problems
    data = tuple(one for one in table.rows[first_data:] if not one.is_blank)
    return Columns(table, headings, positions, {key: _unit_of(headings[key]) for key in mapping}, data), []


def _header_index(table: Table, wanted: set[str]) -> int:
    """The row among the first ones that holds the most of the wanted headings."""
    scores = [
        sum(fold(row.text(position)) in wanted for position in range(len(row.cells)))
        for row in table.rows[:_HEADER_WITHIN]
    ]
    return scores.index(max(scores))


def _is_all_numbers(row: Row, table: Table) -> bool:
    try:
        return all(read_number(cell, table.decimal) is not None for cell in row.cells)
    except NotANumberError:
        return False


def _missing(heading: str, row: Row, hits: int) -> tuple[str, str]:
    if hits > 1:
        return f"the heading '{heading}' occurs {hits} times", "address the column by its number, such as #3"
    offered: Sequence[str] = [row.text(position) for position in range(len(row.cells)) if row.text(position)]
    near = difflib.get_close_matches(heading, offered, n=3, cutoff=0.4)
    listed = ", ".join(f"'{one}'" for one in (near or offered[:12]))
    return f"there is no column '{heading}'", f"did you mean {listed}?" if near else f"there are {listed}"


def _unit_of(heading: str) -> str:
    unit = split_unit(heading)[1]
    return normalise_unit(unit) if unit else ""
