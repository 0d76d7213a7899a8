"""Commands that are killed, or run at the same time as others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from campaign_shell import Shell, all_wells, wide

HERE = Path(__file__).parent
PLATE = "SMALL-SPINEL-001"


def start(shell: Shell, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "alloop", "--home", str(shell.home), *map(str, arguments), "--by", "ada"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ends(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return process.returncode, err


@pytest.mark.sqlite("it copies the database's file; tests/records/test_kill.py kills uploads on both")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="killing at many moments needs fork")
def test_an_upload_killed_at_any_moment_is_there_as_a_whole_or_not_at_all(approved: Shell, put) -> None:
    table = put("all.csv", all_wells(PLATE))
    done = subprocess.run(
        [sys.executable, str(HERE / "kill_upload.py"), str(approved.home), str(table), "30"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["before"] + counts["after"] == 30
    assert counts["before"] >= 5
    assert counts["after"] >= 2


def test_the_installed_command_killed_while_it_uploads(approved: Shell, put) -> None:
    table = put("all.csv", all_wells(PLATE))
    for delay in (0.3, 0.8, 1.3):
        process = start(approved, "upload", "small-spinel", table)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        records = approved.records()
        values = [row for row in records.measurements("small-spinel") if row.origin == "laboratory"]
        assert len(values) in (0, 16)
        assert [plate.state for plate in records.plates("small-spinel")] in (["approved"], ["complete"])
        assert records.doctor().healthy
        records.close()
    approved.ok("upload", "small-spinel", table)
    assert approved.json("status", "small-spinel")["plates"][0]["state"] == "complete"


def test_uploads_at_the_same_time_are_all_recorded_once(approved: Shell, put) -> None:
    one = put("one.csv", wide(PLATE, {"A01": (0.1, 90, "ok")}))
    two = put("two.csv", wide(PLATE, {"A02": (0.2, 91, "ok")}))
    running = [start(approved, "upload", "small-spinel", table) for table in (one, two, one)]
    assert [ends(process)[0] for process in running] == [0, 0, 0]
    records = approved.records()
    values = [row for row in records.measurements("small-spinel") if row.origin == "laboratory"]
    assert sorted((row.sample, row.property) for row in values) == [
        (f"{PLATE}-{well}", name)
        for well in ("A01", "A02")
        for name in ("ionic_conductivity", "target_phase_fraction")
    ]
    assert records.plates("small-spinel")[0].state == "measuring"


def test_two_plans_and_two_decisions_at_the_same_time(approved: Shell) -> None:
    outcomes = [ends(process) for process in [start(approved, "plan", "small-spinel") for _ in range(2)]]
    assert sorted(code for code, _ in outcomes) in ([0, 0], [0, 2])
    plates = [plate["id"] for plate in approved.json("status", "small-spinel")["plates"]]
    assert plates == [PLATE, "SMALL-SPINEL-002"]
    second = plates[1]
    running = [start(approved, "approve", second), start(approved, "reject", second, "--why", "no")]
    codes = [ends(process)[0] for process in running]
    state = approved.json("status", "small-spinel")["plates"][1]["state"]
    assert (codes, state) in (([0, 2], "approved"), ([2, 0], "rejected"))
