"""What a person should be told of without asking: overdue plates, lost calibration, refused files, failed rounds."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from alloop.campaign import Campaign
from alloop.campaign_file import AlertRules
from alloop.logs import about
from alloop.records import PENDING_STATES, EventRow, Reader, Records
from alloop.upkeep.claims import PROBLEMS
from alloop.upkeep.inbox import REFUSED, inbox_folder
from alloop.upkeep.ingesting import shown
from alloop.upkeep.patience import patiently
from alloop.upkeep.round_events import FAILED, newest_round
from alloop.upkeep.scoring import NewestScores, score_newest

AlertKind = Literal["overdue", "calibration", "inbox", "round"]

ALERT = "alert"
"""The verb of the event that says that a person was told."""
FEWEST_VALUES = 30
LEAST_COVERAGE = 0.7
"""Calibration is lost when less than this share of at least so many new values lies in 90 % intervals: where the
intervals are right that comes once in a thousand times."""

_LONGEST_REASON = 300
_OVERDUE = {
    "proposed": ("waits for approval", "alloop approve {plate}, or alloop reject {plate} --why ..."),
    "approved": ("waits to be weighed", "alloop made {plate}, or alloop cancel {plate}"),
    "in_synthesis": ("is being made", "upload its results, or alloop close {plate}"),
    "measuring": ("is being measured", "upload what is missing, or alloop close {plate}"),
}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alert:
    """One thing to tell: what it is and what mends it. `occasion` is its key: it is recorded once.

    `is_new` says that it is not on record yet.
    """

    kind: AlertKind
    campaign: str
    occasion: str
    what: str
    mend: str
    plate: str | None = None
    is_new: bool = True

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "kind": self.kind,
            "campaign": self.campaign,
            "plate": self.plate,
            "occasion": self.occasion,
            "what": self.what,
            "mend": self.mend,
            "is_new": self.is_new,
        }


def find_alerts(campaign: Campaign, now: datetime | None = None) -> tuple[Alert, ...]:
    """What stands at `now` (timezone-aware; by default this moment), on record already or not; reads only.

    Raises:
        RecordsError: when the records cannot be read.
    """
    return _found(campaign, now, None)


def raise_alerts(
    campaign: Campaign,
    now: datetime | None = None,
    *,
    by: str = "alloop",
    dry_run: bool = False,
    scores: NewestScores | None = None,
) -> tuple[Alert, ...]:
    """Record and log the alerts that are not on record yet; returns those.

    Args:
        campaign: whose.
        now: timezone-aware; by default this moment.
        by: who is on record as telling.
        dry_run: record and log nothing.
        scores: of the newest values, where they are known already.

    Raises:
        RecordsError: when the records cannot be read or written.
    """
    found = [one for one in patiently(_found, campaign, now, scores) if one.is_new]
    if not found:
        return ()
    if not dry_run:
        found = patiently(_record, campaign, found, by)
        for one in found:
            with about(campaign=campaign.name, plate=one.plate):
                _LOG.warning("%s; %s", one.what, one.mend, extra={"alert": one.kind})
    return tuple(found)


def cheap_alerts(records: Records, campaign: str, rules: AlertRules, now: datetime) -> tuple[Alert, ...]:
    """The alerts that can be told without looking at values: all but that of lost calibration."""
    with records.reading() as reader:
        told = reader.event_subjects(campaign, ALERT)
        found = [*_overdue(reader, campaign, rules, now), *_failed_round(reader, campaign)]
    found += _refused(inbox_folder(records.home, campaign), campaign)
    return tuple(replace(one, is_new=one.occasion not in told) for one in found)


def _found(campaign: Campaign, now: datetime | None, scores: NewestScores | None) -> tuple[Alert, ...]:
    rules = campaign.file.running.alerts
    found = cheap_alerts(campaign.records, campaign.name, rules, now or campaign.records.now())
    if not rules.calibration:
        return found
    lost = list(_lost_calibration(campaign.name, scores or score_newest(campaign)))
    with campaign.records.reading() as reader:
        told = reader.event_subjects(campaign.name, ALERT)
    return (*found, *(replace(one, is_new=one.occasion not in told) for one in lost))


def _record(campaign: Campaign, alerts: list[Alert], by: str) -> list[Alert]:
    """Record alerts; those that somebody else recorded meanwhile are left out of what is returned."""
    with campaign.records.writing(by) as tx:
        told = tx.event_subjects(campaign.name, ALERT)
        fresh = [one for one in alerts if one.occasion not in told]
        for one in fresh:
            details = {"kind": one.kind, "mend": one.mend}
            tx.add_event(
                EventRow(
                    verb=ALERT,
                    campaign=campaign.name,
                    plate=one.plate,
                    subject=one.occasion,
                    why=one.what,
                    details=details,
                )
            )
    return fresh


def _overdue(reader: Reader, campaign: str, rules: AlertRules, now: datetime) -> Iterator[Alert]:
    """Plates of which nothing was heard for long; a clock that was set back makes none."""
    if rules.overdue_days is None:
        return
    limit = timedelta(days=rules.overdue_days)
    for plate in reader.plates(campaign, PENDING_STATES):
        since = plate.state_at
        if plate.state == "measuring":
            since = max(since, reader.last_result_at(plate.id) or since)
        if now - since > limit:
            doing, mend = _OVERDUE[plate.state]
            what = f"{plate.id} {doing} and nothing was heard of it for {(now - since).days} days"
            occasion = f"overdue {plate.id} {plate.state} {since.isoformat(timespec='seconds')}"
            yield Alert("overdue", campaign, occasion, what, mend.format(plate=plate.id), plate.id)


def _failed_round(reader: Reader, campaign: str) -> Iterator[Alert]:
    event = newest_round(reader, campaign)
    if event is not None and event.details.get("kind") == FAILED:
        what = f"the last round could not plan a plate: {event.why}"
        yield Alert("round", campaign, f"round {event.id}", what, f"mend it, then: alloop round {campaign}")


def _refused(inbox: Path, campaign: str) -> Iterator[Alert]:
    """One alert for all that is refused, and a new one when something new is."""
    files = []
    for path in sorted((inbox / REFUSED).glob(f"*/*{PROBLEMS}")):
        with suppress(FileNotFoundError):  # a person is tidying up
            files.append((path.stat().st_mtime_ns, path))
    if not files:
        return
    changed, newest = max(files)
    reason = ""
    with suppress(FileNotFoundError), newest.open(encoding="utf-8", errors="replace") as stream:
        reason = stream.readline(_LONGEST_REASON).strip()
    count = "a thing" if len(files) == 1 else f"{len(files)} things"
    what = f"{count} of the inbox could not be recorded; the newest is {shown(newest.parent.name)}: {reason}"
    mend = f"mend it and drop it again; then remove it from {inbox / REFUSED}"
    yield Alert("inbox", campaign, f"inbox {shown(newest.parent.name)} {changed}", what, mend)


def _lost_calibration(campaign: str, newest: NewestScores) -> Iterator[Alert]:
    for name, found in newest.scores.items():
        if found.n >= FEWEST_VALUES and found.coverage90 < LEAST_COVERAGE:
            plate = newest.plates[-1]
            inside = round(found.coverage90 * found.n)
            what = f"the 90 % intervals of {name} held {inside} of the {found.n} newest values"
            mend = f"check these values and their units (alloop status {campaign}) before you rely on the next plan"
            yield Alert("calibration", campaign, f"calibration {name} {plate}", what, mend, plate)


__all__ = ["ALERT", "Alert", "AlertKind", "cheap_alerts", "find_alerts", "raise_alerts"]
