"""`demo`: a whole campaign against the synthetic laboratory, beside one that picks its plates at random."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import alloop
from alloop.arrays import BoolArray, FloatArray
from alloop.campaign.closed_loop import run_rounds, synthetic_laboratory
from alloop.campaign.evidence import gather
from alloop.campaign.facade import Campaign
from alloop.campaign.home import EMBEDDED
from alloop.campaign.planned_candidates import candidates_of
from alloop.campaign.planning_round import Progress, Strategy
from alloop.campaign.report import write_report
from alloop.campaign_file import CampaignFile, load_campaign
from alloop.errors import StateError
from alloop.lab import SyntheticLaboratory
from alloop.planning.aims import Objective
from alloop.planning.goals import Yardstick, hypervolume, make_yardstick, passing_range, to_model_scale
from alloop.surrogate import observations

_SEED_STEP = 1000
"""Seeds of the plans of one demo lie this far from those of the next."""


@dataclass(frozen=True)
class Standing:
    """How far a campaign is in truth: hits, hypervolume, and the best true value of each objective."""

    hits: int
    hypervolume: float
    best: Mapping[str, float]


@dataclass(frozen=True)
class Point:
    """Both campaigns after a plate; `measured` is the number of samples made so far."""

    plate: int
    measured: int
    alloop: Standing
    random: Standing


@dataclass(frozen=True)
class Demo:
    """What the demo did: its learning curve, where its records are, and what to open next (path, what it is)."""

    title: str
    campaign: str
    seed: int
    objectives: tuple[str, ...]
    curve: tuple[Point, ...]
    home: Path
    open_next: tuple[tuple[Path, str], ...]

    def as_json(self) -> dict[str, Any]:
        """The document of `demo --json`."""
        return {
            "campaign": self.campaign,
            "seed": self.seed,
            "curve": list(self.curve),
            "home": self.home,
            "open_next": [{"file": path, "what": what} for path, what in self.open_next],
        }


@dataclass(frozen=True)
class _Made:
    """What a campaign made, plate by plate, and what its samples are in truth."""

    plates: tuple[str, ...]
    plate_of: tuple[str, ...]
    formed: BoolArray
    truth: Mapping[str, FloatArray]


def bundled_campaign(name: str) -> Path:
    """The file of a campaign that comes with alloop, by its name (`halide-spinel`); a path to a file is itself.

    Raises:
        StateError: when there is none of that name, listing those there are.
    """
    if name.endswith((".yaml", ".yml")) and Path(name).is_file():
        return Path(name)
    package = Path(alloop.__file__).parent
    folder = next(
        (one for one in (package / "campaigns", package.parents[1] / "campaigns") if one.is_dir()), package
    )
    files = sorted(folder.glob("*.yaml"))
    for path in files:
        if name.removesuffix(".yaml").replace("_", "-") == path.stem.replace("_", "-"):
            return path
    known = ", ".join(path.stem.replace("_", "-") for path in files)
    raise StateError("no campaign of that name comes with alloop", f"there are {known}", name)


def run_demo(folder: Path, name: str, rounds: int, seed: int, progress: Progress) -> Demo:
    """Run both campaigns in a fresh folder and compare them by the laboratory's hidden truth.

    Args:
        folder: must not exist, or be empty.
        name: of a campaign that comes with alloop, or a campaign file.
        rounds: how many plates each campaign makes.
        seed: of the laboratory and the plans; the same for both campaigns.
        progress: told in words what is going on.

    Raises:
        StateError: when the folder is in use.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StateError("the folder is in use", "name a fresh one: alloop demo DIR", str(folder))
    source = bundled_campaign(name)
    file = _copy(source, folder)
    campaigns: dict[Strategy, Campaign] = {}
    made: dict[Strategy, _Made] = {}
    strategies: tuple[Strategy, ...] = ("random", "alloop")
    for strategy in strategies:
        home = folder / ("records" if strategy == "alloop" else "records-random")
        campaign = Campaign.open(file, home=home, by="demo", database_url=EMBEDDED)
        laboratory = synthetic_laboratory(campaign, seed)
        run_rounds(
            campaign,
            laboratory,
            rounds,
            folder / ("results" if strategy == "alloop" else "results-random"),
            by="demo",
            seed=seed * _SEED_STEP,
            strategy=strategy,
            progress=lambda text, who=strategy: progress(f"{who}: {text}"),  # type: ignore[misc]
        )
        campaigns[strategy], made[strategy] = campaign, _made(campaign, laboratory)
    own = campaigns["alloop"]
    curve = _curve(own.file, made["alloop"], made["random"])
    table = folder / "learning_curve.csv"
    objectives = tuple(aim.property for aim in own.file.objectives)
    _write_curve(table, curve, objectives)
    report = write_report(own.desk, folder / "report.html", comparison=_comparison(curve))
    last = own.desk.folder(made["alloop"].plates[-1])
    return Demo(
        title=own.file.title,
        campaign=own.name,
        seed=seed,
        objectives=objectives,
        curve=curve,
        home=folder / "records",
        open_next=(
            (report, "the campaign at a glance"),
            (last / "plan.html", "the last plate as proposed, with a reason for each well"),
            (last / "sheet.html", "its synthesis sheet for the bench"),
            (folder / "results" / f"{last.name}.csv", "what the laboratory sent back"),
            (table, "the table above"),
        ),
    )


def _copy(source: Path, folder: Path) -> Path:
    """The campaign file with the tables it names, in the demo's folder."""
    campaign = load_campaign(source)
    folder.mkdir(parents=True, exist_ok=True)
    for path in campaign.literature:
        target = folder / path.relative_to(campaign.base)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return Path(shutil.copyfile(source, folder / source.name))


def _made(campaign: Campaign, laboratory: SyntheticLaboratory) -> _Made:
    with campaign.records.reading() as reader:
        evidence = gather(reader, campaign.name)
    candidates = candidates_of(evidence.wells, campaign.space)
    samples = [evidence.sample_of_well[well.plate, well.well] for well in evidence.wells]
    formed = np.array([evidence.outcome[sample.id] == "formed" for sample in samples])
    plates = tuple(plate.id for plate in evidence.plates)
    return _Made(plates, tuple(well.plate for well in evidence.wells), formed, laboratory.truth(candidates))


def _curve(file: CampaignFile, own: _Made, other: _Made) -> tuple[Point, ...]:
    data = {}
    for aim in file.objectives:
        values = np.concatenate([_scaled(aim, one.truth[aim.property]) for one in (own, other)])
        data[aim.property] = observations(np.zeros((len(values), 0)), values)
    yardstick = make_yardstick(file.objectives, data)
    points = []
    for number in range(1, len(own.plates) + 1):
        measured = sum(plate in own.plates[:number] for plate in own.plate_of)
        standings = [_standing(file, one, yardstick, one.plates[:number]) for one in (own, other)]
        points.append(Point(number, measured, *standings))
    return tuple(points)


def _standing(file: CampaignFile, made: _Made, yardstick: Yardstick, plates: Sequence[str]) -> Standing:
    """How far a campaign is after some plates, by the true values of what it made."""
    passing = made.formed & np.array([plate in plates for plate in made.plate_of])
    for constraint in file.constraints:
        low, high = passing_range(constraint)
        values = made.truth[constraint.property]
        scaled = np.log10(values) if constraint.scale == "log10" else values
        passing &= (scaled >= low) & (scaled <= high)
    hitting = passing.copy()
    best = {}
    columns = []
    for aim in file.objectives:
        scaled, way = _scaled(aim, made.truth[aim.property]), 1.0 if aim.goal == "maximize" else -1.0
        columns.append(scaled)
        if aim.target is not None:
            hitting &= way * scaled >= way * to_model_scale(aim.target, aim.scale)
        if passing.any():
            top = int(np.argmax(np.where(passing, way * scaled, -np.inf)))
            best[aim.property] = float(made.truth[aim.property][top])
    goodness = yardstick.goodness(np.stack(columns, axis=-1))[passing]
    goodness = goodness[(goodness > 0).all(axis=1)]
    has_targets = any(aim.target is not None for aim in file.objectives)
    return Standing(int(hitting.sum()) if has_targets else 0, hypervolume(goodness), best)


def _scaled(aim: Objective, values: FloatArray) -> FloatArray:
    scaled: FloatArray = np.log10(values) if aim.scale == "log10" else values
    return scaled


def _write_curve(path: Path, curve: Sequence[Point], objectives: Sequence[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        best = [f"best_{name}_{who}" for name in objectives for who in ("alloop", "random")]
        writer.writerow(
            [
                "plate",
                "samples",
                "hits_alloop",
                "hits_random",
                "hypervolume_alloop",
                "hypervolume_random",
                *best,
            ]
        )
        for point in curve:
            pair = (point.alloop, point.random)
            values = [one.best.get(name, "") for name in objectives for one in pair]
            writer.writerow(
                [
                    point.plate,
                    point.measured,
                    *(p.hits for p in pair),
                    *(p.hypervolume for p in pair),
                    *values,
                ]
            )


def _comparison(curve: Sequence[Point]) -> dict[str, dict[str, list[float]]]:
    """The curves for the report: quantity -> strategy -> a value per plate."""
    return {
        "hits": {"alloop": [p.alloop.hits for p in curve], "random": [p.random.hits for p in curve]},
        "hypervolume": {
            "alloop": [p.alloop.hypervolume for p in curve],
            "random": [p.random.hypervolume for p in curve],
        },
    }
