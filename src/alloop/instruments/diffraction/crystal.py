"""A crystal structure as arrays, and the geometry of its lattice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray

Cell = tuple[float, float, float, float, float, float]
_AVOGADRO = 6.02214076e23
_SAME = 1e-4


@dataclass(frozen=True, eq=False)
class Crystal:
    """One crystal structure, compared by identity so that what follows from it can be kept.

    Attributes:
        name: what it is called in a report, the name of its file without ending.
        formula: its reduced formula ("Li2CO3").
        space_group: as its file states it, "" where it does not.
        cell: a, b, c in Å and alpha, beta, gamma in degrees.
        elements: (n,) the element of each atom in the cell.
        positions: (n, 3) fractional coordinates.
        occupancies: (n,) of each atom.
        debye_waller_B: B in Å² by element.
        cell_mass: of the cell's atoms, g/mol (Z·M).
    """

    name: str
    formula: str
    space_group: str
    cell: Cell
    elements: tuple[str, ...]
    positions: FloatArray
    occupancies: FloatArray
    debye_waller_B: Mapping[str, float]
    cell_mass: float

    @property
    def volume(self) -> float:
        """The cell's volume in Å3."""
        return cell_volume(self.cell)

    @property
    def density(self) -> float:
        """The crystal's density in g/cm3."""
        return self.cell_mass / _AVOGADRO / (self.volume * 1e-24)


def direct_metric(cell: Cell) -> FloatArray:
    """The metric tensor G_ij = a_i·a_j of a cell, (3, 3), Å²."""
    lengths = np.array(cell[:3])
    cosines = np.cos(np.radians(cell[3:]))
    angles = np.array(
        [
            [1.0, cosines[2], cosines[1]],
            [cosines[2], 1.0, cosines[0]],
            [cosines[1], cosines[0], 1.0],
        ]
    )
    return np.asarray(np.outer(lengths, lengths) * angles, dtype=np.float64)


def reciprocal_metric(cell: Cell) -> FloatArray:
    """The inverse of the metric tensor, so that 1/d² = hᵀ G* h, (3, 3), Å⁻²."""
    return np.asarray(np.linalg.inv(direct_metric(cell)), dtype=np.float64)


def cell_volume(cell: Cell) -> float:
    """The volume of a cell in Å3."""
    return float(np.sqrt(max(np.linalg.det(direct_metric(cell)), 0.0)))


def lattice_freedoms(cell: Cell) -> FloatArray:
    """What the shape of a cell leaves free: (n, 6), one row per freedom.

    A row holds the relative change of a, b and c, or the change of an angle in radians, per unit of the freedom.
    Lengths that are equal stay equal, angles of 90° stay (and 120° in a hexagonal cell); this follows the metric of the
    cell, so that a structure whose cell is more regular than its symmetry asks keeps that regularity.
    """
    a, b, c, *angles = cell
    rows: list[list[float]] = []
    same_ab, same_bc, same_ac = (abs(p / q - 1.0) < _SAME for p, q in ((a, b), (b, c), (a, c)))
    if same_ab and same_bc:
        rows.append([1, 1, 1, 0, 0, 0])
    elif same_ab:
        rows += [[1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]
    elif same_bc:
        rows += [[1, 0, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0]]
    elif same_ac:
        rows += [[1, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 0]]
    else:
        rows += [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]]
    right = [abs(angle - 90.0) < 1e-3 for angle in angles]
    hexagonal = same_ab and right[0] and right[1] and abs(angles[2] - 120.0) < 1e-3
    if (
        same_ab
        and same_bc
        and abs(angles[0] - angles[1]) + abs(angles[1] - angles[2]) < 2e-3
        and not any(right)
    ):
        rows.append([0, 0, 0, 1, 1, 1])
    elif not hexagonal:
        rows += [[0.0] * (3 + i) + [1.0] + [0.0] * (2 - i) for i in range(3) if not right[i]]
    return np.array(rows, dtype=float)


def strained(cell: Cell, changes: FloatArray) -> Cell:
    """A cell after relative changes of its lengths and changes of its angles in radians: `changes` is (6,)."""
    lengths = np.array(cell[:3]) * (1.0 + changes[:3])
    angles = np.array(cell[3:]) + np.degrees(changes[3:])
    return (*(float(v) for v in lengths), *(float(v) for v in angles))  # type: ignore[return-value]
