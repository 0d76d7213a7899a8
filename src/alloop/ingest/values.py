"""From a number in some unit to a value of a property in its canonical unit, checked for plausibility."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from alloop.errors import UnitError
from alloop.ingest.cells import Bound, Number
from alloop.ingest.context import Findings
from alloop.properties import Property
from alloop.units import conversion, is_usual, normalise_unit

_AGAINST = re.compile(r"^(?P<unit>.*?)[\s(,]*\bvs\b\.?\s*(?P<reference>[^)]*)\)?$", re.IGNORECASE)
_UNITLESS = ("1", "HV")


@dataclass(frozen=True)
class Scale:
    """How numbers of one column become values of a property: value = slope · number + intercept."""

    property: Property
    unit: str
    slope: Fraction
    intercept: Fraction


@dataclass(frozen=True)
class Value:
    """A value and its uncertainty in the property's canonical unit; `doubt_why` is "" when plausible."""

    value: float
    bound: Bound
    uncertainty: float | None
    doubt_why: str = ""


def find_scale(entry: Property, unit: str, mobile_ion: str, where: str, findings: Findings) -> Scale | None:
    """The scale of a column of `entry` in `unit`; None, with what is wrong noted, when there is none.

    Potentials may name their reference electrode (``V vs Li/Li+``), which has to be the metal of the mobile
    ion. A unit that is convertible but unusual for the property is converted with a warning.
    """
    against = _AGAINST.match(unit)
    if against is not None and entry.unit == "V":
        unit = against["unit"].strip()
        metal = re.sub(r"[^A-Za-z]", "", mobile_ion)
        reference = against["reference"].strip()
        if set(re.findall(r"[A-Za-z]+", reference)) != {metal}:
            what = f"{entry.name} is stored against {metal}/{mobile_ion}, not against {reference}"
            findings.problem(where, what, "convert the potentials first")
            return None
    if not unit and entry.unit not in _UNITLESS:
        findings.problem(where, f"{entry.name} has no unit", f"write it, such as [{entry.unit}]")
        return None
    try:
        spelling = normalise_unit(unit or entry.unit)
        slope, intercept = conversion(spelling, entry.unit, where)
        usual = is_usual(spelling, entry.usual_units)
    except UnitError as error:
        findings.problem(where, error.problems[0].what, error.problems[0].mend)
        return None
    if not usual:
        example = f"1 {unit.strip()} = {float(slope + intercept):.6g} {entry.unit}"
        findings.warn(where, f"{unit.strip()} is unusual for {entry.name}; converted ({example})")
    return Scale(entry, spelling, slope, intercept)


def read_value(
    number: Number, scale: Scale, where: str, findings: Findings, literature: bool = False
) -> Value | None:
    """The value of a number on a scale; None, with what is wrong noted, when it cannot be one.

    What lies outside the plausible range of the property is refused, in a literature table kept and doubted.
    """
    entry = scale.property
    exact = number.value
    if number.percent and scale.unit not in ("%", "wt%"):
        if scale.unit != "1":
            findings.problem(where, f"a percentage is no {entry.name} ({entry.unit})", "leave the sign out")
            return None
        exact /= 100
    value = float(exact * scale.slope + scale.intercept)
    spread = None
    if number.uncertainty is not None:
        factor = Fraction(1, 100) if number.percent and scale.unit == "1" else Fraction(1)
        spread = abs(float(number.uncertainty * factor * scale.slope))
    if entry.scale == "log10" and value <= 0:
        findings.problem(
            where,
            f"{_shown(value)} {entry.unit} cannot be: {entry.name} is positive",
            "write a value below the detection limit as a bound, such as <1e-10",
        )
        return None
    doubt = ""
    if not entry.low <= value <= entry.high:
        what = (
            f"{_shown(value)} {_unit_shown(entry)}is outside the plausible range of {entry.name}, "
            f"{_shown(entry.low)} to {_shown(entry.high)}"
        )
        if not literature:
            findings.problem(where, what, _likely_unit(exact, entry))
            return None
        doubt = what
        findings.warn(where, f"{what}: recorded as suspect", "check it against the source")
    return Value(value, number.bound, spread, doubt)


def _shown(value: float) -> str:
    return f"{value:.4g}"


def _unit_shown(entry: Property) -> str:
    return "" if entry.unit == "1" else f"{entry.unit} "


def _likely_unit(number: Fraction, entry: Property) -> str:
    """The usual units in which the number would be plausible, as a hint."""
    fitting = []
    for unit in entry.usual_units:
        slope, intercept = conversion(unit, entry.unit)
        if entry.low <= float(number * slope + intercept) <= entry.high:
            fitting.append(f"[{unit}]")
    return f"if the unit is another, write it: {' or '.join(fitting)}" if fitting else "check the number"
