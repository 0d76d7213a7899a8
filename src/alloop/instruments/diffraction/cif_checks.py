"""Whether a reference structure is what its CIF says it is."""

from __future__ import annotations

import re
from typing import Any

from alloop.errors import FormulaError, Problem

# Lattices of solids lie between lithium (0.53) and osmium (22.6 g/cm3).
_DENSITY_LIMITS = (0.4, 23.0)
# Volume per atom in Å3, hydrogen left out: diamond has 5.7, ionic solids up to 50, potassium 75, caesium 115.
_SMALLEST_ATOM, _LARGEST_ATOM, _LARGEST_ALKALI = 5.5, 60.0, 125.0
_DENSITY_AGREES, _FORMULA_AGREES = 0.04, 0.03
# Shorter than any distance between two atoms that are both there: H-H in H2 is 0.74 Å, C-O in CO 1.13 Å.
_UPON_EACH_OTHER, _TOO_CLOSE = 0.60, 1.05
# Occupancies of places too close to be filled together sum to 1, or a little more where they were refined freely.
_SHARED_PLACE = 1.15
_NUMBER = re.compile(r"^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\(\d+\))?\s*$")


def check_structure(block: dict[str, Any], structure: Any, where: str) -> tuple[list[Problem], list[Problem]]:
    """What is wrong with a structure, and what should be known of it.

    Args:
        block: the data of the CIF, by tag.
        structure: pymatgen's structure of the whole cell.
        where: the file, for the messages.

    Returns:
        The problems (the structure must not be used) and the remarks (it may).
    """
    problems = [
        *_missing(block, where),
        *_overlaps(structure, where),
        *_density(block, structure, where),
        *_formula(block, structure, where),
        *_units(block, structure, where),
    ]
    return problems, _doubts(block, where)


def numbers(values: Any) -> list[float]:
    """The numbers of a CIF column without their uncertainties; empty unless every one is a number."""
    if values is None:
        return []
    found = [_NUMBER.match(str(value)) for value in (values if isinstance(values, list) else [values])]
    return [float(one[1]) for one in found if one] if all(found) else []


def element_of(label: str) -> str:
    """The element at the beginning of an atom's label or type ("Zr4+", "O1")."""
    letters = re.match(r"[A-Za-z]{1,2}", label)
    if letters is None:
        return label
    from alloop.chemistry import is_element

    text = letters[0].capitalize()
    return text if is_element(text) else text[:1]


def _missing(block: dict[str, Any], where: str) -> list[Problem]:
    problems = []
    for axis in "xyz":
        if not numbers(block.get(f"_atom_site_fract_{axis}")):
            problems.append(
                Problem(where, f"an atom has no {axis} coordinate", "state every coordinate as a number")
            )
    if "_atom_site_occupancy" in block:
        values = numbers(block["_atom_site_occupancy"])
        if not values:
            problems.append(Problem(where, "an occupancy is not stated", "replace `?` and `.` with numbers"))
        elif min(values) <= 0.0 or max(values) > 1.0 + 1e-6:
            problems.append(
                Problem(where, "an occupancy lies outside 0 to 1", "correct _atom_site_occupancy")
            )
    return problems


def _overlaps(structure: Any, where: str) -> list[Problem]:
    """Atoms upon each other, other than those that share a partly filled place."""
    if len(structure) < 2:
        return []
    pairs = structure.get_neighbor_list(_TOO_CLOSE)
    for first, second, distance in zip(pairs[0], pairs[1], pairs[3], strict=True):
        together = sum(structure[int(i)].species.num_atoms for i in (first, second))
        hydrogen = any(
            "H" in _symbols(structure[int(i)]) or "D" in _symbols(structure[int(i)]) for i in (first, second)
        )
        if together > _SHARED_PLACE and distance < (_UPON_EACH_OTHER if hydrogen else _TOO_CLOSE):
            return [
                Problem(
                    where,
                    f"{structure[int(first)].species_string} and {structure[int(second)].species_string} are "
                    f"{distance:.2f} Å apart",
                    "check the space group's setting and origin, and the coordinates",
                )
            ]
    return []


def _symbols(site: Any) -> set[str]:
    return {getattr(species, "symbol", str(species)) for species in site.species}


def _density(block: dict[str, Any], structure: Any, where: str) -> list[Problem]:
    mend = "check the space group's setting and origin, the cell and the occupancies"
    density = float(structure.density)
    atoms = sum(
        float(amount) for element, amount in structure.composition.items() if str(element) not in {"H", "D"}
    )
    per_atom = structure.volume / max(atoms, 1e-9)
    if not _DENSITY_LIMITS[0] <= density <= _DENSITY_LIMITS[1]:
        return [Problem(where, f"the density would be {density:.2f} g/cm3", mend)]
    alkali = {"K", "Rb", "Cs"} & {str(element) for element in structure.composition.element_composition}
    if not _SMALLEST_ATOM <= per_atom <= (_LARGEST_ALKALI if alkali else _LARGEST_ATOM):
        return [Problem(where, f"an atom would take {per_atom:.1f} Å3 (density {density:.2f} g/cm3)", mend)]
    stated = numbers(block.get("_exptl_crystal_density_diffrn"))
    if stated and abs(density / stated[0] - 1.0) > _DENSITY_AGREES:
        return [
            Problem(
                where,
                f"the structure has a density of {density:.2f}, the file states {stated[0]:.2f} g/cm3",
                mend,
            )
        ]
    return []


def _formula(block: dict[str, Any], structure: Any, where: str) -> list[Problem]:
    stated = _stated_formula(block)
    if stated is None:
        return []
    found = {
        element_of(str(element)): float(amount)
        for element, amount in structure.composition.element_composition.fractional_composition.items()
    }
    total = sum(stated.values())
    # Hydrogen is often left out of structures that were solved with X-rays: that is a remark, not a problem.
    without = {"H"} if "H" in stated and "H" not in found else set()
    total -= sum(stated[one] for one in without)
    for element in sorted((set(stated) | set(found)) - without):
        expected = stated.get(element, 0.0) / total
        if abs(found.get(element, 0.0) - expected) > _FORMULA_AGREES * max(expected, 0.1):
            return [
                Problem(
                    where,
                    f"the structure is {structure.composition.reduced_formula}, the file states "
                    f"{block['_chemical_formula_sum']} ({element} differs)",
                    "check the setting and origin, the occupancies and the formula",
                )
            ]
    return []


def _units(block: dict[str, Any], structure: Any, where: str) -> list[Problem]:
    stated, units = _stated_formula(block), numbers(block.get("_cell_formula_units_Z"))
    if stated is None or not units or units[0] <= 0:
        return []
    hydrogen = stated.get("H", 0.0)
    expected = units[0] * (sum(stated.values()) - hydrogen)
    found = sum(
        float(v) for k, v in structure.composition.element_composition.items() if str(k) not in {"H", "D"}
    )
    # Some programs write the formula of the whole cell beside Z.
    of_cell = abs(found - expected / units[0]) <= _FORMULA_AGREES * found
    if expected > 0 and abs(found / expected - 1.0) > _FORMULA_AGREES and not of_cell:
        return [
            Problem(
                where,
                f"the cell holds {found:.4g} atoms besides H, Z = {units[0]:g} formula units have {expected:.4g}",
                "check the space group's setting and origin, or Z",
            )
        ]
    return []


def _stated_formula(block: dict[str, Any]) -> dict[str, float] | None:
    from alloop.chemistry import parse_formula

    text = block.get("_chemical_formula_sum")
    if not isinstance(text, str) or not text.strip(" ?.'\""):
        return None
    try:
        amounts = parse_formula(re.sub(r"\s+", "", text))
    except FormulaError:
        return None
    return {("H" if element == "D" else element): float(amount) for element, amount in amounts.items()}


def _doubts(block: dict[str, Any], where: str) -> list[Problem]:
    remarks = []
    if "_atom_site_occupancy" not in block:
        remarks.append(Problem(where, "no occupancies are stated; every place was taken as full"))
    if _stated_formula(block) is None:
        remarks.append(
            Problem(where, "no formula is stated or it cannot be read; the composition was not checked")
        )
    return remarks
