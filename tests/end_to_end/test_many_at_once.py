"""Eight people upload at the same moment, on either database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from campaign_shell import WELLS, Shell, wide

PLATE = "SMALL-SPINEL-001"


def test_eight_uploads_at_once_are_all_recorded_once_and_nobody_is_refused(approved: Shell, put) -> None:
    shared = put("shared.csv", wide(PLATE, {"A01": (0.01, 80, "ok")}))
    own: list[Path] = [
        put(f"{well}.csv", wide(PLATE, {well: (0.1 * (n + 1), 90, "ok")})) for n, well in enumerate(WELLS)
    ]
    command = [sys.executable, "-m", "alloop", "--home", str(approved.home), "upload", "small-spinel"]
    running = [
        subprocess.Popen(
            [*command, str(table), "--by", f"person {n}"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for n, table in enumerate([*own, shared, shared])
    ]
    said = [process.communicate(timeout=300)[1] for process in running]
    assert [process.returncode for process in running] == [0] * len(running), said
    assert not any("locked" in text or "Traceback" in text for text in said), said
    records = approved.records()
    values = [row for row in records.measurements("small-spinel") if row.sample]
    found = sorted((row.sample, row.property, row.value) for row in values)
    assert len(found) == len(set(found)) == 2 * (len(WELLS) + 1)
    people = [
        event.recorded_by for event in records.events("small-spinel") if event.verb == "upload recorded"
    ]
    assert {f"person {n}" for n in range(8)} < set(people)
    assert len(people) == len(WELLS) + 2  # with the literature, and the shared table once
    assert records.plate(PLATE).state == "complete"
    assert records.doctor().healthy
