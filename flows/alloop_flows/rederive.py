"""The flow `rederive`: values from raw files by the code as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, task

from alloop_flows import artifacts
from alloop_flows.work import DELAYS_S, logged, may_pass, open_campaign

if TYPE_CHECKING:
    from alloop.campaign.rederiving import Rederived


@flow(name="rederive", flow_run_name="{campaign}: derive again")
def rederive(campaign: str, dry_run: bool = False, runner: str | None = None) -> dict[str, Any]:
    """Derive all values of a campaign's instrument files again; what changed supersedes the old value.

    Args:
        campaign: name of a registered campaign.
        dry_run: say what would change, and keep nothing.
        runner: who evaluates, as `alloop rederive --runner` takes it; by default what ALLOOP_RUNNER says, else this
            process. On a Dask cluster the files are evaluated in tasks of this run.
    """
    done = derive(campaign, dry_run, runner)
    rows = [list(vars(change).values()) for change in done.changes]
    headings = list(vars(done.changes[0])) if done.changes else []
    lines = [f"{done.files} files were evaluated again, {len(rows)} values changed.", ""]
    lines += [artifacts.markdown_table(headings, rows)] if rows else []
    lines += ["", *(f"- {warning}" for warning in done.warnings)]
    artifacts.leave_text(
        artifacts.key(campaign, "rederived"), "\n".join(lines), f"Values of {campaign}, derived again"
    )
    return {"campaign": campaign, "files": done.files, "changes": len(rows), "dry_run": dry_run}


@task(
    name="derive",
    retries=len(DELAYS_S),
    retry_delay_seconds=DELAYS_S,
    retry_condition_fn=may_pass,
    persist_result=False,
)
def derive(campaign: str, dry_run: bool, runner: str | None = None) -> Rederived:
    """Derive again; what a first try recorded, a second one finds unchanged."""
    from alloop_flows.mapped import computing

    with computing(runner) as where:
        return open_campaign(campaign).rederive(by="alloop", dry_run=dry_run, progress=logged(), runner=where)
