"""Fixtures: the small campaign as a file, registered, and with an approved plate."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaign_shell import LITERATURE, TEXT, Shell, Write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the small campaign and its literature."""
    (tmp_path / "small.yaml").write_text(TEXT)
    (tmp_path / "table.csv").write_text(LITERATURE)
    return tmp_path


@pytest.fixture
def shell(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("ALLOOP_HOME", raising=False)
    monkeypatch.delenv("ALLOOP_DATABASE_URL", raising=False)
    return Shell(folder / "home", capsys)


@pytest.fixture
def campaign(shell: Shell, folder: Path) -> Shell:
    """A shell in whose home the small campaign is registered."""
    shell.ok("init", folder / "small.yaml", "--by", "ada")
    return shell


@pytest.fixture
def approved(campaign: Shell) -> Shell:
    """The same with its first plate approved."""
    campaign.ok("plan", "small-spinel", "--by", "ada")
    campaign.ok("approve", "SMALL-SPINEL-001", "--by", "bo")
    return campaign


@pytest.fixture
def results(folder: Path) -> Write:
    """Write a results table of that name and text."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(text)
        return path

    return write
