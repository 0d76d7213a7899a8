"""Commands around results: made, upload, retract, suspect, trust, status, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alloop.cli import options as o
from alloop.cli.instruments import show_understood
from alloop.cli.terminal import emit, figure, plural, progress, say, table, warn
from alloop.records.states import PENDING_STATES

if TYPE_CHECKING:
    from alloop.campaign.told_status import Status
    from alloop.records import MeasurementRow

SampleName = Annotated[str, typer.Argument(metavar="SAMPLE", help="Such as HALIDE-SPINEL-003-B07.")]
PropertyName = Annotated[str, typer.Argument(metavar="PROPERTY", help="Such as ionic_conductivity.")]


def made(
    plate: o.PlateName,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="As-weighed masses and actual settings per well.")
    ] = None,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Say that the powders of a plate are weighed, and how its samples really were made."""
    done = o.campaign_of_plate(plate).made(plate, file, by=by, dry_run=dry_run)
    warn(done.warnings)
    if json:
        return emit(
            {
                "plate": done.plate.id,
                "state": done.plate.state,
                "samples_prepared": done.preparations,
                "warnings": done.warnings,
            }
        )
    count = plural(done.preparations, "sample")
    own = f"; {count} with masses or settings of their own" if done.preparations else ""
    say(f"{done.plate.id} is {done.plate.state}{own}")
    if dry_run:
        say("dry run: nothing was kept")


def upload(
    campaign: o.CampaignName,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Results tables, instrument files, folders or zips of them."),
    ],
    note: Annotated[str, typer.Option(metavar="TEXT", help="Kept with the upload.")] = "",
    as_labelled: Annotated[
        bool, typer.Option("--as-labelled", help="The wells' labels are right, however the values look.")
    ] = False,
    arranged: Annotated[
        list[str] | None,
        typer.Option(metavar="PLATE=HOW", help="Measured otherwise than labelled: upside-down, mirrored…"),
    ] = None,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Record results: everything in the files, or nothing and a list of all that is wrong."""
    from alloop.errors import UploadError

    opened = o.campaign(campaign)
    with progress() as tell:
        report = opened.upload(
            list(files),
            note=note,
            by=by,
            dry_run=dry_run,
            as_labelled=as_labelled,
            arranged=o.pairs(arranged, "--arranged"),
            progress=tell,
        )
    warn(report.warnings)
    if report.problems:
        raise UploadError(report.problems)
    if json:
        return emit(report)
    for name in report.skipped:
        say(f"{name}: these bytes were recorded before; the file is left out")
    show_understood(report.understood)
    if report.is_new:
        say(
            f"{plural(report.measurements, 'value')} and {plural(report.statuses, 'status', 'statuses')} "
            f"of {plural(len(report.samples), 'sample')}"
            + (f"; {plural(report.superseded, 'earlier value')} superseded" if report.superseded else "")
        )
    for plate in report.started:
        say(f"{plate} is being measured")
    for plate in report.completed:
        say(f"{plate} is complete: all results are in")
    if dry_run:
        return say("dry run: nothing was kept")
    say(f"next: {opened.status().next_action}")


def retract(
    sample: SampleName,
    property: PropertyName,
    why: o.Why,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Say that a value is wrong: it stays recorded and no longer counts."""
    _said(
        o.campaign_of_sample(sample).retract(sample, property, why, by=by, dry_run=dry_run), "retracted", json
    )


def suspect(
    sample: SampleName,
    property: PropertyName,
    why: o.Why,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Say that a value is doubtful: it does not count until it is trusted again."""
    _said(
        o.campaign_of_sample(sample).suspect(sample, property, why, by=by, dry_run=dry_run), "suspect", json
    )


def trust(
    sample: SampleName,
    property: PropertyName,
    why: o.Why,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Take a doubt back: the value counts again."""
    _said(
        o.campaign_of_sample(sample).trust(sample, property, why, by=by, dry_run=dry_run),
        "trusted again",
        json,
    )


def _said(rows: list[MeasurementRow], what: str, json: bool) -> None:
    if json:
        values = [{"id": row.id, "value": row.value, "temperature_C": row.temperature_C} for row in rows]
        return emit({"sample": rows[0].sample, "property": rows[0].property, "values": values, "doubt": what})
    say(f"{plural(len(rows), 'value')} of {rows[0].property} of {rows[0].sample}: {what}")


def status(
    campaign: Annotated[
        str | None, typer.Argument(metavar="[CAMPAIGN]", help="All campaigns when left out.")
    ] = None,
    json: o.Json = False,
) -> None:
    """Show rounds, plates, the best so far, trust in the model and what to do next."""
    from alloop.campaign import Campaign

    store = o.records()
    if campaign is not None:
        found = Campaign(store, campaign).status()
        return emit(found.as_json()) if json else show_status(found)
    everything = [Campaign(store, row.slug).status() for row in store.campaigns()]
    if json:
        return emit([one.as_json() for one in everything])
    rows = [[one.campaign, one.round, one.pending_wells, one.next_action] for one in everything]
    table(["campaign", "plates", "wells open", "next"], rows)


_PLATES_SHOWN = 24
"""So many of the newest plates are shown, and older ones as long as something is expected of them."""


def show_status(found: Status) -> None:
    """One campaign's status for people."""
    say(f"{found.campaign}: {found.title} (version {found.version} of its file, round {found.round})")
    course = dict(zip(found.progress.plates, found.progress.hypervolume, strict=True))
    hits = dict(zip(found.progress.plates, found.progress.hits, strict=False))
    newest = {plate.plate for plate in found.plates[-_PLATES_SHOWN:]}
    shown = [plate for plate in found.plates if plate.plate in newest or plate.state in PENDING_STATES]
    table(
        ["plate", "state", "since", "wells", "measured", "reported", "hypervolume", "hits"],
        [
            [
                plate.plate, plate.state, plate.state_at.strftime("%Y-%m-%d %H:%M"), plate.wells, plate.measured,
                plate.reported, figure(course.get(plate.plate)), hits.get(plate.plate, "—"),
            ]
            for plate in shown
        ],
    )  # fmt: skip
    if left_out := len(found.plates) - len(shown):
        say(f"{plural(left_out, 'earlier plate')} of which nothing is expected any more; --json lists all")
    if found.progress.best:
        rows = [[n, figure(b.value), b.unit, b.sample, b.formula] for n, b in found.progress.best.items()]
        table(["best so far", "value", "unit", "sample", "formula"], rows)
    if found.trust:
        table(
            ["model of", "who speaks", "values", "foretold", "inside 90 %", "log score"],
            [
                [
                    name, trust.kind or "—", found.values.get(name, 0), trust.n,
                    "—" if trust.coverage90 is None else f"{trust.coverage90:.0%}", figure(trust.log_score),
                ]
                for name, trust in found.trust.items()
            ],
        )  # fmt: skip
    rounds = [
        [name, plate, one.n, f"{one.coverage90:.0%}", figure(one.log_score)]
        for name, trust in found.trust.items()
        for plate, one in list(trust.by_plate.items())[-_PLATES_SHOWN:]
    ]
    if rounds:
        table(["foretold", "for", "values", "inside 90 %", "log score"], rounds)
    for name, count in found.unused.items():
        say(f"not learned from, measured under other conditions: {plural(count, 'value')} of {name}")
    for row in found.exclusions:
        say(f"excluded: {row.target} ({row.why})")
    for line in found.outlook:
        say(line)
    warn(found.warnings)
    say(f"next: {found.next_action}")


def report(
    campaign: o.CampaignName,
    out: Annotated[Path | None, typer.Option(metavar="FILE.html", help="Where it goes.")] = None,
    json: o.Json = False,
) -> None:
    """Write a self-contained page with figures: progress, plates, the best, trust in the model."""
    from alloop.campaign.report import write_report

    opened = o.campaign(campaign)
    path = write_report(opened.desk, out or opened.records.home / f"{opened.name}.html")
    if json:
        return emit({"campaign": opened.name, "file": path})
    say(str(path))


def export(
    campaign: o.CampaignName,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder for the files.")],
    json: o.Json = False,
) -> None:
    """Write all records as parquet and CSV, with a data dictionary that gives every unit."""
    files = o.campaign(campaign).export(folder)
    if json:
        return emit({"campaign": campaign, "files": files})
    say(*(str(path) for path in files))
