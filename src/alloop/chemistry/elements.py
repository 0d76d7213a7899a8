"""Properties of the elements and ionic radii, as numbers without gaps.

The data are those that pymatgen carries (Pauling electronegativities, Shannon's radii of 1976, Pettifor's
Mendeleev numbers, NIST ionisation energies), read once when first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np

from alloop.arrays import FloatArray
from alloop.chemistry.formula import ELEMENT_ORDER, is_element
from alloop.chemistry.species import Species
from alloop.errors import FormulaError

ELEMENT_FEATURES: tuple[str, ...] = (
    "electronegativity",
    "ionic_radius",
    "charge",
    "field_strength",
    "atomic_radius",
    "van_der_waals_radius",
    "atomic_mass",
    "mendeleev_number",
    "group",
    "row",
    "ionization_energy",
    "electron_affinity",
    "hardness",
    "melting_point",
    "molar_volume",
)
"""Columns of :func:`element_table`: Pauling electronegativity; ionic radius (Å), charge (e) and field
strength |z|/r² (e/Å²) in the element's typical oxidation state; atomic and van der Waals radius (Å);
mass (g/mol); Mendeleev number; group; row; first ionisation energy and electron affinity (eV); chemical
hardness, half the difference of the last two (eV; Pearson, Inorg. Chem. 27, 734, 1988); melting point (K) and
molar volume (cm³/mol) of the element."""

_TYPICAL: tuple[tuple[int, str], ...] = (
    (-3, "N"),
    (-2, "O S Se"),
    (-1, "F Cl Br I At"),
    (0, "He Ne Ar Kr Xe Rn Og"),
    (1, "H Li Na K Rb Cs Fr Ag Cu Au Tl"),
    (2, "Be Mg Ca Sr Ba Ra Zn Cd Hg Mn Co Ni Pd Pb No Cn"),
    (
        3,
        "B Al Ga In Sc Y La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Cr Fe Rh Bi Ac Am Cm Bk Cf Es Fm Md Lr",
    ),
    (4, "C Si Ge Sn Ti Zr Hf Th Ru Os Ir Pt Te Po Tc Re Rf"),
    (5, "P As Sb V Nb Ta Pa Np Db"),
    (6, "Mo W U Sg"),
)
TYPICAL_CHARGE: Mapping[str, int] = {
    element: charge for charge, elements in _TYPICAL for element in elements.split()
}
"""The oxidation state in which an element mostly enters a solid electrolyte; other elements count as +4."""

_CN_VI = 6
_ROMAN = {
    "I": 1,
    "II": 2,
    "III": 3,
    "IV": 4,
    "V": 5,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "X": 10,
    "XI": 11,
}
_ROMAN |= {"XII": 12, "XIV": 14}

# A field strength needs some extent, which Shannon's table denies H+, B3+ and C4+ (Å).
_LEAST_RADIUS = 0.3
# Radius of a molecular ion over that of a sphere with its atoms' van der Waals volume: fits PF6- and NO3-.
_PACKING = 0.83

_MOLECULAR_RADII: Mapping[tuple[str, int], float] = {
    ("OH", -1): 1.37,
    ("BH4", -1): 2.05,
    ("NH4", 1): 1.48,
    ("NH2", -1): 1.68,
    ("CN", -1): 1.87,
    ("NO3", -1): 2.00,
    ("O2", -2): 1.67,
    ("BF4", -1): 2.05,
    ("PF6", -1): 2.42,
    ("SO4", -2): 2.18,
    ("PO4", -3): 2.30,
    ("B12H12", -2): 2.9,
    ("CB11H12", -1): 2.9,
    ("B10H10", -2): 2.7,
    ("CB9H10", -1): 2.7,
}
"""Å. OH- and NH4+ from Shannon, Acta Cryst. A32, 751 (1976) and CN VI; the others thermochemical radii in the
manner of Jenkins and Thakur, J. Chem. Educ. 56, 576 (1979); cages half their diameter."""


@cache
def _data(element: str) -> Mapping[str, Any]:
    from pymatgen.core.periodic_table import Element  # slow to import

    found = Element(element)
    return {**found.data, "group": found.group, "row": found.row}


def _number(element: str, *names: str) -> float:
    """The first of these properties that is known, otherwise that of the nearest lighter element."""
    data = _data(element)
    for name in names:
        value = data.get(name)
        if isinstance(value, int | float) and np.isfinite(value):
            return float(value)
    if data["Atomic no"] == 1:
        return 0.0
    return _number(_by_atomic_number()[data["Atomic no"] - 1], *names)


@cache
def _by_atomic_number() -> Mapping[int, str]:
    return {_data(element)["Atomic no"]: element for element in ELEMENT_ORDER}


@lru_cache(maxsize=4096)
def shannon_radius(species: Species) -> float:
    """Ionic radius in Å.

    Shannon's radius in sixfold coordination and high spin; without one, the coordination number nearest to
    six; for a charge that Shannon does not list, the nearest charge of the same element (the proton counts as
    zero); without any ionic radius, the atomic radius. Molecular ions have thermochemical radii, unlisted
    ones an estimate from their atoms' van der Waals volumes.

    Raises:
        FormulaError: for a vacancy, which has no radius.
    """
    if species.is_vacancy:
        raise FormulaError("a vacancy has no radius")
    if not is_element(species.formula):
        listed = _MOLECULAR_RADII.get((species.formula, species.charge))
        return listed if listed is not None else _sphere(species.elements)
    listed_charges = _data(species.formula).get("Shannon radii") or {}
    by_charge = {charge: radii for charge, radii in listed_charges.items() if charge}
    if not by_charge:
        return _number(species.formula, "Atomic radius", "Atomic radius calculated")
    charge = min(by_charge, key=lambda known: (abs(int(known) - species.charge), int(known)))
    by_number = by_charge[charge]
    nearest = min(by_number, key=lambda cn: (abs(_coordination(cn) - _CN_VI), _coordination(cn), cn))
    by_spin = by_number[nearest]
    spin = "High Spin" if "High Spin" in by_spin else min(by_spin)
    return max(0.0, float(by_spin[spin]["ionic_radius"]))


def _coordination(roman: str) -> int:
    """`IV` and `IVSQ` (square) are four, `IIIPY` (pyramidal) three."""
    return _ROMAN[roman.removesuffix("SQ").removesuffix("PY")]


def _sphere(elements: Mapping[str, int]) -> float:
    cubes = sum(count * _number(element, "Van der waals radius") ** 3 for element, count in elements.items())
    return float(_PACKING * cubes ** (1 / 3))


def typical_charge(element: str) -> int:
    """The oxidation state in which the element mostly enters a solid electrolyte, in e."""
    return TYPICAL_CHARGE.get(element, 4)


def typical_radius(element: str) -> float:
    """Ionic radius (Å) of the element in its typical oxidation state."""
    return shannon_radius(Species(element, typical_charge(element)))


def _ionization_energy(element: str) -> float:
    energies = _data(element).get("Ionization energies")
    if energies:
        return float(energies[0])
    return _ionization_energy(_by_atomic_number()[_data(element)["Atomic no"] - 1])


@cache
def _row(element: str) -> tuple[float, ...]:
    charge, radius = typical_charge(element), typical_radius(element)
    ionization = _ionization_energy(element)
    affinity = _number(element, "Electron affinity")
    values = {
        "electronegativity": _number(element, "X"),
        "ionic_radius": radius,
        "charge": float(charge),
        "field_strength": abs(charge) / max(radius, _LEAST_RADIUS) ** 2,
        "atomic_radius": _number(element, "Atomic radius", "Atomic radius calculated"),
        "van_der_waals_radius": _number(element, "Van der waals radius"),
        "atomic_mass": float(_data(element)["Atomic mass"]),
        "mendeleev_number": _number(element, "Mendeleev no"),
        "group": float(_data(element)["group"]),
        "row": float(_data(element)["row"]),
        "ionization_energy": ionization,
        "electron_affinity": affinity,
        "hardness": (ionization - affinity) / 2,
        "melting_point": _number(element, "Melting point"),
        "molar_volume": _number(element, "Molar volume"),
    }
    return tuple(values[name] for name in ELEMENT_FEATURES)


def element_table(elements: Sequence[str]) -> FloatArray:
    """The properties named in :data:`ELEMENT_FEATURES`: (n_elements, n_features), without NaN.

    A property unknown for an element is that of the nearest lighter element for which it is known.
    """
    return np.array([_row(element) for element in elements], dtype=np.float64).reshape(
        -1, len(ELEMENT_FEATURES)
    )
