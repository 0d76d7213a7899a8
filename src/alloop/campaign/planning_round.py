"""`plan`: the next plate is proposed, or the open proposal shown again."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from alloop.campaign.advice import gain_before
from alloop.campaign.desk import Desk
from alloop.campaign.evidence import Evidence, gather, modelled_in
from alloop.campaign.kept_wells import kept_reasons, locked_wells, with_kept
from alloop.campaign.ledger import Entry, compare, foretold, with_surprises
from alloop.campaign.own_models import Supplied, learners
from alloop.campaign.plan_document import (
    alloop_version,
    plan_document,
    plan_text,
)
from alloop.campaign.plate_files import write_plate_files
from alloop.campaign.progress import standing_of
from alloop.campaign.proposals import Draft, Then, more_warnings, record
from alloop.campaign.question import Wish, ask, plate_labels
from alloop.campaign_file import all_wells
from alloop.errors import PlanError, Problem
from alloop.records import PlateRow, SnapshotRow, WellRow, plate_id, without_collecting
from alloop.runner import Runner
from alloop.space import Level
from alloop.surrogate.protocol import Learner

Strategy = Literal["alloop", "random"]
Progress = Callable[[str], None]

_SEEDS = 2**63
"""Seeds are recorded as whole numbers of eight bytes."""
_MOST_PLATES = 24
_LEDGER_PLATES = 100
"""Plates, the newest, whose frozen predictions a plan looks at: what surprised of older ones was repeated or let be."""


@dataclass(frozen=True)
class Planned:
    """A plate as `plan` hands it out.

    `document` is the content of plan.json, `folder` where its files lie, `is_new` False for an open proposal
    that is shown again; `seconds` and `peak_memory_MB` are what planning it took.
    """

    plate: PlateRow
    document: Mapping[str, Any]
    folder: Path
    is_new: bool
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_memory_MB: float | None = None


def default_seed(campaign: str, number: int) -> int:
    """The seed of a campaign's plate of that number when none is given."""
    return int.from_bytes(hashlib.sha256(f"{campaign} {number}".encode()).digest()[:4], "big")


def plan_plates(
    desk: Desk,
    by: str,
    *,
    plates: int = 1,
    seed: int | None = None,
    wells: int | str | None = None,
    replace_open: bool = False,
    another: bool = False,
    settings: Mapping[str, Level] | None = None,
    out: Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    strategy: Strategy = "alloop",
    models: Supplied | None = None,
    runner: Runner | None = None,
    then: Then | None = None,
) -> list[Planned]:
    """Propose the next plates, one after the other, each with the ones before it pending; all are kept or none.

    Args:
        desk: the campaign.
        by: who asks.
        plates: how many.
        seed: of every draw of the first plate, and counted up for the others; by default each plate's follows from
            campaign and plate number.
        wells: fill only that many wells, or those with these names (`A1-B6,D3`).
        replace_open: reject the open proposals and plan anew; their locked wells stay.
        another: plan beside the open proposals.
        settings: shared settings that are decided already.
        out: a folder that gets a copy of the plate's files; of several plates, a folder in it for each.
        dry_run: keep nothing.
        progress: told in words what is going on.
        strategy: `random` plans a plate of random candidates, for comparison.
        models: by property, what is believed instead of alloop's own models: a `PropertyModel` of features as
            `FeatureMap(space)` makes them, a learner such as `from_botorch(fit)`, or a fitted BoTorch model.
        runner: who fits and screens; the threads of this process when None. It changes nothing in the plan.
        then: what is recorded with the plates, in the same transaction.

    Returns:
        The plates; without `replace_open` and `another` the open proposals again, where there are any.

    Raises:
        PlanError: when a plate cannot be planned as asked.
        OutdatedError: when another plate was planned meanwhile, or what this one was planned from was taken back.
    """
    if replace_open and another:
        raise PlanError(
            "a plate can replace the open proposal or be another one", "say --replace or --another"
        )
    if not 1 <= plates <= _MOST_PLATES:
        raise PlanError(f"{plates} plates cannot be planned at once", f"ask for 1 to {_MOST_PLATES}")
    if seed is not None and not 0 <= seed < _SEEDS - plates:
        raise PlanError(f"the seed is {seed}", f"use a whole number from 0 to {_SEEDS - plates - 1}")
    if out is not None and not dry_run:
        out.mkdir(parents=True, exist_ok=True)  # before the work, so that it is not in vain
    with desk.records.reading() as reader, without_collecting():
        evidence = gather(reader, desk.slug)
        first = reader.next_plate_number(desk.slug)
        ledger = reader.campaign_predictions(desk.slug, _LEDGER_PLATES)
        snapshots = reader.snapshots(desk.slug)
        seen = reader.last_event(desk.slug)
    if evidence.version.number != desk.version.number:
        raise PlanError("a new version of the campaign file was registered meanwhile", "plan again")
    proposed = [plate for plate in evidence.plates if plate.state == "proposed"]
    if proposed and not (replace_open or another):
        shown = proposed[-plates:]
        folders = [out if len(shown) == 1 or out is None else out / plate.id for plate in shown]
        return [
            _show(desk, plate, evidence, snapshots, to, dry_run)
            for plate, to in zip(shown, folders, strict=True)
        ]
    replaced = tuple(proposed) if replace_open else ()
    labels = plate_labels(desk.file, wells)
    everywhere = all_wells(desk.file.plate.rows, desk.file.plate.columns)
    learn = learners(desk.file, models)
    came = compare(evidence, ledger, modelled_in(desk.file))
    drafts: list[Draft] = []
    for place in range(plates):
        keep = locked_wells(
            evidence, replaced[place:] if place == plates - 1 else replaced[place : place + 1]
        )
        kept = {well.well for well in keep}
        wish = Wish(
            wells=tuple(label for label in everywhere if label in labels or label in kept),
            keep=keep,
            without=frozenset(row.id for row in replaced),
            settings=settings,
            beside=tuple(draft.plan.wells for draft in drafts),
        )
        number = first + place
        chosen_seed = default_seed(desk.slug, number) if seed is None else seed + place
        try:
            drafts.append(
                _draft(
                    desk,
                    evidence,
                    came,
                    snapshots,
                    wish,
                    number,
                    chosen_seed,
                    strategy,
                    progress,
                    learn,
                    runner,
                )
            )
        except PlanError as error:
            if plates == 1:
                raise
            where = f"plate {place + 1} of {plates}"
            raise PlanError(
                [Problem(", ".join(filter(None, (where, p.where))), p.what, p.mend) for p in error.problems]
            ) from error
    record(desk, by, drafts, replaced, seen, dry_run, then)
    planned = []
    for draft in drafts:
        row = draft.row
        if not dry_run:
            to = out if out is None or plates == 1 else out / row.id
            _write(desk, row, plan_text(draft.document), draft.well_rows, to)
        seconds = dict(draft.plan.seconds)
        planned.append(Planned(row, draft.document, desk.folder(row.id), True, seconds, draft.memory))
    return planned


def _draft(
    desk: Desk,
    evidence: Evidence,
    came: Sequence[Entry],
    snapshots: Sequence[SnapshotRow],
    wish: Wish,
    number: int,
    seed: int,
    strategy: Strategy,
    progress: Progress | None,
    learn: Mapping[str, Learner],
    runner: Runner | None,
) -> Draft:
    """One plate, planned and not recorded yet."""
    from alloop.planning import plan_plate, plan_plate_at_random

    with without_collecting():
        started = time.perf_counter()
        problem, learned = ask(desk.file, evidence, wish)
        asking = time.perf_counter() - started
        made = with_surprises(problem.made, evidence, came, desk.file.objectives)
        problem = replace(problem, models=learn, made=made, foretold=foretold(came, snapshots))
    is_random = strategy == "random"
    plan = plan_plate_at_random(problem, seed) if is_random else plan_plate(problem, seed, progress, runner)
    plan = with_kept(desk, plan, wish)
    plan = replace(
        plan, seconds={"prepare": asking, **plan.seconds, "total": asking + plan.seconds.get("total", 0.0)}
    )
    plate = plate_id(desk.slug, number)
    with without_collecting():
        warnings = more_warnings(desk, plan, evidence, len(wish.beside))
        measured = {evidence.sample_by_id[row.sample].plate for row in evidence.counted if row.sample}
        standing = standing_of(desk.file, evidence)
        before = gain_before(desk.file, standing, measured, snapshots)
        document = plan_document(desk.file, evidence, learned, plan, plate, seed, warnings, before)
    locked = frozenset(well.well for well in wish.keep)
    reasons = kept_reasons(desk, wish)
    for entry in document["wells"]:
        entry["locked"] = entry["well"] in locked
        entry.update(reasons.get(entry["well"], {}))
    row = PlateRow(
        id=plate,
        campaign=desk.slug,
        number=number,
        version=evidence.version.number,
        seed=seed,
        data_hash=evidence.data_hash,
        alloop_version=alloop_version(),
    )
    return Draft(row, plan, document, locked, peak_memory_MB())


def _show(
    desk: Desk,
    plate: PlateRow,
    evidence: Evidence,
    snapshots: Sequence[SnapshotRow],
    out: Path | None,
    dry_run: bool,
) -> Planned:
    """The open proposal again; its files are written again where they are missing."""
    wells = [well for well in evidence.wells if well.plate == plate.id]
    text = desk.records.plan(plate.id)
    if not dry_run:
        _write(desk, plate, text, wells, out)
    content = next((s.content for s in snapshots if s.plate == plate.id), {})
    return Planned(
        plate,
        json.loads(text),
        desk.folder(plate.id),
        False,
        dict(content.get("seconds", {})),
        content.get("peak_memory_MB"),
    )


def _write(desk: Desk, plate: PlateRow, text: str, wells: list[WellRow], out: Path | None) -> None:
    for folder in (desk.folder(plate.id), out):
        if folder is not None:
            write_plate_files(folder, desk.file_of(plate), text, plate.state, wells)


def peak_memory_MB() -> float | None:
    """The most memory this process has held, in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


__all__ = ["Planned", "Progress", "Strategy", "default_seed", "peak_memory_MB", "plan_plates"]
