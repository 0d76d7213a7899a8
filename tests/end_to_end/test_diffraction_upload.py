"""A measured pattern of a weighed mixture, dropped as a well's: phases found, the target's fraction recorded."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from campaign_shell import Shell

ROOT = Path(__file__).parents[2]
PATTERN = ROOT.parent / "shared" / "data" / "xrd" / "dara_TiO2_0p4009-ZnO_0p6010--8min.xrdml"
REFERENCES = ("TiO2_anatase", "ZnO", "Li2TiO3", "Li2CO3")
CAMPAIGN = """\
campaign: titanate
title: Zinc in a lithium titanate
mobile_ion: Li+
atmosphere: air
target_phase: {names: [ZnO], references: references}
space:
  sites:
    - name: Ti
      amount: 1
      host: Ti4+
      substituents: [{species: Zn2+, max: 0.2, step: 0.1}]
    - {name: O, amount: 3, host: O2-}
  charge_compensation: {species: Li+, min: 2.0, max: 2.6}
precursors: [{formula: Li2CO3, gives: Li2O}, {formula: TiO2}, {formula: ZnO}]
objectives:
  - {property: target_phase_fraction, goal: maximize, reference: 0.2}
plate: {rows: 1, columns: 4, random: 0, replicates: 0}
"""
PLATE = "TITANATE-001"


@pytest.fixture
def plate(fresh: Shell, put: Callable[[str, str], Path]) -> Shell:
    """The command line with an approved plate of titanates; structures lie beside the campaign file."""
    folder = put("titanate.yaml", CAMPAIGN).parent
    (folder / "references").mkdir()
    for name in REFERENCES:
        shutil.copy(ROOT / "benchmarks" / "references" / f"{name}.cif", folder / "references")
    fresh.ok("init", folder / "titanate.yaml")
    fresh.ok("plan", "titanate", "--seed", "0")
    fresh.ok("approve", PLATE)
    return fresh


def well_with_zinc(shell: Shell) -> str:
    with (shell.home / "plates" / PLATE / "plate.csv").open(encoding="utf-8") as stream:
        return next(row["well"] for row in csv.DictReader(stream) if "Zn" in row["formula"])


@pytest.mark.skipif(not PATTERN.exists(), reason="../shared is not there: no measured pattern to upload")
def test_a_pattern_becomes_phase_fractions(plate: Shell, tmp_path: Path) -> None:
    well = well_with_zinc(plate)
    shutil.copy(PATTERN, tmp_path / f"{PLATE}_{well}.xrdml")
    report = plate.json("upload", "titanate", tmp_path / f"{PLATE}_{well}.xrdml")
    (one,) = report["understood"]
    assert one["kind"] == "diffraction"
    (value,) = [found for found in one["values"] if found["property"] == "target_phase_fraction"]
    assert value["value"] == pytest.approx(0.60, abs=0.05)
    assert value["uncertainty"] < 0.1
    plate.ok("export", "titanate", tmp_path / "export")
    with (tmp_path / "export" / "derivations.csv").open(encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    shown = {
        found["conditions"]["phase"]: found["value"]
        for found in json.loads(row["details"])["values"]
        if found["property"] == "phase_fraction"
    }
    assert shown == {"TiO2_anatase": pytest.approx(0.40, abs=0.05), "ZnO": pytest.approx(0.60, abs=0.05)}


@pytest.mark.skipif(not PATTERN.exists(), reason="../shared is not there: no measured pattern to upload")
def test_a_wrong_structure_is_left_out_with_its_reason(plate: Shell, tmp_path: Path) -> None:
    broken = (tmp_path / "references" / "Li2TiO3.cif").read_text()
    (tmp_path / "references" / "Li2TiO3.cif").write_text(broken.replace("_cell_length_c", "_cell_length_x"))
    well = well_with_zinc(plate)
    shutil.copy(PATTERN, tmp_path / f"{PLATE}_{well}.xrdml")
    plate.ok("init", tmp_path / "titanate.yaml")
    code, _, err = plate("upload", "titanate", tmp_path / f"{PLATE}_{well}.xrdml")
    assert code == 0
    assert "Li2TiO3.cif" in err


def test_a_pellet_denser_than_its_crystal_is_pointed_at(plate: Shell, tmp_path: Path) -> None:
    table = tmp_path / "densities.csv"
    table.write_text(f"sample,density [g/cm3]\n{PLATE}-A01,5.2\n{PLATE}-A02,6.9\n")
    code, _, err = plate("upload", "titanate", table)
    assert code == 0
    (line,) = [one for one in err.splitlines() if "crystal" in one]
    assert f"sample {PLATE}-A02: its density 6.9 g/cm^3 is above the crystal's, 5.68 g/cm^3" in line
