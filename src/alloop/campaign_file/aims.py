"""Objectives, constraints and observed properties: read, checked and put into canonical units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from alloop.campaign_file.checks import check_some_bound
from alloop.campaign_file.models import ConstraintModel, ObjectiveModel
from alloop.campaign_file.report import Report
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.shelf import Shelf
from alloop.planning.aims import Constraint, Objective
from alloop.properties import Property, get_property, is_fraction
from alloop.scales import Scale
from alloop.units import convert

OBJECTIVES: Path = ("objectives",)
CONSTRAINTS: Path = ("constraints",)
PRECURSORS: Path = ("precursors",)


def read_objectives(report: Report, shelf: Shelf | None) -> tuple[Objective, ...]:
    """The objectives with reference and target in canonical units; what is wrong is noted."""
    if report.at(OBJECTIVES) in (None, []):
        report.say(OBJECTIVES, "there is no objective", "add one with property, goal and reference")
        return ()
    entries = report.items(ObjectiveModel, OBJECTIVES)
    written = report.at(OBJECTIVES)
    several = isinstance(written, list) and len(written) > 1
    found: list[Objective] = []
    for path, model in entries:
        reader = _AimReader(report, path, get_property(model.property), model)
        reference, target = reader.value("reference", model.reference), reader.value("target", model.target)
        if several and model.reference is None:
            report.say(
                path,
                f"{model.property} has no reference",
                "add 'reference: …', the worst value still acceptable: the hypervolume is measured from it",
            )
        if reference is not None and target is not None:
            better = target > reference if model.goal == "maximize" else target < reference
            if not better:
                what = f"the target {target:g} is no better than the reference {reference:g}"
                report.say((*path, "target"), what, f"the goal is to {model.goal}")
        if any(entry.property == model.property for entry in found):
            report.say((*path, "property"), f"{model.property} is an objective twice", "keep one of them")
        reader.check_cost(shelf)
        conditions = reader.conditions()
        found.append(
            Objective(
                model.property,
                model.goal,
                reader.scale,
                reader.known.unit,
                reference,
                target,
                conditions.temperature_C,
                conditions.kind,
            )
        )
    return tuple(found)


def read_constraints(
    report: Report, shelf: Shelf | None, objectives: Sequence[Objective]
) -> tuple[Constraint, ...]:
    """The constraints with their bounds in canonical units; what is wrong is noted."""
    found: list[Constraint] = []
    scales = {objective.property: objective.scale for objective in objectives}
    for path, model in report.items(ConstraintModel, CONSTRAINTS):
        scale = scales.get(model.property)
        reader = _AimReader(report, path, get_property(model.property), model, scale)
        check_some_bound(report, path, model.min, model.max)
        low, high = reader.value("min", model.min), reader.value("max", model.max)
        if any(entry.property == model.property for entry in found):
            what = f"{model.property} is constrained twice"
            report.say((*path, "property"), what, "give min and max in one entry")
        reader.check_cost(shelf)
        conditions = reader.conditions()
        found.append(
            Constraint(
                model.property,
                low,
                high,
                reader.scale,
                reader.known.unit,
                conditions.temperature_C,
                conditions.kind,
            )
        )
    return tuple(found)


def read_observed(
    report: Report,
    names: tuple[str, ...],
    objectives: tuple[Objective, ...],
    constraints: tuple[Constraint, ...],
) -> tuple[str, ...]:
    """The properties that are modelled but not aimed at, without those that are aimed at anyway."""
    for index, name in enumerate(names):
        if get_property(name).computed:
            what = f"{name} follows from the composition and is not measured"
            report.say(("observe", index), what, "remove it")
    aimed = {entry.property for entry in objectives} | {entry.property for entry in constraints}
    return tuple(name for name in dict.fromkeys(names) if name not in aimed)


@dataclass(frozen=True)
class _Conditions:
    temperature_C: float | None
    kind: str | None


class _AimReader:
    """What an objective and a constraint share: unit, scale, conditions and plausible values."""

    def __init__(
        self,
        report: Report,
        path: Path,
        known: Property,
        model: ObjectiveModel | ConstraintModel,
        aimed_at: Scale | None = None,
    ) -> None:
        self.report, self.path, self.known, self.model = report, path, known, model
        self.unit = model.unit or known.unit
        # people count fractions that they aim at in percent; limits and what is observed are believed by their odds
        usual: Scale = (
            "linear" if known.scale == "logit" and isinstance(model, ObjectiveModel) else known.scale
        )
        self.scale: Scale = model.scale or aimed_at or usual
        if aimed_at is not None and self.scale != aimed_at:
            what = f"{known.name} is an objective with scale {aimed_at}, and a property has one model"
            report.say((*path, "scale"), what, f"write scale: {aimed_at}")
        if self.scale == "logit" and not is_fraction(known.name):
            report.say((*path, "scale"), f"{known.name} is no fraction", "use linear or log10")
        self.readable = True
        if model.unit is not None:
            with report.catching((*path, "unit")):
                convert(1.0, model.unit, known.unit)
            self.readable = report.clean((*path, "unit"))

    def value(
        self, name: Literal["reference", "target", "min", "max"], given: Fraction | None
    ) -> float | None:
        """The number in the canonical unit; None where none is given or it cannot be believed."""
        if given is None or not self.readable:
            return None
        value = convert(float(given), self.unit, self.known.unit)
        if self.scale == "log10" and value <= 0:
            exponent = float(given)
            mend = f"write the value itself, such as {10.0**exponent:.1e}" if exponent > -30 else ""
            self._say(name, f"{float(given):g} has no logarithm, and the scale is log10", mend)
            return None
        if not self.known.low <= value <= self.known.high:
            low, high = self.known.low, self.known.high
            shown = f"{float(given):g}" + (f" {self.unit}" if self.unit != "1" else "")
            what = f"{shown} is outside what {self.known.name} can be ({low:g} to {high:g})"
            if self.scale == "log10":
                mend = f"write it in {self.unit}, not as a logarithm"
            elif self.known.unit == self.unit == "1" and 1 < given <= 100:
                mend = f"write {float(given / 100):g} for {float(given):g} %"
            else:
                mend = "check the unit"
            self._say(name, what, mend)
            return None
        return value

    def _say(self, name: str, what: str, mend: str) -> None:
        self.report.say((*self.path, name), what, mend)

    def conditions(self) -> _Conditions:
        """Temperature and kind, where the property depends on them."""
        temperature, kind = self.model.temperature_C, self.model.kind
        if kind is not None and "kind" not in self.known.conditions:
            self._say("kind", f"{self.known.name} has no kinds", "remove the key")
        if temperature is not None:
            if not -273.15 < temperature < 3000 or math.isnan(temperature):
                self._say("temperature_C", f"{temperature:g} °C is no temperature", "write it in °C")
            elif "temperature_C" not in self.known.conditions:
                what = f"{self.known.name} is kept without a temperature"
                self.report.warn((*self.path, "temperature_C"), what, "the value is not used")
                temperature = None
        return _Conditions(temperature, kind)

    def check_cost(self, shelf: Shelf | None) -> None:
        """A cost needs the price of every precursor."""
        if self.known.name != "cost" or not self.report.clean(PRECURSORS):
            return
        if shelf is None:
            self._say("property", "cost follows from precursors, and none are listed", "add precursors")
            return
        unpriced = [entry.formula for entry in shelf.precursors if entry.price_per_g is None]
        if unpriced:
            what = f"cost needs a price for {', '.join(unpriced)}"
            self._say("property", what, "add price_per_g to them")
