"""The flow `release`: an approved plate gets its weigh list, worklist, labels and sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, task

from alloop_flows import artifacts
from alloop_flows.work import DELAYS_S, may_pass, open_campaign

if TYPE_CHECKING:
    from alloop.upkeep import Release


@flow(name="release", flow_run_name="{plate}: release")
def release(campaign: str, plate: str) -> dict[str, Any]:
    """Release the files with which an approved plate is made. A plate that is not approved is refused.

    Args:
        campaign: name of a registered campaign.
        plate: name of an approved plate, such as HALIDE-SPINEL-003.
    """
    done = write_files(campaign, plate)
    lines = [f"# {done.plate} may be made", "", *(f"- `{path}`" for path in done.files)]
    lines += ["", *(f"- {advice}" for advice in done.advice), artifacts.dashboard_line(done.plate)]
    artifacts.leave_text(artifacts.key(done.plate, "released"), "\n".join(lines), f"{done.plate} may be made")
    artifacts.leave_plate(open_campaign(campaign), done.plate)
    return done.as_json()


@task(
    name="write files",
    retries=len(DELAYS_S),
    retry_delay_seconds=DELAYS_S,
    retry_condition_fn=may_pass,
    persist_result=False,
)
def write_files(campaign: str, plate: str) -> Release:
    """Write the files where they are missing; a plate is recorded as released once, however often this is tried."""
    from alloop.upkeep import release_plate

    return release_plate(open_campaign(campaign), plate)
