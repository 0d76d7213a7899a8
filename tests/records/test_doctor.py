from __future__ import annotations

import pytest
import sqlalchemy as sa
from records_builders import SLUG, add_campaign, add_plate, approve, plate_id, upload, value

from alloop.records import Records
from alloop.records.raw_files import TEMPORARY_PREFIX
from alloop.records.schema import HEAD


@pytest.fixture
def filled(records: Records) -> Records:
    add_campaign(records)
    add_plate(records)
    approve(records, plate_id(SLUG, 1))
    upload(records, b"one", [value()])
    return records


def findings(records: Records) -> list[tuple[str, str]]:
    return [(finding.level, finding.what) for finding in records.doctor().findings]


def test_sound_records_have_no_findings(filled: Records) -> None:
    report = filled.doctor()
    assert report.healthy
    assert report.findings == ()
    assert report.schema_version == HEAD
    assert (report.raw_files, report.rows["measurement"], report.rows["well"]) == (1, 1, 2)


def test_orphans_are_harmless_notes(filled: Records) -> None:
    orphan = filled.raw.path(filled.raw.put(b"never acknowledged"))
    (orphan.parent / f"{TEMPORARY_PREFIX}x").write_bytes(b"nev")
    report = filled.doctor()
    assert report.healthy
    assert [finding.level for finding in report.findings] == ["note", "note"]
    assert any("left by a process that died" in str(finding) for finding in report.findings)
    assert upload(filled, b"never acknowledged", [value()])
    assert len(filled.doctor().findings) == 1


def test_a_missing_and_a_damaged_raw_file_are_errors(filled: Records) -> None:
    upload(filled, b"two", [value()])
    first, second = filled.raw
    first.unlink()
    second.chmod(0o644)
    second.write_bytes(b"xyz")
    report = filled.doctor()
    assert not report.healthy
    said = sorted(finding.what for finding in report.findings)
    assert said[0].startswith("cannot be read")
    assert said[1].startswith("its content is damaged")


def test_a_guard_that_was_taken_away_is_noticed(filled: Records) -> None:
    on = "" if filled.engine.dialect.name == "sqlite" else " ON event"
    with filled.writing(by="eve") as tx:
        tx.connection.execute(sa.text(f"DROP TRIGGER guard_event_update{on}"))
    assert findings(filled) == [("error", "it is missing or switched off: the past could be changed")]


def test_samples_of_a_plate_that_was_never_approved_are_noticed(filled: Records) -> None:
    with filled.writing(by="eve") as tx:
        tx.connection.execute(sa.text("UPDATE plate SET state = 'proposed'"))
    assert findings(filled) == [("error", "it has samples but was never approved")]
