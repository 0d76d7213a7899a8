"""The sections that refine an aim: what `map` is to learn, what counts as a hit, in what a gain is told."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Any

from alloop.campaign_file.models import HitsModel, MapModel
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.yaml_reader import Path
from alloop.errors import PropertyError
from alloop.planning.aims import FEASIBILITY, Constraint, MapGoal, Objective
from alloop.properties import get_property
from alloop.units import convert

MAP: Path = ("map",)
HITS: Path = ("hits",)
BEST_SHARE = 0.1


def read_best_share(report: Report, objectives: tuple[Objective, ...]) -> float:
    """The share of the space that counts as the best where no target is stated."""
    model = report.section(HitsModel, HITS) if report.has(HITS) else None
    if model is None or model.fraction is None:
        return BEST_SHARE
    if not 0 < model.fraction <= Fraction(1, 2):
        report.say(
            (*HITS, "fraction"), f"{float(model.fraction):g} is no share of the best", "write such as 0.05"
        )
        return BEST_SHARE
    if any(entry.target is not None for entry in objectives):
        report.warn((*HITS, "fraction"), "targets are stated", "a hit meets them; the fraction is not used")
    return float(model.fraction)


def read_map(
    report: Report,
    aims: tuple[Objective | Constraint, ...],
    observe: tuple[str, ...],
    names: Collection[str],
    has_map: bool,
) -> MapGoal | None:
    """What `map` is to learn; None where the file does not say.

    Args:
        report: of the file.
        aims: objectives and constraints.
        observe: properties that are observed.
        names: species, end members or elements and settings with numbers, which a region may bound.
        has_map: whether `map` has a weight in `aim`.
    """
    if not report.has(MAP):
        return None
    model = report.section(MapModel, MAP)
    if model is None:
        return None
    if not has_map:
        report.say(
            MAP, "'map' is no part of the aim", "give it a weight, such as aim: {front: 0.5, map: 0.5}"
        )
    where = _region(report, model.where, names)
    name = _property(report, model.property, aims, observe)
    boundary: float | None = None
    if model.boundary is not None:
        place = (*MAP, "boundary")
        if name is None:
            if model.property is None:
                report.say(
                    place, "a boundary needs a property", "add 'property: …', or 'property: feasibility'"
                )
        elif name == FEASIBILITY:
            report.say(place, "feasibility has no level", "remove the boundary: it is whether a sample forms")
        else:
            known = get_property(name)
            with report.catching(place):
                boundary = convert(float(model.boundary), model.unit or known.unit, known.unit)
                scale = next((aim.scale for aim in aims if aim.property == name), known.scale)
                if not known.low <= boundary <= known.high or (scale == "log10" and boundary <= 0):
                    what = f"{float(model.boundary):g} is outside what {name} can be ({known.low:g} to {known.high:g})"
                    report.say(place, what, f"write it in {model.unit or known.unit}")
    return MapGoal(name, boundary, where)


def _property(
    report: Report, name: str | None, aims: tuple[Objective | Constraint, ...], observe: tuple[str, ...]
) -> str | None:
    if name is None or name == FEASIBILITY:
        return name
    place = (*MAP, "property")
    try:
        known = get_property(name)
    except PropertyError as error:
        report.say(place, error.problems[0].what, error.problems[0].mend)
        return None
    if known.name not in {*observe, *(aim.property for aim in aims)}:
        report.say(
            place, f"{known.name} is not measured in this campaign", f"add it: observe: [{known.name}]"
        )
    if known.computed:
        report.say(place, f"{known.name} follows from the composition", "map a property that is measured")
    return known.name


def _region(report: Report, where: dict[str, Any], names: Collection[str]) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for name, bounds in where.items():
        place = (*MAP, "where", name)
        if names and name not in names:
            report.say(place, f"the space has no {name}", nearest(name, sorted(names)))
        elif len(bounds) != 2 or bounds[0] > bounds[1]:
            report.say(place, "a region needs its lowest and highest value", "write such as [0.1, 0.4]")
        else:
            found[name] = (float(bounds[0]), float(bounds[1]))
    return found


__all__ = ["read_best_share", "read_map"]
