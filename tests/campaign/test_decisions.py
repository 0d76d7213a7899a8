"""Approving, rejecting, cancelling, closing; swapping, locking, excluding."""

from __future__ import annotations

import json
from typing import Any

from campaign_shell import Shell, Write, all_wells

PLATE = "SMALL-SPINEL-001"


def plan_of(shell: Shell) -> dict[str, Any]:
    found = json.loads((shell.home / "plates" / PLATE / "plan.json").read_text())
    return {well["well"]: well for well in found["wells"]}


def test_steps_that_a_plate_cannot_take(approved: Shell, results: Write) -> None:
    assert "cannot be rejected" in approved.fails("reject", PLATE, "--why", "late")[0]
    assert "cannot be changed" in approved.fails("lock", PLATE, "A1")[0]
    assert "cannot be closed" in approved.fails("close", PLATE)[0]
    assert "no such plate" in approved.fails("approve", "SMALL-SPINEL-009")[0]
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    assert "cannot be cancelled" in approved.fails("cancel", PLATE)[0]


def test_rejecting_needs_a_reason(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel")
    assert "--why" in campaign.fails("reject", PLATE)[0]
    assert "needs a reason" in campaign.fails("reject", PLATE, "--why", " ")[0]


def test_approving_again_writes_the_files_again(approved: Shell) -> None:
    sheet = approved.home / "plates" / PLATE / "sheet.html"
    sheet.unlink()
    approved.ok("approve", PLATE)
    assert sheet.is_file()


def test_a_dry_run_of_a_decision_keeps_nothing(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel")
    campaign.ok("approve", PLATE, "--dry-run")
    campaign.ok("reject", PLATE, "--why", "no", "--dry-run")
    assert campaign.json("status", "small-spinel")["plates"][0]["state"] == "proposed"
    assert not (campaign.home / "plates" / PLATE / "sheet.html").exists()


def test_a_swapped_well_is_predicted_anew_and_locked(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel")
    before = plan_of(campaign)
    done = campaign.json(
        "swap", PLATE, "a2", "Li2Mg0.7Zn0.3Cl4", "--set", "milling_time=1", "--why", "a hunch", "--by", "ada"
    )
    after = plan_of(campaign)
    assert after["A02"]["formula"] == "Li2Mg0.7Zn0.3Cl4"
    assert after["A02"]["process"]["milling_time"] == 1
    assert after["A02"]["process"]["anneal_temperature"] == before["A02"]["process"]["anneal_temperature"]
    assert after["A02"]["predictions"].keys() == done["predictions"].keys()
    assert "ada" in after["A02"]["reason"]
    assert "a hunch" in after["A02"]["reason"]
    assert after["A02"]["locked"]
    assert {label: well for label, well in after.items() if label != "A02"} == {
        label: well for label, well in before.items() if label != "A02"
    }
    campaign.ok("approve", PLATE)
    weighed = (campaign.home / "plates" / PLATE / "weigh_list.csv").read_text()
    assert "Li2Mg0.7Zn0.3Cl4" in weighed


def test_a_swap_by_key_takes_its_settings(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel", "--set", "anneal_temperature=300")
    key = "M=Mg2+:4/5,Zn2+:1/5;X=Cl-:4;+=Li+:2|anneal_temperature=300;milling_time=1"
    campaign.ok("swap", PLATE, "A1", key)
    assert plan_of(campaign)["A01"]["key"] == key
    assert plan_of(campaign)["A01"]["process"] == {"anneal_temperature": 300, "milling_time": 1}
    assert campaign.json("swap", PLATE, "B4", key)["warnings"] == [
        "wells A01 of the plate hold the same recipe"
    ]


def test_swaps_that_make_no_sense(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel", "--set", "anneal_temperature=300")
    assert "Ca" in campaign.fails("swap", PLATE, "A1", "Li2CaCl4")[0]
    assert "A05" in campaign.fails("swap", PLATE, "A5", "Li2MgCl4")[0]
    lines = campaign.fails("swap", PLATE, "A1", "Li2MgCl4", "--set", "anneal_temperature=400")
    assert "all wells of the plate have anneal_temperature 300" in lines[0]
    assert "what?" in campaign.fails("swap", PLATE, "A1", "what?")[0]


def test_excluded_elements_and_candidates_are_not_planned(campaign: Shell) -> None:
    first = campaign.json("plan", "small-spinel", "--seed", "1", "--dry-run")
    key = next(well["key"] for well in first["wells"] if well["role"] == "candidate")
    campaign.ok("exclude", "small-spinel", "Mn", "--why", "the lab's policy", "--by", "ada")
    campaign.ok("exclude", "small-spinel", key, "--why", "explodes")
    plan = campaign.json("plan", "small-spinel", "--seed", "1")
    assert all("Mn" not in well["formula"] and well["key"] != key for well in plan["wells"])
    assert plan["data_hash"] != first["data_hash"]
    assert len(campaign.json("status", "small-spinel")["excluded"]) == 2
    assert "excluded already" in campaign.fails("exclude", "small-spinel", "Mn", "--why", "again")[0]
    campaign.ok("exclude", "small-spinel", "Mn", "--why", "policy changed", "--lift")
    assert "not excluded" in campaign.fails("exclude", "small-spinel", "Mn", "--why", "again", "--lift")[0]
    assert "holds no Cd" in campaign.fails("exclude", "small-spinel", "Cd", "--why", "toxic")[0]
    assert "neither" in campaign.fails("exclude", "small-spinel", "Mangan", "--why", "toxic")[0]
