"""A campaign's records in the few columns that its status is told from, however many values there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from alloop.campaign.evidence import (
    Outcome,
    aims_of,
    fits,
    is_believed,
    modelled_in,
    old_literature,
    outcomes,
)
from alloop.campaign.ledger import Comparison, settled
from alloop.campaign.observations import model_value
from alloop.campaign.progress import Standing, computed_of, measured_of
from alloop.campaign_file import CampaignFile
from alloop.properties import get_property
from alloop.records import (
    DROPPED_STATES,
    ExclusionRow,
    PlateProgress,
    Reader,
    ShortPlate,
    ShortPrediction,
    ShortSample,
    ShortStatus,
    ShortValue,
    SnapshotRow,
    VersionRow,
)


@dataclass(frozen=True)
class Overview:
    """A campaign's records at one moment.

    `values` are all that were not superseded, `counted` those that are believed. `elements` are the compositions of
    the samples as made, where the campaign aims at something that follows from them; `settings` are theirs as text,
    and `controls` the wells of controls by plate, where plates share settings.
    """

    file: CampaignFile
    version: VersionRow
    states: tuple[ShortPlate, ...]
    samples: tuple[ShortSample, ...]
    values: tuple[ShortValue, ...]
    counted: tuple[ShortValue, ...]
    statuses: tuple[ShortStatus, ...]
    predictions: tuple[ShortPrediction, ...]
    snapshots: tuple[SnapshotRow, ...]
    exclusions: tuple[ExclusionRow, ...]
    elements: Mapping[str, Mapping[str, Fraction]]
    settings: Mapping[str, str]
    controls: Mapping[str, set[str]]

    @cached_property
    def plate_of(self) -> Mapping[str, str]:
        """Every sample's plate, samples in order of plate and well."""
        return {sample.id: sample.plate for sample in self.samples}

    @cached_property
    def measured(self) -> frozenset[str]:
        """The samples with a value that counts."""
        return frozenset(row.sample for row in self.counted if row.sample is not None)

    @cached_property
    def plates(self) -> tuple[PlateProgress, ...]:
        """How far each plate is."""
        valid = {row.sample for row in self.values if row.sample and row.doubt != "retracted"}
        told = {row.sample for row in self.statuses}
        made: dict[str, int] = {}
        measured: dict[str, int] = {}
        reported: dict[str, int] = {}
        for sample in self.samples:
            plate = sample.plate
            made[plate] = made.get(plate, 0) + 1
            has_value = sample.id in valid
            if has_value:
                measured[plate] = measured.get(plate, 0) + 1
            if has_value or sample.id in told:
                reported[plate] = reported.get(plate, 0) + 1
        return tuple(
            PlateProgress(
                plate=plate.id,
                number=plate.number,
                state=plate.state,
                state_at=plate.state_at,
                wells=plate.wells,
                samples=made.get(plate.id, 0),
                measured=measured.get(plate.id, 0),
                reported=reported.get(plate.id, 0),
            )
            for plate in self.states
        )

    @cached_property
    def fitting(self) -> Mapping[str, list[ShortValue]]:
        """The believed values of everything that is modelled, by property, measured under the conditions aimed at."""
        aims = {aim.property: aim for aim in reversed(modelled_in(self.file))}
        found: dict[str, list[ShortValue]] = {name: [] for name in aims}
        for row in self.counted:
            aim = aims.get(row.property)
            if aim is not None and fits(row, aim):
                found[row.property].append(row)
        return found

    @property
    def used(self) -> Mapping[str, int]:
        """How many values are learned from, by property."""
        aims = {aim.property: aim for aim in reversed(modelled_in(self.file))}
        counts = {
            name: sum(model_value(row.value, aims[name].scale) is not None for row in rows)
            for name, rows in self.fitting.items()
        }
        return {name: count for name, count in sorted(counts.items()) if count}

    @property
    def unused(self) -> Mapping[str, int]:
        """How many believed values are not learned from: other conditions, or no logarithm where one is needed."""
        counts: dict[str, int] = {}
        for row in self.counted:
            if row.property in self.fitting:
                counts[row.property] = counts.get(row.property, 0) + 1
        used = self.used
        left = {name: count - used.get(name, 0) for name, count in sorted(counts.items())}
        return {name: count for name, count in left.items() if count}

    def standing(self, leave_out: Sequence[tuple[str, str, float]] = ()) -> Standing:
        """What the campaign has reached, as if some values (sample, property, value) had not been recorded."""
        gone = set(leave_out)
        kept = {
            name: [row for row in rows if (row.sample, row.property, row.value) not in gone] if gone else rows
            for name, rows in self.fitting.items()
        }
        latest = {row.sample: row.status for row in self.statuses if row.property is None}
        measured = self.measured
        if gone:
            measured = frozenset(
                row.sample
                for row in self.counted
                if row.sample is not None and (row.sample, row.property, row.value) not in gone
            )
        became: Mapping[str, Outcome] = outcomes(self.plate_of, latest, measured)
        formed = tuple(name for name, outcome in became.items() if outcome == "formed")
        values = {
            aim.property: computed_of({name: self.elements[name] for name in formed}, aim, self.file.shelf)
            if get_property(aim.property).computed
            else measured_of(kept[aim.property], aim)
            for aim in reversed(aims_of(self.file))
        }
        plates = tuple(plate.id for plate in self.states if plate.state not in DROPPED_STATES)
        return Standing(plates, self.plate_of, formed, values)

    def comparison(self) -> Comparison:
        """Every frozen prediction whose value has come, beside that value."""
        came: dict[tuple[str, str], list[ShortValue]] = {}
        for name, rows in self.fitting.items():
            for row in rows:
                if row.sample is not None:
                    came.setdefault((row.sample, name), []).append(row)
        found, values = [], []
        for one in self.predictions:
            own = came.pop((one.sample, one.property), None)  # a prediction comes once per value
            if own is not None:
                found.append(one)
                values.append(settled(own))
        return Comparison(
            names=[one.property for one in found],
            plates=[self.plate_of[one.sample] for one in found],
            scale=[one.scale for one in found],
            median=[one.median for one in found],
            low90=[one.low90 for one in found],
            high90=[one.high90 for one in found],
            sd=[one.sd for one in found],
            value=[value for value, _ in values],
            bound=[bound for _, bound in values],
        )


def survey(reader: Reader, campaign: str, file: CampaignFile) -> Overview:
    """Read what a campaign's status needs; call it within one transaction."""
    versions = reader.versions(campaign)
    old = old_literature(reader, campaign, versions)
    values = tuple(reader.short_values(campaign))
    computes = any(get_property(aim.property).computed for aim in aims_of(file))
    shares = any(one.shared_by != "well" and len(one.levels) > 1 for one in file.space.process.settings)
    return Overview(
        file=file,
        version=versions[-1],
        states=tuple(reader.plate_states(campaign)),
        samples=tuple(reader.short_samples(campaign)),
        values=values,
        counted=tuple(row for row in values if is_believed(row, old)),
        statuses=tuple(reader.short_statuses(campaign)),
        predictions=tuple(reader.short_predictions(campaign)),
        snapshots=tuple(reader.snapshots(campaign)),
        exclusions=tuple(reader.exclusions(campaign)),
        elements={row.id: row.elements for row in reader.samples(campaign)} if computes else {},
        settings=reader.settings_as_made(campaign) if shares else {},
        controls=reader.wells_in_role(campaign, "control") if shares else {},
    )


__all__ = ["Overview", "survey"]
