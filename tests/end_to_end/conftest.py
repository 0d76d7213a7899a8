"""Fixtures: the command line in a fresh home, or in one whose first plate is approved; files beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaign_shell import LITERATURE, TEXT, SavedHome, Shell

Put = Callable[[str, str | bytes], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write a file of that name and content."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def fresh(
    tmp_path: Path,
    put: Put,
    database: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    """The command line with a home that does not exist; the small campaign's file lies beside it."""
    return _shell(tmp_path, put, capsys, monkeypatch, database.new())


@pytest.fixture
def approved(
    tmp_path: Path,
    put: Put,
    database: Any,
    saved_home: Callable[[str, str], SavedHome],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    """The command line in a home where the small campaign's first plate is approved."""
    url = saved_home(database.kind, "approved").copy_to(tmp_path / "home", database)
    return _shell(tmp_path, put, capsys, monkeypatch, url)


def _shell(
    folder: Path,
    put: Put,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    url: str | None,
) -> Shell:
    monkeypatch.delenv("ALLOOP_HOME", raising=False)
    monkeypatch.delenv("ALLOOP_DATABASE_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("ALLOOP_DATABASE_URL", url)
    put("small.yaml", TEXT)
    put("table.csv", LITERATURE)
    return Shell(folder / "home", capsys, url)
