from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from records_builders import SLUG, add_campaign, add_plate, approve, plate_id, upload, value

from alloop.errors import RecordsError, StateError
from alloop.records import Records
from alloop.records.engine import transaction
from alloop.records.schema import metadata


def fill(records: Records) -> None:
    add_campaign(records)
    add_plate(records)
    approve(records, plate_id(SLUG, 1))
    upload(records, b"one", [value(), value("A02", number=1 / 3, bound="below")])
    with records.writing(by="ada") as tx:
        tx.mark(1, "suspect", "µ-short? 'quoted'")
    folder = records.home / "plates" / plate_id(SLUG, 1)
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text("{}\n")


def content(records: Records) -> dict[str, list[sa.Row]]:
    with transaction(records.engine, writer=False) as connection:
        return {
            table.name: connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all()
            for table in metadata.sorted_tables
        }


@pytest.fixture
def backup(records: Records, tmp_path: Path) -> Path:
    fill(records)
    counts = records.backup(tmp_path / "copies" / "backup.zip")
    assert counts["measurement"] == 2
    return tmp_path / "copies" / "backup.zip"


def test_a_restored_backup_is_the_same(records: Records, backup: Path, tmp_path: Path) -> None:
    restored = Records.restore(backup, tmp_path / "new")
    assert content(restored) == content(records)
    assert restored.raw_file(restored.uploads(SLUG)[0].files[0].sha256) == b"one"
    assert (restored.home / "plates" / plate_id(SLUG, 1) / "plan.json").read_text() == "{}\n"
    assert restored.doctor().healthy
    assert [path.name for path in backup.parent.iterdir()] == ["backup.zip"]


def test_a_restored_backup_goes_on(backup: Path, tmp_path: Path) -> None:
    restored = Records.restore(backup, tmp_path / "new")
    assert not upload(restored, b"one", [value()])
    assert upload(restored, b"two", [value()])
    assert [row.id for row in restored.measurements(SLUG)] == [1, 2, 3]


def test_sqlite_moves_to_postgresql_and_back(tmp_path: Path, postgres_url: str) -> None:
    records = Records.open(tmp_path / "small", create=True)
    fill(records)
    records.backup(tmp_path / "there.zip")
    grown = Records.restore(tmp_path / "there.zip", tmp_path / "grown", postgres_url)
    assert content(grown) == content(records)
    with grown.engine.connect() as connection:  # a plan of a query made without knowing would take minutes
        counted = connection.scalar(sa.text("SELECT reltuples FROM pg_class WHERE oid = 'event'::regclass"))
    assert counted == len(grown.events()) > 0
    assert upload(grown, b"two", [value()])
    grown.backup(tmp_path / "back.zip")
    back = Records.restore(tmp_path / "back.zip", tmp_path / "back")
    assert content(back) == content(grown)
    grown.close()


def test_records_are_never_restored_over(backup: Path, records: Records) -> None:
    with pytest.raises(StateError, match="there are records already; restore into an empty folder"):
        Records.restore(backup, records.home, records.url)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"%PDF-1.7")
    with pytest.raises(StateError, match="damaged or no backup"):
        Records.restore(tmp_path / "x.zip", tmp_path / "new")
    with pytest.raises(StateError, match="no such file"):
        Records.restore(tmp_path / "y.zip", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_replaces_backups_only(records: Records, tmp_path: Path) -> None:
    fill(records)
    results = tmp_path / "results.csv"
    results.write_text("sample,density [g/cm3]\n")
    with pytest.raises(StateError, match="it is no backup"):
        records.backup(results)
    assert results.read_text() == "sample,density [g/cm3]\n"
    records.backup(tmp_path / "backup.zip")
    records.backup(tmp_path / "backup.zip")


@pytest.mark.parametrize("change", ["row", "raw", "schema", "escape"])
def test_a_changed_backup_is_refused_whole(backup: Path, tmp_path: Path, change: str) -> None:
    with zipfile.ZipFile(backup) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    if change == "row":
        files["tables/measurement.jsonl"] = files["tables/measurement.jsonl"].splitlines(True)[0]
    if change == "raw":
        files = {name: b"other" if name.startswith("raw/") else data for name, data in files.items()}
    if change == "schema":
        files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | {"schema": "0"}).encode()
    if change == "escape":
        files["home/../../escaped"] = b"x"
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises((RecordsError, StateError), match=str(changed)):
        Records.restore(changed, tmp_path / "new")
    assert Records.open(tmp_path / "new").campaigns() == []
    assert not (tmp_path / "escaped").exists()


def test_a_damaged_raw_file_stops_the_backup(records: Records, tmp_path: Path) -> None:
    fill(records)
    (path,) = records.raw
    path.chmod(0o644)
    path.write_bytes(b"")
    with pytest.raises(RecordsError, match="damaged"):
        records.backup(tmp_path / "backup.zip")
    assert not (tmp_path / "backup.zip").exists()
