"""What a results table may say, and what becomes of it: seen from outside, through status, plan and export."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from campaign_shell import TEXT, Shell, wide

PLATE = "SMALL-SPINEL-001"
HEADS = "sample,ionic_conductivity [mS/cm],temperature_C,kind"


def exported(shell: Shell, table: str = "measurements") -> list[dict[str, str]]:
    folder = shell.home.parent / "export"
    shell.ok("export", "small-spinel", folder)
    with (folder / f"{table}.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [row for row in rows if row.get("origin", "laboratory") == "laboratory"]


def told(shell: Shell) -> list[tuple[str, float, str, float | None]]:
    """(well, value in mS/cm, bound, temperature) of every recorded conductivity of the laboratory."""
    return [
        (
            row["sample"].rpartition("-")[2],
            pytest.approx(float(row["value"]) * 1000),
            row["bound"],
            float(row["temperature_C"]) if row["temperature_C"] else None,
        )
        for row in exported(shell)
        if row["property"] == "ionic_conductivity"
    ]


TABLES = {
    "semicolons and decimal commas": f"{HEADS.replace(',', ';')}\n{PLATE}-A01;0,31;25,5;total\n",
    "tabs": f"{HEADS}\n{PLATE}-A01,0.31,25.5,total\n".replace(",", "\t"),
    "a byte order mark and DOS lines": f"\ufeff{HEADS}\r\n{PLATE}-A01,0.31,25.5,total\r\n",
    "UTF-16": f"{HEADS}\n{PLATE}-A01,0.31,25.5,total\n".encode("utf-16"),
    "latin-1": f"sample,ionic_conductivity [mS·cm⁻¹],temperature [°C],kind\n{PLATE}-A01,0.31,25.5,total\n"
    .replace("⁻¹", "-1").encode("latin-1"),
    "other units": f"sample,sigma [µS/cm],temperature [K],kind\n{PLATE}-A01,310,298.65,total\n",
    "plate and well": f"plate,well,{HEADS.partition(',')[2]}\n1,a1,0.31,25.5,total\n",
    "plate by name": f"plate,well,{HEADS.partition(',')[2]}\nsmall-spinel-001,A001,0.31,25.5,total\n",
    "round brackets and capitals": "Sample ID,Ionic Conductivity (mS/cm),Temperature (°C),Kind\n"
    f"{PLATE}-A01,0.31,25.5,total\n",
    "a title and empty lines above": f"Results of Tuesday\n\n{HEADS}\n{PLATE}-A01,0.31,25.5,total\n",
    "a row of units below": f"sample,ionic_conductivity,temperature,kind\n,mS/cm,°C,\n{PLATE}-A01,0.31,25.5,total\n",
    "long": "sample,property,value,unit,temperature_C,kind,uncertainty,method,measured_at,file\n"
    f"{PLATE}-A01,ionic_conductivity,0.31,mS/cm,25.5,total,0.02,EIS,2026-01-02,x.mpr\n",
}  # fmt: skip


@pytest.mark.parametrize("form", TABLES)
def test_forms_of_tables(approved: Shell, put, form: str) -> None:
    approved.ok("upload", "small-spinel", put("r.csv", TABLES[form]))
    assert told(approved) == [("A01", 0.31, "exact", 25.5)]


def test_a_workbook_as_laboratories_send_it(approved: Shell, put) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "EIS"
    sheet.append(["Plate 1, pellets of 6.5 mm"])
    sheet.merge_cells("A1:D1")
    sheet.append(["sample", "ionic_conductivity", "temperature", "kind", "measured_at"])
    sheet.append([None, "mS/cm", "°C", None, None])
    sheet.append([f"{PLATE}-A01", 0.31, 25, "total", date(2026, 1, 2)])
    sheet.append([f"{PLATE}-A02", "<1e-6", 25, "total", datetime(2026, 1, 2, 14, 30)])
    sheet.append([None, None, None, None, None])
    sheet.append([f"{PLATE}-A03", 0.5, 25, "total", None])
    sheet.append([None, 0.52, 25, "total", None])
    sheet.merge_cells("A7:A8")
    second = book.create_sheet("XRD")
    second.append(["sample", "target_phase_fraction [%]"])
    second.append([f"{PLATE}-A01", 0.93])
    second["B2"].number_format = "0%"
    book.create_sheet("Notes").append(["thanks to Bo"])
    stream = io.BytesIO()
    book.save(stream)
    code, _, err = approved("upload", "small-spinel", put("r.xlsx", stream.getvalue()))
    assert code == 0
    assert "sheet 'Notes'" in err
    assert told(approved) == [
        ("A01", 0.31, "exact", 25.0),
        ("A02", 1e-6, "below", 25.0),
        ("A03", 0.5, "exact", 25.0),
        ("A03", 0.52, "exact", 25.0),
    ]
    rows = exported(approved)
    assert [row["measured_at"][:16] for row in rows][:2] == ["2026-01-02T00:00", "2026-01-02T14:30"]
    assert [float(r["value"]) for r in rows if r["property"] == "target_phase_fraction"] == [0.93]


def test_a_cell_that_a_spreadsheet_made_a_date_is_named(approved: Shell, put) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADS.split(","))
    book.active.append([f"{PLATE}-A01", date(2026, 3, 1), 25, "total"])
    stream = io.BytesIO()
    book.save(stream)
    (line,) = approved.fails("upload", "small-spinel", put("r.xlsx", stream.getvalue()))
    assert "row 2, column 'ionic_conductivity [mS/cm]'" in line
    assert "is a date where a number belongs" in line


def test_repeats_count_and_only_supersedes_replaces(approved: Shell, put) -> None:
    approved.ok(
        "upload",
        "small-spinel",
        put("1.csv", f"{HEADS}\n{PLATE}-A01,0.3,25,total\n{PLATE}-A02,0.5,25,total\n"),
    )
    second = f"{HEADS},supersedes\n{PLATE}-A01,0.4,25,total,yes\n{PLATE}-A02,0.6,25,total,\n"
    assert approved.json("upload", "small-spinel", put("2.csv", second))["superseded"] == 1
    assert approved.json("status", "small-spinel")["values"]["ionic_conductivity"] == 3 + 3
    values = {row["value"]: row["superseded_by"] for row in exported(approved)}
    assert len(values) == 4  # nothing is deleted
    assert [value for value, by in values.items() if by] == ["0.0003"]
    again = approved.fails(
        "upload", "small-spinel", put("3.csv", f"{HEADS},supersedes\n{PLATE}-A03,0.4,25,total,yes\n")
    )
    assert "there is no earlier value" in again[0]


def test_statuses_mean_what_they_say(approved: Shell, put) -> None:
    table = wide(
        PLATE,
        {
            "A01": (0.3, 95, "ok"),
            "A02": ("", "", "lost"),
            "A03": ("", "", "not_measured"),
            "A04": ("", "", "cracked"),
            "B01": (0.9, 95, "shorted"),
            "B02": ("", "", "not_formed"),
        },
    )
    approved.ok("upload", "small-spinel", put("r.csv", table))
    status = approved.json("status", "small-spinel")
    assert status["plates"][0]["state"] == "measuring"
    assert status["best"]["ionic_conductivity"]["sample"] == f"{PLATE}-A01"  # the shorted one is void
    assert {row["sample"][-3:]: row["status"] for row in exported(approved, "statuses")} == {
        "A01": "ok", "A02": "lost", "A03": "not_measured", "A04": "cracked", "B01": "shorted", "B02": "not_formed",
    }  # fmt: skip
    later = wide(PLATE, {"A03": (0.5, 95, "ok"), "B03": (0.2, 95, "ok"), "B04": (0.2, 95, "ok")})
    assert approved.json("upload", "small-spinel", put("s.csv", later))["completed"] == [PLATE]
    plan = approved.json("plan", "small-spinel")
    assert any(well["p_feasible"] < 1 for well in plan["wells"])


@pytest.mark.parametrize(
    ("status", "comes_again"), [("lost", True), ("not_measured", True), ("cracked", False)]
)
def test_what_was_lost_may_be_proposed_again(fresh: Shell, put, status: str, comes_again: bool) -> None:
    text = (
        TEXT.replace("small-spinel", "tiny")
        .replace("[Zn2+, Mn2+, In3+, Zr4+], max: 0.4, step: 0.1", "[Zn2+], levels: [0.2]")
        .replace("levels: [300, 400]", "levels: [300]")
        .replace("levels: [1, 5]", "levels: [5]")
        .replace("literature: [table.csv]\n", "")
    )
    fresh.ok("init", put("tiny.yaml", text))
    first = fresh.json("plan", "tiny")
    assert [well["role"] for well in first["wells"]].count("control") == 1
    assert any("stay empty" in line for line in first["warnings"])
    (zinc,) = [well for well in first["wells"] if "Zn" in well["formula"]]
    (control,) = [well for well in first["wells"] if well["role"] == "control"]
    fresh.ok("approve", "TINY-001")
    table = wide("TINY-001", {control["well"]: (0.1, 95, "ok"), zinc["well"]: ("", "", status)})
    fresh.ok("upload", "tiny", put("r.csv", table))
    if status == "not_measured":
        fresh.ok("close", "TINY-001")
    if not comes_again:
        assert "nothing is left to propose" in fresh.fails("plan", "tiny")[0]
        return
    again = [w for w in fresh.json("plan", "tiny")["wells"] if w["role"] in ("candidate", "random")]
    assert [well["recipe"] for well in again] == [zinc["recipe"]]


def test_the_history_of_a_laboratory_is_learned_from(approved: Shell, put) -> None:
    rows = [
        "Li2MgCl4,300,5,0.001,25,total",
        "Li1.6Mg0.6In0.4Cl4,300,5,0.2,25,total",
        "Li1.9Mg0.9In0.1Cl4,400,1,<1e-5,25,total",
    ]
    heads = "formula,anneal_temperature [degC],milling_time [h],ionic_conductivity [mS/cm],temperature_C,kind"
    approved.ok("upload", "small-spinel", put("old.csv", "\n".join([heads, *rows]) + "\n"))
    status = approved.json("status", "small-spinel")
    assert status["values"]["ionic_conductivity"] == 3 + 3
    assert status["plates"][0]["state"] == "approved"
    plan = approved.json("plan", "small-spinel")
    known = {well["recipe"] for well in plan["wells"] if well["role"] in ("candidate", "random")}
    assert "Cl20In2Li8Mg3|anneal_temperature=300;milling_time=5" not in known


def test_files_and_their_bytes(approved: Shell, put, tmp_path: Path) -> None:
    one = put("one.csv", wide(PLATE, {"A01": (0.1, 90, "ok")}))
    copy = put("copy.csv", one.read_text())
    assert approved.json("upload", "small-spinel", one, copy)["skipped"] == ["copy.csv"]
    two = put("two.csv", wide(PLATE, {"A02": (0.1, 90, "ok")}))
    report = approved.json("upload", "small-spinel", copy, two)
    assert (report["skipped"], report["measurements"]) == (["copy.csv"], 2)
    assert len(exported(approved)) == 4
    doctor = approved.json("doctor")
    assert doctor["healthy"]
