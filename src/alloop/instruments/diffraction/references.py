"""The reference structures of a campaign: a folder of CIFs, each checked before it is believed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alloop.errors import InstrumentError, Problem
from alloop.instruments.diffraction.cif_checks import check_structure
from alloop.instruments.diffraction.crystal import Crystal

_LARGEST_CIF = 5_000_000
_MOST_CIFS = 2000
_MOST_ATOMS = 5000
# Typical isotropic B at room temperature where a CIF states none: heavy atoms move less than light ones.
_B_HEAVY, _B_LIGHT, _LIGHT_UP_TO = 0.5, 0.9, 9
_U_TO_B = 8.0 * np.pi**2


@dataclass(frozen=True, eq=False)
class References:
    """The structures that patterns are compared with, and what is wrong with the others.

    Attributes:
        crystals: those that passed every check, in the order of their names.
        problems: one for every check that a file failed; such a file is not used.
        remarks: what does not keep a file from being used and should be known.
    """

    crystals: tuple[Crystal, ...] = ()
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()

    def of_elements(self, elements: frozenset[str] | None) -> tuple[Crystal, ...]:
        """The structures that hold no other elements than these; all of them where None is given."""
        if elements is None:
            return self.crystals
        return tuple(one for one in self.crystals if set(one.elements) <= elements)


def load_references(folder: Path) -> References:
    """Read every CIF of a folder and check it.

    Checked are: a readable structure; fractional coordinates and occupancies that are stated and possible; no atoms
    upon each other; a density that such a compound may have, and the one that the file states; the formula and the
    number of formula units that the file states. A file that fails is a problem and is left out.

    Raises:
        InstrumentError: when the folder is not there or holds too many files.
    """
    if not folder.is_dir():
        raise InstrumentError(
            "there is no such folder of reference CIFs", "make it and put CIFs into it", str(folder)
        )
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".cif" and path.is_file())
    if len(paths) > _MOST_CIFS:
        raise InstrumentError(
            f"{len(paths)} CIFs are more than the {_MOST_CIFS} that are searched",
            "keep the phases that the campaign may give",
            str(folder),
        )
    crystals: list[Crystal] = []
    problems: list[Problem] = []
    remarks: list[Problem] = []
    for path in paths:
        crystal, wrong, noted = _load(path)
        problems += wrong
        remarks += noted
        if crystal is not None and not wrong:
            crystals.append(crystal)
    return References(tuple(crystals), tuple(problems), tuple(remarks))


def _load(path: Path) -> tuple[Crystal | None, list[Problem], list[Problem]]:
    where = path.name
    if path.stat().st_size > _LARGEST_CIF:
        return (
            None,
            [
                Problem(
                    where, f"the file is larger than {_LARGEST_CIF // 10**6} MB", "export a single structure"
                )
            ],
            [],
        )
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        block, structure = _parse(text)
    # pymatgen raises whatever its many layers raise on a damaged file: all of it means that the CIF cannot be read.
    except Exception as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        return (
            None,
            [Problem(where, f"no structure can be read ({reason})", "export the CIF again, with atom sites")],
            [],
        )
    if len(structure) > _MOST_ATOMS:
        return (
            None,
            [Problem(where, f"{len(structure)} atoms per cell are too many", "use a smaller cell")],
            [],
        )
    problems, remarks = check_structure(block, structure, where)
    return _crystal(path.stem, block, structure), problems, remarks


def _parse(text: str) -> tuple[dict[str, Any], Any]:
    """The first data block with atom sites, and its structure in the cell of the file."""
    from pymatgen.io.cif import CifParser

    with warnings.catch_warnings():
        # What these warnings tell of (rounded coordinates, missing symbols) is checked on the structure itself.
        warnings.simplefilter("ignore")
        parser = CifParser.from_str(text, occupancy_tolerance=1.02)
        structure = parser.parse_structures(primitive=False, on_error="raise")[0]
    blocks = [dict(one) for one in parser.as_dict().values()]
    block = next(one for one in blocks if "_atom_site_fract_x" in one)
    return block, structure


def _crystal(name: str, block: dict[str, Any], structure: Any) -> Crystal:
    elements: list[str] = []
    positions: list[Any] = []
    occupancies: list[float] = []
    for site in structure:
        for species, amount in site.species.items():
            symbol = getattr(species, "symbol", str(species))
            elements.append("H" if symbol in {"D", "T"} else symbol)
            positions.append(np.mod(site.frac_coords, 1.0))
            occupancies.append(float(amount))
    lattice = structure.lattice
    cell = (*(float(v) for v in lattice.abc), *(float(v) for v in lattice.angles))
    group = next(
        (
            str(block[key])
            for key in ("_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M")
            if key in block
        ),
        "",
    )
    return Crystal(
        name,
        structure.composition.reduced_formula,
        group,
        cell,  # type: ignore[arg-type]
        tuple(elements),
        np.array(positions, dtype=float).reshape(-1, 3),
        np.array(occupancies),
        _debye_waller(block, set(elements)),
        float(structure.composition.weight),
    )


def _debye_waller(block: dict[str, Any], elements: set[str]) -> dict[str, float]:
    """B by element: the mean of what the file states within plausible limits, else a usual value."""
    from periodictable import elements as table

    from alloop.instruments.diffraction.cif_checks import element_of, numbers

    usual = {one: _B_LIGHT if table.symbol(one).number <= _LIGHT_UP_TO else _B_HEAVY for one in elements}
    values = numbers(block.get("_atom_site_B_iso_or_equiv"))
    if not values:
        values = [_U_TO_B * value for value in numbers(block.get("_atom_site_U_iso_or_equiv"))]
    symbols = block.get("_atom_site_type_symbol") or block.get("_atom_site_label") or []
    stated: dict[str, list[float]] = {}
    for symbol, value in zip(symbols, values, strict=False):
        if 0.05 < value < 5.0:
            stated.setdefault(element_of(str(symbol)), []).append(value)
    return {one: float(np.mean(stated[one])) if one in stated else usual[one] for one in sorted(elements)}
