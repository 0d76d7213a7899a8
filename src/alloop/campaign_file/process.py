"""Process settings: read, checked against each other and the shelf, and built."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from alloop.campaign_file.fields import number_text
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.space_models import SettingModel
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.shelf import Shelf
from alloop.properties import get_property
from alloop.space.process import Setting
from alloop.space.types import Level
from alloop.units import convert

PROCESS: Path = ("space", "process")
PRECURSORS: Path = ("precursors",)


def level_text(level: Level) -> str:
    """A level as the file writes it."""
    return number_text(level) if isinstance(level, Fraction) else "none" if level is None else level


def read_settings(
    report: Report, shelf: Shelf | None, columns: Collection[str] | None = None
) -> tuple[Setting, ...]:
    """The settings of the file.

    In a pool, `columns` are the settings whose column is named: their levels stand in its table, as
    do those of any other setting without levels.
    """
    entries = report.items(SettingModel, PROCESS)
    by_name: dict[str, SettingModel] = {}
    for path, model in entries:
        if model.name in by_name:
            report.say(
                (*path, "name"), f"a second setting is called {model.name!r}", "give each its own name"
            )
        by_name[model.name] = model
    for path, model in entries:
        _check_levels(report, path, model, columns)
        _check_relation(report, path, model)
        _check_conditions(report, path, model, by_name)
        _check_excess(report, path, model, shelf)
    _check_circles(report, entries, by_name)
    return tuple(_build(model) for _, model in entries)


def _build(model: SettingModel) -> Setting:
    return Setting(
        name=model.name,
        unit=model.unit or "",
        levels=model.levels or (),
        shared_by=model.shared_by,
        unless=tuple(model.unless.items()),
        relative_to=model.relative_to,
        excess_of=model.excess_of,
    )


def _check_levels(report: Report, path: Path, model: SettingModel, columns: Collection[str] | None) -> None:
    if model.levels is None:
        if columns is None:
            report.say(path, f"{model.name} has no levels", "list them, such as 'levels: [300, 400]'")
        return
    place = (*path, "levels")
    if model.name in (columns or ()):
        report.say(place, f"the levels of {model.name} stand in the pool's table", "leave levels out")
    if len(set(model.levels)) < len(model.levels):
        report.say(place, f"a level of {model.name} is listed twice", "keep each level once")
    kinds = {type(level) for level in model.levels if level is not None}
    if len(kinds) > 1:
        what = f"the levels of {model.name} mix numbers and names"
        report.say(place, what, "use only numbers or only names, and none")
    if str in kinds and (model.relative_to or model.excess_of):
        report.say(place, f"{model.name} needs numbers as levels", "an offset or an excess is a number")
    if model.excess_of and any(isinstance(level, Fraction) and level < 0 for level in model.levels):
        report.say(place, "an excess cannot be negative", "write 0.1 for 10 % more")


def _check_relation(report: Report, path: Path, model: SettingModel) -> None:
    if model.relative_to is None:
        return
    if model.shared_by != "well":
        what = f"{model.name} is relative to a property of each well but shared by the {model.shared_by}"
        report.say((*path, "shared_by"), what, "write 'shared_by: well'")
    if get_property(model.relative_to).computed:
        what = f"{model.relative_to} is computed, not measured"
        report.say((*path, "relative_to"), what, "name a measured property")
    if model.unit is None:
        report.say(path, f"{model.name} has no unit", f"give the unit of its offset to {model.relative_to}")
        return
    with report.catching((*path, "unit")):
        convert(1.0, model.unit, get_property(model.relative_to).unit)


def _check_conditions(
    report: Report, path: Path, model: SettingModel, by_name: dict[str, SettingModel]
) -> None:
    for name, level in model.unless.items():
        place = (*path, "unless", name)
        other = by_name.get(name)
        if name == model.name:
            report.say(place, f"{name} cannot depend on itself", "name another setting")
        elif other is None:
            if report.clean(PROCESS) or not _named(report, name):
                others = [entry for entry in by_name if entry != model.name]
                report.say(place, f"there is no setting {name!r}", nearest(name, others), key=True)
        elif other.levels is not None and level not in other.levels:
            known = ", ".join(level_text(entry) for entry in other.levels)
            report.say(place, f"{level_text(level)} is no level of {name}", f"use one of {known}")


def _named(report: Report, name: str) -> bool:
    """Whether an entry that could not be read bears this name."""
    entries = report.at(PROCESS)
    return isinstance(entries, list) and any(
        isinstance(entry, dict) and entry.get("name") == name for entry in entries
    )


def _check_excess(report: Report, path: Path, model: SettingModel, shelf: Shelf | None) -> None:
    if model.excess_of is None or not report.clean(PRECURSORS):
        return
    place = (*path, "excess_of")
    if shelf is None:
        report.say(place, f"{model.excess_of} is not on the shelf", "list it under precursors")
        return
    formulas = [entry.formula for entry in shelf.precursors]
    if model.excess_of not in formulas:
        report.say(place, f"{model.excess_of} is no precursor", nearest(model.excess_of, formulas))


def _check_circles(
    report: Report, entries: list[tuple[Path, SettingModel]], by_name: dict[str, SettingModel]
) -> None:
    """Note settings whose conditions lead back to themselves."""
    for path, model in entries:
        reached: set[str] = set()
        ahead = [name for name in model.unless if name != model.name]
        while ahead:
            name = ahead.pop()
            if name == model.name:
                what = f"the condition of {name} leads back to itself"
                report.say((*path, "unless"), what, "break the circle")
                break
            if name not in reached and name in by_name:
                reached.add(name)
                ahead += by_name[name].unless


def check_observed(report: Report, settings: Collection[Setting], modelled: Collection[str]) -> None:
    """Warn of settings that are offsets from a property which nobody says is measured."""
    for setting in settings:
        if setting.relative_to is not None and setting.relative_to not in modelled:
            what = f"{setting.name} is an offset from {setting.relative_to}, which is not observed"
            report.warn(PROCESS, what, f"add {setting.relative_to} to observe")
