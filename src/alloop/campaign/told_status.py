"""What a status tells: plates, what is pending, the best so far, trust in the model, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alloop.campaign.advice import before_text
from alloop.campaign.ledger import Score
from alloop.campaign.progress import Progress
from alloop.campaign.suspects import Doubted, as_json
from alloop.records import DROPPED_STATES, ExclusionRow, PlateProgress


@dataclass(frozen=True)
class Trust:
    """Trust in the model of a property.

    `kind` is who spoke when the last plate was planned. `n`, `coverage90` and `log_score` are the ledger's:
    frozen predictions whose values have come, and `by_plate` the same round by round. `cross_validation` holds the
    figures of the last plan's check.
    """

    kind: str | None
    n: int
    coverage90: float | None
    log_score: float | None
    cross_validation: Mapping[str, Any]
    by_plate: Mapping[str, Score]


@dataclass(frozen=True)
class Status:
    """A campaign as it stands now; `unused` counts values measured under other conditions, by property.

    `gain` and `advice` are those of the last plan, `expected` are the advice for every plate without results, and
    `gain_before` is what the last plate with results was expected to bring and brought.
    """

    campaign: str
    title: str
    version: int
    plates: tuple[PlateProgress, ...]
    pending_wells: int
    progress: Progress
    trust: Mapping[str, Trust]
    gain: float | None
    gain_before: Mapping[str, Any] | None
    advice: str | None
    values: Mapping[str, int]
    unused: Mapping[str, int]
    exclusions: tuple[ExclusionRow, ...]
    warnings: tuple[str, ...]
    next_action: str
    suspects: tuple[Doubted, ...] = ()
    expected: tuple[str, ...] = ()

    @property
    def round(self) -> int:
        """How many plates were planned and not dropped."""
        return sum(plate.state not in DROPPED_STATES for plate in self.plates)

    @property
    def outlook(self) -> tuple[str, ...]:
        """Sentences on what the last plates brought and are expected to bring, as far as that is known."""
        before = () if self.gain_before is None else (before_text(self.gain_before),)
        return (*before, *self.expected)

    def as_json(self) -> dict[str, Any]:
        """The document of `status --json`."""
        return {
            "campaign": self.campaign,
            "title": self.title,
            "version": self.version,
            "round": self.round,
            "plates": [
                {
                    "id": plate.plate,
                    "state": plate.state,
                    "since": plate.state_at.isoformat(),
                    "wells": plate.wells,
                    "measured": plate.measured,
                    "reported": plate.reported,
                }
                for plate in self.plates
            ],
            "pending_wells": self.pending_wells,
            "best": {name: vars(best) for name, best in self.progress.best.items()},
            "hypervolume": list(self.progress.hypervolume),
            "hits": list(self.progress.hits),
            "model": {
                name: {
                    "kind": trust.kind,
                    "coverage90": trust.coverage90,
                    "log_score": trust.log_score,
                    "n": trust.n,
                    "cross_validation": dict(trust.cross_validation),
                    "by_plate": {plate: _score_json(one) for plate, one in trust.by_plate.items()},
                }
                for name, trust in self.trust.items()
            },
            "gain": self.gain,
            "gain_before": self.gain_before,
            "advice": self.advice,
            "values": dict(self.values),
            "values_unused": dict(self.unused),
            "suspects": as_json(self.suspects),
            "excluded": [{"kind": row.kind, "target": row.target, "why": row.why} for row in self.exclusions],
            "warnings": list(self.warnings),
            "next_action": self.next_action,
        }


def _score_json(score: Score) -> dict[str, Any]:
    log_score = round(score.log_score, 4) if math.isfinite(score.log_score) else None
    return {"n": score.n, "coverage90": round(score.coverage90, 4), "log_score": log_score}


__all__ = ["Status", "Trust"]
