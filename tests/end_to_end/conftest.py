"""Fixtures: the command line in a fresh home, or in one whose first plate is approved; files beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from campaign_shell import LITERATURE, TEXT, Shell

from alloop.cli.app import run

PLATE = "SMALL-SPINEL-001"

Put = Callable[[str, str | bytes], Path]


@pytest.fixture(scope="session")
def approved_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home to copy: the small campaign with its first plate approved."""
    place = tmp_path_factory.mktemp("end_to_end")
    (place / "small.yaml").write_text(TEXT)
    (place / "table.csv").write_text(LITERATURE)
    home = place / "home"
    for command in (["init", str(place / "small.yaml")], ["plan", "small-spinel"], ["approve", PLATE]):
        assert run(["--home", str(home), *command, "--by", "ada"]) == 0
    return home


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
    tmp_path: Path, put: Put, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Shell:
    """The command line with a home that does not exist; the small campaign's file lies beside it."""
    monkeypatch.delenv("ALLOOP_HOME", raising=False)
    monkeypatch.delenv("ALLOOP_DATABASE_URL", raising=False)
    put("small.yaml", TEXT)
    put("table.csv", LITERATURE)
    return Shell(tmp_path / "home", capsys)


@pytest.fixture
def approved(fresh: Shell, approved_home: Path) -> Shell:
    """The command line in a home where the small campaign's first plate is approved."""
    shutil.copytree(approved_home, fresh.home)
    return fresh
