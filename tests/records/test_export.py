from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pyarrow.parquet as parquet
import pytest
from records_builders import (
    ELEMENTS,
    SLUG,
    add_campaign,
    add_plate,
    approve,
    plate_id,
    prediction,
    upload,
    value,
)

from alloop.errors import StateError
from alloop.records import ExclusionRow, Records, SnapshotRow


@pytest.fixture
def folder(records: Records, tmp_path: Path) -> Path:
    add_campaign(records)
    add_campaign(records, "garnet")
    add_plate(records)
    approve(records, plate_id(SLUG, 1))
    upload(records, b"one", [value(measured_at=datetime(2026, 3, 3, tzinfo=UTC))])
    upload(records, b"two", [value(number=1e-3, supersedes=(1,), temperature_C=None)])
    with records.writing(by="ada") as tx:
        tx.mark(2, "suspect", "too good")
        tx.add_exclusion(ExclusionRow(campaign=SLUG, kind="element", target="In", why="price"))
        tx.add_snapshot(SnapshotRow(campaign=SLUG, plate=plate_id(SLUG, 1), content={"kind": "gp"}))
    files = records.export(SLUG, tmp_path / "out")
    assert [path.name for path in files] == sorted(path.name for path in (tmp_path / "out").iterdir())
    return tmp_path / "out"


def test_measurements_carry_their_unit_and_their_past(folder: Path) -> None:
    table = pd.read_parquet(folder / "measurements.parquet")
    assert list(table["value"]) == [2.5e-4, 1e-3]
    assert list(table["unit"]) == ["S/cm", "S/cm"]
    assert list(table["doubt"]) == ["ok", "suspect"]
    assert table["superseded_by"][0] == 2
    assert table["measured_at"][0] == pd.Timestamp("2026-03-03", tz="UTC")
    elements = {name: Fraction(amount) for name, amount in json.loads(table["elements"][0]).items()}
    assert elements == ELEMENTS
    assert pd.isna(table["temperature_C"][1])


def test_csv_and_parquet_say_the_same(folder: Path) -> None:
    for file in sorted(folder.glob("*.parquet")):
        table = parquet.read_table(file)
        lines = pd.read_csv(file.with_suffix(".csv"), keep_default_na=False, dtype=str)
        assert list(lines.columns) == table.column_names
        assert len(lines) == table.num_rows
    value_there = pd.read_csv(folder / "predictions.csv")["median"][0]
    assert value_there == prediction("A01").median


def test_every_column_is_in_the_data_dictionary(folder: Path) -> None:
    dictionary = pd.read_csv(folder / "data_dictionary.csv", keep_default_na=False)
    described = {(row.table, row.column) for row in dictionary.itertuples()}
    for file in sorted(folder.glob("*.parquet")):
        assert {(file.stem, name) for name in parquet.read_schema(file).names} <= described
    assert (dictionary["meaning"] != "").all()
    units = dictionary.set_index(["table", "column"])["unit"]
    assert units["measurements", "temperature_C"] == "degC"


def test_only_the_campaign_is_exported(folder: Path) -> None:
    assert set(pd.read_parquet(folder / "events.parquet")["campaign"]) == {SLUG}
    assert list(pd.read_parquet(folder / "campaign.parquet")["slug"]) == [SLUG]
    assert list(pd.read_parquet(folder / "files.parquet")["upload"]) == [1, 2]


def test_an_unknown_campaign_is_named(records: Records, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no such campaign; register one"):
        records.export("garnet", tmp_path / "out")
    assert not (tmp_path / "out").exists()
