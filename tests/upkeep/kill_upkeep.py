"""Kill a process at its lasting steps while it keeps a campaign going, and look at what the next one makes of it.

Run as a script: `kill_upkeep.py ingest|round|release FOLDER URL-or-empty KILLS`. FOLDER/home is worked on, and made
anew each time from FOLDER/template; so is the database at the URL, from the one whose name ends with `_kept`. Forked
children die at KILLS steps that last (a folder made, a file renamed, replaced or flushed, a commit), evenly over all of
them; after each, another child does the same to its end. What it leaves must be what one undisturbed child leaves.
Prints JSON: how many died, of how many steps.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from kill_driver import Steps, in_child
from upkeep_lab import PLATE, SECOND, SLUG, Lab

from alloop.upkeep import decide_next, due_things, inbox, ingest_inbox, release_plate, run_round

NEVER = 10**9


class LastingSteps(Steps):
    """The steps after which something else is there when the process dies: files, folders, commits."""

    def watch(self) -> None:
        for name in ("fsync", "mkdir", "rename", "replace", "rmdir"):
            self.wrap(os, name)
        self.wrap(sa.engine.default.DefaultDialect, "do_commit")


def round_and_releases(lab: Lab) -> None:
    """What a timer does: a round, and the releases that are due after it."""
    run_round(lab.campaign)
    for due in due_things(lab.campaign.records):
        if due.kind == "release":
            release_plate(lab.campaign, str(due.plate))


WORK: dict[str, Callable[[Lab], object]] = {
    "ingest": lambda lab: ingest_inbox(lab.campaign),
    "round": round_and_releases,
    "release": lambda lab: release_plate(lab.campaign, PLATE),
}


def story(lab: Lab) -> dict[str, Any]:
    """All that matters afterwards: records, inbox, plate files. Healthy, and nothing left to do."""
    campaign = lab.campaign
    records = campaign.records
    report = records.doctor()
    assert report.healthy, report.findings
    told = ("round", "alert")
    plans = [plate for plate in (PLATE, SECOND) if plate in lab.states()]
    assert not [one for one in due_things(records) if one.kind in ("ingest", "round")]
    uploads = records.uploads(SLUG)
    return {
        "values": lab.values(),
        "states": lab.states(),
        "uploads": sorted([file.name for file in row.files] for row in uploads),
        "events": sorted(event.verb for event in records.events(SLUG) if event.verb not in told),
        "planned by rounds": [event.plate for event in lab.events("round") if event.plate],
        "plans": [hashlib.sha256(records.plan(plate).encode()).hexdigest() for plate in plans],
        "inbox": sorted(Path(name).name for name in lab.files()),
        "taken": lab.files("taken"),
        "plate files": {
            str(path.relative_to(lab.home)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((lab.home / "plates").rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        },
        "next": decide_next(campaign).kind,
    }


def fresh(folder: Path, url: str | None) -> Lab:
    """The home, and the database, as they were in the beginning."""
    shutil.rmtree(folder / "home", ignore_errors=True)
    shutil.copytree(folder / "template", folder / "home")
    if url is not None:
        refill(url)
    return Lab(folder, url)


def refill(url: str) -> None:
    """Make a database as it was, from the copy of its name with `_kept` behind it."""
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        address.set(database="postgres"), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {address.database} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {address.database} TEMPLATE {address.database}_kept")


def do(work: Callable[[Lab], object], folder: Path, url: str | None, kill_at: int = NEVER) -> bool:
    """Do the work in a child that is killed at a step; did it live? Then `steps` in the folder says how many it did."""

    def child() -> None:
        steps = LastingSteps(kill_at)
        steps.watch()
        work(Lab(folder, url))
        (folder / "steps").write_text(str(kill_at - steps.left))

    return in_child(child)


def main(todo: str, folder: Path, url: str | None, kills: int) -> dict[str, int]:
    inbox.SETTLE_SECONDS = inbox.FOLDER_SETTLE_SECONDS = 0.0
    from alloop.planning import plan_plate  # noqa: F401  what the children need is imported once

    work = WORK[todo]
    fresh(folder, url)
    assert do(work, folder, url)
    expected, steps = story(Lab(folder, url)), int((folder / "steps").read_text())
    deaths = 0
    for number in range(kills):
        at = int((number + 0.5) * steps / kills)
        fresh(folder, url)
        deaths += not do(work, folder, url, at)
        assert do(work, folder, url)
        found = story(Lab(folder, url))
        wrong = {name: (found[name], expected[name]) for name in expected if found[name] != expected[name]}
        assert not wrong, f"killed at step {at} of {steps}: {wrong}"
    return {"deaths": deaths, "steps": steps}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] or None, int(sys.argv[4]))))
