"""What is weighed adds up to what is wanted: worked out again here, from atomic masses and nothing of alloop's."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path

import pytest
from campaign_shell import TEXT, Shell

# Standard atomic weights in g/mol (IUPAC, abridged).
MASS = {
    "H": 1.008, "Li": 6.94, "B": 10.81, "C": 12.011, "O": 15.999, "Mg": 24.305, "Al": 26.982, "Cl": 35.45,
    "Sc": 44.956, "Zn": 65.38, "Mn": 54.938, "Zr": 91.224, "In": 114.818, "La": 138.905, "Ta": 180.948,
}  # fmt: skip

PRECURSORS = {
    "LiCl": {"Li": 1, "Cl": 1}, "MgCl2": {"Mg": 1, "Cl": 2}, "ZnCl2": {"Zn": 1, "Cl": 2},
    "MnCl2": {"Mn": 1, "Cl": 2}, "InCl3": {"In": 1, "Cl": 3}, "ZrCl4": {"Zr": 1, "Cl": 4},
    "ScCl3": {"Sc": 1, "Cl": 3}, "Li2CO3": {"Li": 2, "C": 1, "O": 3}, "La2O3": {"La": 2, "O": 3},
    "ZrO2": {"Zr": 1, "O": 2}, "Ta2O5": {"Ta": 2, "O": 5}, "AlCl3·6H2O": {"Al": 1, "Cl": 3, "H": 12, "O": 6},
    "Al2O3": {"Al": 2, "O": 3},
}  # fmt: skip

GARNET = """\
campaign: oxide
title: A garnet from carbonates in air
mobile_ion: Li+
atmosphere: air
space:
  sites:
    - {name: Li, amount: 7, host: Li+, substituents: [{species: Al3+, levels: [0.1, 0.2]}]}
    - {name: La, amount: 3, host: La3+}
    - {name: Zr, amount: 2, host: Zr4+, substituents: [{species: Ta5+, max: "2/3", step: "1/3"}]}
    - {name: O, amount: 12, host: O2-}
  charge_compensation: {species: Li+, min: 5, max: 7}
  process:
    - {name: li_excess, levels: [0, 0.1, 0.2], shared_by: well, excess_of: Li2CO3}
precursors:
  - {formula: Li2CO3, gives: Li2O, purity: 0.98}
  - {formula: La2O3}
  - {formula: ZrO2}
  - {formula: Ta2O5, purity: 0.999}
  - {formula: Al2O3}
objectives:
  - {property: ionic_conductivity, goal: maximize, scale: log10, unit: S/cm, reference: 1e-6}
plate:
  {rows: 3, columns: 4, random: 2, sample_mass_g: 1.0,
   controls: {count: 1, formula: Li7La3Zr2O12, process: {li_excess: 0.1}}}
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as stream:
        return list(csv.DictReader(stream))


def weighed(row: dict[str, str]) -> dict[str, float]:
    """Precursor -> mg of a row of weigh_list.csv."""
    named = {name.removesuffix(" [mg]"): text for name, text in row.items() if name.endswith(" [mg]")}
    return {name: float(text) for name, text in named.items() if name in PRECURSORS and text}


def molar(elements: dict[str, float]) -> float:
    return sum(MASS[element] * count for element, count in elements.items())


def check(
    plan: dict, weigh_list: Path, grams: float, purity: dict[str, float], excess: dict[str, float], aside: set[str],
    setting: tuple[str, str] | None = None,
) -> None:  # fmt: skip
    """Every well: what is weighed, less excess and impurities, gives `grams` of the composition of the plan."""
    rows = {row["well"]: row for row in rows_of(weigh_list)}
    assert set(rows) == {well["well"] for well in plan["wells"]}
    for well in plan["wells"]:
        wanted: dict[str, float] = {}
        for occupants in well["composition"].values():
            for species, amount in occupants.items():
                element = species.rstrip("+-0123456789")
                wanted[element] = wanted.get(element, 0) + amount
        own = dict(excess)
        if setting is not None:
            own[setting[1]] = well["process"][setting[0]]
        got: dict[str, float] = {}
        masses = weighed(rows[well["well"]])
        for name, mg in masses.items():
            moles = mg * purity.get(name, 1) / (1 + own.get(name, 0)) / molar(PRECURSORS[name])
            for element, count in PRECURSORS[name].items():
                got[element] = got.get(element, 0) + moles * count
        formulas = 1000 * grams / molar(wanted)  # mmol of formula units in that many grams
        for element in (got.keys() | wanted.keys()) - aside:
            # 0.05 mg of rounding is at most 0.7 µmol of any of these powders, with up to six atoms of an element.
            assert got.get(element, 0) == pytest.approx(formulas * wanted.get(element, 0), abs=0.005), (
                well["well"],
                element,
            )
        assert float(rows[well["well"]]["powder [mg]"]) == pytest.approx(sum(masses.values()), abs=0.051)
        assert all(round(mg, 1) == mg for mg in masses.values())
        assert float(rows[well["well"]]["composition_error"]) < 0.001


def test_chlorides_with_excess_and_purity(fresh: Shell, put) -> None:
    put("small.yaml", TEXT.replace("{formula: InCl3}", "{formula: InCl3, purity: 0.97}"))
    fresh.ok("init", put("small.yaml", TEXT.replace("{formula: InCl3}", "{formula: InCl3, purity: 0.97}")))
    plan = fresh.json("plan", "small-spinel")
    fresh.ok("approve", plan["plate"])
    folder = fresh.home / "plates" / plan["plate"]
    check(plan, folder / "weigh_list.csv", 0.5, {"InCl3": 0.97}, {"LiCl": 0.02}, set())
    transfers: dict[tuple[str, str], float] = {}
    for row in rows_of(folder / "worklist.csv"):
        transfers[row["well"], row["precursor"]] = float(row["mass [mg]"])
    listed = {
        (row["well"], name): mass
        for row in rows_of(folder / "weigh_list.csv")
        for name, mass in weighed(row).items()
    }
    assert transfers == listed
    sheet = (folder / "sheet.html").read_text()
    assert all(f"{mass:.1f}" in sheet for mass in listed.values())


def test_thirds_stay_exact(fresh: Shell, put) -> None:
    text = (
        TEXT.replace("[Zn2+, Mn2+, In3+, Zr4+], max: 0.4, step: 0.1", "[Sc3+, In3+], max: \"2/3\", step: \"1/3\"")
        .replace("min: 1.2, max: 2.0", "min: 1, max: 2")
        .replace("{formula: ZnCl2}", "{formula: ScCl3}")
        .replace("levels: [1, 5]", "levels: [5]")
    )  # fmt: skip
    fresh.ok("init", put("small.yaml", text))
    plan = fresh.json("plan", "small-spinel")
    keys = " ".join(well["key"] for well in plan["wells"])
    assert "Sc3+:1/3" in keys or "Sc3+:2/3" in keys
    assert ".333" not in keys
    fresh.ok("approve", plan["plate"])
    check(plan, fresh.home / "plates" / plan["plate"] / "weigh_list.csv", 0.5, {}, {"LiCl": 0.02}, set())


def test_a_garnet_fired_in_air(fresh: Shell, put) -> None:
    fresh.ok("init", put("oxide.yaml", GARNET))
    plan = fresh.json("plan", "oxide")
    fresh.ok("approve", "OXIDE-001")
    weigh_list = fresh.home / "plates" / "OXIDE-001" / "weigh_list.csv"
    purity = {"Li2CO3": 0.98, "Ta2O5": 0.999}
    check(plan, weigh_list, 1.0, purity, {}, {"O", "C"}, ("li_excess", "Li2CO3"))
    # Li7La3Zr2O12 with 10 % more lithium, by hand: 839.74 g/mol, so 1.19084 mmol; 3.5 Li2CO3 of 73.888 g/mol
    # are 307.96 mg, 1.1/0.98 of that 345.7 mg; 1.5 La2O3 of 325.808 g/mol 582.0 mg; 2 ZrO2 of 123.222 g/mol 293.5 mg.
    control = next(well["well"] for well in plan["wells"] if well["role"] == "control")
    (row,) = [row for row in rows_of(weigh_list) if row["well"] == control]
    assert weighed(row) == pytest.approx({"Li2CO3": 345.7, "La2O3": 582.0, "ZrO2": 293.5}, abs=0.11)


def test_a_well_that_the_shelf_cannot_make_names_the_element(fresh: Shell, put) -> None:
    code, out, err = fresh("space", put("small.yaml", TEXT.replace("{formula: ZrCl4}", "{formula: ZrO2}")))
    assert code == 0
    assert "244 candidates" in out  # none of the 184 with zirconium: under inert gas its oxygen has no place
    assert "no candidate holds Zr4+ on M; check precursors" in err


def test_as_weighed_masses_become_the_composition_that_is_learned_from(approved: Shell, put) -> None:
    plate = "SMALL-SPINEL-001"
    folder = approved.home / "plates" / plate
    lines = (folder / "weigh_list.csv").read_text().splitlines()
    header = lines[0].split(",")
    first = lines[1].split(",")
    position = header.index("LiCl [mg]")
    first[position] = str(round(float(first[position]) * 0.8, 1))
    table = put("weighed.csv", "\n".join([lines[0], ",".join(first), *lines[2:]]) + "\n")
    code, _, err = approved("made", plate, table, "--by", "bo")
    assert code == 0
    assert "well A01: the masses give" in err
    approved.ok("export", "small-spinel", folder.parent / "out")
    made = {row["sample"]: row for row in rows_of(folder.parent / "out" / "preparations.csv")}
    assert len(made) == 8
    elements = {name: Fraction(text) for name, text in json.loads(made[f"{plate}-A01"]["elements"]).items()}
    assert elements["Li"] / elements["Mg"] == pytest.approx(1.6, abs=0.001)  # was 2
    assert made[f"{plate}-A01"]["recorded_by"] == "bo"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("well,LiCl [mg]\nA1,-3\n", "is no mass"),
        ("well,LiCl [mg]\nA1,200\n", "the mass of MgCl2 is missing; write 0"),
        ("well,LiCl [mg]\nZ9,200\n", "has no well Z09"),
        ("well,milling_time [h]\nA1,5\nA01,6\n", "stands in row 2 too"),
        ("well,LiCl [V]\nA1,200\n", "V is a voltage"),
        ("well,colour\nA1,red\n", "no row says how a sample was made"),
        ("a,b\n1,2\n", "no row of headings"),
        ("", "the file is empty"),
        ("%PDF-1.7\n", "PDF"),
    ],
)  # fmt: skip
def test_weighed_masses_that_make_no_sense(approved: Shell, put, text: str, said: str) -> None:
    lines = approved.fails("made", "SMALL-SPINEL-001", put("weighed.csv", text))
    assert said in " ".join(lines)
    assert approved.json("status", "small-spinel")["plates"][0]["state"] == "approved"
