"""Pieces as Prefect tasks on a Dask cluster: the same results, and every task seen by Prefect."""

from __future__ import annotations

import pytest
from prefect.client.orchestration import get_client
from runner_flow import asked, on_a_cluster
from runner_pieces import power

from alloop.planning import plan_plate, screen
from alloop.runner import Threads
from alloop_flows.mapped import MappedTasks, computing


def test_a_flow_maps_its_pieces_as_tasks(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "DIRECT", 500)
    monkeypatch.setattr(screen, "_SIFTED", (128, 256))
    assert on_a_cluster() == plan_plate(asked(), 3).wells
    with get_client(sync_client=True) as client:
        names = [run.name for run in client.read_task_runs(limit=200)]
    assert "power 1" in names
    assert "learn 1" in names
    assert [name for name in names if name.startswith("passed_of_range ")]


def test_other_runners_are_as_everywhere() -> None:
    with computing("threads") as runner:
        assert isinstance(runner, Threads)
    with computing("dask:1") as runner:  # outside any flow run there is nothing to map in
        assert not isinstance(runner, MappedTasks)
        assert list(runner.map(power, 2, [3])) == [8]
