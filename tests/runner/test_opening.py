"""Runners by name, and what is said where one cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
from runner_pieces import power

from alloop.errors import RunnerError
from alloop.runner import ENVIRONMENT, Threads, cluster, open_runner
from alloop.runner.likeness import likeness


@pytest.fixture(scope="module")
def somebodys() -> Iterator[Any]:
    """A cluster of somebody else's, without workers as yet."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=0, threads_per_worker=1, protocol="tcp://", host="127.0.0.1", dashboard_address=None
    ) as found:
        yield found


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def refusal(name: str) -> str:
    with pytest.raises(RunnerError) as caught:
        open_runner(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_default_are_the_threads_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_runner() as runner:
        assert isinstance(runner, Threads)
    monkeypatch.setenv(ENVIRONMENT, "processes:3")
    with open_runner() as runner:
        assert (runner.is_here, runner.workers) == (False, 3)
    with open_runner("threads") as runner:
        assert runner.is_here


@pytest.mark.parametrize(
    "name", ["ray", "processes:0", "processes:-1", "threads:2", "dask://nowhere", "tcp://a:1"]
)
def test_other_names_are_refused_with_those_that_there_are(name: str) -> None:
    said = refusal(name)
    assert f"there is no runner {name!r}" in said
    assert "dask://HOST:PORT" in said


def test_an_address_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE_s", 0.5)
    said = refusal("dask://127.0.0.1:9")
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in said


def test_a_cluster_of_somebody_is_used_and_left_as_it_was(
    somebodys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = somebodys.scheduler_address.replace("tcp://", "dask://")
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "_PATIENCE_s", 0.5)
        assert "has no workers" in refusal(name)
    somebodys.scale(1)
    with open_runner(name) as runner:
        assert list(runner.map(power, 2, range(5))) == [1, 2, 4, 8, 16]
        assert runner.workers == 1
    assert len(somebodys.scheduler.workers) == 1

    ours = likeness()
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "likeness", refusal)  # of a module that the workers do not have
        assert "cannot run alloop" in refusal(name)
    with open_runner(name) as runner:
        monkeypatch.setitem(ours, "numpy", "9.9")
        assert f"numpy {version('numpy')} there, 9.9 here" in refusal(name)
        with pytest.raises(RunnerError, match="computes with other versions"):
            list(runner.map(power, 2, [1]))


def test_a_cluster_that_is_begun_here_takes_nobody_else() -> None:
    from distributed import Client, Security

    with open_runner("dask:1") as runner:
        address = runner._client.cluster.scheduler_address
        assert address.startswith("tls://127.0.0.1:")
        with pytest.raises(OSError, match="certificate"):
            Client(address, security=Security.temporary(), timeout=2)
