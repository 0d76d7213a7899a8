"""The reading side of what came in: uploads, values, statuses, doubts, exclusions, events, progress."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from alloop.records import rows, schema
from alloop.records.reading_base import ReaderBase


class ResultsReader(ReaderBase):
    """What can be asked about results."""

    def measurements(
        self,
        slug: str,
        include_superseded: bool = False,
        properties: Sequence[str] | None = None,
        sample: str | None = None,
        plates: Sequence[str] | None = None,
    ) -> list[rows.MeasurementRow]:
        """A campaign's values in the order in which they were recorded, with what is thought of them now.

        Retracted values are among them: `doubt` tells. Only some `properties`, one `sample` or the samples of some
        `plates`, where given.
        """
        table, link = schema.measurement, schema.supersession
        campaign_id = self.campaign_id(slug)
        word = latest_doubt()
        columns = (column for column in table.c if column.name not in ("doubt", "doubt_why"))
        query = (
            sa.select(
                *columns,
                link.c.new_id.label("superseded_by"),
                sa.func.coalesce(word.c.doubt, table.c.doubt).label("doubt"),
                sa.func.coalesce(word.c.why, table.c.doubt_why).label("doubt_why"),
            )
            .outerjoin(link, link.c.old_id == table.c.id)
            .outerjoin(word, word.c.measurement_id == table.c.id)
            .where(table.c.campaign_id == campaign_id)
            .order_by(table.c.id)
        )
        if not include_superseded:
            query = query.where(link.c.old_id.is_(None))
        if properties is not None:
            query = query.where(table.c.property.in_(properties))
        if sample is not None:
            query = query.where(table.c.sample_id == sample)
        if plates is not None:
            own = sa.select(schema.sample.c.id).where(schema.sample.c.plate_id.in_(plates))
            query = query.where(table.c.sample_id.in_(own))
        replaced = self._superseded(campaign_id)
        found = self.stream(rows.MeasurementRow, query, campaign=slug)
        return [replace(row, supersedes=replaced[row.id]) if row.id in replaced else row for row in found]

    def statuses(self, slug: str, plates: Sequence[str] | None = None) -> list[rows.StatusRow]:
        """What became of samples and formulas, in the order in which it was recorded: the latest holds.

        Only the samples of some `plates`, where given.
        """
        table = schema.status
        query = sa.select(table).where(table.c.campaign_id == self.campaign_id(slug)).order_by(table.c.id)
        if plates is not None:
            own = sa.select(schema.sample.c.id).where(schema.sample.c.plate_id.in_(plates))
            query = query.where(table.c.sample_id.in_(own))
        return self.fetch(rows.StatusRow, query, campaign=slug)

    def doubts(self, slug: str) -> list[rows.DoubtRow]:
        """Every later word of doubt about a campaign's values, in the order in which it was said."""
        table = schema.doubt
        query = (
            sa.select(table)
            .join(schema.measurement, schema.measurement.c.id == table.c.measurement_id)
            .where(schema.measurement.c.campaign_id == self.campaign_id(slug))
            .order_by(table.c.id)
        )
        return self.fetch(rows.DoubtRow, query)

    def uploads(self, slug: str) -> list[rows.UploadRow]:
        """A campaign's uploads with their files, oldest first."""
        return self._uploads(slug, schema.upload.c.campaign_id == self.campaign_id(slug))

    def upload_by_hash(self, slug: str, sha256: str) -> rows.UploadRow | None:
        """The upload that brought the bytes with this hash (of a file, or of a whole upload), if any did."""
        table, file = schema.upload, schema.upload_file
        mine = table.c.campaign_id == self.campaign_id(slug)
        with_file = sa.select(file.c.upload_id).where(file.c.sha256 == sha256)
        found = self._uploads(slug, mine & ((table.c.digest == sha256) | table.c.id.in_(with_file)))
        return found[0] if found else None

    def exclusions(self, slug: str) -> list[rows.ExclusionRow]:
        """What a campaign's planner must leave out now; exclusions that were lifted are not among them."""
        latest = {(row.kind, row.target): row for row in self.exclusion_history(slug)}
        return sorted((row for row in latest.values() if row.active), key=lambda row: row.id)

    def exclusion_history(self, slug: str) -> list[rows.ExclusionRow]:
        """Every exclusion and its lifting, oldest first."""
        table = schema.exclusion
        query = sa.select(table).where(table.c.campaign_id == self.campaign_id(slug)).order_by(table.c.id)
        return self.fetch(rows.ExclusionRow, query, campaign=slug)

    def events(self, slug: str | None = None, after: int = 0) -> list[rows.EventRow]:
        """The audit, oldest first: of one campaign, or of everything; only what came after the event `after`."""
        table = schema.event
        query = (
            sa.select(table, schema.campaign.c.slug)
            .outerjoin(schema.campaign, schema.campaign.c.id == table.c.campaign_id)
            .where(table.c.id > after)
            .order_by(table.c.id)
        )
        if slug is not None:
            query = query.where(table.c.campaign_id == self.campaign_id(slug))
        return self.fetch(rows.EventRow, query)

    def progress(self, slug: str) -> list[rows.PlateProgress]:
        """How far each plate of a campaign is, in order of their numbers; quick with many values too."""
        plate, status, campaign_id = schema.plate, schema.status, self.campaign_id(slug)
        valid = _valid_samples(campaign_id)
        told = sa.select(status.c.sample_id).where(
            status.c.campaign_id == campaign_id, status.c.sample_id.is_not(None)
        )
        counts = {
            "wells": self._by_plate(schema.well, campaign_id),
            "samples": self._by_plate(schema.sample, campaign_id),
            "measured": self._by_plate(schema.sample, campaign_id, valid),
            "reported": self._by_plate(schema.sample, campaign_id, valid.union(told)),
        }
        query = sa.select(plate).where(plate.c.campaign_id == campaign_id).order_by(plate.c.number)
        return [
            rows.PlateProgress(
                plate=row.id,
                number=row.number,
                state=row.state,
                state_at=row.state_at,
                **{name: count.get(row.id, 0) for name, count in counts.items()},
            )
            for row in self.connection.execute(query)
        ]

    def _by_plate(
        self, table: sa.Table, campaign_id: int, samples: sa.SelectBase | None = None
    ) -> dict[str, int]:
        plates = sa.select(schema.plate.c.id).where(schema.plate.c.campaign_id == campaign_id)
        query = (
            sa.select(table.c.plate_id, sa.func.count())
            .where(table.c.plate_id.in_(plates))
            .group_by(table.c.plate_id)
        )
        if samples is not None:
            query = query.where(table.c.id.in_(samples))
        return {row[0]: row[1] for row in self.connection.execute(query)}

    def _superseded(self, campaign_id: int) -> dict[int, tuple[int, ...]]:
        link, table = schema.supersession, schema.measurement
        query = (
            sa.select(link.c.new_id, link.c.old_id)
            .join(table, table.c.id == link.c.new_id)
            .where(table.c.campaign_id == campaign_id)
            .order_by(link.c.old_id)
        )
        found: dict[int, tuple[int, ...]] = {}
        for new, old in self.connection.execute(query):
            found[new] = (*found.get(new, ()), old)
        return found

    def _uploads(self, slug: str, condition: sa.ColumnElement[bool]) -> list[rows.UploadRow]:
        table, file, raw = schema.upload, schema.upload_file, schema.raw_file
        files: dict[int, list[rows.FileRow]] = defaultdict(list)
        query = (
            sa.select(file.c.upload_id, file.c.name, file.c.sha256, raw.c.size)
            .join(raw, raw.c.sha256 == file.c.sha256)
            .join(table, table.c.id == file.c.upload_id)
            .where(condition)
            .order_by(file.c.id)
        )
        for row in self.connection.execute(query):
            files[row.upload_id].append(rows.FileRow(name=row.name, sha256=row.sha256, size=row.size))
        found = self.fetch(
            rows.UploadRow, sa.select(table).where(condition).order_by(table.c.id), campaign=slug
        )
        return [replace(row, files=tuple(files[row.id])) for row in found]


def latest_doubt() -> sa.Subquery:
    """The last word of doubt about each value that has one."""
    table = schema.doubt
    newest = sa.select(sa.func.max(table.c.id)).group_by(table.c.measurement_id)
    return (
        sa.select(table.c.measurement_id, table.c.doubt, table.c.why).where(table.c.id.in_(newest)).subquery()
    )


def _valid_samples(campaign_id: int) -> sa.Select[Any]:
    # Samples with a value that was neither replaced nor retracted.
    table, link, word = schema.measurement, schema.supersession, latest_doubt()
    return (
        sa.select(table.c.sample_id)
        .outerjoin(link, link.c.old_id == table.c.id)
        .outerjoin(word, word.c.measurement_id == table.c.id)
        .where(
            table.c.campaign_id == campaign_id,
            table.c.sample_id.is_not(None),
            link.c.old_id.is_(None),
            sa.func.coalesce(word.c.doubt, table.c.doubt) != "retracted",
        )
    )
