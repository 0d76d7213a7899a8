"""How many threads compute: several small tasks side by side, one thread in each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController


def n_workers() -> int:
    """Tasks that run side by side: the cores, or `ALLOOP_THREADS` if that is fewer."""
    return max(1, min(os.cpu_count() or 1, int(os.environ.get("ALLOOP_THREADS", "64"))))


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch and the linear algebra of numpy on one thread: small products stall on two when anything else runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _libraries().limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
