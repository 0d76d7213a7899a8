from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.chemistry import charge_excess, charge_of_species, parse_formula, parse_species
from alloop.chemistry.charge import ERROR, WARN

SHARED = Path(__file__).parents[2].parent / "shared"


@pytest.mark.parametrize(
    ("formula", "excess"),
    [
        ("Li2La3Zr2O12", -5.0),  # misprint of Li7La3Zr2O12
        ("Li6PS4Cl", 2.0),  # misprint of Li6PS5Cl
        ("Li6PS3Cl", 4.0),
        ("Li2PS5Cl", -4.0),
        ("LiSnS4", -3.0),
        ("Li7PS5Cl", 1.0),
        ("Li5SnS4", -1.0),  # tin is +2 or +4, nothing between
        ("Li2.4Y0.6Zr0.4Cl5.85F0.15", -0.2),  # Y and Zr exchanged
        ("LiGa2GeS6", -1.0),  # misprint of LiGaGe2S6
        ("Li1.5Al0.3Ti1.7(PO4)3", 0.2),  # titanium is +3 or +4
        ("Li4OHCl", 2.0),
        ("Li3YCl5", 1.0),
    ],
)
def test_finds_what_is_missing(formula: str, excess: float) -> None:
    assert charge_excess(parse_formula(formula)) == pytest.approx(excess, abs=1e-12)


@pytest.mark.parametrize(
    "formula",
    [
        "Li7La3Zr2O12",
        "Li6PS5Cl",
        "Li1.3Al0.3Ti1.7(PO4)3",
        "Li2.4Y0.4Zr0.6Cl5.85F0.15",
        "Li1.3Fe1.2Cl4",  # Fe2+ and Fe3+
        "Li4P2S6",  # P4+
        "Li3P",
        "Li8GeP4",
        "Li2.65S0.35N0.15P0.5",
        "Li14Nd5(Si11N19O5)O2F2",
        "Li17Sb13S28",
        "LiBH4",
        "NH4Cl",
        "LiBH4·NH3",
        "Li2B12H12",
        "Li2B12H12·4H2O",
        "Na2CB11H12CB9H10",
        "Li5PS4(BH4)2",
        "Li2OHCl",
        "Li3(NH2)2I",
        "Li3AlH6",
        "La2LiHO3",
        "LiClC3H7NO",
        "LiOH·H2O",
        "Li2O2",
        "LiClO4",
        "LiNO3",
        "Al(NO3)3·9H2O",
        "Li2SO4",
        "Li2CO3",
        "LiCF3SO3",
        "(NH4)2HPO4",
        "FeS2",
        "KMnO4",
        "Li",
        "S8",
        "Li22Sn5",
        "Al0.5CoCrFeNi",
    ],
)
def test_accepts_real_compounds(formula: str) -> None:
    assert charge_excess(parse_formula(formula)) == 0.0


def test_rounded_decimals_warn_but_do_not_fail() -> None:
    excess = charge_excess(parse_formula("Li4Al0.33Si0.33P0.33O4"))
    assert WARN < abs(excess) < ERROR


def test_further_states_can_be_allowed() -> None:
    formula = parse_formula("LiSmCl3")
    assert charge_excess(formula) == 1.0
    assert charge_excess(formula, states={"Sm": [2]}) == 0.0
    reduced = parse_formula("Li7Ti5O12")
    assert charge_excess(reduced) != 0.0
    assert charge_excess(reduced, states={"Ti": [3, 4]}) == 0.0


@settings(max_examples=50, deadline=None)
@given(
    st.fractions(0, 1, max_denominator=60),
    st.sampled_from(["Al", "Ga", "In", "Sc", "Y"]),
    st.fractions(1, 5, max_denominator=12),
)
def test_compensated_series_is_neutral_at_any_scale(x: Fraction, dopant: str, scale: Fraction) -> None:
    amounts = {"Li": 1 + x, dopant: x, "Zr": 2 - x, "P": Fraction(3), "O": Fraction(12)}
    amounts = {element: amount * scale for element, amount in amounts.items()}
    assert charge_excess(amounts) == 0.0
    amounts["Li"] += Fraction(1, 2)
    assert charge_excess(amounts) == pytest.approx(0.5)


def test_species_are_balanced_as_units() -> None:
    amounts = {
        parse_species("Li+"): Fraction(5),
        parse_species("BH4-"): Fraction(2),
        parse_species("P5+"): Fraction(1),
        parse_species("S2-"): Fraction(4),
        parse_species("Va"): Fraction(1, 3),
    }
    assert charge_of_species(amounts) == 0
    amounts[parse_species("B12H12^2-")] = Fraction(1, 3)
    assert charge_of_species(amounts) == Fraction(-2, 3)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
def test_published_formulas_are_only_flagged_when_wrong() -> None:
    import pandas as pd

    obelix = pd.read_csv(SHARED / "data" / "conductivity" / "obelix_all.csv")
    literature = pd.read_csv(SHARED / "data" / "literature.csv")
    printed = {text.strip() for text in (*obelix["Reduced Composition"], *literature["formula"].dropna())}
    flagged = {text for text in printed if abs(charge_excess(parse_formula(text))) > ERROR + 1e-9}
    # Refined site occupations that do not add up, and misprints (each checked by hand).
    assert flagged == {
        "Fe0.16La2.95Li5.68Zr2O12",
        "Fe0.19La2.95Li5.57Zr2O12",
        "La3Li5.08Ta1.51Zr0.39O12",
        "Li5.4La3Nb1.8Y0.75O12",
        "Li5.72Al0.26La3Zr1.5W0.25O12",
        "Li5.74La3Zr1.5Ta0.5O12",
        "Li5La3Nb1.75Y0.25O12",
        "Li5La3Nb1.85Y0.15O12",
        "Li5La3Nb1.8Y0.2O12",
        "Li5La3Nb1.9Y0.1O12",
        "Li6.1P0.95Si0.1S5Br",
        "Li6.4Al0.19La3Zr2O11.8",
        "Li6PS4Cl",
        "Li7.22Si1.5P0.5O8",
        "Li9.6P3S12",
        "LiGa2GeS6",
    }
