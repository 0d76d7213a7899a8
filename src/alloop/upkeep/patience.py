"""Trying again while the database is away: a restarting server is no reason to give up a night's round."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from alloop.errors import TryAgainError

PATIENCE_SECONDS = 90.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


def patiently(work: Callable[[], T], seconds: float | None = None) -> T:
    """Do some work, and again for so many seconds (`PATIENCE_SECONDS`) while the database does not answer.

    Only for work that may be done twice.

    Raises:
        TryAgainError: when it still does not answer then.
    """
    until = time.monotonic() + (PATIENCE_SECONDS if seconds is None else seconds)
    pause = _FIRST_PAUSE
    while True:
        try:
            return work()
        except TryAgainError as error:
            if time.monotonic() + pause > until:
                raise
            _LOG.warning("%s; trying again in %g s", error, pause)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


__all__ = ["PATIENCE_SECONDS", "patiently"]
