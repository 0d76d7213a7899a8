"""Results tables, wide and long, and literature tables: rows of cells to measurements and statuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from alloop.errors import Problem
from alloop.ingest.context import Findings, ParsedMeasurement, ParsedUpload, ResultsContext
from alloop.ingest.grid import Table
from alloop.ingest.layout import find_layout
from alloop.ingest.reader import TableReader


def parse_results(tables: Iterable[Table], context: ResultsContext) -> ParsedUpload:
    """What the laboratory's tables say, with everything that is wrong with them.

    Rows name a sample, a plate and a well, or (the laboratory's own history) a formula with its process
    settings. Sheets without such a column are left out with a warning when another sheet has one.
    """
    return _parse(tables, context, literature=False)


def parse_literature(tables: Iterable[Table], context: ResultsContext) -> ParsedUpload:
    """What literature tables say: formulas with values from elsewhere, qualifiers kept.

    A value that is not a measured single value, whose formula is not neutral or that lies outside the
    property's plausible range is kept and marked suspect. Conditions that are not stated stay unknown.
    """
    return _parse(tables, context, literature=True)


def _parse(tables: Iterable[Table], context: ResultsContext, literature: bool) -> ParsedUpload:
    names = [setting.name for setting in context.settings]
    found = [(table, find_layout(table, names)) for table in tables]
    layouts = [layout for _, layout in found if layout is not None]
    findings = Findings()
    for table, layout in found:
        if layout is None and layouts:
            findings.warn(table.name, "the sheet is not read: it has no column 'sample', 'well' or 'formula'")
        elif layout is None:
            wanted = "'formula'" if literature else "'sample', or 'plate' and 'well', or 'formula'"
            findings.problem(table.name, "no row of headings was found", f"name a column {wanted}")
    parsed = ParsedUpload(warnings=tuple(findings.warnings), problems=tuple(findings.problems))
    for layout in layouts:
        parsed += TableReader(layout, context, literature).read()
    return replace(parsed, warnings=parsed.warnings + tuple(_repeats(parsed.measurements)))


def _repeats(measurements: Sequence[ParsedMeasurement]) -> list[Problem]:
    """Warnings for rows that say exactly what an earlier row says: likelier copied than measured twice."""
    seen: dict[tuple[object, ...], str] = {}
    warnings = []
    for parsed in measurements:
        row = parsed.row
        identity = (
            row.sample,
            row.property,
            row.value,
            row.bound,
            row.temperature_C,
            row.kind,
            row.measured_at,
        )
        if row.sample is not None and identity in seen:
            what = f"it repeats {seen[identity]}; both count as measurements"
            warnings.append(Problem(row.place, what, "leave one out if it was copied"))
        seen.setdefault(identity, row.place)
    return warnings
