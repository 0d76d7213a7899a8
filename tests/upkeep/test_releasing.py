"""A release writes what a plate is made with, and is on record once."""

from __future__ import annotations

import shutil

import pytest
from upkeep_lab import PLATE, Lab

from alloop.errors import RecordsError, StateError
from alloop.upkeep import release_plate


def contents(lab: Lab) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (lab.home / "plates" / PLATE).iterdir()}


def test_a_release_writes_what_is_missing_and_is_recorded_once(lab: Lab) -> None:
    before = contents(lab)
    shutil.rmtree(lab.home / "plates")
    first = release_plate(lab.campaign, PLATE, by="night")
    assert first.is_new
    assert contents(lab) == before
    assert {"sheet.html", "labels.csv", "weigh_list.csv", "worklist.csv"} <= {p.name for p in first.files}
    assert not release_plate(lab.campaign, "1").is_new
    (event,) = lab.events("released")
    assert (event.plate, event.recorded_by) == (PLATE, "night")
    assert contents(lab) == before


def test_what_is_not_approved_is_not_released(registered: Lab) -> None:
    registered.campaign.plan(by="ada")
    with pytest.raises(
        StateError, match="it waits for approval: nothing of it is released; approve it first"
    ):
        release_plate(registered.campaign, PLATE)
    registered.campaign.reject(PLATE, "no", by="ada")
    with pytest.raises(StateError, match="it is rejected"):
        release_plate(registered.campaign, PLATE)
    with pytest.raises(StateError, match="no such plate"):
        release_plate(registered.campaign, "SMALL-SPINEL-009")
    assert registered.events("released") == []
    assert "sheet.html" not in contents(registered)


def test_a_plate_that_is_cancelled_meanwhile_is_not_released(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alloop.upkeep import releasing

    write = releasing.write_plate_files

    def cancel_first(*arguments: object) -> object:
        lab.campaign.cancel(PLATE, by="ada")
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(releasing, "write_plate_files", cancel_first)
    with pytest.raises(StateError, match="it is cancelled"):
        release_plate(lab.campaign, PLATE)
    assert lab.events("released") == []


def test_files_that_cannot_be_written_are_no_release(lab: Lab) -> None:
    shutil.rmtree(lab.home / "plates")
    (lab.home / "plates").write_text("a file where a folder belongs")
    with pytest.raises(RecordsError, match=r"plates.*: it cannot be written \(Not a directory\)"):
        release_plate(lab.campaign, PLATE)
    assert lab.events("released") == []


def test_a_dry_run_writes_nothing(lab: Lab) -> None:
    shutil.rmtree(lab.home / "plates")
    assert release_plate(lab.campaign, PLATE, dry_run=True).is_new
    assert not (lab.home / "plates").exists()
    assert lab.events("released") == []
