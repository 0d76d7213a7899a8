"""The flow `review`: a form in Prefect's pages in which a person approves or rejects a plate, or swaps wells of it.

The run is suspended while it waits: no process is held, and approving otherwise (`alloop approve`, a page) stays
possible. A form that cannot be carried out ends the run with the reason; the watch opens another one as long as the
plate is proposed.
"""

from __future__ import annotations

from typing import Any, Literal

from prefect import flow, task
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from pydantic import BaseModel, Field

from alloop_flows import artifacts
from alloop_flows.work import open_campaign

_PATIENCE_S = 365 * 24 * 3600
"""How long a form stays open; what it is about waits in the records however long."""


class WellSwap(BaseModel):
    """Another candidate for a well."""

    well: str = Field(description="Well, such as B07", min_length=2, max_length=4)
    composition: str = Field(description="Formula or key of the candidate", min_length=1, max_length=400)
    settings: dict[str, str] = Field(
        default_factory=dict, description="Process settings by name, where they are to differ"
    )


class Verdict(RunInput):
    """What a person says about a proposed plate."""

    decision: Literal["approve", "reject", "only swap wells"] = Field(
        default="only swap wells", description="Approval releases the sheets: powder may be weighed"
    )
    by: str = Field(description="Your name, for the audit", min_length=1, max_length=100)
    reason: str = Field(default="", description="Why; a rejection needs it", max_length=2000)
    swaps: list[WellSwap] = Field(
        default_factory=list, description="Wells that get another candidate, before the decision"
    )


@flow(name="review", flow_run_name="{plate}: approve?", persist_result=True)
def review(campaign: str, plate: str, note: str = "") -> dict[str, Any]:
    """Ask a person about a proposed plate, and do what they say.

    Args:
        campaign: name of a registered campaign.
        plate: name of a proposed plate, such as HALIDE-SPINEL-003.
        note: shown above the form, such as why an earlier one could not be carried out.
    """
    opened = open_campaign(campaign)
    row = opened.desk.plate(plate)
    if row.state != "proposed":
        return {"plate": row.id, "state": row.state}
    artifacts.leave_plate(opened, row.id)
    question = f"**{row.id}** is proposed. Its map and wells are among the artifacts of this run.\n\n"
    question += f"The whole proposal: `{opened.desk.folder(row.id) / 'plan.html'}`\n{artifacts.dashboard_line(row.id)}"
    if note:
        question += f"\n\n{note}"
    verdict = suspend_flow_run(
        wait_for_input=Verdict.with_initial_data(description=question),
        timeout=_PATIENCE_S,
        key=artifacts.key("review", row.id),
    )
    state = carry_out(campaign, row.id, verdict.model_dump(exclude={"description"}))
    artifacts.leave_plate(opened, row.id)
    return {"plate": row.id, "state": state}


@task(name="carry out", persist_result=True)
def carry_out(campaign: str, plate: str, verdict: dict[str, Any]) -> str:
    """Do what the form says, never twice; the state in which the plate is then.

    All swaps are tried before the first is made.

    Raises:
        UserError: when a swap or the decision is refused.
    """
    from alloop.errors import StateError

    opened = open_campaign(campaign)
    by, why = verdict["by"], verdict["reason"]
    if verdict["decision"] == "reject" and not why.strip():
        raise StateError("a rejection needs a reason", "fill in the reason", f"plate {plate}")
    for dry_run in (True, False):
        for one in verdict["swaps"]:
            opened.swap(
                plate,
                one["well"],
                one["composition"],
                settings=one["settings"],
                why=why,
                by=by,
                dry_run=dry_run,
            )
    if verdict["decision"] == "approve":
        for advice in opened.approve(plate, by=by).advice:
            get_run_logger().warning("%s", advice)
    elif verdict["decision"] == "reject":
        opened.reject(plate, why, by=by)
    return opened.records.plate(plate).state
