"""`rederive`: the values of instrument files derived again from the stored bytes, by the code as it is now."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from alloop.campaign.desk import Desk, table_context
from alloop.errors import InstrumentError, Problem
from alloop.ingest import ParsedDerivation, results_context
from alloop.ingest.context import Findings
from alloop.ingest.deriving import derive
from alloop.ingest.sources import Source, given_from_json, kind_of, read_content
from alloop.records import DerivationRow, MeasurementRow, SampleRow
from alloop.runner import Runner

_SAME = 1e-9
_SAME_TEMPERATURE_C = 0.5


@dataclass(frozen=True)
class Change:
    """A value that is another now; `before` or `after` is None where there was or is none."""

    sample: str
    property: str
    kind: str | None
    temperature_C: float | None
    before: float | None
    after: float | None
    what: str


@dataclass(frozen=True)
class Rederived:
    """How many files were evaluated again, and what changed by it."""

    files: int
    changes: tuple[Change, ...] = ()
    warnings: tuple[Problem, ...] = ()


def rederive(
    desk: Desk,
    by: str,
    dry_run: bool = False,
    progress: Callable[[str], None] | None = None,
    runner: Runner | None = None,
) -> Rederived:
    """Derive all values of a campaign's instrument files again; the `runner` evaluates them, or this process.

    Where an evaluation gives anything else than the newest one of the same files, the new derivation is recorded and
    its values supersede the old ones. A value that is no longer believed is retracted; a person's word about a
    value (`retract`, `suspect`, `trust`) is carried over to the one that replaces it.
    """
    findings = Findings()
    with desk.records.reading() as reader:
        context = results_context(reader, table_context(desk.file))
        newest = _newest(reader.derivations(desk.slug))
        names = {file.sha256: file.name for row in reader.uploads(desk.slug) for file in row.files}
        measurements = {row.id: row for row in reader.measurements(desk.slug, include_superseded=True)}
        spoken_of = {row.measurement for row in reader.doubts(desk.slug)}
    samples = {sample.id: sample for sample in context.samples}
    sources = _sources(desk, newest, names, samples, findings)
    derived = derive(sources, context, findings, progress, runner)
    changes: list[Change] = []
    with desk.records.writing(by, dry_run) as tx:
        for one in derived:
            olds = _earlier(newest, one.row)
            before = [measurements[number] for old in olds for number in old.values]
            current = [row for row in before if row.superseded_by is None]
            values, gone, told = _compared(one, current, spoken_of)
            same = newest.get(_identity(one.row))
            standing = {row.id for row in current if row.doubt != "retracted"}
            if same is not None and not told and standing <= set(same.values):
                continue
            changes += told
            upload = olds[-1].upload_id if olds else max(row.upload_id for row in newest.values())
            tx.add_derived(desk.slug, upload, [(one.row, values)])
            for row in gone:
                if row.doubt != "retracted":
                    tx.mark(row.id, "retracted", "derived again: its file gives no such value any more")
        if changes:
            details = {"files": len(sources), "changes": len(changes), "alloop_version": version("alloop")}
            tx.audit("values derived again", campaign=desk.slug, details=details)
    return Rederived(len(sources), tuple(changes), tuple(findings.warnings))


def _identity(row: DerivationRow) -> tuple[str, tuple[str, ...]]:
    return row.sample, tuple(sorted(row.files))


def _earlier(
    newest: Mapping[tuple[str, tuple[str, ...]], DerivationRow], row: DerivationRow
) -> list[DerivationRow]:
    """The derivations that a new one takes the place of: of the same files, and of some of several files together."""
    same = newest.get(_identity(row))
    return [
        other
        for other in newest.values()
        if other is same
        or (
            (other.sample, other.kind) == (row.sample, row.kind)
            and len(other.files) > 1
            and set(other.files) < set(row.files)
        )
    ]


def _newest(rows: Sequence[DerivationRow]) -> dict[tuple[str, tuple[str, ...]], DerivationRow]:
    return {_identity(row): row for row in rows}


def _sources(
    desk: Desk,
    newest: dict[tuple[str, tuple[str, ...]], DerivationRow],
    names: dict[str, str],
    samples: dict[str, SampleRow],
    findings: Findings,
) -> list[Source]:
    """Each file with what was known of it when it came."""
    sources = []
    for row in newest.values():
        if len(row.files) != 1:
            continue
        (sha256,) = row.files
        name = names.get(sha256, sha256[:12])
        try:
            data = desk.records.raw_file(sha256)
            content = read_content(data, name, kind_of(data, name) or "recording")
        except InstrumentError as error:
            for problem in error.problems:
                findings.warn(
                    name, f"it can no longer be read: {problem.what}", "its values stay as they are"
                )
            continue
        sources.append(Source(name, sha256, content, samples[row.sample], given_from_json(row.given)))
    return sources


def _compared(
    one: ParsedDerivation, current: Sequence[MeasurementRow], spoken_of: Container[int]
) -> tuple[list[MeasurementRow], list[MeasurementRow], list[Change]]:
    """The new values with what they replace, the old ones that nothing replaces, and what is different.

    `spoken_of` are the values that somebody has doubted or trusted.
    """
    left = list(current)
    values, changes = [], []
    for row in one.values:
        replaced = [other for other in left if _same_subject(row, other)]
        if not replaced:
            values.append(row)
            changes.append(_change(row, None, row, "new"))
            continue
        left = [other for other in left if other not in replaced]
        for old in replaced:
            if old.id in spoken_of:
                row = replace(row, doubt=old.doubt, doubt_why=old.doubt_why)
        old = replaced[-1]
        values.append(replace(row, supersedes=tuple(other.id for other in replaced)))
        if not math.isclose(row.value, old.value, rel_tol=_SAME) or row.bound != old.bound:
            what = "" if row.bound == old.bound else f"{old.bound} before, {row.bound} now"
            changes.append(_change(row, old, row, what))
    changes += [_change(row, row, None, "no longer derived") for row in left if row.doubt != "retracted"]
    return values, left, changes


def _same_subject(row: MeasurementRow, other: MeasurementRow) -> bool:
    if (row.property, row.kind) != (other.property, other.kind):
        return False
    if row.temperature_C is None or other.temperature_C is None:
        return row.temperature_C == other.temperature_C
    return abs(row.temperature_C - other.temperature_C) <= _SAME_TEMPERATURE_C


def _change(
    about: MeasurementRow, before: MeasurementRow | None, after: MeasurementRow | None, what: str
) -> Change:
    return Change(
        about.sample or "",
        about.property,
        about.kind,
        about.temperature_C,
        before.value if before else None,
        after.value if after else None,
        what,
    )


__all__ = ["Change", "Rederived", "rederive"]
