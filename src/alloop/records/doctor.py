"""A check of the records: is everything there that they speak of, and is it what it was?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from alloop.errors import RecordsError
from alloop.records import schema
from alloop.records.engine import schema_version, transaction
from alloop.records.raw_files import TEMPORARY_PREFIX, RawFiles
from alloop.records.schema import APPEND_ONLY, HEAD, MAY_CHANGE, metadata


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor noticed: an `error` needs mending, a `note` is harmless."""

    level: Literal["error", "note"]
    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"; {self.mend}" if self.mend else "")


@dataclass(frozen=True)
class DoctorReport:
    """What was checked and what was found; `rows` counts the rows of every table."""

    schema_version: str
    rows: dict[str, int]
    raw_files: int
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing needs mending."""
        return all(finding.level != "error" for finding in self.findings)


def examine(engine: sa.Engine, raw: RawFiles) -> DoctorReport:
    """Check the database's own integrity, the schema, the guards, and every raw file against its hash.

    Files that no upload speaks of are notes: an upload that died before it was acknowledged leaves them.
    """
    findings: list[Finding] = []
    with transaction(engine, writer=False) as connection:
        version = schema_version(connection) or "none"
        if version != HEAD:
            findings.append(Finding("error", "schema", f"it is {version}, this alloop needs {HEAD}"))
        findings += _integrity(connection)
        findings += _guards(connection)
        findings += _contradictions(connection)
        rows = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }
        table = schema.raw_file
        sizes = {
            row.sha256: row.size for row in connection.execute(sa.select(table).order_by(table.c.sha256))
        }
    findings += _raw_files(raw, sizes)
    return DoctorReport(version, rows, len(sizes), tuple(findings))


def _integrity(connection: sa.Connection) -> list[Finding]:
    if connection.dialect.name != "sqlite":
        return []
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    findings = [Finding("error", "database", line, "restore a backup") for line in said if line != "ok"]
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return findings + [
        Finding("error", f"table {row[0]}, row {row[1]}", f"what it refers to in {row[2]} is missing")
        for row in dangling
    ]


def _guards(connection: sa.Connection) -> list[Finding]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O' "
        "AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)"
    )
    found = set(connection.scalars(sa.text(query)))
    expected = [f"guard_{table}_delete" for table in (*APPEND_ONLY, *MAY_CHANGE)]
    expected += [f"guard_{table}_update" for table in APPEND_ONLY]
    return [
        Finding("error", f"trigger {name}", "it is missing or switched off: the past could be changed")
        for name in sorted(expected)
        if name not in found
    ]


def _contradictions(connection: sa.Connection) -> list[Finding]:
    plate, sample, plan = schema.plate, schema.sample, schema.plan_revision
    unmade = (
        sa.select(plate.c.id)
        .where(plate.c.state.in_(("proposed", "rejected")), plate.c.id.in_(sa.select(sample.c.plate_id)))
        .order_by(plate.c.id)
    )
    planless = sa.select(plate.c.id).where(plate.c.id.not_in(sa.select(plan.c.plate_id))).order_by(plate.c.id)
    findings = [
        Finding("error", f"plate {name}", "it has samples but was never approved")
        for name in connection.scalars(unmade)
    ]
    return findings + [
        Finding("error", f"plate {name}", "it has no plan") for name in connection.scalars(planless)
    ]


def _raw_files(raw: RawFiles, sizes: dict[str, int]) -> list[Finding]:
    findings: list[Finding] = []
    for sha256, size in sizes.items():
        where = f"raw file {raw.path(sha256)}"
        try:
            if len(raw.get(sha256)) != size:
                findings.append(Finding("error", where, f"its recorded size is {size}"))
        except RecordsError as error:
            findings.append(Finding("error", where, str(error).removeprefix(f"{where}: ")))
    expected = {raw.path(sha256) for sha256 in sizes}
    for path in raw:
        if path not in expected:
            left = path.name.startswith(TEMPORARY_PREFIX)
            what = "half-written, left by a process that died" if left else "no upload speaks of it"
            findings.append(Finding("note", f"raw file {path}", what, "it is harmless and can be deleted"))
    return findings
