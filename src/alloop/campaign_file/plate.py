"""The plate: its wells, their roles, the controls and what a laboratory can weigh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alloop.campaign_file.models import ControlsModel, PlateModel
from alloop.campaign_file.process import level_text
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.charge import ERROR, WARN, charge_excess
from alloop.chemistry.formula import Amounts, parse_formula
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

    `min_distance` is the smallest difference between two candidates on a plate, as the largest difference of
    an element's atomic fraction (0 to 1). Rules that are None do not bind.
    """

    rows: int = 8
    columns: int = 8
    controls: Controls | None = None
    replicates: int = 3
    random: int = 3
    max_precursors: int | None = None
    max_wells_per_dopant: int | None = None
    min_distance: float = 0.0
    sample_mass_g: float = 0.5
    balance_resolution_mg: float = 0.1
    min_portion_mg: float = 2.0

    @property
    def wells(self) -> int:
        """How many wells a plate has."""
        return self.rows * self.columns


def read_plate(report: Report, settings: Sequence[Setting]) -> PlateLayout:
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
    reserved = model.replicates + model.random + (controls.count if controls else 0)
    if reserved > model.rows * model.columns:
        what = f"{reserved} wells are reserved, the plate has {model.rows * model.columns}"
        report.say(PLATE, what, "lower controls.count, replicates or random")
    sample_mg = 1000 * model.sample_mass_g
    if model.balance_resolution_mg * 10 > sample_mg:
        what = (
            f"a balance that shows {model.balance_resolution_mg:g} mg cannot weigh {sample_mg:g} mg samples"
        )
        report.say((*PLATE, "balance_resolution_mg"), what, "check sample_mass_g and the resolution")
    return PlateLayout(
        model.rows, model.columns, controls, model.replicates, model.random, model.max_precursors,
        model.max_wells_per_dopant, model.min_distance, model.sample_mass_g, model.balance_resolution_mg,
        model.min_portion_mg,
    )  # fmt: skip


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
