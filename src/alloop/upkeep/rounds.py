"""`round`: take in what came, score what was foretold, decide, and plan the next plate where it is time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alloop.campaign import Campaign
from alloop.campaign.ledger import Score
from alloop.upkeep.alerts import Alert
from alloop.upkeep.deciding import NextStep
from alloop.upkeep.ingesting import IngestReport, Progress


@dataclass(frozen=True)
class RoundReport:
    """What a round did.

    `plate` is the plate that it planned, `approved` the plate that it approved (`approval: automatic`). `scores` say
    by property how the newest values agree with what was foretold, `alerts` are new ones. `seconds` has `ingest`,
    `score`, `decide`, `plan` (the planner), `publish` and `total`; what is left of `total` is overhead.
    """

    campaign: str
    step: NextStep
    plate: str | None = None
    approved: str | None = None
    ingest: IngestReport | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The document of `round --json`."""
        raise NotImplementedError


def run_round(
    campaign: Campaign,
    *,
    by: str = "alloop",
    seed: int | None = None,
    take_in: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> RoundReport:
    """Take the inbox in, score the ledger, decide, and plan and publish the next plate where it is time.

    With `approval: automatic` the plate is approved too. The round is an event in the records. Killed at any point it
    can be run again: a second call never plans a second plate.
    """
    raise NotImplementedError
