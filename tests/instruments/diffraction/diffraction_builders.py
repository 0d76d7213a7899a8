"""Patterns with known contents, and reference structures, for the tests of diffraction."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from alloop.instruments.diffraction import References, load_references
from alloop.instruments.diffraction.crystal import Crystal
from alloop.instruments.diffraction.lines import powder_lines
from alloop.instruments.diffraction.model import isotropic
from alloop.instruments.diffraction.profile import Beam, Instrument, PhaseShape, phase_pattern
from alloop.instruments.recording import Pattern, Recording

ROOT = Path(__file__).parents[3]
REFERENCES = ROOT / "benchmarks" / "references"
SHARED = ROOT.parent / "shared" / "data" / "xrd"
COPPER = Beam(1.540593, 1.544427)


@lru_cache
def _every() -> References:
    return load_references(REFERENCES)


def references(*names: str) -> References:
    """Some of the reference structures of the benchmark; all of them without names."""
    every = _every()
    return every if not names else References(tuple(one for one in every.crystals if one.name in names))


def crystal(name: str) -> Crystal:
    (found,) = references(name).crystals
    return found


def simulated(
    weights: dict[str, float],
    *,
    seed: int = 0,
    strain: float = 0.0,
    counts: float = 8000.0,
    background: float = 300.0,
    angles: tuple[float, float, float] = (10.0, 80.0, 0.02),
    instrument: Instrument | None = None,
) -> Pattern:
    """A pattern of a mixture by weight, with counting noise; absorption by grains is left out.

    `counts` is the height of the highest peak, `strain` the relative change of every lattice.
    """
    instrument = instrument or Instrument(0.02, 0.03, 0.06, 0.03)
    two_theta = np.arange(angles[0], angles[1], angles[2])
    total = np.zeros(len(two_theta))
    for name, weight in weights.items():
        one = crystal(name)
        shape = PhaseShape(strain * isotropic(one), 0.05, 0.04)
        pattern = phase_pattern(two_theta, one, powder_lines(one, 1.540593, 1.1), shape, instrument, COPPER)
        total += weight / (one.cell_mass * one.volume) * pattern
    smooth = background * (1.0 + 10.0 / two_theta)
    expected = counts * total / max(total.max(), 1e-300) + smooth if weights else smooth
    noisy = np.random.default_rng(seed).poisson(expected).astype(float)
    return Pattern(two_theta, noisy, 1.540593)


def recording(pattern: Pattern) -> Recording:
    return Recording("simulated", pattern=pattern)
