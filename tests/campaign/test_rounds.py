"""A campaign from its file to its second plate, through the command line."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from campaign_shell import WELLS, Shell, Write, all_wells, wide

from alloop.surrogate.cross_validation import factor_from_experience

PLATE = "SMALL-SPINEL-001"


def test_two_rounds_by_hand(shell: Shell, folder: Path, results: Write) -> None:
    counted = shell.json("space", folder / "small.yaml")
    registered = shell.json("init", folder / "small.yaml", "--by", "ada")
    assert registered["candidates"] == counted["candidates"]
    assert registered["literature"] == {"table.csv": 5}

    plan = shell.json("plan", "small-spinel", "--by", "ada")
    assert plan["plate"] == PLATE
    assert [well["well"] for well in plan["wells"]] == list(WELLS)
    assert {"fit", "screen", "select", "total"} <= plan["seconds"].keys()
    assert plan["peak_memory_MB"] > 0

    approved = shell.json("approve", PLATE, "--by", "bo")
    names = {Path(name).name for name in approved["files"]}
    assert names >= {"plan.json", "plate.csv", "map.svg", "plan.html", "weigh_list.csv", "worklist.csv"}
    assert names >= {"labels.csv", "sheet.html"}
    assert shell.json("made", PLATE, "--by", "bo")["state"] == "in_synthesis"

    report = shell.json("upload", "small-spinel", results("one.csv", all_wells(PLATE)), "--by", "cy")
    assert report["measurements"] == 16
    assert report["started"] == [PLATE]
    assert report["completed"] == [PLATE]

    status = shell.json("status", "small-spinel")
    assert status["round"] == 1
    assert status["plates"][0] | {"since": ""} == {
        "id": PLATE, "state": "complete", "since": "", "wells": 8, "measured": 8, "reported": 8,
    }  # fmt: skip
    assert status["best"]["ionic_conductivity"]["value"] == 0.0008
    assert status["best"]["ionic_conductivity"]["sample"] == f"{PLATE}-B04"
    assert status["hits"] == [0]
    assert status["hypervolume"][0] > 0
    assert status["model"]["ionic_conductivity"]["n"] == 8
    assert status["next_action"].startswith("plan the next plate")

    second = shell.json("plan", "small-spinel", "--by", "ada")
    assert second["plate"] == "SMALL-SPINEL-002"
    assert sorted(well["role"] for well in second["wells"]).count("replicate") == 1
    before = {well["recipe"] for well in plan["wells"]}
    fresh = [well for well in second["wells"] if well["role"] in ("candidate", "random")]
    assert not before & {well["recipe"] for well in fresh}
    assert all(well["predictions"]["ionic_conductivity"]["unit"] == "S/cm" for well in second["wells"])
    assert all(0 <= well["p_hit"] <= 1 and 0 <= well["p_feasible"] <= 1 for well in second["wells"])
    assert all(well["reason"] for well in second["wells"])


def test_all_events_say_who(approved: Shell) -> None:

    events = approved.records().events("small-spinel")
    assert [(event.verb, event.recorded_by) for event in events if event.plate == PLATE][:2] == [
        ("plate proposed", "ada"),
        ("plate approved", "bo"),
    ]


def test_predictions_are_scored_as_they_were_frozen(approved: Shell, results: Write) -> None:
    before = json.loads((approved.home / "plates" / PLATE / "plan.json").read_text())
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    approved.ok("plan", "small-spinel")
    values = {well: 1e-4 * (1 + n) for n, well in enumerate(WELLS)}
    inside = [
        entry["predictions"]["ionic_conductivity"]["low90"]
        <= values[entry["well"]]
        <= entry["predictions"]["ionic_conductivity"]["high90"]
        for entry in before["wells"]
    ]
    trust = approved.json("status", "small-spinel")["model"]["ionic_conductivity"]
    assert trust["n"] == 8
    assert trust["coverage90"] == sum(inside) / 8


def test_the_next_plans_intervals_follow_from_how_these_held(approved: Shell, results: Write) -> None:
    before = json.loads((approved.home / "plates" / PLATE / "plan.json").read_text())
    assert before["models"]["ionic_conductivity"]["interval_factor"] == 1.0
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    plan = approved.json("plan", "small-spinel", "--by", "ada")
    values = {well: 1e-4 * (1 + n) for n, well in enumerate(WELLS)}
    told = [entry["predictions"]["ionic_conductivity"] | {"well": entry["well"]} for entry in before["wells"]]
    far = [math.log10(values[one["well"]] / one["median"]) / one["sd"] for one in told]
    expected = factor_from_experience([np.array(far)])
    assert expected != 1.0
    assert plan["models"]["ionic_conductivity"]["interval_factor"] == pytest.approx(expected, rel=1e-3)
    approved.ok("swap", plan["plate"], "A01", plan["wells"][1]["formula"], "--by", "ada")
    swapped = json.loads((approved.home / "plates" / plan["plate"] / "plan.json").read_text())
    one, other = (swapped["wells"][n]["predictions"]["ionic_conductivity"] for n in (0, 1))
    assert one["sd"] == pytest.approx(other["sd"], rel=0.02)


def test_a_plate_with_failures_and_losses(approved: Shell, results: Write) -> None:
    values: dict[str, tuple[object, object, str]] = dict.fromkeys(WELLS, (0.1, 95, "ok"))
    values |= {"A01": ("", "", "not_formed"), "A02": ("", "", "lost"), "A03": ("<1e-6", 95, "ok")}
    approved.ok("upload", "small-spinel", results("one.csv", wide(PLATE, values)))
    status = approved.json("status", "small-spinel")
    assert status["plates"][0]["state"] == "complete"
    assert status["plates"][0]["measured"] == 6
    plan = approved.json("plan", "small-spinel")
    assert any(well["p_feasible"] < 1 for well in plan["wells"])
    wells = {
        well["well"]: well
        for well in json.loads((approved.home / "plates" / PLATE / "plan.json").read_text())["wells"]
    }
    again = {well["recipe"] for well in plan["wells"] if well["role"] == "candidate"}
    assert wells["A01"]["recipe"] not in again


def test_a_partial_plate_keeps_the_rest_pending(approved: Shell, results: Write) -> None:
    half: dict[str, tuple[object, object, str]] = dict.fromkeys(WELLS[:4], (0.2, 95, "ok"))
    report = approved.json("upload", "small-spinel", results("half.csv", wide(PLATE, half)))
    assert report["completed"] == []
    status = approved.json("status", "small-spinel")
    assert status["plates"][0]["state"] == "measuring"
    assert status["pending_wells"] == 4
    first = json.loads((approved.home / "plates" / PLATE / "plan.json").read_text())
    plan = approved.json("plan", "small-spinel")
    pending = {well["recipe"] for well in first["wells"] if well["role"] != "control"}
    assert not pending & {well["recipe"] for well in plan["wells"] if well["role"] in ("candidate", "random")}
    assert approved.json("close", PLATE, "--why", "the press broke")["state"] == "complete"
    assert approved.json("status", "small-spinel")["pending_wells"] == 8


def test_the_plate_folder_can_be_read_by_other_programs(approved: Shell) -> None:
    folder = approved.home / "plates" / PLATE
    with (folder / "plate.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["well"] for row in rows] == list(WELLS)
    with (folder / "worklist.csv").open() as stream:
        transfers = list(csv.DictReader(stream))
    assert {row["well"] for row in transfers} == set(WELLS)
    assert all(float(row["mass [mg]"]) > 0 for row in transfers)
    assert "PROPOSED" in (folder / "plan.html").read_text()
    assert "PROPOSED" not in (folder / "sheet.html").read_text()
