"""A consistent copy of all records in one file, and its return: between SQLite and PostgreSQL too.

The file is a zip: `manifest.json` (schema version, numbers of rows), `tables/<name>.jsonl` (a row a line, in
the order of the keys), `raw/<sha256>`, and under `home/` what lay in the folders that go with the records.
Nothing in it depends on the kind of database it came from.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

import sqlalchemy as sa

from alloop.errors import RecordsError, StateError
from alloop.records.engine import transaction
from alloop.records.raw_files import RawFiles, sha256_of, sync_folder
from alloop.records.schema import HEAD, metadata
from alloop.records.schema_base import UtcDateTime

_FORMAT = 1
_BATCH = 2000


def write_backup(
    engine: sa.Engine, raw: RawFiles, home: Path, file: Path, folders: Sequence[str] = ()
) -> Mapping[str, int]:
    """Copy all records, the raw files they name and some `folders` of `home` into `file`.

    Others may go on writing: the copy is of one moment. It appears under its name when it is whole; an
    earlier backup of that name is replaced. Returns the number of rows per table.

    Raises:
        StateError: when a file of that name is no backup.
        RecordsError: when a raw file is missing or damaged, or the file cannot be written.
    """
    if file.exists() and not _is_backup(file):
        raise StateError(
            "there is a file of that name, and it is no backup", "choose another name", str(file)
        )
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as handle:
            with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
                counts = _write_tables(engine, archive, raw)
                for folder in folders:
                    for path in sorted((home / folder).rglob("*")):
                        if path.is_file() and not path.is_symlink():
                            archive.write(path, f"home/{path.relative_to(home).as_posix()}")
                manifest = {"format": _FORMAT, "schema": HEAD, "rows": counts}
                archive.writestr("manifest.json", json.dumps(manifest, indent=1))
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, file)
        sync_folder(file.parent)
    except OSError as error:
        raise RecordsError(f"{file}: the backup cannot be written ({error.strerror or error})") from error
    finally:
        temporary.unlink(missing_ok=True)
    return counts


def read_backup(engine: sa.Engine, raw: RawFiles, home: Path, file: Path) -> Mapping[str, int]:
    """Bring a backup back into empty records: all of it or nothing. Returns the number of rows per table.

    Raises:
        StateError: when there are records already, or the file is no backup of this version of alloop.
        RecordsError: when the backup is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            counts = _check_manifest(archive, file)
            with transaction(engine, writer=True) as connection:
                _check_empty(connection, home)
                # Raw files come first, as in an upload: until the rows are committed nothing points at them.
                for name in archive.namelist():
                    if name.startswith("raw/"):
                        _restore_raw(archive, name, raw, file)
                for table in metadata.sorted_tables:
                    with archive.open(f"tables/{table.name}.jsonl") as lines:
                        found = _load(connection, table, lines)
                    if found != counts[table.name]:
                        raise RecordsError(f"{file}: table {table.name} is not whole; use another backup")
                _restart_numbers(connection)
                _take_statistics(connection)
                for name in archive.namelist():
                    if name.startswith("home/"):
                        _restore_file(archive, name, home)
    except OSError as error:
        raise StateError(f"it cannot be read ({error.strerror or error})", "", str(file)) from error
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise RecordsError(f"{file}: it is damaged or no backup of alloop ({error})") from error
    return counts


def check_backup(file: Path) -> None:
    """See that a file is a backup, before anything is made for what is in it.

    Raises:
        StateError: when there is none of that name, or it is something else.
    """
    if not file.is_file():
        raise StateError("there is no such file", "", str(file))
    if not _is_backup(file):
        raise StateError("it is damaged or no backup of alloop", "give what alloop backup wrote", str(file))


def _is_backup(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return "manifest.json" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _write_tables(engine: sa.Engine, archive: zipfile.ZipFile, raw: RawFiles) -> dict[str, int]:
    counts: dict[str, int] = {}
    with transaction(engine, writer=False) as connection:
        for table in metadata.sorted_tables:
            counts[table.name] = 0
            query = sa.select(table).order_by(*table.primary_key.columns)
            with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as lines:
                for row in connection.execute(query).mappings():
                    values = {
                        name: value.isoformat() if isinstance(value, datetime) else value
                        for name, value in row.items()
                    }
                    lines.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
                    counts[table.name] += 1
        hashes = list(connection.scalars(sa.select(metadata.tables["raw_file"].c.sha256)))
    for sha256 in sorted(hashes):
        archive.writestr(f"raw/{sha256}", raw.get(sha256))
    return counts


def _check_manifest(archive: zipfile.ZipFile, file: Path) -> dict[str, int]:
    manifest = json.loads(archive.read("manifest.json"))
    if (manifest["format"], manifest["schema"]) != (_FORMAT, HEAD):
        raise StateError(
            f"it was written by another version of alloop (schema {manifest['schema']}, here {HEAD})",
            "restore it with that version, then open the records with this one",
            str(file),
        )
    return dict(manifest["rows"])


def _check_empty(connection: sa.Connection, home: Path) -> None:
    if connection.scalar(sa.select(sa.func.count()).select_from(metadata.tables["event"])):
        raise StateError("there are records already", "restore into an empty folder and database", str(home))


def _load(connection: sa.Connection, table: sa.Table, lines: IO[bytes]) -> int:
    times = [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
    count = 0
    rows = _rows(lines, times)
    while batch := list(islice(rows, _BATCH)):
        connection.execute(sa.insert(table), batch)
        count += len(batch)
    return count


def _rows(lines: IO[bytes], times: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        row = json.loads(line)
        yield row | {name: datetime.fromisoformat(row[name]) for name in times if row[name] is not None}


def _take_statistics(connection: sa.Connection) -> None:
    # Until PostgreSQL knows how many rows there are it may join a plate's predictions for minutes; left to itself it
    # counts them a minute later, or never where that is switched off.
    if connection.dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            connection.execute(
                sa.text(f"ANALYZE {connection.dialect.identifier_preparer.format_table(table)}")
            )


def _restart_numbers(connection: sa.Connection) -> None:
    # SQLite continues after the largest number by itself; PostgreSQL's counters must be told.
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if "id" in table.columns and isinstance(table.columns["id"].type, sa.Integer):
            counter = sa.func.pg_get_serial_sequence(table.name, "id")
            largest = sa.select(sa.func.max(table.columns["id"])).scalar_subquery()
            connection.execute(
                sa.select(sa.func.setval(counter, sa.func.coalesce(largest, 1), largest.is_not(None)))
            )


def _restore_raw(archive: zipfile.ZipFile, name: str, raw: RawFiles, file: Path) -> None:
    data = archive.read(name)
    if sha256_of(data) != name.removeprefix("raw/"):
        raise RecordsError(f"{file}: {name} is damaged; use another backup")
    raw.put(data)


def _restore_file(archive: zipfile.ZipFile, name: str, home: Path) -> None:
    parts = PurePosixPath(name).parts[1:]
    if (
        not parts
        or ".." in parts
        or any(part.startswith("/") or "\\" in part or ":" in part for part in parts)
    ):
        raise RecordsError(f"{archive.filename}: {name} would lie outside the home folder")
    target = home.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
