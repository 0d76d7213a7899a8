"""What is expected of each planned well, frozen with the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.planning.aims import Constraint, Objective
from alloop.planning.beliefs import Beliefs, predict
from alloop.planning.draws import draw
from alloop.planning.goals import Yardstick, weight_directions
from alloop.planning.hits import chance_above_share, chance_of_targets
from alloop.planning.problem import PlanningProblem, Prediction
from alloop.planning.reasons import expectation, novelty
from alloop.planning.roles import features_of
from alloop.space import Candidate

_REFERENCE = 400
_DRAWS = 256
_BEST_SHARE = 0.1


@dataclass(frozen=True)
class Outlook:
    """Predictions of one well, its chances and the reason for it."""

    predictions: Mapping[str, Prediction]
    p_feasible: float | None
    p_hit: float | None
    reason: str


def describe(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    candidates: Sequence[Candidate],
    whys: Sequence[str],
    background: FloatArray,
    rng: np.random.Generator,
) -> list[Outlook]:
    """An outlook for each candidate.

    Args:
        problem, beliefs, yardstick: of the round.
        candidates: of the plate's wells.
        whys: what each is there for.
        background: (m, d) features of a uniform sample of the space: what a hit is measured against.
        rng: for the draws.
    """
    if not beliefs.properties:
        return [Outlook({}, None, None, why) for why in whys]
    features = features_of(problem, list(candidates))
    wanted: dict[str, Objective | Constraint] = {}
    for constraint in (*problem.observed, *problem.constraints):
        wanted[constraint.property] = constraint
    for objective in problem.objectives:
        wanted[objective.property] = objective
    columns = {name: predict(belief, features, wanted[name]) for name, belief in beliefs.properties.items()}
    feasible = beliefs.p_feasible(features)
    hit = p_hit(beliefs, yardstick, features, background[:_REFERENCE], rng)
    far = novelty(features, problem.measured, problem.features.distance_scale(background))
    outlooks = []
    for i, why in enumerate(whys):
        predictions = {name: column[i] for name, column in columns.items()}
        parts = [why, f"expected {expectation(problem.objectives, predictions)}", f"hit {hit[i]:.0%}"]
        if feasible[i] < 0.9:
            parts.append(f"feasible {feasible[i]:.0%}")
        if 2.0 < far[i] < np.inf:
            parts.append(f"{far[i]:.1f} times the usual distance from anything measured")
        outlooks.append(Outlook(predictions, float(feasible[i]), float(hit[i]), "; ".join(parts)))
    return outlooks


def p_hit(
    beliefs: Beliefs,
    yardstick: Yardstick,
    features: FloatArray,
    reference: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Chance (n,) to meet all targets; without targets, to belong to the best tenth of the space."""
    if not yardstick.objectives:
        return np.zeros(len(features))
    if yardstick.has_targets:
        return chance_of_targets(beliefs, yardstick, features, noisy=True)
    draws = draw(beliefs, yardstick, np.vstack([features, reference]), _DRAWS, rng)
    directions = weight_directions(len(yardstick.objectives), 16, rng)
    sample = slice(len(features), None)
    return chance_above_share(draws.goodness, draws.passing, sample, _BEST_SHARE, directions)[: len(features)]
