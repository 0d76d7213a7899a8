"""The records of a home folder: the database and the raw files, opened, read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alloop.errors import RecordsError, StateError
from alloop.records import rows
from alloop.records.engine import DATABASE_NAME, check_schema, make_engine, transaction
from alloop.records.raw_files import RawFiles
from alloop.records.reading import Reader
from alloop.records.writing import Transaction

if TYPE_CHECKING:
    from alloop.records.doctor import DoctorReport


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Records:
    """What happened: `reading` and `writing` open a transaction; the other methods read in one of their own.

    Open them with :meth:`Records.open`.
    """

    def __init__(self, home: Path, url: str | None, clock: Callable[[], datetime] = utc_now) -> None:
        self.home = home.absolute()  # the database is opened again and again, whatever the working folder is
        self.url = url
        self.raw = RawFiles(self.home / "raw")
        self.engine = make_engine(self.home, url)
        self._clock = clock

    @classmethod
    def open(
        cls,
        home: Path | str,
        create: bool = False,
        url: str | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> Records:
        """Open the records in the folder `home`; an older schema is migrated.

        The database is SQLite in that folder, or PostgreSQL at `url`. Folder and tables are made only when
        `create` says so.

        Raises:
            StateError: when there are no records and none are to be made, or the URL is no good.
            RecordsError: when the database cannot be reached or was written by a newer alloop.
        """
        folder = Path(home)
        missing = not folder.is_dir() if url is not None else not (folder / DATABASE_NAME).is_file()
        if missing and not create:
            raise StateError(
                "there are no records here",
                "register a campaign with alloop init FILE, or set ALLOOP_HOME",
                str(folder),
            )
        if create:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RecordsError(f"{folder}: the folder cannot be made ({error.strerror})") from error
        records = cls(folder, url, clock)
        check_schema(records.engine, create, str(folder))
        return records

    def now(self) -> datetime:
        """The time by the records' clock, in UTC."""
        return self._clock()

    def close(self) -> None:
        """Let go of the database's connections."""
        self.engine.dispose()

    @contextmanager
    def writing(self, by: str, dry_run: bool = False) -> Iterator[Transaction]:
        """A transaction to write in, for `by` who does it; kept when the block ends without an exception.

        A `dry_run` checks everything and keeps nothing.

        Raises:
            StateError: when nobody is named.
            RecordsError: when the database refuses, is busy for half a minute, full or read-only.
        """
        if not by.strip():
            raise StateError("every change needs a name", "say --by NAME")
        with transaction(self.engine, writer=True, keep=not dry_run) as connection:
            yield Transaction(connection, by, self._clock(), self.raw, keep=not dry_run)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """A reader that sees one state of the records throughout, whatever is written meanwhile."""
        with transaction(self.engine, writer=False) as connection:
            yield Reader(connection)

    def raw_file(self, sha256: str) -> bytes:
        """The bytes of a recorded file.

        Raises:
            RecordsError: when they are missing or damaged.
        """
        return self.raw.get(sha256)

    def export(self, slug: str, folder: Path | str) -> tuple[Path, ...]:
        """Write all records of a campaign as parquet, CSV and a data dictionary with units.

        Returns the files. See :func:`alloop.records.export.export_tables`.
        """
        from alloop.records.export import export_tables

        with self.reading() as reader:
            return export_tables(reader, slug, Path(folder))

    def backup(self, file: Path | str, folders: Sequence[str] = ("plates",)) -> Mapping[str, int]:
        """Copy everything into one file: the records, the raw files, and some folders of the home.

        Returns the number of rows per table. See :func:`alloop.records.backup.write_backup`.
        """
        from alloop.records.backup import write_backup

        return write_backup(self.engine, self.raw, self.home, Path(file), folders)

    @classmethod
    def restore(cls, file: Path | str, home: Path | str, url: str | None = None) -> Records:
        """Bring a backup back into an empty home (and an empty database at `url`), and open it.

        See :func:`alloop.records.backup.read_backup`.
        """
        from alloop.records.backup import check_backup, read_backup

        check_backup(Path(file))
        records = cls.open(home, create=True, url=url)
        read_backup(records.engine, records.raw, records.home, Path(file))
        return records

    def doctor(self) -> DoctorReport:
        """Check schema, integrity and every raw file. See :func:`alloop.records.doctor.examine`."""
        from alloop.records.doctor import examine

        return examine(self.engine, self.raw)

    def campaigns(self) -> list[rows.CampaignRow]:
        """See :meth:`Reader.campaigns`."""
        with self.reading() as reader:
            return reader.campaigns()

    def campaign(self, slug: str) -> rows.CampaignRow:
        """See :meth:`Reader.campaign`."""
        with self.reading() as reader:
            return reader.campaign(slug)

    def versions(self, slug: str) -> list[rows.VersionRow]:
        """See :meth:`Reader.versions`."""
        with self.reading() as reader:
            return reader.versions(slug)

    def plates(self, slug: str, states: Sequence[str] | None = None) -> list[rows.PlateRow]:
        """See :meth:`Reader.plates`."""
        with self.reading() as reader:
            return reader.plates(slug, states)

    def plate(self, plate_id: str) -> rows.PlateRow:
        """See :meth:`Reader.plate`."""
        with self.reading() as reader:
            return reader.plate(plate_id)

    def plan(self, plate_id: str) -> str:
        """See :meth:`Reader.plan`."""
        with self.reading() as reader:
            return reader.plan(plate_id)

    def next_plate_number(self, slug: str) -> int:
        """See :meth:`Reader.next_plate_number`."""
        with self.reading() as reader:
            return reader.next_plate_number(slug)

    def wells(self, plate_id: str) -> list[rows.WellRow]:
        """See :meth:`Reader.wells`."""
        with self.reading() as reader:
            return reader.wells(plate_id)

    def campaign_wells(self, slug: str, states: Sequence[str] | None = None) -> list[rows.WellRow]:
        """See :meth:`Reader.campaign_wells`."""
        with self.reading() as reader:
            return reader.campaign_wells(slug, states)

    def samples(self, slug: str, plate_id: str | None = None) -> list[rows.SampleRow]:
        """See :meth:`Reader.samples`."""
        with self.reading() as reader:
            return reader.samples(slug, plate_id)

    def measurements(
        self,
        slug: str,
        include_superseded: bool = False,
        properties: Sequence[str] | None = None,
        sample: str | None = None,
    ) -> list[rows.MeasurementRow]:
        """See :meth:`Reader.measurements`."""
        with self.reading() as reader:
            return reader.measurements(slug, include_superseded, properties, sample)

    def statuses(self, slug: str) -> list[rows.StatusRow]:
        """See :meth:`Reader.statuses`."""
        with self.reading() as reader:
            return reader.statuses(slug)

    def predictions(self, plate_id: str) -> list[rows.PredictionRow]:
        """See :meth:`Reader.predictions`."""
        with self.reading() as reader:
            return reader.predictions(plate_id)

    def campaign_predictions(self, slug: str) -> list[rows.PredictionRow]:
        """See :meth:`Reader.campaign_predictions`."""
        with self.reading() as reader:
            return reader.campaign_predictions(slug)

    def snapshots(self, slug: str) -> list[rows.SnapshotRow]:
        """See :meth:`Reader.snapshots`."""
        with self.reading() as reader:
            return reader.snapshots(slug)

    def uploads(self, slug: str) -> list[rows.UploadRow]:
        """See :meth:`Reader.uploads`."""
        with self.reading() as reader:
            return reader.uploads(slug)

    def upload_by_hash(self, slug: str, sha256: str) -> rows.UploadRow | None:
        """See :meth:`Reader.upload_by_hash`."""
        with self.reading() as reader:
            return reader.upload_by_hash(slug, sha256)

    def exclusions(self, slug: str) -> list[rows.ExclusionRow]:
        """See :meth:`Reader.exclusions`."""
        with self.reading() as reader:
            return reader.exclusions(slug)

    def events(self, slug: str | None = None, after: int = 0) -> list[rows.EventRow]:
        """See :meth:`Reader.events`."""
        with self.reading() as reader:
            return reader.events(slug, after)

    def progress(self, slug: str) -> list[rows.PlateProgress]:
        """See :meth:`Reader.progress`."""
        with self.reading() as reader:
            return reader.progress(slug)
