"""Whoever is killed while it keeps a campaign going leaves what the next one finishes, and nothing twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from upkeep_lab import PLATE, Lab

HERE = Path(__file__).parent

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="killing at every step needs fork")


def die(todo: str, lab: Lab, database: Any, kills: int) -> None:
    """Run the driver on a lab: all of its processes die, and what comes after is as it should be."""
    lab.close()
    shutil.copytree(lab.home, lab.folder / "template")
    if lab.url is not None:
        name = sa.make_url(lab.url).database
        database.server.disconnect(lab.url)
        database.server.order(f"CREATE DATABASE {name}_kept TEMPLATE {name}")
        database.made.append(lab.url.replace(str(name), f"{name}_kept"))
    done = subprocess.run(
        [sys.executable, str(HERE / "kill_upkeep.py"), todo, str(lab.folder), lab.url or "", str(kills)],
        capture_output=True,
        text=True,
        timeout=900,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["deaths"] == kills
    assert counts["steps"] > 10


def test_an_ingest_killed_anywhere_is_finished_by_the_next(lab: Lab, database: Any) -> None:
    lab.drop_well("a.csv", "A01")
    lab.drop_well("folder/b.csv", "A02")
    lab.drop("bad.csv", "sample,ionic_conductivity [mS/cm]\nNOBODY-001-A01,3\n")
    die("ingest", lab, database, 8 if lab.url is None else 3)


def test_a_release_killed_anywhere_is_finished_by_the_next(lab: Lab, database: Any) -> None:
    shutil.rmtree(lab.home / "plates" / PLATE)
    die("release", lab, database, 4 if lab.url is None else 2)


def test_a_round_killed_anywhere_never_plans_twice(lab: Lab, database: Any) -> None:
    lab.says("approval: automatic\nrounds: {on_results: true}\n")
    lab.drop_all()
    die("round", lab, database, 6 if lab.url is None else 3)
