"""Moves a drawn landscape so that a campaign's targets are hard but within reach.

A seed alone could make every candidate a hit or none. The moves change no shape and no order: each property
is shifted on its inner scale, measured on a uniform sample of the space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.lab.field import Basis
from alloop.lab.landscape import Landscape, to_inner
from alloop.lab.makeup import Makeup
from alloop.planning.aims import Constraint, Objective

HIT_SHARE = 0.01
"""Of uniformly drawn candidates, so many form, keep the constraints and meet all targets (about)."""
_BEND_ABOVE_TARGET = 0.3  # decades
_PASS_SHARE, _FORM_SHARE, _REFERENCE_SHARE = 0.6, 0.92, 0.3


def calibrate(
    landscape: Landscape,
    reference: Makeup,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    names: Sequence[str],
) -> Landscape:
    """The landscape with shifts (and a solubility limit) chosen on the uniform sample `reference`.

    Each constraint is kept by about 60 % of the sample, and 92 % of it form more likely than not; then all
    targets are put at the quantile at which :data:`HIT_SHARE` of the sample is a hit. An objective without a
    target has its reference at its 30 % quantile; properties that are only observed stay where their
    equations put them.
    """
    limit = float(np.median(landscape.basis(reference).load))
    landscape = replace(landscape, load_limit=max(limit, 1e-6))
    basis = landscape.basis(reference)
    margin = np.log(_odds(landscape.formation(basis))) / 4.0
    shift = {"formation": -float(np.quantile(margin, 1.0 - _FORM_SHARE))}
    landscape = replace(landscape, shift=shift)
    if "target_phase_fraction" not in {c.property for c in constraints}:
        constraints = [*constraints, Constraint("target_phase_fraction", 0.8, None, "linear", "1")]
    aimed = {objective.property for objective in objectives}
    # The phase comes first: second phases cost conductivity, so the other properties stand on it.
    for constraint in sorted(constraints, key=lambda c: c.property != "target_phase_fraction"):
        if constraint.property in names and constraint.property not in aimed:
            moved = _for_constraint(landscape, basis, constraint)
            landscape = replace(landscape, shift={**landscape.shift, constraint.property: moved})
    for objective in objectives:  # people aim at what is near the best of a family
        if objective.property == "ionic_conductivity" and objective.target is not None:
            bend = to_inner(objective.target, objective.property) + _BEND_ABOVE_TARGET
            landscape = replace(landscape, bend=min(landscape.bend, bend))
    shifts = _for_objectives(landscape, basis, [o for o in objectives if o.property in names], constraints)
    return replace(landscape, shift={**landscape.shift, **shifts})


def keeps(values: FloatArray, constraint: Constraint) -> BoolArray:
    """Which values (canonical unit) satisfy the constraint."""
    kept = np.ones(len(values), dtype=bool)
    if constraint.min is not None:
        kept &= values >= constraint.min
    if constraint.max is not None:
        kept &= values <= constraint.max
    return kept


def _odds(chance: FloatArray) -> FloatArray:
    inside = np.clip(chance, 1e-12, 1.0 - 1e-12)
    return np.asarray(inside / (1.0 - inside))


def _for_constraint(landscape: Landscape, basis: Basis, constraint: Constraint) -> float:
    inner = landscape.inner(constraint.property, basis)
    if constraint.min is not None and constraint.max is not None:
        centre = (
            to_inner(constraint.min, constraint.property) + to_inner(constraint.max, constraint.property)
        ) / 2
        return centre - float(np.median(inner))
    if constraint.min is not None:
        return to_inner(constraint.min, constraint.property) - float(np.quantile(inner, 1.0 - _PASS_SHARE))
    assert constraint.max is not None
    return to_inner(constraint.max, constraint.property) - float(np.quantile(inner, _PASS_SHARE))


def _for_objectives(
    landscape: Landscape, basis: Basis, objectives: Sequence[Objective], constraints: Sequence[Constraint]
) -> dict[str, float]:
    good = landscape.formation(basis) > 0.5
    for constraint in constraints:
        if constraint.property in landscape.fields:
            good &= keeps(landscape.values(constraint.property, basis), constraint)
    signs = {o.property: 1.0 if o.goal == "maximize" else -1.0 for o in objectives}
    gains = {o.property: signs[o.property] * landscape.inner(o.property, basis) for o in objectives}
    shifts = {}
    for objective in objectives:
        if objective.target is None and objective.reference is not None:
            level = signs[objective.property] * float(
                np.quantile(gains[objective.property], _REFERENCE_SHARE)
            )
            shifts[objective.property] = to_inner(objective.reference, objective.property) - level
    aimed = [o for o in objectives if o.target is not None]
    low, high = 0.3, 0.995
    for _ in range(30):  # the share of hits falls as the common quantile rises
        middle = (low + high) / 2
        hits = good.copy()
        for objective in aimed:
            gain = gains[objective.property]
            hits &= gain >= np.quantile(gain, middle)
        low, high = (middle, high) if hits.mean() > HIT_SHARE else (low, middle)
    for objective in aimed:
        assert objective.target is not None
        level = signs[objective.property] * float(np.quantile(gains[objective.property], low))
        shifts[objective.property] = to_inner(objective.target, objective.property) - level
    return shifts
