"""One campaign by hand, from its file to a third plate, as a person at the bench and a notebook see it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from campaign_shell import TEXT, WELLS, Shell, wide

from alloop import Campaign

FIRST, SECOND, THIRD = "SMALL-SPINEL-001", "SMALL-SPINEL-002", "SMALL-SPINEL-003"
WELL_FIELDS = {"well", "role", "key", "rank", "formula", "composition", "process", "predictions", "p_feasible", "p_hit",
               "reason"}  # fmt: skip
PLATE_COLUMNS = ["well", "sample", "role", "replicate_of", "key", "formula"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def state_of(shell: Shell, plate: str) -> str:
    return {one["id"]: one["state"] for one in shell.json("status", "small-spinel")["plates"]}[plate]


def test_a_campaign_by_hand(fresh: Shell, put, database) -> None:
    file = fresh.home.parent / "small.yaml"
    counted = fresh.json("space", file)
    assert counted["candidates"] == 107 * 4
    assert counted["by_dopant_count"] == {"0": 4, "1": 64, "2": 360}
    assert len(counted["examples"]) == 10
    assert all(example["charge"] == 0 for example in counted["examples"])
    assert not fresh.home.exists()

    # Registered once; a rehearsal of it leaves nothing, doing it again changes nothing.
    fresh.ok("init", file, "--dry-run")
    assert not fresh.home.exists()
    assert fresh.json("init", file, "--by", "ada") | {"warnings": []} == {
        "campaign": "small-spinel", "title": "A spinel small enough for tests", "version": 1, "is_new": True,
        "changed": True, "candidates": 428, "literature": {"table.csv": 5}, "warnings": [],
    }  # fmt: skip
    assert fresh.json("init", file)["changed"] is False

    # Planned, shown again, exactly one plate.
    fresh.ok("plan", "small-spinel", "--dry-run")
    assert fresh.json("status", "small-spinel")["plates"] == []
    plan = fresh.json("plan", "small-spinel", "--out", fresh.home.parent / "out")
    assert plan["is_new"]
    assert fresh.json("plan", "small-spinel")["is_new"] is False
    assert {"plate", "campaign", "wells", "seconds", "candidates_screened", "peak_memory_MB"} <= plan.keys()
    assert {"fit", "screen", "select", "total"} <= plan["seconds"].keys()
    assert [well["well"] for well in plan["wells"]] == list(WELLS)
    roles = [well["role"] for well in plan["wells"]]
    assert (roles.count("control"), roles.count("random"), roles.count("replicate")) == (1, 1, 0)
    for well in plan["wells"]:
        assert well.keys() >= WELL_FIELDS
        for prediction in well["predictions"].values():
            assert prediction.keys() == {"median", "low90", "high90", "unit", "sd"}
            assert prediction["low90"] < prediction["median"] < prediction["high90"]
    folder = fresh.home / "plates" / FIRST
    assert sorted(path.name for path in folder.iterdir()) == [
        "map.svg",
        "plan.html",
        "plan.json",
        "plate.csv",
    ]
    assert (folder / "plan.json").read_bytes() == (fresh.home.parent / "out" / "plan.json").read_bytes()
    written = json.loads((folder / "plan.json").read_text())
    assert "seconds" not in written
    assert {"seed", "data_hash", "file", "alloop_version", "models"} <= written.keys()
    table = rows_of(folder / "plate.csv")
    assert list(table[0])[:6] == PLATE_COLUMNS
    assert [row["key"] for row in table] == [well["key"] for well in plan["wells"]]
    assert "PROPOSED" in (folder / "plan.html").read_text()

    # Approved, weighed.
    approved = fresh.json("approve", FIRST, "--by", "bo")
    assert {Path(name).name for name in approved["files"]} == {
        "map.svg", "plan.html", "plan.json", "plate.csv", "weigh_list.csv", "worklist.csv", "labels.csv", "sheet.html",
    }  # fmt: skip
    assert [row["sample"] for row in rows_of(folder / "labels.csv")] == [f"{FIRST}-{well}" for well in WELLS]
    assert state_of(fresh, FIRST) == "approved"
    made = put("made.csv", "well,milling_time [h],note\nA2,6,the timer was wrong\n")
    assert fresh.json("made", FIRST, made, "--by", "bo")["state"] == "in_synthesis"

    # Results in two parts, one of them twice, a correction, a doubt.
    part = wide(FIRST, {well: (0.1 * (n + 1), 90 + n, "ok") for n, well in enumerate(WELLS[:3])})
    report = fresh.json("upload", "small-spinel", put("one.csv", part), "--by", "cy")
    assert (report["accepted"], report["started"], report["completed"]) == (True, [FIRST], [])
    assert fresh.json("upload", "small-spinel", put("again.csv", part))["is_new"] is False
    status = fresh.json("status", "small-spinel")
    assert status["plates"][0]["measured"] == 3
    assert status["next_action"].startswith(f"measure {FIRST} (5 of 8 wells open)")
    rest = wide(FIRST, {well: (0.2 * (n + 1), 85, "ok") for n, well in enumerate(WELLS[3:7])})
    fresh.ok("upload", "small-spinel", put("two.csv", rest + f"{FIRST}-B04,,,,,not_formed\n"))
    assert state_of(fresh, FIRST) == "complete"
    fresh.ok("suspect", f"{FIRST}-B03", "ionic_conductivity", "--why", "contact", "--by", "cy")
    status = fresh.json("status", "small-spinel")
    assert status["best"]["ionic_conductivity"]["sample"] == f"{FIRST}-B02"
    assert status["best"]["ionic_conductivity"]["value"] == pytest.approx(6e-4)
    assert status.keys() >= {
        "campaign",
        "round",
        "plates",
        "best",
        "hypervolume",
        "hits",
        "model",
        "next_action",
    }
    assert status["model"]["ionic_conductivity"].keys() >= {"kind", "coverage90", "log_score", "n"}

    # The next plate learns from it, and repeats nothing but on purpose.
    second = fresh.json("plan", "small-spinel", "--by", "ada")
    assert second["plate"] == SECOND
    before = {well["recipe"] for well in plan["wells"]}
    for well in second["wells"]:
        assert well["predictions"].keys() == {"ionic_conductivity", "target_phase_fraction"}
        if well["role"] == "replicate":
            assert well["replicate_of"].startswith(FIRST)
        elif well["role"] != "control":
            assert well["recipe"] not in before

    # A new version of the file: the past stays, the open proposal too.
    file.write_text(
        TEXT.replace("levels: [1, 5]", "levels: [1, 5, 20]").replace(
            "max: 0.4, step: 0.1", "levels: [0.1, 0.3]"
        )
    )
    fresh.ok("init", file, "--by", "ada")
    fresh.ok("approve", SECOND, "--by", "bo")
    assert (folder / "plan.json").read_text() == (fresh.home.parent / "out" / "plan.json").read_text()
    third = fresh.json("plan", "small-spinel")
    assert third["plate"] == THIRD
    assert third["file"] != second["file"]
    assert fresh.json("status", "small-spinel")["version"] == 2

    # What a notebook sees is the same; what the records say about who did what, too.
    notebook = Campaign.open("small-spinel", home=fresh.home)
    assert notebook.status().next_action == fresh.json("status", "small-spinel")["next_action"]
    fresh.ok("export", "small-spinel", fresh.home.parent / "export")
    events = rows_of(fresh.home.parent / "export" / "events.csv")
    people = {(event["verb"], event["recorded_by"]) for event in events if event["plate"] == FIRST}
    assert {verb for verb, _ in people} >= {"plate proposed", "plate approved"}
    assert ("plate approved", "bo") in people
    units = {row["unit"] for row in rows_of(fresh.home.parent / "export" / "data_dictionary.csv")}
    assert len(units) > 1
    assert len(rows_of(fresh.home.parent / "export" / "measurements.csv")) == 5 + 14
    page = fresh.json("report", "small-spinel", "--out", fresh.home.parent / "report.html")["file"]
    assert "<svg" in Path(page).read_text()

    # And all of it survives the loss of home and database.
    fresh.ok("backup", fresh.home.parent / "backup.zip")
    told = fresh.json("status", "small-spinel")
    fresh.home.rename(fresh.home.parent / "lost")
    fresh.url = database.new()
    fresh.ok("restore", fresh.home.parent / "backup.zip")
    back = fresh.json("status", "small-spinel")
    assert back | {"next_action": ""} == told | {"next_action": ""}
    assert fresh.json("doctor")["healthy"]


def test_nothing_that_people_write_becomes_markup(fresh: Shell, put) -> None:
    evil = '<script>alert(1)</script>&\\"'
    fresh.ok(
        "init",
        put("small.yaml", TEXT.replace("A spinel small enough for tests", f'"{evil}"')),
        "--by",
        "<b>ada</b>",
    )
    fresh.ok("plan", "small-spinel")
    fresh.ok(
        "swap",
        FIRST,
        "A1",
        "Li1.8Mg0.9Zr0.1Cl4",
        "--set",
        "milling_time=5",
        "--why",
        "<img src=x onerror=alert(1)>",
    )
    fresh.ok("approve", FIRST, "--by", "<b>bo</b>")
    row = f"{FIRST}-A01,0.3,25,total,<script>2</script>,<i>x</i> 50; y 50"
    fresh.ok(
        "upload",
        "small-spinel",
        put("r.csv", f"sample,sigma [mS/cm],temperature_C,kind,note,phases\n{row}\n"),
    )
    fresh.ok("report", "small-spinel", "--out", fresh.home / "report.html")
    pages = [
        *fresh.home.glob("plates/*/*.html"),
        *fresh.home.glob("plates/*/*.svg"),
        fresh.home / "report.html",
    ]
    assert len(pages) == 4
    for page in pages:
        text = page.read_text()
        assert not any(mark in text for mark in ("<script", "<img src", "<b>ada", "<b>bo", "<i>x")), page
