"""Many at once: processes and machines on one inbox, rounds and people on one campaign, a database that goes away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from campaign_shell import WELLS, wide
from upkeep_lab import PLATE, SLUG, Lab, values_of

from alloop.errors import RecordsError, TryAgainError
from alloop.upkeep import due_things, ingest_inbox, patience, release_plate, run_round

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def in_children(works: list[Callable[[], object]]) -> list[int]:
    """Do each work in a process of its own, all at once; their exit codes."""
    children = []
    for work in works:
        child = os.fork()
        if child == 0:
            code = 1
            with suppress(BaseException):
                work()
                code = 0
            os._exit(code)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def ingest_until_empty(home: Path, url: str | None, folder: Path) -> None:
    """What a process on a machine does: take in, until nothing is left for it."""
    lab = Lab(home.parent, url)
    for _ in range(3):
        ingest_inbox(lab.campaign, folder)


@needs_fork
def test_eight_processes_on_one_inbox_record_everything_once(lab: Lab) -> None:
    for number, well in enumerate(WELLS * 2):
        lab.drop_well(f"{well}-{number}.csv", well, 0.1 + number / 100)
    lab.close()
    work = [lambda: ingest_until_empty(lab.home, lab.url, lab.inbox)] * 8
    assert in_children(work) == [0] * 8
    assert sorted(row[:2] for row in lab.values()) == sorted(values_of() * 2)
    assert lab.files("refused") == lab.files("taken") == []
    assert len(lab.files("done")) == 16
    assert sum(event.verb == "upload recorded" for event in lab.campaign.records.events(SLUG)) == 17
    assert lab.campaign.records.doctor().healthy


@needs_fork
def test_two_machines_pointed_at_one_inbox(lab: Lab, tmp_path: Path) -> None:
    """On PostgreSQL each machine has a home of its own, on SQLite they share one."""
    other = lab.home
    if lab.url is not None:
        other = tmp_path / "second" / "home"
        shutil.copytree(lab.home, other)
    share = tmp_path / "share"
    share.mkdir()
    for well in WELLS:
        (share / f"{well}.csv").write_text(wide(PLATE, {well: (0.1, 90, "ok")}))
    lab.close()
    homes = [lab.home, other, lab.home, other]
    assert (
        in_children([lambda home=home: ingest_until_empty(home, lab.url, share) for home in homes]) == [0] * 4
    )
    assert [row[:2] for row in lab.values()] == values_of()
    assert len(list((share / "done").rglob("*.csv"))) == len(WELLS)
    assert lab.states() == {PLATE: "complete"}


def test_rounds_and_a_person_plan_one_plate(registered: Lab) -> None:
    environment = os.environ | ({} if registered.url is None else {"ALLOOP_DATABASE_URL": registered.url})
    start = [sys.executable, "-m", "alloop", "--home", str(registered.home)]
    commands = (["round", SLUG], ["plan", SLUG], ["round", SLUG])
    registered.close()
    running = [
        subprocess.Popen(
            [*start, *command, "--by", "ada"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    ends = [(process.communicate(timeout=300), process.returncode) for process in running]
    assert all("Traceback" not in err for (_, err), _ in ends)
    codes = [code for _, code in ends]
    assert (codes[0], codes[2]) == (0, 0)
    assert codes[1] == 0 or "another plate was planned meanwhile" in ends[1][0][1]
    assert registered.states() == {PLATE: "proposed"}
    assert len(registered.events("plate proposed")) == 1


@pytest.fixture
def switch(lab: Lab, database: Any) -> Callable[[bool], None]:
    """Lets nobody into the test's database and ends all connections, or opens it again."""
    if lab.url is None:
        pytest.skip("a file does not go away for a minute")
    name = sa.make_url(lab.url).database

    def set_to(on: bool) -> None:
        database.server.order(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {str(on).lower()}")
        if not on:
            database.server.disconnect(lab.url)

    return set_to


def test_a_database_that_comes_back_is_waited_for(lab: Lab, switch: Callable[[bool], None]) -> None:
    for well in WELLS:
        lab.drop_well(f"{well}.csv", well)
    campaign = lab.campaign
    away = threading.Event()

    def outage() -> None:
        switch(False)
        away.set()
        time.sleep(1.5)
        switch(True)

    thread = threading.Thread(target=outage)

    def at_the_first(_: str) -> None:
        if not thread.ident:
            thread.start()
            away.wait(60)

    report = ingest_inbox(campaign, progress=at_the_first)
    thread.join()
    assert {one.outcome for one in report.things} <= {"recorded", "known"}
    assert len(report.things) == len(WELLS)
    assert [row[:2] for row in lab.values()] == values_of()


def test_a_database_that_stays_away_is_one_line_and_nothing_is_lost(
    lab: Lab, switch: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 1.0)
    lab.drop_well("a.csv", "A01")
    campaign = lab.campaign
    switch(False)
    for work in (ingest_inbox, run_round, lambda one: release_plate(one, PLATE)):
        with pytest.raises(TryAgainError) as caught:
            work(campaign)
        assert "\n" not in str(caught.value)
        assert "records in postgresql" in str(caught.value)
    with pytest.raises(TryAgainError):
        due_things(campaign.records)
    switch(True)
    time.sleep(0.05)
    assert [one.kind for one in due_things(campaign.records)] == ["release", "ingest"]
    assert [one.outcome for one in ingest_inbox(campaign).things] == ["recorded"]
    assert lab.files("taken") == []


@pytest.fixture
def open_lab(lab: Lab) -> Iterator[Lab]:
    """The lab in a folder that everybody may enter and write."""
    ingest_inbox(lab.campaign)  # imports what a child that is nobody may not be able to read
    lab.close()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        shutil.copytree(lab.home, folder / "home")
        for path in (folder / "home").rglob("*"):
            path.chmod(0o777 if path.is_dir() else 0o666)
        (folder / "home").chmod(0o777)
        opened = Lab(folder, lab.url)
        yield opened
        opened.close()


@needs_fork
def test_a_folder_that_is_read_only_is_one_line_and_nothing_is_lost(open_lab: Lab) -> None:
    open_lab.drop_well("a.csv", "A01").chmod(0o666)
    said = open_lab.folder / "said.txt"
    for path in (open_lab.inbox / "taken", open_lab.inbox):
        path.chmod(0o555)

    def work() -> None:
        if os.geteuid() == 0:
            os.setuid(65534)  # root may write everywhere
        try:
            ingest_inbox(Lab(open_lab.folder, open_lab.url).campaign)
        except RecordsError as error:
            said.write_text(str(error))

    assert in_children([work]) == [0]
    assert said.read_text().startswith(f"inbox {open_lab.inbox}: ")
    assert said.read_text().endswith("(Permission denied); nothing of it is lost")
    assert open_lab.files() == ["a.csv"]
    for path in (open_lab.inbox, open_lab.inbox / "taken"):
        path.chmod(0o755)
    assert [one.outcome for one in ingest_inbox(open_lab.campaign).things] == ["recorded"]


@needs_fork
def test_a_thing_that_may_not_be_moved_does_not_block_the_others(open_lab: Lab) -> None:
    open_lab.drop_well("good.csv", "A01").chmod(0o666)
    open_lab.drop_well("locked/b.csv", "A02")
    (open_lab.inbox / "locked").chmod(0o500)
    (open_lab.inbox / "taken").chmod(0o777)
    said = open_lab.folder / "said.txt"

    def work() -> None:
        if os.geteuid() == 0:
            os.setuid(65534)  # root may move everything
        report = ingest_inbox(Lab(open_lab.folder, open_lab.url).campaign)
        said.write_text(" ".join(f"{one.name}={one.outcome}" for one in report.things))

    assert in_children([work]) == [0]
    assert said.read_text() == "good.csv=recorded locked=refused"
    assert "locked/b.csv" in open_lab.files()
