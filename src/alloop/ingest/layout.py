"""Where the headings of a table stand and what its columns hold."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from alloop.ingest.cells import NotANumberError, fold, read_number
from alloop.ingest.context import Findings
from alloop.ingest.grid import Row, Table
from alloop.ingest.headings import KNOWN_NAMES, Column, read_heading

_HEADER_WITHIN = 30
_DESCRIPTIONS = ("source", "note", "phase", "method", "file")
_IDENTITIES = ("sample", "well", "formula")


@dataclass(frozen=True)
class Layout:
    """The columns of a table by position, and the rows below its headings."""

    table: Table
    columns: tuple[Column, ...]
    data: tuple[Row, ...]

    def first(self, role: str) -> Column | None:
        """The only column with this role, or None."""
        return next((column for column in self.columns if column.role == role), None)

    def all(self, role: str) -> tuple[Column, ...]:
        """All columns with this role."""
        return tuple(column for column in self.columns if column.role == role)

    def text(self, row: Row, role: str) -> str:
        """The text of a row in the column with this role, "" where there is none."""
        column = self.first(role)
        return "" if column is None else row.text(column.position)

    def place(self, row: Row, column: Column | None = None) -> str:
        """Where a cell stands, for messages and records."""
        return self.table.place(row, column.heading if column else "")


def find_layout(table: Table, settings: Sequence[str]) -> Layout | None:
    """The layout of a table, or None when none of its first rows names samples, wells or formulas.

    Titles above the headings are skipped. A second line of headings below (units, temperatures) or above
    (names over several columns) is read together with them.
    """
    headings = [_headings(row, table.width, settings) for row in table.rows[:_HEADER_WITHIN]]
    scores = [
        sum(column.role != "" for column in row) if any(column.role in _IDENTITIES for column in row) else 0
        for row in headings
    ]
    if not any(scores):
        return None
    at = scores.index(max(scores))
    columns = headings[at]
    if at > 0 and any(column.is_addition for column in columns):
        columns = _joined(_spread(headings[at - 1], columns), columns)
    first = at + 1
    if first < len(headings) and _continues(table, table.rows[first], columns, headings[first]):
        columns = _joined(_spread(columns, headings[first]), headings[first])
        first += 1
    return Layout(table, tuple(columns), table.rows[first:])


def _headings(row: Row, width: int, settings: Sequence[str]) -> list[Column]:
    return [replace(read_heading(row.text(i), settings), position=i) for i in range(width)]


def _spread(above: list[Column], below: list[Column]) -> list[Column]:
    """Headings carried to the right over the empty cells that a merged heading leaves in a text file."""
    carried: list[Column] = []
    for column, under in zip(above, below, strict=True):
        if not column.heading and under.is_addition and carried and carried[-1].heading:
            column = replace(carried[-1], position=column.position)
        carried.append(column)
    return carried


def _joined(above: list[Column], below: list[Column]) -> list[Column]:
    return [
        under.under(over) if under.is_addition and over.role else (under if under.heading else over)
        for over, under in zip(above, below, strict=True)
    ]


def _continues(table: Table, row: Row, columns: list[Column], below: list[Column]) -> bool:
    """Whether a row under the headings only adds units or conditions to them."""
    additions = 0
    for column, under in zip(columns, below, strict=True):
        if under.position in row.merged or not under.heading:
            continue
        if column.role in (*_IDENTITIES, "plate") or not under.is_addition:
            return False
        try:
            if read_number(row.cell(under.position), table.decimal) is not None:
                return False
        except NotANumberError:
            additions += 1
    return additions > 0


def check_columns(layout: Layout, findings: Findings) -> None:
    """Note columns that occur twice, are not understood, or contradict each other."""
    where = layout.table.name
    seen: dict[tuple[object, ...], Column] = {}
    for column in layout.columns:
        if not column.role:
            _check_unknown(layout, column, findings)
            continue
        key = (column.role, *(
            (column.name, column.temperature_C, column.kind)
            if column.role in ("measured", "uncertainty_of", "setting")
            else ()
        ))  # fmt: skip
        if key in seen and column.role in _DESCRIPTIONS:
            place = f"{where}, column '{column.heading}'"
            findings.warn(place, f"the column is not read: '{seen[key].heading}' says the same")
        elif key in seen:
            findings.problem(
                where,
                f"the columns '{seen[key].heading}' and '{column.heading}' hold the same",
                "leave one out, or say in the headings what differs (25 °C, bulk)",
            )
        seen.setdefault(key, column)
    for column in layout.all("property"):
        if layout.first("value") is None:
            findings.problem(where, f"there is a column '{column.heading}' but none called 'value'", "add it")
        if layout.first("measured") is not None:
            findings.problem(
                where,
                f"the table has a column '{column.heading}' and columns of single properties",
                "use one form: a row per value, or a column per property",
            )
    if layout.first("value") is not None and layout.first("property") is None:
        findings.problem(where, "there is a column 'value' but none called 'property'", "add it")
    if layout.first("well") is not None and layout.first("plate") is None and layout.first("sample") is None:
        findings.problem(where, "there is a column of wells but none of plates", "add a column 'plate'")


def _check_unknown(layout: Layout, column: Column, findings: Findings) -> None:
    cells = [row.text(column.position) for row in layout.data]
    if not any(cells):
        return
    place = f"{layout.table.name}, column '{column.heading}'" if column.heading else layout.table.name
    if not column.heading:
        row = layout.data[next(index for index, text in enumerate(cells) if text)]
        findings.problem(
            f"{layout.table.name}, row {row.number}",
            f"column {column.position + 1} holds {row.text(column.position)!r} but has no heading",
            "give it one, or check for a separator inside a cell",
        )
        return
    near = difflib.get_close_matches(fold(column.name).replace(" ", "_"), KNOWN_NAMES, n=1, cutoff=0.8)
    if near:
        findings.problem(place, "unknown column", f"did you mean '{near[0]}'?")
    else:
        findings.warn(place, "the column is not read: no property, setting or condition has that name")
