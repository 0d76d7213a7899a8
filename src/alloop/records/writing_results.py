"""The writing side of what comes in: uploads whole or not at all, doubts, exclusions, events."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from alloop.errors import Problem, StateError, UploadError
from alloop.records import rows, schema
from alloop.records.columns import measurement_columns, status_columns
from alloop.records.raw_files import RawFiles, sha256_of
from alloop.records.reading import Reader
from alloop.records.reading_base import batched


def digest_of(hashes: Iterable[str]) -> str:
    """The identity of an upload: it depends on the files' bytes, not on their names or order."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


class ResultsTransaction(Reader):
    """Records results within one transaction; `by` and `now` go into every row."""

    def __init__(
        self, connection: sa.Connection, by: str, now: datetime, raw: RawFiles, keep: bool = True
    ) -> None:
        super().__init__(connection)
        self.by = by
        self.now = now
        self._raw = raw
        self._keep = keep

    def add_upload(
        self,
        upload: rows.UploadRow,
        files: Sequence[tuple[str, bytes]],
        measurements: Sequence[rows.MeasurementRow] = (),
        statuses: Sequence[rows.StatusRow] = (),
    ) -> tuple[rows.UploadRow, bool]:
        """Record files (name, bytes) and what was read in them. Returns the upload, and whether it is new.

        The same bytes twice are one upload: then the earlier one is returned and nothing is recorded.
        Values that a measurement `supersedes` are marked as replaced by it.

        Raises:
            UploadError: when some of the files were recorded before in another upload, two files are the
                same, or a value is not a finite number.
            StateError: when a sample or a superseded value does not exist, or was superseded before.
        """
        hashes = [sha256_of(data) for _, data in files]
        digest = digest_of(hashes)
        earlier = self.upload_by_hash(upload.campaign, digest)
        if earlier is not None and earlier.digest == digest:
            return earlier, False
        wrong = self._problems_of(upload.campaign, files, hashes)
        self.check_subjects(upload.campaign, [*measurements, *statuses], wrong)
        campaign_id = self.campaign_id(upload.campaign)
        for _, data in files:
            self.store(data)
        upload_id = self.insert(
            schema.upload,
            campaign_id=campaign_id,
            origin=upload.origin,
            digest=digest,
            note=upload.note,
            report=dict(upload.report),
        )
        self.insert_many(
            schema.upload_file,
            [
                {"upload_id": upload_id, "campaign_id": campaign_id, "name": name, "sha256": sha256}
                for (name, _), sha256 in zip(files, hashes, strict=True)
            ],
        )
        self.add_measurements(upload.campaign, upload_id, measurements)
        shared = {"campaign_id": campaign_id, "upload_id": upload_id, **self.stamp()}
        self.insert_many(schema.status, [status_columns(row) | shared for row in statuses])
        self.audit(
            "upload recorded",
            campaign=upload.campaign,
            subject=f"upload {upload_id}",
            details={
                "files": [name for name, _ in files],
                "measurements": len(measurements),
                "statuses": len(statuses),
            },
        )
        found = self.upload_by_hash(upload.campaign, digest)
        assert found is not None
        return found, True

    def supersede(self, old: Iterable[int], new: int, why: str = "") -> None:
        """Say that values are replaced by another one; they stay, but no longer count.

        Raises:
            StateError: when one of them does not exist, was replaced before, or belongs to another campaign.
        """
        replaced = sorted(set(old))
        campaign_id = self._campaign_of(new)
        table = schema.supersession
        for measurement in replaced:
            where = f"measurement {measurement}"
            if self._campaign_of(measurement) != campaign_id:
                raise StateError("it belongs to another campaign", "", where)
            if measurement >= new:
                raise StateError("it is newer than the value that is to replace it", "", where)
            query = sa.select(table.c.new_id).where(table.c.old_id == measurement)
            by = self.connection.scalar(query)
            if by is not None:
                raise StateError(f"it was replaced by measurement {by} before", "replace that one", where)
        self.insert_many(
            table, [{"old_id": measurement, "new_id": new, **self.stamp()} for measurement in replaced]
        )
        if replaced:
            self.audit(
                "value superseded",
                campaign=self._slug(campaign_id),
                subject=f"measurement {new}",
                why=why,
                details={"replaces": replaced},
            )

    def mark(self, measurement: int, doubt: rows.Doubt, why: str) -> None:
        """Say what is thought of a value: `suspect`, `retracted`, or `ok` again. The last word holds.

        Raises:
            StateError: when there is no such value, or no reason is given.
        """
        if not why.strip():
            raise StateError("a doubt needs a reason", "say --why", f"measurement {measurement}")
        campaign_id = self._campaign_of(measurement)
        self.insert(schema.doubt, measurement_id=measurement, doubt=doubt, why=why)
        self.audit(
            f"value marked {doubt}",
            campaign=self._slug(campaign_id),
            subject=f"measurement {measurement}",
            why=why,
        )

    def add_exclusion(self, exclusion: rows.ExclusionRow) -> None:
        """Leave an element or a candidate out of what is planned from now on (or lift that: not `active`)."""
        self.insert(
            schema.exclusion,
            campaign_id=self.campaign_id(exclusion.campaign),
            kind=exclusion.kind,
            target=exclusion.target,
            why=exclusion.why,
            active=exclusion.active,
        )
        self.audit(
            "excluded" if exclusion.active else "exclusion lifted",
            campaign=exclusion.campaign,
            subject=f"{exclusion.kind} {exclusion.target}",
            why=exclusion.why,
        )

    def add_event(self, event: rows.EventRow) -> None:
        """Write a line into the audit that no other method writes."""
        self.audit(event.verb, event.campaign, event.plate, event.subject, event.why, event.details)

    def audit(
        self,
        verb: str,
        campaign: str | None = None,
        plate: str | None = None,
        subject: str = "",
        why: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a line into the audit."""
        self.insert(
            schema.event,
            campaign_id=None if campaign is None else self.campaign_id(campaign),
            plate_id=plate,
            verb=verb,
            subject=subject,
            why=why,
            details=dict(details or {}),
        )

    def store(self, data: bytes) -> str:
        """Put bytes into the raw-file store, durably before anything points at them. Returns their sha256."""
        sha256 = self._raw.put(data) if self._keep else sha256_of(data)
        table = schema.raw_file
        if self.connection.scalar(sa.select(table.c.sha256).where(table.c.sha256 == sha256)) is None:
            self.insert(table, sha256=sha256, size=len(data))
        return sha256

    def stamp(self) -> dict[str, Any]:
        """When and by whom: for every row."""
        return {"recorded_at": self.now, "recorded_by": self.by}

    def insert(self, table: sa.Table, **values: Any) -> int:
        """Add one row and return its number (0 for tables whose rows have names instead)."""
        result = self.connection.execute(sa.insert(table).values(**values, **self.stamp()))
        key = result.inserted_primary_key
        return key[0] if key is not None and isinstance(key[0], int) else 0

    def insert_many(self, table: sa.Table, values: list[dict[str, Any]]) -> None:
        """Add rows; each says itself who recorded it where its table asks."""
        if values:
            self.connection.execute(sa.insert(table), values)

    def check_subjects(
        self,
        campaign: str,
        subjects: Sequence[rows.MeasurementRow | rows.StatusRow],
        problems: Sequence[Problem] = (),
    ) -> None:
        """See that values are finite numbers and that their samples exist.

        Raises:
            UploadError: when a value is not a finite number, or there are `problems` already.
            StateError: when there is no such sample.
        """
        wrong = list(problems)
        for row in subjects:
            if isinstance(row, rows.MeasurementRow) and not math.isfinite(row.value):
                wrong.append(Problem(row.place, f"{row.property} is not a finite number"))
        if wrong:
            raise UploadError(wrong)
        table, campaign_id = schema.sample, self.campaign_id(campaign)
        wanted = sorted({row.sample for row in subjects if row.sample is not None})
        unknown = set(wanted)
        for names in batched(wanted):
            query = sa.select(table.c.id).where(table.c.campaign_id == campaign_id, table.c.id.in_(names))
            unknown -= set(self.connection.scalars(query))
        if unknown:
            mend = "samples are made when their plate is approved"
            raise StateError(
                Problem(f"sample {name}", "there is no such sample", mend) for name in sorted(unknown)
            )

    def _problems_of(
        self, campaign: str, files: Sequence[tuple[str, bytes]], hashes: Sequence[str]
    ) -> list[Problem]:
        problems: list[Problem] = []
        names: dict[str, str] = {}
        for (name, _), sha256 in zip(files, hashes, strict=True):
            if sha256 in names:
                problems.append(Problem(name, f"it is the same file as {names[sha256]}", "leave one out"))
            names.setdefault(sha256, name)
            earlier = self.upload_by_hash(campaign, sha256)
            if earlier is not None:
                who = f"upload {earlier.id} by {earlier.recorded_by}"
                problems.append(Problem(name, f"these bytes were recorded by {who}", "leave the file out"))
        if not files:
            problems.append(Problem("upload", "it has no file"))
        return problems

    def add_measurements(
        self, campaign: str, upload_id: int, measurements: Sequence[rows.MeasurementRow]
    ) -> list[int]:
        """Record the values of an upload and return their ids; `check_subjects` belongs before it."""
        table, campaign_id = schema.measurement, self.campaign_id(campaign)
        shared = {"campaign_id": campaign_id, "upload_id": upload_id, **self.stamp()}
        if not measurements:
            return []
        ids = self.connection.scalars(
            sa.insert(table).returning(table.c.id, sort_by_parameter_order=True),
            [measurement_columns(row) | shared for row in measurements],
        ).all()
        for row, new in zip(measurements, ids, strict=True):
            if row.supersedes:
                self.supersede(row.supersedes, new, why=row.place)
        return list(ids)

    def _campaign_of(self, measurement: int) -> int:
        table = schema.measurement
        found = self.connection.scalar(sa.select(table.c.campaign_id).where(table.c.id == measurement))
        if found is None:
            raise StateError("there is no such value", "", f"measurement {measurement}")
        return int(found)

    def _slug(self, campaign_id: int) -> str:
        table = schema.campaign
        return str(self.connection.scalar(sa.select(table.c.slug).where(table.c.id == campaign_id)))
