"""The runner of one machine with several processes: each with its own interpreter, so that nothing is held up.

Every worker is a process of its own, begun afresh, not forked: threads of this one hold locks. Each gets what is
shared once. Workers end with this process, however it ends.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import count
from multiprocessing import active_children, connection, get_context, parent_process
from types import TracebackType
from typing import Any, Self

from alloop.errors import WorkersLostError
from alloop.runner.pieces import Sendings, batches, compute, in_order
from alloop.runner.protocol import Item, Result, Shared
from alloop.runner.threads import n_workers


class Processes:
    """Pieces are computed by processes of this machine.

    Args:
        workers: how many; as many as there are cores (or as `ALLOOP_THREADS` says) when None.
    """

    is_here = False

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or n_workers()
        fresh = get_context("spawn")
        self._pools = [
            ProcessPoolExecutor(1, mp_context=fresh, initializer=_begin) for _ in range(self.workers)
        ]
        self._open: list[list[Future[Any]]] = [[] for _ in self._pools]
        self._names = count()
        self._numbers: set[int] = set()
        self._sendings = Sendings(self._send, self._forget)

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Iterable[Item],
        *,
        coarse: bool = False,
    ) -> Iterator[Result]:
        """As :meth:`Runner.map`."""
        try:
            name = self._sendings.handle(shared)
            parts = batches(items, self.workers, coarse)
            yield from in_order(parts, lambda part: self._hand(function, name, part), self.workers)
        except BrokenProcessPool as error:
            raise WorkersLostError(
                "a worker process was ended from outside, perhaps for want of memory; nothing was recorded: "
                "use fewer workers (--runner processes:N) and try again"
            ) from error

    def _hand(self, function: Callable[[Any, Any], Any], name: int, part: list[Any]) -> Future[list[Any]]:
        for place, futures in enumerate(self._open):
            self._open[place] = [future for future in futures if not future.done()]
        place = min(range(self.workers), key=lambda one: len(self._open[one]))
        future: Future[list[Any]] = self._pools[place].submit(_compute_kept, function, name, part)
        self._open[place].append(future)
        return future

    def _send(self, shared: Any) -> int:
        name = next(self._names)
        sent = [pool.submit(_keep, name, shared) for pool in self._pools]
        self._numbers.update(future.result() for future in sent)
        return name

    def _forget(self, name: int) -> None:
        for pool in self._pools:
            pool.submit(_drop, name)

    def close(self) -> None:
        """End the workers; a piece that is being computed is waited for."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in self._pools:
            pool.shutdown(wait=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:  # nobody waits for the pieces any more
            for child in active_children():
                if child.pid in self._numbers:
                    child.terminate()
        self.close()


_HELD: dict[int, Any] = {}
"""In a worker: what is shared, by its name."""


def _begin() -> None:
    """Make a fresh worker one that leaves interruptions to its parent, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    with suppress(OSError):
        connection.wait([sentinel])
    os._exit(1)


def _keep(name: int, shared: Any) -> int:
    _HELD[name] = shared
    return os.getpid()


def _drop(name: int) -> None:
    _HELD.pop(name, None)


def _compute_kept(function: Callable[[Any, Any], Any], name: int, items: list[Any]) -> list[Any]:
    return compute(function, _HELD[name], items)
