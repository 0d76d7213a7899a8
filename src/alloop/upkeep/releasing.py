"""`release`: the files with which an approved plate is made, and the word that they are there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alloop.campaign import Campaign
from alloop.campaign.excluded import excluded_wells
from alloop.campaign.plate_files import RELEASED_STATES, weigh, write_plate_files
from alloop.errors import RecordsError, StateError
from alloop.logs import about
from alloop.records import EventRow, PlateRow
from alloop.upkeep.patience import patiently

RELEASED = "released"
"""The verb of the event that says that a plate's files are there."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Release:
    """A plate that may be made: its files; `is_new` where it was not released before, `advice` what to mind."""

    campaign: str
    plate: str
    files: tuple[Path, ...]
    is_new: bool
    advice: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The document of `release --json`."""
        return {
            "campaign": self.campaign,
            "plate": self.plate,
            "files": [str(path) for path in self.files],
            "is_new": self.is_new,
            "advice": list(self.advice),
        }


def release_plate(campaign: Campaign, plate: str, *, by: str = "alloop", dry_run: bool = False) -> Release:
    """Write the files of an approved plate, whole, and record once that it is released.

    Doing it again writes the same files again and records nothing.

    Raises:
        StateError: when there is no such plate, or it is not approved.
        PrecursorError: when the shelf does not reach a well.
        RecordsError: when the files cannot be written or the records not be reached.
    """
    desk = campaign.desk
    row = patiently(desk.plate, plate)
    _check(row)
    with about(campaign=campaign.name, plate=row.id):
        file = desk.file_of(row)
        wells = desk.records.wells(row.id)
        weighing = weigh(file, wells)
        files: list[Path] = []
        if not dry_run:
            try:
                files = write_plate_files(
                    desk.folder(row.id), file, desk.records.plan(row.id), row.state, wells
                )
            except OSError as error:
                where = error.filename or desk.folder(row.id)
                raise RecordsError(f"{where}: it cannot be written ({error.strerror or error})") from error
        is_new = patiently(_record, campaign, row.id, by, dry_run)
        if is_new and not dry_run:
            _LOG.info("%s is released", row.id, extra={"files": [str(path) for path in files]})
    advice = excluded_wells(wells, desk.records.exclusions(desk.slug))
    return Release(
        campaign.name, row.id, tuple(files), is_new, advice + (weighing.advice if weighing else ())
    )


def _check(row: PlateRow) -> None:
    if row.state not in RELEASED_STATES:
        what = "it waits for approval" if row.state == "proposed" else f"it is {row.state}"
        raise StateError(f"{what}: nothing of it is released", "approve it first", f"plate {row.id}")


def _record(campaign: Campaign, plate: str, by: str, dry_run: bool) -> bool:
    """Record that a plate is released, unless that is on record; whether it was not."""
    with campaign.records.writing(by, dry_run) as tx:
        if tx.newest_event(campaign.name, RELEASED, plate) is not None:
            return False
        _check(tx.plate(plate))  # it may have been cancelled since
        tx.add_event(EventRow(verb=RELEASED, campaign=campaign.name, plate=plate))
    return True


__all__ = ["RELEASED", "Release", "release_plate"]
