"""How many threads compute: several small tasks side by side, one thread in each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


def n_workers() -> int:
    """Tasks that run side by side: the cores, or `ALLOOP_THREADS` if that is fewer."""
    return max(1, min(os.cpu_count() or 1, int(os.environ.get("ALLOOP_THREADS", "64"))))


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch and the linear algebra of numpy on one thread: small products stall on two when anything else runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _libraries().limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def settle() -> None:
    """Compute on one thread per task from now on: what a worker does before its first piece.

    A worker's tasks overlap, so that :func:`one_thread` alone would give one of them more threads when another ends.
    """
    import torch

    os.environ["ALLOOP_THREADS"] = "1"
    torch.set_num_threads(1)
    _libraries().limit(limits=1, user_api="blas")


@cache
def _libraries() -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
