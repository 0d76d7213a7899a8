"""Kill a process at each of its low-level steps while it writes records, and look at what is left.

Run as a script: `kill_driver.py upload|create|restore HOME URL-or-empty`. Every step (a file made, flushed
or renamed, a statement executed, a commit) is a place where a forked child kills itself, and so is the moment
after a commit. After each death the records are opened again: they must be as before or as after, and
healthy. The last line printed is JSON: how many children died, and how many of them had finished before.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from records_builders import SLUG, add_campaign, add_plate, approve, plate_id, upload, value

from alloop.errors import StateError
from alloop.records import Records


class Steps:
    """Counts the steps of this process and kills it at one of them."""

    def __init__(self, last: int) -> None:
        self.left = last

    def step(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def wrap(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = original(*args, **kwargs)
            if name == "do_commit":
                self.step()
            return result

        setattr(owner, name, wrapped)

    def watch(self) -> None:
        for name in ("replace", "fsync", "chmod"):
            self.wrap(os, name)
        self.wrap(tempfile, "mkstemp")
        for name in ("do_execute", "do_executemany", "do_commit"):
            self.wrap(sa.engine.default.DefaultDialect, name)


def in_child(work: Callable[[], object], kill_at: int | None = None, kill_after: float | None = None) -> bool:
    """Do the work in a forked child that is killed at a step or after some seconds. Did it live?"""
    child = os.fork()
    if child == 0:
        try:
            if kill_at is not None:
                Steps(kill_at).watch()
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed"
    return not os.WIFSIGNALED(status)


def killed_uploads(home: Path, url: str | None) -> list[bool]:
    """Uploads killed at each step, and at random moments; was each of them there in the end?"""
    records = Records.open(home, create=True, url=url)
    add_campaign(records)
    add_plate(records)
    approve(records, plate_id(SLUG, 1))
    records.close()
    recorded: list[bool] = []
    expected = 0

    def attempt(content: bytes, size: int, **kill: Any) -> bool:
        nonlocal expected
        values = [value(number=float(n)) for n in range(size)]
        survived = in_child(
            lambda: with_records(home, url, lambda records: upload(records, content, values)), **kill
        )
        records = Records.open(home, url=url)
        found = len(records.measurements(SLUG)) - expected
        assert found in (0, size), f"half an upload: {found} of {size} values"
        assert len(records.uploads(SLUG)) == len(recorded) + (found > 0)
        assert found or not survived, "an upload that was acknowledged is lost"
        assert records.doctor().healthy, records.doctor().findings
        # Doing it again does what the first time did not do, and nothing else.
        assert upload(records, content, values) == (found == 0)
        expected += size
        assert len(records.measurements(SLUG)) == expected
        recorded.append(found > 0)
        records.close()
        return survived

    last = 0
    while not attempt(b"at step %d" % last, 3, kill_at=last):
        last += 1
    chance = random.Random(0)
    for n in range(10):
        attempt(b"at random %d" % n, 300, kill_after=chance.uniform(0, 0.1))
    return recorded


def killed_creations(home: Path, url: str | None) -> list[bool]:
    """Creations of records killed at some of their steps; were the records there?"""
    there: list[bool] = []
    last, survived = 0, False
    while not survived:
        folder = home / str(last)
        survived = in_child(partial(Records.open, folder, create=True, url=url), kill_at=last)
        try:
            Records.open(folder, url=url).close()
            there.append(True)
        except StateError:
            there.append(False)
        records = Records.open(folder, create=True, url=url)
        assert records.doctor().healthy, records.doctor().findings
        add_campaign(records, f"campaign-{last}")
        records.close()
        last += 7
    return there


def killed_restores(home: Path, url: str | None) -> list[bool]:
    """Restores killed at some of their steps; was everything there?"""
    records = Records.open(home / "source", create=True)
    add_campaign(records)
    add_plate(records)
    approve(records, plate_id(SLUG, 1))
    for n in range(3):
        upload(records, b"content %d" % n, [value()])
    records.backup(home / "backup.zip")
    whole = [records.events(), records.measurements(SLUG)]
    there: list[bool] = []
    last, survived = 0, False
    while not survived:
        target = home / str(last)
        Records.open(target, create=True).close()
        survived = in_child(partial(Records.restore, home / "backup.zip", target), kill_at=last)
        found = Records.open(target)
        there.append(bool(found.events()))
        if not there[-1]:
            found = Records.restore(home / "backup.zip", target)
        assert [found.events(), found.measurements(SLUG)] == whole
        assert found.doctor().healthy
        shutil.rmtree(target)
        last += 2
    return there


def with_records(home: Path, url: str | None, work: Callable[[Records], object]) -> None:
    records = Records.open(home, create=True, url=url)
    work(records)
    records.close()


if __name__ == "__main__":
    todo = {"upload": killed_uploads, "create": killed_creations, "restore": killed_restores}[sys.argv[1]]
    outcomes = todo(Path(sys.argv[2]), sys.argv[3] or None)
    print(json.dumps({"kills": len(outcomes) - 1, "finished": sum(outcomes)}))
