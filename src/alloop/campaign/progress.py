"""How far a campaign is: the best values, the hypervolume and the hits after each plate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from alloop.campaign.evidence import Evidence, aims_of, fits
from alloop.campaign_file import CampaignFile
from alloop.chemistry import Shelf
from alloop.planning.aims import Constraint, Objective
from alloop.planning.computed import computed_values
from alloop.planning.goals import hypervolume, make_yardstick, passing_range
from alloop.properties import get_property
from alloop.records import DROPPED_STATES
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


def progress_of(file: CampaignFile, evidence: Evidence) -> Progress:
    """The course of the campaign as its believed values tell it."""
    plates = [plate.id for plate in evidence.plates if plate.state not in DROPPED_STATES]
    values = {aim.property: sample_values(evidence, aim, file.shelf) for aim in reversed(aims_of(file))}
    passing = passing_samples(file, evidence, values)
    best = {}
    for aim in file.objectives:
        way = 1.0 if aim.goal == "maximize" else -1.0
        own = [(way * values[aim.property][name], name) for name in passing if name in values[aim.property]]
        if own:
            top, name = max(own)
            value = float(
                f"{from_model_scale(way * top, aim.scale):.12g}"
            )  # without the noise of log and power
            best[aim.property] = Best(value, aim.unit, name, evidence.sample_by_id[name].formula)
    volumes, hits = _course(file, evidence, plates, values, passing)
    return Progress(tuple(plates), best, volumes, hits)


def sample_values(
    evidence: Evidence, aim: Objective | Constraint, shelf: Shelf | None = None
) -> dict[str, float]:
    """What was measured of a property, by sample, on the model's scale; of repeats the median.

    A property that follows from the composition has a value for every sample that formed; `cost` needs the `shelf`.

    A bound counts where it says enough: an objective to maximise is at least its lower bound.
    """
    if get_property(aim.property).computed:
        return _computed(evidence, aim, shelf)
    good_bound = "below" if isinstance(aim, Objective) and aim.goal == "minimize" else "above"
    found: dict[str, list[float]] = {}
    for row in evidence.counted:
        if row.sample is None or row.property != aim.property or not fits(row, aim):
            continue
        if isinstance(aim, Objective) and row.bound not in ("exact", good_bound):
            continue
        value = model_value(row.value, aim.scale)
        if value is not None:
            found.setdefault(row.sample, []).append(value)
    return {name: median(own) for name, own in found.items()}


def _computed(evidence: Evidence, aim: Objective | Constraint, shelf: Shelf | None) -> dict[str, float]:
    formed = [sample for sample in evidence.samples if evidence.outcome[sample.id] == "formed"]
    elements = sorted({element for sample in formed for element in sample.elements})
    amounts = [[float(sample.elements.get(element, 0)) for element in elements] for sample in formed]
    values = computed_values(aim.property, np.array(amounts).reshape(len(formed), -1), elements, shelf)
    pairs = ((sample.id, value) for sample, value in zip(formed, values.tolist(), strict=True))
    scaled = ((name, model_value(value, aim.scale)) for name, value in pairs if np.isfinite(value))
    return {name: value for name, value in scaled if value is not None}


def passing_samples(
    file: CampaignFile, evidence: Evidence, values: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """The samples that formed and meet every constraint as far as measured; `values` by property and sample."""
    return [
        sample.id
        for sample in evidence.samples
        if evidence.outcome[sample.id] == "formed"
        and all(_passes(limit, values[limit.property].get(sample.id)) for limit in file.constraints)
    ]


def _passes(constraint: Constraint, value: float | None) -> bool:
    """Whether a value meets a constraint; what was not measured counts as met."""
    low, high = passing_range(constraint)
    return value is None or low <= value <= high


def _course(
    file: CampaignFile,
    evidence: Evidence,
    plates: list[str],
    values: Mapping[str, Mapping[str, float]],
    passing: list[str],
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    data = {
        aim.property: observations(np.zeros((len(own), 0)), np.array(list(own.values())))
        for aim in file.objectives
        if (own := values[aim.property])
    }
    yardstick = make_yardstick(file.objectives, data)
    names = [aim.property for aim in yardstick.objectives]
    complete = [name for name in passing if names and all(name in values[one] for one in names)]
    targets = [aim for aim in file.objectives if aim.target is not None]
    hitting = {name for name in passing if targets and all(_hits(aim, values, name) for aim in targets)}
    volumes, hits = [], []
    for count in range(1, len(plates) + 1):
        until = set(plates[:count])
        made = [name for name in complete if evidence.sample_by_id[name].plate in until]
        points = np.array([[values[one][name] for one in names] for name in made])
        good = np.maximum(yardstick.goodness(points), 0.0) if made else points
        good = good[(good > 0).all(axis=1)] if len(good) else good
        volumes.append(hypervolume(good) if len(good) else 0.0)
        hits.append(sum(evidence.sample_by_id[name].plate in until for name in hitting))
    return tuple(volumes), tuple(hits) if targets else ()


def _hits(aim: Objective, values: Mapping[str, Mapping[str, float]], name: str) -> bool:
    value = values[aim.property].get(name)
    if value is None or aim.target is None:
        return False
    goal = to_model_scale(aim.target, aim.scale)
    return value >= goal if aim.goal == "maximize" else value <= goal
