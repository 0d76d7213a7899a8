"""Campaigns that are no site substitutions, from their file to the second plate; and plans that repeat exactly."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from campaign_shell import Shell, all_wells, wide

GLASS = """\
campaign: glass
title: Sulfide glasses
mobile_ion: Li+
atmosphere: inert
target_phase: {amorphous: true}
space:
  mixture: {basis: mole, step: 0.05,
            end_members: [{formula: Li2S, min: 0.5, max: 0.8}, {formula: P2S5, min: 0.15}, {formula: LiI, max: 0.3}]}
  process:
    - {name: milling_time, unit: h, levels: [10, 40], shared_by: well}
precursors:
  - {formula: Li2S, purity: 0.98}
  - {formula: P2S5}
  - {formula: LiI}
objectives:
  - {property: ionic_conductivity, temperature_C: 25, kind: total, goal: maximize, scale: log10, unit: mS/cm,
     reference: 1e-3, target: 1}
constraints:
  - {property: amorphous_fraction, min: 0.9}
plate: {rows: 2, columns: 4, replicates: 1, random: 1, sample_mass_g: 0.3}
"""

RATIO = (
    GLASS.replace("campaign: glass", "campaign: ratio")
    .replace(
        GLASS[GLASS.index("  mixture:") : GLASS.index("  process:")],
        "  mixture: {per: [TaCl5, HfCl4], step: 0.1,\n"
        "            end_members: [TaCl5, HfCl4, {formula: Li2O, min: 1.0, max: 2.0}]}\n",
    )
    .replace("{formula: Li2S, purity: 0.98}", "{formula: Li2O}")
    .replace("P2S5", "TaCl5")
    .replace("{formula: LiI}", "{formula: HfCl4}")
)

POOL = """\
campaign: shelf
title: What the laboratory has made before
mobile_ion: Li+
atmosphere: inert
space:
  pool: {table: candidates.csv, process: {anneal_temperature: "anneal [degC]"},
         measured: ["ionic_conductivity [S/cm]"]}
objectives:
  - {property: ionic_conductivity, temperature_C: 25, kind: total, goal: maximize, scale: log10, unit: S/cm,
     reference: 1e-7, target: 1e-3}
plate: {rows: 2, columns: 4, replicates: 1, random: 1}
"""

FORMULAS = (
    "Li6PS5Cl", "Li6PS5Br", "Li6PS5I", "Li5.5PS4.5Cl1.5", "Li3PS4", "Li7P3S11", "Li3InCl6", "Li3YCl6", "Li3YBr6",
    "Li2ZrCl6", "Li3ScCl6", "Li10GeP2S12", "Li7La3Zr2O12", "Li3N",
)  # fmt: skip


def candidates() -> str:
    rows = [f"{one},{T},{1e-6 * (n + 1):.1e}" for n, one in enumerate(FORMULAS) for T in (300, 500)]
    return "\n".join(["formula,anneal [degC],ionic_conductivity [S/cm]", *rows]) + "\n"


def two_plates(shell: Shell, put, slug: str, results: str) -> tuple[dict, dict]:
    first = shell.json("plan", slug)
    shell.ok("approve", first["plate"])
    shell.ok("made", first["plate"])
    report = shell.json("upload", slug, put("results.csv", results))
    assert report["completed"] == [first["plate"]]
    second = shell.json("plan", slug)
    assert second["plate"] == f"{slug.upper()}-002"
    before = {well["recipe"] for well in first["wells"]}
    for well in second["wells"]:
        assert well["predictions"]["ionic_conductivity"]["unit"] == "S/cm"
        assert (well["role"] == "replicate") == (well["recipe"] in before)
    assert shell.json("status", slug)["round"] == 2
    return first, second


def test_a_glass_from_end_members(fresh: Shell, put) -> None:
    file = put("glass.yaml", GLASS)
    # Li2S from 0.5 to 0.8, P2S5 at least 0.15, LiI at most 0.3, by hand: 7 + 7 + 6 + 5 + 4 + 3 + 2 compositions.
    assert fresh.json("space", file)["candidates"] == 34 * 2
    fresh.ok("init", file)
    table = all_wells("GLASS-001").replace("target_phase_fraction", "amorphous_fraction")
    first, _ = two_plates(fresh, put, "glass", table)
    for well in first["wells"]:
        (amounts,) = well["composition"].values()
        assert sum(amounts.values()) == pytest.approx(1, abs=1e-9)
        assert 0.5 <= amounts["Li2S"] <= 0.8
        assert amounts["P2S5"] >= 0.15
    sheet = (fresh.home / "plates" / "GLASS-001" / "sheet.html").read_text()
    assert "amorphous" in sheet.lower() or "glass" in sheet.lower()


def test_a_mixture_by_ratio(fresh: Shell, put) -> None:
    file = put("ratio.yaml", RATIO)
    assert fresh.json("space", file)["candidates"] == 11 * 11 * 2
    fresh.ok("init", file)
    table = all_wells("RATIO-001").replace("target_phase_fraction", "amorphous_fraction")
    first, _ = two_plates(fresh, put, "ratio", table)
    assert all("Cl" in well["formula"] and "O" in well["formula"] for well in first["wells"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("step: 0.05", "step: 0.03", "does not divide 1; the nearest that does is 1/33"),
        ("min: 0.5, max: 0.8", "min: 0.9, max: 0.95", "the smallest amounts already sum to 1.05"),
        ("formula: P2S5, min", "formula: P2S6, min", "P2S6 is not neutral"),
        ("formula: P2S5, min", "formula: Qq2S5, min", "unknown element"),
        ("basis: mole", "basis: volume", "mole"),
    ],
)
def test_mixtures_that_cannot_be(fresh: Shell, put, old: str, new: str, said: str) -> None:
    lines = fresh.fails("init", put("glass.yaml", GLASS.replace(old, new)))
    assert said in lines[0]
    assert "glass.yaml, line " in lines[0]
    assert not fresh.home.exists()


def test_a_pool_whose_rows_are_the_candidates(fresh: Shell, put) -> None:
    put("candidates.csv", candidates())
    file = put("shelf.yaml", POOL)
    assert fresh.json("space", file)["candidates"] == 2 * len(FORMULAS)
    fresh.ok("init", file)
    code, _, err = fresh("plan", "shelf")
    assert code == 0
    assert "no weigh list" in err
    values = {f"{row}0{column}": (0.1 * column, 95, "ok") for row in "AB" for column in range(1, 5)}
    two_plates(fresh, put, "shelf", wide("SHELF-001", values))
    assert not (fresh.home / "plates" / "SHELF-001" / "weigh_list.csv").exists()
    (put("candidates.csv", candidates())).unlink()
    assert fresh.json("plan", "shelf", "--another")["plate"] == "SHELF-003"  # the version keeps its table


def test_a_pool_with_rows_that_cannot_be(fresh: Shell, put) -> None:
    put("candidates.csv", candidates() + "Qq3N,300,1\n,300,1\nLi3N,,1\n")
    lines = fresh.fails("init", put("shelf.yaml", POOL))
    for row in (30, 31, 32):
        assert any(f"row {row}" in line for line in lines), lines


def test_the_same_data_and_seed_give_the_same_plan_byte_for_byte(
    approved: Shell, put, database, tmp_path: Path
) -> None:
    """Two plates in this process, then from nothing in another with other hashes, days, names, folders, database."""
    table = put("results.csv", all_wells("SMALL-SPINEL-001"))
    approved.ok("upload", "small-spinel", table)
    approved.ok("plan", "small-spinel")
    here = plan_hashes(approved.home)
    assert len(here) == 2
    shutil.rmtree(approved.home)
    home = tmp_path / "elsewhere" / "lab"
    steps = [
        ["init", str(tmp_path / "small.yaml")],
        ["plan", "small-spinel"],
        ["approve", "SMALL-SPINEL-001"],
        ["upload", "small-spinel", str(table)],
        ["plan", "small-spinel"],
    ]
    code = (
        "import json, sys; from alloop.cli.app import run\n"
        "for step in json.loads(sys.argv[1]): assert run(step) == 0"
    )
    commands = [["--home", str(home), *step, "--by", "somebody else"] for step in steps]
    environment = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo"}
    environment["ALLOOP_DATABASE_URL"] = database.new() or "sqlite"
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(commands)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert plan_hashes(home) == here


def plan_hashes(home: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(home.glob("plates/*/plan.json"))]


HEAD = "campaign: other\ntitle: Others\nmobile_ion: {ion}\natmosphere: inert\nspace:\n"
TAIL = """\
objectives:
  - {property: ionic_conductivity, temperature_C: 25, goal: maximize, scale: log10, unit: S/cm, reference: 1e-7}
plate: {rows: 2, columns: 3, random: 1, replicates: 1}
"""


def other(ion: str, space: str) -> str:
    return HEAD.replace("{ion}", ion) + space + TAIL


def test_a_fluoride_conductor_is_written_as_chemists_do(fresh: Shell, put) -> None:
    space = """\
  sites:
    - {name: A, amount: 1, host: La3+, substituents: [{species: Ba2+, max: 0.2, step: 0.05}]}
  charge_compensation: {species: F-, min: 2.8, max: 3}
precursors: [{formula: LaF3}, {formula: BaF2}]
"""
    examples = fresh.json("space", put("other.yaml", other("F-", space)))["examples"]
    assert [one["formula"] for one in examples] == [
        "LaF3", "Ba0.05La0.95F2.95", "Ba0.1La0.9F2.9", "Ba0.15La0.85F2.85", "Ba0.2La0.8F2.8",
    ]  # fmt: skip


def test_molecular_ions_halves_and_two_valences_of_one_element(fresh: Shell, put) -> None:
    borate = """\
  sites:
    - {name: A, amount: 1, host: BH4-, substituents: [{species: [I-, NH2-], max: 0.5, step: 0.25}]}
    - {name: C, amount: "1/3", host: "B12H12^2-", substituents: [{species: "B10H10^2-", levels: ["1/6"]}]}
  charge_compensation: {species: Li+, min: 1, max: 3}
"""
    assert fresh.json("space", put("other.yaml", other("Li+", borate)))["candidates"] == 9 * 2
    magnesium = """\
  sites:
    - {name: Zr, amount: 2, host: Zr4+, substituents: [{species: Sc3+, levels: [0.1, 0.2]}]}
    - {name: P, amount: 3, host: "PO4^3-"}
  charge_compensation: {species: Mg2+, min: 0.5, max: 0.55}
"""
    examples = fresh.json("space", put("other.yaml", other("Mg2+", magnesium)))["examples"]
    assert [one["formula"] for one in examples] == ["Mg0.5Zr2P3O12", "Mg0.55Sc0.1Zr1.9P3O12"]
    iron = """\
  sites:
    - {name: Fe, amount: 1, host: Fe3+, substituents: [{species: [Fe2+, Ti4+], max: 0.5, step: 0.25}]}
    - {name: O, amount: 2, host: O2-}
  charge_compensation: {species: Na+, min: 0, max: 2}
"""
    found = fresh.json("space", put("other.yaml", other("Na+", iron)))
    assert found["candidates"] == 9
    formulas = [one["formula"] for one in found["examples"]]
    assert formulas.count("NaFeO2") == 1


def test_a_setting_relative_to_a_measured_property_says_so(fresh: Shell, put) -> None:
    space = """\
  mixture: {basis: mole, step: 0.1, end_members: [{formula: Li2S, min: 0.5, max: 0.8}, P2S5]}
  process:
    - {name: anneal_offset, unit: K, levels: [-20, 0, 20], shared_by: well, relative_to: crystallization_temperature}
precursors: [{formula: Li2S}, {formula: P2S5}]
observe: [crystallization_temperature]
"""
    fresh.ok("init", put("other.yaml", other("Li+", space)))
    fresh.ok("plan", "other")
    fresh.ok("approve", "OTHER-001")
    sheet = (fresh.home / "plates" / "OTHER-001" / "sheet.html").read_text()
    assert "anneal_offset counts from the crystallization_temperature" in sheet


def test_a_space_that_is_used_up_says_so(fresh: Shell, put) -> None:
    space = """\
  mixture: {basis: weight, step: "1/4", end_members: [Li6PS5Cl, {formula: Li3InCl6, max: 0.5}]}
precursors: [{formula: Li6PS5Cl}, {formula: Li3InCl6}]
"""
    fresh.ok("init", put("other.yaml", other("Li+", space)))
    assert any("3 wells stay empty" in line for line in fresh.json("plan", "other")["warnings"])
    fresh.ok("approve", "OTHER-001")
    assert "nothing is left to propose" in fresh.fails("plan", "other")[0]
