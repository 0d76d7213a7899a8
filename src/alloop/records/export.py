"""All records of a campaign as tables that any program reads: parquet, CSV and a data dictionary."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_type_hints

from alloop.errors import RecordsError
from alloop.properties import PROPERTIES
from alloop.records import rows
from alloop.records.codec import encode_amounts, encode_settings
from alloop.records.data_dictionary import describe
from alloop.records.derived_rows import DerivationRow
from alloop.records.reading import Reader

_FILE_COLUMNS = {"upload": int, "name": str, "sha256": str, "size": int}


def export_tables(reader: Reader, slug: str, folder: Path) -> tuple[Path, ...]:
    """Write all records of a campaign into `folder`: one parquet and one CSV file a table.

    `data_dictionary.csv` says what each column means and its unit. Values that were replaced, doubted or
    retracted are among the measurements, marked as such. The figures of derivations are SVG files in `figures`, named
    by the derivation's id and its sample. Returns the files, in order of their names.

    Raises:
        StateError: when there is no such campaign.
        RecordsError: when the folder cannot be written.
    """
    import pyarrow.parquet as parquet

    written: dict[Path, bytes] = {}
    dictionary: list[Sequence[Any]] = [("table", "column", "type", "unit", "meaning")]
    for name, (types, lines) in _tables(reader, slug).items():
        table = _arrow(types, lines)
        buffer = io.BytesIO()
        parquet.write_table(table, buffer)
        written[folder / f"{name}.parquet"] = buffer.getvalue()
        written[folder / f"{name}.csv"] = _csv([list(types), *(line.values() for line in lines)])
        for column in table.schema:
            dictionary.append((name, column.name, str(column.type), *describe(name, column.name)))
    written[folder / "data_dictionary.csv"] = _csv(dictionary)
    for row in reader.derivations(slug, figures=True):
        if row.figure is not None:
            written[folder / "figures" / f"{row.id:05d}_{row.sample}.svg"] = row.figure.encode()
    try:
        for path, data in sorted(written.items()):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            temporary.write_bytes(data)
            os.replace(temporary, path)
    except OSError as error:
        raise RecordsError(f"{folder}: the export cannot be written ({error.strerror or error})") from error
    return tuple(sorted(written))


Table = tuple[dict[str, Any], list[dict[str, Any]]]


def _tables(reader: Reader, slug: str) -> dict[str, Table]:
    sources: dict[str, tuple[type[Any], Callable[[], Sequence[Any]]]] = {
        "campaign": (rows.CampaignRow, lambda: [reader.campaign(slug)]),
        "versions": (rows.VersionRow, lambda: reader.versions(slug)),
        "plates": (rows.PlateRow, lambda: reader.plates(slug)),
        "plans": (rows.PlanRow, lambda: reader.plan_revisions(slug)),
        "wells": (rows.WellRow, lambda: reader.campaign_wells(slug)),
        "samples": (rows.SampleRow, lambda: reader.samples(slug)),
        "preparations": (rows.PreparationRow, lambda: reader.preparations(slug)),
        "measurements": (rows.MeasurementRow, lambda: reader.measurements(slug, include_superseded=True)),
        "statuses": (rows.StatusRow, lambda: reader.statuses(slug)),
        "derivations": (DerivationRow, lambda: reader.derivations(slug)),
        "doubts": (rows.DoubtRow, lambda: reader.doubts(slug)),
        # The files of an upload are a table of their own; figures are files of their own.
        "uploads": (rows.UploadRow, lambda: [replace(row, files=()) for row in reader.uploads(slug)]),
        "predictions": (rows.PredictionRow, lambda: reader.campaign_predictions(slug)),
        "models": (rows.SnapshotRow, lambda: reader.snapshots(slug)),
        "exclusions": (rows.ExclusionRow, lambda: reader.exclusion_history(slug)),
        "events": (rows.EventRow, lambda: reader.events(slug)),
    }
    tables = {name: _table(kind, read()) for name, (kind, read) in sources.items()}
    types, lines = tables["measurements"]
    units = {name: entry.unit for name, entry in PROPERTIES.items()}
    tables["measurements"] = (
        types | {"unit": str},
        [line | {"unit": units.get(line["property"], "")} for line in lines],
    )
    for name, column in (("uploads", "files"), ("derivations", "figure")):
        tables[name][0].pop(column)
        for line in tables[name][1]:
            line.pop(column)
    tables["files"] = (
        dict(_FILE_COLUMNS),
        [
            {"upload": upload.id, "name": file.name, "sha256": file.sha256, "size": file.size}
            for upload in reader.uploads(slug)
            for file in upload.files
        ],
    )
    return tables


def _table(kind: type[Any], values: Sequence[Any]) -> Table:
    names = [entry.name for entry in fields(kind)]
    # Who recorded it and when stands last.
    names = [name for name in names if not name.startswith("recorded_")] + [
        name for name in names if name.startswith("recorded_")
    ]
    hints = get_type_hints(kind)
    return (
        {name: hints[name] for name in names},
        [{name: _plain(name, getattr(value, name)) for name in names} for value in values],
    )


def _plain(name: str, value: Any) -> Any:
    if name == "elements" and value is not None:
        return encode_amounts(value)
    if name == "settings" and value is not None:
        return encode_settings(value)
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, tuple) else value


def _arrow(types: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Any:
    import pyarrow

    def arrow_type(hint: Any) -> Any:
        for kind, made in (
            (bool, pyarrow.bool_()),
            (int, pyarrow.int64()),
            (float, pyarrow.float64()),
            (datetime, pyarrow.timestamp("us", tz="UTC")),
        ):
            if hint in (kind, kind | None):
                return made
        return pyarrow.string()

    schema = pyarrow.schema([(name, arrow_type(hint)) for name, hint in types.items()])
    return pyarrow.Table.from_pylist([dict(line) for line in lines], schema=schema)


def _csv(lines: Sequence[Any]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in lines:
        writer.writerow([_cell(value) for value in line])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)
