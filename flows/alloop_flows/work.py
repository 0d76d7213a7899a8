"""What flows share: the campaign they are about, words for the log, and when trying again can help."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prefect.logging import get_run_logger

if TYPE_CHECKING:
    from alloop.campaign import Campaign

DELAYS_S: list[float] = [15, 60]
"""How long a task waits before each new try: together as long as a database is usually away for a restart."""


def open_campaign(name: str) -> Campaign:
    """A registered campaign of the home that ALLOOP_HOME names.

    Raises:
        StateError: when there is no such campaign.
        RecordsError: when the database cannot be reached.
    """
    from alloop.campaign import Campaign
    from alloop.campaign.home import open_records

    return Campaign(open_records(), name)


def logged(every_s: float = 2.0) -> Callable[[str], None]:
    """Something to tell in words what is going on; it goes to the run's log.

    Of lines that begin alike, as those of a count do, one is kept every `every_s` seconds.
    """
    logger = get_run_logger()
    last: dict[str, float] = {}

    def tell(text: str) -> None:
        now, begins = time.monotonic(), text.partition(":")[0]
        if now - last.get(begins, -every_s) >= every_s:
            last[begins] = now
            logger.info("%s", text)

    return tell


def may_pass(task: Any, run: Any, state: Any) -> bool:
    """Whether doing it again may help: the database does not answer, a folder cannot be reached, something changed
    meanwhile. Wrong input never passes.
    """
    from alloop.errors import OutdatedError, TryAgainError

    try:
        state.result()
    except (TryAgainError, OutdatedError, OSError):
        return True
    except Exception:
        return False
    return False
