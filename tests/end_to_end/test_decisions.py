"""What people decide about plans, and what alloop says when decisions do not go together."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from campaign_shell import TEXT, Shell, all_wells, wide

from alloop.cli.app import run

PLATE, SECOND = "SMALL-SPINEL-001", "SMALL-SPINEL-002"


def test_an_excluded_element_is_pointed_out_wherever_it_is_still_planned(approved: Shell) -> None:
    second = approved.json("plan", "small-spinel")
    with_zirconium = [well["well"] for well in second["wells"] if "Zr" in well["formula"]]
    assert with_zirconium
    code, _, err = approved("exclude", "small-spinel", "Zr", "--why", "none left")
    assert code == 0
    assert f"the proposal {SECOND} holds it ({', '.join(with_zirconium)})" in err
    assert "--replace" in err
    swapped = approved.json("swap", SECOND, "A1", "Li1.8Mg0.9Zr0.1Cl4", "--set", "milling_time=5")
    assert any("Zr, excluded: none left" in line for line in swapped["warnings"])
    code, _, err = approved("approve", SECOND, "--dry-run")
    assert code == 0
    assert "well A01: Li1.8Mg0.9Zr0.1Cl4 holds Zr, excluded: none left" in err
    third = approved.json("plan", "small-spinel", "--replace")
    assert [well["well"] for well in third["wells"] if "Zr" in well["formula"]] == ["A01"]  # it was locked
    assert "holds it" not in approved("exclude", "small-spinel", "Zr", "--why", "", "--lift")[2]


def test_an_excluded_candidate_is_pointed_out_too(approved: Shell) -> None:
    key = approved.json("plan", "small-spinel")["wells"][0]["key"]
    assert f"{SECOND} holds it (A01)" in approved("exclude", "small-spinel", key, "--why", "x")[2]
    assert "is excluded: x" in approved("approve", SECOND)[2]


def test_swaps_are_checked_and_a_double_is_pointed_out(approved: Shell) -> None:
    plan = approved.json("plan", "small-spinel")
    wells = {well["well"]: well for well in plan["wells"]}
    done = approved.json("swap", SECOND, "a1", wells["B01"]["key"])
    assert done["after"]["key"] == wells["B01"]["key"]
    assert any("B01" in line and "same recipe" in line for line in done["warnings"])
    for arguments, said in {
        ("A1", "Li1.8Mg0.9Zr0.1Cl5"): "no levels of the space give Cl",
        ("A1", "Li1.6Mg0.6In0.4Br4"): "Br is not in the space",
        ("A1", "gibberish"): "begins no element",
        ("H8", "Li2MgCl4"): "there is no well H08",
        ("17", "Li2MgCl4"): "is not a well",
    }.items():
        assert said in approved.fails("swap", SECOND, *arguments)[0]
    other = 400 if plan["shared_settings"]["anneal_temperature"]["value"] == 300 else 300
    for setting, said in {
        "milling_time=3": "choose one of 1, 5",
        "speed=3": "does not exist",
        "milling_time": "is not NAME=VALUE",
        f"anneal_temperature={other}": "all wells of the plate have",
    }.items():
        assert said in approved.fails("swap", SECOND, "A1", "Li2MgCl4", "--set", setting)[0]


def test_replaced_proposals_keep_what_people_put_in(approved: Shell) -> None:
    approved.ok("plan", "small-spinel", "--seed", "3")
    approved.ok("swap", SECOND, "B2", "Li1.9Mg0.9In0.1Cl4", "--set", "milling_time=1")
    approved.ok("lock", SECOND, "A3")
    before = {well["well"]: well for well in approved.json("plan", "small-spinel")["wells"]}
    again = approved.json("plan", "small-spinel", "--replace", "--seed", "4")
    after = {well["well"]: well for well in again["wells"]}
    assert again["plate"] == "SMALL-SPINEL-003"
    for label in ("A03", "B02"):
        assert after[label]["key"] == before[label]["key"]
        assert after[label]["locked"]
    states = {plate["id"]: plate["state"] for plate in approved.json("status", "small-spinel")["plates"]}
    assert states == {PLATE: "approved", SECOND: "rejected", "SMALL-SPINEL-003": "proposed"}


def test_another_plate_beside_the_proposal_repeats_nothing_of_it(approved: Shell) -> None:
    first = json.loads((approved.home / "plates" / PLATE / "plan.json").read_text())
    second = approved.json("plan", "small-spinel")
    assert approved.json("plan", "small-spinel")["wells"] == second["wells"]
    third = approved.json("plan", "small-spinel", "--another")
    assert third["plate"] == "SMALL-SPINEL-003"
    made = [
        w["recipe"]
        for plan in (first, second, third)
        for w in plan["wells"]
        if w["role"] in ("candidate", "random")
    ]
    assert len(set(made)) == len(made)
    assert approved.fails("plan", "small-spinel", "--another", "--replace")


def test_states_that_do_not_follow_each_other(approved: Shell) -> None:
    assert "cancel it" in approved.fails("reject", PLATE, "--why", "x")[0]
    assert "record it as made first" in approved.fails("close", PLATE)[0]
    approved.ok("made", PLATE)
    for command in (
        ["approve", PLATE],
        ["made", PLATE],
        ["swap", PLATE, "A1", "Li2MgCl4"],
        ["lock", PLATE, "A1"],
    ):
        assert PLATE in approved.fails(*command)[0]
    approved.ok("close", PLATE)
    for command in (["close", PLATE], ["cancel", PLATE], ["approve", PLATE]):
        assert "complete" in approved.fails(*command)[0]
    approved.ok("plan", "small-spinel")
    for command in (["close", SECOND], ["made", SECOND]):
        assert "waits for approval" in approved.fails(*command)[0]
    assert "--why" in approved.fails("reject", SECOND)[0]
    approved.ok("reject", SECOND, "--why", "too dear")
    for command in ("approve", "made", "close", "cancel"):
        assert "it was rejected" in approved.fails(command, SECOND)[0]


def test_late_results_of_closed_and_cancelled_plates_count(approved: Shell, put) -> None:
    approved.ok("made", PLATE)
    approved.ok("close", PLATE)
    approved.ok("upload", "small-spinel", put("late.csv", wide(PLATE, {"A01": (0.3, 95, "ok")})))
    plate = approved.json("status", "small-spinel")["plates"][0]
    assert (plate["state"], plate["measured"]) == ("complete", 1)
    approved.ok("plan", "small-spinel")
    approved.ok("approve", SECOND)
    approved.ok("cancel", SECOND, "--why", "furnace")
    code, _, err = approved("upload", "small-spinel", put("odd.csv", wide(SECOND, {"A01": (0.9, 95, "ok")})))
    assert code == 0
    assert f"warning: plate {SECOND}: it was cancelled" in err
    assert approved.json("status", "small-spinel")["best"]["ionic_conductivity"]["sample"] == f"{SECOND}-A01"


@pytest.mark.parametrize("seed", ["-1", str(2**63), "99999999999999999999999"])
def test_seeds_that_cannot_be_recorded(approved: Shell, seed: str) -> None:
    assert "use a whole number from 0" in approved.fails("plan", "small-spinel", f"--seed={seed}")[0]


def test_conditional_settings_of_controls_and_plates(fresh: Shell, put) -> None:
    text = TEXT.replace(
        "levels: [300, 400], shared_by: plate", "levels: [none, 400], shared_by: plate"
    ).replace(
        "    - {name: milling_time",
        "    - {name: anneal_time, unit: h, levels: [2, 10], shared_by: well,"
        " unless: {anneal_temperature: none}}\n    - {name: milling_time",
    )
    missing = fresh.fails("init", put("small.yaml", text))
    assert "the controls do not say their anneal_time" in missing[0]
    fresh.ok(
        "init", put("small.yaml", text.replace("{milling_time: 5}", "{milling_time: 5, anneal_time: 2}"))
    )
    hot = fresh.json("plan", "small-spinel", "--set", "anneal_temperature=400")
    assert all(
        {"anneal_temperature", "anneal_time", "milling_time"} == set(w["process"]) for w in hot["wells"]
    )
    assert [w["process"]["anneal_time"] for w in hot["wells"] if w["role"] == "control"] == [2]
    assert all(well["rank"] is not None for well in hot["wells"])
    said = fresh.ok("plan", "small-spinel", "--replace", "--set", "anneal_temperature=none")
    assert "8 wells; anneal_temperature none\n" in said
    cold = fresh.json("plan", "small-spinel")
    assert all(set(well["process"]) == {"anneal_temperature", "milling_time"} for well in cold["wells"])
    fresh.ok("approve", SECOND)
    fresh.ok("upload", "small-spinel", put("r.csv", all_wells(SECOND)))
    third = fresh.json("plan", "small-spinel", "--set", "anneal_temperature=400")
    assert all("anneal_time" in well["process"] for well in third["wells"])
    with (fresh.home / "plates" / SECOND / "labels.csv").open() as stream:
        assert all("anneal_temperature none" in row["settings"] for row in csv.DictReader(stream))


def test_a_rehearsal_never_mixes_with_real_results(
    approved: Shell, put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved.ok("upload", "small-spinel", put("real.csv", wide(PLATE, {"A01": (0.3, 95, "ok")})))
    assert approved.fails("run", "small-spinel", "--dry-run")
    (line,) = approved.fails("run", "small-spinel", "--lab", "synthetic")
    assert "results of a real laboratory" in line
    assert "alloop --home rehearsal" in line
    assert ("ALLOOP_DATABASE_URL=sqlite alloop" in line) == (approved.url is not None)
    assert [plate["id"] for plate in approved.json("status", "small-spinel")["plates"]] == [PLATE]
    monkeypatch.setenv("ALLOOP_DATABASE_URL", "sqlite")
    rehearsal = ["--home", str(tmp_path / "rehearsal")]
    assert run([*rehearsal, "init", str(tmp_path / "small.yaml")]) == 0
    for _ in range(2):  # a rehearsal can go on
        assert run([*rehearsal, "run", "small-spinel", "--rounds", "1"]) == 0
