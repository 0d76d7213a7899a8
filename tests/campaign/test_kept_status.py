"""A status that is kept says what one told anew would say, and never more than the records do."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from unittest.mock import patch

import pytest
from campaign_shell import Shell, Write, all_wells

from alloop.campaign import status
from alloop.campaign.home import status_file
from alloop.campaign.ledger import Score
from alloop.campaign.told_status import Trust

SLUG, PLATE = "small-spinel", "SMALL-SPINEL-001"


@pytest.fixture(autouse=True)
def _every_status_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "MANY_VALUES", 0)


def told_twice(shell: Shell) -> dict[str, object]:
    """The status as it is kept, which must be the one that is told without looking at what is kept."""
    shell.json("status", SLUG)
    with patch.object(status, "survey", side_effect=AssertionError("it was told anew")):
        kept = shell.json("status", SLUG)
    with patch.object(status, "kept_status", return_value=None):
        assert shell.json("status", SLUG) == kept
    assert isinstance(kept, dict)
    return kept


def test_whatever_happens_is_told(approved: Shell, results: Write) -> None:
    seen = [told_twice(approved)]
    steps: list[tuple[object, ...]] = [
        ("made", PLATE),
        ("upload", SLUG, results("one.csv", all_wells(PLATE))),
        ("retract", f"{PLATE}-B04", "ionic_conductivity", "--why", "short"),
        ("exclude", SLUG, "Zr", "--why", "none left"),
        ("plan", SLUG),
        ("reject", "SMALL-SPINEL-002", "--why", "no time"),
    ]
    for step in steps:
        approved.ok(*step, "--by", "ada")
        seen.append(told_twice(approved))
        assert seen[-1] != seen[-2], step


def test_nothing_is_kept_of_few_values(approved: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "MANY_VALUES", 10**6)
    approved.json("status", SLUG)
    assert not status_file(approved.home, SLUG).exists()


@pytest.mark.parametrize("content", ["", "{", '{"moment": 3}', '{"moment": {"event": 1}, "status": {}}'])
def test_a_broken_file_is_told_over(approved: Shell, content: str) -> None:
    expected = told_twice(approved)
    status_file(approved.home, SLUG).write_text(content)
    assert told_twice(approved) == expected


def test_a_home_that_moved_has_other_paths(
    approved: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert str(approved.home) in str(told_twice(approved)["next_action"])
    moved = tmp_path / "elsewhere"
    shutil.copytree(approved.home, moved)
    assert status_file(moved, SLUG).is_file()
    assert str(moved) in Shell(moved, capsys, approved.url).json("status", SLUG)["next_action"]


def test_a_score_that_nobody_can_tell_is_kept_too(approved: Shell) -> None:
    expected = told_twice(approved)
    trust = Trust("gp", 1, 1.0, None, {}, {PLATE: Score(1, 1.0, math.nan)})
    with patch.object(status, "_trust", return_value={"ionic_conductivity": trust}):
        status_file(approved.home, SLUG).unlink()
        told = told_twice(approved)
    assert told["model"] != expected["model"]


def test_where_nothing_can_be_written_it_is_told_all_the_same(approved: Shell) -> None:
    expected = told_twice(approved)
    path = status_file(approved.home, SLUG)
    path.unlink()
    path.mkdir()  # not even root can put a file there
    assert approved.json("status", SLUG) == expected
