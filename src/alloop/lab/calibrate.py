"""Moves a drawn landscape so that a campaign's targets are hard but within reach.

A seed alone could make every candidate a hit or none. The moves change no shape and no order: each property
is shifted on its inner scale, measured on a uniform sample of the space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.lab.field import Basis
from alloop.lab.landscape import Landscape, to_inner
from alloop.lab.makeup import Makeup

if TYPE_CHECKING:
    from alloop.planning.aims import Constraint, Objective

HIT_SHARE = 0.01
"""Of uniformly drawn candidates, so many form, keep the constraints and meet all targets (about)."""
_PHASE, _USUAL_PHASE = "target_phase_fraction", 0.8
_BEND_ABOVE_TARGET = 0.3  # decades
_PASS_SHARE, _FORM_SHARE, _REFERENCE_SHARE = 0.6, 0.92, 0.3


def calibrate(
    landscape: Landscape,
    reference: Makeup,
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    names: Sequence[str],
) -> Landscape:
    """The landscape with shifts chosen on the uniform sample `reference`.

    Each constraint is kept by about 60 % of the sample, and 92 % of it form more likely than not; then all
    targets are put at the quantile at which :data:`HIT_SHARE` of the sample is a hit. An objective without a
    target has its reference at its 30 % quantile; properties that are only observed stay where their
    equations put them.
    """
    basis = landscape.basis(reference)
    margin = np.log(_odds(landscape.formation(basis))) / 4.0
    shift = {"formation": -float(np.quantile(margin, 1.0 - _FORM_SHARE))}
    landscape = replace(landscape, shift=shift)
    aimed = {objective.property for objective in objectives}
    bounds = {c.property: (c.min, c.max) for c in constraints if c.property in names}
    # The phase comes first: second phases cost conductivity, so the other properties stand on it.
    for name, (low, high) in ({_PHASE: (_USUAL_PHASE, None)} | bounds).items():
        if name not in aimed:
            moved = _for_bounds(landscape.inner(name, basis), name, low, high)
            landscape = replace(landscape, shift={**landscape.shift, name: moved})
    for objective in objectives:  # people aim at what is near the best of a family
        if objective.property == "ionic_conductivity" and objective.target is not None:
            bend = to_inner(objective.target, objective.property) + _BEND_ABOVE_TARGET
            landscape = replace(landscape, bend=min(landscape.bend, bend))
    return _for_objectives(landscape, basis, [o for o in objectives if o.property in names], constraints)


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


def _for_bounds(inner: FloatArray, name: str, low: float | None, high: float | None) -> float:
    """The shift with which most of the sample keeps the bounds (canonical unit)."""
    if low is not None and high is not None:
        return (to_inner(low, name) + to_inner(high, name)) / 2 - float(np.median(inner))
    if low is not None:
        return to_inner(low, name) - float(np.quantile(inner, 1.0 - _PASS_SHARE))
    assert high is not None
    return to_inner(high, name) - float(np.quantile(inner, _PASS_SHARE))


def _for_objectives(
    landscape: Landscape, basis: Basis, objectives: Sequence[Objective], constraints: Sequence[Constraint]
) -> Landscape:
    good = landscape.formation(basis) > 0.5
    for constraint in constraints:
        if constraint.property in landscape.fields:
            good &= keeps(landscape.values(constraint.property, basis), constraint)
    aimed = [objective for objective in objectives if objective.target is not None]
    gains = [_sign(objective) * landscape.inner(objective.property, basis) for objective in aimed]
    low, high = 0.3, 0.995
    for _ in range(30):  # the share of hits falls as the common quantile rises
        middle = (low + high) / 2
        hits = good.copy()
        for gain in gains:
            hits &= gain >= np.quantile(gain, middle)
        low, high = (middle, high) if hits.mean() > HIT_SHARE else (low, middle)
    # Other properties follow the conductivity, so it moves first.
    for objective in sorted(objectives, key=lambda o: o.property != "ionic_conductivity"):
        name, share = objective.property, _REFERENCE_SHARE if objective.target is None else low
        value = objective.reference if objective.target is None else objective.target
        if value is not None:
            gain = _sign(objective) * landscape.inner(name, basis)
            moved = to_inner(value, name) - _sign(objective) * float(np.quantile(gain, share))
            landscape = replace(landscape, shift={**landscape.shift, name: moved})
    return landscape


def _sign(objective: Objective) -> float:
    return 1.0 if objective.goal == "maximize" else -1.0
