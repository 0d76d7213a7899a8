"""What stands beside a value in its row: temperature, kind, method, date, dimensions, doubts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alloop.errors import UnitError
from alloop.ingest.cells import Bound, NotANumberError, fold, read_date, read_number
from alloop.ingest.context import STATUSES, Conditions, Findings, ResultsContext
from alloop.ingest.grid import Row
from alloop.ingest.headings import KINDS, ROLE_UNITS, Column
from alloop.ingest.layout import Layout
from alloop.properties import Property
from alloop.units import convert

# Literature values that are a measured single value, or a limit to one; all others are kept but doubted.
_POINTS = ("", "point", "approx")
_LIMITS: dict[str, Bound] = {"lt": "below", "gt": "above"}
_OTHER_QUALIFIERS = {
    "range_low", "range_high", "class_range_low", "class_range_high", "order_of_magnitude", "predicted",
    "computed", "simulated", "suspect", "local_probe", "composite", "composition_by_context",
}  # fmt: skip
_BOUND_WORDS: dict[str, Bound] = {
    "exact": "exact", "=": "exact", "below": "below", "<": "below", "≤": "below", "lt": "below",
    "above": "above", ">": "above", "≥": "above", "gt": "above",
}  # fmt: skip
_YES = ("yes", "y", "true", "x", "ja", "oui")
# Far more is measured at room temperature, 293 to 298 K, than between 290 and 300 °C.
_KELVIN_LIKE = (290.0, 299.9)


@dataclass(frozen=True)
class Details:
    """What a row says besides its values; None and "" where it says nothing.

    `bound` is that of a `bound` column or a literature qualifier; `doubt_why` why the row's values are not
    to be trusted as single measured values.
    """

    temperature_C: float | None = None
    kind: str | None = None
    method: str | None = None
    measured_at: datetime | None = None
    source: str | None = None
    qualifier: str | None = None
    phase: str | None = None
    bound: Bound | None = None
    status: str = ""
    note: str = ""
    supersedes: str = ""
    doubt_why: str = ""
    conditions: Mapping[str, Any] = field(default_factory=dict)


def read_details(layout: Layout, row: Row, findings: Findings) -> Details:
    """The details of one row; whatever cannot be read is noted and left out."""
    numbers = {
        role: _number(layout, row, role, findings) for role in ROLE_UNITS if layout.first(role) is not None
    }
    temperature = numbers.pop("temperature_C", None)
    if temperature is not None and _KELVIN_LIKE[0] <= temperature <= _KELVIN_LIKE[1]:
        findings.warn(
            layout.place(row, layout.first("temperature_C")),
            f"{temperature:g} °C looks like a temperature in kelvin",
            "if it is one, write the unit: temperature [K]",
        )
    conditions: dict[str, Any] = {role: value for role, value in numbers.items() if value is not None}
    for role in ("file", "note"):
        if layout.text(row, role):
            conditions[role] = layout.text(row, role)
    qualifier = fold(layout.text(row, "qualifier")).replace(" ", "_")
    bound, doubt = _bound_and_doubt(layout, row, qualifier, findings)
    return Details(
        temperature_C=temperature,
        kind=_kind(layout, row, findings),
        method=layout.text(row, "method") or None,
        measured_at=_moment(layout, row, findings),
        source=layout.text(row, "source") or None,
        qualifier=qualifier or None,
        phase=layout.text(row, "phase") or None,
        bound=bound,
        status=_status(layout, row, findings),
        note=layout.text(row, "note"),
        supersedes=_supersedes(layout, row, findings),
        doubt_why=doubt,
        conditions=conditions,
    )


def _number(layout: Layout, row: Row, role: str, findings: Findings) -> float | None:
    column = layout.first(role)
    if column is None:
        return None
    place = layout.place(row, column)
    try:
        number = read_number(row.cell(column.position), layout.table.decimal)
    except NotANumberError as error:
        findings.problem(place, str(error), "write a number")
        return None
    if number is None:
        return None
    if number.bound != "exact" or number.percent:
        findings.problem(place, f"{row.text(column.position)!r} is not a single number", "write a number")
        return None
    value = _converted(float(number.value), column, role, layout, findings)
    if value is not None and value <= (-273.15 if role == "temperature_C" else 0.0):
        findings.problem(place, f"{row.text(column.position)} cannot be a {role.split('_')[0]}", "correct it")
        return None
    return value


def _converted(value: float, column: Column, role: str, layout: Layout, findings: Findings) -> float | None:
    where = f"{layout.table.name}, column '{column.heading}'"
    if not column.unit and fold(column.name) in ("thickness", "diameter", "mass"):
        findings.problem(where, "the column has no unit", f"write it, such as [{ROLE_UNITS[role]}]")
        return None
    try:
        return convert(value, column.unit or ROLE_UNITS[role], ROLE_UNITS[role], where)
    except UnitError as error:
        findings.problem(where, error.problems[0].what, error.problems[0].mend)
        return None


def _kind(layout: Layout, row: Row, findings: Findings) -> str | None:
    text = fold(layout.text(row, "kind")).replace("_", " ")
    if text in ("", "unspecified", "unknown"):
        return None
    if text not in KINDS:
        findings.problem(
            layout.place(row, layout.first("kind")),
            f"{layout.text(row, 'kind')!r} is no kind of conductivity",
            "write total, bulk or grain_boundary",
        )
    return KINDS.get(text)


def _moment(layout: Layout, row: Row, findings: Findings) -> datetime | None:
    text = layout.text(row, "measured_at")
    moment = read_date(text) if text else None
    if text and moment is None:
        findings.problem(
            layout.place(row, layout.first("measured_at")),
            f"{text!r} is no date, or one that can be read in two ways",
            "write it as 2026-12-31 or 2026-12-31 14:30",
        )
    return moment


def _status(layout: Layout, row: Row, findings: Findings) -> str:
    text = layout.text(row, "status")
    plain = fold(text).replace(" ", "_").replace("-", "_")
    if plain and plain not in STATUSES:
        findings.problem(
            layout.place(row, layout.first("status")),
            f"{text!r} is no status",
            f"write {', '.join(STATUSES[:-1])} or {STATUSES[-1]}; anything else belongs into a column 'note'",
        )
        return ""
    return plain


def _supersedes(layout: Layout, row: Row, findings: Findings) -> str:
    text = fold(layout.text(row, "supersedes")).lstrip("#")
    if text in ("", "no", "false", "nein", "non"):
        return ""
    if text in _YES:
        return "previous"
    if text.isascii() and text.isdigit() and len(text) < 18:
        return str(int(text))
    findings.problem(
        layout.place(row, layout.first("supersedes")),
        f"{layout.text(row, 'supersedes')!r} names no value",
        "write yes, or the number of the measurement that this one replaces",
    )
    return ""


def _bound_and_doubt(
    layout: Layout, row: Row, qualifier: str, findings: Findings
) -> tuple[Bound | None, str]:
    """The bound that the row states in words, and why its value is no measured single value."""
    text = fold(layout.text(row, "bound"))
    bound = _BOUND_WORDS.get(text)
    if text and bound is None:
        findings.problem(
            layout.place(row, layout.first("bound")), f"{text!r} is no bound", "write exact, below or above"
        )
    limit = _LIMITS.get(qualifier)
    if limit is not None:
        if bound not in (None, limit):
            findings.problem(
                layout.place(row, layout.first("qualifier")),
                f"the qualifier {qualifier} says {limit}, the column 'bound' says {bound}",
                "correct one of them",
            )
        return limit, ""
    if qualifier in _POINTS:
        return bound, ""
    if qualifier not in _OTHER_QUALIFIERS:
        findings.warn(
            layout.place(row, layout.first("qualifier")),
            f"{qualifier!r} is no known qualifier: recorded as suspect",
            "a measured single value is called point or approx",
        )
    return bound, f"{qualifier} is not a measured single value"


def value_conditions(
    entry: Property,
    about: Column,
    details: Details,
    layout: Layout,
    row: Row,
    context: ResultsContext,
    findings: Findings,
    literature: bool,
) -> Conditions:
    """Temperature and kind of a value: stated in its heading or its row, or else those the campaign wants.

    What the campaign wants is taken with a warning, and never for literature, where it stays unknown.
    """
    wanted = Conditions() if literature else context.conditions.get(entry.name, Conditions())
    temperature, kind = about.temperature_C, about.kind or details.kind
    if temperature is None:
        temperature = details.temperature_C
    elif details.temperature_C not in (None, temperature):
        what = f"the heading says {temperature:g} °C, the row {details.temperature_C:g} °C"
        findings.problem(layout.place(row, about), what, "correct one of them")
    if temperature is None and "temperature_C" in entry.conditions and not literature:
        temperature = wanted.temperature_C
        taken = "" if temperature is None else f": taken as {temperature:g} °C, as the campaign wants it"
        what = f"the temperature of {entry.name} is not stated{taken}"
        findings.warn(layout.table.name, what, "add a column 'temperature_C'")
    if "kind" not in entry.conditions:
        return Conditions(temperature, None)
    if kind is None and wanted.kind is not None:
        kind = wanted.kind
        what = f"the kind of {entry.name} is not stated: taken as {kind}, as the campaign wants it"
        findings.warn(layout.table.name, what, "add a column 'kind'")
    return Conditions(temperature, kind)
