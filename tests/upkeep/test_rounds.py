"""A round takes in, scores, decides, plans and publishes; it is on record, and never a plate too many."""

from __future__ import annotations

import pytest
from upkeep_lab import PLATE, SECOND, Lab

from alloop.campaign import planning_round
from alloop.errors import OutdatedError, PlanError
from alloop.upkeep import run_round

AUTOMATIC = "approval: automatic\n"


def test_a_campaign_goes_on_by_rounds(registered: Lab) -> None:
    first = run_round(registered.campaign, by="night")
    assert (first.step.kind, first.plate, first.approved) == ("plan", PLATE, ())
    folder = registered.home / "plates" / PLATE
    assert {"plan.json", "plan.html", "plate.csv", "map.svg"} <= {path.name for path in folder.iterdir()}
    assert run_round(registered.campaign).step.kind == "wait"
    registered.campaign.approve(PLATE, by="ada")
    registered.drop_all()
    second = run_round(registered.campaign, by="night")
    assert second.ingest is not None
    assert [one.name for one in second.ingest.recorded] == ["all.csv"]
    assert (second.step.kind, second.plate) == ("plan", SECOND)
    assert registered.states() == {PLATE: "complete", SECOND: "proposed"}
    assert second.scores["ionic_conductivity"].n == 8
    rounds = registered.events("round")
    assert [(event.details["kind"], event.plate) for event in rounds] == [
        ("plan", PLATE),
        ("wait", None),
        ("plan", SECOND),
    ]
    assert rounds[2].recorded_by == "night"
    assert rounds[2].why == "since the last plan: plate complete by night"
    parts = second.seconds
    assert parts["total"] >= parts["planner"] + parts["reading"]
    assert parts["overhead"] == pytest.approx(parts["total"] - parts["planner"] - parts["reading"])
    assert second.as_json()["step"] == {"kind": "plan", "why": rounds[2].why, "plate": None}


def test_the_plan_of_a_round_is_the_plan_of_a_person(registered: Lab) -> None:
    planned = registered.campaign.plan(seed=5, by="ada", dry_run=True).document
    run_round(registered.campaign, seed=5)
    assert registered.campaign.plan().document == planned


def test_automatic_approval_is_for_the_plates_of_rounds_only(registered: Lab) -> None:
    registered.says(AUTOMATIC)
    report = run_round(registered.campaign)
    assert report.approved == (PLATE,)
    assert registered.states() == {PLATE: "approved"}
    assert (registered.home / "plates" / PLATE / "sheet.html").is_file()
    registered.drop_all()
    run_round(registered.campaign, take_in=True)
    registered.drop_all("second.csv", SECOND, 0.15)
    run_round(registered.campaign)
    third = "SMALL-SPINEL-003"
    registered.campaign.cancel(third, by="ada")
    registered.campaign.plan(by="ada")
    report = run_round(registered.campaign)
    assert (report.step.kind, report.approved) == ("wait", ())
    assert registered.states()["SMALL-SPINEL-004"] == "proposed"


def test_a_dry_run_keeps_nothing(registered: Lab) -> None:
    registered.drop("bad.csv", "sample\nx\n")
    before = len(registered.campaign.records.events())
    report = run_round(registered.campaign, dry_run=True)
    assert (report.step.kind, report.plate) == ("plan", PLATE)
    assert registered.states() == {}
    assert len(registered.campaign.records.events()) == before
    assert registered.files() == ["bad.csv"]


def test_a_person_who_plans_meanwhile_goes_first(registered: Lab) -> None:
    planned = []

    def meanwhile(_: str) -> None:
        if not planned:
            planned.append("")
            planned[0] = registered.campaign.plan(by="ada").id

    report = run_round(registered.campaign, progress=meanwhile)
    assert planned == [PLATE]
    assert (report.step.kind, report.step.plate, report.plate) == ("wait", PLATE, None)
    assert registered.states() == {PLATE: "proposed"}


def test_values_that_are_taken_back_while_planning_are_not_planned_from(lab: Lab) -> None:
    lab.campaign.upload([lab.drop_all()], by="bo")
    did = []

    def meanwhile(_: str) -> None:
        if not did:
            did.append(lab.campaign.retract(f"{PLATE}-A01", "ionic_conductivity", "cracked", by="ada"))

    with pytest.raises(OutdatedError, match="changed meanwhile: value marked retracted by ada; plan again"):
        lab.campaign.plan(by="bo", progress=meanwhile)
    assert lab.states() == {PLATE: "complete"}
    did.clear()
    lab.campaign.trust(f"{PLATE}-A01", "ionic_conductivity", "not cracked", by="ada")
    report = run_round(lab.campaign, progress=meanwhile)
    assert report.plate == SECOND
    assert [event.details["kind"] for event in lab.events("round")] == ["plan"]
    retracted = lab.events("value marked retracted")[-1]
    assert retracted.id < lab.events("plate proposed")[-1].id


def test_a_plan_that_cannot_be_made_is_a_failed_round(registered: Lab) -> None:
    registered.campaign.exclude("Cl", "none left", by="ada")
    with pytest.raises(PlanError) as caught:
        run_round(registered.campaign)
    (event,) = registered.events("round")
    assert event.details["kind"] == "failed"
    assert event.why == str(caught.value.problems[0])
    assert registered.states() == {}


def test_files_that_a_death_left_out_are_written_by_the_next_round(
    registered: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(registered.home))

    monkeypatch.setattr(planning_round, "write_plate_files", full)
    with pytest.raises(Exception, match="No space left on device"):
        run_round(registered.campaign)
    assert registered.states() == {PLATE: "proposed"}
    folder = registered.home / "plates" / PLATE
    assert not folder.exists()
    monkeypatch.undo()
    report = run_round(registered.campaign)
    assert report.step.kind == "wait"
    assert (folder / "plan.html").is_file()
    assert len(registered.events("plate proposed")) == 1
