"""The flow `alert`: what a person should be told of is recorded once; its event is what notifications listen to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, task
from prefect.logging import get_run_logger

from alloop_flows import artifacts
from alloop_flows.work import DELAYS_S, may_pass, open_campaign

if TYPE_CHECKING:
    from alloop.upkeep import Alert


@flow(name="alert", flow_run_name="{campaign}: alerts")
def alert(campaign: str) -> list[dict[str, Any]]:
    """Look for overdue plates, lost calibration and refused files, and record each that is new.

    Args:
        campaign: name of a registered campaign.
    """
    found = record(campaign)
    for one in found:
        get_run_logger().warning("%s: %s; %s", one.campaign, one.what, one.mend)
    if found:
        lines = [f"- **{one.kind}**: {one.what}; {one.mend}" for one in found]
        artifacts.leave_text(artifacts.key(campaign, "alerts"), "\n".join(lines), f"Alerts of {campaign}")
    return [one.as_json() for one in found]


@task(
    name="record alerts",
    retries=len(DELAYS_S),
    retry_delay_seconds=DELAYS_S,
    retry_condition_fn=may_pass,
    persist_result=False,
)
def record(campaign: str) -> tuple[Alert, ...]:
    """Record what is not on record yet; each occasion is recorded once."""
    from alloop.upkeep import raise_alerts

    return raise_alerts(open_campaign(campaign))
