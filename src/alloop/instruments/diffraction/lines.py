"""The powder lines of a crystal structure: spacings, multiplicities and structure factors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import InstrumentError
from alloop.instruments.diffraction.crystal import Crystal, reciprocal_metric

_NEGLIGIBLE = 2e-4
_ELECTRON_RADIUS_ANGSTROM = 2.8179403e-5
_SEPARATE_LINES, _INSEPARABLE = 500, 3e-4  # the second is twice a relative difference of spacings
_BLOCK = 2_000_000
_MOST_REFLECTIONS = 3_000_000


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines of one crystal for one wavelength, reflections of equal spacing taken together.

    Attributes:
        hkl: (n, 3) one reflection of each line.
        strength: (n,) sum of |F|² over all reflections of the line (multiplicity included), electrons².
        members: (m, 3) every reflection up to the sign, for the average of a texture.
        line_of: (m,) the line that each of them belongs to.
        share: (m,) its part of that line's strength.
    """

    hkl: IntArray
    strength: FloatArray
    members: IntArray
    line_of: IntArray
    share: FloatArray


@lru_cache(maxsize=1024)
def powder_lines(crystal: Crystal, wavelength_angstrom: float, smallest_spacing_angstrom: float) -> Lines:
    """The lines of a crystal down to a spacing.

    F(hkl) = Σ occ·f·exp(−B/(4d²))·exp(2πi h·x), with f = f0 + f' + if''. f0 is the nine-parameter fit of Waasmaier
    & Kirfel (1995), doi:10.1107/S0108767394013292; f' and f'' are those of Henke, Gullikson & Davis (1993),
    doi:10.1006/adnd.1993.1013, both as tabulated in `periodictable`. |F|² is the mean of a reflection and its opposite.

    Raises:
        InstrumentError: when the cell is so large that it has too many reflections.
    """
    metric = reciprocal_metric(crystal.cell)
    hkl = _half_sphere(crystal, metric, smallest_spacing_angstrom)
    if not len(hkl):
        nothing, nowhere = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Lines(hkl, nothing, hkl, nowhere, nothing)
    inverse_square = np.einsum("ni,ij,nj->n", hkl, metric, hkl)
    squared = _squared_structure_factors(crystal, hkl, inverse_square, wavelength_angstrom)
    order = np.argsort(inverse_square, kind="stable")
    hkl, inverse_square, squared = hkl[order], inverse_square[order], 2.0 * squared[order]
    # Equal spacings differ by rounding only: a relative step of 1e-7 in 1/d² begins a new line.
    line_of = np.concatenate([[0], np.cumsum(np.diff(inverse_square) > 1e-7 * inverse_square[1:])])
    if line_of[-1] >= _SEPARATE_LINES:
        # Of a large cell with low symmetry, lines that no diffractometer separates are taken together.
        line_of = np.unique(np.floor(np.log(inverse_square) / _INSEPARABLE), return_inverse=True)[1]
    strength = np.bincount(line_of, weights=squared)
    # Bragg-Brentano patterns fall steeply with the angle; 1/(sin²θ cosθ) ~ d² tells which lines matter.
    first = _strongest(line_of, squared)
    seen = strength / inverse_square[first]
    kept = seen > _NEGLIGIBLE * seen.max()
    new_number = np.cumsum(kept) - 1
    inside = kept[line_of]
    share = squared / np.maximum(strength[line_of], 1e-300)
    return Lines(hkl[first[kept]], strength[kept], hkl[inside], new_number[line_of[inside]], share[inside])


def _strongest(line_of: IntArray, squared: FloatArray) -> IntArray:
    """The index of the strongest reflection of each line; `line_of` increases."""
    order = np.lexsort((-squared, line_of))
    return np.asarray(order[np.searchsorted(line_of, np.arange(line_of[-1] + 1))])


def _half_sphere(crystal: Crystal, metric: FloatArray, smallest: float) -> IntArray:
    """The reflections with spacings from `smallest` up, one of each pair ±hkl."""
    # |h| <= a/d holds for any cell (International Tables for Crystallography B, 1.1).
    limits = [int(length / smallest) for length in crystal.cell[:3]]
    box = (limits[0] + 1) * (2 * limits[1] + 1) * (2 * limits[2] + 1)
    if box > _MOST_REFLECTIONS:
        raise InstrumentError(
            f"the cell of {crystal.volume:.0f} Å3 has too many reflections",
            "use a smaller cell of the same structure",
            crystal.name,
        )
    h, k, el = np.meshgrid(
        np.arange(0, limits[0] + 1),
        np.arange(-limits[1], limits[1] + 1),
        np.arange(-limits[2], limits[2] + 1),
        indexing="ij",
    )
    hkl = np.stack([h.ravel(), k.ravel(), el.ravel()], axis=1).astype(np.int64)
    half = (hkl[:, 0] > 0) | ((hkl[:, 0] == 0) & ((hkl[:, 1] > 0) | ((hkl[:, 1] == 0) & (hkl[:, 2] > 0))))
    hkl = hkl[half]
    return np.asarray(hkl[np.einsum("ni,ij,nj->n", hkl, metric, hkl) <= 1.0 / smallest**2])


def _squared_structure_factors(
    crystal: Crystal, hkl: IntArray, inverse_square: FloatArray, wavelength: float
) -> FloatArray:
    from periodictable import cromermann

    stol = np.sqrt(inverse_square) / 2.0
    forward = np.zeros(len(hkl), dtype=complex)
    backward = np.zeros(len(hkl), dtype=complex)
    for symbol in sorted(set(crystal.elements)):
        of_element = np.array([one == symbol for one in crystal.elements])
        places, amounts = crystal.positions[of_element], crystal.occupancies[of_element]
        cosines, sines = np.empty(len(hkl)), np.empty(len(hkl))
        step = max(1, _BLOCK // len(places))
        for start in range(0, len(hkl), step):
            phase = 2.0 * np.pi * (hkl[start : start + step] @ places.T)
            cosines[start : start + step] = np.cos(phase) @ amounts
            sines[start : start + step] = np.sin(phase) @ amounts
        factor = cromermann.fxrayatstol(symbol, stol) + dispersion(symbol, wavelength)
        factor = factor * np.exp(-crystal.debye_waller_B[symbol] * stol**2)
        forward += factor * (cosines + 1j * sines)
        backward += factor * (cosines - 1j * sines)
    return np.asarray((np.abs(forward) ** 2 + np.abs(backward) ** 2) / 2.0)


def dispersion(symbol: str, wavelength_angstrom: float) -> complex:
    """f' + if'' of an element; 0 where the table ends."""
    from periodictable import elements

    element: Any = elements.symbol(symbol)
    first, second = element.xray.scattering_factors(wavelength=wavelength_angstrom)
    if not (np.isfinite(first) and np.isfinite(second)):
        return 0j
    return complex(float(first) - element.number, float(second))


def absorption_per_cm(crystal: Crystal, wavelength_angstrom: float) -> float:
    """The linear absorption coefficient of a solid crystal: µ = 2 r_e λ Σ f'' / V, photoelectric part only."""
    amounts: dict[str, float] = {}
    for symbol, amount in zip(crystal.elements, crystal.occupancies, strict=True):
        amounts[symbol] = amounts.get(symbol, 0.0) + float(amount)
    total = sum(amount * dispersion(symbol, wavelength_angstrom).imag for symbol, amount in amounts.items())
    return 2.0 * _ELECTRON_RADIUS_ANGSTROM * wavelength_angstrom * total / crystal.volume * 1e8
