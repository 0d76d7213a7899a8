"""Strategies of a retrospective benchmark: what each would measure next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.lab.replay_table import ReplayTable
from alloop.planning import PlanningProblem, PlateRules, plan_plate
from alloop.planning.goals import make_yardstick, weight_directions
from alloop.planning.hits import depth
from alloop.scales import to_model_scale
from alloop.space import FeatureMap
from alloop.surrogate import Observations
from alloop.surrogate.belief import learn


@dataclass(frozen=True)
class Situation:
    """What a strategy sees: the pool's features and what has been measured, never the other answers.

    Attributes:
        table: the pool; a strategy reads its space and its objectives.
        features: the map behind `matrix`.
        matrix: (n, d) features of every candidate.
        measured: ranks, in the order of measuring.
        data: per objective what was measured of those that formed, on the model scale.
        formed: as bounds at 0 whether each of `measured` formed; None while all of them did.
        aim: the planner's aims.
        batch: how many candidates to choose.
        seed: of this round.
        foretold: per objective and batch how far values lay from what was foretold of them, see
            :class:`alloop.planning.PlanningProblem`.
    """

    table: ReplayTable
    features: FeatureMap
    matrix: FloatArray
    measured: IntArray
    data: Mapping[str, Observations]
    formed: Observations | None
    aim: Mapping[str, float]
    batch: int
    seed: int
    foretold: Mapping[str, Sequence[FloatArray]] = field(default_factory=dict)

    @property
    def free(self) -> IntArray:
        """Ranks that are not measured, ascending."""
        return np.setdiff1d(np.arange(len(self.table)), self.measured)


@dataclass(frozen=True)
class Choice:
    """Ranks to measure next, and what is foretold of them where anything is.

    Attributes:
        ranks: (q,).
        intervals: per objective their predicted 90 % intervals (q, 2), in its canonical unit.
        beliefs: per objective mean and standard deviation of the model itself (q, 2), on its scale.
    """

    ranks: IntArray
    intervals: Mapping[str, FloatArray] = field(default_factory=dict)
    beliefs: Mapping[str, FloatArray] = field(default_factory=dict)


Strategy = Callable[[Situation], Choice]


def _alloop(now: Situation) -> Choice:
    """alloop's planner with every well a candidate."""
    rules = PlateRules(tuple(f"W{i + 1}" for i in range(now.batch)))
    space = now.table.space
    problem = PlanningProblem(
        space=space,
        features=now.features,
        objectives=now.table.objectives,
        constraints=(),
        rules=rules,
        aim=now.aim,
        observations=now.data,
        formed=now.formed,
        measured=now.matrix[now.measured],
        closed_recipes=frozenset(space.candidate(int(rank)).recipe_key for rank in now.measured),
        foretold=now.foretold,
    )
    plan = plan_plate(problem, now.seed)
    ranks = np.array([well.rank for well in plan.wells], dtype=np.int64)
    intervals, beliefs = {}, {}
    for entry in now.table.objectives:
        name = entry.property
        if all(name in well.predictions for well in plan.wells):
            told = [well.predictions[name] for well in plan.wells]
            factor = plan.models[name].interval_factor
            intervals[name] = np.array([[one.low90, one.high90] for one in told])
            beliefs[name] = np.array(
                [[to_model_scale(one.median, entry.scale), one.sd / factor] for one in told]
            )
    return Choice(ranks, intervals, beliefs)


def _random(now: Situation) -> Choice:
    """Uniformly random."""
    rng = np.random.default_rng(now.seed)
    return Choice(rng.permutation(now.free)[: now.batch])


def _forest(now: Situation) -> Choice:
    """A forest's mean plus one standard deviation, the best `batch` of them."""
    return _by_score(now, hope=1.0, forest=True)


def _greedy(now: Situation) -> Choice:
    """The Gaussian process' mean, the best `batch` of them."""
    return _by_score(now, hope=0.0, forest=False)


STRATEGIES: Mapping[str, Strategy] = {
    "alloop": _alloop,
    "random": _random,
    "forest": _forest,
    "greedy": _greedy,
}


def _by_score(now: Situation, hope: float, forest: bool) -> Choice:
    free = now.free
    yardstick = make_yardstick(now.table.objectives, now.data)
    columns = []
    for k, entry in enumerate(now.table.objectives):
        belief = learn(now.data[entry.property], now.seed, now.matrix, now.features.blocks, use_forest=forest)
        model = belief.forest if forest and belief.forest is not None else belief.process
        mean, sd = model.latent(now.matrix[free])
        columns.append(
            yardstick.goodness(_at(yardstick.reference, k, mean))[:, k] + hope * sd / yardstick.span[k]
        )
    directions = weight_directions(len(columns), 16, np.random.default_rng(now.seed))
    rank = depth(np.stack(columns, axis=-1), directions)
    return Choice(free[np.argsort(-rank, kind="stable")[: now.batch]])


def _at(reference: FloatArray, k: int, values: FloatArray) -> FloatArray:
    """Values of objective `k` in a row of all objectives."""
    rows = np.tile(reference, (len(values), 1))
    rows[:, k] = values
    return rows
