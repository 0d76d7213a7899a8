"""Fixtures: the small campaign as a file, registered, and with an approved plate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from campaign_shell import LITERATURE, TEXT, SavedHome, Shell, Write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the small campaign and its literature."""
    (tmp_path / "small.yaml").write_text(TEXT)
    (tmp_path / "table.csv").write_text(LITERATURE)
    return tmp_path


@pytest.fixture
def shell(
    folder: Path, database: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """The command line in a home folder that does not exist yet."""
    return _shell(folder, capsys, monkeypatch, database.new())


@pytest.fixture
def campaign(
    folder: Path,
    database: Any,
    saved_home: Callable[[str, str], SavedHome],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    """A shell in whose home the small campaign is registered."""
    url = saved_home(database.kind, "registered").copy_to(folder / "home", database)
    return _shell(folder, capsys, monkeypatch, url)


@pytest.fixture
def approved(
    folder: Path,
    database: Any,
    saved_home: Callable[[str, str], SavedHome],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    """The same with its first plate approved."""
    url = saved_home(database.kind, "approved").copy_to(folder / "home", database)
    return _shell(folder, capsys, monkeypatch, url)


def _shell(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str | None
) -> Shell:
    monkeypatch.delenv("ALLOOP_HOME", raising=False)
    monkeypatch.delenv("ALLOOP_DATABASE_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("ALLOOP_DATABASE_URL", url)
    return Shell(folder / "home", capsys, url)


@pytest.fixture
def results(folder: Path) -> Write:
    """Write a results table of that name and text."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(text)
        return path

    return write
