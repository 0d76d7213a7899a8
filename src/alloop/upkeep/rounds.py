"""`round`: take in what came, score what was foretold, decide, and plan the next plate where it is time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from alloop.campaign import Campaign
from alloop.campaign.ledger import Score
from alloop.campaign.planning_round import Planned, plan_plates
from alloop.errors import OutdatedError, RecordsError, UserError
from alloop.logs import about
from alloop.records import PlateRow, Transaction
from alloop.runner import Runner
from alloop.upkeep.alerts import Alert, raise_alerts
from alloop.upkeep.deciding import NextStep, decide_next
from alloop.upkeep.ingesting import IngestReport, Progress, ingest_inbox
from alloop.upkeep.patience import patiently
from alloop.upkeep.publishing import approve_planned, open_proposals, publish
from alloop.upkeep.round_events import FAILED, newest_round, round_event, time_done
from alloop.upkeep.scoring import score_newest

_MOST_TRIES = 5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class RoundReport:
    """What a round did.

    `plate` is the plate that it planned, `approved` are those that it approved (`approval: automatic`). `scores` say
    by property how the newest values agree with what was foretold, `alerts` are new ones. `seconds` has `ingest`,
    `score`, `decide`, `plan`, `publish`, `alerts` and `total`; of these `planner` and `reading` were spent in the
    planner and on files, and `overhead` is the rest.
    """

    campaign: str
    step: NextStep
    plate: str | None = None
    approved: tuple[str, ...] = ()
    ingest: IngestReport | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The document of `round --json`."""
        return {
            "campaign": self.campaign,
            "step": self.step.as_json(),
            "plate": self.plate,
            "approved": list(self.approved),
            "ingest": None if self.ingest is None else self.ingest.as_json(),
            "scores": {
                name: {
                    "n": one.n,
                    "coverage90": round(one.coverage90, 4),
                    "log_score": round(one.log_score, 4),
                }
                for name, one in self.scores.items()
            },
            "alerts": [one.as_json() for one in self.alerts],
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
        }


def run_round(
    campaign: Campaign,
    *,
    by: str = "alloop",
    seed: int | None = None,
    take_in: bool = True,
    inbox: Path | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    runner: Runner | None = None,
) -> RoundReport:
    """Take the inbox in, score the ledger, decide, and plan and publish the next plate where it is time.

    With `approval: automatic` the plate is approved too. The round is an event in the records, in one transaction with
    the plate that it plans. Killed at any point it can be run again, and rounds and people may plan at the same time:
    there is never a second plate. While the database does not answer, it is waited for.

    Args:
        campaign: which.
        by: who is on record.
        seed: of the plan; by default it follows from campaign and plate number.
        take_in: record first what lies in the inbox.
        inbox: the folder, where it is not the campaign's own.
        dry_run: check and plan, keep nothing.
        progress: told in words what is going on.
        runner: computes what planning takes; threads of this process when None.

    Raises:
        PlanError: when no plate can be planned as the campaign file asks; that is on record as a failed round.
        TryAgainError: when the database does not answer for long.
        RecordsError: when disk or database fail; what was recorded until then stays.
    """
    clock = _Clock()
    with about(campaign=campaign.name):
        ingest = None
        if take_in:
            with clock("ingest"):
                ingest = ingest_inbox(campaign, inbox, by=by, dry_run=dry_run, progress=progress)
            clock.seconds["reading"] = ingest.seconds["recording"]
        with clock("score"):
            newest = patiently(score_newest, campaign)
        step, planned = _decide_and_plan(campaign, by, seed, dry_run, progress, clock, runner)
        approved: list[str] = []
        if not dry_run:
            with clock("publish"):
                approved = _publish(campaign, by)
        with clock("alerts"):
            alerts = raise_alerts(campaign, by=by, dry_run=dry_run, scores=newest)
        plate = planned.plate.id if planned else None
        with about(plate=plate):
            _LOG.info("round: %s, %s", step.kind, step.why, extra={"seconds": clock.rounded()})
    return RoundReport(
        campaign.name, step, plate, tuple(approved), ingest, newest.scores, alerts, clock.finished()
    )


class _Clock:
    """Adds up what the parts of a round take, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {"reading": 0.0, "planner": 0.0}
        self._started = time.perf_counter()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started

    def rounded(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in self.seconds.items()}

    def finished(self) -> dict[str, float]:
        total = time.perf_counter() - self._started
        return self.seconds | {
            "total": total,
            "overhead": total - self.seconds["reading"] - self.seconds["planner"],
        }


@dataclass(frozen=True)
class _Beginning:
    """What the records said before a round decided: their newest event, and the scheduled time that the round does."""

    seen: int
    scheduled: datetime | None


def _begin(campaign: Campaign) -> _Beginning:
    schedule = campaign.file.running.schedule
    with campaign.records.reading() as reader:
        seen = reader.last_event(campaign.name)
        if schedule is None:
            return _Beginning(seen, None)
        registered = reader.versions(campaign.name)[-1].recorded_at
        newest = newest_round(reader, campaign.name)
    return _Beginning(seen, time_done(schedule, newest, registered, campaign.records.now()))


def _decide_and_plan(
    campaign: Campaign,
    by: str,
    seed: int | None,
    dry_run: bool,
    progress: Progress | None,
    clock: _Clock,
    runner: Runner | None,
) -> tuple[NextStep, Planned | None]:
    """Decide and do it; where somebody else changed the records meanwhile, decide anew."""
    for attempt in range(_MOST_TRIES):
        with clock("decide"):
            begun = patiently(_begin, campaign)
            step = patiently(decide_next, campaign)
        if step.kind != "plan":
            patiently(_record, campaign, by, step.kind, step.why, begun, dry_run)
            return step, None
        try:
            with clock("plan"):
                planned = patiently(_plan, campaign, by, seed, step, begun, dry_run, progress, runner)
        except OutdatedError as error:
            if attempt == _MOST_TRIES - 1:
                raise
            _LOG.info("%s; deciding anew", error)
            continue
        except UserError as error:
            patiently(_record, campaign, by, FAILED, str(error.problems[0]), begun, dry_run)
            raise
        if planned.is_new:
            clock.seconds["planner"] += planned.seconds.get("total", 0.0)
            return step, planned
    raise OutdatedError("others plan all the time", "run the round later", f"campaign {campaign.name}")


def _plan(
    campaign: Campaign,
    by: str,
    seed: int | None,
    step: NextStep,
    begun: _Beginning,
    dry_run: bool,
    progress: Progress | None,
    runner: Runner | None,
) -> Planned:
    """Plan a plate; the round is recorded in the same transaction."""

    def then(tx: Transaction, plates: Sequence[PlateRow]) -> None:
        plate = plates[0].id
        tx.add_event(round_event(campaign.name, step.kind, step.why, begun.seen, begun.scheduled, plate))

    try:
        return plan_plates(
            campaign.desk, by, seed=seed, dry_run=dry_run, progress=progress, runner=runner, then=then
        )[-1]
    except OSError as error:
        where = error.filename or campaign.records.home
        raise RecordsError(f"{where}: it cannot be written ({error.strerror or error})") from error


def _record(campaign: Campaign, by: str, kind: str, why: str, begun: _Beginning, dry_run: bool) -> None:
    with campaign.records.writing(by, dry_run) as tx:
        tx.add_event(round_event(campaign.name, kind, why, begun.seen, begun.scheduled))


def _publish(campaign: Campaign, by: str) -> list[str]:
    """See that open proposals have their files, and approve those of rounds where the campaign file says so."""
    proposals = patiently(open_proposals, campaign)
    patiently(publish, campaign, proposals)
    if campaign.file.running.approval != "automatic":
        return []
    return patiently(approve_planned, campaign, proposals, by)


__all__ = ["RoundReport", "run_round"]
