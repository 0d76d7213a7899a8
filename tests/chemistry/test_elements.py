import numpy as np
import pytest

from alloop.chemistry import ELEMENT_FEATURES, element_table, parse_species, shannon_radius
from alloop.chemistry.charge import USUAL_STATES
from alloop.chemistry.elements import typical_charge
from alloop.chemistry.formula import ELEMENT_ORDER
from alloop.errors import FormulaError


def test_table_has_no_gaps() -> None:
    table = element_table(ELEMENT_ORDER)
    assert table.shape == (118, len(ELEMENT_FEATURES))
    assert np.isfinite(table).all()
    assert element_table([]).shape == (0, len(ELEMENT_FEATURES))


def test_known_values() -> None:
    table = dict(zip(ELEMENT_FEATURES, element_table(["Zr"])[0], strict=True))
    assert table["electronegativity"] == 1.33
    assert table["ionic_radius"] == 0.72
    assert table["charge"] == 4.0
    assert table["field_strength"] == pytest.approx(4 / 0.72**2)
    assert table["atomic_mass"] == pytest.approx(91.22, abs=0.01)
    assert (table["group"], table["row"]) == (4.0, 5.0)
    assert table["ionization_energy"] == pytest.approx(6.634, abs=0.001)


@pytest.mark.parametrize(
    ("species", "radius"),
    [
        ("Li+", 0.76),
        ("La3+", 1.032),
        ("Fe3+", 0.645),  # high spin
        ("Mn2+", 0.83),
        ("S2-", 1.84),
        ("Cl-", 1.81),
        ("N3-", 1.46),  # fourfold, the only one listed
        ("H+", 0.0),
        ("OH-", 1.37),
        ("BH4-", 2.05),
    ],
)
def test_radii_are_shannons(species: str, radius: float) -> None:
    assert shannon_radius(parse_species(species)) == radius


def test_radii_without_an_entry_fall_back() -> None:
    assert shannon_radius(parse_species("Li2+")) == shannon_radius(parse_species("Li+"))
    assert 2.0 < shannon_radius(parse_species("ClO4-")) < 3.0
    with pytest.raises(FormulaError, match="vacancy"):
        shannon_radius(parse_species("Va"))


def test_typical_charges_are_usual_ones() -> None:
    for element, intervals in USUAL_STATES.items():
        assert any(low <= typical_charge(element) <= high for low, high in intervals), element
