"""Pieces as Prefect tasks on a Dask cluster: the same results, and every task seen by Prefect."""

from __future__ import annotations

import time

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterName
from runner_flow import asked, on_a_cluster
from runner_pieces import power

from alloop.planning import plan_plate, screen
from alloop.runner import Threads
from alloop_flows.mapped import MappedTasks, computing

PATIENCE_s = 300


def test_a_flow_maps_its_pieces_as_tasks(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "DIRECT", 500)
    monkeypatch.setattr(screen, "_SIFTED", (128, 256))
    assert on_a_cluster() == plan_plate(asked(), 3).wells
    with get_client(sync_client=True) as client:
        for name in ("power 1", "learn 1", "passed_of_range 1"):
            wanted = TaskRunFilter(name=TaskRunFilterName(any_=[name]))
            deadline = time.monotonic() + PATIENCE_s  # the server hears of tasks a moment later
            while not client.read_task_runs(task_run_filter=wanted):
                assert time.monotonic() < deadline, name
                time.sleep(0.1)


def test_other_runners_are_as_everywhere() -> None:
    with computing("threads") as runner:
        assert isinstance(runner, Threads)
    with computing("dask:1") as runner:  # outside any flow run there is nothing to map in
        assert not isinstance(runner, MappedTasks)
        assert list(runner.map(power, 2, [3])) == [8]
