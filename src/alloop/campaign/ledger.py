"""The ledger: what was expected of wells, frozen with their plans, against what came."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from alloop.arrays import FloatArray
from alloop.campaign.evidence import Evidence, fits
from alloop.planning import MadeSample
from alloop.planning.aims import Constraint, Objective
from alloop.records import MeasurementRow, PredictionRow, ShortValue, SnapshotRow
from alloop.scales import model_value


@dataclass(frozen=True)
class Entry:
    """One prediction that can be compared: canonical unit, with the value that came and its bound."""

    plate: str
    well: str
    name: str
    expected: PredictionRow
    value: float
    bound: str

    @property
    def z(self) -> float:
        """How far the value lay from its prediction, in predicted standard deviations; nan where nobody can tell."""
        scale = self.expected.scale
        value, centre = model_value(self.value, scale), model_value(self.expected.median, scale)
        if value is None or centre is None or self.expected.sd <= 0:
            return math.nan
        return (value - centre) / self.expected.sd

    @property
    def surprise(self) -> float:
        """|z|; of a bound that leaves the prediction room, and where nobody can tell, 0."""
        z = self.z
        leaves_room = (self.bound == "below" and z > 0) or (self.bound == "above" and z < 0)
        return 0.0 if math.isnan(z) or leaves_room else abs(z)


@dataclass(frozen=True)
class Score:
    """How well a property was foretold: `n` values, the share inside their 90 % intervals, the mean log score."""

    n: int
    coverage90: float
    log_score: float


def compare(
    evidence: Evidence, predictions: Iterable[PredictionRow], aims: Sequence[Objective | Constraint]
) -> list[Entry]:
    """Every frozen prediction whose value has come; of repeats on one sample the median counts."""
    by_property: dict[str, Objective | Constraint] = {}
    for aim in aims:
        by_property.setdefault(aim.property, aim)
    came: dict[tuple[str, str], list[MeasurementRow]] = {}
    for row in evidence.counted:
        wanted = by_property.get(row.property)
        if row.sample and wanted is not None and fits(row, wanted):
            came.setdefault((row.sample, row.property), []).append(row)
    # A well that was swapped while nothing was modelled has no prediction of its own.
    modelled = {(well.plate, well.well) for well in evidence.wells if well.p_feasible is not None}
    entries = []
    for expected in predictions:
        sample = evidence.sample_of_well.get((expected.plate, expected.well))
        rows = came.get((sample.id, expected.property), []) if sample else []
        if (expected.plate, expected.well) not in modelled or not rows:
            continue
        value, bound = settled(rows)
        entries.append(Entry(expected.plate, expected.well, expected.property, expected, value, bound))
    return entries


def foretold(entries: Iterable[Entry], snapshots: Iterable[SnapshotRow]) -> dict[str, list[FloatArray]]:
    """By property and plate, how far exact values lay from their prediction, in the model's own standard deviations.

    Args:
        entries: the ledger, in the order of its plates.
        snapshots: of the plans, oldest first: they say by what the model's own standard deviations were multiplied.
    """
    factors = {
        (one.plate, name): factor
        for one in snapshots
        for name, factor in interval_factors(one.content).items()
    }
    found: dict[str, dict[str, list[float]]] = {}
    for entry in entries:
        far = entry.z * factors.get((entry.plate, entry.name), 1.0)
        if entry.bound == "exact" and math.isfinite(far):
            found.setdefault(entry.name, {}).setdefault(entry.plate, []).append(far)
    return {name: [np.array(plate) for plate in plates.values()] for name, plates in found.items()}


def interval_factors(content: Mapping[str, Any]) -> dict[str, float]:
    """By property, by what a plan multiplied the model's own standard deviations.

    Args:
        content: of plan.json, or of the snapshot that was taken with it.
    """
    return {
        name: float(report["interval_factor"])
        for name, report in content.get("models", {}).items()
        if report.get("interval_factor") is not None
    }


def with_surprises(
    made: Sequence[MadeSample],
    evidence: Evidence,
    entries: Iterable[Entry],
    objectives: Sequence[Objective],
) -> tuple[MadeSample, ...]:
    """The samples with how far a value of an objective lay from what was foretold of it, the farthest counts."""
    wanted = {entry.property for entry in objectives}
    far: dict[str, float] = {}
    for entry in entries:
        if entry.name not in wanted:
            continue
        sample = evidence.sample_of_well[entry.plate, entry.well].id
        far[sample] = max(far.get(sample, 0.0), entry.surprise)
    return tuple(replace(one, surprise=far.get(one.sample, 0.0)) for one in made)


def settled(rows: Sequence[MeasurementRow | ShortValue]) -> tuple[float, str]:
    """What several values of a property of one sample amount to, with its bound: the median of the exact ones."""
    if len(rows) == 1:
        return rows[0].value, rows[0].bound
    exact = [row.value for row in rows if row.bound == "exact"]
    if exact:
        return median(exact), "exact"
    return min((row.value, row.bound) for row in rows)


@dataclass(frozen=True)
class Comparison:
    """Frozen predictions beside the values that came, as columns; `n` of each, in canonical units.

    `names` and `plates` are the property and the plate of each; `scale` is "log10" or "linear".
    """

    names: Sequence[str]
    plates: Sequence[str]
    scale: Sequence[str]
    median: Sequence[float]
    low90: Sequence[float]
    high90: Sequence[float]
    sd: Sequence[float]
    value: Sequence[float]
    bound: Sequence[str]


def comparison_of(entries: Sequence[Entry]) -> Comparison:
    """Entries as columns."""
    return Comparison(
        names=[entry.name for entry in entries],
        plates=[entry.plate for entry in entries],
        scale=[entry.expected.scale for entry in entries],
        median=[entry.expected.median for entry in entries],
        low90=[entry.expected.low90 for entry in entries],
        high90=[entry.expected.high90 for entry in entries],
        sd=[entry.expected.sd for entry in entries],
        value=[entry.value for entry in entries],
        bound=[entry.bound for entry in entries],
    )


def score_by_plate(found: Comparison) -> Mapping[str, Mapping[str, Score]]:
    """The score of every property by the plate it was foretold for: property -> plate -> score, plates in order."""
    names, plates = sorted(set(found.names)), sorted(set(found.plates))
    place, width = {plate: number for number, plate in enumerate(plates)}, len(plates)
    row = {name: number * width for number, name in enumerate(names)}
    groups = [row[name] + place[plate] for name, plate in zip(found.names, found.plates, strict=True)]
    scores = _scores(found, groups, len(names) * width)
    return {
        name: {plate: own for plate in plates if (own := scores[row[name] + place[plate]]).n}
        for name in names
    }


def score(found: Comparison) -> Mapping[str, Score]:
    """The score of every property that has one, by name."""
    names = sorted(set(found.names))
    place = {name: number for number, name in enumerate(names)}
    scores = _scores(found, [place[name] for name in found.names], len(names))
    return dict(zip(names, scores, strict=True))


def _scores(found: Comparison, groups: Sequence[int], count: int) -> list[Score]:
    """The scores of `count` groups; a value's coverage is whether it lay in the predicted 90 % interval.

    A bound is covered when it leaves part of the interval. The log score is the logarithm of the predicted density
    at the value, on the model's scale, and of a bound that of its chance; where nobody can tell there is none.
    """
    group = np.array(groups, dtype=np.intp)
    value, centre, sd = (np.array(one, dtype=float) for one in (found.value, found.median, found.sd))
    low, high = np.array(found.low90, dtype=float), np.array(found.high90, dtype=float)
    bound = np.array(found.bound, dtype=np.str_)
    is_log = np.array(found.scale, dtype=np.str_) == "log10"
    below, above = bound == "below", bound == "above"
    covered = (below | (value <= high)) & (above | (value >= low))
    with np.errstate(divide="ignore", invalid="ignore"):
        value, centre = (np.where(is_log, np.log10(one), one) for one in (value, centre))
        z = np.where(sd > 0, (value - centre) / sd, np.nan)
        logs = -0.5 * z * z - np.log(sd * math.sqrt(2 * math.pi))
    known = np.isfinite(z)
    if (below | above).any():
        from scipy.special import log_ndtr

        logs = np.where(below | above, log_ndtr(np.where(below, z, -z)), logs)
    n = np.bincount(group, minlength=count)
    inside = np.bincount(group, weights=covered, minlength=count)
    told = np.bincount(group[known], minlength=count)
    total = np.bincount(group[known], weights=logs[known], minlength=count)
    return [
        Score(
            int(n[one]),
            float(inside[one] / n[one]) if n[one] else math.nan,
            float(total[one] / told[one]) if told[one] else math.nan,
        )
        for one in range(count)
    ]
