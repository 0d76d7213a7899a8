"""Commands around instrument files: what is in them, and deriving their values again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alloop.cli import options as o
from alloop.cli.terminal import emit, figure, plural, progress, say, table, warn

if TYPE_CHECKING:
    from alloop.campaign.results import Understood
    from alloop.ingest.inspecting import Inspected
    from alloop.instruments import Given

_SIGNS = {"below": "<", "above": ">", "exact": ""}


def inspect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Instrument files, folders or zips of them.")
    ],
    thickness_mm: Annotated[
        float | None, typer.Option("--thickness-mm", metavar="T", help="Thickness of the pellet.")
    ] = None,
    diameter_mm: Annotated[
        float | None, typer.Option("--diameter-mm", metavar="D", help="Diameter of the pellet.")
    ] = None,
    area_cm2: Annotated[
        float | None, typer.Option("--area-cm2", metavar="A", help="Its area, instead of a diameter.")
    ] = None,
    temperature_C: Annotated[
        float | None, typer.Option("--temperature-C", metavar="T", help="Where the files do not state it.")
    ] = None,
    reference_electrode: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Such as Li+/Li, where the files do not state it."),
    ] = None,
    circuit: Annotated[
        str | None, typer.Option(metavar="CIRCUIT", help="Fit this one, such as R0-p(R1,CPE1)-CPE2.")
    ] = None,
    references: Annotated[
        Path | None, typer.Option(metavar="DIR", help="CIF files of the phases a pattern may show.")
    ] = None,
    elements: Annotated[
        str | None, typer.Option(metavar="A,B…", help="Look only for phases of these elements.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="PHASE", help="The phase whose fraction is wanted.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a figure of each file into this folder.")
    ] = None,
    json: o.Json = False,
) -> None:
    """Show what alloop reads in instrument files: format, values with intervals, doubts. Nothing is recorded."""
    from alloop.errors import UploadError
    from alloop.ingest.inspecting import inspect_files, nothing_read
    from alloop.instruments import Geometry, Given

    if diameter_mm is not None and area_cm2 is not None:
        raise UploadError("--diameter-mm and --area-cm2 are both given", "give one of them")
    size = Geometry.of_disc(thickness_mm, diameter_mm).over(Geometry(None, area_cm2))
    given = Given(
        geometry=size,
        temperature_C=temperature_C,
        elements=None if elements is None else frozenset(one.strip() for one in elements.split(",")),
        circuit=circuit,
        conditions={} if reference_electrode is None else {"reference_electrode": reference_electrode},
    )
    _check(given)
    found = inspect_files(files, given, references, target or ())
    nothing = nothing_read(found)
    if figures is not None:
        _write_figures(found, figures)
    if json:
        emit([_as_json(one) for one in found])
        if nothing is not None:
            raise typer.Exit(2)
        return
    if nothing is not None:
        raise nothing
    for one in found:
        _show(one)


def _check(given: Given) -> None:
    from alloop.errors import Problem, UploadError

    sizes = {
        "--thickness-mm": given.geometry.thickness_mm,
        "--diameter-mm or --area-cm2": given.geometry.area_cm2,
    }
    problems = [
        Problem(name, f"{value:g} is no size", "write a number above 0")
        for name, value in sizes.items()
        if value is not None and not value > 0
    ]
    if problems:
        raise UploadError(problems)


def _as_json(one: Inspected) -> dict[str, Any]:
    evaluation = one.evaluation
    if evaluation is None:
        return {"file": one.file, "format": None, "kind": None, "values": [], "flags": [], "error": one.error}
    names = (
        "property",
        "value",
        "unit",
        "low90",
        "high90",
        "bound",
        "temperature_C",
        "kind",
        "conditions",
        "method",
    )
    return {
        "file": one.file,
        "format": evaluation.format,
        "kind": evaluation.kind,
        "values": [
            {name: getattr(value, name) for name in names}
            | {"recorded": value.is_measurement, "flags": [vars(flag) for flag in value.flags]}
            for value in evaluation.values
        ],
        "flags": [vars(flag) for flag in evaluation.flags],
        "model": evaluation.model,
        "details": evaluation.details,
        "status": evaluation.status,
        "error": None,
    }


def _show(one: Inspected) -> None:
    if one.evaluation is None:
        warn([one.error])
        return
    evaluation = one.evaluation
    model = f", {evaluation.model}" if evaluation.model else ""
    say(f"{one.file}: {evaluation.format}, {evaluation.kind}{model}")
    rows = [
        [
            " ".join(filter(None, (value.kind, value.property, _about(value.conditions)))),
            _SIGNS[value.bound] + figure(value.value, 4),
            "" if value.low90 is None else f"{figure(value.low90)} to {figure(value.high90)}",
            "" if value.unit == "1" else value.unit,
            figure(value.temperature_C),
        ]
        for value in evaluation.values
    ]
    if rows:
        table(["", "value", "90 %", "unit", "°C"], rows)
    else:
        say("  no value")
    for flag in dict.fromkeys(
        (*evaluation.flags, *(flag for value in evaluation.values for flag in value.flags))
    ):
        say(f"  {flag.severity}: {flag.words} ({flag.name})")


def _about(conditions: Mapping[str, float | str]) -> str:
    return f"of {conditions['phase']}" if "phase" in conditions else ""


def _write_figures(found: Sequence[Inspected], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(found, 1):
        if one.evaluation is not None and one.evaluation.figure:
            # names in archives are labels: only what is harmless in a file's name is kept of them
            name = "".join(c if c.isalnum() or c in "-_." else "_" for c in Path(one.file).name)[:80]
            (folder / f"{number:03d}_{name}.svg").write_text(one.evaluation.figure, encoding="utf-8")


def show_understood(understood: Sequence[Understood]) -> None:
    """What was made of each instrument file of an upload: a line per value, and why there is none."""
    rows = []
    for one in understood:
        file = one.files[0] if len(one.files) == 1 else f"{len(one.files)} files together"
        if not one.values:
            why = next((flag["words"] for flag in one.flags if flag["severity"] == "refusal"), "no value")
            rows.append([file, one.sample, one.kind, "", "", "", why])
        for value in one.values:
            rows.append(
                [
                    file,
                    one.sample,
                    one.kind,
                    " ".join(filter(None, (value["kind"], value["property"]))),
                    f"{_SIGNS[value['bound']]}{figure(value['value'])} {value['unit']}",
                    figure(value["temperature_C"]),
                    "" if value["doubt"] == "ok" else value["doubt"],
                ]
            )
    if rows:
        table(["file", "sample", "what it is", "property", "value", "°C", ""], rows)


def rederive(
    campaign: o.CampaignName,
    runner: o.RunnerName = None,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Derive the values of all instrument files again; new values supersede the old ones, and differences are told."""
    from alloop.runner import open_runner

    opened = o.campaign(campaign)
    with progress() as tell, open_runner(runner) as workers:
        report = opened.rederive(by=by, dry_run=dry_run, progress=tell, runner=workers)
    warn(report.warnings)
    if json:
        return emit(report)
    rows = [
        [
            one.sample,
            one.property,
            figure(one.temperature_C),
            figure(one.before, 4),
            figure(one.after, 4),
            one.what,
        ]
        for one in report.changes
    ]
    if rows:
        table(["sample", "property", "°C", "before", "now", ""], rows)
    say(f"{plural(report.files, 'file')} derived again: {plural(len(report.changes), 'value')} changed")
    if dry_run:
        say("dry run: nothing was kept")
