"""What every runner does with pieces: order, sharing, errors, workers that go away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil
import pytest
from runner_pieces import Model, die, die_once, power, process, refuse, unpacked

from alloop.errors import Problem, UserError, WorkersLostError
from alloop.runner import Runner, Threads, open_runner

PATIENCE_s = 300


@pytest.fixture(params=["threads", "processes", "cluster"])
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    if request.param == "threads":
        with Threads() as threads:
            yield threads
    else:
        yield request.getfixturevalue(request.param)


@pytest.mark.parametrize("coarse", [False, True])
def test_results_come_in_the_order_of_the_items(runner: Runner, coarse: bool) -> None:
    assert list(runner.map(power, 3, range(100), coarse=coarse)) == [3**n for n in range(100)]
    assert list(runner.map(power, 2, iter([5, 1, 4]), coarse=coarse)) == [32, 2, 16]
    assert list(runner.map(power, 2, [], coarse=coarse)) == []


def test_a_caller_may_stop_early_and_ask_for_something_else(runner: Runner) -> None:
    assert list(islice(runner.map(power, 2, range(10_000)), 3)) == [1, 2, 4]
    assert list(runner.map(power, 5, [2])) == [25]


def test_pieces_are_computed_by_as_many_as_the_runner_says(runner: Runner) -> None:
    found = set(runner.map(process, None, range(40)))
    assert (found == {os.getpid()}) is runner.is_here
    assert len(found) <= runner.workers


@pytest.mark.parametrize("name", ["processes", "cluster"])
def test_what_is_shared_goes_to_each_worker_once(name: str, request: pytest.FixtureRequest) -> None:
    runner: Runner = request.getfixturevalue(name)
    model = Model(f"of {name}")
    seen = [one for _ in range(3) for one in runner.map(unpacked, model, range(20))]
    assert {times for _, times in seen} == {1}
    other = Model(f"another of {name}")
    assert {times for _, times in runner.map(unpacked, other, range(20))} == {1}
    assert {times for _, times in runner.map(unpacked, model, range(20))} == {1}


def test_errors_come_back_whole(runner: Runner) -> None:
    with pytest.raises(UserError) as caught:
        list(runner.map(refuse, "row 3", range(6), coarse=True))
    assert caught.value.problems == (
        Problem("row 3", "three is wrong", "say two"),
        Problem("", "and no four"),
    )
    assert list(runner.map(power, 2, [3])) == [8]


def test_a_process_that_is_ended_is_told_in_one_line() -> None:
    with open_runner("processes:1") as runner:
        with pytest.raises(WorkersLostError, match="ended from outside") as caught:
            list(runner.map(die, None, [1]))
        assert "\n" not in str(caught.value)


def test_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    """Killed, it can clean up nothing: its workers notice."""
    script = tmp_path / "parent.py"
    script.write_text(
        "from alloop.runner import open_runner\n"
        "from runner_pieces import process\n"
        "import time\n"
        "if __name__ == '__main__':\n"
        "    with open_runner('processes:2') as runner:\n"
        "        print(*runner.map(process, None, range(2), coarse=True), flush=True)\n"
        "        time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    workers = [psutil.Process(int(number)) for number in parent.stdout.readline().split()]
    assert len(set(workers)) == 2
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + PATIENCE_s
    while any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_piece_whose_worker_dies_is_computed_by_another(cluster: Runner, tmp_path: Path) -> None:
    flag = tmp_path / "died"
    assert list(cluster.map(die_once, flag, range(30), coarse=True)) == list(range(30))
    assert flag.exists()
