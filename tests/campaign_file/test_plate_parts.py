"""Blocks, stations and wells that cannot be used, as a campaign file says them."""

from pathlib import Path

import pytest
from campaign_texts import SMALL, parse, problems_of

from alloop.campaign_file import wells_named
from alloop.errors import PlanError

SHELF = """\
precursors:
  - LiCl
  - MgCl2
  - ZnCl2
  - {formula: InCl3, atmosphere: inert}
"""
BLOCKED = SMALL.replace(
    "objectives:", "  process:\n    - {name: heat, levels: [300, 400], shared_by: block}\nobjectives:"
)


def plate(text: str, base: str = BLOCKED) -> str:
    return base + "plate:\n" + "".join(f"  {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["B7"], ["B07"]),
        (["A1-B2"], ["A01", "A02", "B01", "B02"]),
        (["b2-a1", "A2"], ["A01", "A02", "B01", "B02"]),
        (["A3, A1"], ["A01", "A03"]),
    ],
)
def test_wells_are_named_one_by_one_and_by_corners(texts: list[str], found: list[str]) -> None:
    assert list(wells_named(texts, 4, 8)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [("J1", "no well J01"), ("A9", "A01 to D08"), ("7", "names no well"), ("A1-B2-C3", "names no well")],
)
def test_wells_that_are_not_there(text: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        wells_named([text], 4, 8)


def test_blocks_by_rows_columns_and_wells(tmp_path: Path) -> None:
    def blocks(text: str) -> dict[str, tuple[str, ...]]:
        file = parse(plate(f"rows: 4\ncolumns: 4\nreplicates: 0\nrandom: 0\n{text}"), tmp_path)
        return {block.name: block.wells for block in file.plate.blocks}

    rows = blocks("blocks: {by: rows, size: 2}")
    assert list(rows) == ["rows A-B", "rows C-D"]
    assert rows["rows C-D"][0] == "C01"
    columns = blocks("blocks: {by: columns, size: 1}\nskip: [A1, C3-D4]")
    assert list(columns) == ["column 1", "column 2", "column 3", "column 4"]
    assert columns["column 1"] == ("B01", "C01", "D01")
    assert columns["column 4"] == ("A04", "B04")
    named = blocks("blocks: [{name: back, wells: C1-D4}, {name: front, wells: [A1-A4, B1-B4]}]")
    assert list(named) == ["front", "back"]
    assert len(named["front"]) == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("blocks: {by: rows, size: 3}", "8 rows cannot be divided into blocks of 3; use one of 1, 2, 4, 8"),
        ("blocks: {by: diagonals, size: 2}", "is not one of the choices"),
        ("blocks: [{name: a, wells: A1-D8}]", "wells E01, E02, E03 and 29 more belong to no block"),
        ("blocks: [{name: a, wells: A1-H8}, {name: b, wells: A1}]", "A01 already belongs to block a"),
        ("blocks: [{name: a, wells: A1-H8}, {name: a, wells: Z1}]", "the plate has no well Z01"),
        ("skip: [A1-H8]", "every well of the plate is skipped"),
        ("skip: [A1-H7]", "10 wells are reserved, the plate has 8"),
        (
            "stations: [{name: bench, atmosphere: air, wells: 40}]",
            "the stations make 40 wells of a plate, which has 64",
        ),
        ("stations: [{name: bench, atmosphere: vacuum, wells: 64}]", "not one of the choices"),
    ],
)
def test_plates_that_cannot_be(text: str, said: str, tmp_path: Path) -> None:
    reserved = "replicates: 5\nrandom: 5\n" if "A1-H7" in text else ""
    assert said in " ".join(problems_of(plate(reserved + text), tmp_path))


def test_stations_and_powders_that_must_not_see_air(tmp_path: Path) -> None:
    air = "stations: [{name: bench, atmosphere: air, wells: 64}]"
    said = problems_of(plate(air, BLOCKED + SHELF), tmp_path)
    assert "InCl3 must not see air, and no station is inert" in said[0]
    both = "stations: [{name: box, atmosphere: inert, wells: 24}, {name: bench, atmosphere: air, wells: 40}]"
    file = parse(plate(both, BLOCKED + SHELF), tmp_path)
    assert [(s.name, s.atmosphere, s.wells) for s in file.plate.stations] == [
        ("box", "inert", 24),
        ("bench", "air", 40),
    ]
    assert [p.formula for p in file.shelf.precursors if p.needs_inert] == ["InCl3"]
    plain = parse(plate(both, BLOCKED + SHELF.replace(", atmosphere: inert", "")), tmp_path)
    assert "every station can make every well" in " ".join(plain.warnings)


def test_controls_that_alone_break_a_rule(tmp_path: Path) -> None:
    controls = "controls: {count: 3, formula: Li2MgCl4}\n"
    said = problems_of(plate(controls + "max_precursors: 1", BLOCKED + SHELF), tmp_path)
    assert "the controls alone need 2 precursors (LiCl, MgCl2); raise it to 2 or more" in said[0]
    indium = controls.replace("Li2MgCl4", "Li1.9Mg0.9In0.1Cl4")
    tight = "stations: [{name: box, atmosphere: inert, wells: 2}, {name: bench, atmosphere: air, wells: 62}]"
    said = problems_of(plate(indium + tight, BLOCKED + SHELF), tmp_path)
    assert "3 controls hold InCl3, and the inert stations make 2 wells" in said[0]


def test_what_the_balance_cannot_tell_apart_is_one_experiment(tmp_path: Path) -> None:
    assert parse(plate("sample_mass_g: 0.2"), tmp_path).plate.min_distance == pytest.approx(0.1 / 200)
    file = parse(plate("min_distance: 0.00001"), tmp_path)
    assert file.plate.min_distance == 1e-5
    assert "are not told apart by the balance" in " ".join(file.warnings)


def test_settings_of_blocks_and_blocks_belong_together(tmp_path: Path) -> None:
    assert "the plate has no blocks: it counts as one" in " ".join(parse(BLOCKED, tmp_path).warnings)
    said = " ".join(parse(plate("blocks: {by: rows, size: 2}", SMALL), tmp_path).warnings)
    assert "the blocks have nothing of their own" in said
