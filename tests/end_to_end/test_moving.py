"""A laboratory grows: its records move from SQLite to PostgreSQL and back, by the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from campaign_shell import LITERATURE, TEXT, Shell, all_wells

from alloop.records import EventRow

PLATE = "SMALL-SPINEL-001"


@pytest.fixture
def shells(
    tmp_path: Path, postgres_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Shell]:
    """Three homes: where it starts, on a server, and back again."""
    monkeypatch.delenv("ALLOOP_HOME", raising=False)
    urls = {"start": None, "grown": postgres_url, "back": None}
    return {name: Shell(tmp_path / name, capsys, url) for name, url in urls.items()}


def exported(shell: Shell) -> dict[str, list[list[str]]]:
    folder = shell.home.parent / f"export of {shell.home.name}"
    shell.ok("export", "small-spinel", folder)
    found = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            found[path.name] = list(csv.reader(stream))
    return found


def raw_of(shell: Shell) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (shell.home / "raw").rglob("*") if path.is_file()}


def plates_of(shell: Shell) -> dict[str, bytes]:
    folder = shell.home / "plates"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def move(old: Shell, new: Shell, archive: Path) -> None:
    """Back up here, restore there, and see that nothing is different but that somebody moved it."""
    old.ok("backup", archive)
    assert new.json("restore", archive, "--dry-run")["campaigns"] == ["small-spinel"]
    assert not new.home.exists()
    assert new.json("restore", archive, "--by", "mover")["campaigns"] == ["small-spinel"]
    was, now = exported(old), exported(new)
    assert was == now
    before, after = ([_event(row) for row in shell.records().events()] for shell in (old, new))
    assert after[:-1] == before
    assert after[-1][:2] == ("records restored", "mover")
    assert raw_of(old) == raw_of(new)
    assert plates_of(old) == plates_of(new)
    assert new.json("doctor")["healthy"]


def _event(row: EventRow) -> tuple[object, ...]:
    return (
        row.verb,
        row.recorded_by,
        row.recorded_at,
        row.campaign,
        row.plate,
        row.subject,
        row.why,
        row.details,
    )


def test_from_sqlite_to_a_server_and_back(shells: dict[str, Shell], put, tmp_path: Path) -> None:
    start, grown, back = shells.values()
    put("table.csv", LITERATURE)
    start.ok("init", put("small.yaml", TEXT), "--by", "ada")
    start.ok("plan", "small-spinel", "--by", "ada")
    start.ok("approve", PLATE, "--by", "bo")
    move(start, grown, tmp_path / "there.zip")
    assert not (grown.home / "alloop.db").exists()

    # It goes on there, and everything that was done there comes back.
    assert grown.json("upload", "small-spinel", put("all.csv", all_wells(PLATE)))["accepted"]
    assert grown.json("plan", "small-spinel")["plate"] == "SMALL-SPINEL-002"
    move(grown, back, tmp_path / "back.zip")
    states = {one["id"]: one["state"] for one in back.json("status", "small-spinel")["plates"]}
    assert states == {PLATE: "complete", "SMALL-SPINEL-002": "proposed"}
    assert not back.json("upload", "small-spinel", put("again.csv", all_wells(PLATE)))["is_new"]
    assert back.fails("restore", tmp_path / "there.zip")
    assert grown.fails("restore", tmp_path / "there.zip")
