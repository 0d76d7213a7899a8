import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alloop.chemistry import Shelf, make_precursor, parse_formula
from alloop.synthesis import (
    WeighPlan,
    WellRecipe,
    labels_csv,
    plate_csv,
    weigh_list_csv,
    weigh_plate,
    worklist_csv,
    write_proposal_files,
    write_released_files,
)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_plate_csv_says_everything_about_a_well(plan: dict[str, Any]) -> None:
    rows = read(plate_csv(plan))
    assert len(rows) == 16
    assert rows[2] == {
        "well": "A03",
        "sample": "SPINEL-002-A03",
        "role": "replicate",
        "replicate_of": "SPINEL-001-A01",
        "key": "M=Mg2+:1|milling_time=2",
        "formula": "Li2In1/3Sc1/3Cl4",
        "M": "Mg2+ 0.9; Zn2+ 0.1",
        "compensation": "Li+ 2",
        "anneal_temperature [degC]": "400",
        "milling_time [h]": "5",
        "route": "none",
        "ionic_conductivity_median [S/cm]": "0.00032",
        "ionic_conductivity_low90 [S/cm]": "4e-05",
        "ionic_conductivity_high90 [S/cm]": "0.0019",
        "p_feasible": "0.83",
        "p_hit": "0.125",
        "reason": "tells <Zn> & Mn apart",
    }


def test_a_bare_plan_will_do() -> None:
    rows = read(plate_csv({"plate": "P-001", "wells": [{"well": "b12", "formula": "LiCl"}]}))
    assert rows[0]["well"] == "B12"
    assert rows[0]["sample"] == "P-001-B12"
    assert rows[0]["role"] == "candidate"
    assert rows[0]["p_hit"] == ""


def test_weigh_list_and_worklist_hold_the_same_masses(weighed: Callable[..., WeighPlan]) -> None:
    weigh = weighed()
    rows = read(weigh_list_csv(weigh))
    transfers = read(worklist_csv(weigh, "SPINEL-002"))
    assert [row["well"] for row in rows] == [well.well for well in weigh.wells]
    listed = {
        (row["well"], name.removesuffix(" [mg]")): cell
        for row in rows
        for name, cell in row.items()
        if name.endswith(" [mg]") and cell and not name.startswith(("powder", "product"))
    }
    assert listed == {(row["well"], row["precursor"]): row["mass [mg]"] for row in transfers}
    assert len(transfers) == len(weigh.portions)
    assert [row["transfer"] for row in transfers] == [str(n + 1) for n in range(len(transfers))]
    opened = [row["precursor"] for row in transfers]
    assert list(dict.fromkeys(opened)) == list(weigh.precursors)
    assert opened == sorted(opened, key=weigh.precursors.index)  # each bottle once
    for row in rows:
        own = [float(cell) for (well, _), cell in listed.items() if well == row["well"]]
        assert float(row["powder [mg]"]) == pytest.approx(sum(own), abs=1e-9)
        assert float(row["product [mg]"]) == 500
        assert 0 <= float(row["composition_error"]) < 0.001
        assert parse_formula(row["weighed_formula"]).keys() == parse_formula(row["formula"]).keys()
    assert {row["sample"] for row in transfers} <= {row["sample"] for row in rows}


def test_masses_keep_the_balances_decimals(weighed: Callable[..., WeighPlan]) -> None:
    transfers = read(worklist_csv(weighed(balance_resolution_mg=0.01), "SPINEL-002"))
    assert all(len(row["mass [mg]"].split(".")[1]) == 2 for row in transfers)


def test_labels(plan: dict[str, Any]) -> None:
    rows = read(labels_csv(plan))
    assert len({row["sample"] for row in rows}) == 16
    assert rows[0]["settings"] == "anneal_temperature 400 °C; milling_time 5 h; route none"


def test_files_are_written_whole_and_the_same_again(
    tmp_path: Path, plan: dict[str, Any], weighed: Callable[..., WeighPlan]
) -> None:
    folder = tmp_path / "plates" / "SPINEL-002"
    proposal = write_proposal_files(folder, plan, weighed())
    released = write_released_files(folder, plan, weighed())
    assert {path.name for path in proposal} == {"plate.csv", "map.svg", "plan.html"}
    assert {path.name for path in released} == {
        "weigh_list.csv", "worklist.csv", "labels.csv", "sheet.html",
    }  # fmt: skip
    assert {path.name for path in folder.iterdir()} == {path.name for path in [*proposal, *released]}
    before = {path: path.read_bytes() for path in folder.iterdir()}
    write_proposal_files(folder, plan, weighed())
    write_released_files(folder, plan, weighed())
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_without_a_shelf_there_is_nothing_to_weigh(tmp_path: Path, plan: dict[str, Any]) -> None:
    released = write_released_files(tmp_path, plan, None)
    assert {path.name for path in released} == {"labels.csv", "sheet.html"}
    assert "there is no weigh list" in (tmp_path / "sheet.html").read_text(encoding="utf-8")


def test_hydrates_survive_in_utf8(tmp_path: Path) -> None:
    shelf = Shelf((make_precursor("LiCl"), make_precursor("AlCl3·6H2O", "AlCl3")))
    recipe = WellRecipe("A01", "P-001-A01", "LiAlCl4", parse_formula("LiAlCl4"))
    weigh = weigh_plate([recipe], shelf, 0.5, 0.1)
    plan = {"plate": "P-001", "wells": [{"well": "A1", "formula": "LiAlCl4"}]}
    write_released_files(tmp_path, plan, weigh)
    assert "AlCl3·6H2O [mg]" in (tmp_path / "weigh_list.csv").read_text(encoding="utf-8")
