"""Trying again while the database is away: a restarting server is no reason to give up a night's round."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from alloop.errors import TryAgainError

PATIENCE_SECONDS = 90.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0

P = ParamSpec("P")
T = TypeVar("T")
_LOG = logging.getLogger(__name__)


def patiently(work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Call `work`, and while the database does not answer again, for `PATIENCE_SECONDS` from the first time on.

    Only for work that may be done twice.

    Raises:
        TryAgainError: when it still does not answer then.
    """
    until: float | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            return work(*args, **options)
        except TryAgainError as error:
            now = time.monotonic()
            until = now + PATIENCE_SECONDS if until is None else until
            if now + pause > until:
                raise
            _LOG.warning("%s; trying again in %g s", error, pause)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


__all__ = ["PATIENCE_SECONDS", "patiently"]
