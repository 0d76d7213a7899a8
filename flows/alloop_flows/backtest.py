"""The flow `backtest`: strategies on a measured table, one task for each strategy and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, task

from alloop_flows import artifacts
from alloop_flows.work import logged


@flow(name="backtest", flow_run_name="{campaign_file}: backtest")
def backtest(
    table: str,
    campaign_file: str,
    strategies: list[str] = ["alloop", "random"],  # noqa: B006 Prefect shows the default in its form
    columns: dict[str, str] = {},  # noqa: B006
    initial: int = 16,
    batch: int = 16,
    rounds: int = 6,
    seeds: int = 5,
    runner: str | None = None,
) -> dict[str, Any]:
    """What strategies would have found among materials that were measured long ago.

    Args:
        table: file of measured materials, on the machine where the flow runs.
        campaign_file: states objectives, aim and process settings.
        strategies: which to compare; all begin from the same random candidates of each seed.
        columns: headings of the table by name.
        initial: random candidates that everyone begins with.
        batch: candidates per round.
        rounds: how many rounds.
        seeds: runs of each strategy, with seeds 0, 1, …
        runner: who computes, as `alloop replay --runner` takes it; by default what ALLOOP_RUNNER says, else this
            process, one run after the other. On a Dask cluster they are tasks side by side.
    """
    from alloop.campaign.replaying import replay
    from alloop_flows.mapped import computing

    sizes = {"initial": initial, "batch": batch, "rounds": rounds}
    with computing(runner) as where:
        if where.is_here:
            runs = {
                strategy: [
                    {"seed": seed, "rounds": one_run(strategy, seed, table, campaign_file, columns, sizes)}
                    for seed in range(seeds)
                ]
                for strategy in strategies
            }
        else:
            done = replay(
                Path(table),
                Path(campaign_file),
                columns,
                strategies,
                initial=initial,
                batch=batch,
                rounds=rounds,
                seeds=seeds,
                progress=logged(),
                runner=where,
            )
            runs = done.as_json()["strategies"]
    artifacts.leave_text("backtest", in_words(runs), f"Backtest on {table}")
    return {"strategies": runs}


@task(name="one run", task_run_name="{strategy}, seed {seed}", persist_result=False)
def one_run(
    strategy: str, seed: int, table: str, campaign_file: str, columns: dict[str, str], sizes: dict[str, int]
) -> list[dict[str, Any]]:
    """The scores of a strategy from the start of one seed."""
    from alloop.campaign.replaying import replay

    done = replay(
        Path(table),
        Path(campaign_file),
        columns,
        [strategy],
        initial=sizes["initial"],
        batch=sizes["batch"],
        rounds=sizes["rounds"],
        seeds=[seed],
    )
    (run,) = done.as_json()["strategies"][strategy]
    return list(run["rounds"])


def in_words(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Hits at the end of every run, in markdown."""
    rows = []
    for strategy, found in runs.items():
        hits = [run["rounds"][-1]["hits"] for run in found]
        rows.append([strategy, len(hits), f"{sum(hits) / len(hits):.1f}", min(hits)])
    return artifacts.markdown_table(["strategy", "runs", "hits on average", "hits of the worst run"], rows)
