"""How much of a pattern speaks for a phase: the lines that only it explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.measured import Measured
from alloop.instruments.diffraction.model import Fit
from alloop.instruments.diffraction.peaks import find_peaks
from alloop.instruments.diffraction.profile import (
    add_lines,
    line_angles,
    line_intensities,
    line_widths,
    pseudo_voigt,
)
from alloop.instruments.diffraction.refinement import nonnegative

# A line can be tested when the fit expects it with this significance; it is there when it is found with as much and
# with this part of its expected intensity (texture and errors of the structure leave a line seldom lower).
TESTABLE, PRESENT_SHARE = 3.0, 0.4
_MOST_LINES = 40
_SHAPE_ERROR, _NEAR, _CHANCE_LIMITS = 0.1, 0.6, (0.03, 0.6)


@dataclass(frozen=True)
class Evidence:
    """What speaks for one phase of a fit.

    Attributes:
        gain: by how much chi² would grow without the phase.
        testable: number of lines (those closer than their width as one) that could be seen on their own.
        present: number of them that are.
        support: part of the testable lines, weighted with their expected significance, that is found.
        coincidence: probability that as many lines lie on peaks by accident.
    """

    gain: float
    testable: int
    present: int
    support: float
    coincidence: float = 1.0


def evidence_of(measured: Measured, fit: Fit, index: int) -> Evidence:
    """The evidence for the phase number `index` of a fit."""
    if fit.scales[index] <= 0.0:
        return Evidence(0.0, 0, 0, 0.0)
    expected, found = _own_lines(measured, fit, index)
    tested = expected >= TESTABLE
    if not np.any(tested):
        return Evidence(_gain(measured, fit, index), 0, 0, 0.0)
    share = found[tested] / expected[tested]
    present = (found[tested] >= TESTABLE) & (share >= PRESENT_SHARE)
    support = float(np.sum(expected[tested] * np.clip(share, 0.0, 1.0)) / np.sum(expected[tested]))
    gain, testable, found_lines = _gain(measured, fit, index), int(tested.sum()), int(present.sum())
    return Evidence(
        gain, testable, found_lines, support, _coincidence(measured, fit, index, testable, found_lines)
    )


def _coincidence(measured: Measured, fit: Fit, index: int, testable: int, present: int) -> float:
    """Probability of as many matches by accident, were the lines laid anywhere.

    The chance of one line is the part of the range that lies within a peak which the other phases do not explain; as
    many matches as the lattice has freedoms are no surprise, nor one for the zero unless other phases fix it.
    """
    from scipy.stats import binom

    others = fit.patterns @ fit.scales - fit.patterns[:, index] * fit.scales[index]
    noise = np.hypot(measured.noise, _SHAPE_ERROR * others)
    excess = measured.counts - fit.background - others
    marked = np.zeros(len(excess), dtype=bool)
    for peak in find_peaks(measured.two_theta_deg, excess, noise, significance=TESTABLE):
        low, high = peak.two_theta_deg - _NEAR * peak.width_deg, peak.two_theta_deg + _NEAR * peak.width_deg
        first, last = np.searchsorted(measured.two_theta_deg, [low, high])
        marked[int(first) : int(last)] = True
    chance = float(np.clip(marked.mean(), *_CHANCE_LIMITS))
    given = len(fit.phases[index].shape.lattice) + (len(fit.phases) == 1)
    return float(binom.sf(present - given - 1, max(testable - given, 1), chance))


def _gain(measured: Measured, fit: Fit, index: int) -> float:
    weight = 1.0 / measured.sigma
    basis, _ = np.linalg.qr(measured.terms * weight[:, None])

    def project(columns: FloatArray) -> FloatArray:
        weighted = columns * weight[:, None]
        return np.asarray(weighted - basis @ (basis.T @ weighted))

    target = project(measured.counts[:, None])[:, 0]
    columns = project(fit.patterns)
    without = np.delete(columns, index, axis=1)
    left = target - without @ nonnegative(without, target)
    kept = target - columns @ nonnegative(columns, target)
    return float(left @ left - kept @ kept)


def _own_lines(measured: Measured, fit: Fit, index: int) -> tuple[FloatArray, FloatArray]:
    """Expected and found significance of each group of lines of a phase, all other phases as fitted.

    What other phases could explain just as well is no evidence: each group's profile is first freed of what it has in
    common with the other phases' patterns near it and with a constant.
    """
    phase, beam = fit.phases[index], measured.beam
    angles = line_angles(phase.crystal, phase.lines, phase.shape, fit.instrument, beam.wavelength_angstrom)
    areas = fit.scales[index] * line_intensities(
        phase.crystal, phase.lines, phase.shape, angles, beam.polarised, fit.instrument.overflow
    )
    inside = (
        np.isfinite(angles) & (angles > measured.two_theta_deg[0]) & (angles < measured.two_theta_deg[-1])
    )
    angles, areas = angles[inside], areas[inside]
    strongest = np.sort(np.argsort(-areas)[:_MOST_LINES])
    angles, areas = angles[strongest], areas[strongest]
    order = np.argsort(angles)
    angles, areas = angles[order], areas[order]
    gauss, lorentz = line_widths(angles, phase.shape, fit.instrument)
    width, _ = pseudo_voigt(gauss, lorentz)
    group = (
        np.concatenate([[0], np.cumsum(np.diff(angles) > width[1:])])
        if len(angles)
        else np.zeros(0, dtype=int)
    )
    others = fit.patterns @ fit.scales - fit.patterns[:, index] * fit.scales[index]
    residual = measured.counts - fit.calculated
    expected, found = [], []
    for number in range(int(group.max(initial=-1)) + 1):
        of_group = group == number
        low = angles[of_group].min() - 2.5 * width[of_group].max()
        high = angles[of_group].max() + 3.0 * width[of_group].max()
        start, stop = np.searchsorted(measured.two_theta_deg, [low, high])
        if stop - start < 5:
            continue
        part = slice(int(start), int(stop))
        profile = add_lines(
            measured.two_theta_deg[part],
            angles[of_group],
            areas[of_group],
            gauss[of_group],
            lorentz[of_group],
            fit.instrument.asymmetry,
        )
        weight = 1.0 / measured.sigma[part]
        nuisance = np.column_stack([np.ones(stop - start), others[part]]) * weight[:, None]
        basis, _ = np.linalg.qr(nuisance)
        own = profile * weight
        own = own - basis @ (basis.T @ own)
        size = float(np.linalg.norm(own))
        if size <= 0.0:
            continue
        expected.append(size)
        found.append(size + float(own @ (residual[part] * weight)) / size)
    return np.array(expected), np.array(found)
