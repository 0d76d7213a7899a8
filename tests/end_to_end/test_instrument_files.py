"""Instrument files as a person drops them: paired with wells, evaluated, recorded whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaign_shell import WELLS, Shell, wide
from spectrum_builders import THICKNESS_MM, pellets, spectrum

import alloop.instruments.evaluate as evaluating

PLATE = "SMALL-SPINEL-001"
SIGMA = {well: 10.0 ** (-6 + 0.3 * n) for n, well in enumerate(WELLS)}
Put = Callable[[str, str | bytes], Path]


@pytest.fixture
def dropped(put: Put) -> Path:
    """A folder with a spectrum of every well and a table of the pellets."""
    for n, (well, sigma) in enumerate(SIGMA.items()):
        put(f"drop/{PLATE}_{well}_25C.csv", spectrum(sigma, n))
    put("drop/pellets.csv", pellets({f"{PLATE}-{well}": THICKNESS_MM for well in WELLS}))
    return put("drop/.DS_Store", b"\0").parent


def rows_of(shell: Shell, table: str = "measurements") -> list[dict[str, str]]:
    folder = shell.home.parent / "export"
    shell.ok("export", "small-spinel", folder)
    csv.field_size_limit(10_000_000)
    with (folder / f"{table}.csv").open(encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if row.get("origin", "laboratory") == "laboratory"]


def totals(shell: Shell) -> dict[str, float]:
    return {
        row["sample"].rpartition("-")[2]: float(row["value"])
        for row in rows_of(shell)
        if row["property"] == "ionic_conductivity" and row["kind"] == "total" and not row["superseded_by"]
    }


def test_a_folder_of_spectra_becomes_conductivities(approved: Shell, dropped: Path) -> None:
    report = approved.json("upload", "small-spinel", dropped)
    assert report["accepted"]
    assert report["started"] == [PLATE]
    assert {one["sample"] for one in report["understood"]} == {f"{PLATE}-{well}" for well in WELLS}
    found = totals(approved)
    assert set(found) == set(WELLS)
    for well, sigma in SIGMA.items():
        assert np.log10(found[well] / sigma) == pytest.approx(0, abs=0.02)
    (row, *_) = [one for one in rows_of(approved) if one["kind"] == "total"]
    assert row["temperature_C"] == "25.0"
    assert float(row["uncertainty"]) > 0
    assert json.loads(row["conditions"])["thickness_mm"] == THICKNESS_MM


def test_derivations_say_from_what_and_how(approved: Shell, dropped: Path) -> None:
    approved.ok("upload", "small-spinel", dropped)
    derivations = rows_of(approved, "derivations")
    files = {row["name"]: row["sha256"] for row in rows_of(approved, "files")}
    assert len(derivations) == len(WELLS)
    for row in derivations:
        well = row["sample"].rpartition("-")[2]
        assert json.loads(row["files"]) == [files[f"drop/{PLATE}_{well}_25C.csv"]]
        assert row["kind"] == "impedance"
        assert "CPE" in row["model"]
        assert row["code_version"]
        assert json.loads(row["given"])["thickness_mm"] == THICKNESS_MM
        drawn = approved.home.parent / "export" / "figures" / f"{int(row['id']):05d}_{row['sample']}.svg"
        assert drawn.read_text().startswith("<svg")


def test_a_dry_run_shows_what_was_understood_and_keeps_nothing(approved: Shell, dropped: Path) -> None:
    out = approved.ok("upload", "small-spinel", dropped, "--dry-run")
    assert f"drop/{PLATE}_A01_25C.csv" in out
    assert "total ionic_conductivity" in out
    assert "nothing was kept" in out
    assert totals(approved) == {}
    assert [row["name"] for row in rows_of(approved, "files")] == ["table.csv"]  # the literature


def test_an_archive_is_the_same_upload(approved: Shell, dropped: Path, put: Put) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(dropped.iterdir()):
            archive.write(path, path.name)
    approved.ok("upload", "small-spinel", put("plate.zip", buffer.getvalue()))
    assert set(totals(approved)) == set(WELLS)
    again = approved.json("upload", "small-spinel", dropped)
    assert not again["is_new"]
    assert len(again["skipped"]) == len(WELLS) + 1


def test_all_unclear_files_are_named_at_once_and_nothing_is_recorded(
    approved: Shell, dropped: Path, put: Put
) -> None:
    put("drop/pellet seven.csv", spectrum(1e-4, 90))
    put(f"drop/{PLATE}_H08.csv", spectrum(1e-4, 91))
    put(f"drop/{PLATE}_A01_half.mpt", "EC-Lab ASCII FILE\nNb header lines : 99\n\nfreq/Hz\tRe(Z)/Ohm\n")
    lines = approved.fails("upload", "small-spinel", dropped)
    assert len(lines) == 3
    assert any("pellet seven.csv" in line and "speaks of no well" in line for line in lines)
    assert any("H08" in line for line in lines)
    assert any("half.mpt" in line for line in lines)
    assert totals(approved) == {}
    assert [row["name"] for row in rows_of(approved, "files")] == ["table.csv"]  # the literature


FILES = "file,sample,thickness_mm,diameter_mm,temperature_C\n"


def test_a_table_says_whose_file_it_is(approved: Shell, put: Put) -> None:
    scan = put("scan 17.csv", spectrum(1e-4))
    table = put("files.csv", f"{FILES}scan 17.csv,{PLATE}-B02,1.2,6.5,25\n")
    approved.ok("upload", "small-spinel", scan, table)
    assert totals(approved) == {"B02": pytest.approx(1e-4, rel=0.05)}


def test_a_file_that_the_table_names_must_be_there(approved: Shell, put: Put) -> None:
    scan = put("scan 17.csv", spectrum(1e-4))
    text = f"{FILES}scan 17.csv,{PLATE}-B02,1.2,6.5,25\nscan 18.csv,{PLATE}-B03,1.2,6.5,25\n"
    (line,) = approved.fails("upload", "small-spinel", scan, put("files.csv", text))
    assert "there is no file scan 18.csv in the upload" in line
    assert totals(approved) == {}


def test_the_same_bytes_for_two_wells_are_an_error(approved: Shell, put: Put) -> None:
    first = put(f"{PLATE}_A01.csv", spectrum(1e-4))
    second = put(f"{PLATE}_A02.csv", spectrum(1e-4))
    (line,) = approved.fails("upload", "small-spinel", first, second)
    assert f"named for {PLATE}-A01 and {PLATE}-A02" in line
    approved.ok("upload", "small-spinel", first)
    (line,) = approved.fails("upload", "small-spinel", second)
    assert f"named for {PLATE}-A01 and {PLATE}-A02" in line


def test_without_a_size_there_is_no_conductivity(approved: Shell, put: Put) -> None:
    code, _, err = approved("upload", "small-spinel", put(f"{PLATE}_A01_25C.csv", spectrum(1e-4)))
    assert code == 0
    assert "geometry_missing" in err
    assert totals(approved) == {}
    (row,) = rows_of(approved, "derivations")
    assert "geometry_missing" in row["flags"]


def at_temperatures(put: Put, folder: str, *celsius: int) -> Path:
    """Spectra of one well at several temperatures, with an activation energy of 0.35 eV, and its pellet."""
    for degrees in celsius:
        absolute = degrees + 273.15
        sigma = 30.0 / absolute * np.exp(-0.35 / (8.617333262e-5 * absolute))
        put(f"{folder}/{PLATE}_A01_{degrees}C.csv", spectrum(sigma, degrees))
    return put(f"{folder}/pellets.csv", pellets({f"{PLATE}-A01": THICKNESS_MM})).parent


def energies(shell: Shell) -> list[float]:
    return [
        float(row["value"])
        for row in rows_of(shell)
        if row["property"] == "activation_energy" and row["kind"] == "total" and not row["superseded_by"]
    ]


def test_several_temperatures_give_an_activation_energy(approved: Shell, put: Put) -> None:
    approved.ok("upload", "small-spinel", at_temperatures(put, "drop", 25, 40, 60, 80))
    assert energies(approved) == [pytest.approx(0.35, abs=0.02)]
    at_room = [r for r in rows_of(approved) if r["kind"] == "total" and r["temperature_C"] == "25.0"]
    assert len([r for r in at_room if r["property"] == "ionic_conductivity"]) == 1


def test_temperatures_that_come_later_join_the_series_when_derived_again(approved: Shell, put: Put) -> None:
    approved.ok("upload", "small-spinel", at_temperatures(put, "monday", 25, 40, 50))
    approved.ok("upload", "small-spinel", at_temperatures(put, "tuesday", 60, 70, 80))
    assert len(energies(approved)) == 2
    report = approved.json("rederive", "small-spinel")
    assert "activation_energy" in [change["property"] for change in report["changes"]]
    assert energies(approved) == [pytest.approx(0.35, abs=0.01)]
    assert max(len(json.loads(row["files"])) for row in rows_of(approved, "derivations")) == 6
    count = len(rows_of(approved, "derivations"))
    assert approved.json("rederive", "small-spinel")["changes"] == []
    assert len(rows_of(approved, "derivations")) == count


def test_tables_and_spectra_go_together(approved: Shell, dropped: Path, put: Put) -> None:
    table = wide(PLATE, {well: ("", 91 + n / 10, "ok") for n, well in enumerate(WELLS)})
    put("drop/phases.csv", table.replace("ionic_conductivity [mS/cm],", "").replace(",,", ","))
    report = approved.json("upload", "small-spinel", dropped)
    assert report["completed"] == [PLATE]


def test_derived_again_by_the_same_code_nothing_changes(approved: Shell, dropped: Path) -> None:
    approved.ok("upload", "small-spinel", dropped)
    report = approved.json("rederive", "small-spinel")
    assert report["files"] == len(WELLS)
    assert report["changes"] == []
    assert len(rows_of(approved, "derivations")) == len(WELLS)


def test_newer_code_supersedes_and_says_what_changed(
    approved: Shell, dropped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved.ok("upload", "small-spinel", dropped)
    approved.ok("suspect", f"{PLATE}-A01", "ionic_conductivity", "--why", "the pellet looked wet")
    before = totals(approved)
    real = evaluating.evaluate

    def newer(*arguments: Any) -> Any:
        found = real(*arguments)
        values = tuple(replace(value, value=value.value * 1.1) for value in found.values)
        return replace(found, values=values)

    monkeypatch.setattr(evaluating, "evaluate", newer)
    rehearsed = approved.json("rederive", "small-spinel", "--dry-run")
    assert totals(approved) == before
    report = approved.json("rederive", "small-spinel")
    assert report["changes"] == rehearsed["changes"]
    assert {one["sample"] for one in report["changes"]} == {f"{PLATE}-{well}" for well in WELLS}
    assert totals(approved) == {well: pytest.approx(1.1 * value) for well, value in before.items()}
    doubts = {
        r["sample"]: r["doubt"] for r in rows_of(approved) if r["kind"] == "total" and not r["superseded_by"]
    }
    assert doubts == {f"{PLATE}-{well}": "suspect" if well == "A01" else "ok" for well in WELLS}


def test_inspect_needs_no_campaign(fresh: Shell, put: Put) -> None:
    file = put("some file.csv", spectrum(1e-4))
    (found,) = fresh.json("inspect", file, "--thickness-mm", "1.2", "--diameter-mm", "6.5")
    assert found["kind"] == "impedance"
    (total,) = [v for v in found["values"] if v["property"] == "ionic_conductivity" and v["kind"] == "total"]
    assert total["low90"] < 1e-4 < total["high90"]
    (bare,) = fresh.json("inspect", file)
    assert not [value for value in bare["values"] if value["property"] == "ionic_conductivity"]
    assert "geometry_missing" in [flag["name"] for flag in bare["flags"]]
    assert not fresh.home.exists()


def test_inspect_reads_what_it_can(fresh: Shell, put: Put) -> None:
    good, bad = put("good.csv", spectrum(1e-4)), put("bad.pdf", b"%PDF-1.7 nothing")
    found = fresh.json("inspect", good, bad)
    assert [one["error"] is None for one in found] == [True, False]
    (line,) = fresh.fails("inspect", bad)
    assert "PDF" in line
    (line,) = fresh.fails("inspect", good, "--thickness-mm", "-1")
    assert "no size" in line
