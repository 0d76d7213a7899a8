"""Run `alloop upload` again and again, kill it each time at another moment, and look at what is left.

Run as a script: `kill_upload.py HOME TABLE KILLS`, where HOME has an approved plate and TABLE holds all of its
results. Each kill happens to a forked child in a fresh copy of the home, so that it is the command itself
that dies, without waiting a second for its imports. Prints JSON: how often the records were as before, and how
often as after the upload.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from alloop.cli.app import run
from alloop.records import Records

SLUG = "small-spinel"


def upload(home: Path, table: Path) -> int:
    return run(["--home", str(home), "upload", SLUG, str(table), "--by", "ada"])


def story(home: Path) -> dict[str, object]:
    """All that an upload changes, and that the records are sound."""
    records = Records.open(home)
    report = records.doctor()
    assert report.healthy, report.findings
    found: dict[str, object] = {
        "values": len(records.measurements(SLUG, include_superseded=True)),
        "statuses": len(records.statuses(SLUG)),
        "uploads": len(records.uploads(SLUG)),
        "states": [plate.state for plate in records.plates(SLUG)],
        "events": [event.verb for event in records.events(SLUG)],
    }
    records.close()
    return found


def killed(home: Path, table: Path, after: float | None) -> None:
    """Upload in a child and kill it after some seconds; without a time it may finish."""
    child = os.fork()
    if child == 0:
        with contextlib.redirect_stdout(io.StringIO()):
            upload(home, table)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(home: Path, table: Path, kills: int) -> dict[str, int]:
    before = story(home)
    whole = home.with_name("whole")
    shutil.copytree(home, whole)
    with contextlib.redirect_stdout(io.StringIO()):
        assert upload(whole, table) == 0  # the first run imports what the others need
    timed = home.with_name("timed")
    shutil.copytree(home, timed)
    started = time.perf_counter()
    killed(timed, table, after=None)
    needed = time.perf_counter() - started
    after = story(whole)
    assert before != after
    chance = random.Random(0)
    counts = {"before": 0, "after": 0}
    for number in range(kills):
        copy = home.with_name(f"copy-{number}")
        shutil.copytree(home, copy)
        # Evenly over the time of one upload, a little shaken; the last come late and prove the other side, also on a
        # machine that has become slower meanwhile.
        late = 5.0 if number >= kills - 3 else 1.2
        killed(copy, table, late * needed * (number + chance.random()) / kills)
        found = story(copy)
        assert found in (before, after), f"neither before nor after: {found}"
        counts["after" if found == after else "before"] += 1
        if found == before:
            killed(copy, table, after=None)
            assert story(copy) == after, "what was not recorded cannot be recorded again"
        shutil.rmtree(copy)
    return counts


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
