"""Objectives as one yardstick: goodness 0 at the reference, 1 at the target, more is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.planning.aims import Constraint, Objective
from alloop.scales import to_model_scale
from alloop.surrogate import Observations


@dataclass(frozen=True)
class Yardstick:
    """How values of the objectives (model scale) turn into goodness.

    Attributes:
        objectives: those with a model, K of them.
        sign, reference, span: (K,) goodness = sign · (value - reference) / span.
        target: (K,) goodness of the target, nan where the campaign states none.
    """

    objectives: tuple[Objective, ...]
    sign: FloatArray
    reference: FloatArray
    span: FloatArray
    target: FloatArray

    def goodness(self, values: FloatArray) -> FloatArray:
        """Goodness of `values` (..., K)."""
        return self.sign * (values - self.reference) / self.span

    @property
    def has_targets(self) -> bool:
        """Whether any objective states a target: a hit then meets all that are stated."""
        return bool(np.isfinite(self.target).any())


def make_yardstick(objectives: Sequence[Objective], data: Mapping[str, Observations]) -> Yardstick:
    """A yardstick for the objectives that have data.

    An objective without a reference is measured from the worst tenth of what is known of it; one without a
    target has the span from there to the best known value.
    """
    known = tuple(entry for entry in objectives if entry.property in data and len(data[entry.property]))
    sign = np.array([1.0 if entry.goal == "maximize" else -1.0 for entry in known])
    references, spans, targets = [], [], []
    for way, entry in zip(sign, known, strict=True):
        values = way * data[entry.property].values
        low = float(np.quantile(values, 0.1))
        if entry.reference is not None:
            low = way * to_model_scale(entry.reference, entry.scale)
        best = float(values.max())
        spread = float(values.std())
        span = max(best - low, spread, 1e-6)
        if entry.target is not None:
            goal = way * to_model_scale(entry.target, entry.scale)
            span = goal - low if goal > low else span
            targets.append((goal - low) / span)
        else:
            targets.append(float("nan"))
        references.append(way * low)
        spans.append(span)
    return Yardstick(known, sign, np.array(references), np.array(spans), np.array(targets))


def passing_range(constraint: Constraint) -> tuple[float, float]:
    """Lowest and highest passing value of a constraint on its model scale."""
    low = -np.inf if constraint.min is None else to_model_scale(constraint.min, constraint.scale)
    high = np.inf if constraint.max is None else to_model_scale(constraint.max, constraint.scale)
    return float(low), float(high)


def weight_directions(n_objectives: int, n_directions: int, rng: np.random.Generator) -> FloatArray:
    """Random weight vectors (D, K) on the positive part of the sphere; one direction for one objective.

    HV = c · E_w[max_y min_k(y_k / w_k)₊^K] over such directions (Deng & Zhang 2019, doi:10.1109/TEVC.2019.2904744).
    """
    if n_objectives == 1:
        return np.ones((1, 1))
    w = np.abs(rng.standard_normal((n_directions, n_objectives))) + 1e-3
    directions: FloatArray = w / np.linalg.norm(w, axis=1, keepdims=True)
    return directions


def lengths(goodness: FloatArray, directions: FloatArray) -> FloatArray:
    """How far (..., D) each point reaches along each direction: min_k g_k / w_k."""
    reach = goodness[..., None, 0] / directions[:, 0]
    for k in range(1, directions.shape[1]):
        np.minimum(reach, goodness[..., None, k] / directions[:, k], out=reach)
    return np.asarray(reach)


def hypervolume(goodness: FloatArray, reference: FloatArray | None = None) -> float:
    """Exact hypervolume of points (n, K) above `reference` (goodness 0 unless given)."""
    if not len(goodness):
        return 0.0
    floor = np.zeros(goodness.shape[1]) if reference is None else reference
    if goodness.shape[1] == 1:
        return float(max(0.0, (goodness[:, 0] - floor[0]).max()))
    if goodness.shape[1] == 2:
        height, area = float(floor[1]), 0.0
        for first, second in goodness[np.lexsort((goodness[:, 1], goodness[:, 0]))[::-1]]:
            if first > floor[0] and second > height:
                area += (first - floor[0]) * (second - height)
                height = float(second)
        return float(area)
    import torch
    from botorch.utils.multi_objective.hypervolume import Hypervolume
    from botorch.utils.multi_objective.pareto import is_non_dominated

    points = torch.as_tensor(goodness)
    front = points[is_non_dominated(points)]
    return float(Hypervolume(torch.as_tensor(floor)).compute(front))
