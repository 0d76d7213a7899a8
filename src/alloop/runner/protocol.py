"""What every runner does, whoever computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Runner(Protocol):
    """Computes the pieces of a larger task, here or elsewhere. The pieces, and so the result, are the same everywhere.

    A runner is a context manager: leaving it ends the workers that it started. What it is given travels to its workers
    unless they are threads, so functions must be found by their name in a module, and `shared`, items and results must
    be plain values.
    """

    @property
    def is_here(self) -> bool:
        """Whether the pieces are computed in this very process, so that nothing travels."""

    @property
    def workers(self) -> int:
        """How many pieces are computed side by side."""

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Iterable[Item],
        *,
        coarse: bool = False,
    ) -> Iterator[Result]:
        """`function(shared, item)` of each item, in their order; computed ahead of what is asked for, but not far.

        Args:
            function: a function of a module.
            shared: what all pieces need; it goes to each worker once, as long as the same object is given.
            items: one per piece.
            coarse: the pieces take seconds and use the cores of this process by themselves: here they are computed one
                after the other, elsewhere they are handed out one by one.

        Raises:
            WorkersLostError: when the workers are gone.
        """

    def close(self) -> None:
        """End the workers that were started by this runner."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
