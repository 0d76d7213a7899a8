"""What a composition is: species, formulas, charge balance, element data and descriptors."""

from alloop.chemistry.charge import charge_excess, charge_of_species
from alloop.chemistry.descriptors import (
    COMPOSITION_DESCRIPTORS,
    composition_descriptor_names,
    composition_descriptors,
)
from alloop.chemistry.elements import ELEMENT_FEATURES, element_table, shannon_radius
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
from alloop.chemistry.site_descriptors import SITE_DESCRIPTORS, site_descriptor_names, site_descriptors
from alloop.chemistry.species import Species, parse_species

__all__ = [
    "COMPOSITION_DESCRIPTORS",
    "ELEMENT_FEATURES",
    "SITE_DESCRIPTORS",
    "Amounts",
    "Precursor",
    "Shelf",
    "Species",
    "atomic_fractions",
    "charge_excess",
    "charge_of_species",
    "composition_descriptor_names",
    "composition_descriptors",
    "composition_key",
    "element_table",
    "format_formula",
    "is_element",
    "make_precursor",
    "molar_mass",
    "order_elements",
    "parse_formula",
    "parse_species",
    "shannon_radius",
    "site_descriptor_names",
    "site_descriptors",
]
