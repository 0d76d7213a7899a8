"""The reading side: campaigns, plates, wells, samples and the ledger, out of one state of the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from alloop.errors import StateError
from alloop.records import rows, schema
from alloop.records.reading_overview import OverviewReader


class Reader(OverviewReader):
    """Everything that can be asked of the records, within one transaction. Orders are fixed throughout."""

    def campaigns(self) -> list[rows.CampaignRow]:
        """All campaigns, in order of their names."""
        return self.fetch(rows.CampaignRow, sa.select(schema.campaign).order_by(schema.campaign.c.slug))

    def campaign(self, slug: str) -> rows.CampaignRow:
        """One campaign.

        Raises:
            StateError: when there is none of that name.
        """
        query = sa.select(schema.campaign).where(schema.campaign.c.id == self.campaign_id(slug))
        return self.fetch(rows.CampaignRow, query)[0]

    def versions(self, slug: str) -> list[rows.VersionRow]:
        """All versions of a campaign's file, oldest first."""
        table = schema.campaign_version
        query = sa.select(table).where(table.c.campaign_id == self.campaign_id(slug)).order_by(table.c.number)
        return self.fetch(rows.VersionRow, query, campaign=slug)

    def plates(self, slug: str, states: Sequence[str] | None = None) -> list[rows.PlateRow]:
        """A campaign's plates in order of their numbers; only those in some `states`, where given."""
        condition = schema.plate.c.campaign_id == self.campaign_id(slug)
        return self._plates(condition if states is None else condition & schema.plate.c.state.in_(states))

    def plate(self, plate_id: str) -> rows.PlateRow:
        """One plate.

        Raises:
            StateError: when there is none of that name.
        """
        found = self._plates(schema.plate.c.id == plate_id.upper())
        if not found:
            raise StateError("there is no such plate", "alloop status lists the plates", f"plate {plate_id}")
        return found[0]

    def next_plate_number(self, slug: str) -> int:
        """The number that the campaign's next plate will have; a rejected plate keeps its own."""
        table = schema.plate
        query = sa.select(sa.func.max(table.c.number)).where(table.c.campaign_id == self.campaign_id(slug))
        return (self.connection.scalar(query) or 0) + 1

    def plan(self, plate_id: str) -> str:
        """The text of a plate's plan.json as last revised.

        Raises:
            StateError: when there is no such plate.
        """
        row, table = self.plate(plate_id), schema.plan_revision
        condition = (table.c.plate_id == row.id) & (table.c.revision == row.revision)
        return str(self.connection.scalar(sa.select(table.c.plan).where(condition)))

    def plan_revisions(self, slug: str) -> list[rows.PlanRow]:
        """All revisions of the plans of a campaign, in order of plate and revision."""
        table = schema.plan_revision
        query = (
            sa.select(table)
            .join(schema.plate, schema.plate.c.id == table.c.plate_id)
            .where(schema.plate.c.campaign_id == self.campaign_id(slug))
            .order_by(schema.plate.c.number, table.c.revision)
        )
        return self.fetch(rows.PlanRow, query)

    def wells(self, plate_id: str) -> list[rows.WellRow]:
        """The wells of a plate, in the plan's order."""
        return self._wells(schema.well.c.plate_id == plate_id.upper())

    def campaign_wells(self, slug: str, states: Sequence[str] | None = None) -> list[rows.WellRow]:
        """The wells of a campaign's plates (in some `states`, where given), in order of plate and plan."""
        condition = schema.plate.c.campaign_id == self.campaign_id(slug)
        return self._wells(condition if states is None else condition & schema.plate.c.state.in_(states))

    def samples(self, slug: str, plate_id: str | None = None) -> list[rows.SampleRow]:
        """A campaign's samples (or one plate's), in order of plate and well, as made as far as is known."""
        table = schema.sample
        query = (
            sa.select(table)
            .join(schema.plate, schema.plate.c.id == table.c.plate_id)
            .where(table.c.campaign_id == self.campaign_id(slug))
            .order_by(schema.plate.c.number, table.c.well)
        )
        if plate_id is not None:
            query = query.where(table.c.plate_id == plate_id.upper())
        made = _as_made(self.preparations(slug, plate_id))
        planned = self.stream(rows.SampleRow, query, campaign=slug)
        return [replace(row, **made[row.id]) if row.id in made else row for row in planned]

    def preparations(self, slug: str, plate_id: str | None = None) -> list[rows.PreparationRow]:
        """Every word on how a campaign's samples (or one plate's) were made, in the order of recording."""
        table = schema.preparation
        query = (
            sa.select(table)
            .join(schema.sample, schema.sample.c.id == table.c.sample_id)
            .where(schema.sample.c.campaign_id == self.campaign_id(slug))
            .order_by(table.c.id)
        )
        if plate_id is not None:
            query = query.where(schema.sample.c.plate_id == plate_id.upper())
        return self.fetch(rows.PreparationRow, query)

    def predictions(self, plate_id: str) -> list[rows.PredictionRow]:
        """What was expected of the wells of a plate as they stand now, in order of well and property."""
        return self._predictions(schema.plate.c.id == plate_id.upper())

    def campaign_predictions(self, slug: str, newest: int | None = None) -> list[rows.PredictionRow]:
        """What was expected of a campaign's plates: its ledger, in order of plate, well and property.

        Args:
            slug: the campaign.
            newest: of so many plates only, those with the highest numbers; of all when None.
        """
        plate = schema.plate.c
        wanted = plate.campaign_id == self.campaign_id(slug)
        if newest is not None:
            last = sa.select(sa.func.max(plate.number)).where(wanted).scalar_subquery()
            wanted &= plate.number > last - newest
        return self._predictions(wanted)

    def snapshots(self, slug: str) -> list[rows.SnapshotRow]:
        """What the model was at each plan of a campaign, oldest first."""
        table = schema.model_snapshot
        query = sa.select(table).where(table.c.campaign_id == self.campaign_id(slug)).order_by(table.c.id)
        return self.fetch(rows.SnapshotRow, query, campaign=slug)

    def _plates(self, condition: sa.ColumnElement[bool]) -> list[rows.PlateRow]:
        table, plan, version = schema.plate, schema.plan_revision, schema.campaign_version
        newest = (
            sa.select(plan.c.plate_id, sa.func.max(plan.c.revision).label("revision"))
            .group_by(plan.c.plate_id)
            .subquery()
        )
        columns = (schema.campaign.c.slug, version.c.number.label("version"), newest.c.revision)
        query = (
            sa.select(table, *columns)
            .join(schema.campaign, schema.campaign.c.id == table.c.campaign_id)
            .join(version, version.c.id == table.c.version_id)
            .join(newest, newest.c.plate_id == table.c.id)
            .where(condition)
            .order_by(schema.campaign.c.slug, table.c.number)
        )
        return self.fetch(rows.PlateRow, query)

    def _wells(self, condition: sa.ColumnElement[bool]) -> list[rows.WellRow]:
        table = schema.well
        query = (
            sa.select(table)
            .join(schema.plate, schema.plate.c.id == table.c.plate_id)
            .where(condition)
            .order_by(schema.plate.c.number, table.c.plate_id, table.c.position)
        )
        return self.fetch(rows.WellRow, query)

    def _predictions(self, condition: sa.ColumnElement[bool]) -> list[rows.PredictionRow]:
        table = schema.prediction
        # A swapped well keeps the predictions of the candidate it held before; the newest revision holds.
        plates = sa.select(schema.plate.c.id).where(condition)
        newest = (
            sa.select(table.c.plate_id, table.c.well, sa.func.max(table.c.revision).label("revision"))
            .where(table.c.plate_id.in_(plates))
            .group_by(table.c.plate_id, table.c.well)
            .subquery()
        )
        same = (newest.c.plate_id == table.c.plate_id) & (newest.c.well == table.c.well)
        query = (
            sa.select(table)
            .join(schema.plate, schema.plate.c.id == table.c.plate_id)
            .join(newest, same & (newest.c.revision == table.c.revision))
            .where(condition)
            .order_by(schema.plate.c.number, table.c.plate_id, table.c.well, table.c.property)
        )
        return self.fetch(rows.PredictionRow, query)


def _as_made(preparations: list[rows.PreparationRow]) -> dict[str, dict[str, Any]]:
    # Of every field the latest word that is not silent: a correction of the masses keeps the settings.
    names = ("formula", "elements", "settings", "masses_mg", "made_at", "note")
    made: dict[str, dict[str, Any]] = {}
    for row in preparations:
        said = {name: getattr(row, name) for name in names if getattr(row, name) not in (None, "", {})}
        made.setdefault(row.sample, {}).update(said)
    return made
