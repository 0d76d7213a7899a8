"""The flow `campaign-round`: take in what came, score what was foretold, decide, plan and publish the next plate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow, task

from alloop_flows import artifacts
from alloop_flows.ingest import in_words as inbox_in_words
from alloop_flows.work import DELAYS_S, logged, may_pass, open_campaign

if TYPE_CHECKING:
    from alloop.upkeep import RoundReport


@flow(name="campaign-round", flow_run_name="{campaign}: round")
def campaign_round(campaign: str, seed: int | None = None, runner: str | None = None) -> dict[str, Any]:
    """Take in what lies in the inbox, learn from it, and plan the next plate where it is time.

    The round ends when the plan is published; a person approves it later. Where the campaign file says `approval:
    automatic` it is approved here.

    Args:
        campaign: name of a registered campaign.
        seed: of all random draws; by default it follows from campaign and plate number.
        runner: who computes, as `alloop plan --runner` takes it; by default what ALLOOP_RUNNER says, else this
            process. On a Dask cluster the pieces are tasks of this run.
    """
    report = do_round(campaign, seed, runner)
    opened = open_campaign(campaign)
    artifacts.leave_text(
        artifacts.key(campaign, "round"), in_words(report), f"Round of {campaign}: {report.step.why}"
    )
    if report.plate is not None:
        artifacts.leave_plate(opened, report.plate)
    artifacts.leave_progress(opened)
    return report.as_json()


@task(
    name="round",
    retries=len(DELAYS_S),
    retry_delay_seconds=DELAYS_S,
    retry_condition_fn=may_pass,
    persist_result=False,
)
def do_round(campaign: str, seed: int | None, runner: str | None = None) -> RoundReport:
    """Do the round; another try never plans a second plate, as the records say what was done."""
    from alloop.upkeep import run_round
    from alloop_flows.mapped import computing

    with computing(runner) as where:
        return run_round(open_campaign(campaign), seed=seed, progress=logged(), runner=where)


def in_words(report: RoundReport) -> str:
    """What a round did, in markdown."""
    lines = [f"# {report.campaign}: {report.step.kind}", "", report.step.why]
    if report.plate is not None:
        what = (
            "planned and approved"
            if report.plate in report.approved
            else "planned; it waits for a person's approval"
        )
        lines += ["", f"**{report.plate}** is {what}.", artifacts.dashboard_line(report.plate)]
    if report.alerts:
        lines += ["", *(f"- **{alert.kind}**: {alert.what}; {alert.mend}" for alert in report.alerts)]
    if report.scores:
        rows = [
            [name, one.n, f"{one.coverage90:.2f}", f"{one.log_score:.2f}"]
            for name, one in report.scores.items()
        ]
        headings = ["property", "values foretold", "inside 90 % intervals", "log score"]
        lines += ["", artifacts.markdown_table(headings, rows)]
    if report.ingest is not None and report.ingest.things:
        lines += ["", inbox_in_words(report.ingest)]
    seconds = [[name, f"{value:.2f}"] for name, value in report.seconds.items()]
    return "\n".join([*lines, "", artifacts.markdown_table(["part", "seconds"], seconds)])
