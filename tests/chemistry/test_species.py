import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.chemistry import Species, parse_species
from alloop.chemistry.formula import ELEMENT_ORDER
from alloop.errors import FormulaError


@pytest.mark.parametrize(
    ("text", "formula", "charge", "elements"),
    [
        ("Li+", "Li", 1, {"Li": 1}),
        ("Zr4+", "Zr", 4, {"Zr": 1}),
        ("Zr^4+", "Zr", 4, {"Zr": 1}),
        ("S2-", "S", -2, {"S": 1}),
        ("O2^2-", "O2", -2, {"O": 2}),
        ("BH4-", "BH4", -1, {"B": 1, "H": 4}),
        ("NH4+", "NH4", 1, {"N": 1, "H": 4}),
        ("OH-", "OH", -1, {"O": 1, "H": 1}),
        ("B12H12^2-", "B12H12", -2, {"B": 12, "H": 12}),
        ("Zr⁴⁺", "Zr", 4, {"Zr": 1}),
        ("BH₄⁻", "BH4", -1, {"B": 1, "H": 4}),
        ("B12H12²⁻", "B12H12", -2, {"B": 12, "H": 12}),
        (" Cl− ", "Cl", -1, {"Cl": 1}),
        ("H2O^0", "H2O", 0, {"H": 2, "O": 1}),
        ("Va", "Va", 0, {}),
    ],
)
def test_reads_species(text: str, formula: str, charge: int, elements: dict[str, int]) -> None:
    species = parse_species(text)
    assert (species.formula, species.charge, dict(species.elements)) == (formula, charge, elements)
    assert species.is_vacancy == (text == "Va")
    assert parse_species(species.symbol) == species


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(ELEMENT_ORDER), st.integers(-4, 8).filter(bool))
def test_every_ion_is_read_back_from_its_symbol(element: str, charge: int) -> None:
    species = Species(element, charge)
    assert parse_species(species.symbol) == species
    assert str(species) == species.symbol


def test_symbols() -> None:
    symbols = ["Al3+", "B12H12^2-", "BH4-", "Cl-", "Li+", "O2^2-", "Va", "Zr4+"]
    assert [parse_species(symbol).symbol for symbol in symbols] == symbols
    assert sorted(parse_species(symbol) for symbol in reversed(symbols)) == [
        parse_species(s) for s in symbols
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Al", "element 'Al' has no charge; write it with its valence, such as 'Al3+'"),
        ("Cl2", "element 'Cl' has no charge"),
        ("BH4", "species 'BH4' has no charge"),
        ("Xq", "unknown element 'Xq'"),
        ("Xq3+", "unknown element 'Xq' in species 'Xq3+'"),
        ("XqH4-", "unknown element 'Xq'"),
        ("Al+3", "write 'Al3+'"),
        ("B12H12^2", "no charge after its caret"),
        ("Li0+", "impossible charge"),
        ("Li13+", "impossible charge"),
        ("B0.5H^2-", "not one whole unit"),
        ("Va^2+", "the vacancy is neutral"),
        ("", "empty"),
        ("+", "+"),
    ],
)
def test_says_what_is_wrong_with_a_species(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse_species(text, where="garnet.yaml, space.sites[1]")
    assert message in str(refused.value)
    assert str(refused.value).startswith("garnet.yaml, space.sites[1]: ")
