from fractions import Fraction

import pytest

from alloop.chemistry.precursors import make_precursor
from alloop.errors import FormulaError, PrecursorError


def test_leaves_itself_when_nothing_else_is_said() -> None:
    precursor = make_precursor("LiCl", purity=0.999, excess=0.02, price_per_g=0.6, stock_g=100)
    assert precursor.gives == precursor.elements == {"Li": 1, "Cl": 1}
    assert precursor.molar_mass == pytest.approx(6.94 + 35.45, abs=0.02)


@pytest.mark.parametrize(
    ("formula", "gives", "left"),
    [
        ("Li2CO3", "Li2O", {"Li": 2, "O": 1}),
        ("Li2CO3", "LiO1/2", {"Li": 2, "O": 1}),
        ("Al(NO3)3·9H2O", "Al2O3", {"Al": 1, "O": Fraction(3, 2)}),
        ("AlCl3·6H2O", "AlCl3", {"Al": 1, "Cl": 3}),
        ("NH4H2PO4", "P2O5", {"P": 1, "O": Fraction(5, 2)}),
        ("H3BO3", "B2O3", {"B": 1, "O": Fraction(3, 2)}),
        ("Sb2O3", "Sb2O5", {"Sb": 2, "O": 5}),  # takes up oxygen in air
        ("P2S5", "P2S4", {"P": 2, "S": 4}),  # loses sulfur
    ],
)
def test_scales_what_is_left_to_one_formula_unit(formula: str, gives: str, left: dict[str, Fraction]) -> None:
    assert make_precursor(formula, gives).gives == left


def test_water_of_crystallisation_is_weighed() -> None:
    dry, wet = make_precursor("MgCl2"), make_precursor("MgCl2·6H2O", "MgCl2")
    assert wet.mass_g(1.0) - dry.mass_g(1.0) == pytest.approx(6 * 18.015, abs=0.01)
    assert wet.gives == dry.gives


def test_mass_and_moles_are_inverse_with_purity_and_excess() -> None:
    precursor = make_precursor("Li2CO3", "Li2O", purity=0.98, excess=0.1)
    assert precursor.mass_g(2.0) == pytest.approx(2 * 1.1 * precursor.molar_mass / 0.98)
    assert precursor.moles(precursor.mass_g(0.3)) == pytest.approx(0.3)
    assert precursor.mass_g(1.0, excess=0.0) == pytest.approx(precursor.molar_mass / 0.98)
    assert precursor.moles(precursor.mass_g(0.3, 0.2), 0.2) == pytest.approx(0.3)


def test_lists_everything_wrong_at_once() -> None:
    with pytest.raises(PrecursorError) as caught:
        make_precursor("LiCl", "NaCl", purity=99.9, excess=2, price_per_g=-1, where="precursors[3]")
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    assert all(problem.where == "precursors[3]" for problem in caught.value.problems)
    assert "write 0.999" in text
    assert "write 0.02 for 2 %" in text
    assert "gives Na, which LiCl does not hold" in text


@pytest.mark.parametrize("purity", [0.0, -0.5, float("nan")])
def test_refuses_impossible_purities(purity: float) -> None:
    with pytest.raises(PrecursorError, match="purity"):
        make_precursor("LiCl", purity=purity)


def test_names_the_place_of_an_unreadable_formula() -> None:
    with pytest.raises(FormulaError, match=r"precursors\[0\]"):
        make_precursor("LiXq", where="precursors[0]")
