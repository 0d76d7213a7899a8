"""Fixtures: the small campaign registered, or with its first plate approved, on either kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from campaign_shell import SavedHome
from upkeep_lab import Lab

from alloop.upkeep import inbox

SavedHomes = Callable[[str, str], SavedHome]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No home or database but those that a test names; files settle at once."""
    for name in ("ALLOOP_HOME", "ALLOOP_DATABASE_URL", "ALLOOP_LOG_LEVEL", "ALLOOP_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(inbox, "SETTLE_SECONDS", 0.02)
    monkeypatch.setattr(inbox, "FOLDER_SETTLE_SECONDS", 0.02)


@pytest.fixture
def registered(tmp_path: Path, database: Any, saved_home: SavedHomes) -> Iterator[Lab]:
    """A home where the small campaign is registered and nothing is planned."""
    yield from _lab(tmp_path, database, saved_home, "registered")


@pytest.fixture
def lab(tmp_path: Path, database: Any, saved_home: SavedHomes) -> Iterator[Lab]:
    """A home where the small campaign's first plate is approved."""
    yield from _lab(tmp_path, database, saved_home, "approved")


def _lab(folder: Path, database: Any, saved_home: SavedHomes, state: str) -> Iterator[Lab]:
    url = saved_home(database.kind, state).copy_to(folder / "home", database)
    made = Lab(folder, url)
    yield made
    made.close()
