"""The plate: its wells, their roles, the controls and what a laboratory can weigh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alloop.campaign_file.models import ControlsModel, PlateModel
from alloop.campaign_file.places import all_wells, read_blocks, read_skipped, read_stations
from alloop.campaign_file.process import level_text
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.charge import ERROR, WARN, charge_excess
from alloop.chemistry.formula import Amounts, parse_formula
from alloop.chemistry.shelf import Shelf
from alloop.errors import PrecursorError
from alloop.planning.places import Station, WellBlock, inert_room
from alloop.space.process import Setting
from alloop.space.types import Level

PLATE: Path = ("plate",)
CONTROLS: Path = ("plate", "controls")
PROCESS: Path = ("space", "process")
_OPEN = object()


@dataclass(frozen=True)
class Controls:
    """Wells of one known material on each plate.

    `settings` holds the settings of the well; those shared by the plate or a block are the plate's.
    """

    count: int
    formula: str
    amounts: Amounts
    settings: tuple[tuple[str, Level], ...]


@dataclass(frozen=True)
class PlateLayout:
    """Wells, roles and weighing limits of the campaign's plates.

    `min_distance` is the smallest difference between two wells of a plate with the same settings, as the largest
    difference of an element's atomic fraction (0 to 1). `blocks` hold all wells but those of `skip`, which cannot be
    used; a plate without blocks or stations is not divided. Rules that are None do not bind.
    """

    rows: int = 8
    columns: int = 8
    controls: Controls | None = None
    replicates: int = 3
    random: int = 3
    max_precursors: int | None = None
    max_wells_per_dopant: int | None = None
    min_distance: float = 0.0002
    sample_mass_g: float = 0.5
    balance_resolution_mg: float = 0.1
    min_portion_mg: float = 2.0
    max_wells_per_composition: int | None = None
    blocks: tuple[WellBlock, ...] = ()
    stations: tuple[Station, ...] = ()
    skip: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The wells that can be used, in reading order: A01, A02, …"""
        return tuple(well for well in all_wells(self.rows, self.columns) if well not in self.skip)

    @property
    def wells(self) -> int:
        """How many wells of a plate can be used."""
        return len(self.labels)


def weighing_error(balance_resolution_mg: float, sample_mass_g: float) -> float:
    """The difference in atomic fraction below which a balance cannot tell two wells apart, to the order of magnitude.

    Two portions that differ by less than its smallest step may come out as the same mass. That step, as a share of
    the sample's mass, is about the share of the atoms that it moves, since powders and product hold similar numbers
    of atoms per gram.
    """
    return balance_resolution_mg / (1000.0 * sample_mass_g)


def read_plate(report: Report, settings: Sequence[Setting], shelf: Shelf | None = None) -> PlateLayout:
    """The plate of the file, or the usual 8 by 8 wells without controls."""
    model = report.section(PlateModel, PLATE) if report.has(PLATE) else PlateModel()
    controls = _read_controls(report, settings)
    if controls is None and report.clean(PLATE):
        report.warn(
            CONTROLS if report.has(CONTROLS) else PLATE,
            "no controls are declared, so offsets between plates cannot be told from the settings they share",
            "add plate.controls with count and formula",
        )
    if model is None:
        return PlateLayout()
    skipped = read_skipped(report, model)
    usable = model.rows * model.columns - len(skipped)
    reserved = model.replicates + model.random + (controls.count if controls else 0)
    if reserved > usable:
        what = f"{reserved} wells are reserved, the plate has {usable}"
        report.say(PLATE, what, "lower controls.count, replicates or random")
    sample_mg = 1000 * model.sample_mass_g
    if model.balance_resolution_mg * 10 > sample_mg:
        what = (
            f"a balance that shows {model.balance_resolution_mg:g} mg cannot weigh {sample_mg:g} mg samples"
        )
        report.say((*PLATE, "balance_resolution_mg"), what, "check sample_mass_g and the resolution")
    error = weighing_error(model.balance_resolution_mg, model.sample_mass_g)
    if model.min_distance is not None and model.min_distance < error:
        what = f"wells that differ by {model.min_distance:g} are not told apart by the balance ({error:.2g})"
        report.warn((*PLATE, "min_distance"), what, "leave it out, or weigh larger samples")
    if model.min_distance is not None and model.min_distance > 1:
        what = "compositions differ by atomic fractions, which never exceed 1"
        report.say((*PLATE, "min_distance"), what, "write such as 0.005")
    stations = read_stations(report, usable, shelf)
    if controls is not None and shelf is not None:
        _check_controls_weighed(report, model, controls, stations, shelf)
    return PlateLayout(
        rows=model.rows,
        columns=model.columns,
        controls=controls,
        replicates=model.replicates,
        random=model.random,
        max_precursors=model.max_precursors,
        max_wells_per_dopant=model.max_wells_per_dopant,
        min_distance=error if model.min_distance is None else model.min_distance,
        sample_mass_g=model.sample_mass_g,
        balance_resolution_mg=model.balance_resolution_mg,
        min_portion_mg=model.min_portion_mg,
        max_wells_per_composition=model.max_wells_per_composition,
        blocks=read_blocks(report, model, skipped, settings),
        stations=stations,
        skip=skipped,
    )


def _check_controls_weighed(
    report: Report, model: PlateModel, controls: Controls, stations: Sequence[Station], shelf: Shelf
) -> None:
    """Note controls that alone break a rule of the plate."""
    try:
        used = shelf.solve(controls.amounts)
    except PrecursorError:
        return  # said where the controls are looked up in the space
    if model.max_precursors is not None and len(used) > model.max_precursors:
        what = f"the controls alone need {len(used)} precursors ({', '.join(used)})"
        report.say((*PLATE, "max_precursors"), what, f"raise it to {len(used)} or more")
    sensitive = [entry.formula for entry in shelf.precursors if entry.needs_inert and entry.formula in used]
    room = inert_room(stations)
    if stations and sensitive and controls.count > room:
        what = f"{controls.count} controls hold {sensitive[0]}, and the inert stations make {room} wells"
        report.say(CONTROLS, what, "lower controls.count, or raise the wells of an inert station")


def _read_controls(report: Report, settings: Sequence[Setting]) -> Controls | None:
    if not report.has(CONTROLS):
        return None
    model = report.section(ControlsModel, CONTROLS)
    if model is None:
        return None
    amounts = parse_formula(model.formula)
    excess = charge_excess(amounts)
    if abs(excess) > ERROR:
        what = f"{model.formula} is not neutral: {excess:+.2f} e per formula unit are left over"
        report.say((*CONTROLS, "formula"), what, "check its amounts")
    elif abs(excess) > WARN:
        report.warn((*CONTROLS, "formula"), f"{model.formula} is off neutrality by {excess:+.3f} e")
    chosen = dict(model.process)
    if report.clean(PROCESS):
        _check_settings(report, chosen, settings)
        for setting in _own_settings(chosen, settings):
            if len(setting.levels) == 1:
                chosen.setdefault(setting.name, setting.levels[0])
    order = [setting.name for setting in settings]
    known = sorted((name for name in chosen if name in order), key=order.index)
    return Controls(model.count, model.formula, amounts, tuple((name, chosen[name]) for name in known))


def _check_settings(report: Report, chosen: dict[str, Level], settings: Sequence[Setting]) -> None:
    by_name = {setting.name: setting for setting in settings}
    for name, level in chosen.items():
        place = (*CONTROLS, "process", name)
        setting = by_name.get(name)
        if setting is None:
            report.say(place, f"there is no setting {name!r}", nearest(name, by_name), key=True)
        elif setting.shared_by != "well":
            what = f"{name} is shared by the {setting.shared_by}: controls have the same as all other wells"
            report.say(place, what, "remove it here", key=True)
        elif setting.levels and level not in setting.levels:
            known = ", ".join(level_text(entry) for entry in setting.levels)
            report.say(place, f"{level_text(level)} is no level of {name}", f"use one of {known}")
    for setting in _own_settings(chosen, settings):
        if len(setting.levels) > 1 and setting.name not in chosen:
            example = level_text(setting.levels[0])
            what = f"the controls do not say their {setting.name}"
            report.say(CONTROLS, what, f"add 'process: {{{setting.name}: {example}}}'")


def _own_settings(chosen: dict[str, Level], settings: Sequence[Setting]) -> list[Setting]:
    """The settings that the control wells have for themselves, on some plate at least."""
    by_name = {setting.name: setting for setting in settings}

    def applies(setting: Setting) -> bool:
        return all(
            name in by_name and applies(by_name[name]) and chosen.get(name, _OPEN) != level
            for name, level in setting.unless
        )

    return [setting for setting in settings if setting.shared_by == "well" and applies(setting)]
