"""Fixtures: a home with the small campaign, and a Prefect server of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Embedded, server_of_tests
from upkeep_lab import SCHEDULE, Lab

from alloop.upkeep import inbox


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No home, database or server but those that a test names; nothing is sent anywhere; files settle at once."""
    for name in (
        "ALLOOP_HOME",
        "ALLOOP_DATABASE_URL",
        "ALLOOP_STANDBY",
        "ALLOOP_DASHBOARD_URL",
        "PREFECT_API_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("ALLOOP_NOTIFY_WEBHOOK", "ALLOOP_NOTIFY_BLOCK", "ALLOOP_LOG_LEVEL", "ALLOOP_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    monkeypatch.setattr(inbox, "SETTLE_SECONDS", 0.02)
    monkeypatch.setattr(inbox, "FOLDER_SETTLE_SECONDS", 0.02)


@pytest.fixture
def lab(tmp_path: Path, saved_home: Callable[[str, str], Any]) -> Iterator[Lab]:
    """A home where the small campaign is registered, with a schedule, and nothing is planned."""
    saved_home("sqlite", "registered").copy_to(tmp_path / "home", Embedded())
    made = Lab(tmp_path, None)
    made.says(SCHEDULE)
    yield made
    made.close()


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Prefect's server for tests, with an empty database."""
    with server_of_tests():
        yield


@pytest.fixture
def client(prefect_server: None) -> Iterator[Any]:
    """A client of that server."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as made:
        yield made
