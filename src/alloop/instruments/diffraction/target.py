"""The phase that a campaign wants: its fraction, or a bound where it is not seen, and its lattice parameter."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from alloop.errors import FormulaError
from alloop.instruments.diffraction.crystal import Crystal, lattice_freedoms
from alloop.instruments.diffraction.fractions import Fractions
from alloop.instruments.diffraction.lines import powder_lines
from alloop.instruments.diffraction.measured import Measured, reference_spacing
from alloop.instruments.diffraction.model import Fit, Phase
from alloop.instruments.diffraction.profile import phase_cell
from alloop.instruments.diffraction.refinement import refine
from alloop.instruments.diffraction.residual import Residual
from alloop.instruments.diffraction.search import Criteria
from alloop.instruments.evaluation import DerivedValue, Flag

# Without an internal standard: alignment, transparency and the coupling of zero and displacement with the lattice.
_LATTICE_ERROR = 3e-4
_NINETY = 1.645
_SEEN_AT = 5.0
_FORMULA = re.compile(r"[_\s]")


def is_target(crystal: Crystal, target: Sequence[str]) -> bool:
    """Whether a structure is meant by one of the names: its own name, the part before `_`, or its formula.

    A name that goes on behind a space (`spinel Fd-3m`) is met by what stands before it, too.
    """
    own = {crystal.name.lower(), _FORMULA.split(crystal.name)[0].lower()}
    plain = [one.strip().lower() for one in target]
    if any(one in own or any(one.startswith(f"{name} ") for name in own) for one in plain):
        return True
    return any(_same_formula(one, crystal.formula) for one in target)


def _same_formula(one: str, other: str) -> bool:
    from alloop.chemistry import atomic_fractions, parse_formula

    try:
        first, second = (atomic_fractions(parse_formula(text)) for text in (one, other))
    except FormulaError:
        return False
    elements = set(first) | set(second)
    return all(abs(float(first.get(e, 0)) - float(second.get(e, 0))) < 1e-6 for e in elements)


def target_values(
    measured: Measured,
    fit: Fit,
    fractions: Fractions,
    residual: Residual,
    candidates: Sequence[Crystal],
    target: Sequence[str],
) -> list[DerivedValue]:
    """The values to record of the target phase; none where no target is named or no reference is of it."""
    wanted = [one for one in candidates if is_target(one, target)]
    if not wanted:
        return []
    found = [index for index, one in enumerate(fit.phases) if is_target(one.crystal, target)]
    if not found:
        return _bound(measured, fit, wanted, residual)
    weight = float(fractions.weight[found].sum())
    low, high = (float(np.clip(side[found].sum(), 0.0, 1.0)) for side in (fractions.low90, fractions.high90))
    values = [
        DerivedValue(
            "target_phase_fraction",
            weight,
            "1",
            low,
            high,
            method="full-profile fit, among the crystalline phases",
        )
    ]
    strongest = max(found, key=lambda index: fractions.weight[index])
    return [*values, _lattice(fit, strongest)]


def _lattice(fit: Fit, index: int) -> DerivedValue:
    phase = fit.phases[index]
    a = float(phase_cell(phase.crystal, phase.shape)[0])
    along_a = np.abs(lattice_freedoms(phase.crystal.cell)[:, 0])
    counted = float(fit.lattice_sigma[index] @ along_a)
    half = _NINETY * a * float(np.hypot(counted, _LATTICE_ERROR))
    change = 100.0 * (a / phase.crystal.cell[0] - 1.0)
    words = f"a differs by {change:+.2f} % from the reference {phase.crystal.name}"
    return DerivedValue(
        "lattice_parameter",
        a,
        "angstrom",
        a - half,
        a + half,
        conditions={"phase": phase.crystal.name},
        method="full-profile fit without internal standard",
        flags=(Flag("against_reference", words),),
    )


def _bound(measured: Measured, fit: Fit, wanted: Sequence[Crystal], residual: Residual) -> list[DerivedValue]:
    """The fraction that a target phase which was not found stays below."""
    if not fit.phases:
        return []
    limits = []
    for crystal in wanted:
        lines = powder_lines(crystal, measured.beam.wavelength_angstrom, reference_spacing(measured))
        if not len(lines.strength):
            return []  # it has no line in the range of the pattern
        shape = fit.phases[int(np.argmax(fit.scales))].shape
        trial = refine(
            measured,
            [*fit.phases, Phase.of(crystal, lines, shape)],
            fit.instrument,
            free_instrument=False,
            free=[False] * (len(fit.phases) + 1),
        )
        sigma = float(np.sqrt(trial.scale_covariance[-1, -1]))
        weights = np.array([one.crystal.cell_mass * one.crystal.volume for one in trial.phases])
        upper = trial.scales.copy()
        upper[-1] += _SEEN_AT * sigma
        limits.append(float(upper[-1] * weights[-1] / (upper @ weights)))
    limit = float(np.clip(max(*limits, Criteria().weight, residual.unexplained_share, 0.0), 0.0, 1.0))
    return [
        DerivedValue("target_phase_fraction", limit, "1", bound="below", method="none of its lines found")
    ]
