"""An upload from files to records: read, checked, and recorded whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alloop.chemistry import composition_key
from alloop.errors import Problem, UploadError
from alloop.ingest.context import (
    Findings,
    ParsedDerivation,
    ParsedMeasurement,
    ParsedUpload,
    ResultsContext,
)
from alloop.ingest.files import parse_files
from alloop.ingest.results import parse_literature
from alloop.ingest.sources import doubled
from alloop.ingest.tables import read_table
from alloop.records import MeasurementRow, Origin, UploadRow, split_sample_id

if TYPE_CHECKING:
    from alloop.records import Reader, Records, Transaction

_SAME_TEMPERATURE_C = 0.5


@dataclass(frozen=True)
class UploadReport:
    """What became of an upload.

    `is_new` is False when all its bytes were recorded before: then nothing was added, and `upload_id` is the
    earlier upload's. `skipped` names the files that were left out for that reason. `samples` are those that
    the upload speaks of, `started` the plates that received their first result by it, `derived` what was made of
    its instrument files.
    """

    upload_id: int
    is_new: bool
    measurements: int = 0
    statuses: int = 0
    superseded: int = 0
    samples: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    derived: tuple[ParsedDerivation, ...] = ()


def record_files(
    records: Records,
    context: ResultsContext,
    files: Sequence[tuple[str, bytes]],
    by: str,
    literature: bool = False,
    note: str = "",
    dry_run: bool = False,
    check: Callable[[ParsedUpload], None] | None = None,
    then: Callable[[Transaction], None] | None = None,
    progress: Callable[[str], None] | None = None,
) -> UploadReport:
    """Read files (name, bytes) and record what they say as one upload: everything, or nothing.

    Literature is tables only; a laboratory's files may be instrument files too. Files whose bytes were recorded
    before are skipped. `check` may refuse what was read, by raising. Raw files, values, statuses, superseded values,
    the plates' step to `measuring` and what `then` does with them are one transaction; a `dry_run` checks all of it
    and keeps nothing.

    Raises:
        UploadError: listing every problem of every file.
    """
    fresh, skipped = _unknown(records, context, files)
    if not fresh:
        return _known_report(records, context.campaign, files, skipped)
    if literature:
        parsed = _parse_literature(fresh, context).checked()
    else:
        known = [(name, data) for name, data in files if (name, data) not in fresh]
        parsed = parse_files(fresh, context, progress, known).checked()
    if check is not None:
        check(parsed)
    return record_parsed(
        records, context.campaign, fresh, parsed, by, literature, note, dry_run, skipped, then
    )


def record_parsed(
    records: Records,
    campaign: str,
    files: Sequence[tuple[str, bytes]],
    parsed: ParsedUpload,
    by: str,
    literature: bool = False,
    note: str = "",
    dry_run: bool = False,
    skipped: Sequence[str] = (),
    then: Callable[[Transaction], None] | None = None,
) -> UploadReport:
    """Record what was read from `files`, and what `then` adds to it, in one transaction.

    Raises:
        UploadError: when `parsed` has problems, or a value supersedes one that does not exist.
    """
    parsed = parsed.checked()
    origin = _origin(parsed, literature)
    with records.writing(by, dry_run) as transaction:
        measurements = _with_superseded(parsed.measurements, transaction, campaign)
        samples = {row.sample for row in measurements if row.sample is not None}
        samples |= {row.sample for row in parsed.statuses if row.sample is not None}
        samples |= {one.row.sample for one in parsed.derived}
        values = len(measurements) + sum(len(one.values) for one in parsed.derived)
        counts = {"measurements": values, "statuses": len(parsed.statuses)}
        summary = counts | {"warnings": [str(warning) for warning in parsed.warnings]}
        upload, is_new = transaction.add_upload(
            UploadRow(campaign=campaign, origin=origin, note=note, report=summary),
            files,
            measurements,
            parsed.statuses,
        )
        if is_new:
            derived = [(one.row, one.values) for one in parsed.derived]
            transaction.add_derived(campaign, upload.id, derived)
        started = _start_measuring(transaction, samples) if is_new else ()
        if is_new and then is not None:
            then(transaction)
    if not is_new:
        return UploadReport(upload.id, False, skipped=(*skipped, *(name for name, _ in files)))
    return UploadReport(
        upload.id,
        True,
        superseded=sum(len(row.supersedes) for row in measurements),
        samples=tuple(sorted(samples)),
        started=started,
        skipped=tuple(skipped),
        warnings=parsed.warnings,
        derived=parsed.derived,
        **counts,
    )


def _origin(parsed: ParsedUpload, literature: bool) -> Origin:
    if literature:
        return "literature"
    origins = {one.row.origin for one in parsed.measurements} | {row.origin for row in parsed.statuses}
    origins |= {"laboratory" for _ in parsed.derived}
    return "history" if origins == {"history"} else "laboratory"


def _unknown(
    records: Records, context: ResultsContext, files: Sequence[tuple[str, bytes]]
) -> tuple[list[tuple[str, bytes]], list[str]]:
    """The files whose bytes are new to the campaign, each once, and the names of the others.

    Raises:
        UploadError: when the same bytes are named for two samples, here or in an earlier upload.
    """
    fresh: list[tuple[str, bytes]] = []
    skipped: list[str] = []
    names: dict[str, list[str]] = {}
    with records.reading() as reader:
        for name, data in files:
            sha256 = hashlib.sha256(data).hexdigest()
            earlier = reader.upload_by_hash(context.campaign, sha256)
            before = [file.name for file in earlier.files if file.sha256 == sha256] if earlier else []
            if sha256 in names or before:
                skipped.append(name)
            else:
                fresh.append((name, data))
            names.setdefault(sha256, before).append(name)
    problems = doubled(names, context)
    if problems:
        raise UploadError(problems)
    return fresh, skipped


def _known_report(
    records: Records, campaign: str, files: Sequence[tuple[str, bytes]], skipped: Sequence[str]
) -> UploadReport:
    if not files:
        raise UploadError("there is nothing to upload", "name at least one file")
    with records.reading() as reader:
        earlier = reader.upload_by_hash(campaign, hashlib.sha256(files[-1][1]).hexdigest())
    assert earlier is not None
    return UploadReport(earlier.id, False, skipped=tuple(skipped))


def _parse_literature(files: Sequence[tuple[str, bytes]], context: ResultsContext) -> ParsedUpload:
    parsed = ParsedUpload()
    for name, data in files:
        try:
            parsed += parse_literature(read_table(data, name), context)
        except UploadError as error:
            parsed += ParsedUpload(problems=error.problems)
    return parsed


def _with_superseded(
    parsed: Sequence[ParsedMeasurement], reader: Reader, campaign: str
) -> list[MeasurementRow]:
    """The rows to record, with the numbers of the recorded values that they replace."""
    replacing = [one.row.sample for one in parsed if one.supersedes]
    if not replacing:
        return [one.row for one in parsed]
    # Others wait meanwhile: of all the campaign's values only those are read that can be meant.
    plates = None if None in replacing else sorted({split_sample_id(name)[0] for name in replacing if name})
    recorded = reader.measurements(campaign, True, plates=plates)
    findings = Findings()
    by_id = {row.id: row for row in recorded}
    current: dict[tuple[object, ...], list[MeasurementRow]] = {}
    for row in recorded:
        if row.superseded_by is None:
            current.setdefault(_subject_of(row), []).append(row)
    taken: set[int] = set()
    rows = []
    for one in parsed:
        if one.supersedes:
            old = _replaced_by(one, current, by_id, findings)
            # Repeats that replace the same value share the replacement: the first of them records it.
            free = tuple(row.id for row in old if row.id not in taken)
            taken.update(free)
            rows.append(replace(one.row, supersedes=free))
        else:
            rows.append(one.row)
    if findings.problems:
        raise UploadError(findings.problems)
    return rows


def _replaced_by(
    one: ParsedMeasurement,
    current: Mapping[tuple[object, ...], list[MeasurementRow]],
    by_id: Mapping[int, MeasurementRow],
    findings: Findings,
) -> list[MeasurementRow]:
    row = one.row
    if one.supersedes == "previous":
        old = [other for other in current.get(_subject_of(row), ()) if _same_conditions(row, other)]
        if not old:
            what = f"there is no earlier value of {row.property} under these conditions to supersede"
            findings.problem(row.place, what, "leave 'supersedes' empty, or correct the conditions")
        return old
    other = by_id.get(int(one.supersedes))
    if other is None or _subject_of(other) != _subject_of(row):
        what = f"measurement {one.supersedes} is no {row.property} of {row.sample or row.formula}"
        findings.problem(row.place, what, "look up its number in the export")
        return []
    if other.superseded_by is not None:
        what = f"measurement {other.id} was superseded by {other.superseded_by} before"
        findings.problem(row.place, what, f"write {other.superseded_by}")
        return []
    return [other]


def _subject_of(row: MeasurementRow) -> tuple[object, ...]:
    """What a value is about: the property, and the sample or else the formula with its settings."""
    if row.sample is not None:
        return row.property, row.sample
    return row.property, row.origin, composition_key(row.elements), tuple(sorted(row.settings.items()))


def _same_conditions(row: MeasurementRow, other: MeasurementRow) -> bool:
    if row.kind != other.kind or (row.temperature_C is None) != (other.temperature_C is None):
        return False
    return abs((row.temperature_C or 0.0) - (other.temperature_C or 0.0)) <= _SAME_TEMPERATURE_C


def _start_measuring(transaction: Transaction, samples: set[str]) -> tuple[str, ...]:
    """Move plates that receive their first result to `measuring`; what is measured has also been made."""
    plates = {split_sample_id(sample)[0] for sample in samples}
    started = []
    for plate in sorted(plates):
        state = transaction.plate(plate).state
        if state == "approved":
            transaction.set_plate_state(plate, "in_synthesis", "its first result arrived")
        if state in ("approved", "in_synthesis"):
            transaction.set_plate_state(plate, "measuring", "its first result arrived")
            started.append(plate)
    return tuple(started)


def results_context(reader: Reader, context: ResultsContext) -> ResultsContext:
    """The context with the samples and plate states that the records hold now."""
    slug = context.campaign
    return replace(
        context,
        samples=tuple(reader.samples(slug)),
        plate_states={plate.id: plate.state for plate in reader.plates(slug)},
    )
