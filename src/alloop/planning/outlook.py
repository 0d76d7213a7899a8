"""What is expected of each planned well and why, frozen with the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.planning.aims import Constraint, Objective
from alloop.planning.attribution import baseline_of, drivers
from alloop.planning.because import Driver, Lesson, Neighbour
from alloop.planning.beliefs import Beliefs, predict
from alloop.planning.draws import Draws, draw
from alloop.planning.goals import Yardstick, weight_directions
from alloop.planning.hits import chance_above_share, chance_of_targets
from alloop.planning.problem import PlanningProblem, Prediction
from alloop.planning.reasons import expectation, nearest
from alloop.planning.roles import features_of
from alloop.planning.teaching import groups_of, lessons
from alloop.space import Candidate

_REFERENCE = 400
_DRAWS = 256
_NEIGHBOURS = 3


@dataclass(frozen=True)
class Outlook:
    """Predictions of one well, its chances and the reasons for it."""

    predictions: Mapping[str, Prediction]
    p_feasible: float | None
    p_hit: float | None
    reason: str
    neighbours: tuple[Neighbour, ...] = ()
    drivers: tuple[Driver, ...] = ()
    teaches: Lesson | None = None


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
    sample = background[:_REFERENCE]
    wanted: dict[str, Objective | Constraint] = {}
    for constraint in (*problem.observed, *problem.constraints):
        wanted[constraint.property] = constraint
    for objective in problem.objectives:
        wanted[objective.property] = objective
    with ThreadPoolExecutor(1) as beside:
        drivers_found = beside.submit(_drivers, problem, beliefs, candidates, rng.spawn(1)[0])
        columns = {
            name: predict(belief, features, wanted[name], beliefs.interval_factors.get(name, 1.0))
            for name, belief in beliefs.properties.items()
        }
        feasible = beliefs.p_feasible(features)
        draws = draw(beliefs, yardstick, np.vstack([features, sample]), _DRAWS, rng)
        hit = _p_hit(beliefs, yardstick, features, draws, problem.best_share, rng)
        near, far = _neighbours(problem, features, background)
        taught = _lessons(problem, beliefs, yardstick, features, sample, draws)
        driving = drivers_found.result()
    outlooks = []
    for i, why in enumerate(whys):
        predictions = {name: column[i] for name, column in columns.items()}
        parts = [why, f"expected {expectation(problem.objectives, predictions)}", f"hit {hit[i]:.0%}"]
        if feasible[i] < 0.9:
            parts.append(f"feasible {feasible[i]:.0%}")
        if 2.0 < far[i] < np.inf:
            parts.append(f"{far[i]:.1f} times the usual distance from anything measured")
        outlooks.append(
            Outlook(
                predictions,
                float(feasible[i]),
                float(hit[i]),
                "; ".join(parts),
                near[i],
                driving[i],
                taught[i],
            )
        )
    return outlooks


def _p_hit(
    beliefs: Beliefs,
    yardstick: Yardstick,
    features: FloatArray,
    draws: Draws,
    best_share: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Chance (n,) to meet all targets; without targets, to belong to the best share of the space.

    `draws` are at the wells and, behind them, at a uniform sample of the space.
    """
    if not yardstick.objectives:
        return np.zeros(len(features))
    if yardstick.has_targets:
        return chance_of_targets(beliefs, yardstick, features, noisy=True)
    directions = weight_directions(len(yardstick.objectives), 16, rng)
    sample = slice(len(features), None)
    chances = chance_above_share(draws.goodness, draws.passing, sample, best_share, directions)
    return chances[: len(features)]


def _neighbours(
    problem: PlanningProblem, features: FloatArray, background: FloatArray
) -> tuple[list[tuple[Neighbour, ...]], FloatArray]:
    """The nearest measured things of each well, and the distance (n,) to the nearest."""
    if len(problem.measured) < 2:
        return [()] * len(features), np.full(len(features), np.inf)
    scale = problem.features.distance_scale(background)
    rows, distances = nearest(features, problem.measured, scale, _NEIGHBOURS)
    if not problem.known:
        return [()] * len(features), distances[:, 0]
    found = [
        tuple(Neighbour(problem.known[row], float(far)) for row, far in zip(own, fars, strict=True))
        for own, fars in zip(rows, distances, strict=True)
    ]
    return found, distances[:, 0]


def _drivers(
    problem: PlanningProblem, beliefs: Beliefs, candidates: Sequence[Candidate], rng: np.random.Generator
) -> list[tuple[Driver, ...]]:
    names = [entry.property for entry in problem.objectives]
    aimed = dict.fromkeys([*names, *(entry.property for entry in problem.constraints)])
    models = {name: beliefs.properties[name] for name in aimed if name in beliefs.properties}
    return drivers(models, problem.features, baseline_of(problem.space, rng), candidates, rng)


def _lessons(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    features: FloatArray,
    sample: FloatArray,
    draws: Draws,
) -> list[Lesson | None]:
    if not yardstick.objectives or not len(sample):
        return [None] * len(features)
    noise = [beliefs.properties[entry.property].noise_sd() for entry in yardstick.objectives]
    scaled = draws.goodness / (np.array(noise) / yardstick.span)
    groups = groups_of(problem.features, features, sample)
    found: list[Lesson | None] = []
    found += lessons(scaled[:, : len(features)], scaled[:, len(features) :], groups)
    return found
