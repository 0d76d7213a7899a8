"""Where things lie: the home folder, its database, and the folders of plates and campaign versions."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from alloop.errors import StateError
from alloop.records import Records

DEFAULT_HOME = "alloop-data"
EMBEDDED = "sqlite"
"""Instead of an address: the embedded database, whatever the environment says."""


def home_folder(home: Path | str | None = None) -> Path:
    """The home folder: `home`, else the environment's ALLOOP_HOME, else ./alloop-data."""
    return Path(home or os.environ.get("ALLOOP_HOME") or DEFAULT_HOME)


def database_url(url: str | None = None) -> str | None:
    """The address of a PostgreSQL database: `url`, else ALLOOP_DATABASE_URL; None for the embedded SQLite.

    Either may say :data:`EMBEDDED` for the latter.
    """
    found = url or os.environ.get("ALLOOP_DATABASE_URL")
    return None if found == EMBEDDED else found or None


def open_records(home: Path | str | None = None, url: str | None = None, create: bool = False) -> Records:
    """The records of a home folder.

    Raises:
        StateError: when there are none and none are to be made.
        RecordsError: when the database cannot be reached.
    """
    return Records.open(home_folder(home), create=create, url=database_url(url))


def person(by: str | None = None) -> str:
    """Who does something: `by`, else the login name.

    Raises:
        StateError: when nobody is named and the machine does not know either.
    """
    if by is not None and by.strip():
        return by.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise StateError("it is not known who is asking", "say --by NAME") from None


def plate_folder(home: Path, plate: str) -> Path:
    """Where the files of a plate lie."""
    return home / "plates" / plate


def status_file(home: Path, campaign: str) -> Path:
    """Where the status that was told last of a campaign of very many values is kept."""
    return home / "campaigns" / campaign / "status.json"


def version_folder(home: Path, campaign: str, number: int) -> Path:
    """Where a version of a campaign's file lies with the tables it names."""
    return home / "campaigns" / campaign / f"version-{number:03d}"
