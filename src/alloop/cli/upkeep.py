"""Commands that keep a campaign going, for a timer or a person: ingest, round, release, due."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alloop.cli import options as o
from alloop.cli.terminal import complain, emit, plural, progress, say, table, warn

if TYPE_CHECKING:
    from alloop.upkeep import IngestReport, RoundReport

_REFUSED = 2
"""The exit code where something was refused."""


def ingest(
    campaign: o.CampaignName,
    inbox: Annotated[
        Path | None,
        typer.Argument(metavar="[INBOX]", help="The folder; by default inbox/CAMPAIGN in the home."),
    ] = None,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Record what lies in an inbox: each file, folder or zip whole or not at all, whatever becomes of the others."""
    from alloop.campaign.home import person
    from alloop.upkeep import ingest_inbox

    opened = o.campaign(campaign)
    with progress() as tell:
        report = ingest_inbox(opened, inbox, by=person(by), dry_run=dry_run, progress=tell)
    if json:
        emit(report.as_json())
    else:
        _say_ingested(report)
        if not report.things and not report.later:
            say(f"nothing lies in {report.inbox}")
        if dry_run:
            say("dry run: nothing was kept")
    _complain_of(report)


def round(
    campaign: o.CampaignName,
    seed: Annotated[
        int | None, typer.Option(help="Of all random draws; else from campaign and plate.")
    ] = None,
    inbox: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The inbox, where it is not the campaign's own.")
    ] = None,
    no_ingest: Annotated[bool, typer.Option("--no-ingest", help="Leave the inbox alone.")] = False,
    runner: o.RunnerName = None,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Take in what came, score what was foretold, and plan the next plate if it is time."""
    from alloop.campaign.home import person
    from alloop.runner import open_runner
    from alloop.upkeep import run_round

    opened = o.campaign(campaign)
    with progress() as tell, open_runner(runner) as workers:
        report = run_round(
            opened,
            by=person(by),
            seed=seed,
            take_in=not no_ingest,
            inbox=inbox,
            dry_run=dry_run,
            progress=tell,
            runner=workers,
        )
    if json:
        emit(report.as_json())
    else:
        _say_round(report, dry_run)
    if report.ingest is not None:
        _complain_of(report.ingest)


def release(plate: o.PlateName, by: o.By = None, dry_run: o.DryRun = False, json: o.Json = False) -> None:
    """Write the files of an approved plate again, and record once that it is released."""
    from alloop.campaign.home import person
    from alloop.upkeep import release_plate

    done = release_plate(o.campaign_of_plate(plate), plate, by=person(by), dry_run=dry_run)
    warn(done.advice)
    if json:
        return emit(done.as_json())
    say(f"{done.plate} is released" + ("" if done.is_new else ", as it was before"))
    say(*(str(path) for path in done.files))
    if dry_run:
        say("dry run: nothing was kept")


def due(
    campaigns: Annotated[
        list[str] | None, typer.Argument(metavar="[CAMPAIGN...]", help="All campaigns when left out.")
    ] = None,
    json: o.Json = False,
) -> None:
    """List what is due now: things in inboxes, rounds, releases, alerts."""
    from alloop.campaign.desk import find_campaign
    from alloop.upkeep import due_things

    store = o.records()
    names = [find_campaign(store, name) for name in campaigns] if campaigns else None
    found = due_things(store, campaigns=names)
    if json:
        return emit([one.as_json() for one in found])
    if not found:
        return say("nothing is due")
    table(
        ["due", "campaign", "plate", "why"], [[one.kind, one.campaign, one.plate, one.why] for one in found]
    )


def _say_ingested(report: IngestReport) -> None:
    from alloop.upkeep.ingesting import shown

    for thing in report.things:
        warn(thing.warnings)
        if thing.outcome == "recorded":
            what = f"{plural(thing.measurements, 'value')}, {plural(thing.statuses, 'status', 'statuses')}"
            say(f"{thing.name}: {what}" + (f", as upload {thing.upload}" if thing.upload else ""))
        elif thing.outcome == "known":
            say(f"{thing.name}: these bytes were recorded before")
        else:
            say(f"{thing.name}: refused; it lies in {shown(thing.place)}")
        say(*(f"{plate} is complete" for plate in thing.completed))
    say(*(f"{name}: still being written, left for the next time" for name in report.later))


def _say_round(report: RoundReport, dry_run: bool) -> None:
    if report.ingest is not None:
        _say_ingested(report.ingest)
    for name, score in report.scores.items():
        say(f"{name}: {score.coverage90:.0%} of the {score.n} newest values lie in their 90 % intervals")
    warn(f"{alert.what}; {alert.mend}" for alert in report.alerts)
    say(f"{report.step.kind}: {report.step.why}")
    if dry_run:
        return say("dry run: nothing was kept")
    say(*(f"{plate} is approved" for plate in report.approved))
    if report.plate and report.plate not in report.approved:
        say(f"next: alloop approve {report.plate}")


def _complain_of(report: IngestReport) -> None:
    """Tell what was refused, and end with the exit code for wrong input."""
    if report.refused:
        complain(problem for thing in report.refused for problem in thing.problems)
        raise typer.Exit(_REFUSED)
