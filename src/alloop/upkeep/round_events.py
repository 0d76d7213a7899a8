"""What the records keep of a round: the event `round`, and what the next one is told by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alloop.campaign_file import Schedule
from alloop.records import EventRow, Reader

ROUND = "round"
"""The verb of the event."""
FAILED = "failed"
"""The kind of a round that could not plan as the campaign file asks; other kinds are those of a next step."""

CLOCK_TOLERANCE = timedelta(hours=25)
"""A clock that was set back by up to this makes scheduled rounds wait; by more, it is not waited for."""


def round_event(
    campaign: str, kind: str, why: str, seen: int, scheduled: datetime | None, plate: str | None = None
) -> EventRow:
    """The event of a round.

    Args:
        campaign: whose.
        kind: `wait`, `plan`, `stop` or `failed`.
        why: in words.
        seen: the number of the newest event that it knew of.
        scheduled: the scheduled time up to which nothing is due any more; None without a schedule.
        plate: the plate that it planned.
    """
    details = {"kind": kind, "seen": seen, "scheduled": None if scheduled is None else scheduled.isoformat()}
    return EventRow(verb=ROUND, campaign=campaign, plate=plate, subject=kind, why=why, details=details)


def newest_round(reader: Reader, campaign: str) -> EventRow | None:
    """The event of the newest round of a campaign."""
    return reader.newest_event(campaign, ROUND)


def seen_by_round(event: EventRow | None) -> int:
    """The number of the newest event that a round knew of; 0 where there was none."""
    return 0 if event is None else int(event.details["seen"])


def due_time(
    schedule: Schedule, newest: EventRow | None, registered: datetime, now: datetime
) -> datetime | None:
    """The scheduled time for which a round is due, None when there is none: one, however many were missed.

    Args:
        schedule: of the campaign.
        newest: the event of its newest round.
        registered: when the newest version of its file was registered: earlier times need no first round.
        now: the time.
    """
    done, latest = _done(newest, registered), schedule.latest(now)
    return latest if latest > done or (latest != done and _is_from_afar(done, now)) else None


def time_done(schedule: Schedule, newest: EventRow | None, registered: datetime, now: datetime) -> datetime:
    """The scheduled time up to which nothing is due once a round has run at `now`; arguments as for `due_time`."""
    done, latest = _done(newest, registered), schedule.latest(now)
    return latest if _is_from_afar(done, now) else max(latest, done)


def _done(newest: EventRow | None, registered: datetime) -> datetime:
    """The scheduled time that the newest round did: the newest by its number, whatever clocks said."""
    if newest is None:
        return registered
    said = newest.details.get("scheduled")
    return datetime.fromisoformat(said).astimezone(UTC) if said else newest.recorded_at


def _is_from_afar(done: datetime, now: datetime) -> bool:
    """Whether a clock was set back by so much that waiting for the time to come again is no use."""
    return done - now > CLOCK_TOLERANCE


__all__ = ["FAILED", "ROUND", "due_time", "newest_round", "round_event", "seen_by_round", "time_done"]
