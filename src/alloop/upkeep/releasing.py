"""`release`: the files with which an approved plate is made, and the word that they are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alloop.campaign import Campaign


@dataclass(frozen=True)
class Release:
    """A plate that may be made: its files; `is_new` where it was not released before."""

    campaign: str
    plate: str
    files: tuple[Path, ...]
    is_new: bool
    advice: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The document of `release --json`."""
        raise NotImplementedError


def release_plate(campaign: Campaign, plate: str, *, by: str = "alloop", dry_run: bool = False) -> Release:
    """Write the files of an approved plate where they are missing, and record once that it is released.

    Raises:
        StateError: when the plate is not approved.
    """
    raise NotImplementedError
