"""`init`: a campaign file becomes a campaign, or a new version of one; its literature is imported."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alloop.campaign.desk import table_context
from alloop.campaign_file import CampaignFile, load_campaign
from alloop.errors import Problem, StateError, UserError
from alloop.ingest import ParsedUpload, parse_literature, read_table
from alloop.ingest.recognise import read_file
from alloop.records import Records, Transaction, UploadRow, VersionRow, sha256_of


@dataclass(frozen=True)
class Registration:
    """What `init` did.

    `is_new` says whether this is the campaign's first version, `changed` whether a version was added at all.
    `literature` counts the values that each table brings, `warnings` are lines a person should read.
    """

    campaign: str
    title: str
    version: int
    is_new: bool
    changed: bool
    candidates: int
    literature: dict[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Table:
    """A literature table: its name in the campaign file, its bytes, what it says."""

    name: str
    content: bytes
    parsed: ParsedUpload


def register(path: Path, home: Path, url: str | None, by: str, dry_run: bool = False) -> Registration:
    """Check a campaign file and register it, or a new version of its campaign; import its literature tables.

    The home is made where there is none, once the file is known to be right; a dry run makes nothing.

    A file that says what the newest version says changes nothing. The literature of a version is what its own
    tables say: values of tables that an earlier version named stay recorded and no longer count.

    Raises:
        UserError: with every problem of the file and its tables; nothing is registered then.
    """
    file = load_campaign(path)
    space = file.space
    tables, problems = _read_literature(file)
    contents = {table.name: table.content for table in tables}
    if file.pool_table is not None:
        contents[os.path.relpath(file.pool_table, file.base)] = file.pool_table.read_bytes()
    structures, doubtful = _read_structures(file)
    contents |= structures
    if problems:
        raise UserError(problems)
    with _records(home, url, dry_run) as records, records.writing(by, dry_run) as tx:
        known = file.slug in [row.slug for row in tx.campaigns()]
        before = len(tx.versions(file.slug)) if known else 0
        if not known:
            tx.add_campaign(file.slug, file.title)
        version = tx.add_campaign_version(
            VersionRow(
                campaign=file.slug,
                text=file.text,
                sha256=file.sha256,
                path=str(path.resolve()),
                space_hash=space.space_hash,
            ),
            contents,
        )
        for table in tables:
            _import(tx, file.slug, table)
    lines = [*file.warnings, *(str(warning) for table in tables for warning in table.parsed.warnings)]
    lines += map(str, doubtful)
    return Registration(
        campaign=file.slug,
        title=file.title,
        version=version.number,
        is_new=not known,
        changed=version.number > before,
        candidates=space.size,
        literature={table.name: len(table.parsed.measurements) for table in tables},
        warnings=tuple(lines),
    )


@contextmanager
def _records(home: Path, url: str | None, dry_run: bool) -> Iterator[Records]:
    """The records to register in; a dry run without any practises on empty ones that vanish."""
    if not dry_run:
        yield Records.open(home, create=True, url=url)
        return
    try:
        records = Records.open(home, url=url)
    except StateError:
        with tempfile.TemporaryDirectory() as folder:
            yield Records.open(folder, create=True)
        return
    yield records


def _read_literature(file: CampaignFile) -> tuple[list[_Table], list[Problem]]:
    tables: list[_Table] = []
    problems: list[Problem] = []
    context = table_context(file)
    for path in file.literature:
        name = os.path.relpath(path, file.base)
        try:
            content = read_file(path, name)
            parsed = parse_literature(read_table(content, name), context)
        except UserError as error:
            problems += error.problems
            continue
        tables.append(_Table(name, content, parsed))
        problems += parsed.problems
    return tables, problems


def _read_structures(file: CampaignFile) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """The reference structures for diffraction (name in the campaign's folder -> bytes), and what is wrong with some.

    They are kept with the version, so that patterns can be evaluated again with the same structures.
    """
    folder = file.target_phase.references if file.target_phase else None
    if folder is None or not folder.is_dir():
        return {}, ()
    from alloop.instruments.diffraction import load_references

    problems = load_references(folder).problems
    contents = {
        os.path.relpath(path, file.base): read_file(path, path.name)
        for path in sorted(folder.iterdir())
        if path.suffix.lower() == ".cif" and path.is_file()
    }
    return contents, problems


def _import(tx: Transaction, slug: str, table: _Table) -> None:
    """Record a table, unless these bytes were recorded before."""
    if tx.upload_by_hash(slug, sha256_of(table.content)) is not None:
        return
    tx.add_upload(
        UploadRow(
            campaign=slug,
            origin="literature",
            note=f"literature of the campaign file: {table.name}",
            report={"warnings": [str(warning) for warning in table.parsed.warnings]},
        ),
        [(table.name, table.content)],
        [parsed.row for parsed in table.parsed.measurements],
        table.parsed.statuses,
    )
