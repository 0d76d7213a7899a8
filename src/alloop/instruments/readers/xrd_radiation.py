"""The wavelengths of X-ray tubes."""

from __future__ import annotations

K_ALPHA_ANGSTROM = {
    # K-alpha-1 and K-alpha-2: Hölzer et al. (1997), doi:10.1103/PhysRevA.56.4554; Mo and Ag: Deslattes et al. (2003),
    # doi:10.1103/RevModPhys.75.35.
    "Cr": (2.289726, 2.293652),
    "Mn": (2.101854, 2.105822),
    "Fe": (1.936041, 1.939973),
    "Co": (1.788996, 1.792835),
    "Ni": (1.657930, 1.661756),
    "Cu": (1.540593, 1.544427),
    "Mo": (0.709317, 0.713607),
    "Ag": (0.559422, 0.563813),
}
"""Wavelengths of K-alpha-1 and K-alpha-2 by anode, in Å."""

_SAME_TUBE = 2.5e-3


def anode_of(wavelength_angstrom: float) -> str | None:
    """The anode whose K-alpha-1 (or mean K-alpha) line a wavelength is, None for that of a synchrotron."""
    for anode, (first, _) in K_ALPHA_ANGSTROM.items():
        if abs(wavelength_angstrom / first - 1.0) < _SAME_TUBE:
            return anode
    return None
