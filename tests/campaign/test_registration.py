"""Registering campaigns, their versions and their literature; pools; what `init` refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaign_shell import LITERATURE, TEXT, Shell, Write, all_wells

from alloop import Campaign

PLATE = "SMALL-SPINEL-001"


def test_the_same_file_again_changes_nothing(campaign: Shell, folder: Path) -> None:
    again = campaign.json("init", folder / "small.yaml")
    assert (again["is_new"], again["changed"], again["version"]) == (False, False, 1)


def test_a_dry_run_makes_no_home(shell: Shell, folder: Path) -> None:
    assert shell.json("init", folder / "small.yaml", "--dry-run")["is_new"]
    assert not shell.home.exists()
    shell.ok("init", folder / "small.yaml")
    (folder / "small.yaml").write_text(TEXT.replace("max: 0.4", "max: 0.3"))
    assert shell.json("init", folder / "small.yaml", "--dry-run")["version"] == 2
    assert len(shell.records().versions("small-spinel")) == 1


def test_a_new_version_keeps_what_was_made_with_the_old_one(
    approved: Shell, folder: Path, results: Write
) -> None:
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    (folder / "small.yaml").write_text(
        TEXT.replace("Mn2+, In3+, Zr4+", "Zr4+").replace("  - {formula: InCl3}\n", "")
    )
    done = approved.json("init", folder / "small.yaml")
    assert (done["is_new"], done["changed"], done["version"]) == (False, True, 2)
    sheet = approved.home / "plates" / PLATE / "sheet.html"
    plan = approved.json("plan", "small-spinel")
    assert plan["file"]["version"] == 2
    assert all(
        "Mn" not in well["formula"] and "In" not in well["formula"]
        for well in plan["wells"]
        if well["role"] != "replicate"
    )
    assert approved.json("status", "small-spinel")["values"]["ionic_conductivity"] == 8 + 3
    assert sheet.is_file()


def test_an_old_plate_is_weighed_from_the_shelf_it_was_planned_with(campaign: Shell, folder: Path) -> None:
    campaign.ok("plan", "small-spinel")
    (folder / "small.yaml").write_text(
        TEXT.replace("Zn2+, Mn2+, In3+, Zr4+", "Zn2+").replace("  - {formula: ZrCl4}\n", "")
    )
    campaign.ok("init", folder / "small.yaml")
    campaign.ok("approve", PLATE)
    assert (campaign.home / "plates" / PLATE / "weigh_list.csv").is_file()


def test_literature_of_the_newest_version_counts_alone(campaign: Shell, folder: Path) -> None:
    assert campaign.json("status", "small-spinel")["values"] == {"ionic_conductivity": 3}
    assert campaign.json("status", "small-spinel")["values_unused"] == {"ionic_conductivity": 1}
    (folder / "table.csv").write_text(LITERATURE.replace("1e-6,S/cm", "2e-6,S/cm"))
    assert campaign.json("init", folder / "small.yaml")["version"] == 2
    assert campaign.json("status", "small-spinel")["values"] == {"ionic_conductivity": 3}
    (folder / "table.csv").write_text(LITERATURE)
    campaign.ok("init", folder / "small.yaml")
    assert campaign.json("status", "small-spinel")["values"] == {"ionic_conductivity": 3}
    assert len(campaign.records().uploads("small-spinel")) == 2


def test_the_campaign_stays_usable_when_its_file_is_gone(campaign: Shell, folder: Path) -> None:
    (folder / "small.yaml").unlink()
    (folder / "table.csv").unlink()
    assert len(campaign.json("plan", "small-spinel")["wells"]) == 8


def test_a_pool_with_a_table_above_its_file(shell: Shell, folder: Path, results: Write) -> None:
    results(
        "pool.csv",
        "formula,anneal [degC]\nLi2MgCl4,300\nLi2ZnCl4,300\nLi2MnCl4,400\nLi3InCl6,400\nLi2ZrCl6,300\n",
    )
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "pool.yaml").write_text(
        "campaign: small-pool\nspace: {pool: {table: ../../pool.csv, process: {anneal_temperature: 'anneal [degC]'}}}\n"
        "objectives: [{property: ionic_conductivity, goal: maximize, scale: log10, unit: S/cm}]\n"
        "plate: {rows: 1, columns: 3, replicates: 0, random: 0}\n"
    )
    shell.ok("init", folder / "deep" / "er" / "pool.yaml")
    (folder / "pool.csv").unlink()
    plan = shell.json("plan", "small-pool")
    assert len(plan["wells"]) == 3
    assert any("no weigh list" in line for line in plan["warnings"])
    shell.ok("approve", "SMALL-POOL-001")
    files = {path.name for path in (shell.home / "plates" / "SMALL-POOL-001").iterdir()}
    assert "labels.csv" in files
    assert "weigh_list.csv" not in files


def test_everything_wrong_with_a_file_and_its_tables(shell: Shell, folder: Path, results: Write) -> None:
    path = results(
        "bad.yaml",
        TEXT.replace("title:", "titel:").replace("Zn2+", "Zn").replace("mobile_ion", "mobile_ions"),
    )
    lines = shell.fails("init", path)
    assert len(lines) >= 3
    assert not shell.home.exists()
    results("table.csv", "formula,ionic_conductivity [m]\nLi2MgCl4,3\n")
    assert "table.csv" in shell.fails("init", folder / "small.yaml")[0]
    assert not shell.home.exists()
    assert "no such file" in shell.fails("init", folder / "nothing.yaml")[0]


def test_commands_without_records_say_how_to_begin(shell: Shell) -> None:
    for command in (["status"], ["plan", "x"], ["approve", "X-001"], ["doctor"], ["upload", "x", "y.csv"]):
        assert "alloop init" in shell.fails(*command)[0]
    assert not shell.home.exists()


@pytest.mark.usefixtures("shell")
def test_the_python_interface(folder: Path, results: Write) -> None:
    campaign = Campaign.open(folder / "small.yaml", home=folder / "lab", by="ada")
    plate = campaign.plan(seed=0, by="ada")
    assert list(plate.wells["well"]) == ["A01", "A02", "A03", "A04", "B01", "B02", "B03", "B04"]
    assert plate.wells["ionic_conductivity_median"].notna().all()
    campaign.approve(plate.id, by="ada")
    bad = campaign.upload([results("bad.csv", "sample,nonsense\nQ,1\n")], by="ada")
    assert not bad.accepted
    assert bad.problems
    report = campaign.upload([results("one.csv", all_wells(PLATE))], by="ada")
    assert report.accepted
    assert report.measurements == 16
    assert Campaign.open("SMALL-SPINEL", home=folder / "lab").status().round == 1
    assert json.dumps(campaign.status().as_json())
