"""What can change a plan: which events are news, and which take away what a plan was made from."""

from __future__ import annotations

from alloop.records import EventRow, Reader

TAKEN_BACK = (
    "campaign version added",
    "excluded",
    "value marked retracted",
    "value marked suspect",
    "value superseded",
    "values derived again",
)
"""Events after which a plan that was being made is wrong: its file, its values or its candidates hold no more."""

NEWS = (
    *TAKEN_BACK,
    "exclusion lifted",
    "plate cancelled",
    "plate complete",
    "plate rejected",
    "samples prepared",
    "upload recorded",
    "value marked ok",
)
"""Events after which another plan may be better than the last one."""


def seen_by(planned: EventRow) -> int:
    """The number of the newest event that a plan knew of, from the event that recorded it."""
    return int(planned.details.get("seen", planned.id))


def news_since_plan(reader: Reader, campaign: str) -> list[EventRow] | None:
    """What happened since the last plan that it does not know of; None when nothing was ever planned."""
    planned = reader.newest_event(campaign, "plate proposed")
    return None if planned is None else reader.events_since(campaign, seen_by(planned), NEWS)


__all__ = ["NEWS", "TAKEN_BACK", "news_since_plan", "seen_by"]
