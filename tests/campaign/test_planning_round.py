"""What `plan` does with open proposals, seeds, locks and folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from campaign_shell import Shell, Write, all_wells

PLATE = "SMALL-SPINEL-001"


def test_same_data_and_seed_give_the_same_bytes(
    shell: Shell, folder: Path, results: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    table = results("one.csv", all_wells(PLATE))
    plans = []
    for name in ("one", "two"):
        other = Shell(folder / name, capsys)
        other.ok("init", folder / "small.yaml", "--by", name)
        other.ok("plan", "small-spinel", "--by", name)
        other.ok("approve", PLATE, "--by", name)
        other.ok("upload", "small-spinel", table, "--by", name)
        other.ok("plan", "small-spinel", "--by", name)
        plans.append([path.read_bytes() for path in sorted((folder / name / "plates").glob("*/plan.json"))])
    assert len(plans[0]) == 2
    assert plans[0] == plans[1]


def test_another_seed_gives_another_plate(campaign: Shell) -> None:
    plans = [campaign.json("plan", "small-spinel", "--seed", seed, "--dry-run") for seed in (1, 2)]
    assert plans[0]["seed"] == 1
    assert plans[0]["wells"] != plans[1]["wells"]


def test_a_dry_run_keeps_nothing(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel", "--dry-run")
    assert campaign.json("status", "small-spinel")["plates"] == []
    assert not (campaign.home / "plates").exists()


def test_an_open_proposal_is_shown_again(campaign: Shell) -> None:
    first = campaign.json("plan", "small-spinel")
    shutil.rmtree(campaign.home / "plates" / PLATE)
    again = campaign.json("plan", "small-spinel", "--seed", "7")
    assert again["wells"] == first["wells"]
    assert (first["is_new"], again["is_new"]) == (True, False)
    assert again["seconds"] == first["seconds"]
    assert (campaign.home / "plates" / PLATE / "plan.html").is_file()
    assert "still open" in campaign.ok("plan", "small-spinel")


def test_replacing_keeps_locked_wells_and_frees_the_others(campaign: Shell) -> None:
    first = {well["well"]: well for well in campaign.json("plan", "small-spinel")["wells"]}
    label = next(label for label, well in first.items() if well["role"] == "candidate")
    campaign.ok("lock", PLATE, label)
    plan = campaign.json("plan", "small-spinel", "--replace", "--seed", "5")
    second = {well["well"]: well for well in plan["wells"]}
    assert plan["plate"] == "SMALL-SPINEL-002"
    assert second[label]["key"] == first[label]["key"]
    assert second[label]["locked"]
    assert second[label]["predictions"] == first[label]["predictions"]
    assert len(second) == 8
    states = {plate["id"]: plate["state"] for plate in campaign.json("status", "small-spinel")["plates"]}
    assert states == {PLATE: "rejected", "SMALL-SPINEL-002": "proposed"}


def test_a_locked_well_keeps_what_stands_behind_it(approved: Shell, results: Write) -> None:
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    first = approved.json("plan", "small-spinel")
    entry = next(well for well in first["wells"] if well["role"] == "candidate")
    approved.ok("lock", first["plate"], entry["well"])
    second = approved.json("plan", "small-spinel", "--replace")
    kept = next(well for well in second["wells"] if well["well"] == entry["well"])
    for name in ("key", "reason", "neighbours", "drivers", "teaches", "predictions"):
        assert kept[name] == entry[name]
    assert kept["neighbours"]
    assert kept["locked"]


def test_another_plate_holds_other_candidates(campaign: Shell) -> None:
    first, second = campaign.json("plan", "small-spinel"), campaign.json("plan", "small-spinel", "--another")
    assert second["plate"] == "SMALL-SPINEL-002"
    pending = {well["recipe"] for well in first["wells"] if well["role"] != "control"}
    assert not pending & {well["recipe"] for well in second["wells"] if well["role"] != "control"}


def test_fewer_wells_a_fixed_setting_and_a_second_folder(campaign: Shell, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    plan = campaign.json(
        "plan", "small-spinel", "--wells", "5", "--set", "anneal_temperature=400", "--out", out
    )
    assert len(plan["wells"]) == 5
    assert {well["process"]["anneal_temperature"] for well in plan["wells"]} == {400}
    assert (out / "plan.json").read_bytes() == (Path(plan["folder"]) / "plan.json").read_bytes()


def test_what_cannot_be_planned(campaign: Shell) -> None:
    assert "1 to 8 wells" in campaign.fails("plan", "small-spinel", "--wells", "9")[0]
    assert "--replace or --another" in campaign.fails("plan", "small-spinel", "--replace", "--another")[0]
    assert (
        "choose one of 300, 400"
        in campaign.fails("plan", "small-spinel", "--set", "anneal_temperature=350")[0]
    )
    assert "milling_time" in campaign.fails("plan", "small-spinel", "--set", "mill=1")[0]
    assert "NAME=VALUE" in campaign.fails("plan", "small-spinel", "--set", "mill")[0]
    assert "did you mean small-spinel" in campaign.fails("plan", "small-spinal")[0]


def test_numbers_of_rejected_plates_are_not_used_again(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel")
    campaign.ok("reject", PLATE, "--why", "too little zinc left")
    assert campaign.json("plan", "small-spinel")["plate"] == "SMALL-SPINEL-002"
