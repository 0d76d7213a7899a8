"""`plan`: the next plate is proposed, or the open proposal shown again."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from alloop.campaign.desk import Desk
from alloop.campaign.evidence import Evidence, gather
from alloop.campaign.plan_document import (
    alloop_version,
    kept_well,
    plan_document,
    plan_text,
    prediction_rows,
    well_row,
    with_wells,
)
from alloop.campaign.plate_files import write_plate_files
from alloop.campaign.question import Wish, ask, candidate_of, plate_labels, unbalanced_rows
from alloop.chemistry import charge_excess
from alloop.chemistry.charge import ERROR, WARN
from alloop.errors import PlanError, Problem
from alloop.planning import PlatePlan
from alloop.records import DROPPED_STATES, PlateRow, PredictionRow, SnapshotRow, WellRow, plate_id
from alloop.space import Level

Strategy = Literal["alloop", "random"]
Progress = Callable[[str], None]

_SEEDS = 2**63
"""Seeds are recorded as whole numbers of eight bytes."""


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


def plan_next(
    desk: Desk,
    by: str,
    *,
    seed: int | None = None,
    wells: int | None = None,
    replace_open: bool = False,
    another: bool = False,
    settings: Mapping[str, Level] | None = None,
    out: Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    strategy: Strategy = "alloop",
) -> Planned:
    """Propose the next plate.

    Args:
        desk: the campaign.
        by: who asks.
        seed: of every draw; by default it follows from campaign and plate number.
        wells: fill only that many wells.
        replace_open: reject the open proposals and plan anew; their locked wells stay.
        another: plan a plate beside the open proposals.
        settings: shared settings that are decided already.
        out: a folder that gets a copy of the plate's files.
        dry_run: keep nothing.
        progress: told in words what is going on.
        strategy: `random` plans a plate of random candidates, for comparison.

    Raises:
        PlanError: when no plate can be planned as asked.
    """
    if replace_open and another:
        raise PlanError(
            "a plate can replace the open proposal or be another one", "say --replace or --another"
        )
    if seed is not None and not 0 <= seed < _SEEDS:
        raise PlanError(f"the seed is {seed}", f"use a whole number from 0 to {_SEEDS - 1}")
    if out is not None and not dry_run:
        out.mkdir(parents=True, exist_ok=True)  # before the work, so that it is not in vain
    with desk.records.reading() as reader:
        evidence = gather(reader, desk.slug)
        number = reader.next_plate_number(desk.slug)
        ledger = tuple(reader.campaign_predictions(desk.slug))
    if evidence.version.number != desk.version.number:
        raise PlanError("a new version of the campaign file was registered meanwhile", "plan again")
    proposed = [plate for plate in evidence.plates if plate.state == "proposed"]
    if proposed and not (replace_open or another):
        return _show(desk, proposed[-1], evidence, out, dry_run)
    replaced = tuple(proposed) if replace_open else ()
    plate = plate_id(desk.slug, number)
    chosen_seed = default_seed(desk.slug, number) if seed is None else seed
    wish = Wish(
        wells=plate_labels(desk.file, wells),
        keep=_locked(evidence, replaced),
        without=frozenset(row.id for row in replaced),
        settings=settings,
    )
    problem, learned = ask(desk.file, evidence, wish)
    from alloop.planning import plan_plate, plan_plate_at_random

    if strategy == "random":
        plan = plan_plate_at_random(problem, chosen_seed)
    else:
        plan = plan_plate(problem, chosen_seed, progress)
    plan = _with_kept(desk, plan, wish, ledger)
    document = plan_document(
        desk.file, evidence, learned, plan, plate, chosen_seed, _more_warnings(desk, plan, evidence)
    )
    locked = {well.well for well in wish.keep}
    for entry in document["wells"]:
        entry["locked"] = entry["well"] in locked
    row = PlateRow(
        id=plate,
        campaign=desk.slug,
        number=number,
        version=evidence.version.number,
        seed=chosen_seed,
        data_hash=evidence.data_hash,
        alloop_version=alloop_version(),
    )
    memory = peak_memory_MB()
    text = plan_text(document)
    _record(desk, by, row, document, plan, replaced, locked, memory, dry_run)
    planned = Planned(row, document, desk.folder(plate), True, dict(plan.seconds), memory)
    if not dry_run:
        _write(desk, row, text, [well_row(plate, well) for well in plan.wells], out)
    return planned


def _show(desk: Desk, plate: PlateRow, evidence: Evidence, out: Path | None, dry_run: bool) -> Planned:
    """The open proposal again; its files are written again where they are missing."""
    wells = [well for well in evidence.wells if well.plate == plate.id]
    text = desk.records.plan(plate.id)
    if not dry_run:
        _write(desk, plate, text, wells, out)
    content = next((s.content for s in desk.records.snapshots(desk.slug) if s.plate == plate.id), {})
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


def _locked(evidence: Evidence, plates: tuple[PlateRow, ...]) -> tuple[WellRow, ...]:
    """The locked wells of proposals that are replaced; of several in one place the newest stays."""
    names = {plate.id for plate in plates}
    by_label = {well.well: well for well in evidence.wells if well.plate in names and well.locked}
    return tuple(by_label[label] for label in sorted(by_label))


def _with_kept(desk: Desk, plan: PlatePlan, wish: Wish, ledger: tuple[PredictionRow, ...]) -> PlatePlan:
    kept = []
    for row in wish.keep:
        entries = (
            [entry for entry in ledger if entry.plate == row.plate] if row.p_feasible is not None else []
        )
        kept.append(kept_well(row, candidate_of(row, desk.space), entries))
    return with_wells(plan, kept, wish.wells) if kept else plan


def _more_warnings(desk: Desk, plan: PlatePlan, evidence: Evidence) -> list[str]:
    """What a person should know beyond what the planner says.

    Raises:
        PlanError: naming every candidate that is far from neutral.
    """
    warnings, problems = [], []
    for well in plan.wells:
        excess = charge_excess(well.candidate.amounts)
        what = f"{well.candidate.formula} is not neutral: {excess:+.3f} e per formula unit are left over"
        if abs(excess) > ERROR:
            problems.append(Problem(f"well {well.well}", what, f"exclude {well.candidate.key}"))
        elif abs(excess) > WARN:
            warnings.append(f"well {well.well}: {what}")
    if problems:
        raise PlanError(problems)
    warnings += [
        f"{setting.name} counts from the {setting.relative_to} of the well's own composition: measure that first"
        for setting in desk.space.process.settings
        if setting.relative_to is not None
    ]
    if desk.file.shelf is None:
        warnings.append("the campaign lists no precursors: there is no weigh list")
    if left_out := len(unbalanced_rows(desk.file.space)):
        warnings.append(f"rows of the pool that are not neutral, and so never proposed: {left_out}")
    stopping = desk.file.stopping
    planned = sum(plate.state not in DROPPED_STATES for plate in evidence.plates)
    if stopping.max_plates is not None and planned >= stopping.max_plates:
        warnings.append(f"the campaign was to stop after {stopping.max_plates} plates")
    if stopping.min_gain is not None and plan.gain is not None and plan.gain < stopping.min_gain:
        warnings.append(
            f"this plate is expected to add {plan.gain:.2%}, less than the {stopping.min_gain:.2%} "
            "at which the campaign was to stop"
        )
    return warnings


def _record(
    desk: Desk,
    by: str,
    row: PlateRow,
    document: Mapping[str, Any],
    plan: PlatePlan,
    replaced: tuple[PlateRow, ...],
    locked: set[str],
    memory: float | None,
    dry_run: bool,
) -> None:
    predictions = [entry for well in plan.wells for entry in prediction_rows(desk.file, row.id, well)]
    with desk.records.writing(by, dry_run) as tx:
        for plate in replaced:
            tx.set_plate_state(plate.id, "rejected", f"replaced by {row.id}")
        wells = [well_row(row.id, well, well.well in locked) for well in plan.wells]
        tx.add_plate(row, plan_text(document), wells, predictions)
        tx.add_snapshot(
            SnapshotRow(
                campaign=desk.slug,
                plate=row.id,
                data_hash=row.data_hash,
                content={
                    "seconds": dict(plan.seconds),
                    "peak_memory_MB": memory,
                    "gain": document["gain"],
                    "models": document["models"],
                },
            )
        )


def peak_memory_MB() -> float | None:
    """The most memory this process has held, in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


__all__ = ["Planned", "Progress", "Strategy", "default_seed", "peak_memory_MB", "plan_next"]
