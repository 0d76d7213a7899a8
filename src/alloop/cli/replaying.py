"""The replay command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alloop.cli import options as o
from alloop.cli.terminal import emit, figure, progress, table, warn


def replay(
    measured: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV or XLSX of measured materials.")],
    campaign: Annotated[Path, typer.Option(metavar="FILE", help="Campaign file with objectives and aim.")],
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=HEADER", help="Heading of formula, an objective or a setting."),
    ] = None,
    strategies: Annotated[
        str, typer.Option(help="Of alloop, random, forest, greedy; separated by commas.")
    ] = "alloop,random",
    initial: Annotated[int, typer.Option(min=2, help="Random candidates to begin with.")] = 16,
    batch: Annotated[int, typer.Option(min=1, help="Candidates per round.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds.")] = 6,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each strategy.")] = 5,
    runner: o.RunnerName = None,
    json: o.Json = False,
) -> None:
    """Replay measured materials: how soon would each strategy have found the best tenth of them?"""
    from alloop.campaign.replaying import replay as run_replay
    from alloop.runner import open_runner

    names = list(dict.fromkeys(name.strip() for name in strategies.split(",") if name.strip()))
    with progress() as tell, open_runner(runner) as workers:
        done = run_replay(
            measured,
            campaign,
            o.pairs(column, "--column"),
            names,
            initial=initial,
            batch=batch,
            rounds=rounds,
            seeds=seeds,
            progress=tell,
            runner=workers,
        )
    warn(done.warnings)
    if json:
        return emit(done.as_json())
    rows = []
    for name, runs in done.runs.items():
        last = [scores[-1] for _, scores in runs]
        hits = [score.hits for score in last]
        best = [score.best for score in last if score.best is not None]
        seconds = [score.seconds for _, scores in runs for score in scores[1:]]
        covered = [s.coverage90 for _, scores in runs for s in scores if s.coverage90 is not None]
        rows.append(
            [
                name,
                f"{sum(hits) / len(hits):.1f}",
                min(hits),
                max(hits),
                figure(sum(best) / len(best)) if best else "—",
                f"{sum(score.hypervolume_fraction for score in last) / len(last):.3f}",
                f"{sum(covered) / len(covered):.2f}" if covered else "—",
                f"{sum(seconds) / len(seconds):.2f}",
            ]
        )
    heads = [
        "strategy",
        "hits",
        "worst",
        "best run",
        f"best {done.objectives[0]}",
        "volume",
        "in 90 %",
        "s/round",
    ]
    title = (
        f"{measured.name}: {initial} random + {rounds} × {batch} of {done.candidates} candidates, {seeds} starts; "
        f"{done.hits_total} hits to find"
    )
    table(heads, rows, title=title)
