"""What a campaign's status needs of its values, as short rows: a campaign of years has a hundred thousand of them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from alloop.records import schema
from alloop.records.reading_events import EventsReader
from alloop.records.reading_results import latest_doubt
from alloop.records.short_rows import ShortPlate, ShortPrediction, ShortSample, ShortStatus, ShortValue

_VALUE_COLUMNS = (
    "sample_id",
    "property",
    "value",
    "bound",
    "temperature_C",
    "kind",
    "doubt",
    "doubt_why",
    "origin",
    "qualifier",
    "upload_id",
)


class OverviewReader(EventsReader):
    """A campaign's values, samples and predictions in a few columns, without compositions and settings."""

    def short_values(self, slug: str) -> list[ShortValue]:
        """The values that were not superseded, in the order in which they were recorded."""
        table, link, word = schema.measurement, schema.supersession, latest_doubt()
        mine = table.c.campaign_id == self.campaign_id(slug)
        # Two small questions instead of joins, which would take longer than all the rest.
        gone = set(self.connection.scalars(sa.select(link.c.old_id)))
        words = sa.select(word).join(table, table.c.id == word.c.measurement_id).where(mine)
        said = {row[0]: (row[1], row[2]) for row in self.connection.execute(words)}
        query = (
            sa.select(table.c.id, *(table.c[name] for name in _VALUE_COLUMNS))
            .where(mine)
            .order_by(table.c.id)
        )
        found = self.connection.execute(query).all()
        if not gone and not said:
            return [ShortValue._make(row[1:]) for row in found]
        return [
            ShortValue._make(row[1:])
            if row[0] not in said
            else ShortValue._make(row[1:])._replace(doubt=said[row[0]][0], doubt_why=said[row[0]][1])
            for row in found
            if row[0] not in gone
        ]

    def short_samples(self, slug: str) -> list[ShortSample]:
        """The samples, in order of plate and well."""
        table, plate = schema.sample, schema.plate
        query = (
            sa.select(table.c.id, table.c.plate_id, table.c.well)
            .join(plate, plate.c.id == table.c.plate_id)
            .where(plate.c.campaign_id == self.campaign_id(slug))
            .order_by(plate.c.number, table.c.well)
        )
        return list(map(ShortSample._make, self.connection.execute(query).all()))

    def short_statuses(self, slug: str) -> list[ShortStatus]:
        """What became of samples, in the order in which it was recorded: the latest holds."""
        table = schema.status
        query = (
            sa.select(table.c.sample_id, table.c.status, table.c.property)
            .where(table.c.campaign_id == self.campaign_id(slug), table.c.sample_id.is_not(None))
            .order_by(table.c.id)
        )
        return list(map(ShortStatus._make, self.connection.execute(query).all()))

    def short_predictions(self, slug: str) -> list[ShortPrediction]:
        """What was foretold of the samples that have a value of the property; some may come twice."""
        table, sample, value, well = schema.prediction, schema.sample, schema.measurement, schema.well
        revised = (
            sa.select(table.c.plate_id, table.c.well, sa.func.max(table.c.revision))
            .where(table.c.revision > 1)
            .group_by(table.c.plate_id, table.c.well)
        )
        newest: dict[tuple[str, str], int] = {(r[0], r[1]): r[2] for r in self.connection.execute(revised)}
        # A well that was swapped while nothing was modelled has no prediction of its own.
        blind = sa.select(well.c.plate_id, well.c.well).where(well.c.p_feasible.is_(None))
        without = {(row[0], row[1]) for row in self.connection.execute(blind)}
        foretold = (
            (table.c.plate_id == sample.c.plate_id)
            & (table.c.well == sample.c.well)
            & (table.c.property == value.c.property)
        )
        names = ("property", "scale", "median", "low90", "high90", "sd")
        which = (table.c.plate_id, table.c.well, table.c.revision) if newest or without else ()
        query = (
            sa.select(sample.c.id, *(table.c[name] for name in names), *which)
            .select_from(value)
            .join(sample, sample.c.id == value.c.sample_id)
            .join(table, foretold)
            .where(value.c.campaign_id == self.campaign_id(slug))
        )
        found = self.connection.execute(query).all()
        if which:
            places = [(str(row[7]), str(row[8])) for row in found]
            found = [
                row
                for row, place in zip(found, places, strict=True)
                if place not in without and newest.get(place, 1) == row[9]
            ]
        return [ShortPrediction._make(row[:7]) for row in found]

    def plate_states(self, slug: str) -> list[ShortPlate]:
        """The plates with their states and numbers of wells, in order of their numbers."""
        plate, well = schema.plate, schema.well
        query = (
            sa.select(plate.c.id, plate.c.number, plate.c.state, plate.c.state_at, sa.func.count(well.c.well))
            .outerjoin(well, well.c.plate_id == plate.c.id)
            .where(plate.c.campaign_id == self.campaign_id(slug))
            .group_by(plate.c.id, plate.c.number, plate.c.state, plate.c.state_at)
            .order_by(plate.c.number)
        )
        return list(map(ShortPlate._make, self.connection.execute(query).all()))

    def recipes(self, slug: str) -> dict[str, str]:
        """The recipe that was planned for each sample, by the sample's name."""
        sample, well = schema.sample, schema.well
        query = (
            sa.select(sample.c.id, well.c.recipe_key)
            .join(well, (well.c.plate_id == sample.c.plate_id) & (well.c.well == sample.c.well))
            .where(sample.c.campaign_id == self.campaign_id(slug))
        )
        return {row[0]: row[1] for row in self.connection.execute(query).all()}

    def settings_as_made(self, slug: str) -> dict[str, str]:
        """The settings of every sample as they were, encoded, by the sample's name."""
        table, made = schema.sample, schema.preparation
        mine = table.c.campaign_id == self.campaign_id(slug)
        query = sa.select(table.c.id, table.c.settings).where(mine)
        found: dict[str, str] = dict(self.connection.execute(query).tuples().all())
        corrected = (
            sa.select(made.c.sample_id, made.c.settings)
            .join(table, table.c.id == made.c.sample_id)
            .where(mine, made.c.settings.is_not(None), made.c.settings != "{}")
            .order_by(made.c.id)
        )
        for name, text in self.connection.execute(corrected):
            found[name] = text
        return found

    def wells_in_role(self, slug: str, role: str) -> dict[str, set[str]]:
        """The wells of a campaign that have a role, by plate."""
        well, plate = schema.well, schema.plate
        query = (
            sa.select(well.c.plate_id, well.c.well)
            .join(plate, plate.c.id == well.c.plate_id)
            .where(plate.c.campaign_id == self.campaign_id(slug), well.c.role == role)
        )
        found: dict[str, set[str]] = defaultdict(set)
        rows: Any = self.connection.execute(query)
        for name, label in rows:
            found[name].add(label)
        return found
