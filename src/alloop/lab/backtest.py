"""Retrospective benchmark: what a strategy would have found, had it chosen the order of measured materials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import UserError
from alloop.lab.replay_table import ReplayTable
from alloop.planning import PlanningProblem, PlateRules, plan_plate
from alloop.planning.goals import from_model_scale, hypervolume, make_yardstick, weight_directions
from alloop.planning.hits import depth
from alloop.space import FeatureMap
from alloop.surrogate import Observations, observations
from alloop.surrogate.belief import learn

HIT_SHARE = 0.1


@dataclass(frozen=True)
class RoundScore:
    """Where a strategy stands after a round; `coverage90` is that of the round's own predictions."""

    measured: int
    hits: int
    best: float
    hypervolume_fraction: float
    seconds: float
    coverage90: float | None


@dataclass(frozen=True)
class _Situation:
    """What a strategy sees: the pool's features and what has been measured, never the other answers."""

    table: ReplayTable
    features: FeatureMap
    matrix: FloatArray
    measured: IntArray
    data: Mapping[str, Observations]
    aim: Mapping[str, float]
    batch: int
    seed: int


@dataclass(frozen=True)
class _Choice:
    """Ranks to measure next, and per objective their predicted 90 % interval where there is one."""

    ranks: IntArray
    intervals: Mapping[str, FloatArray]


def _alloop(now: _Situation) -> _Choice:
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
        formed=None,
        measured=now.matrix[now.measured],
        closed_recipes=frozenset(space.candidate(int(rank)).recipe_key for rank in now.measured),
    )
    plan = plan_plate(problem, now.seed)
    ranks = np.array([well.rank for well in plan.wells], dtype=np.int64)
    intervals = {
        entry.property: np.array(
            [
                [well.predictions[entry.property].low90, well.predictions[entry.property].high90]
                for well in plan.wells
            ]
        )
        for entry in now.table.objectives
    }
    return _Choice(ranks, intervals)


def _random(now: _Situation) -> _Choice:
    """Uniformly random."""
    rng = np.random.default_rng(now.seed)
    return _Choice(rng.permutation(_unmeasured(now))[: now.batch], {})


def _forest(now: _Situation) -> _Choice:
    """A forest's mean plus one standard deviation, the best `batch` of them."""
    return _by_score(now, hope=1.0, forest=True)


def _greedy(now: _Situation) -> _Choice:
    """The Gaussian process' mean, the best `batch` of them."""
    return _by_score(now, hope=0.0, forest=False)


STRATEGIES: Mapping[str, Callable[[_Situation], _Choice]] = {
    "alloop": _alloop,
    "random": _random,
    "forest": _forest,
    "greedy": _greedy,
}


def _unmeasured(now: _Situation) -> IntArray:
    return np.setdiff1d(np.arange(len(now.table)), now.measured)


def _by_score(now: _Situation, hope: float, forest: bool) -> _Choice:
    free = _unmeasured(now)
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
    return _Choice(free[np.argsort(-rank, kind="stable")[: now.batch]], {})


def _at(reference: FloatArray, k: int, values: FloatArray) -> FloatArray:
    """Values of objective `k` in a row of all objectives."""
    rows = np.tile(reference, (len(values), 1))
    rows[:, k] = values
    return rows


def backtest(
    table: ReplayTable,
    aim: Mapping[str, float],
    strategies: Sequence[str],
    initial: int,
    batch: int,
    rounds: int,
    seeds: Sequence[int],
    progress: Callable[[str], None] | None = None,
) -> dict[str, list[tuple[int, list[RoundScore]]]]:
    """Run every strategy from the same random starts.

    Args:
        table: the measured pool.
        aim: the planner's aims.
        strategies: names from :data:`STRATEGIES`.
        initial: random candidates that everyone begins with.
        batch: candidates per round.
        rounds: how many rounds.
        seeds: one run of each strategy per seed.
        progress: told what is going on.

    Returns:
        Per strategy a list of (seed, scores): after the start and after each round.

    Raises:
        UserError: for no or an unknown strategy, or more candidates than the pool has.
    """
    unknown = [name for name in strategies if name not in STRATEGIES]
    if unknown or not strategies:
        what = f"unknown strategy {unknown[0]!r}" if unknown else "no strategy is named"
        raise UserError(what, f"use one of {', '.join(STRATEGIES)}", "--strategies")
    if initial < 2 or batch < 1 or initial + batch * rounds > len(table):
        what = f"{initial} + {rounds} × {batch} candidates do not fit into a pool of {len(table)}"
        raise UserError(what, "start with at least 2, and lower --initial, --batch or --rounds")
    features = FeatureMap(table.space)
    matrix = features.of_block(table.space.decode(np.arange(len(table))))
    judge = _Judge(table)
    results: dict[str, list[tuple[int, list[RoundScore]]]] = {}
    for name in strategies:
        runs = []
        for seed in seeds:
            if progress:
                progress(f"{name}, seed {seed}")
            runs.append(
                (seed, _run(table, features, matrix, judge, name, aim, (initial, batch, rounds), seed))
            )
        results[name] = runs
    return results


def _run(
    table: ReplayTable,
    features: FeatureMap,
    matrix: FloatArray,
    judge: _Judge,
    strategy: str,
    aim: Mapping[str, float],
    sizes: tuple[int, int, int],
    seed: int,
) -> list[RoundScore]:
    initial, batch, rounds = sizes
    measured: IntArray = np.random.default_rng(seed).permutation(len(table))[:initial].astype(np.int64)
    scores = [judge.score(measured, 0.0, None)]
    for number in range(rounds):
        data = {
            entry.property: observations(
                matrix[measured],
                table.values[entry.property][measured],
                bounds=table.bounds[entry.property][measured],
                recipes=measured,
            )
            for entry in table.objectives
        }
        started = time.perf_counter()
        # one seed per run and round: far apart, so that no two runs share a stream
        now = _Situation(table, features, matrix, measured, data, aim, batch, 100_003 * (seed + 1) + number)
        choice = STRATEGIES[strategy](now)
        seconds = time.perf_counter() - started
        measured = np.concatenate([measured, choice.ranks])
        scores.append(judge.score(measured, seconds, judge.coverage(choice)))
    return scores


class _Judge:
    """Knows all answers, and scores what was found."""

    def __init__(self, table: ReplayTable) -> None:
        self._table = table
        everything = {
            entry.property: observations(np.zeros((len(table), 0)), table.values[entry.property])
            for entry in table.objectives
        }
        self._yardstick = make_yardstick(table.objectives, everything)
        columns = np.stack([table.values[entry.property] for entry in table.objectives], axis=-1)
        self._goodness = self._yardstick.goodness(columns)
        self._floor = np.minimum(self._goodness.min(axis=0), 0.0)
        self._whole = hypervolume(self._goodness, self._floor)
        self.hits = hits_of(self._goodness)

    def score(self, measured: IntArray, seconds: float, coverage: float | None) -> RoundScore:
        """The score of a set of measured ranks."""
        first = self._table.objectives[0]
        best = measured[int(np.argmax(self._goodness[measured, 0]))]
        reached = hypervolume(self._goodness[measured], self._floor)
        return RoundScore(
            measured=len(measured),
            hits=int(self.hits[measured].sum()),
            best=from_model_scale(float(self._table.values[first.property][best]), first.scale),
            hypervolume_fraction=reached / self._whole if self._whole > 0 else 1.0,
            seconds=round(seconds, 4),
            coverage90=coverage,
        )

    def coverage(self, choice: _Choice) -> float | None:
        """Share of exact values inside their predicted 90 % interval, over all objectives."""
        inside: list[bool] = []
        for entry in self._table.objectives:
            if entry.property not in choice.intervals:
                continue
            exact = self._table.bounds[entry.property][choice.ranks] == 0
            values = self._table.values[entry.property][choice.ranks]
            true = np.array([from_model_scale(value, entry.scale) for value in values])
            low, high = choice.intervals[entry.property].T
            inside += ((low <= true) & (true <= high))[exact].tolist()
        return float(np.mean(inside)) if inside else None


def hits_of(goodness: FloatArray) -> np.ndarray:
    """Which of n points (n, K) are hits: the best ⌈10 %⌉.

    By the only objective; with several in non-dominated order, ties in the last front by how much hypervolume a
    point adds to its front.
    """
    n = len(goodness)
    count = int(np.ceil(HIT_SHARE * n))
    hit = np.zeros(n, dtype=bool)
    if goodness.shape[1] == 1:
        hit[np.argsort(-goodness[:, 0], kind="stable")[:count]] = True
        return hit
    left = np.arange(n)
    while hit.sum() < count:
        points = goodness[left]
        dominated = np.array(
            [bool(((points >= p).all(axis=1) & (points > p).any(axis=1)).any()) for p in points]
        )
        front = left[~dominated]
        room = count - int(hit.sum())
        if len(front) > room:
            floor = goodness.min(axis=0)
            whole = hypervolume(goodness[front], floor)
            added = np.array([whole - hypervolume(goodness[np.setdiff1d(front, [i])], floor) for i in front])
            front = front[np.argsort(-added, kind="stable")[:room]]
        hit[front] = True
        left = np.setdiff1d(left, front)
    return hit
