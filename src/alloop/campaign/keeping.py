"""`restore`: a backup comes back, and who brought it back is on record."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alloop.campaign.home import database_url, person
from alloop.records import EventRow, Records


def restore_backup(
    file: Path, home: Path, url: str | None = None, *, by: str | None = None, dry_run: bool = False
) -> list[str]:
    """Bring a backup back into an empty home, and return the names of its campaigns.

    A dry run brings it back into a folder that vanishes, which proves that the backup is whole.

    Raises:
        StateError: when there is no such file, or the home holds records already.
        RecordsError: when the backup is damaged.
    """
    who = person(by)
    if dry_run:
        with tempfile.TemporaryDirectory() as folder:
            records = Records.restore(file, folder)
            names = [row.slug for row in records.campaigns()]
            records.close()
            return names
    records = Records.restore(file, home, database_url(url))
    with records.writing(who) as tx:
        tx.add_event(EventRow(verb="records restored", subject=file.name))
    return [row.slug for row in records.campaigns()]
