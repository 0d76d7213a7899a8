"""A runner whose pieces are Prefect tasks: a flow's heavy part on a Dask cluster, seen in Prefect as it proceeds.

A flow says whose workers compute by a parameter `runner`, with the names of `alloop plan --runner`. Where that is a
Dask cluster the pieces are mapped as tasks of the flow, a few for each worker; what they share goes to the workers
once, past Prefect, which would look into it and hand it out with every task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from types import TracebackType
from typing import Any, Self

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from alloop.runner import Runner, open_runner
from alloop.runner.cluster import Box, Cluster, compute_alike, telling
from alloop.runner.likeness import likeness
from alloop.runner.pieces import Promise, in_order
from alloop.runner.protocol import Item, Result, Shared

_TASKS_PER_WORKER = 3
_MOST_PIECES = 64
"""Of one task: one that is lost is not much lost."""


@contextmanager
def computing(runner: str | None = None) -> Iterator[Runner]:
    """The runner of that name, for the flow run that is going on: mapped tasks, where it is a Dask cluster.

    Args:
        runner: as `alloop plan --runner` takes it; by default what ALLOOP_RUNNER says, else this process.

    Raises:
        RunnerError: when there is no such runner, or it cannot be used.
    """
    with open_runner(runner) as opened:
        if isinstance(opened, Cluster) and FlowRunContext.get() is not None:
            with MappedTasks(opened) as mapped:
                yield mapped
        else:
            yield opened


class MappedTasks:
    """Pieces are computed as tasks of the flow run that is going on, by the workers of a Dask cluster."""

    is_here = False

    def __init__(self, cluster: Cluster) -> None:
        from prefect_dask.task_runners import DaskTaskRunner

        self._cluster = cluster
        self._tasks = DaskTaskRunner(address=cluster.address, client_kwargs={"security": cluster.security})
        self._ending = ExitStack()

    @property
    def workers(self) -> int:
        """How many pieces the cluster's workers compute side by side."""
        return self._cluster.workers

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Iterable[Item],
        *,
        coarse: bool = False,
    ) -> Iterator[Result]:
        """As :meth:`Runner.map`."""
        held, workers, numbers = self._cluster.hold(shared), self.workers, count(1)

        def hand(part: list[Item]) -> Promise:
            named = pieces.with_options(task_run_name=f"{function.__name__.strip('_')} {next(numbers)}")
            parameters = {"load": Load(function, part, likeness()), "box": held}
            return _Promised(self._tasks.submit(named, parameters=parameters))

        with telling():
            yield from in_order(_parts(items, workers, coarse), hand, workers)

    def close(self) -> None:
        """Leave the cluster, which belongs to whoever opened it."""
        self._ending.close()

    def __enter__(self) -> Self:
        self._ending.enter_context(self._tasks)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Promised:
    """A task's future as a :class:`Promise`."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def result(self) -> list[Any]:
        found: list[Any] = self._future.result()
        return found

    def cancel(self) -> None:
        self._future.wrapped_future.cancel()


def _parts(items: Iterable[Item], workers: int, coarse: bool) -> Iterator[list[Item]]:
    """As many as each worker gets a few of: every task is told to Prefect's server, which takes its time."""
    count = len(items) if isinstance(items, Sequence) else _MOST_PIECES * workers
    size = 1 if coarse else max(1, min(-(-count // (_TASKS_PER_WORKER * workers)), _MOST_PIECES))
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


class Load:
    """What a task is about; no dataclass, since Prefect would look into each of its arrays.

    Args:
        function: of what is shared and a piece.
        items: one for each piece.
        ours: the versions with which the flow computes.
    """

    def __init__(self, function: Callable[[Any, Any], Any], items: list[Any], ours: dict[str, str]) -> None:
        self.function, self.items, self.ours = function, items, ours


@task(name="pieces", persist_result=False, cache_policy=NO_CACHE)
def pieces(load: Load, box: Box) -> list[Any]:
    """Compute some pieces, in a worker that holds what they share."""
    return compute_alike(load.ours, load.function, box, load.items)
