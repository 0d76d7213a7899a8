"""The audit as the upkeep asks it: what happened since, what was the newest of a kind, what is not released yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from alloop.records import rows, schema
from alloop.records.reading_derived import DerivedReader
from alloop.records.states import DROPPED_STATES


class EventsReader(DerivedReader):
    """Questions about events; none of them reads all of a campaign's values.

    Events are told apart by their numbers, which grow in the order in which they were recorded, whatever the
    machine's clock said.
    """

    def last_event(self, slug: str) -> int:
        """The number of a campaign's newest event; 0 when there is none."""
        table = schema.event
        query = sa.select(sa.func.max(table.c.id)).where(table.c.campaign_id == self.campaign_id(slug))
        return int(self.connection.scalar(query) or 0)

    def last_event_time(self, slug: str) -> datetime | None:
        """When a campaign's newest event was recorded; None when there is none."""
        table = schema.event
        mine = table.c.campaign_id == self.campaign_id(slug)
        query = sa.select(table.c.recorded_at).where(mine).order_by(table.c.id.desc()).limit(1)
        found: datetime | None = self.connection.scalar(query)
        return found

    def events_since(self, slug: str, after: int, verbs: Sequence[str]) -> list[rows.EventRow]:
        """A campaign's events of some kinds with numbers above `after`, oldest first."""
        table = schema.event
        return self._events(slug, (table.c.id > after) & table.c.verb.in_(verbs), table.c.id)

    def newest_event(self, slug: str, verb: str, plate: str | None = None) -> rows.EventRow | None:
        """The newest event of a kind in a campaign, or about one of its plates."""
        table = schema.event
        condition = table.c.verb == verb
        if plate is not None:
            condition &= table.c.plate_id == plate
        found = self._events(slug, condition, table.c.id.desc(), limit=1)
        return found[0] if found else None

    def event_subjects(self, slug: str, verb: str) -> set[str]:
        """The subjects of all events of a kind in a campaign."""
        table = schema.event
        condition = (table.c.campaign_id == self.campaign_id(slug)) & (table.c.verb == verb)
        return set(self.connection.scalars(sa.select(table.c.subject).where(condition)))

    def plates_without(self, slug: str, verb: str, states: Sequence[str]) -> list[str]:
        """The names of a campaign's plates in some states about which no event of a kind says anything."""
        plate, event = schema.plate, schema.event
        told = sa.select(event.c.plate_id).where(event.c.verb == verb, event.c.plate_id.is_not(None))
        mine = (plate.c.campaign_id == self.campaign_id(slug)) & plate.c.state.in_(states)
        query = sa.select(plate.c.id).where(mine, plate.c.id.not_in(told)).order_by(plate.c.number)
        return list(self.connection.scalars(query))

    def newest_values(self, slug: str, count: int) -> dict[str, int]:
        """The plates to which the newest `count` values of samples belong, and each one's newest value's number."""
        table, sample = schema.measurement, schema.sample
        newest = (
            sa.select(table.c.id, table.c.sample_id)
            .where(table.c.campaign_id == self.campaign_id(slug), table.c.sample_id.is_not(None))
            .order_by(table.c.id.desc())
            .limit(count)
            .subquery()
        )
        query = (
            sa.select(sample.c.plate_id, sa.func.max(newest.c.id))
            .join(sample, sample.c.id == newest.c.sample_id)
            .group_by(sample.c.plate_id)
            .order_by(sa.func.max(newest.c.id))
        )
        return {row[0]: int(row[1]) for row in self.connection.execute(query)}

    def last_result_at(self, plate: str) -> datetime | None:
        """When the newest value of a plate's samples was recorded; None when there is none."""
        table, sample = schema.measurement, schema.sample
        query = (
            sa.select(table.c.recorded_at)
            .join(sample, sample.c.id == table.c.sample_id)
            .where(sample.c.plate_id == plate)
            .order_by(table.c.id.desc())
            .limit(1)
        )
        found: datetime | None = self.connection.scalar(query)
        return found

    def newest_snapshot(self, slug: str) -> rows.SnapshotRow | None:
        """What the model was when the newest plate that was not dropped was planned."""
        table, plate = schema.model_snapshot, schema.plate
        query = (
            sa.select(table)
            .join(plate, plate.c.id == table.c.plate_id)
            .where(table.c.campaign_id == self.campaign_id(slug), plate.c.state.not_in(DROPPED_STATES))
            .order_by(table.c.id.desc())
            .limit(1)
        )
        found = self.fetch(rows.SnapshotRow, query, campaign=slug)
        return found[0] if found else None

    def _events(
        self, slug: str, condition: sa.ColumnElement[bool], order: Any, limit: int | None = None
    ) -> list[rows.EventRow]:
        table = schema.event
        mine = table.c.campaign_id == self.campaign_id(slug)
        query = sa.select(table).where(mine, condition).order_by(order).limit(limit)
        return self.fetch(rows.EventRow, query, campaign=slug)
