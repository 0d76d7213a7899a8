"""What is due now, told from the records and the inboxes alone."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from alloop.campaign.news import NEWS, news_since_plan
from alloop.campaign_file import Running, parse_running
from alloop.errors import RecordsError, UserError
from alloop.records import Reader, Records
from alloop.upkeep.alerts import cheap_alerts
from alloop.upkeep.claims import abandoned
from alloop.upkeep.inbox import inbox_folder, lying_in, mark_of
from alloop.upkeep.ingesting import shown
from alloop.upkeep.releasing import RELEASED
from alloop.upkeep.round_events import ROUND, due_time, newest_round, seen_by_round

DueKind = Literal["ingest", "round", "release", "alert"]

_TO_RELEASE = ("approved", "in_synthesis", "measuring")


@dataclass(frozen=True)
class Due:
    """One thing that is due. `occasion` is unique to it: whoever does it twice for one occasion does it in vain."""

    kind: DueKind
    campaign: str
    occasion: str
    why: str
    plate: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "kind": self.kind,
            "campaign": self.campaign,
            "plate": self.plate,
            "occasion": self.occasion,
            "why": self.why,
        }


def due_things(
    records: Records, now: datetime | None = None, campaigns: Sequence[str] | None = None
) -> tuple[Due, ...]:
    """What is due at `now` (timezone-aware; by default this moment) in all campaigns, or in some.

    - `release`: an approved plate whose files are not on record as released.
    - `ingest`: something lies in the inbox of a campaign whose rounds do not take it in.
    - `round`: a scheduled time passed since the last round (one round, however many times were missed); where
      results start rounds, something happened since, or lies in the inbox; an approval that is to come by itself did
      not yet.
    - `alert`: there is something to tell that is not on record as told. Lost calibration is looked for in rounds.

    It reads events, plates and folders, no values, so that it may be asked every few seconds.

    Raises:
        RecordsError: when the records cannot be read.
    """
    moment = now or records.now()
    slugs = [row.slug for row in records.campaigns()] if campaigns is None else list(campaigns)
    return tuple(due for slug in slugs for due in _due_in(records, slug, moment))


@lru_cache(maxsize=256)
def _running(text: str, name: str) -> Running:
    return parse_running(text, name)


def _due_in(records: Records, slug: str, now: datetime) -> Iterator[Due]:
    with records.reading() as reader:
        version = reader.versions(slug)[-1]
        try:
            running = _running(version.text, Path(version.path).name or slug)
        except UserError as error:
            # Nothing of this campaign can be done, and the others go on: the alert's run says the same aloud.
            yield Due("alert", slug, f"alert {slug} version {version.number}", str(error.problems[0]))
            return
        for plate in reader.plates_without(slug, RELEASED, _TO_RELEASE):
            why = f"{plate} is approved and its files are not released"
            yield Due("release", slug, f"release {plate}", why, plate)
        causes = list(_round_causes(reader, slug, running, version.recorded_at, now))
    inbox = _inbox_cause(inbox_folder(records.home, slug))
    if inbox is not None and running.rounds.on_results:
        causes.append(inbox)
    elif inbox is not None:
        yield Due("ingest", slug, f"ingest {slug} {inbox[0]}", inbox[1])
    if causes:
        occasion = " ".join(["round", slug, *(key for key, _ in causes)])
        yield Due("round", slug, occasion, "; ".join(why for _, why in causes))
    fresh = [one for one in cheap_alerts(records, slug, running.alerts, now) if one.is_new]
    if fresh:
        mark = hashlib.sha256("\n".join(one.occasion for one in fresh).encode()).hexdigest()[:12]
        more = f", and {len(fresh) - 1} more" if len(fresh) > 1 else ""
        yield Due("alert", slug, f"alert {slug} {mark}", fresh[0].what + more, fresh[0].plate)


def _round_causes(
    reader: Reader, slug: str, running: Running, registered: datetime, now: datetime
) -> Iterator[tuple[str, str]]:
    """Why a round is due: (a key that is unique to the occasion, words)."""
    newest = newest_round(reader, slug)
    if running.schedule is not None:
        time_of_day = due_time(running.schedule, newest, registered, now)
        if time_of_day is not None:
            after = f" after event {newest.id}" if newest else ""
            text = time_of_day.isoformat(timespec="minutes")
            yield f"scheduled {text}{after}", f"it is scheduled for {text}"
    if running.rounds.on_results:
        if newest is None:
            news = news_since_plan(reader, slug)
            is_news, key = news is None or bool(news), str(news[-1].id) if news else "first"
            why = f"{news[-1].verb} by {news[-1].recorded_by}" if news else "no plate was planned yet"
        else:
            news = reader.events_since(slug, seen_by_round(newest), NEWS)
            is_news, key = bool(news), str(news[-1].id) if news else ""
            why = f"{news[-1].verb} by {news[-1].recorded_by}" if news else ""
        if is_news:
            yield f"news {key}", why
    if running.approval == "automatic":
        for plate in reader.plates(slug, ["proposed"]):
            if reader.newest_event(slug, ROUND, plate.id) is not None:
                yield f"approve {plate.id}", f"{plate.id} is to be approved by itself"


def _inbox_cause(folder: Path) -> tuple[str, str] | None:
    """What lies in an inbox and can be taken in: (a key that is the same as long as it lies there, words)."""
    now = time.time()
    try:
        lying = [one for one in lying_in(folder) if one.may_be_settled(now)]
        left = abandoned(folder)
    except (RecordsError, OSError) as error:
        return "unreadable", str(error)  # taking it in says the same aloud
    if not lying and not left:
        return None
    mark = mark_of(lying) + "".join(f" {shown(one.name)}" for one in left)
    names = [shown(one.name) for one in lying] or ["what a process left when it died"]
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"inbox {mark}", f"in the inbox: {names[0]}{more}"


__all__ = ["Due", "DueKind", "due_things"]
