"""As-weighed masses and actual settings."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from campaign_shell import Shell, Write, all_wells

from alloop.records import SampleRow

PLATE = "SMALL-SPINEL-001"


def samples(shell: Shell) -> dict[str, SampleRow]:
    return {sample.well: sample for sample in shell.records().samples("small-spinel")}


def weigh_list(shell: Shell) -> list[dict[str, str]]:
    with (shell.home / "plates" / PLATE / "weigh_list.csv").open() as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_weigh_list_filled_in_as_planned_changes_next_to_nothing(approved: Shell, folder: Path) -> None:
    planned = samples(approved)
    done = approved.json("made", PLATE, write(folder / "weighed.csv", weigh_list(approved)))
    assert done["samples_prepared"] == 8
    assert done["warnings"] == []
    for well, sample in samples(approved).items():
        assert sample.masses_mg
        total, before = sum(sample.elements.values()), sum(planned[well].elements.values())
        for element, amount in planned[well].elements.items():
            assert float(sample.elements[element] / total) == pytest.approx(float(amount / before), abs=2e-3)


def test_a_slip_at_the_balance_is_what_is_learned_from(approved: Shell, folder: Path) -> None:
    rows = weigh_list(approved)
    chlorides = [name for name in rows[0] if name.startswith("LiCl")]
    rows[0][chlorides[0]] = str(2 * float(rows[0][chlorides[0]]))
    done = approved.json("made", PLATE, write(folder / "weighed.csv", rows))
    assert len(done["warnings"]) == 1
    assert rows[0]["well"] in done["warnings"][0]
    made = samples(approved)[rows[0]["well"]]
    assert made.formula != rows[0]["formula"]


def test_actual_settings_and_their_correction(approved: Shell, results: Write) -> None:
    approved.ok("made", PLATE, results("made.csv", "well;milling_time [min];note\nA1;330;mill stopped\n"))
    assert samples(approved)["A01"].settings["milling_time"] == 5.5
    assert samples(approved)["A01"].note == "mill stopped"
    assert not samples(approved)["A02"].masses_mg
    approved.ok("made", PLATE, results("again.csv", f"sample;milling_time [h]\n{PLATE}-A01;6\n"))
    assert samples(approved)["A01"].settings["milling_time"] == 6
    assert approved.json("status", "small-spinel")["plates"][0]["state"] == "in_synthesis"


def test_everything_that_is_wrong_with_a_table_is_said_at_once(approved: Shell, results: Write) -> None:
    text = "well,LiCl [mg],MgCl2 [mg]\nA1,abc,1\nA9,1,1\nA2,1,\nB1,-1,2\n"
    lines = " ".join(approved.fails("made", PLATE, results("made.csv", text)))
    assert "'abc' is not a number" in lines
    text = text.replace("abc", "3")
    lines = " ".join(approved.fails("made", PLATE, results("made.csv", text)))
    assert "no well A09" in lines
    assert "'-1' is no mass" in lines
    assert approved.json("status", "small-spinel")["plates"][0]["state"] == "approved"
    assert "well" in approved.fails("made", PLATE, results("made.csv", "name,mass\nA1,2\n"))[0]
    assert "no row says" in approved.fails("made", PLATE, results("made.csv", "well,LiCl [mg]\nA1,\n"))[0]


def test_a_plate_is_made_once_and_only_when_approved(campaign: Shell) -> None:
    campaign.ok("plan", "small-spinel")
    assert "waits for approval" in campaign.fails("made", PLATE)[0]
    campaign.ok("approve", PLATE)
    campaign.ok("made", PLATE, "--dry-run")
    campaign.ok("made", PLATE)
    assert campaign.fails("made", PLATE)


def test_results_of_a_plate_nobody_said_was_made(approved: Shell, results: Write) -> None:
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    assert approved.json("status", "small-spinel")["plates"][0]["state"] == "complete"
