"""How far a campaign is: the best values, the hypervolume and the hits after each plate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import numpy as np

from alloop.arrays import FloatArray
from alloop.campaign.evidence import Evidence, aims_of, fits
from alloop.campaign_file import CampaignFile
from alloop.chemistry import Shelf
from alloop.planning.aims import Constraint, Objective
from alloop.planning.computed import computed_values
from alloop.planning.goals import hypervolume, make_yardstick, passing_range
from alloop.properties import get_property
from alloop.records import DROPPED_STATES, MeasurementRow, ShortValue
from alloop.scales import from_model_scale, model_value, to_model_scale
from alloop.surrogate import observations


@dataclass(frozen=True)
class Best:
    """The best value of an objective among the laboratory's samples that meet the constraints, as far as measured."""

    value: float
    unit: str
    sample: str
    formula: str


@dataclass(frozen=True)
class Progress:
    """The course of a campaign; `hypervolume` and `hits` have a number per plate that was not dropped, cumulated.

    The hypervolume is that of goodness (0 at the reference, 1 at the target, per objective). `hits` counts
    samples that meet every stated target and constraint; it is empty when the campaign states no target.
    """

    plates: tuple[str, ...]
    best: Mapping[str, Best]
    hypervolume: tuple[float, ...]
    hits: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """What a campaign has reached sample by sample, from which its course is told.

    `plates` are those that were not dropped, in order; `plate_of` names every sample's plate, samples in order of
    plate and well; `formed` are those that formed, in the same order; `values` are by property and sample, on the
    scale of the aim at it.
    """

    plates: tuple[str, ...]
    plate_of: Mapping[str, str]
    formed: tuple[str, ...]
    values: Mapping[str, Mapping[str, float]]


def progress_of(file: CampaignFile, evidence: Evidence) -> Progress:
    """The course of the campaign as its believed values tell it."""
    return course_of(file, standing_of(file, evidence), lambda name: evidence.sample_by_id[name].formula)


def standing_of(file: CampaignFile, evidence: Evidence) -> Standing:
    """What the campaign has reached as its believed values tell it."""
    return Standing(
        plates=tuple(plate.id for plate in evidence.plates if plate.state not in DROPPED_STATES),
        plate_of={sample.id: sample.plate for sample in evidence.samples},
        formed=tuple(sample.id for sample in evidence.samples if evidence.outcome[sample.id] == "formed"),
        values={aim.property: sample_values(evidence, aim, file.shelf) for aim in reversed(aims_of(file))},
    )


def course_of(file: CampaignFile, standing: Standing, formula_of: Callable[[str], str]) -> Progress:
    """The course of a campaign; `formula_of` is asked for the formulas of the best samples."""
    values, passing = standing.values, passing_samples(file, standing)
    best = {}
    for aim in file.objectives:
        way = 1.0 if aim.goal == "maximize" else -1.0
        own = [(way * values[aim.property][name], name) for name in passing if name in values[aim.property]]
        if own:
            top, name = max(own)
            value = float(
                f"{from_model_scale(way * top, aim.scale):.12g}"
            )  # without the noise of log and power
            best[aim.property] = Best(value, aim.unit, name, formula_of(name))
    volumes, hits = _course(file, standing, passing)
    return Progress(standing.plates, best, volumes, hits)


def sample_values(
    evidence: Evidence, aim: Objective | Constraint, shelf: Shelf | None = None
) -> dict[str, float]:
    """What was measured of a property, by sample, on the model's scale; of repeats the median.

    A property that follows from the composition has a value for every sample that formed; `cost` needs the `shelf`.
    """
    if get_property(aim.property).computed:
        formed = {s.id: s.elements for s in evidence.samples if evidence.outcome[s.id] == "formed"}
        return computed_of(formed, aim, shelf)
    return measured_of((r for r in evidence.counted if r.property == aim.property and fits(r, aim)), aim)


def measured_of(rows: Iterable[MeasurementRow | ShortValue], aim: Objective | Constraint) -> dict[str, float]:
    """The values of an aim by sample, on the model's scale, of rows that fit it; of repeats the median.

    A bound counts where it says enough: an objective to maximise is at least its lower bound.
    """
    good_bound = "below" if isinstance(aim, Objective) and aim.goal == "minimize" else "above"
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.sample is None or (isinstance(aim, Objective) and row.bound not in ("exact", good_bound)):
            continue
        value = model_value(row.value, aim.scale)
        if value is not None:
            found.setdefault(row.sample, []).append(value)
    return {name: own[0] if len(own) == 1 else median(own) for name, own in found.items()}


def computed_of(
    formed: Mapping[str, Mapping[str, Fraction]], aim: Objective | Constraint, shelf: Shelf | None
) -> dict[str, float]:
    """The values of a property that follows from the compositions of samples, on the model's scale."""
    elements = sorted({element for own in formed.values() for element in own})
    amounts = [[float(own.get(element, 0)) for element in elements] for own in formed.values()]
    values = computed_values(aim.property, np.array(amounts).reshape(len(formed), -1), elements, shelf)
    pairs = zip(formed, values.tolist(), strict=True)
    scaled = ((name, model_value(value, aim.scale)) for name, value in pairs if np.isfinite(value))
    return {name: value for name, value in scaled if value is not None}


def passing_samples(file: CampaignFile, standing: Standing) -> list[str]:
    """The samples that formed and meet every constraint as far as measured."""
    limits = [(*passing_range(limit), standing.values[limit.property]) for limit in file.constraints]
    # What was not measured counts as met.
    return [
        name
        for name in standing.formed
        if all(low <= own[name] <= high for low, high, own in limits if name in own)
    ]


def _course(
    file: CampaignFile, standing: Standing, passing: list[str]
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    values = standing.values
    data = {
        aim.property: observations(np.zeros((len(own), 0)), np.array(list(own.values())))
        for aim in file.objectives
        if (own := values[aim.property])
    }
    yardstick = make_yardstick(file.objectives, data)
    names = [aim.property for aim in yardstick.objectives]
    complete = [name for name in passing if names and all(name in values[one] for one in names)]
    targets = [
        (1.0 if aim.goal == "maximize" else -1.0, to_model_scale(aim.target, aim.scale), values[aim.property])
        for aim in file.objectives
        if aim.target is not None
    ]
    meeting = passing if targets else []
    for way, goal, own in targets:
        meeting = [name for name in meeting if name in own and way * own[name] >= way * goal]
    hitting = Counter(standing.plate_of[name] for name in meeting)
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(complete):
        rows_of.setdefault(standing.plate_of[name], []).append(row)
    points = np.array([[values[one][name] for one in names] for name in complete])
    good = np.maximum(yardstick.goodness(points), 0.0) if complete else points
    front, volume, count = np.zeros((0, len(names))), 0.0, 0
    volumes, hits = [], []
    for plate in standing.plates:
        made = good[rows_of.get(plate, [])]
        made = made[(made > 0).all(axis=1)] if len(made) else made
        if len(made) and not all(_is_beaten(point, front) for point in made):
            front = _front(np.concatenate([front, made]))
            volume = hypervolume(front)
        count += hitting[plate]
        volumes.append(volume)
        hits.append(count)
    return tuple(volumes), tuple(hits) if targets else ()


def _is_beaten(point: FloatArray, front: FloatArray) -> bool:
    """Whether some point is at least as good in everything and better in something."""
    return bool(((front >= point).all(axis=1) & (front > point).any(axis=1)).any())


def _front(points: FloatArray) -> FloatArray:
    """The points that no other one beats, in their order."""
    return points[[not _is_beaten(point, points) for point in points]]
