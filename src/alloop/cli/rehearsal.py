"""Commands that rehearse: run, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alloop.cli import options as o
from alloop.cli.plate_text import show_plate
from alloop.cli.results import show_status
from alloop.cli.terminal import emit, figure, from_here, progress, say, table


def run(
    campaign: o.CampaignName,
    lab: Annotated[str, typer.Option(metavar="LAB", help="synthetic, or replay:TABLE.")] = "synthetic",
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=HEADER", help="Headings of a replayed table, where they differ."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How many plates.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Of the plans; else from campaign and plate.")] = None,
    lab_seed: Annotated[int, typer.Option(help="Of the synthetic laboratory.")] = 0,
    wells: Annotated[int | None, typer.Option(min=1, help="Fill only that many wells.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the results tables go.")] = None,
    runner: o.RunnerName = None,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Run a campaign without a person: plan, approve, measure in a rehearsal laboratory, upload, again."""
    from alloop.campaign.closed_loop import check_rehearsal, open_laboratory, run_rounds
    from alloop.runner import open_runner

    opened = o.campaign(campaign)
    check_rehearsal(opened)
    laboratory = open_laboratory(opened, lab, lab_seed, o.pairs(column, "--column"))
    folder = out or opened.records.home / "rehearsal"
    if dry_run:
        plate = opened.plan(seed, wells=wells, by=by, dry_run=True)
        return emit(plate.document) if json else show_plate(plate)
    with progress() as tell, open_runner(runner) as workers:
        done = run_rounds(
            opened,
            laboratory,
            rounds,
            folder,
            by=by,
            seed=seed,
            wells=wells,
            progress=tell,
            runner=workers,
        )
    found = opened.status()
    if json:
        return emit(done.as_json() | {"results": folder, "status": found.as_json()})
    if done.stopped:
        say(f"stopped after {len(done.rounds)} rounds: {done.stopped}")
    show_status(found)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="A fresh folder.")] = Path("alloop-demo"),
    rounds: Annotated[int, typer.Option(min=1, help="How many plates.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Of laboratory and plans.")] = 0,
    campaign: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A bundled campaign, or a file.")
    ] = "halide-spinel",
    json: o.Json = False,
) -> None:
    """Show a whole campaign against a synthetic laboratory, beside one that picks at random."""
    from alloop.campaign.demo import run_demo
    from alloop.properties import get_property

    with progress() as tell:
        done = run_demo(folder, campaign, rounds, seed, tell)
    if json:
        return emit(done.as_json())
    rows = [
        [
            point.plate, point.measured, point.alloop.hits, point.random.hits,
            figure(point.alloop.hypervolume), figure(point.random.hypervolume),
            *(text for name in done.objectives
              for text in (figure(point.alloop.best.get(name)), figure(point.random.best.get(name)))),
        ]
        for point in done.curve
    ]  # fmt: skip
    best = [
        f"best {get_property(name).symbol} {who}" for name in done.objectives for who in ("alloop", "random")
    ]
    heads = ["plate", "samples", "hits alloop", "hits random", "volume alloop", "volume random", *best]
    table(heads, rows, title=f"{done.title}: {rounds} plates with alloop and at random, seed {seed}")
    say(
        "hits are samples whose true values meet every target and constraint; volume is the hypervolume of the true "
        "values (0 at the references, 1 at the targets)",
        "",
        "Open next:",
        *(f"  {from_here(path)}  {what}" for path, what in done.open_next),
        f"and go on with: alloop --home {done.home} status",
    )
