"""The ledger: what was expected of wells, frozen with their plans, against what came."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from scipy.special import log_ndtr

from alloop.campaign.evidence import Evidence, fits
from alloop.planning import MadeSample
from alloop.planning.aims import Constraint, Objective
from alloop.records import MeasurementRow, PredictionRow
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
    def covered(self) -> bool:
        """Whether the value lay in the predicted 90 % interval; a bound, whether it leaves part of it."""
        if self.bound == "below":
            return self.value >= self.expected.low90
        if self.bound == "above":
            return self.value <= self.expected.high90
        return self.expected.low90 <= self.value <= self.expected.high90

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

    @property
    def log_score(self) -> float:
        """Logarithm of the predicted density at the value, on the model's scale; of a bound, of its chance."""
        z = self.z
        if math.isnan(z):
            return math.nan
        if self.bound == "exact":
            return -0.5 * z * z - math.log(self.expected.sd * math.sqrt(2 * math.pi))
        return float(log_ndtr(z if self.bound == "below" else -z))


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
        exact = [row.value for row in rows if row.bound == "exact"]
        value = median(exact) if exact else rows[0].value
        bound = "exact" if exact else rows[0].bound
        entries.append(Entry(expected.plate, expected.well, expected.property, expected, value, bound))
    return entries


def with_surprises(
    made: Sequence[MadeSample],
    evidence: Evidence,
    predictions: Iterable[PredictionRow],
    objectives: Sequence[Objective],
) -> tuple[MadeSample, ...]:
    """The samples with how far a value of an objective lay from what was foretold of it, the farthest counts."""
    wanted = {entry.property for entry in objectives}
    own = [row for row in predictions if row.property in wanted]
    far: dict[str, float] = {}
    for entry in compare(evidence, own, objectives):
        sample = evidence.sample_of_well[entry.plate, entry.well].id
        far[sample] = max(far.get(sample, 0.0), entry.surprise)
    return tuple(replace(one, surprise=far.get(one.sample, 0.0)) for one in made)


def score_by_plate(entries: Iterable[Entry]) -> Mapping[str, Mapping[str, Score]]:
    """The score of every property by the plate it was foretold for: property -> plate -> score, plates in order."""
    by_plate: dict[str, list[Entry]] = {}
    for entry in entries:
        by_plate.setdefault(entry.plate, []).append(entry)
    found: dict[str, dict[str, Score]] = {}
    for plate in sorted(by_plate):
        for name, own in score(by_plate[plate]).items():
            found.setdefault(name, {})[plate] = own
    return found


def score(entries: Iterable[Entry]) -> Mapping[str, Score]:
    """The score of every property that has one, by name."""
    by_property: dict[str, list[Entry]] = {}
    for entry in entries:
        by_property.setdefault(entry.name, []).append(entry)
    found = {}
    for name in sorted(by_property):
        own = by_property[name]
        logs = [value for entry in own if not math.isnan(value := entry.log_score)]
        covered = sum(entry.covered for entry in own) / len(own)
        found[name] = Score(len(own), covered, sum(logs) / len(logs) if logs else math.nan)
    return found
