"""Fixtures: the small campaign as a file, registered, and with an approved plate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from campaign_shell import LITERATURE, TEXT, Shell, Write

from alloop.cli.app import run


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Homes to copy: one with the small campaign registered, one with its first plate approved."""
    place = tmp_path_factory.mktemp("homes")
    (place / "small.yaml").write_text(TEXT)
    (place / "table.csv").write_text(LITERATURE)
    found = {"registered": place / "registered", "approved": place / "approved"}
    assert run(["--home", str(found["registered"]), "init", str(place / "small.yaml"), "--by", "ada"]) == 0
    shutil.copytree(found["registered"], found["approved"])
    assert run(["--home", str(found["approved"]), "plan", "small-spinel", "--by", "ada"]) == 0
    assert run(["--home", str(found["approved"]), "approve", "SMALL-SPINEL-001", "--by", "bo"]) == 0
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the small campaign and its literature."""
    (tmp_path / "small.yaml").write_text(TEXT)
    (tmp_path / "table.csv").write_text(LITERATURE)
    return tmp_path


@pytest.fixture
def shell(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line in a home folder that does not exist yet."""
    monkeypatch.delenv("ALLOOP_HOME", raising=False)
    monkeypatch.delenv("ALLOOP_DATABASE_URL", raising=False)
    return Shell(folder / "home", capsys)


@pytest.fixture
def campaign(shell: Shell, homes: dict[str, Path]) -> Shell:
    """A shell in whose home the small campaign is registered."""
    shutil.copytree(homes["registered"], shell.home)
    return shell


@pytest.fixture
def approved(shell: Shell, homes: dict[str, Path]) -> Shell:
    """The same with its first plate approved."""
    shutil.copytree(homes["approved"], shell.home)
    return shell


@pytest.fixture
def results(folder: Path) -> Write:
    """Write a results table of that name and text."""

    def write(name: str, text: str) -> Path:
        path = folder / name
        path.write_text(text)
        return path

    return write
