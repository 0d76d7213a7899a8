"""What a person should be told of without asking: overdue plates, lost calibration, refused files, failed rounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from alloop.campaign import Campaign

AlertKind = Literal["overdue", "calibration", "inbox", "round"]


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
    """What stands at `now` (timezone-aware; by default this moment); reads only."""
    raise NotImplementedError


def raise_alerts(campaign: Campaign, now: datetime | None = None, *, by: str = "alloop") -> tuple[Alert, ...]:
    """Record and log the alerts that are not on record yet; returns those."""
    raise NotImplementedError
