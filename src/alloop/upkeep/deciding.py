"""What a round is to do next: wait, plan a plate, or stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from alloop.campaign import Campaign

Step = Literal["wait", "plan", "stop"]


@dataclass(frozen=True)
class NextStep:
    """What is to be done next and `why`, in one sentence; `plate` is the one that is waited for, if any."""

    kind: Step
    why: str
    plate: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"kind": self.kind, "why": self.why, "plate": self.plate}


def decide_next(campaign: Campaign) -> NextStep:
    """Wait, plan or stop, as the records and the campaign file say."""
    raise NotImplementedError
