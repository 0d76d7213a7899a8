"""A fitted pattern: its phases, their scales, what is calculated from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.crystal import Crystal, lattice_freedoms
from alloop.instruments.diffraction.lines import Lines
from alloop.instruments.diffraction.profile import Instrument, PhaseShape


@dataclass(frozen=True, eq=False)
class Phase:
    """A phase in a fit: its structure, its lines, its shape."""

    crystal: Crystal
    lines: Lines
    shape: PhaseShape

    @staticmethod
    def of(crystal: Crystal, lines: Lines, like: PhaseShape | None = None, strain: float = 0.0) -> Phase:
        """A phase to begin with; its lines as wide as those of another."""
        lattice = strain * isotropic(crystal)
        shape = PhaseShape(lattice) if like is None else PhaseShape(lattice, like.size_deg, like.strain_deg)
        return Phase(crystal, lines, shape)


@dataclass(frozen=True, eq=False)
class Fit:
    """A pattern with its phases fitted.

    Attributes:
        instrument, phases: what was refined.
        scales: (k,) of the phases.
        scale_covariance: (k, k), the nonlinear parameters included, scaled by the misfit.
        background: (n,) fitted.
        patterns: (n, k) of the phases of scale 1.
        lattice_sigma: for each phase, standard uncertainties of its lattice freedoms.
        chi_square: sum of squared residuals over `Measured.sigma`.
    """

    instrument: Instrument
    phases: tuple[Phase, ...]
    scales: FloatArray
    scale_covariance: FloatArray
    background: FloatArray
    patterns: FloatArray
    lattice_sigma: tuple[FloatArray, ...]
    chi_square: float

    @property
    def calculated(self) -> FloatArray:
        """The calculated pattern, background included, (n,)."""
        return np.asarray(self.background + self.patterns @ self.scales)


def isotropic(crystal: Crystal) -> FloatArray:
    """The direction among a lattice's freedoms in which all lengths grow alike."""
    freedoms = lattice_freedoms(crystal.cell)
    return np.asarray(np.any(freedoms[:, :3] != 0.0, axis=1), dtype=np.float64)


def weight_fractions(fit: Fit) -> FloatArray:
    """W_k = S_k (ZM)_k V_k / Σ: Hill & Howard (1987), doi:10.1107/S0021889887086199; zeros without phases."""
    weights = fit.scales * np.array([one.crystal.cell_mass * one.crystal.volume for one in fit.phases])
    total = weights.sum()
    return np.asarray(weights / total) if total > 0.0 else weights
