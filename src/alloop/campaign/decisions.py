"""`approve`, `reject`, `cancel`, `close`: the human's say about a plate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alloop.campaign.desk import Desk
from alloop.campaign.excluded import excluded_wells
from alloop.campaign.plate_files import weigh, write_plate_files
from alloop.errors import StateError
from alloop.records import PlateRow, check_transition


@dataclass(frozen=True)
class Decision:
    """A plate after a decision. `files` were written for it, `advice` is what to mind when making it."""

    plate: PlateRow
    files: tuple[Path, ...] = ()
    advice: tuple[str, ...] = ()


def approve(desk: Desk, plate: str, by: str, dry_run: bool = False) -> Decision:
    """Release a proposal: its wells get samples, its folder what is needed to make them.

    A plate that is approved already gets its files again, and nothing else happens.

    Raises:
        StateError: when the plate is no proposal.
        PrecursorError: when the shelf does not reach a well.
    """
    row = desk.plate(plate)
    file = desk.file_of(row)
    if row.state == "approved":
        wells = desk.records.wells(row.id)
        weighing = weigh(file, wells)
    else:
        check_transition(row.id, row.state, "approved")
        with desk.records.writing(by, dry_run) as tx:
            row = tx.set_plate_state(row.id, "approved")
            tx.add_samples(row.id)
            wells = tx.wells(row.id)  # as they are now that nobody can change them any more
            weighing = weigh(file, wells)
    files: list[Path] = []
    if not dry_run:
        files = write_plate_files(desk.folder(row.id), file, desk.records.plan(row.id), "approved", wells)
    advice = excluded_wells(wells, desk.records.exclusions(desk.slug))
    return Decision(row, tuple(files), advice + (weighing.advice if weighing else ()))


def decide(
    desk: Desk, plate: str, state: str, by: str, why: str = "", dry_run: bool = False, needs_why: bool = False
) -> Decision:
    """Move a plate to `rejected`, `cancelled` or `complete`.

    Raises:
        StateError: when the plate's state does not allow it, or a reason is asked for and missing.
    """
    row = desk.plate(plate)
    if needs_why and not why.strip():
        raise StateError("a rejection needs a reason", "say --why", f"plate {row.id}")
    with desk.records.writing(by, dry_run) as tx:
        row = tx.set_plate_state(row.id, state, why)
    return Decision(row)
