"""Tables that say which sample a file is about, or how thick and wide a pellet is, and hold no values themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alloop.errors import Problem, UploadError
from alloop.ingest.cells import NotANumberError, fold, read_number
from alloop.ingest.context import Findings, ResultsContext
from alloop.ingest.details import read_details
from alloop.ingest.grid import Row, Table
from alloop.ingest.layout import Layout, find_layout
from alloop.ingest.subjects import find_subject
from alloop.instruments import Geometry
from alloop.records import SampleRow

_CONTENT = ("measured", "value", "status", "phases")
_SAID = ("file", "thickness_mm", "diameter_mm")
_STATEMENTS = (
    "technique",
    "reference_electrode",
    "reference_offset_V",
    "scan_rate_V_per_s",
    "carbon_wt_percent",
    "electrodes",
)
"""Further columns: what an evaluation needs to know and most instrument files do not say."""


@dataclass(frozen=True)
class Pellet:
    """One row: the sample, the `file` it speaks of ("" for all of the sample's), and what it says of them.

    `geometry` is the pellet's size, `conditions` what else an evaluation needs to know (`reference_electrode`…).
    """

    sample: SampleRow
    file: str
    geometry: Geometry
    temperature_C: float | None
    conditions: Mapping[str, float | str]
    place: str


def pellet_layouts(tables: Sequence[Table], context: ResultsContext) -> list[Layout]:
    """The layouts of tables that hold files or sizes of samples and no values; empty when these are no such tables."""
    names = [setting.name for setting in context.settings]
    layouts = [layout for table in tables if (layout := find_layout(table, names)) is not None]
    is_about_pellets = all(
        not any(layout.first(role) for role in _CONTENT) and any(layout.first(role) for role in _SAID)
        for layout in layouts
    )
    return layouts if is_about_pellets else []


def read_pellets(layouts: Sequence[Layout], context: ResultsContext) -> list[Pellet]:
    """The rows of such tables.

    Raises:
        UploadError: listing every row that names no sample or holds what is no number, and files named twice.
    """
    findings = Findings()
    pellets = []
    for layout in layouts:
        for row in layout.data:
            if not any(row.text(column.position) for column in layout.columns):
                continue
            subject = find_subject(layout, row, context, findings, literature=False)
            details = read_details(layout, row, findings)
            sample = context.find_sample(subject.sample) if subject and subject.sample else None
            if sample is None:
                if subject is not None:
                    findings.problem(layout.place(row), "the row names no sample", "name plate and well")
                continue
            numbers = details.conditions
            geometry = Geometry.of_disc(numbers.get("thickness_mm"), numbers.get("diameter_mm"))
            file = layout.text(row, "file")
            said = _statements(layout, row)
            if "pressure_MPa" in numbers:
                said["pressure_MPa"] = numbers["pressure_MPa"]
            pellets.append(Pellet(sample, file, geometry, details.temperature_C, said, layout.place(row)))
    seen: dict[str, Pellet] = {}
    for pellet in pellets:
        other = seen.setdefault(fold(pellet.file), pellet) if pellet.file else pellet
        if other.sample.id != pellet.sample.id:
            what = f"the file {pellet.file} is named for {other.sample.id} and {pellet.sample.id}"
            findings.problem(pellet.place, what, "keep the right one")
    if findings.problems:
        raise UploadError(findings.problems)
    return pellets


def _statements(layout: Layout, row: Row) -> dict[str, float | str]:
    """What the row says under the headings of `_STATEMENTS`: numbers as numbers, the rest as text."""
    plain = {name.lower(): name for name in _STATEMENTS}
    said: dict[str, float | str] = {}
    for column in layout.columns:
        name = plain.get(fold(column.heading).replace(" ", "_"))
        text = row.text(column.position)
        if name is None or not text:
            continue
        try:
            number = read_number(row.cell(column.position), layout.table.decimal)
            said[name] = text if number is None else float(number.value)
        except NotANumberError:
            said[name] = text
    return said


def unused_files(pellets: Sequence[Pellet], names: Sequence[str]) -> list[Problem]:
    """A problem for each file that the table names and that is not among the uploaded."""
    return [
        Problem(pellet.place, f"there is no file {pellet.file} in the upload", "add it, or correct the name")
        for pellet in pellets
        if pellet.file and not any(is_named(pellet.file, name) for name in names)
    ]


def is_named(written: str, name: str) -> bool:
    """Whether a file's name in a table means the uploaded file: the same path, or its last part, in any capitals."""
    plain, full = fold(written).replace("\\", "/"), fold(name)
    return full == plain or full.endswith(f"/{plain}") or full.rpartition("/")[2] == plain


__all__ = ["Pellet", "is_named", "pellet_layouts", "read_pellets", "unused_files"]
