"""Weight fractions with their uncertainty: covariance, structure factors, absorption by the grains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.lines import absorption_per_cm
from alloop.instruments.diffraction.model import Fit, weight_fractions
from alloop.instruments.diffraction.search import Criteria

PARTICLE_DIAMETER_UM, _LARGEST_DIAMETER_UM = 2.0, 6.0
"""Assumed size of the grains of ground powders, and the largest that the interval covers."""
# Relative error (1 σ) of a phase's scale that neither counting nor the fit shows: texture, structure factors,
# extinction, grains that are too few. Chosen on half of the weighed mixtures so that nine of ten fractions lie in
# their intervals.
_SCALE_ERROR = 0.22
_NINETY = 1.645


@dataclass(frozen=True, eq=False)
class Fractions:
    """Weight fractions of the crystalline phases of a fit, in its order, with 90 % intervals: (k,) each."""

    weight: FloatArray
    low90: FloatArray
    high90: FloatArray


def phase_fractions(fit: Fit, wavelength_angstrom: float, unexplained_share: float = 0.0) -> Fractions:
    """Weight fractions among the crystalline phases.

    W_k ∝ S_k (ZM)_k V_k / τ_k: Hill & Howard (1987), doi:10.1107/S0021889887086199, with τ_k for the absorption in the
    grains: Brindley, Phil. Mag. 36, 347 (1945); τ ≈ exp(−1.5 (µ_k − µ̄) R) for spheres of radius R and small
    (µ_k − µ̄) R, µ̄ the mean of the solids by volume. R is not known: the value holds for grains of 2 µm diameter, the
    interval spans 0 to 6 µm. Its lower end leaves room for phases below the limit of the search, and for the share of
    the intensity that no phase explains.
    """
    plain = weight_fractions(fit)
    if len(plain) == 0:
        return Fractions(plain, plain, plain)
    absorption = np.array([absorption_per_cm(one.crystal, wavelength_angstrom) for one in fit.phases])
    density = np.array([one.crystal.density for one in fit.phases])
    weight = _corrected(plain, absorption, density, PARTICLE_DIAMETER_UM)
    spread = np.array([_corrected(plain, absorption, density, size) for size in (0.0, _LARGEST_DIAMETER_UM)])
    of_grains = np.abs(spread[1] - spread[0]) / np.sqrt(12.0)
    # d ln W_k = d ln S_k − Σ_j W_j d ln S_j
    change = np.eye(len(weight)) - weight[None, :]
    scales = np.maximum(fit.scales, 1e-300)
    relative = fit.scale_covariance / np.outer(scales, scales) + _SCALE_ERROR**2 * np.eye(len(weight))
    of_scales = weight * np.sqrt(np.maximum(np.diag(change @ relative @ change.T), 0.0))
    half = _NINETY * np.hypot(of_scales, of_grains)
    hidden = weight * (1.0 - unexplained_share - Criteria().weight)
    return Fractions(
        weight, np.clip(np.minimum(weight - half, hidden), 0.0, 1.0), np.clip(weight + half, 0.0, 1.0)
    )


def _corrected(
    plain: FloatArray, absorption: FloatArray, density: FloatArray, diameter_um: float
) -> FloatArray:
    radius_cm = diameter_um / 2.0 * 1e-4
    weight = plain
    for _ in range(20):
        volume = weight / density
        mean = float(volume @ absorption / volume.sum())
        weight = plain * np.exp(np.clip(1.5 * (absorption - mean) * radius_cm, -3.0, 3.0))
        weight = weight / weight.sum()
    return np.asarray(weight)
