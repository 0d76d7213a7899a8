"""A full disk: the commands say so in one line, nothing of it is recorded half, and the next try does it all.

A limit on the size of files stands for the disk: writing fails in the same places.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from campaign_shell import wide
from upkeep_lab import PLATE, SLUG, Lab

from alloop.upkeep import due_things, ingest_inbox, release_plate, run_round

resource = pytest.importorskip("resource", reason="limits are of POSIX")


_SAID = ("cannot be written", "cannot be recorded", "the disk is full", "disk I/O error")


def on_a_full_disk(lab: Lab, *command: str, most_bytes: int) -> None:
    """Run a command that cannot write larger files; it fails with one line that says why."""
    lab.close()
    done = subprocess.run(
        [sys.executable, "-m", "alloop", "--home", str(lab.home), *command],
        env=os.environ | ({} if lab.url is None else {"ALLOOP_DATABASE_URL": lab.url}),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert any(words in error for words in _SAID), error


def test_an_upload_that_does_not_fit_stays_in_the_inbox(lab: Lab) -> None:
    lab.drop("a.csv", wide(PLATE, {"A01": (0.1, 90, "ok")}) + " \n" * 40_000)
    on_a_full_disk(lab, "ingest", SLUG, most_bytes=20_000)
    assert lab.values() == []
    assert [Path(name).name for name in lab.files()] == ["a.csv"]
    assert "ingest" in [one.kind for one in due_things(lab.campaign.records)]
    assert [one.outcome for one in ingest_inbox(lab.campaign).things] == ["recorded"]


def test_a_plan_that_does_not_fit_is_planned_once(registered: Lab) -> None:
    on_a_full_disk(registered, "round", SLUG, most_bytes=2_000)
    assert registered.campaign.records.doctor().healthy
    run_round(registered.campaign)
    assert registered.states() == {PLATE: "proposed"}
    assert len(registered.events("plate proposed")) == 1
    assert (registered.home / "plates" / PLATE / "plan.html").is_file()


def test_files_that_do_not_fit_are_no_release(lab: Lab) -> None:
    shutil.rmtree(lab.home / "plates")
    on_a_full_disk(lab, "release", PLATE, most_bytes=2_000)
    assert lab.events("released") == []
    assert release_plate(lab.campaign, PLATE).is_new
    assert len(lab.events("released")) == 1
