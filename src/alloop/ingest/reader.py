"""One table, row by row: cells to measurements and statuses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from alloop.errors import PropertyError
from alloop.ingest.cells import NotANumberError, Number, read_number
from alloop.ingest.context import Conditions, Findings, ParsedMeasurement, ParsedUpload, ResultsContext
from alloop.ingest.details import Details, read_details, value_conditions
from alloop.ingest.grid import Row
from alloop.ingest.headings import Column
from alloop.ingest.layout import Layout, check_columns
from alloop.ingest.phases import PhasesError, is_target, phase_fractions, read_phases
from alloop.ingest.subjects import Subject, find_subject
from alloop.ingest.values import Scale, Value, find_scale, read_value
from alloop.properties import Property, get_property
from alloop.records import MeasurementRow, StatusRow

# What an electrical short makes meaningless; a critical current density is found by shorting a cell.
_VOID_WHEN_SHORTED = (
    "ionic_conductivity",
    "electronic_conductivity",
    "activation_energy",
    "oxidation_limit",
    "reduction_limit",
    "overpotential",
)
_CONTENT_ROLES = ("measured", "value", "status", "phases")
_PHASES_DISAGREE = 0.05
_NOBODY = Subject("laboratory", None, "", {})


@dataclass
class TableReader:
    """Reads one table; `read` gives what it says and everything that is wrong with it."""

    layout: Layout
    context: ResultsContext
    literature: bool
    findings: Findings = field(default_factory=Findings)
    scales: dict[tuple[str, str], Scale | None] = field(default_factory=dict)
    measurements: list[ParsedMeasurement] = field(default_factory=list)
    statuses: list[StatusRow] = field(default_factory=list)

    def read(self) -> ParsedUpload:
        """The whole table."""
        check_columns(self.layout, self.findings)
        self._check_content()
        for column in self.layout.all("measured"):
            self._scale(column.name, column.unit, self._at(column))
        for row in self.layout.data:
            self._read_row(row)
        return ParsedUpload(
            tuple(self.measurements),
            tuple(self.statuses),
            tuple(self.findings.warnings),
            tuple(self.findings.problems),
        )

    def _check_content(self) -> None:
        layout, name = self.layout, self.layout.table.name
        if not any(layout.first(role) for role in _CONTENT_ROLES):
            unread = ", ".join(
                f"'{column.heading}'" for column in layout.columns if not column.role and column.heading
            )
            what = "the table has no column with values" + (
                f"; no meaning is known of {unread}" if unread else ""
            )
            self.findings.problem(name, what, "head one like 'ionic_conductivity [S/cm]'")
        elif not layout.data:
            self.findings.problem(name, "the table has headings but no rows", "export it again")
        loose = layout.first("uncertainty")
        if loose is not None and len(layout.all("measured")) > 1:
            self.findings.problem(
                self._at(loose),
                "it is not clear to which column the uncertainty belongs",
                "head it like 'ionic_conductivity uncertainty [S/cm]'",
            )

    def _at(self, column: Column) -> str:
        return f"{self.layout.table.name}, column '{column.heading}'"

    def _scale(self, name: str, unit: str, where: str) -> Scale | None:
        """The scale of a property in a unit; what is wrong with it is noted once, where it first stands."""
        if (name, unit) not in self.scales:
            entry = get_property(name)
            self.scales[name, unit] = find_scale(entry, unit, self.context.mobile_ion, where, self.findings)
        return self.scales[name, unit]

    def _read_row(self, row: Row) -> None:
        layout = self.layout
        content = [one for role in _CONTENT_ROLES for one in layout.all(role) if row.text(one.position)]
        if not content:
            if layout.text(row, "note"):
                what, mend = "the row has only a note, which is not recorded", "give it a status"
                self.findings.warn(layout.place(row), what, mend)
            elif not any(layout.text(row, role) for role in ("sample", "well", "formula")):
                self.findings.warn(layout.place(row), "the row is not read: it names no sample and no value")
            return
        merged = [column for column in content if column.position in row.merged]
        for column in merged:
            what = "the cell is merged with another"
            self.findings.problem(layout.place(row, column), what, "write the value in every row")
        subject = find_subject(layout, row, self.context, self.findings, self.literature)
        details = read_details(layout, row, self.findings)
        # Whoever the row is about, its cells are read, so that everything wrong with it is said at once.
        before, statuses = len(self.measurements), len(self.statuses)
        self._read_content(row, subject or _NOBODY, details)
        if subject is None or merged:
            del self.measurements[before:], self.statuses[statuses:]

    def _read_content(self, row: Row, subject: Subject, details: Details) -> None:
        layout = self.layout
        details = replace(details, phase=details.phase or layout.text(row, "phases") or None)
        before = len(self.measurements)
        name, about, value = self._long_property(row), layout.first("property"), layout.first("value")
        if name is not None and about is not None and value is not None:
            unit = layout.text(row, "unit") or value.unit
            self._read_cell(row, value, replace(about, name=name), unit, subject, details)
        for column in layout.all("measured"):
            self._read_cell(row, column, column, column.unit, subject, details)
        self._read_phases(row, subject, details, before)
        self._read_status(row, subject, details, name, len(self.measurements) > before)

    def _long_property(self, row: Row) -> str | None:
        """The property that a row of a long table names; None, with what is wrong noted, for none."""
        column = self.layout.first("property")
        if column is None:
            return None
        text, place = row.text(column.position), self.layout.place(row, column)
        if not text:
            if self.layout.text(row, "value"):
                self.findings.problem(place, "the row names no property", "fill the cell")
            return None
        try:
            return get_property(text).name
        except PropertyError as error:
            self.findings.problem(place, error.problems[0].what, error.problems[0].mend)
            return None

    def _read_cell(
        self, row: Row, column: Column, about: Column, unit: str, subject: Subject, details: Details
    ) -> None:
        """The value in the cell of `column`; `about` names its property and conditions in its heading."""
        place = self.layout.place(row, column)
        number = self._number(row, column)
        if number is None:
            return
        if details.status == "not_measured":
            what = "the row has a value and the status not_measured"
            self.findings.problem(place, what, "correct one of them")
            return
        scale = self._scale(about.name, unit, place)
        if scale is None:
            if column is not about:
                self._repeat_scale_problem(about.name, unit, place)
            return
        if details.bound is not None and number.bound not in ("exact", details.bound):
            what = f"the cell says {number.bound}, the row says {details.bound}"
            self.findings.problem(place, what, "correct one of them")
            return
        number = replace(number, bound=details.bound or number.bound)
        value = read_value(number, scale, place, self.findings, self.literature)
        if value is None:
            return
        if value.uncertainty is None:
            value = replace(value, uncertainty=self._uncertainty(row, about.name, scale))
        conditions = value_conditions(
            scale.property, about, details, self.layout, row, self.context, self.findings, self.literature
        )
        self._add(subject, details, scale.property, value, conditions, place)

    def _number(self, row: Row, column: Column) -> Number | None:
        try:
            return read_number(row.cell(column.position), self.layout.table.decimal)
        except NotANumberError as error:
            mend = "write a number, a bound such as <1e-9, or leave the cell empty"
            self.findings.problem(self.layout.place(row, column), str(error), mend)
            return None

    def _repeat_scale_problem(self, name: str, unit: str, place: str) -> None:
        """In a long table every row has its own unit, so that every wrong one is named."""
        find_scale(get_property(name), unit, self.context.mobile_ion, place, self.findings)

    def _uncertainty(self, row: Row, name: str, scale: Scale) -> float | None:
        """The uncertainty that the row states in a column of its own, in the property's unit."""
        named = next((one for one in self.layout.all("uncertainty_of") if one.name == name), None)
        column = named or self.layout.first("uncertainty")
        number = None if column is None else self._number(row, column)
        if column is None or number is None:
            return None
        place = self.layout.place(row, column)
        own = self._scale(name, column.unit, self._at(column)) if column.unit else scale
        if own is None:
            return None
        if number.percent or number.bound != "exact" or number.value < 0:
            what = f"{row.text(column.position)!r} is no uncertainty"
            self.findings.problem(place, what, "write it as a positive number in the unit of the value")
            return None
        return float(number.value * own.slope)

    def _add(
        self,
        subject: Subject,
        details: Details,
        entry: Property,
        value: Value,
        conditions: Conditions,
        place: str,
    ) -> None:
        doubts = [why for why in (details.doubt_why, subject.doubt_why, value.doubt_why) if why]
        is_void = details.status == "shorted" and entry.name in _VOID_WHEN_SHORTED
        row = MeasurementRow(
            campaign=self.context.campaign,
            property=entry.name,
            value=value.value,
            origin=subject.origin,
            sample=subject.sample,
            formula=subject.formula,
            elements=subject.elements,
            settings=subject.settings,
            bound=value.bound,
            uncertainty=value.uncertainty,
            temperature_C=conditions.temperature_C,
            kind=conditions.kind,
            method=details.method,
            measured_at=details.measured_at,
            source=details.source,
            qualifier=details.qualifier,
            phase=details.phase,
            conditions=details.conditions,
            doubt="retracted" if is_void else "suspect" if doubts else "ok",
            doubt_why="the sample was shorted" if is_void else "; ".join(doubts) or None,
            place=place,
        )
        self.measurements.append(ParsedMeasurement(row, details.supersedes))

    def _read_phases(self, row: Row, subject: Subject, details: Details, before: int) -> None:
        """Derive phase fractions from the `phases` column, unless the row states them itself."""
        column = self.layout.first("phases")
        if column is None or not row.text(column.position):
            return
        place = self.layout.place(row, column)
        try:
            phases = read_phases(row.text(column.position))
        except PhasesError as error:
            self.findings.problem(place, str(error), "write 'name wt%; name wt%' for all phases")
            return
        target = self.context.target_phases
        if phases and target and not any(is_target(name, target) for name in phases):
            self.findings.warn(place, f"none of the phases is the target ({' or '.join(target)})")
        stated = {one.row.property: one.row.value for one in self.measurements[before:]}
        for name, fraction in phase_fractions(phases, target, self.context.amorphous_target).items():
            if name not in stated:
                self._add(
                    subject, details, get_property(name), Value(fraction, "exact", None), Conditions(), place
                )
            elif abs(stated[name] - fraction) > _PHASES_DISAGREE:
                what = f"the phases give {name} {fraction:.2f}, the row says {stated[name]:.2f}"
                self.findings.warn(place, f"{what}: the latter is recorded")

    def _read_status(
        self, row: Row, subject: Subject, details: Details, name: str | None, has_values: bool
    ) -> None:
        phases = "" if has_values else self.layout.text(row, "phases")
        if not details.status and not phases:
            return
        column = self.layout.first("status") if details.status else self.layout.first("phases")
        note = "; ".join(part for part in (details.note, f"phases: {phases}" if phases else "") if part)
        self.statuses.append(
            StatusRow(
                campaign=self.context.campaign,
                status=details.status or "ok",
                origin=subject.origin,
                sample=subject.sample,
                formula=subject.formula,
                elements=subject.elements,
                settings=subject.settings,
                property=name,
                note=note,
                place=self.layout.place(row, column),
            )
        )
