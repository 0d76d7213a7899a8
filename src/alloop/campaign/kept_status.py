"""A status that was told before: while nothing has happened since, it is the same, and of very many values it takes
seconds to tell.

It lies in the home folder as a file that anybody may delete. It holds for one newest event only: whatever changes a
campaign's records is an event.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from alloop.campaign.desk import Desk
from alloop.campaign.home import status_file
from alloop.campaign.plan_document import alloop_version
from alloop.campaign.told_status import Status
from alloop.records import Reader
from alloop.whole_files import write_whole

MANY_VALUES = 5_000
"""Of so many values a status is kept; of fewer it is told anew as quickly."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """What a status belongs to: the newest event with its time, whose code told it, and where its files lie."""

    event: int
    at: str
    alloop: str
    home: str


@dataclass(frozen=True)
class _Kept:
    __pydantic_config__ = ConfigDict(ser_json_inf_nan="constants")  # a score that nobody can tell is nan

    moment: Moment
    status: Status


def moment_of(desk: Desk, reader: Reader) -> Moment:
    """The moment that a status belongs to which is told from this transaction."""
    event, at = reader.last_event(desk.slug), reader.last_event_time(desk.slug)
    return Moment(
        event, "" if at is None else at.isoformat(), alloop_version(), str(desk.records.home.resolve())
    )


def kept_status(desk: Desk, moment: Moment) -> Status | None:
    """The status of that moment, where it was kept; a file that cannot be read counts as none."""
    path = status_file(desk.records.home, desk.slug)
    try:
        found = TypeAdapter(_Kept).validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        _LOG.info("%s is not used: %s", path, error)
        return None
    return found.status if found.moment == moment else None


def keep_status(desk: Desk, moment: Moment, status: Status) -> Path | None:
    """Keep it for the next one who asks; where the home folder cannot be written, nothing is kept."""
    path = status_file(desk.records.home, desk.slug)
    try:
        return write_whole(path, TypeAdapter(_Kept).dump_json(_Kept(moment, status)))
    except OSError as error:
        _LOG.info("%s is not kept: %s", path, error)
        return None


__all__ = ["MANY_VALUES", "Moment", "keep_status", "kept_status", "moment_of"]
