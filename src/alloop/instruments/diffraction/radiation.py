"""Which radiation a pattern was taken with, and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping

from alloop.instruments.diffraction.profile import Beam
from alloop.instruments.readers.xrd_radiation import K_ALPHA_ANGSTROM, anode_of
from alloop.instruments.recording import Pattern


def beam_of(pattern: Pattern, conditions: Mapping[str, float | str]) -> tuple[Beam, bool]:
    """The radiation of a pattern, and whether its wavelength had to be assumed.

    What a person states as `wavelength_angstrom` goes before what the file states; without either copper is assumed.
    """
    stated = conditions.get("wavelength_angstrom")
    wavelength = float(stated) if isinstance(stated, int | float) else pattern.wavelength_angstrom
    if wavelength is None:
        first, second = K_ALPHA_ANGSTROM["Cu"]
        return Beam(first, second if pattern.has_k_alpha_2 else None), True
    anode = anode_of(wavelength)
    if anode is None:
        return Beam(wavelength, None, polarised=True), False
    first, second = K_ALPHA_ANGSTROM[anode]
    ratio = second / first
    if abs(wavelength / (first * (2.0 + ratio) / 3.0) - 1.0) < 1e-4:
        wavelength = first  # the mean of both lines was stated
    return Beam(wavelength, wavelength * ratio if pattern.has_k_alpha_2 else None), False
