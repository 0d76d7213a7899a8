"""Everything the records know that decides the next plan, read in one go; and its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Literal

from alloop.campaign_file import CampaignFile
from alloop.chemistry import atomic_fractions
from alloop.planning.aims import Constraint, Objective
from alloop.properties import get_property
from alloop.records import (
    ExclusionRow,
    MeasurementRow,
    PlateRow,
    Reader,
    SampleRow,
    ShortValue,
    StatusRow,
    VersionRow,
    WellRow,
    encode_amounts,
    encode_settings,
    without_collecting,
)

Outcome = Literal["waiting", "formed", "failed", "gone"]
"""What became of a sample: nothing known yet, a sample, no sample, or nothing that says anything."""

SAME_TEMPERATURE_C = 5.0
"""A value counts for an aim when it was measured within so many degrees of the temperature aimed at."""

SAME_COMPOSITION = 0.005
"""Up to this difference in an element's atomic fraction, what was weighed counts as what was planned."""

_EXACT_QUALIFIERS = (None, "", "point", "approx", "lt", "gt")
_FAILED = ("not_formed", "cracked")
_FORMED = ("ok", "shorted")


@dataclass(frozen=True)
class Evidence:
    """A campaign's records at one moment.

    `measurements` are all that were not superseded, whatever is thought of them; `counted` those that are
    believed and belong to the version of the file that holds now.
    """

    version: VersionRow
    plates: tuple[PlateRow, ...]
    wells: tuple[WellRow, ...]
    samples: tuple[SampleRow, ...]
    measurements: tuple[MeasurementRow, ...]
    statuses: tuple[StatusRow, ...]
    exclusions: tuple[ExclusionRow, ...]
    old_literature: frozenset[int]

    @cached_property
    def counted(self) -> tuple[MeasurementRow, ...]:
        """The values that are believed, in an order that does not depend on when they were recorded."""
        return tuple(row for _, row in self._counted_with_texts)

    @cached_property
    def _counted_with_texts(self) -> tuple[tuple[str, MeasurementRow], ...]:
        """The values that are believed with what each says; made once, since it takes long of many."""
        believed = [row for row in self.measurements if is_believed(row, self.old_literature)]
        said = [(measurement_text(row), row) for row in believed]
        return tuple(sorted(said, key=itemgetter(0)))

    @cached_property
    def sample_by_id(self) -> Mapping[str, SampleRow]:
        """The samples by their names."""
        return {sample.id: sample for sample in self.samples}

    @cached_property
    def sample_of_well(self) -> Mapping[tuple[str, str], SampleRow]:
        """The samples by plate and well."""
        return {(sample.plate, sample.well): sample for sample in self.samples}

    @cached_property
    def well_of_sample(self) -> Mapping[str, WellRow]:
        """What was planned where a sample was made, by the sample's name."""
        wells = {(well.plate, well.well): well for well in self.wells}
        return {sample.id: wells[sample.plate, sample.well] for sample in self.samples}

    @cached_property
    def state_of_plate(self) -> Mapping[str, str]:
        """The states of the plates by name."""
        return {plate.id: plate.state for plate in self.plates}

    @cached_property
    def outcome(self) -> Mapping[str, Outcome]:
        """What became of each sample; a failure goes before values, since a cracked pellet may still have some."""
        return outcomes(
            (sample.id for sample in self.samples),
            {row.sample: row.status for row in self.statuses if row.sample and row.property is None},
            {row.sample for row in self.counted},
        )

    def is_as_planned(self, sample: SampleRow) -> bool:
        """Whether a sample was made as its well was planned, as closely as weighing allows."""
        well = self.well_of_sample[sample.id]
        if dict(sample.settings) != dict(well.settings):
            return False
        if sample.elements == well.elements:
            return True
        made, planned = atomic_fractions(sample.elements), atomic_fractions(well.elements)
        return all(
            abs(made.get(element, 0.0) - planned.get(element, 0.0)) <= SAME_COMPOSITION
            for element in sorted(made.keys() | planned.keys())
        )

    @cached_property
    def data_hash(self) -> str:
        """A hash of all that decides a plan: the file, what was measured and made, plates and exclusions.

        Who recorded it, when, and in which order or database does not enter.
        """
        content = {
            "file": self.version.sha256,
            "tables": sorted(self.version.files.values()),
            "space": self.version.space_hash,
            "measurements": [text for text, _ in self._counted_with_texts],
            "confirmed": [text for text, row in self._counted_with_texts if is_confirmed(row)],
            "outcomes": sorted(self.outcome.items()),
            "samples": sorted(map(_sample_text, self.samples)),
            "plates": [[plate.id, plate.state] for plate in self.plates],
            "wells": [[well.plate, well.well, well.role, well.key] for well in self.wells],
            "exclusions": sorted([row.kind, row.target] for row in self.exclusions),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def gather(reader: Reader, campaign: str, plates: Sequence[str] | None = None) -> Evidence:
    """Read a campaign's records; call it within one transaction.

    Of some `plates` only, where given: their wells, samples, values and statuses, and no literature.
    """
    with without_collecting():
        return _gather(reader, campaign, plates)


def _gather(reader: Reader, campaign: str, plates: Sequence[str] | None) -> Evidence:
    versions = reader.versions(campaign)
    version = versions[-1]
    shared: dict[str, Any] = {
        "version": version,
        "plates": tuple(reader.plates(campaign)),
        "exclusions": tuple(reader.exclusions(campaign)),
    }
    if plates is not None:
        return Evidence(
            **shared,
            wells=tuple(well for plate in plates for well in reader.wells(plate)),
            samples=tuple(sample for plate in plates for sample in reader.samples(campaign, plate)),
            measurements=tuple(reader.measurements(campaign, plates=plates)),
            statuses=tuple(reader.statuses(campaign, plates)),
            old_literature=frozenset(),
        )
    return Evidence(
        **shared,
        wells=tuple(reader.campaign_wells(campaign)),
        samples=tuple(reader.samples(campaign)),
        measurements=tuple(reader.measurements(campaign)),
        statuses=tuple(reader.statuses(campaign)),
        old_literature=old_literature(reader, campaign, versions),
    )


def old_literature(reader: Reader, campaign: str, versions: Sequence[VersionRow]) -> frozenset[int]:
    """The uploads of literature tables that the newest version of a campaign's file no longer names."""
    named = {sha256 for one in versions for sha256 in one.files.values()}
    dropped = named - set(versions[-1].files.values())
    if not dropped:
        return frozenset()
    return frozenset(
        upload.id
        for upload in reader.uploads(campaign)
        if upload.origin == "literature" and any(file.sha256 in dropped for file in upload.files)
    )


def outcomes(
    samples: Iterable[str], latest: Mapping[str, str], measured: Collection[str | None]
) -> dict[str, Outcome]:
    """What became of each of some samples, from the latest status of those that have one and the measured ones."""
    found: dict[str, Outcome] = {}
    for sample in samples:
        status = latest.get(sample)
        if status in _FAILED:
            found[sample] = "failed"
        elif status in _FORMED or sample in measured:
            found[sample] = "formed"
        else:
            found[sample] = "waiting" if status is None else "gone"
    return found


def aims_of(file: CampaignFile) -> tuple[Objective | Constraint, ...]:
    """Objectives and constraints; of several for one property the first names the conditions."""
    return (*file.objectives, *file.constraints)


def modelled_in(file: CampaignFile) -> tuple[Objective | Constraint, ...]:
    """Everything with a model: objectives, constraints and what is only observed."""
    return (*aims_of(file), *observed_in(file))


def observed_in(file: CampaignFile) -> tuple[Constraint, ...]:
    """The properties that a campaign only observes, as constraints without a bound at any condition."""
    known = [get_property(name) for name in file.observe]
    return tuple(Constraint(p.name, None, None, p.scale, p.unit) for p in known if not p.computed)


def fits(row: MeasurementRow | ShortValue, aim: Objective | Constraint) -> bool:
    """Whether a value of the aim's property was measured under the conditions that are aimed at.

    The temperature may differ by up to :data:`SAME_TEMPERATURE_C`; one that is not stated does not fit where
    one is aimed at. A kind that is not stated passes for `total`: it is what most publications give.
    """
    known = get_property(aim.property)
    goal = aim.temperature_C if "temperature_C" in known.conditions else None
    if goal is not None and (row.temperature_C is None or abs(row.temperature_C - goal) > SAME_TEMPERATURE_C):
        return False
    if aim.kind is None or row.kind == aim.kind:
        return True
    return aim.kind == "total" and row.kind in (None, "", "unspecified")


def is_believed(row: MeasurementRow | ShortValue, old_literature: Collection[int]) -> bool:
    """Whether a value counts: not doubted, and of literature only what is exact and named by the newest file."""
    return (
        row.doubt == "ok"
        and row.upload_id not in old_literature
        and (row.origin != "literature" or row.qualifier in _EXACT_QUALIFIERS)
    )


def is_confirmed(row: MeasurementRow | ShortValue) -> bool:
    """Whether a person has said that a value is right (`trust`): it is then never suspected."""
    return row.doubt == "ok" and bool(row.doubt_why)


def measurement_text(row: MeasurementRow) -> str:
    """What a value says, whoever recorded it and when: for hashes and orders."""
    subject = [
        row.sample,
        row.origin,
        encode_amounts(row.elements),
        encode_settings(row.settings),
        row.source,
    ]
    return json.dumps([*subject, row.property, row.value, row.bound, row.temperature_C, row.kind])


def _sample_text(row: SampleRow) -> str:
    return json.dumps([row.id, encode_amounts(row.elements), encode_settings(row.settings)])
