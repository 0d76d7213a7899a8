"""Uploads whole or not at all, and doubts."""

from __future__ import annotations

from pathlib import Path

from campaign_shell import Shell, Write, all_wells, wide

PLATE = "SMALL-SPINEL-001"


def count(shell: Shell) -> int:
    rows = shell.records().measurements("small-spinel")
    return sum(row.origin == "laboratory" for row in rows)


def test_everything_wrong_with_an_upload_is_said_and_nothing_recorded(
    approved: Shell, results: Write
) -> None:
    text = (
        "sample,ionic_conductivity [cm² s⁻¹],target_phase_fraction [%]\n"
        f"{PLATE}-A01,1e-4,90\n{PLATE}-Z09,1e-4,90\n{PLATE}-A02,1e-4,lots\n"
    )
    lines = approved.fails("upload", "small-spinel", results("bad.csv", text))
    assert len(lines) == 3
    assert any("not a conductivity" in line or "S/cm" in line for line in lines)
    assert any("Z09" in line and "row 3" in line for line in lines)
    assert any("lots" in line for line in lines)
    assert count(approved) == 0
    code, out, _ = approved("upload", "small-spinel", results("bad.csv", text), "--json")
    assert code == 2
    assert out.count('"what"') == 3


def test_files_that_are_no_tables(approved: Shell, folder: Path) -> None:
    (folder / "empty.csv").write_bytes(b"")
    (folder / "paper.csv").write_bytes(b"%PDF-1.7 and so on")
    lines = approved.fails("upload", "small-spinel", folder / "empty.csv", folder / "paper.csv")
    assert len(lines) == 2
    assert "empty" in lines[0]
    assert "PDF" in lines[1]
    with (folder / "huge.csv").open("wb") as stream:
        stream.truncate(200_000_000)
    assert "200 MB" in approved.fails("upload", "small-spinel", folder / "huge.csv")[0]
    assert approved.fails("upload", "small-spinel", folder / "missing.csv")


def test_one_bad_file_keeps_the_good_one_out(approved: Shell, results: Write) -> None:
    good, bad = results("good.csv", all_wells(PLATE)), results("bad.csv", "sample,colour\nX,red\n")
    approved.fails("upload", "small-spinel", good, bad)
    assert count(approved) == 0


def test_the_same_bytes_twice_are_one_upload(approved: Shell, results: Write) -> None:
    table = results("one.csv", all_wells(PLATE))
    first = approved.json("upload", "small-spinel", table)
    copy = results("copy.csv", table.read_text())
    second = approved.json("upload", "small-spinel", copy)
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert second["upload"] == first["upload"]
    assert count(approved) == 16


def test_a_dry_run_says_the_same_and_keeps_nothing(approved: Shell, results: Write) -> None:
    table = results("one.csv", all_wells(PLATE))
    assert approved.json("upload", "small-spinel", table, "--dry-run")["measurements"] == 16
    assert count(approved) == 0
    assert approved.json("status", "small-spinel")["plates"][0]["state"] == "approved"
    assert approved.json("upload", "small-spinel", table)["is_new"]


def test_results_of_a_proposal_are_refused(campaign: Shell, results: Write) -> None:
    campaign.ok("plan", "small-spinel")
    lines = campaign.fails("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    assert "approve" in lines[0]


def test_a_doubted_value_does_not_count_until_it_is_trusted(approved: Shell, results: Write) -> None:
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    best = f"{PLATE}-B04"
    for verb in ("suspect", "retract"):
        approved.ok(verb, best, "ionic_conductivity", "--why", "bad contact", "--by", "ada")
        status = approved.json("status", "small-spinel")
        assert status["best"]["ionic_conductivity"]["sample"] == f"{PLATE}-B03"
        assert status["values"]["ionic_conductivity"] == 7 + 3
        assert "already" in approved.fails(verb, best, "sigma", "--why", "again")[0]
        approved.ok("trust", best, "sigma", "--why", "measured again")
        assert approved.json("status", "small-spinel")["best"]["ionic_conductivity"]["sample"] == best
    assert "reason" in approved.fails("retract", best, "sigma", "--why", "")[0]
    assert "it has ionic_conductivity" in approved.fails("retract", best, "density", "--why", "x")[0]
    assert approved.fails("retract", "SMALL-SPINEL-007-A01", "sigma", "--why", "x")


def test_values_at_another_temperature_are_kept_and_not_learned_from(approved: Shell, results: Write) -> None:
    text = (
        wide(PLATE, {"A01": (0.1, 95, "ok")})
        + f"{PLATE}-A01,30,95,200,total,\n{PLATE}-A02,0.2,95,28,total,ok\n"
    )
    approved.ok("upload", "small-spinel", results("one.csv", text))
    status = approved.json("status", "small-spinel")
    assert status["values_unused"]["ionic_conductivity"] == 2
    assert status["best"]["ionic_conductivity"]["value"] == 2e-4
