"""What a round is to do next: wait, plan a plate, or stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from alloop.campaign import Campaign
from alloop.campaign.news import news_since_plan
from alloop.campaign.stopping import stop_reason
from alloop.records import DROPPED_STATES, PENDING_STATES

Step = Literal["wait", "plan", "stop"]

_DOING = {
    "approved": "waits to be weighed",
    "in_synthesis": "is being made",
    "measuring": "is being measured",
}


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
    """Wait, plan or stop, as the records and the campaign file say; reads no values, so it is quick.

    It waits while a proposal is open, while more plates are being made or measured than the file's `rounds:` allow
    to plan ahead of, and while nothing happened that the last plan does not know of. It stops where the file's
    `stopping:` says so and nothing is waited for; a new version of the file puts an expected gain aside.

    Raises:
        RecordsError: when the records cannot be read.
    """
    file = campaign.file
    with campaign.records.reading() as reader:
        plates = reader.plates(campaign.name)
        version = reader.versions(campaign.name)[-1].number
        snapshot = reader.newest_snapshot(campaign.name)
        news = news_since_plan(reader, campaign.name)
    pending = [plate for plate in plates if plate.state in PENDING_STATES]
    for plate in pending:
        if plate.state == "proposed":
            return NextStep("wait", f"{plate.id} waits for approval", plate.id)
    ahead = file.running.rounds.plates_ahead
    if len(pending) > ahead:
        oldest = pending[0]
        more = f", and {len(pending) - 1} more" if len(pending) > 1 else ""
        return NextStep("wait", f"{oldest.id} {_DOING[oldest.state]}{more}", oldest.id)
    kept = [plate for plate in plates if plate.state not in DROPPED_STATES]
    is_same_file = bool(kept) and kept[-1].version == version
    said = snapshot.content if snapshot and is_same_file else {}
    if reason := stop_reason(file, len(kept), said.get("gain"), said.get("gain_unit")):
        return NextStep("stop", reason)
    if news is None:
        return NextStep("plan", "no plate was planned yet")
    if not news:
        return NextStep("wait", f"nothing happened since {plates[-1].id} was planned")
    return NextStep("plan", f"since the last plan: {news[-1].verb} by {news[-1].recorded_by}")


__all__ = ["NextStep", "Step", "decide_next"]
