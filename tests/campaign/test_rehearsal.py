"""Closed loops, the demo, the report, and keeping records safe, through the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from campaign_shell import Shell

from alloop.cli.app import run


def test_a_closed_loop_goes_through_the_upload_path(campaign: Shell, folder: Path) -> None:
    done = campaign.json("run", "small-spinel", "--rounds", "2", "--out", folder / "tables", "--by", "robot")
    assert [one["plate"] for one in done["rounds"]] == ["SMALL-SPINEL-001", "SMALL-SPINEL-002"]
    assert {plate["state"] for plate in done["status"]["plates"]} == {"complete"}
    assert (folder / "tables" / "SMALL-SPINEL-001.csv").is_file()
    records = campaign.records()
    uploads = [upload for upload in records.uploads("small-spinel") if upload.origin == "laboratory"]
    assert len(uploads) >= 2
    assert {upload.recorded_by for upload in uploads} == {"robot"}
    page = campaign.json("report", "small-spinel")["file"]
    text = Path(page).read_text()
    assert text.count("<svg") >= 4
    assert "<script" not in text
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    campaign.ok("export", "small-spinel", folder / "out")
    assert list((folder / "out").iterdir())


def test_a_closed_loop_stops_when_the_file_says_so(shell: Shell, folder: Path) -> None:
    path = folder / "small.yaml"
    path.write_text(path.read_text() + "stopping: {max_plates: 1}\n")
    shell.ok("init", path)
    done = shell.json("run", "small-spinel", "--rounds", "3")
    assert len(done["rounds"]) == 1
    assert "1 plates" in done["stopped"]
    assert done["status"]["next_action"].startswith("stop")


def test_a_laboratory_that_does_not_exist(campaign: Shell) -> None:
    assert "--lab" in campaign.fails("run", "small-spinel", "--lab", "moon")[0]
    assert len(campaign.json("run", "small-spinel", "--dry-run")["wells"]) == 8
    assert campaign.json("status", "small-spinel")["plates"] == []


def test_the_demo_runs_both_campaigns_in_a_fresh_folder(
    shell: Shell, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder / "demo"
    arguments = ["demo", str(place), "--rounds", "2", "--campaign", str(folder / "small.yaml")]
    assert run([*arguments, "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert [point["plate"] for point in done["curve"]] == [1, 2]
    assert [point["measured"] for point in done["curve"]] == [8, 16]
    assert done["curve"][1]["alloop"]["hypervolume"] >= done["curve"][0]["alloop"]["hypervolume"]
    for entry in done["open_next"]:
        assert Path(entry["file"]).is_file()
    with (place / "learning_curve.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == 2
    shell.home.mkdir()
    assert "there are no records here" in shell.fails("status")[0]  # a team's database has not heard of it
    monkeypatch.setenv("ALLOOP_DATABASE_URL", "sqlite")
    assert run(["--home", str(place / "records"), "status"]) == 0
    assert run(arguments) == 2
    assert "fresh" in capsys.readouterr().err


def test_a_backup_comes_back(
    approved: Shell, folder: Path, database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = folder / "backup.zip"
    approved.ok("backup", archive)
    other = Shell(folder / "other", capsys, database.new())
    assert other.json("restore", archive, "--dry-run")["campaigns"] == ["small-spinel"]
    assert not other.home.exists()
    assert other.json("restore", archive, "--by", "eve")["campaigns"] == ["small-spinel"]
    status = [shell.json("status", "small-spinel") for shell in (approved, other)]
    assert status[0]["plates"] == status[1]["plates"]
    assert (other.home / "plates" / "SMALL-SPINEL-001" / "sheet.html").is_file()
    assert other.records().events()[-1].recorded_by == "eve"
    assert other.json("doctor")["healthy"]
    assert other.fails("restore", archive)
    assert other.fails("restore", folder / "nothing.zip")


def test_a_pool_is_run_against_the_table_that_knows_its_answers(shell: Shell, folder: Path) -> None:
    rows = [(f"Li{2 + n / 10:.1f}Mg{1 - n / 20:.2f}Cl4", 10.0 ** -(3 + n % 7)) for n in range(16)]
    table = folder / "known.csv"
    table.write_text("compound,sigma 25\n" + "".join(f"{formula},{value:.2e}\n" for formula, value in rows))
    (folder / "pool.csv").write_text("formula\n" + "".join(f"{formula}\n" for formula, _ in rows))
    (folder / "pool.yaml").write_text(
        "campaign: pool\nspace: {pool: pool.csv}\n"
        "objectives: [{property: ionic_conductivity, goal: maximize, scale: log10, unit: S/cm}]\n"
        "plate: {rows: 2, columns: 4, replicates: 0, random: 1}\n"
    )
    shell.ok("init", folder / "pool.yaml")
    columns = ("--column", "formula=compound", "--column", "ionic_conductivity=sigma 25")
    done = shell.json("run", "pool", "--lab", f"replay:{table}", "--rounds", "2", *columns)
    assert [one["wells"] for one in done["rounds"]] == [8, 8]
    assert sum(one["measurements"] for one in done["rounds"]) == 16
    assert done["status"]["best"]["ionic_conductivity"]["value"] == 1e-3
    assert "headings are" in shell.fails("run", "pool", "--lab", f"replay:{table}")[0]
    assert shell.fails("run", "pool", "--lab", "replay:nowhere.csv")
