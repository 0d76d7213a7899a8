"""Several plates at once, and plates with blocks, stations and wells that cannot be used."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from campaign_shell import TEXT, Shell, Write, all_wells

PLATE = "SMALL-SPINEL-001"
PARTS = """\
  blocks: {by: rows, size: 1}
  stations:
    - {name: glovebox, atmosphere: inert, wells: 2}
    - {name: bench, atmosphere: air, wells: 8}
"""


@pytest.fixture
def trays(shell: Shell, folder: Path) -> Shell:
    """The small campaign on plates of two blocks, indium and zirconium in the glovebox, five wells in a row."""
    text = TEXT.replace("shared_by: plate", "shared_by: block").replace("columns: 4", "columns: 5")
    text = text.replace("controls: {count: 1", "controls: {count: 2").replace(
        "replicates: 1", "replicates: 0"
    )
    for formula in ("InCl3", "ZrCl4"):
        text = text.replace(f"{{formula: {formula}}}", f"{{formula: {formula}, atmosphere: inert}}")
    text = text.replace("literature", f"{PARTS}  skip: [A1, B5]\nliterature")
    (folder / "small.yaml").write_text(text)
    shell.ok("init", folder / "small.yaml")
    return shell


def new_recipes(plan: dict[str, Any]) -> list[str]:
    return [well["recipe"] for well in plan["wells"] if well["role"] in ("candidate", "random")]


def test_plates_planned_at_once_know_each_other(campaign: Shell) -> None:
    done = campaign.json("plan", "small-spinel", "--plates", "3")
    plans = done["plates"]
    assert done["campaign"] == "small-spinel"
    assert [plan["plate"] for plan in plans] == [f"SMALL-SPINEL-00{n}" for n in (1, 2, 3)]
    recipes = [recipe for plan in plans for recipe in new_recipes(plan)]
    assert len(recipes) == len(set(recipes))
    for plan in plans:
        assert [well["role"] for well in plan["wells"]].count("control") == 1
        assert (Path(plan["folder"]) / "plan.html").is_file()
    assert plans[0]["shared_settings"] != plans[1]["shared_settings"]
    shown = campaign.json("plan", "small-spinel", "--plates", "2")["plates"]
    assert [plan["plate"] for plan in shown] == ["SMALL-SPINEL-002", "SMALL-SPINEL-003"]
    assert not any(plan["is_new"] for plan in shown)


def test_the_first_of_several_plates_is_the_one_planned_alone(campaign: Shell) -> None:
    alone = campaign.json("plan", "small-spinel", "--dry-run")
    several = campaign.json("plan", "small-spinel", "--plates", "2", "--dry-run")["plates"]
    assert several[0]["wells"] == alone["wells"]
    assert campaign.json("status", "small-spinel")["plates"] == []


def test_either_all_plates_are_kept_or_none(campaign: Shell, folder: Path) -> None:
    small = TEXT.replace("[Zn2+, Mn2+, In3+, Zr4+], max: 0.4", "[Zn2+, In3+], max: 0.1")
    (folder / "small.yaml").write_text(small)
    campaign.ok("init", folder / "small.yaml")
    said = campaign.fails("plan", "small-spinel", "--plates", "8")
    assert "of 8: nothing is left to propose" in said[0]
    assert campaign.json("status", "small-spinel")["plates"] == []
    assert "1 to 24" in campaign.fails("plan", "small-spinel", "--plates", "25")[0]


def test_replaced_proposals_hand_their_locked_wells_to_their_successors(campaign: Shell) -> None:
    first = campaign.json("plan", "small-spinel", "--plates", "2")["plates"]
    labels = [next(w["well"] for w in plan["wells"] if w["role"] == "candidate") for plan in first]
    for plan, label in zip(first, labels, strict=True):
        campaign.ok("lock", plan["plate"], label)
    second = campaign.json("plan", "small-spinel", "--plates", "2", "--replace", "--seed", "9")["plates"]
    for before, after, label in zip(first, second, labels, strict=True):
        kept = {well["well"]: well["key"] for well in before["wells"]}[label]
        assert [w["key"] for w in after["wells"] if w["locked"]] == [kept]
    assert [plan["seed"] for plan in second] == [9, 10]


def test_wells_can_be_named(campaign: Shell) -> None:
    plan = campaign.json("plan", "small-spinel", "--wells", "A2-B3", "--dry-run")
    assert [well["well"] for well in plan["wells"]] == ["A02", "A03", "B02", "B03"]
    assert "no well C01" in campaign.fails("plan", "small-spinel", "--wells", "C1")[0]


def test_blocks_and_stations_stand_in_every_file(trays: Shell) -> None:
    plan = trays.json("plan", "small-spinel")
    labels = [well["well"] for well in plan["wells"]]
    assert labels == ["A02", "A03", "A04", "A05", "B01", "B02", "B03", "B04"]
    assert plan["shared_settings"] == {}
    assert [block["name"] for block in plan["blocks"]] == ["row A", "row B"]
    for block in plan["blocks"]:
        own = [well for well in plan["wells"] if well["block"] == block["name"]]
        assert [well["well"] for well in own] == block["wells"]
        level = block["settings"]["anneal_temperature"]["value"]
        assert {well["process"]["anneal_temperature"] for well in own} == {level}
        assert [well["role"] for well in own].count("control") == 1
    for well in plan["wells"]:
        if {"In3+", "Zr4+"} & set(well["composition"]["M"]):
            assert well["station"] == "glovebox"
    assert sum(well["station"] == "glovebox" for well in plan["wells"]) <= 2
    trays.ok("approve", PLATE)
    folder = Path(plan["folder"])
    rows = list(csv.DictReader((folder / "plate.csv").open()))
    assert [row["block"] for row in rows] == [well["block"] for well in plan["wells"]]
    rows = list(csv.DictReader((folder / "worklist.csv").open()))
    assert {row["well"]: row["station"] for row in rows} == {w["well"]: w["station"] for w in plan["wells"]}
    sheet = (folder / "sheet.html").read_text()
    assert "row A: anneal temperature" in sheet
    assert "Make in the station bench (air)" in sheet
    assert 'stroke-width="0.9"' in (folder / "map.svg").read_text()


def test_edits_keep_a_blocks_settings_and_the_stations(trays: Shell) -> None:
    plan = trays.json("plan", "small-spinel")
    free = [w for w in plan["wells"] if w["role"] == "candidate"]
    level = free[0]["process"]["anneal_temperature"]
    other = 700 - level
    formula = "Li1.9Mg0.9In0.1Cl4"
    said = trays.fails("swap", PLATE, free[0]["well"], formula, "--set", f"anneal_temperature={other}")
    assert (
        f"all wells of block row {free[0]['well'][0]} have anneal_temperature {level}, not {other}" in said[0]
    )
    on_bench = [well["well"] for well in free if well["station"] == "bench"]
    sensitive = sum(bool({"In3+", "Zr4+"} & set(w["composition"]["M"])) for w in plan["wells"])
    for label in on_bench[: 2 - sensitive]:
        trays.ok("swap", PLATE, label, formula)
        formula = "Li1.8Mg0.8In0.2Cl4"
    said = trays.fails("swap", PLATE, on_bench[2 - sensitive], "Li1.7Mg0.7In0.3Cl4")
    assert "3 wells would need inert gas, the inert stations make 2" in said[0]
    locked = [well["well"] for well in free][-1]
    trays.ok("lock", PLATE, locked)
    before = {w["well"]: w["process"]["anneal_temperature"] for w in plan["wells"]}
    again = trays.json("plan", "small-spinel", "--replace", "--seed", "3")
    after = {w["well"]: w["process"]["anneal_temperature"] for w in again["wells"]}
    assert all(after[label] == before[locked] for label in after if label[0] == locked[0])
    assert {w["block"] for w in again["wells"] if w["locked"]} <= {"row A", "row B"}
    said = trays.fails(
        "plan", "small-spinel", "--replace", "--set", f"anneal_temperature={700 - before[locked]}"
    )
    assert f"locked well {locked}: has anneal_temperature {before[locked]}" in " ".join(said)


def test_a_later_plate_says_what_its_rules_cost(trays: Shell, results: Write) -> None:
    trays.ok("plan", "small-spinel")
    trays.ok("approve", PLATE)
    text = all_wells(PLATE).replace("A01", "A05")
    trays.ok("upload", "small-spinel", results("one.csv", text))
    plan = trays.json("plan", "small-spinel")
    rules = {price["rule"]: price for price in plan["rule_prices"]}
    assert {"stations", "shared_by block", "reserved", "min_distance"} <= set(rules)
    assert all(0 <= price["utility_lost_percent"] <= 100 for price in rules.values())
    page = (Path(plan["folder"]) / "plan.html").read_text()
    assert "What the rules cost" in page
    assert rules["reserved"]["words"] in page
    assert plan["advice"].startswith("SMALL-SPINEL-002 is expected to ")
    assert plan["advice"] in page
    text = trays.ok("plan", "small-spinel")
    assert all(price["words"] in text for price in rules.values())
    assert plan["advice"] in text
    assert "made in glovebox (inert): " in text
    told = trays.ok("plan", "small-spinel", "--explain", "A2-B2")
    assert told.count("\n  Near: ") == told.count("\n  Teaches: ") == 2
    assert "Driven by" in told
    assert "names no well" in " ".join(trays.fails("plan", "small-spinel", "--explain", "x"))
    assert plan["advice"] in trays.ok("status", "small-spinel")


def test_swaps_that_break_a_rule_are_pointed_out(campaign: Shell, folder: Path) -> None:
    (folder / "small.yaml").write_text(TEXT.replace("  rows: 2", "  max_precursors: 3\n  rows: 2"))
    campaign.ok("init", folder / "small.yaml")
    plan = campaign.json("plan", "small-spinel")
    used = {s for w in plan["wells"] for s in w["composition"]["M"]}
    new = next(s for s in ("Zn", "Mn") if f"{s}2+" not in used)
    label = next(w["well"] for w in plan["wells"] if w["role"] == "candidate")
    done = campaign.json("swap", PLATE, label, f"Li2Mg0.9{new}0.1Cl4")
    assert "max_precursors is 3" in " ".join(done["warnings"])
