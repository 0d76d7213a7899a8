from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.chemistry import (
    atomic_fractions,
    composition_key,
    format_formula,
    is_element,
    molar_mass,
    order_elements,
    parse_formula,
)
from alloop.chemistry.formula import ELEMENT_ORDER
from alloop.errors import FormulaError

SHARED = Path(__file__).parents[2].parent / "shared"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Li6PS5Cl", {"Li": "6", "P": "1", "S": "5", "Cl": "1"}),
        ("Li₇La₃Zr₂O₁₂", {"Li": "7", "La": "3", "Zr": "2", "O": "12"}),
        ("Li1.3Al0.3Ti1.7(PO4)3", {"Li": "1.3", "Al": "0.3", "Ti": "1.7", "P": "3", "O": "12"}),
        ("Li2In1/3Sc1/3Cl4", {"Li": "2", "In": "1/3", "Sc": "1/3", "Cl": "4"}),
        ("La0.62 Li0.14(Mg0.5W0.5)O3", {"La": "0.62", "Li": "0.14", "Mg": "0.5", "W": "0.5", "O": "3"}),
        ("Al0.25 Co1", {"Al": "0.25", "Co": "1"}),
        ("Li0.6[Li0.2Sn0.8S2]", {"Li": "0.8", "Sn": "0.8", "S": "2"}),
        ("(Li6.26Al0.24)La3Zr2O12", {"Li": "6.26", "Al": "0.24", "La": "3", "Zr": "2", "O": "12"}),
        ("(Li2O)1.6(TaCl5)1", {"Li": "3.2", "O": "1.6", "Ta": "1", "Cl": "5"}),
        ("75Li2S-25P2S5", {"Li": "150", "S": "200", "P": "50"}),
        ("0.5Li2O·1/2B2O3", {"Li": "1", "O": "2", "B": "1"}),
        ("  LiBH4 ", {"Li": "1", "B": "1", "H": "4"}),
        ("Li6PS5Cl1Br0", {"Li": "6", "P": "1", "S": "5", "Cl": "1"}),
        ("Li.5CoO2", {"Li": "0.5", "Co": "1", "O": "2"}),
    ],
)
def test_reads_formulas_exactly(text: str, expected: dict[str, str]) -> None:
    assert parse_formula(text) == {element: Fraction(amount) for element, amount in expected.items()}


@pytest.mark.parametrize("sign", ["·", "*", "-", "•", " · ", "–"])
def test_reads_hydrates(sign: str) -> None:
    expected = {"Al": 1, "Cl": 3, "H": 12, "O": 6}
    assert parse_formula(f"AlCl3{sign}6H2O") == expected


def test_reads_monohydrate_with_a_point() -> None:
    assert parse_formula("LiOH.H2O") == {"Li": 1, "O": 2, "H": 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("Li6PS5Cx", "position 7: unknown element 'Cx'"),
        ("LI6PS5Cl", "position 1: unknown element 'L'; write 'Li'"),
        ("li2S", "position 1: 'l' begins no element"),
        ("Li2+xS", "'x' is an unknown amount"),
        ("Mg1-xO", "'x' is an unknown amount"),
        ("LiCl+", "looks like a charge"),
        ("(LiCl", "position 1: the bracket '(' is not closed"),
        ("LiCl)", "position 5: ')' closes no bracket"),
        ("(LiCl]2", "']' where ')' must close"),
        ("Li0,5CoO2", "a comma"),
        ("Li1.2.3O", "a comma or a second point"),
        ("Li 2S", "a number after a space"),
        ("Li2S-P2S5", "a hyphen without an amount"),
        ("AlCl3.6H2O", "a decimal or a hydrate"),
        ("Li1/0Cl", "division by zero"),
        ("Li0", "every amount is zero"),
        ("()Li", "an element is missing"),
        ("12", "an element is missing"),
        ("Va", "unknown element 'Va'"),
        ("Li" * 300, "at most 400 are read"),
    ],
)
def test_says_where_a_formula_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse_formula(text, where="shelf.yaml, precursors[2]")
    assert message in str(refused.value)
    assert str(refused.value).startswith("shelf.yaml, precursors[2]: ")


amount = st.fractions(min_value=Fraction(1, 1000), max_value=200, max_denominator=1000)
compositions = st.dictionaries(st.sampled_from(ELEMENT_ORDER), amount, min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(compositions)
def test_written_fractions_are_read_back_exactly(amounts: dict[str, Fraction]) -> None:
    text = "".join(f"{element}{value}" for element, value in amounts.items())
    assert parse_formula(text) == amounts


@settings(max_examples=50, deadline=None)
@given(compositions)
def test_formatted_formula_reads_back_within_four_decimals(amounts: dict[str, Fraction]) -> None:
    again = parse_formula(format_formula(amounts))
    assert again.keys() == amounts.keys()
    assert all(abs(again[element] - amounts[element]) <= Fraction("0.00005") for element in amounts)


@settings(max_examples=50, deadline=None)
@given(compositions, amount, st.randoms())
def test_key_knows_neither_scale_nor_order(amounts: dict[str, Fraction], factor: Fraction, order) -> None:
    elements = list(amounts)
    order.shuffle(elements)
    scaled = {element: amounts[element] * factor for element in elements}
    assert composition_key(scaled) == composition_key(amounts)
    key = parse_formula(composition_key(amounts))
    assert atomic_fractions(key) == atomic_fractions(amounts)


@settings(max_examples=50, deadline=None)
@given(compositions)
def test_atomic_fractions_sum_to_one(amounts: dict[str, Fraction]) -> None:
    assert sum(atomic_fractions(amounts).values()) == pytest.approx(1.0, abs=1e-12)


def test_key_tells_near_compositions_apart() -> None:
    keys = {composition_key(parse_formula(text)) for text in ("In1/3Cl", "In0.3333Cl", "In0.33333Cl")}
    assert len(keys) == 3
    assert composition_key(parse_formula("Li2P2S6")) == composition_key(parse_formula("LiPS3")) == "Li1P1S3"


def test_formats_as_the_field_writes() -> None:
    for text in (
        "Li6PS5Cl",
        "Li7La3Zr2O12",
        "Li6.25La3Zr2Ga0.25O12",
        "LiNbOCl4",
        "Li10GeP2S12",
        "LiBH4",
        "Li2ZrCl5F",
        "Na3SbS4",
    ):
        assert format_formula(parse_formula(text)) == text
    assert format_formula(parse_formula("ClS5PLi6")) == "Li6PS5Cl"
    assert format_formula({"Li": Fraction(2), "In": Fraction(1, 3), "Cl": Fraction(3)}) == "Li2In0.3333Cl3"
    assert format_formula(parse_formula("Na2Li2O2"), order=["Li"]) == "Li2Na2O2"


@pytest.mark.parametrize(
    ("amounts", "text"),
    [
        ({"Li": "1/2", "H": "2", "O": "1/3"}, "Li0.5O0.3333H2"),
        ({"Li": "3/2", "H": "2", "O": "1", "Cl": "1"}, "Li1.5OH2Cl"),
        ({"Li": "1", "H": "2", "O": "1"}, "LiH2O"),
    ],
)
def test_two_hydrogen_and_oxygen_after_a_decimal_are_no_water(amounts: dict[str, str], text: str) -> None:
    exact = {element: Fraction(amount) for element, amount in amounts.items()}
    assert format_formula(exact) == text
    again = parse_formula(text)
    assert {element: float(amount) for element, amount in again.items()} == pytest.approx(
        {element: float(amount) for element, amount in exact.items()}, abs=1e-4
    )


def test_a_trace_does_not_vanish_from_the_formula() -> None:
    assert format_formula({"Li": Fraction(1), "Fe": Fraction(1, 10**6)}) == "LiFe0.000001"


def test_molar_masses() -> None:
    # Handbook values, g/mol.
    assert molar_mass(parse_formula("Li2CO3")) == pytest.approx(73.89, abs=0.02)
    assert molar_mass(parse_formula("AlCl3·6H2O")) == pytest.approx(241.43, abs=0.02)
    assert molar_mass(parse_formula("La2O3")) == pytest.approx(325.81, abs=0.02)
    assert molar_mass(parse_formula("In1/3")) * 3 == pytest.approx(molar_mass(parse_formula("In")), rel=1e-12)


def test_elements_run_from_electropositive_to_electronegative() -> None:
    assert order_elements(["Cl", "S", "P", "Li", "S"]) == ["Li", "P", "S", "Cl"]
    assert len(ELEMENT_ORDER) == len(set(ELEMENT_ORDER)) == 118
    assert is_element("Zr")
    assert not is_element("Va")


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
def test_reads_every_published_formula() -> None:
    import pandas as pd
    from pymatgen.core import Composition

    obelix = pd.read_csv(SHARED / "data" / "conductivity" / "obelix_all.csv")
    literature = pd.read_csv(SHARED / "data" / "literature.csv")
    formulas = {*obelix["Reduced Composition"], *obelix["True Composition"], *literature["formula"].dropna()}
    for text in sorted(formulas):
        if "*" in text:
            continue
        reference = Composition(text.replace(" ", ""))
        parsed = parse_formula(text)
        assert {str(element): pytest.approx(float(n)) for element, n in reference.items() if n} == {
            element: float(n) for element, n in parsed.items()
        }, text
