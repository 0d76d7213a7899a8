"""The runner of every day: threads of this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from alloop.runner.protocol import Item, Result, Shared
from alloop.runner.threads import n_workers


class Threads:
    """Pieces are computed by threads, as many as :func:`n_workers` says; nothing travels."""

    is_here = True

    def __init__(self) -> None:
        self.workers = n_workers()
        self._pool = ThreadPoolExecutor(self.workers)  # threads begin with the first piece

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Iterable[Item],
        *,
        coarse: bool = False,
    ) -> Iterator[Result]:
        """As :meth:`Runner.map`."""
        if coarse:
            yield from (function(shared, item) for item in items)
            return
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(self._pool.submit(function, shared, item))
            if len(waiting) > self.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def close(self) -> None:
        """Wait for the threads to end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
