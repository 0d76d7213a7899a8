"""Reference CIFs: good ones load, bad ones are named with what mends them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from diffraction_builders import REFERENCES, crystal, references

from alloop.errors import InstrumentError
from alloop.instruments.diffraction import load_references


def _changed(tmp_path: Path, name: str, *changes: tuple[str, str]) -> str:
    text = (REFERENCES / f"{name}.cif").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "changed.cif").write_text(text, encoding="utf-8")
    (tmp_path / "good.cif").write_text((REFERENCES / "NiO.cif").read_text(encoding="utf-8"), encoding="utf-8")
    found = load_references(tmp_path)
    assert [one.name for one in found.crystals] == ["good"]
    assert {problem.where for problem in found.problems} == {"changed.cif"}
    assert all(problem.mend for problem in found.problems)
    return "; ".join(str(problem) for problem in found.problems)


def test_every_reference_of_the_benchmark_passes() -> None:
    found = references()
    assert found.problems == ()
    assert len(found.crystals) >= 50


@pytest.mark.parametrize(
    ("name", "density"),
    [  # Handbook of Chemistry and Physics, physical constants of inorganic compounds
        ("V2O5", 3.36),
        ("ZrO2_monoclinic", 5.8),
        ("Li2CO3", 2.1),
        ("NiO", 6.8),
        ("Fe3O4_magnetite", 5.2),
        ("LiF", 2.64),
    ],
)
def test_densities_are_those_of_the_minerals(name: str, density: float) -> None:
    assert crystal(name).density == pytest.approx(density, rel=0.02)


def test_the_wrong_origin_of_v2o5_is_caught(tmp_path: Path) -> None:
    # Pmmn with origin choice 1 and coordinates of choice 2: twice as many atoms, density 6.7 instead of 3.4.
    origin_1 = ("'x,y,z'", "'-x,-y,z'", "'-x+1/2,y+1/2,-z'", "'x+1/2,-y+1/2,-z'")
    text = (REFERENCES / "V2O5.cif").read_text(encoding="utf-8")
    start = text.index("'x,y,z'")
    old = text[start : text.index("loop_", start)]
    more = ("'-x+1/2,-y+1/2,-z'", "'x+1/2,y+1/2,-z'", "'x,-y,z'", "'-x,y,z'")
    said = _changed(tmp_path, "V2O5", (old, "\n".join((*origin_1, *more)) + "\n"))
    assert "origin" in said


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("ZnO", ("O1 O 0.333333 0.666667 0.3821 1", "O1 O 0.333333 0.666667 0.02 1"), "Å apart"),
        ("ZnO", ("O1 O 0.333333 0.666667 0.3821 1", "O1 O 0.333333 0.666667 ? 1"), ""),
        ("ZnO", ("O1 O 0.333333 0.666667 0.3821 1", "O1 O 0.333333 0.666667 0.3821 ?"), "occupancy"),
        ("ZnO", ("'Zn O'", "'Zn O2'"), "the file states Zn O2"),
        ("TiO2_rutile", ("_cell_formula_units_Z 2", "_cell_formula_units_Z 8"), "Z = 8"),
        ("ZnO", ("_cell_length_c 5.2066", "_cell_length_c 52.066"), "Å3"),
        (
            "ZnO",
            ("_cell_length_a 3.2498", "_cell_length_a 3.2498\n_exptl_crystal_density_diffrn 7.1"),
            "states 7.10",
        ),
    ],
)
def test_a_wrong_cif_is_named_and_the_others_load(
    tmp_path: Path, name: str, change: tuple[str, str], says: str
) -> None:
    assert says in _changed(tmp_path, name, change)


@pytest.mark.parametrize("content", ["", "not a CIF", "data_x\n_cell_length_a 3\n", "data_x\nloop_\n_a\n"])
def test_damaged_files_are_problems(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.cif").write_text(content, encoding="utf-8")
    found = load_references(tmp_path)
    assert found.crystals == ()
    assert [problem.where for problem in found.problems] == ["bad.cif"]


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="no such folder"):
        load_references(tmp_path / "nowhere")


def test_the_elements_of_a_well_limit_the_candidates() -> None:
    every = references()
    chosen = every.of_elements(frozenset({"Li", "C", "O"}))
    assert {one.name for one in chosen} == {"Li2CO3", "Li2O"}
    assert every.of_elements(None) == every.crystals
