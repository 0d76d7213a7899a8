"""Commands that keep records safe: backup, restore, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alloop.cli import options as o
from alloop.cli.terminal import emit, say, table


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write.")],
    json: o.Json = False,
) -> None:
    """Copy records, raw files and plates into one file, consistently, while others work."""
    rows = o.records().backup(file)
    if json:
        return emit({"file": file, "rows": rows})
    say(f"{sum(rows.values()):,} rows in {len(rows)} tables are in {file}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive written by alloop backup.")],
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Bring a backup back into an empty home folder."""
    from alloop.campaign.home import home_folder
    from alloop.campaign.keeping import restore_backup

    home = home_folder(o.PLACE.home)
    names = restore_backup(file, home, by=by, dry_run=dry_run)
    if json:
        return emit({"home": home, "campaigns": names})
    say(f"{file} holds {', '.join(names) or 'no campaign'}")
    say("dry run: nothing was kept" if dry_run else f"it is back in {home}")


def doctor(json: o.Json = False) -> None:
    """Check installation and records: versions, schema, hashes of raw files, what hangs loose."""
    import platform
    from importlib.metadata import version

    installed = {name: version(name) for name in ("alloop", "numpy", "torch", "botorch", "sqlalchemy")}
    store = o.records()
    report = store.doctor()
    if json:
        emit(
            {
                "home": store.home,
                "python": platform.python_version(),
                "installed": installed,
                "schema_version": report.schema_version,
                "rows": report.rows,
                "raw_files": report.raw_files,
                "findings": report.findings,
                "healthy": report.healthy,
            }
        )
    else:
        say(f"Python {platform.python_version()}, " + ", ".join(f"{n} {v}" for n, v in installed.items()))
        say(f"records in {store.home}: schema {report.schema_version}, {report.raw_files} raw files")
        table(["table", "rows"], list(report.rows.items()))
        say(*(f"{finding.level}: {finding}" for finding in report.findings))
        say("healthy" if report.healthy else "something needs mending")
    if not report.healthy:
        raise typer.Exit(1)
