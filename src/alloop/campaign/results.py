"""`upload`, `retract`, `suspect`: results come in, and doubts about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alloop.campaign.arrangement import FEWEST_FOR_ARRANGEMENT, misplaced, true_wells
from alloop.campaign.density_checks import too_dense
from alloop.campaign.desk import Desk, table_context
from alloop.campaign.evidence import (
    Evidence,
    aims_of,
    fits,
    gather,
    is_believed,
    is_confirmed,
    modelled_in,
    old_literature,
)
from alloop.campaign.ledger import compare
from alloop.campaign.replicate_checks import unlike_replicates
from alloop.campaign.suspects import wrong_factor
from alloop.campaign_file import all_wells
from alloop.errors import Problem, StateError, UploadError
from alloop.ingest import ParsedDerivation, ParsedUpload, collect, record_files, results_context
from alloop.properties import get_property
from alloop.records import Doubt, MeasurementRow, Records, Transaction, split_sample_id, without_collecting
from alloop.surrogate.doubts import FAR_FOR_A_UNIT

_SWAPPED_AMONG = 24
"""Plates, the newest, for whose values those of an upload may have been taken: what lies about in a laboratory."""


@dataclass(frozen=True)
class Understood:
    """What was made of instrument files: of which sample, of which format and kind, the values and the flags.

    `values` are those recorded; `flags` are (name, words, severity). A derivation without values says in its flags why.
    """

    files: tuple[str, ...]
    sample: str
    format: str
    kind: str
    model: str
    values: tuple[Mapping[str, Any], ...]
    flags: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class UploadReport:
    """What became of an upload.

    Either it was `accepted` as a whole, or nothing of it was recorded and `problems` say why. `is_new` is
    False where all bytes were known before (`skipped` names such files). `measurements`, `statuses` and
    `superseded` count what was recorded; `started` and `completed` are plates that had their first and their
    last result by it. `understood` says what was made of each instrument file.
    """

    accepted: bool
    upload: int | None = None
    is_new: bool = False
    measurements: int = 0
    statuses: int = 0
    superseded: int = 0
    samples: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    understood: tuple[Understood, ...] = ()
    warnings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def upload(
    desk: Desk,
    paths: Sequence[Path],
    by: str,
    note: str = "",
    dry_run: bool = False,
    as_labelled: bool = False,
    arranged: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> UploadReport:
    """Record tables and instrument files as one upload: everything, or nothing and a list of all that is wrong.

    Folders and zip archives are opened. A plate all of whose samples failed or have every property that the campaign
    aims at becomes complete.

    Args:
        desk: the campaign.
        paths: files, folders or archives.
        by: who uploads.
        note: kept with the upload.
        dry_run: keep nothing.
        as_labelled: believe the labels of a plate whose values would fit another arrangement far better.
        arranged: plates measured otherwise than labelled: how (`upside-down`…), or which plate it really is.
        progress: told in words what is going on.

    Raises:
        UploadError: for an arrangement that does not exist.
    """
    dropped = collect(paths)
    files, problems = dropped.files, dropped.problems
    with desk.records.reading() as reader:
        context = results_context(reader, table_context(desk.file))
    if arranged:
        context = replace(context, arranged=true_wells(arranged, _places(desk), context.plates))
    if problems:
        try:  # for what else is wrong, so that it is all said at once
            record_files(desk.records, context, files, by, dry_run=True)
        except UploadError as error:
            problems += error.problems if files else ()
        return UploadReport(False, problems=problems, warnings=dropped.left_out)
    completed: list[str] = []

    def check(parsed: ParsedUpload) -> None:
        if not as_labelled:
            _check_arrangement(desk, parsed)

    def then(tx: Transaction) -> None:
        completed.extend(_complete(desk, tx))

    try:
        report = record_files(
            desk.records,
            context,
            files,
            by,
            note=note,
            dry_run=dry_run,
            check=check,
            then=then,
            progress=progress,
        )
    except UploadError as error:
        return UploadReport(False, problems=error.problems, warnings=dropped.left_out)
    warnings = dropped.left_out + report.warnings
    return UploadReport(
        accepted=True,
        upload=None if dry_run else report.upload_id,
        is_new=report.is_new,
        measurements=report.measurements,
        statuses=report.statuses,
        superseded=report.superseded,
        samples=report.samples,
        started=report.started,
        completed=tuple(completed),
        skipped=report.skipped,
        understood=tuple(_understood(one) for one in report.derived),
        warnings=warnings + _of_cancelled(desk, report.samples) + _unlike(desk, report.samples),
    )


def _understood(derived: ParsedDerivation) -> Understood:
    row = derived.row
    values = tuple(
        {
            "property": value.property,
            "value": value.value,
            "unit": get_property(value.property).unit,
            "bound": value.bound,
            "uncertainty": value.uncertainty,
            "temperature_C": value.temperature_C,
            "kind": value.kind,
            "doubt": value.doubt,
        }
        for value in derived.values
    )
    return Understood(derived.names, row.sample, row.format, row.kind, row.model, values, row.flags)


def _check_arrangement(desk: Desk, parsed: ParsedUpload) -> None:
    """See that the values of an upload, which is not recorded yet, fit the wells whose names they bear.

    Raises:
        UploadError: when a plate's values would fit another arrangement far better.
    """
    values = [one.row for one in parsed.measurements]
    values += [row for one in parsed.derived for row in one.values]
    plates = Counter(split_sample_id(row.sample)[0] for row in values if row.sample)
    wanted = [plate for plate, count in sorted(plates.items()) if count >= FEWEST_FOR_ARRANGEMENT]
    if not wanted:
        return
    with desk.records.reading() as reader:
        own = replace(gather(reader, desk.slug, wanted), measurements=tuple(values))
        predictions = reader.campaign_predictions(desk.slug, _SWAPPED_AMONG)
        newest = {row.plate for row in predictions}
        predictions += [row for plate in wanted if plate not in newest for row in reader.predictions(plate)]
    entries = compare(own, predictions, modelled_in(desk.file))
    found = misplaced(entries, predictions, _places(desk))
    if found:
        raise UploadError(one.as_problem() for one in found)


def _places(desk: Desk) -> list[tuple[str, ...]]:
    """The labels of a plate's wells, row by row."""
    labels, columns = all_wells(desk.file.plate.rows, desk.file.plate.columns), desk.file.plate.columns
    return [labels[start : start + columns] for start in range(0, len(labels), columns)]


def _of_cancelled(desk: Desk, samples: Sequence[str]) -> tuple[Problem, ...]:
    """A warning for each cancelled plate that has results all the same: they count."""
    plates = {split_sample_id(sample)[0] for sample in samples}
    return tuple(
        Problem(
            f"plate {plate.id}", "it was cancelled; these results are recorded and count", "check the plate"
        )
        for plate in desk.records.plates(desk.slug, ["cancelled"])
        if plate.id in plates
    )


def _unlike(desk: Desk, samples: Sequence[str]) -> tuple[Problem, ...]:
    """A warning for each value that is off by what a wrong unit makes, or far off its replicates."""
    wanted = set(samples)
    plates = sorted({split_sample_id(sample)[0] for sample in samples})
    with desk.records.reading() as reader, without_collecting():
        evidence = gather(reader, desk.slug, plates)
        predictions = [row for plate in plates for row in reader.predictions(plate)]
        old = old_literature(reader, desk.slug, reader.versions(desk.slug))
        counted = [row for row in reader.short_values(desk.slug) if is_believed(row, old)]
        recipes = reader.recipes(desk.slug)
    found = []
    for entry in compare(evidence, predictions, modelled_in(desk.file)):
        sample = f"{entry.plate}-{entry.well}"
        factor = wrong_factor(entry.value, entry.expected.median) if entry.expected.scale == "log10" else None
        if sample in wanted and factor and entry.bound == "exact" and abs(entry.z) > FAR_FOR_A_UNIT:
            unit = "" if entry.expected.unit == "1" else f" {entry.expected.unit}"
            what = (
                f"its {entry.name} {entry.value:.3g}{unit} looks {factor} "
                f"(expected about {entry.expected.median:.3g}): check its unit"
            )
            mend = (
                f"upload the right value, or confirm this one: alloop trust {sample} {entry.name} --why ..."
            )
            found.append(Problem(f"sample {sample}", what, mend))
    checks = unlike_replicates(desk.file, counted, recipes, wanted) + too_dense(desk.file, evidence, wanted)
    return (*found, *checks)


def _complete(desk: Desk, tx: Transaction) -> tuple[str, ...]:
    """Close the plates whose results are all in, as part of the upload that brought the last of them."""
    measuring = [plate.id for plate in tx.plates(desk.slug, ["measuring"])]
    evidence = gather(tx, desk.slug, measuring)
    ready = [plate for plate in measuring if _all_in(desk, evidence, plate)]
    for plate in ready:
        tx.set_plate_state(plate, "complete", "all results are in")
    return tuple(ready)


def _all_in(desk: Desk, evidence: Evidence, plate: str) -> bool:
    """Whether every sample of a plate failed, was lost, or has every aimed-at property that is measured."""
    aims = {aim.property: aim for aim in reversed(aims_of(desk.file))}
    wanted = {name for name in aims if not get_property(name).computed}
    have: dict[str, set[str]] = {}
    for row in evidence.measurements:
        if row.sample and row.doubt != "retracted" and row.property in aims and fits(row, aims[row.property]):
            have.setdefault(row.sample, set()).add(row.property)
    finished = {
        row.sample for row in evidence.statuses if row.sample and row.status not in ("ok", "not_measured")
    }
    samples = [sample.id for sample in evidence.samples if sample.plate == plate]
    return all(name in finished or wanted <= have.get(name, set()) for name in samples)


def doubt(
    records: Records, sample: str, name: str, verdict: Doubt, why: str, by: str, dry_run: bool = False
) -> list[MeasurementRow]:
    """Say what is thought of the values of one property of a sample: suspect, retracted, or ok again.

    Raises:
        StateError: when there is no such sample, it has no such value, or no reason is given.
        PropertyError: when the property is unknown.
    """
    plate, well = split_sample_id(sample)
    label = f"{plate}-{well}"
    slug = records.plate(plate).campaign
    entry = get_property(name)
    if not why.strip():
        raise StateError("a doubt needs a reason", "say --why", f"sample {label}")
    found = records.measurements(slug, properties=[entry.name], sample=label)
    if not found:
        have = sorted({row.property for row in records.measurements(slug, sample=label)})
        mend = f"it has {', '.join(have)}" if have else "it has no values yet"
        raise StateError(f"it has no value of {entry.name}", mend, f"sample {label}")
    changed = [row for row in found if row.doubt != verdict or (verdict == "ok" and not is_confirmed(row))]
    if not changed:
        raise StateError(f"its {entry.name} is {verdict} already", "", f"sample {label}")
    with records.writing(by, dry_run) as tx:
        for row in changed:
            tx.mark(row.id, verdict, why)
    return changed
