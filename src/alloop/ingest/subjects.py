"""Whom a row speaks about: a sample of ours, or a formula made under named settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from alloop.chemistry import atomic_fractions, charge_excess, parse_formula
from alloop.chemistry.charge import ERROR, WARN
from alloop.errors import FormulaError, StateError, UnitError
from alloop.ingest.cells import NotANumberError, cell_text, fold, read_number
from alloop.ingest.context import Findings, ResultsContext
from alloop.ingest.grid import Row
from alloop.ingest.headings import Column
from alloop.ingest.layout import Layout
from alloop.records import Origin, SampleRow, plate_id, well_label
from alloop.space import Level, Setting
from alloop.units import conversion

# Printed formulas are rounded to about two decimals; wells of one plate differ by more.
_SAME_COMPOSITION = 0.002


@dataclass(frozen=True)
class Subject:
    """What a row's values belong to; `doubt_why` says what is wrong with its formula ("" when nothing)."""

    origin: Origin
    sample: str | None
    formula: str
    elements: Mapping[str, Fraction]
    settings: Mapping[str, Level] = field(default_factory=dict)
    doubt_why: str = ""


def find_subject(
    layout: Layout, row: Row, context: ResultsContext, findings: Findings, literature: bool
) -> Subject | None:
    """The subject of a row; None, with what is wrong noted, when it names none that exists."""
    sample_text, formula = layout.text(row, "sample"), layout.text(row, "formula")
    well, plate = layout.text(row, "well"), layout.text(row, "plate")
    if literature or (formula and not sample_text and not well):
        return _formula_subject(layout, row, formula, context, findings, literature)
    if sample_text:
        sample = _named(layout, row, sample_text, context, findings)
        if sample is not None and well and plate:
            other = _in_well(layout, row, plate, well, context, findings)
            if other is not None and other != sample:
                findings.problem(
                    layout.place(row), f"the row names {sample.id} and {other.id}", "keep the right one"
                )
    elif well and plate:
        sample = _in_well(layout, row, plate, well, context, findings)
    else:
        missing = "plate" if well else "well" if plate else "sample"
        findings.problem(layout.place(row), f"the row names no {missing}", "fill the cell")
        return None
    if sample is None:
        return None
    _compare(layout, row, sample, formula, findings)
    return Subject("laboratory", sample.id, sample.formula, sample.elements, sample.settings)


def _named(
    layout: Layout, row: Row, text: str, context: ResultsContext, findings: Findings
) -> SampleRow | None:
    sample = context.find_sample(text)
    if sample is not None:
        return sample
    plate, _, well = text.strip().rpartition("-")
    if re.fullmatch(r".*-\d+", plate):
        return _in_well(layout, row, plate, well, context, findings)
    known = [one.id for one in context.samples]
    near = difflib.get_close_matches(text.upper(), known, n=1, cutoff=0.8)
    example = known[0] if known else f"{plate_id(context.campaign, 1)}-B07"
    findings.problem(
        layout.place(row, layout.first("sample")),
        f"{text!r} is no sample of the campaign {context.campaign}",
        f"did you mean {near[0]}?" if near else f"write plate and well, such as {example}",
    )
    return None


def _in_well(
    layout: Layout, row: Row, plate: str, well: str, context: ResultsContext, findings: Findings
) -> SampleRow | None:
    name = plate.strip().upper()
    if re.fullmatch("[0-9]{1,6}", name):
        name = plate_id(context.campaign, int(name))
    wells = context.plates.get(name)
    column = layout.first("plate") or layout.first("sample")
    if wells is None:
        state = context.plate_states.get(name)
        if state is not None:
            what, mend = f"plate {name} is {state} and has no samples", "approve it before it is measured"
        else:
            known = sorted(context.plates)
            what = f"the campaign {context.campaign} has no plate {name}"
            mend = f"its plates are {', '.join(known[-5:])}" if known else "no plate of it was approved yet"
        findings.problem(layout.place(row, column), what, mend)
        return None
    column = layout.first("well") or layout.first("sample")
    try:
        label = well_label(well)
    except StateError as error:
        findings.problem(layout.place(row, column), error.problems[0].what, error.problems[0].mend)
        return None
    if label not in wells:
        labels = sorted(wells)
        findings.problem(
            layout.place(row, column),
            f"plate {name} has no sample in well {label}",
            f"its samples lie in {labels[0]} to {labels[-1]}",
        )
    return wells.get(label)


def _compare(layout: Layout, row: Row, sample: SampleRow, formula: str, findings: Findings) -> None:
    """Hold the formula and the settings of a row against those of the sample it names."""
    if formula:
        column = layout.first("formula")
        try:
            written = atomic_fractions(parse_formula(formula))
        except FormulaError as error:
            findings.problem(layout.place(row, column), error.problems[0].what, error.problems[0].mend)
            return
        planned = atomic_fractions(sample.elements)
        if any(
            abs(written.get(element, 0.0) - planned.get(element, 0.0)) > _SAME_COMPOSITION
            for element in sorted(written.keys() | planned.keys())
        ):
            findings.problem(
                layout.place(row, column),
                f"{sample.id} is {sample.formula}, not {formula}",
                "correct the sample or the formula",
            )
    for column in layout.all("setting"):
        text = row.text(column.position)
        planned_level = sample.settings.get(column.name)
        if text and fold(text) != fold(_shown(planned_level)) and not _equal(text, planned_level, layout):
            findings.warn(
                layout.place(row, column),
                f"the plan of {sample.id} says {_shown(planned_level)}, the row says {text}: it is not read",
                "say what was really done with 'alloop made'",
            )


def _equal(text: str, level: Level, layout: Layout) -> bool:
    try:
        number = read_number(text, layout.table.decimal)
    except NotANumberError:
        return False
    return number is not None and isinstance(level, Fraction) and number.value == level


def _shown(level: Level) -> str:
    return "none" if level is None else level if isinstance(level, str) else f"{float(level):g}"


def _formula_subject(
    layout: Layout, row: Row, formula: str, context: ResultsContext, findings: Findings, literature: bool
) -> Subject | None:
    column = layout.first("formula")
    place = layout.place(row, column)
    if not formula:
        findings.problem(place, "the row has no formula", "fill the cell")
        return None
    try:
        elements = parse_formula(formula)
    except FormulaError as error:
        findings.problem(place, error.problems[0].what, error.problems[0].mend)
        return None
    doubt = ""
    excess = charge_excess(elements) if context.check_formulas else 0.0
    if abs(excess) > WARN:
        what = f"the charges of {formula} do not balance ({excess:+.2f} e per formula unit)"
        if abs(excess) <= ERROR:
            findings.warn(place, what, "check the digits")
        elif literature:
            doubt = what
            findings.warn(place, f"{what}: recorded as suspect", "check it against the source")
        else:
            findings.problem(place, what, "check the digits; a misprint is the usual cause")
    settings = {}
    for setting in context.settings:
        found = next((one for one in layout.all("setting") if one.name == setting.name), None)
        # "none" is a level here, not an empty cell.
        if found is not None and cell_text(row.cell(found.position)):
            settings[setting.name] = _read_level(layout, row, found, setting, findings)
    origin: Origin = "literature" if literature else "history"
    return Subject(origin, None, formula, elements, settings, doubt)


def _read_level(layout: Layout, row: Row, column: Column, setting: Setting, findings: Findings) -> Level:
    text, place = cell_text(row.cell(column.position)), layout.place(row, column)
    names = {fold(level): level for level in setting.levels if isinstance(level, str)}
    if fold(text) in names:
        return names[fold(text)]
    try:
        number = read_number(row.cell(column.position), layout.table.decimal)
    except NotANumberError as error:
        if names:
            what, mend = (
                f"{text!r} is no level of {setting.name}",
                f"the levels are {', '.join(names.values())}",
            )
            findings.problem(place, what, mend)
        else:
            findings.problem(place, str(error), "write the value as a number, or 'none'")
        return None
    if number is None:
        return None
    if names or number.bound != "exact":
        findings.problem(place, f"{text!r} is no level of {setting.name}", "write a level of it")
        return None
    try:
        slope, intercept = conversion(column.unit or setting.unit, setting.unit, place)
    except UnitError as error:
        findings.problem(f"{layout.table.name}, column '{column.heading}'", error.problems[0].what)
        return None
    return number.value * slope + intercept
