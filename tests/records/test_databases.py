"""Databases that are missing, full, locked, of another kind, or told to forget."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from records_builders import (
    PLATE,
    SLUG,
    add_campaign,
    add_plate,
    approve,
    upload,
    value,
)

from alloop.errors import RecordsError, StateError
from alloop.records import (
    DerivationRow,
    ExclusionRow,
    PreparationRow,
    Records,
    SnapshotRow,
    StatusRow,
    UploadRow,
)
from alloop.records.schema import APPEND_ONLY, MAY_CHANGE


def test_only_create_makes_records(tmp_path: Path, url: str | None) -> None:
    with pytest.raises(StateError, match="there are no records here; register a campaign"):
        Records.open(tmp_path / "nothing", url=url)
    assert not (tmp_path / "nothing").exists()


def test_the_database_itself_refuses_to_forget(records: Records) -> None:
    _fill(records)
    column = {
        "prediction": "unit",
        "upload_file": "name",
        "derivation_file": "sha256",
        "derived_value": "derivation_id",
    }
    orders = [f"DELETE FROM {table}" for table in (*APPEND_ONLY, *MAY_CHANGE)]
    names = {table: column.get(table, "recorded_by") for table in APPEND_ONLY}
    orders += [f"UPDATE {table} SET {name} = {name}" for table, name in names.items()]
    for order in orders:
        with pytest.raises(RecordsError, match="the records only grow"), records.writing(by="eve") as tx:
            tx.connection.execute(sa.text(order))


def _fill(records: Records) -> None:
    add_campaign(records)
    add_plate(records)
    approve(records, PLATE)
    upload(records, b"one", [value()])
    (row,) = records.measurements(SLUG)
    with records.writing(by="ada") as tx:
        status = StatusRow(campaign=SLUG, sample=f"{PLATE}-A02", status="lost")
        added, _ = tx.add_upload(
            UploadRow(campaign=SLUG), [("b", b"2")], [value(supersedes=(row.id,))], [status]
        )
        derivation = DerivationRow(campaign=SLUG, sample=f"{PLATE}-A01", files=(added.files[0].sha256,))
        tx.add_derived(SLUG, added.id, [(derivation, [value(temperature_C=60.0)])])
        tx.mark(row.id, "retracted", "why not")
        tx.add_exclusion(ExclusionRow(campaign=SLUG, kind="key", target="k", why="w"))
        tx.add_snapshot(SnapshotRow(campaign=SLUG, content={}))
        tx.add_preparations(PLATE, [PreparationRow(sample=f"{PLATE}-A01", note="slow")])


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="mysql databases are not supported"):
        Records.open(tmp_path, create=True, url="mysql://root@localhost/x")
    with pytest.raises(StateError, match="ALLOOP_DATABASE_URL"):
        Records.open(tmp_path, create=True, url="nonsense")


def test_an_unreachable_server_is_named(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(RecordsError, match=r"127\.0\.0\.1:1"):
        Records.open(tmp_path, create=True, url="postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")


def test_importing_the_package_does_not_import_sqlalchemy() -> None:
    code = "import sys, alloop.records; assert 'sqlalchemy' not in sys.modules; alloop.records.Records"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_writer_that_waits_too_long_is_told(
    open_records: Callable[..., Records], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alloop.records.engine.BUSY_SECONDS", 1)
    first, second = open_records(), open_records()
    with first.writing(by="ada") as tx:
        tx.add_campaign(SLUG)
        with pytest.raises(RecordsError, match="another process has been writing for 1 s"):
            add_campaign(second, "garnet")
    add_campaign(second, "garnet")
    assert len(first.campaigns()) == 2


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("max_page_count = 1", "the disk is full; nothing was recorded"),
        ("query_only = ON", "they are read-only"),
    ],
)
def test_a_full_disk_and_a_read_only_database_are_told(tmp_path: Path, pragma: str, said: str) -> None:
    records = Records.open(tmp_path / "home", create=True)
    add_campaign(records)
    sa.event.listen(records.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    with pytest.raises(RecordsError, match=said), records.writing(by="ada") as tx:
        tx.add_campaign("garnet", "x" * 1_000_000)
    assert [row.slug for row in Records.open(tmp_path / "home").campaigns()] == [SLUG]


def test_the_home_stays_when_the_working_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    records = Records.open("home", create=True)
    monkeypatch.chdir("/")
    add_campaign(records)
    assert (tmp_path / "home" / "alloop.db").exists()
