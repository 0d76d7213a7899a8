"""The flow `ingest`: what lies in a campaign's inbox becomes uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, task

from alloop_flows import artifacts
from alloop_flows.work import DELAYS_S, logged, may_pass, open_campaign

if TYPE_CHECKING:
    from alloop.upkeep import IngestReport


@flow(name="ingest", flow_run_name="{campaign}: inbox")
def ingest(campaign: str) -> dict[str, Any]:
    """Record what lies in the inbox of a campaign. One file that is refused never keeps another from being recorded.

    Args:
        campaign: name of a registered campaign.
    """
    report = take_in(campaign)
    artifacts.leave_text(artifacts.key(campaign, "inbox"), in_words(report), f"Inbox of {campaign}")
    artifacts.leave_progress(open_campaign(campaign))
    return report.as_json()


@task(
    name="take in",
    retries=len(DELAYS_S),
    retry_delay_seconds=DELAYS_S,
    retry_condition_fn=may_pass,
    persist_result=False,
)
def take_in(campaign: str) -> IngestReport:
    """Upload what lies in the inbox; a second try finds what the first one recorded already moved away."""
    from alloop.upkeep import ingest_inbox

    return ingest_inbox(open_campaign(campaign), progress=logged())


def in_words(report: IngestReport) -> str:
    """What became of the things of an inbox, as a table in markdown."""
    rows = [
        [
            thing.name,
            thing.outcome,
            f"{thing.measurements} values, {thing.statuses} statuses",
            "; ".join(map(str, (*thing.problems, *thing.warnings))),
        ]
        for thing in report.things
    ]
    lines = [f"Inbox `{report.inbox}`", ""]
    lines.append(
        artifacts.markdown_table(["file", "outcome", "recorded", "to mind"], rows)
        if rows
        else "Nothing was there."
    )
    if report.later:
        lines += ["", f"Still being written: {', '.join(report.later)}"]
    return "\n".join(lines)
