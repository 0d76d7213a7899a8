"""What a composition is: species, formulas, charge balance, element data and descriptors."""

from alloop.chemistry.charge import charge_excess, charge_of_species
from alloop.chemistry.formula import (
    Amounts,
    atomic_fractions,
    composition_key,
    format_formula,
    is_element,
    molar_mass,
    order_elements,
    parse_formula,
)
from alloop.chemistry.precursors import Precursor, make_precursor
from alloop.chemistry.shelf import Shelf
from alloop.chemistry.species import Species, parse_species

__all__ = [
    "Amounts",
    "Precursor",
    "Shelf",
    "Species",
    "atomic_fractions",
    "charge_excess",
    "charge_of_species",
    "composition_key",
    "format_formula",
    "is_element",
    "make_precursor",
    "molar_mass",
    "order_elements",
    "parse_formula",
    "parse_species",
]
