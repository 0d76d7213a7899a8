"""From records to what the models learn from: values, limits and failures with features, one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.campaign.evidence import Evidence, fits, is_confirmed
from alloop.planning.aims import Constraint, Objective
from alloop.records import MeasurementRow, StatusRow, encode_settings
from alloop.scales import model_value
from alloop.space import FeatureMap, Level
from alloop.space.types import write_recipe
from alloop.surrogate import ABOVE, BELOW, EXACT, Observations

_BOUNDS = {"exact": EXACT, "below": BELOW, "above": ABOVE}
_STATUS_BOUNDS = {"not_formed": BELOW, "cracked": BELOW, "ok": ABOVE, "shorted": ABOVE}
_LABORATORY, _ELSEWHERE = 0, 1


@dataclass(frozen=True)
class Learned:
    """What a plan learns from.

    `values` holds the observations per property, `formed` those of what forms (None while nothing failed),
    `measured` (n, d) the features of every composition with a result. `unused` says per property how many
    values were measured under other conditions than those aimed at. `rows` are the records behind the rows of
    `values`; `confirmed` (n,) says which of them a person has vouched for. `identities` name the
    rows of `measured`, and `subjects` say to which of them a record belongs.
    """

    values: Mapping[str, Observations]
    formed: Observations | None
    measured: FloatArray
    unused: Mapping[str, int]
    subjects: Subjects
    rows: Mapping[str, tuple[MeasurementRow, ...]] = field(default_factory=dict)
    identities: tuple[str, ...] = ()

    @property
    def confirmed(self) -> Mapping[str, BoolArray]:
        """Which rows of `values` a person has vouched for, by property."""
        return {name: np.array([is_confirmed(row) for row in rows]) for name, rows in self.rows.items()}


@dataclass(frozen=True)
class _Subject:
    """What a row is about: composition and settings as made, the plate or publication, the recipe."""

    elements: Mapping[str, Fraction]
    settings: Mapping[str, Level]
    group: str
    recipe: str
    source: int

    @cached_property
    def identity(self) -> str:
        """Equal for rows with the same features."""
        amounts = sorted((name, str(amount)) for name, amount in self.elements.items())
        return f"{amounts}{encode_settings(self.settings)}"


class Subjects:
    """What records are about; each sample is looked at once."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._of_sample: dict[str, _Subject] = {}

    def identity(self, row: MeasurementRow | StatusRow) -> str:
        """The name of the row of :attr:`Learned.measured` that a record belongs to."""
        return self.of(row).identity

    def of(self, row: MeasurementRow | StatusRow) -> _Subject:
        """What a record is about."""
        sample = self._evidence.sample_by_id.get(row.sample) if row.sample else None
        if sample is None:
            recipe = recipe_key(row.elements, row.settings)
            source = row.source if isinstance(row, MeasurementRow) else None
            group = f"{row.origin} {source}" if source else ""
            return _Subject(row.elements, row.settings, group, recipe, _ELSEWHERE)
        if sample.id not in self._of_sample:
            planned = self._evidence.well_of_sample[sample.id].recipe_key
            is_planned = planned and self._evidence.is_as_planned(sample)
            recipe = planned if is_planned else recipe_key(sample.elements, sample.settings)
            group = f"plate {sample.plate}"
            self._of_sample[sample.id] = _Subject(
                sample.elements, sample.settings, group, recipe, _LABORATORY
            )
        return self._of_sample[sample.id]


@dataclass
class _Rows:
    """Rows on their way to arrays."""

    subjects: list[_Subject] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    bounds: list[int] = field(default_factory=list)

    def add(self, subject: _Subject, value: float, bound: int) -> None:
        """Append one row."""
        self.subjects.append(subject)
        self.values.append(value)
        self.bounds.append(bound)


def learn_from(evidence: Evidence, aims: Sequence[Objective | Constraint], features: FeatureMap) -> Learned:
    """The observations of every aimed-at property, of failures, and the features of what was measured.

    Args:
        evidence: the campaign's records.
        aims: objectives and constraints; of several for one property the first names the conditions.
        features: of the campaign's space.
    """
    used, unused = believed_values(evidence, aims)
    about = Subjects(evidence)
    rows: dict[str, _Rows] = {}
    for row, value in used:
        rows.setdefault(row.property, _Rows()).add(about.of(row), value, _BOUNDS[row.bound])
    formed = _formation(evidence, about)
    tables = [*rows.values(), *([formed] if formed else [])]
    subjects = {subject.identity: subject for table in tables for subject in table.subjects}
    order = {identity: index for index, identity in enumerate(sorted(subjects))}
    matrix = features.of_compositions(
        [subjects[identity].elements for identity in order],
        [subjects[identity].settings for identity in order],
    )
    return Learned(
        values={name: _observations(rows[name], matrix, order) for name in sorted(rows)},
        formed=_observations(formed, matrix, order) if formed and BELOW in formed.bounds else None,
        measured=matrix,
        unused=unused,
        subjects=about,
        rows={name: tuple(row for row, _ in used if row.property == name) for name in sorted(rows)},
        identities=tuple(order),
    )


def believed_values(
    evidence: Evidence, aims: Sequence[Objective | Constraint]
) -> tuple[list[tuple[MeasurementRow, float]], dict[str, int]]:
    """The values that aimed-at properties are learned from, each with itself on the model's scale.

    Also, by property, how many believed values were measured under other conditions than those aimed at (or
    have no logarithm where one is needed).
    """
    by_property: dict[str, Objective | Constraint] = {}
    for aim in aims:
        by_property.setdefault(aim.property, aim)
    used: list[tuple[MeasurementRow, float]] = []
    unused: dict[str, int] = {}
    for row in evidence.counted:
        wanted = by_property.get(row.property)
        if wanted is None:
            continue
        value = model_value(row.value, wanted.scale) if fits(row, wanted) else None
        if value is None:
            unused[row.property] = unused.get(row.property, 0) + 1
        else:
            used.append((row, value))
    return used, unused


def recipe_key(elements: Mapping[str, Fraction], settings: Mapping[str, Level]) -> str:
    """The name of an experiment, as candidates have it."""
    return write_recipe(elements, settings.items())


def _formation(evidence: Evidence, subjects: Subjects) -> _Rows | None:
    """What formed and what did not: every sample whose outcome is known, and the statuses of the own history."""
    rows = _Rows()
    about: dict[str, MeasurementRow | StatusRow] = {row.sample: row for row in evidence.counted if row.sample}
    about |= {row.sample: row for row in evidence.statuses if row.sample}
    for sample in evidence.samples:
        outcome = evidence.outcome[sample.id]
        if outcome in ("formed", "failed"):
            rows.add(subjects.of(about[sample.id]), 0.0, ABOVE if outcome == "formed" else BELOW)
    for status in evidence.statuses:
        if status.sample is None and status.property is None and status.status in _STATUS_BOUNDS:
            rows.add(subjects.of(status), 0.0, _STATUS_BOUNDS[status.status])
    return rows if rows.subjects else None


def _observations(rows: _Rows, matrix: FloatArray, order: Mapping[str, int]) -> Observations:
    def numbered(names: list[str], missing: str | None = None) -> list[int]:
        numbers = {name: index for index, name in enumerate(sorted(set(names) - {missing}))}
        return [numbers.get(name, -1) for name in names]

    return Observations(
        features=matrix[[order[subject.identity] for subject in rows.subjects]],
        values=np.array(rows.values, dtype=float),
        bounds=np.array(rows.bounds, dtype=np.int64),
        groups=np.array(numbered([subject.group for subject in rows.subjects], ""), dtype=np.int64),
        recipes=np.array(numbered([subject.recipe for subject in rows.subjects]), dtype=np.int64),
        sources=np.array([subject.source for subject in rows.subjects], dtype=np.int64),
    )
