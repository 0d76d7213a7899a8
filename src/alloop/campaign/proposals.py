"""Proposals before they are recorded: what a person should know of them, and how they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alloop.campaign.advice import GAIN_KEYS, gain_text
from alloop.campaign.desk import Desk
from alloop.campaign.evidence import Evidence
from alloop.campaign.news import NEWS, TAKEN_BACK
from alloop.campaign.plan_document import plan_text, prediction_rows, well_row
from alloop.campaign.question import unbalanced_rows
from alloop.chemistry import charge_excess
from alloop.chemistry.charge import ERROR, WARN
from alloop.errors import OutdatedError, PlanError, Problem
from alloop.planning import PlatePlan
from alloop.records import DROPPED_STATES, PlateRow, SnapshotRow, Transaction, WellRow

Then = Callable[[Transaction, Sequence[PlateRow]], None]
"""What is recorded in the same transaction as the plates."""

_KEPT = (*GAIN_KEYS, "models", "suspects", "literature_left_out")
"""What the snapshot of a plan's models holds of plan.json."""


@dataclass(frozen=True)
class Draft:
    """A plate that is planned and not recorded yet; `memory` is the most that this process has held, in MB."""

    row: PlateRow
    plan: PlatePlan
    document: Mapping[str, Any]
    locked: frozenset[str]
    memory: float | None

    @property
    def well_rows(self) -> list[WellRow]:
        """Its wells as the records keep them."""
        return [well_row(self.row.id, well, well.well in self.locked) for well in self.plan.wells]


def more_warnings(desk: Desk, plan: PlatePlan, evidence: Evidence, beside: int = 0) -> list[str]:
    """What a person should know beyond what the planner says; `beside` plates are planned in the same go.

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
    planned = sum(plate.state not in DROPPED_STATES for plate in evidence.plates) + beside
    if stopping.max_plates is not None and planned >= stopping.max_plates:
        warnings.append(f"the campaign was to stop after {stopping.max_plates} plates")
    if stopping.min_gain is not None and plan.gain is not None and plan.gain < stopping.min_gain:
        unit = plan.gain_detail.unit if plan.gain_detail else "hypervolume"
        warnings.append(
            f"this plate is expected to add {gain_text(plan.gain, unit)}, less than the "
            f"{gain_text(stopping.min_gain, unit)} at which the campaign was to stop"
        )
    return warnings


def record(
    desk: Desk,
    by: str,
    drafts: Sequence[Draft],
    replaced: Sequence[PlateRow],
    seen: int,
    dry_run: bool = False,
    then: Then | None = None,
) -> None:
    """Keep all plates, or none; those they replace are rejected.

    Args:
        desk: the campaign.
        by: who planned.
        drafts: the plates.
        replaced: open proposals.
        seen: the number of the newest event when the plates' evidence was read.
        dry_run: keep nothing.
        then: what else is recorded with them, in the same transaction.

    Raises:
        OutdatedError: when another plate was planned meanwhile, or what these were planned from was taken back.
    """
    with desk.records.writing(by, dry_run) as tx:
        newer = tx.events_since(desk.slug, seen, NEWS)
        if gone := [event for event in newer if event.verb in TAKEN_BACK]:
            what = f"what the plan was made from changed meanwhile: {gone[0].verb} by {gone[0].recorded_by}"
            raise OutdatedError(what, "plan again", f"plate {drafts[0].row.id}")
        names = ", ".join(draft.row.id for draft in drafts)
        for plate in replaced:
            tx.set_plate_state(plate.id, "rejected", f"replaced by {names}")
        for draft in drafts:
            row, document = draft.row, draft.document
            predictions = [p for well in draft.plan.wells for p in prediction_rows(desk.file, row.id, well)]
            known = seen if newer else None
            tx.add_plate(row, plan_text(document), draft.well_rows, predictions, known)
            tx.add_snapshot(
                SnapshotRow(
                    campaign=desk.slug,
                    plate=row.id,
                    data_hash=row.data_hash,
                    content={
                        "seconds": dict(draft.plan.seconds),
                        "peak_memory_MB": draft.memory,
                        **{name: document[name] for name in _KEPT},
                    },
                )
            )
        if then is not None:
            then(tx, tuple(draft.row for draft in drafts))
