"""What lies in an inbox becomes uploads, each for itself; what is wrong is put aside with the reasons."""

from __future__ import annotations

import json
import os
import shutil
import zipfile

import pytest
from campaign_shell import all_wells, wide
from upkeep_lab import PLATE, Lab, values_of

from alloop.errors import RecordsError, StateError
from alloop.upkeep import inbox, ingest_inbox, raise_alerts


def test_each_thing_is_one_upload_and_one_refused_does_not_block_the_others(lab: Lab) -> None:
    lab.drop_well("a.csv", "A01")
    lab.drop("bad.csv", "sample,ionic_conductivity [mS/cm]\nNOBODY-001-A01,3\n")
    lab.drop_well("folder/b.csv", "A02")
    lab.drop_well("folder/deeper/c.csv", "A03")
    with zipfile.ZipFile(lab.inbox / "d.zip", "w") as archive:
        archive.writestr("d.csv", wide(PLATE, {"A04": (0.2, 91, "ok")}))
    report = ingest_inbox(lab.campaign, by="bo")
    assert {one.name: one.outcome for one in report.things} == {
        "a.csv": "recorded",
        "bad.csv": "refused",
        "folder": "recorded",
        "d.zip": "recorded",
    }
    assert [row[:2] for row in lab.values()] == values_of(["A01", "A02", "A03", "A04"])
    uploads = [row for row in lab.campaign.records.uploads("small-spinel") if row.origin == "laboratory"]
    assert {row.recorded_by for row in uploads} == {"bo"}
    assert [[file.name for file in row.files] for row in uploads] == [
        ["a.csv"],
        ["d.zip/d.csv"],
        ["folder/b.csv", "folder/deeper/c.csv"],
    ]
    assert lab.files("refused") == ["bad/bad.csv", "bad/bad.csv.problems.txt"]
    reasons = (lab.inbox / "refused/bad/bad.csv.problems.txt").read_text()
    assert "no plate NOBODY-001" in reasons
    assert report.refused[0].place == lab.inbox / "refused/bad/bad.csv"
    done = [f"upload-{upload.id}" for upload in uploads]
    assert lab.files("done") == sorted(
        [
            f"{done[0]}/a.csv",
            f"{done[1]}/d.zip",
            f"{done[2]}/folder/b.csv",
            f"{done[2]}/folder/deeper/c.csv",
        ]
    )
    assert lab.files("taken") == []


def test_a_plate_that_is_all_in_is_complete(lab: Lab) -> None:
    lab.drop_all()
    (thing,) = ingest_inbox(lab.campaign).things
    assert (thing.measurements, thing.statuses) == (16, 8)
    assert (thing.started, thing.completed) == ((PLATE,), (PLATE,))
    assert lab.states() == {PLATE: "complete"}


def test_known_bytes_are_no_second_upload_and_nothing_is_deleted(lab: Lab) -> None:
    lab.drop_well("a.csv", "A01")
    first = ingest_inbox(lab.campaign).things[0]
    lab.drop_well("a.csv", "A01")
    lab.drop_well("again.csv", "A01")
    again = ingest_inbox(lab.campaign).things
    assert [(one.outcome, one.upload) for one in again] == [("known", first.upload)] * 2
    assert len(lab.values()) == 2
    assert lab.files("done") == sorted(
        f"upload-{first.upload}{tail}" for tail in ("/a.csv", "-2/a.csv", "-3/again.csv")
    )


def test_refused_things_of_one_name_keep_their_own_reasons(lab: Lab) -> None:
    for value in ("x", "y"):
        lab.drop("bad.csv", f"sample,ionic_conductivity [mS/cm]\n{PLATE}-A01,{value}\n")
        ingest_inbox(lab.campaign)
    assert lab.files("refused") == [
        "bad-2/bad.csv",
        "bad-2/bad.csv.problems.txt",
        "bad/bad.csv",
        "bad/bad.csv.problems.txt",
    ]
    assert "'y'" in (lab.inbox / "refused/bad-2/bad.csv.problems.txt").read_text()


def test_what_is_not_meant_stays_where_it_is(lab: Lab) -> None:
    outside = lab.folder / "outside.csv"
    outside.write_text(all_wells(PLATE))
    lab.drop_well("a.csv.part", "A01")
    lab.drop_well(".hidden.csv", "A02")
    lab.drop_well("~$open.csv", "A03")
    (lab.inbox / "link.csv").symlink_to(outside)
    os.mkfifo(lab.inbox / "pipe")
    report = ingest_inbox(lab.campaign)
    assert report.things == ()
    assert report.later == ("a.csv.part",)
    assert lab.values() == []
    assert sorted(path.name for path in lab.inbox.iterdir()) == [
        ".hidden.csv", "a.csv.part", "link.csv", "pipe", "taken", "~$open.csv",
    ]  # fmt: skip


def test_a_file_that_still_grows_is_left_for_later(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "SETTLE_SECONDS", 600.0)
    path = lab.drop_well("a.csv", "A01")

    def somebody_writes(seconds: float) -> None:
        assert 0 < seconds < 601
        with path.open("a") as stream:
            stream.write("\n")

    monkeypatch.setattr(inbox.time, "sleep", somebody_writes)
    report = ingest_inbox(lab.campaign)
    assert (report.things, report.later) == ((), ("a.csv",))
    monkeypatch.setattr(inbox.time, "sleep", lambda _: None)
    assert [one.outcome for one in ingest_inbox(lab.campaign).things] == ["recorded"]


def test_a_file_from_the_future_is_taken_once_it_rests(lab: Lab) -> None:
    path = lab.drop_well("a.csv", "A01")
    os.utime(path, (4e9, 4e9))
    assert [one.outcome for one in ingest_inbox(lab.campaign).things] == ["recorded"]


def test_a_dry_run_moves_and_records_nothing(lab: Lab) -> None:
    lab.drop_well("a.csv", "A01")
    lab.drop("bad.csv", "sample,ionic_conductivity [mS/cm]\nNOBODY-001-A01,3\n")
    report = ingest_inbox(lab.campaign, dry_run=True)
    assert [(one.name, one.outcome) for one in report.things] == [
        ("a.csv", "recorded"),
        ("bad.csv", "refused"),
    ]
    assert lab.files() == ["a.csv", "bad.csv"]
    assert lab.values() == []


def test_a_folder_of_ones_own_as_the_inbox(lab: Lab) -> None:
    (lab.folder / "share").mkdir()
    (lab.folder / "share" / "a.csv").write_text(wide(PLATE, {"A01": (0.1, 90, "ok")}))
    report = ingest_inbox(lab.campaign, lab.folder / "share")
    assert [one.outcome for one in report.things] == ["recorded"]
    assert [path.name for path in (lab.folder / "share" / "done").rglob("*.csv")] == ["a.csv"]
    with pytest.raises(StateError, match="there is no such folder"):
        ingest_inbox(lab.campaign, lab.folder / "nowhere")


def test_damaged_files_are_refused_with_a_reason(lab: Lab) -> None:
    lab.inbox.mkdir(parents=True)
    (lab.inbox / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(range(256)))
    (lab.inbox / "noise.xlsx").write_bytes(b"PK\x03\x04" + bytes(200))
    (lab.inbox / "noise.mpr").write_bytes(os.urandom(1000))
    (lab.inbox / "empty.csv").write_bytes(b"")
    (lab.inbox / "folder").mkdir()
    lab.drop_well("good.csv", "A01")
    report = ingest_inbox(lab.campaign)
    assert {one.name for one in report.refused} == {
        "broken.zip", "noise.xlsx", "noise.mpr", "empty.csv", "folder",
    }  # fmt: skip
    assert all(problem.what for one in report.refused for problem in one.problems)
    assert [one.name for one in report.recorded] == ["good.csv"]


def test_an_inbox_that_cannot_be_written_is_told_and_nothing_is_lost(lab: Lab) -> None:
    lab.drop_well("a.csv", "A01")
    (lab.inbox / "taken").write_text("a file where a folder belongs")
    with pytest.raises(
        RecordsError, match=r"inbox .*: nothing can be taken out of it .*nothing of it is lost"
    ):
        ingest_inbox(lab.campaign)
    assert lab.files() == ["a.csv", "taken"]
    (lab.inbox / "taken").unlink()
    assert [one.outcome for one in ingest_inbox(lab.campaign).things] == ["recorded"]


def test_names_of_any_bytes_and_length_do_not_block_the_others(lab: Lab) -> None:
    lab.inbox.mkdir(parents=True)
    odd = os.fsencode(lab.inbox) + b"/\xff\xfe.csv"
    with open(odd, "wb") as stream:
        stream.write(b"sample\nx\n")
    lab.drop("x" * 250 + ".csv", "sample\nx\n")
    lab.drop_well("z.csv", "A01")
    report = ingest_inbox(lab.campaign)
    assert [one.outcome for one in report.things] == ["refused", "recorded", "refused"]
    assert json.loads(json.dumps(report.as_json()).encode())["things"][2]["name"] == "\\udcff\\udcfe.csv"
    assert f"{'x' * 250}/reasons.problems.txt" in lab.files("refused")
    assert len(raise_alerts(lab.campaign)) == 1


def test_a_thing_that_somebody_else_takes_over_is_left_to_them(lab: Lab) -> None:
    lab.drop_well("a.csv", "A01")
    lab.drop_well("b.csv", "A02")

    def steal(text: str) -> None:
        for held in lab.inbox.glob("taken/*/*/a.csv"):
            shutil.move(held, lab.folder / "a.csv")

    report = ingest_inbox(lab.campaign, progress=steal)
    assert [(one.name, one.outcome) for one in report.things] == [("b.csv", "recorded")]
    (lab.folder / "a.csv").rename(lab.inbox / "a.csv")
    assert [one.outcome for one in ingest_inbox(lab.campaign).things] == ["recorded"]
    assert lab.files("refused") == []


def test_what_kills_every_process_is_refused_in_the_end(lab: Lab) -> None:
    folder = lab.inbox / "taken" / "elsewhere-12-abcdef01" / "1-9"
    folder.mkdir(parents=True)
    lab.drop_well("a.csv", "A01").rename(folder / "a.csv")
    (thing,) = ingest_inbox(lab.campaign).things
    assert thing.outcome == "refused"
    assert str(thing.problems[0]) == "a.csv: alloop died 10 times while it read this; upload it by hand"
    assert lab.values() == []
