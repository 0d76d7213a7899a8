"""The small sections: target phase, pellet, aim, stopping and literature."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from alloop.campaign_file.models import AimModel, PelletModel, StoppingModel, TargetPhaseModel
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.yaml_reader import Path
from alloop.planning.aims import Objective

AIM_OF_SEVERAL: Mapping[str, float] = MappingProxyType({"front": 0.3, "hits": 0.7})
AIM_OF_ONE: Mapping[str, float] = MappingProxyType({"hits": 1.0})


@dataclass(frozen=True)
class TargetPhase:
    """What diffraction should show: one of the named phases (references in a folder), or no crystal."""

    names: tuple[str, ...]
    references: pathlib.Path | None
    amorphous: bool


@dataclass(frozen=True)
class Pellet:
    """The usual geometry of the pellets; a value in an upload goes before it."""

    diameter_mm: float | None
    area_cm2: float
    thickness_mm: float | None


@dataclass(frozen=True)
class Stopping:
    """When to stop: after so many plates, or when the next is expected to add less than `min_gain`.

    `min_gain` is the expected gain of the next plate: relative to the hypervolume, with `gain_unit` "objective" in
    the only objective's own unit (decades on log10), with "hits" the number of new samples that meet all targets. With
    the aim `map` alone it is the share that goes off the doubt. None does not bind.
    """

    max_plates: int | None = None
    min_gain: float | None = None
    gain_unit: Literal["relative", "objective", "hits"] = "relative"


def read_target_phase(report: Report, base: pathlib.Path) -> TargetPhase | None:
    """The target phase; None where the file names none."""
    place: Path = ("target_phase",)
    if not report.has(place):
        return None
    model = report.section(TargetPhaseModel, place)
    if model is None:
        return None
    if bool(model.names) == model.amorphous:
        what = "the target is both named and amorphous" if model.names else "no target phase is named"
        report.say(place, what, "give either names: [...] or amorphous: true")
    references = None if model.references is None else base / model.references
    if references is not None and not references.is_dir():
        what = f"there is no folder {model.references}"
        report.warn((*place, "references"), what, "diffraction patterns need its structures")
    return TargetPhase(model.names or (), references, model.amorphous)


def read_pellet(report: Report) -> Pellet | None:
    """The pellet's geometry; None where the file does not give it."""
    place: Path = ("pellet",)
    if not report.has(place):
        return None
    model = report.section(PelletModel, place)
    if model is None:
        return None
    if (model.diameter_mm is None) == (model.area_cm2 is None):
        both = model.diameter_mm is not None
        what = "diameter_mm and area_cm2 are both given" if both else "the pellet has no size"
        report.say(place, what, "give one of diameter_mm and area_cm2")
        return None
    if model.diameter_mm is not None:
        area_cm2 = math.pi * (model.diameter_mm / 20) ** 2
    else:
        assert model.area_cm2 is not None
        area_cm2 = model.area_cm2
    return Pellet(model.diameter_mm, area_cm2, model.thickness_mm)


def read_aim(report: Report, n_objectives: int) -> Mapping[str, float]:
    """The weights of `front`, `hits`, `best` and `map`, scaled to sum to 1; those that are zero are left out."""
    place: Path = ("aim",)
    usual = AIM_OF_ONE if n_objectives == 1 else AIM_OF_SEVERAL
    if not report.has(place):
        return usual
    model = report.section(AimModel, place)
    if model is None:
        return usual
    weights = {name: weight for name, weight in model.model_dump().items() if weight > 0}
    if not weights:
        if report.clean(place):
            report.say(place, "no weight is above 0", "write such as {front: 0.5, hits: 0.5}")
        return usual
    total = sum(weights.values())
    return MappingProxyType({name: weight / total for name, weight in weights.items()})


def read_stopping(report: Report, objectives: Sequence[Objective], aim: Mapping[str, float]) -> Stopping:
    """When the campaign ends; without the section nothing binds."""
    place: Path = ("stopping",)
    model = report.section(StoppingModel, place) if report.has(place) else None
    if model is None:
        return Stopping()
    unit = (*place, "gain_unit")
    if model.gain_unit == "objective" and len(objectives) > 1:
        report.say(unit, "several objectives have no unit in common", "leave it out, or write 'hits'")
    if model.gain_unit == "hits" and all(one.target is None for one in objectives):
        report.say(unit, "no objective has a target, so nothing is a hit", "add targets, or leave it out")
    if model.gain_unit != "relative" and set(aim) == {"map"}:
        report.warn(unit, "a plate that only maps is told by the doubt it takes away", "leave it out")
    return Stopping(model.max_plates, model.min_gain, model.gain_unit)


def find_literature(
    report: Report, names: tuple[str, ...], base: pathlib.Path, must_exist: bool
) -> tuple[pathlib.Path, ...]:
    """The literature tables' paths; a missing one is a problem where they must exist."""
    paths = []
    for index, name in enumerate(names):
        path = base / name
        if must_exist and not path.is_file():
            place: Path = (
                ("literature", index) if isinstance(report.at(("literature",)), list) else ("literature",)
            )
            report.say(place, f"there is no file {name}", suggest_file(path, base))
        if path in paths:
            report.say(("literature",), f"{name} is listed twice", "keep it once")
        paths.append(path)
    return tuple(paths)


def suggest_file(path: pathlib.Path, base: pathlib.Path) -> str:
    """A hint for a path that does not exist: a similar name in its folder, or where it was looked for."""
    folder = path.parent
    tables = sorted(entry.name for entry in folder.iterdir() if entry.is_file()) if folder.is_dir() else []
    hint = nearest(path.name, tables) if tables else ""
    return (
        hint
        if hint.startswith("did you mean")
        else f"paths are relative to the campaign file's folder, {base}"
    )
