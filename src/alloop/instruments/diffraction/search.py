"""Which phases a pattern holds: one after another as the residual asks for them, and none without evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.crystal import Crystal
from alloop.instruments.diffraction.evidence import Evidence, evidence_of
from alloop.instruments.diffraction.lines import powder_lines
from alloop.instruments.diffraction.measured import Measured, reference_spacing, reweighted, stiff_terms
from alloop.instruments.diffraction.model import Fit, Phase, isotropic, weight_fractions
from alloop.instruments.diffraction.profile import (
    FULL_REACH,
    SHORT_REACH,
    Instrument,
    PhaseShape,
    phase_pattern,
)
from alloop.instruments.diffraction.refinement import nonnegative, refine
from alloop.instruments.diffraction.residual import residual_of

_STRAINS = np.linspace(-0.009, 0.009, 13)
_USUAL_STRAIN = 0.005
# With this share of the intensity unexplained a pattern holds phases that were not found.
_INCOMPLETE_SHARE, _USUAL_POINTS = 0.15, 8
# By how much chi² must fall for a texture to be refined.
_TEXTURE_PAYS = 0.985
_TRIED, _MOST_PHASES, _FINAL_EVALUATIONS, _FUTILE_ROUNDS = 5, 8, 14, 2
_AXES = ((0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 1), (1, 1, 1), (1, 0, 4))


@dataclass(frozen=True)
class Criteria:
    """What a phase must show to be claimed.

    Attributes:
        gain_share: by how much of the misfit without it the phase lowers chi², at least.
        gain: the same in units of the misfit per point.
        support: part of its own lines, weighted with their expected significance, that must be found.
        present_share: part of the number of its own lines that must be found.
        present: number of them that must be found (all, where fewer could be seen).
        accident: largest product of the probability that the lines lie on peaks by accident and the part of their
            intensity that is not found: few lines must agree in intensity, too.
        weight: smallest weight fraction among the crystalline phases.
    """

    gain_share: float = 0.02
    gain: float = 60.0
    support: float = 0.7
    present_share: float = 0.6
    present: int = 3
    accident: float = 0.006
    weight: float = 0.01


def identify(
    measured: Measured, crystals: Sequence[Crystal], criteria: Criteria | None = None
) -> tuple[Measured, Fit, tuple[Evidence, ...]]:
    """The phases of a pattern among candidates.

    Forward selection: the candidate that lowers the misfit most, of those that pass the criteria after refinement,
    joins; then all are refined together, and phases that lost their evidence to a new one leave.

    Returns:
        The pattern with its final uncertainties, the fit, and the evidence for each phase.
    """
    criteria = Criteria() if criteria is None else criteria
    spacing = reference_spacing(measured)
    every = {one: powder_lines(one, measured.beam.wavelength_angstrom, spacing) for one in crystals}
    candidates = {one: lines for one, lines in every.items() if len(lines.strength)}
    final_terms = measured.terms
    measured = replace(measured, terms=stiff_terms(measured), reach=SHORT_REACH)
    fit = refine(measured, (), Instrument(overflow=0.1))
    left_before: set[Crystal] = set()
    futile = 0
    for _ in range(_MOST_PHASES + 2):
        if len(fit.phases) >= _MOST_PHASES:
            break
        inside = {one.crystal for one in fit.phases}
        outside = [
            Phase.of(crystal, lines)
            for crystal, lines in candidates.items()
            if crystal not in inside and crystal not in left_before
        ]
        best = _best(measured, fit, _ranked(measured, fit, outside, criteria), criteria)
        if best is None:
            break
        measured, fit = _together(measured, best)
        newest = best.phases[-1].crystal
        measured, fit, _, left = _pruned(measured, fit, criteria)
        left_before |= left
        futile = futile + 1 if newest in left else 0
        if futile == _FUTILE_ROUNDS:
            break
    complete = _is_complete(reweighted(measured, fit, complete=True), fit)
    # A free background would climb into peaks that nothing explains.
    terms = final_terms if complete else measured.terms
    measured, fit = _together(replace(measured, terms=terms, reach=FULL_REACH), fit, complete)
    measured, fit, evidence, _ = _pruned(measured, fit, criteria, complete)
    return measured, fit, evidence


def _is_complete(measured: Measured, fit: Fit) -> bool:
    """Whether few of the peaks are left without a phase."""
    width = _USUAL_POINTS * float(np.median(np.diff(measured.two_theta_deg)))
    return bool(fit.phases) and residual_of(measured, fit, width).unexplained_share < _INCOMPLETE_SHARE


def _ranked(measured: Measured, fit: Fit, phases: Sequence[Phase], criteria: Criteria) -> list[Phase]:
    """The candidates that would explain most of the residual, best first, with the strain at which they do.

    What the phases already there would explain when they moved or broadened a little is taken out before.
    """
    weight = 1.0 / measured.sigma
    known = [measured.terms, fit.patterns] if len(fit.phases) else [measured.terms]
    slope = np.gradient(fit.patterns, measured.two_theta_deg, axis=0) if len(fit.phases) else None
    if slope is not None:
        known += [slope, np.gradient(slope, measured.two_theta_deg, axis=0)]
    basis, _ = np.linalg.qr(np.column_stack(known) * weight[:, None])
    residual = measured.counts * weight
    residual = residual - basis @ (basis.T @ residual)
    sine = np.sin(np.radians(measured.two_theta_deg / 2.0))
    like = _typical_shape(fit)
    scored: list[tuple[float, Phase]] = []
    for phase in phases:
        start = Phase.of(phase.crystal, phase.lines, like)
        pattern = phase_pattern(
            measured.two_theta_deg,
            start.crystal,
            start.lines,
            start.shape,
            fit.instrument,
            measured.beam,
            SHORT_REACH,
        )
        moved = np.degrees(2.0 * np.arcsin(np.clip(np.outer(sine, 1.0 + _STRAINS), 0.0, 1.0)))
        columns = np.interp(moved, measured.two_theta_deg, pattern) * weight[:, None]
        columns -= basis @ (basis.T @ columns)
        sizes = np.maximum(np.linalg.norm(columns, axis=0), 1e-12)
        gains = np.maximum(residual @ columns / sizes, 0.0) ** 2 * _likely(_STRAINS)
        strain = float(_STRAINS[int(np.argmax(gains))])
        scored.append((float(gains.max()), Phase.of(phase.crystal, phase.lines, like, strain)))
    scored.sort(key=lambda pair: -pair[0])
    # After refinement a candidate explains more, but seldom twice as much.
    return [phase for gain, phase in scored if gain > 0.5 * criteria.gain]


def _likely(strain: FloatArray | float) -> FloatArray:
    """Of two candidates that explain as much the one whose cell need not be changed goes first."""
    return np.asarray(np.exp(-0.5 * (np.asarray(strain) / _USUAL_STRAIN) ** 2))


def _typical_shape(fit: Fit) -> PhaseShape | None:
    if not fit.phases:
        return None
    return PhaseShape(
        np.zeros(0),
        float(np.median([one.shape.size_deg for one in fit.phases])),
        float(np.median([one.shape.strain_deg for one in fit.phases])),
    )


def _best(measured: Measured, fit: Fit, ranked: Sequence[Phase], criteria: Criteria) -> Fit | None:
    """The best candidate's fit, of those that pass, among the first few."""
    found: tuple[float, Fit] | None = None
    first = not fit.phases
    for phase in ranked[:_TRIED]:
        trial = refine(
            measured,
            [*fit.phases, phase],
            fit.instrument,
            free_instrument=first,
            free=[False] * len(fit.phases) + [True],
            evaluations=6,
        )
        if not _accepted(
            measured, trial, len(fit.phases), evidence_of(measured, trial, len(fit.phases)), criteria
        ):
            continue
        shape = trial.phases[-1].shape
        along = isotropic(phase.crystal)
        score = (fit.chi_square - trial.chi_square) * float(
            _likely(float(shape.lattice @ along / (along @ along)))
        )
        if found is None or score > found[0]:
            found = (score, trial)
    return None if found is None else found[1]


def _accepted(measured: Measured, fit: Fit, index: int, evidence: Evidence, criteria: Criteria) -> bool:
    misfit = max(fit.chi_square / len(measured.counts), 1.0)
    return (
        evidence.gain >= criteria.gain * misfit
        and evidence.gain >= criteria.gain_share * fit.chi_square
        and evidence.support >= criteria.support
        and evidence.present >= min(criteria.present, max(evidence.testable, 1))
        and evidence.present >= criteria.present_share * evidence.testable
        and evidence.coincidence * (1.0 - evidence.support) <= criteria.accident
        and weight_fractions(fit)[index] >= criteria.weight
    )


def _together(measured: Measured, fit: Fit, complete: bool = False) -> tuple[Measured, Fit]:
    """All phases refined together, texture where it pays, uncertainties from the new model."""
    if not fit.phases:
        return measured, refine(measured, (), fit.instrument)
    measured = reweighted(measured, fit, complete)
    phases = _textured(measured, fit)
    fit = refine(
        measured,
        phases,
        fit.instrument,
        whole_lattice=_strong(fit),
        textured=[one.shape.texture != 1.0 for one in phases],
        evaluations=_FINAL_EVALUATIONS if complete else 8,
    )
    return reweighted(measured, fit, complete), fit


def _strong(fit: Fit) -> list[bool]:
    """Which phases have lines enough above the others for all of their lattice parameters."""
    highest = (fit.patterns * fit.scales).max(axis=0)
    return [bool(height > 0.1 * highest.max()) for height in highest]


def _textured(measured: Measured, fit: Fit) -> list[Phase]:
    """The phases with the axis and strength of texture that a quick look finds; most have none."""
    weight = 1.0 / measured.sigma
    basis, _ = np.linalg.qr(measured.terms * weight[:, None])

    def project(columns: FloatArray) -> FloatArray:
        weighted = columns * weight[:, None]
        return np.asarray(weighted - basis @ (basis.T @ weighted))

    target, patterns = project(measured.counts[:, None])[:, 0], project(fit.patterns)
    phases = list(fit.phases)
    for index, phase in enumerate(fit.phases):
        if phase.shape.texture != 1.0 or not _strong(fit)[index]:
            continue
        left = target - patterns @ nonnegative(patterns, target)
        best, least = phase.shape, _TEXTURE_PAYS * float(left @ left) - 40.0
        for axis in _AXES:
            for strength in (0.87, 1.15):
                shape = replace(phase.shape, texture=strength, axis=axis)
                column = phase_pattern(
                    measured.two_theta_deg, phase.crystal, phase.lines, shape, fit.instrument, measured.beam
                )
                trial = patterns.copy()
                trial[:, index] = project(column[:, None])[:, 0]
                left = target - trial @ nonnegative(trial, target)
                if float(left @ left) < least:
                    best, least = shape, float(left @ left)
        phases[index] = Phase(phase.crystal, phase.lines, best)
    return phases


def _pruned(
    measured: Measured, fit: Fit, criteria: Criteria, complete: bool = False
) -> tuple[Measured, Fit, tuple[Evidence, ...], set[Crystal]]:
    """The fit without the phases that no longer pass, the weakest leaving first."""
    left: set[Crystal] = set()
    while True:
        evidence = tuple(evidence_of(measured, fit, index) for index in range(len(fit.phases)))
        failed = [i for i, one in enumerate(evidence) if not _accepted(measured, fit, i, one, criteria)]
        if not failed:
            return measured, fit, evidence, left
        worst = min(failed, key=lambda i: evidence[i].gain)
        left.add(fit.phases[worst].crystal)
        kept = [one for i, one in enumerate(fit.phases) if i != worst]
        fit = refine(measured, kept, fit.instrument, evaluations=6)
        measured = reweighted(measured, fit, complete)
