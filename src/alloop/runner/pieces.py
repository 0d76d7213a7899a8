"""What goes from a runner to its workers: several pieces at a time, and once what they share."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from alloop.runner.protocol import Item, Result, Shared
from alloop.runner.threads import settle

_BATCHES_PER_WORKER = 4
_LARGEST_BATCH = 8
_AHEAD = 3
"""Batches per worker that are handed out before the first of them is back."""
_KEPT = 4
"""Shared objects that workers hold at once: one to judge by, one to sieve by, and those just before."""

Handle = TypeVar("Handle")


def compute(
    function: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
) -> list[Result]:
    """What a worker does with a batch."""
    settle()
    return [function(shared, item) for item in items]


class Promise(Protocol):
    """A batch that somebody computes."""

    def result(self) -> list[Any]:
        """Its results; waits for them."""

    def cancel(self) -> Any:
        """Call it off, if it has not begun."""


def batches(items: Iterable[Item], workers: int, coarse: bool) -> Iterator[list[Item]]:
    """The items by batches: small enough to share the work out evenly, large enough to be worth a message."""
    count = len(items) if isinstance(items, Sequence) else _LARGEST_BATCH * workers
    size = 1 if coarse else max(1, min(count // (_BATCHES_PER_WORKER * workers), _LARGEST_BATCH))
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def in_order(
    parts: Iterable[list[Item]], hand: Callable[[list[Item]], Promise], workers: int
) -> Iterator[Any]:
    """Results of all batches in order, some handed out ahead; what is left when the caller gives up is called off.

    Args:
        parts: the batches.
        hand: hands a batch to some worker.
        workers: how many there are.
    """
    waiting: deque[Promise] = deque()
    try:
        for part in parts:
            waiting.append(hand(part))
            if len(waiting) >= _AHEAD * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for promise in waiting:
            promise.cancel()


class Sendings(Generic[Handle]):
    """Remembers what the workers hold already, so that each object goes to them once.

    Args:
        send: brings an object to all workers and says how to speak of it.
        forget: lets the workers forget it.
    """

    def __init__(self, send: Callable[[Any], Handle], forget: Callable[[Handle], None]) -> None:
        self._send, self._forget = send, forget
        # the objects are held here too: the number of one that is gone could be another's
        self._held: OrderedDict[int, tuple[Any, Handle]] = OrderedDict()

    def handle(self, shared: Any) -> Handle:
        """How to speak of `shared`; it is sent if the workers do not hold it."""
        if id(shared) not in self._held:
            self._held[id(shared)] = (shared, self._send(shared))
            if len(self._held) > _KEPT:
                self._forget(self._held.popitem(last=False)[1][1])
        self._held.move_to_end(id(shared))
        return self._held[id(shared)][1]
