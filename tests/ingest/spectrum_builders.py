"""Impedance spectra of pellets whose conductivity is known."""

from __future__ import annotations

import numpy as np

THICKNESS_MM, DIAMETER_MM = 1.2, 6.5
_CELL_PER_CM = (THICKNESS_MM / 10) / (np.pi / 4 * (DIAMETER_MM / 10) ** 2)


def spectrum(
    conductivity_S_per_cm: float, seed: int = 0, headings: str = "freq [Hz],Re(Z) [Ohm],-Im(Z) [Ohm]"
) -> str:
    """A CSV file of one arc and a blocking electrode, with 0.3 % noise."""
    resistance = _CELL_PER_CM / conductivity_S_per_cm
    frequency = np.logspace(6.5, -1, 61)
    s = 2j * np.pi * frequency
    arc = resistance / (1 + resistance * 2e-11 * s**0.97)
    impedance = arc + 1 / (5e-6 * s**0.9)
    noise = np.random.default_rng(seed).normal(size=(2, len(frequency)))
    impedance = impedance * (1 + 0.003 * (noise[0] + 1j * noise[1]) / np.sqrt(2))
    rows = [f"{f:.6g},{z.real:.6g},{-z.imag:.6g}" for f, z in zip(frequency, impedance, strict=True)]
    return "\n".join([headings, *rows]) + "\n"


def pellets(samples: dict[str, float]) -> str:
    """A table of pellets: sample -> thickness in mm."""
    lines = ["sample,thickness [mm],diameter [mm]"]
    return "\n".join(lines + [f"{name},{size},{DIAMETER_MM}" for name, size in samples.items()]) + "\n"
