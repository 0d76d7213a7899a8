"""The flow `report`: a campaign as one self-contained page with figures."""

from __future__ import annotations

from prefect import flow, task

from alloop_flows import artifacts
from alloop_flows.work import DELAYS_S, may_pass, open_campaign


@flow(name="report", flow_run_name="{campaign}: report")
def report(campaign: str) -> str:
    """Write the report of a campaign into the home folder; returns where it is.

    Args:
        campaign: name of a registered campaign.
    """
    path = write(campaign)
    artifacts.leave_text(
        artifacts.key(campaign, "report"), f"The report is in `{path}`", f"Report of {campaign}"
    )
    artifacts.leave_progress(open_campaign(campaign))
    return path


@task(
    name="write report",
    retries=len(DELAYS_S),
    retry_delay_seconds=DELAYS_S,
    retry_condition_fn=may_pass,
    persist_result=False,
)
def write(campaign: str) -> str:
    """Write the page, in place of an older one."""
    from alloop.campaign.report import write_report

    opened = open_campaign(campaign)
    return str(write_report(opened.desk, opened.records.home / f"{opened.name}.html"))
