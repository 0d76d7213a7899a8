"""A campaign with one approved plate, and short ways to read tables against it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from openpyxl import Workbook

from alloop.ingest import Conditions, ParsedUpload, ResultsContext, parse_results, read_table
from alloop.ingest.grid import Table
from alloop.records import MeasurementRow, SampleRow
from alloop.space import Setting

SLUG = "halide-spinel"
PLATE = "HALIDE-SPINEL-003"
ELEMENTS = {"Li": Fraction(9, 5), "Mg": Fraction(4, 5), "In": Fraction(1, 5), "Cl": Fraction(4)}
SETTINGS = {"anneal_temperature": Fraction(400), "route": "milled"}


def sample(well: str, plate: str = PLATE) -> SampleRow:
    return SampleRow(
        id=f"{plate}-{well}",
        campaign=SLUG,
        plate=plate,
        well=well,
        formula="Li1.8Mg0.8In0.2Cl4",
        elements=ELEMENTS,
        settings=SETTINGS,
    )


CONTEXT = ResultsContext(
    campaign=SLUG,
    samples=tuple(sample(f"{letter}{number:02d}") for letter in "ABCDEFGH" for number in range(1, 9)),
    settings=(
        Setting("anneal_temperature", "degC", (None, Fraction(300), Fraction(400))),
        Setting("route", "", ("milled", "solution")),
    ),
    conditions={"ionic_conductivity": Conditions(25.0, "total")},
    target_phases=("spinel Fd-3m",),
    plate_states={PLATE: "approved", "HALIDE-SPINEL-004": "proposed"},
)


def table(text: str | bytes, name: str = "r.csv") -> Table:
    return read_table(text if isinstance(text, bytes) else text.encode(), name)[0]


def results(text: str | bytes, context: ResultsContext = CONTEXT, name: str = "r.csv") -> ParsedUpload:
    return parse_results(read_table(text if isinstance(text, bytes) else text.encode(), name), context)


def only(text: str | bytes, context: ResultsContext = CONTEXT) -> MeasurementRow:
    """The single measurement of a table without problems."""
    (one,) = results(text, context).checked().measurements
    return one.row


def said(parsed: ParsedUpload) -> str:
    return "\n".join(str(problem) for problem in parsed.problems)


def warned(parsed: ParsedUpload) -> str:
    return "\n".join(str(warning) for warning in parsed.warnings)


def workbook(
    rows: Sequence[Sequence[Any]],
    merge: Sequence[str] = (),
    formats: dict[str, str] | None = None,
    sheets: dict[str, Sequence[Sequence[Any]]] | None = None,
) -> bytes:
    """An Excel file with these rows; `merge` lists merged ranges, `formats` number formats by cell."""
    book = Workbook()
    first = book.active
    assert first is not None
    first.title = "Results"
    for title, content in {"Results": rows, **(sheets or {})}.items():
        sheet = first if title == "Results" else book.create_sheet(title)
        for row in content:
            sheet.append(list(row))
    for area in merge:
        first.merge_cells(area)
    for cell, number_format in (formats or {}).items():
        first[cell].number_format = number_format
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


__all__ = ["CONTEXT", "PLATE", "SLUG", "datetime", "only", "results", "said", "table", "warned", "workbook"]
