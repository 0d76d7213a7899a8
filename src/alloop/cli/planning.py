"""Commands around a plan: init, space, plan, approve, reject, cancel, close."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alloop.cli import options as o
from alloop.cli.plate_text import show_plate
from alloop.cli.terminal import emit, from_here, plural, progress, say, table, warn

if TYPE_CHECKING:
    from alloop.campaign import Plate
    from alloop.campaign.decisions import Decision

File = Annotated[Path, typer.Argument(metavar="FILE", help="A campaign file (YAML).", show_default=False)]


def init(file: File, by: o.By = None, dry_run: o.DryRun = False, json: o.Json = False) -> None:
    """Check a campaign file, register it (or its new version), import its literature tables."""
    from alloop.campaign import Campaign
    from alloop.campaign.home import home_folder

    done = Campaign.init(file, o.PLACE.home, by=by, dry_run=dry_run)
    warn(done.warnings)
    if json:
        return emit(done)
    what = "is registered" if done.is_new else "has a new version" if done.changed else "has not changed"
    say(
        f"{done.campaign}: {done.title}",
        f"{done.candidates:,} candidates; the campaign {what} (version {done.version})",
    )
    for name, count in done.literature.items():
        say(f"{plural(count, 'value')} from {name}")
    if dry_run:
        return say("dry run: nothing was kept")
    say(f"records are in {home_folder(o.PLACE.home)}", f"next: alloop plan {done.campaign}")


def space(file: File, json: o.Json = False) -> None:
    """Count what a campaign file allows, exactly, and show ten examples."""
    import numpy as np

    from alloop.campaign_file import load_campaign
    from alloop.synthesis.planned import write_amount

    campaign = load_campaign(file)
    warn(campaign.warnings)
    found = campaign.space.summary()
    ranks = sorted(campaign.space.sample(min(10, found.size), np.random.default_rng(0)).tolist())
    examples = [campaign.space.candidate(rank) for rank in ranks]
    by_setting = {
        name: {write_amount(level): count for level, count in counts.items()}
        for name, counts in found.by_setting.items()
    }
    if json:
        return emit(
            {
                "campaign": campaign.slug,
                "candidates": found.size,
                "role": campaign.role_says,
                "by_dopant_count": found.by_dopant_count,
                "by_setting": by_setting,
                "space_hash": campaign.space.space_hash,
                "examples": [
                    {
                        "rank": rank,
                        "formula": one.formula,
                        "charge": one.charge,
                        "process": one.process,
                        "key": one.key,
                    }
                    for rank, one in zip(ranks, examples, strict=True)
                ],
            }
        )
    say(f"{campaign.slug}: {campaign.title}", f"{found.size:,} candidates", *campaign.role_says)
    table(["dopants", "candidates"], [[n, f"{count:,}"] for n, count in found.by_dopant_count.items()])
    for name, counts in by_setting.items():
        table([name, "candidates"], [[level, f"{count:,}"] for level, count in counts.items()])
    rows = [
        [one.formula, str(one.charge), ", ".join(f"{n} {write_amount(level)}" for n, level in one.settings)]
        for one in examples
    ]
    table(["example", "charge", "process"], rows)


_WELLS = re.compile(
    r"[1-9]\d*|[A-Z]{1,2}\d+(-[A-Z]{1,2}\d+)?(\s*,\s*[A-Z]{1,2}\d+(-[A-Z]{1,2}\d+)?)*", re.IGNORECASE
)


def _some_wells(text: str | None) -> str | None:
    if text is not None and not _WELLS.fullmatch(text.strip()):
        raise typer.BadParameter(f"{text!r} is neither a number of wells nor wells such as A1-B6,D3")
    return text


def plan(
    campaign: o.CampaignName,
    seed: Annotated[
        int | None, typer.Option(help="Of all random draws; else from campaign and plate.")
    ] = None,
    plates: Annotated[int, typer.Option(min=1, help="Plan so many plates, each knowing the others.")] = 1,
    wells: Annotated[
        str | None,
        typer.Option(metavar="N|WELLS", callback=_some_wells, help="Fill so many wells, or those: A1-B6,D3."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Plan anew; locked wells stay.")] = False,
    another: Annotated[
        bool, typer.Option("--another", help="Plan a plate beside the open proposal.")
    ] = False,
    settings: o.Settings = None,
    explain: Annotated[
        str | None,
        typer.Option(metavar="WELLS", help="Say all that stands behind these wells: B7, A1-B6."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder that gets the plan files too.")
    ] = None,
    runner: o.RunnerName = None,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Propose the next plate, or show the proposal that is still open."""
    from alloop.campaign_file import wells_named
    from alloop.runner import open_runner

    chosen = o.pairs(settings)
    opened = o.campaign(campaign)
    layout = opened.file.plate
    asked = wells_named([explain], layout.rows, layout.columns) if explain else ()
    with progress() as tell, open_runner(runner) as workers:
        planned = opened.plan_plates(
            plates,
            seed=seed,
            wells=wells,
            replace=replace,
            another=another,
            settings=chosen,
            out=out,
            by=by,
            dry_run=dry_run,
            progress=tell,
            runner=workers,
        )
    if json:
        documents = [_document(plate) for plate in planned]
        return emit(documents[0] if plates == 1 else {"campaign": opened.name, "plates": documents})
    if before := planned[0].document["gain_before"]:
        say(before["words"])
    for plate in planned:
        warn(plate.document["warnings"])
        show_plate(plate, asked)
        if not dry_run:
            say(f"files are in {from_here(plate.folder)}; read plan.html")
    if dry_run:
        return say("dry run: nothing was kept")
    say(*(f"next: alloop approve {plate.id}" for plate in planned))


def _document(plate: Plate) -> dict[str, Any]:
    """plan.json and what is known of the plate beside it."""
    return {
        **plate.document,
        "state": plate.state,
        "is_new": plate.planned.is_new,
        "folder": plate.folder,
        "seconds": {name: round(value, 3) for name, value in plate.seconds.items()},
        "peak_memory_MB": plate.planned.peak_memory_MB,
    }


def approve(plate: o.PlateName, by: o.By = None, dry_run: o.DryRun = False, json: o.Json = False) -> None:
    """Release a proposal: name its samples, write weigh list, worklist, labels and sheet."""
    done = o.campaign_of_plate(plate).approve(plate, by=by, dry_run=dry_run)
    warn(done.advice)
    if _said(done, json, dry_run):
        return
    say(*(str(path) for path in done.files), f"next: weigh, then alloop made {done.plate.id}")


def reject(
    plate: o.PlateName, why: o.Why, by: o.By = None, dry_run: o.DryRun = False, json: o.Json = False
) -> None:
    """Turn a proposal down."""
    _said(o.campaign_of_plate(plate).reject(plate, why, by=by, dry_run=dry_run), json, dry_run)


def cancel(
    plate: o.PlateName, why: o.Why = "", by: o.By = None, dry_run: o.DryRun = False, json: o.Json = False
) -> None:
    """Give up a plate that has no results yet."""
    _said(o.campaign_of_plate(plate).cancel(plate, why, by=by, dry_run=dry_run), json, dry_run)


def close(
    plate: o.PlateName, why: o.Why = "", by: o.By = None, dry_run: o.DryRun = False, json: o.Json = False
) -> None:
    """Say that no more results of a plate will come."""
    _said(o.campaign_of_plate(plate).close(plate, why, by=by, dry_run=dry_run), json, dry_run)


def _said(done: Decision, json: bool, dry_run: bool) -> bool:
    """Say what became of a plate; whether that is all there is to say."""
    if json:
        files = [str(path) for path in done.files]
        emit({"plate": done.plate.id, "state": done.plate.state, "files": files, "advice": done.advice})
    else:
        say(f"{done.plate.id} is {done.plate.state}" + ("; dry run: nothing was kept" if dry_run else ""))
    return json or dry_run
