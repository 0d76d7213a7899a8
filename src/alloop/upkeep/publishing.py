"""Proposals as people find them: their files, and approval where the campaign file gives it by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alloop.campaign import Campaign
from alloop.campaign.plate_files import write_plate_files
from alloop.errors import RecordsError, StateError
from alloop.records import PlateRow
from alloop.upkeep.round_events import ROUND

_FILES = ("plan.json", "plate.csv", "map.svg", "plan.html")


def open_proposals(campaign: Campaign) -> list[PlateRow]:
    """The plates that wait for approval."""
    return campaign.records.plates(campaign.name, ["proposed"])


def publish(campaign: Campaign, plates: Sequence[PlateRow]) -> list[Path]:
    """Write the files of proposals where some are missing, as after a death or on a full disk; returns those written.

    Raises:
        RecordsError: when they cannot be written.
    """
    desk, files = campaign.desk, []
    for plate in plates:
        folder = desk.folder(plate.id)
        if all((folder / name).is_file() for name in _FILES):
            continue
        wells = desk.records.wells(plate.id)
        try:
            files += write_plate_files(
                folder, desk.file_of(plate), desk.records.plan(plate.id), plate.state, wells
            )
        except OSError as error:
            where = error.filename or folder
            raise RecordsError(
                f"{where}: it cannot be written ({error.strerror or error}); {plate.id} is recorded, and its files "
                "are written the next time"
            ) from error
    return files


def approve_planned(campaign: Campaign, plates: Sequence[PlateRow], by: str) -> list[str]:
    """Approve the proposals that a round planned; those that a person planned are a person's to approve.

    Returns the names of those approved. One that somebody decided about meanwhile is left alone.

    Raises:
        PrecursorError: when the shelf does not reach a well.
    """
    approved = []
    for plate in planned_by_rounds(campaign, plates):
        try:
            campaign.approve(plate.id, by=by)
        except StateError:
            if campaign.records.plate(plate.id).state == "proposed":
                raise
            continue
        approved.append(plate.id)
    return approved


def planned_by_rounds(campaign: Campaign, plates: Sequence[PlateRow]) -> list[PlateRow]:
    """Those of some plates that a round planned."""
    with campaign.records.reading() as reader:
        return [one for one in plates if reader.newest_event(campaign.name, ROUND, one.id) is not None]


__all__ = ["approve_planned", "open_proposals", "planned_by_rounds", "publish"]
