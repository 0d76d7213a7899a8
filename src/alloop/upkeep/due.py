"""What is due now, told from the records and the inboxes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from alloop.records import Records

DueKind = Literal["ingest", "round", "release", "alert"]


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
    """What is due at `now` (timezone-aware; by default this moment) in all campaigns, or in some."""
    raise NotImplementedError
