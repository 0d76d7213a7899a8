"""A process that is killed while it writes leaves the records as before or as after, never between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="killing at every step needs fork")


def drive(todo: str, home: Path, url: str | None) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, str(HERE / "kill_driver.py"), todo, str(home), url or ""],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_killed_upload_is_recorded_whole_or_not_at_all(tmp_path: Path, url: str | None) -> None:
    outcome = drive("upload", tmp_path / "home", url)
    assert outcome["kills"] >= 30
    assert 1 < outcome["finished"] < outcome["kills"]


def test_killed_creation_can_be_done_again(tmp_path: Path) -> None:
    outcome = drive("create", tmp_path, None)
    assert outcome["kills"] >= 10
    assert outcome["finished"] < outcome["kills"]


def test_killed_restore_can_be_done_again(tmp_path: Path) -> None:
    outcome = drive("restore", tmp_path, None)
    assert outcome["kills"] >= 15
    assert outcome["finished"] < outcome["kills"]
