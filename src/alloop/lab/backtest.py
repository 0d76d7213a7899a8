"""Retrospective benchmark: what a strategy would have found, had it chosen the order of measured materials."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import UserError
from alloop.lab.judging import HIT_SHARE, Judge, RoundScore, hits_of
from alloop.lab.replay_table import ReplayTable
from alloop.lab.strategies import STRATEGIES, Choice, Situation, Strategy
from alloop.runner import Runner, Threads
from alloop.space import FeatureMap
from alloop.surrogate import ABOVE, BELOW, Observations, observations


def backtest(
    table: ReplayTable,
    aim: Mapping[str, float],
    strategies: Sequence[str],
    initial: int,
    batch: int,
    rounds: int,
    seeds: Sequence[int],
    progress: Callable[[str], None] | None = None,
    runner: Runner | None = None,
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
        runner: who does the runs; this process, one after the other, when None. It changes no score but the seconds.

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
    bench = Bench(table)
    tasks = [_Task(name, dict(aim), initial, batch, rounds, seed) for name in strategies for seed in seeds]
    results: dict[str, list[tuple[int, list[RoundScore]]]] = {name: [] for name in strategies}
    with Threads() as here:
        scores = (runner or here).map(_scores_of, bench, tasks, coarse=True)
        for task in tasks:
            if progress:
                progress(f"{task.strategy}, seed {task.seed}")
            results[task.strategy].append((task.seed, next(scores)))
    return results


@dataclass(frozen=True)
class _Task:
    """One run of a strategy; see :meth:`Bench.run`."""

    strategy: str
    aim: Mapping[str, float]
    initial: int
    batch: int
    rounds: int
    seed: int


def _scores_of(bench: Bench, task: _Task) -> list[RoundScore]:
    strategy = STRATEGIES[task.strategy]
    return bench.run(strategy, task.aim, task.initial, task.batch, task.rounds, task.seed)[0]


class Bench:
    """A pool on which strategies are run one by one, each seeing only what it has measured."""

    def __init__(self, table: ReplayTable) -> None:
        self.table = table
        self.judge = Judge(table)
        self.features = FeatureMap(table.space)
        self.matrix = self.features.of_block(table.space.decode(np.arange(len(table))))

    def run(
        self, strategy: Strategy, aim: Mapping[str, float], initial: int, batch: int, rounds: int, seed: int
    ) -> tuple[list[RoundScore], IntArray]:
        """One run from the random start of `seed`: scores after the start and each round, and the ranks in order.

        Args:
            strategy: chooses `batch` unmeasured ranks.
            aim: the planner's aims.
            initial, batch, rounds: sizes; they must fit into the pool.
            seed: decides the start, and the randomness of the strategy.
        """
        measured: IntArray = np.random.default_rng(seed).permutation(len(self.table))[:initial]
        measured = measured.astype(np.int64)
        scores = [self.judge.score(measured, 0.0, {})]
        foretold: dict[str, list[FloatArray]] = {}
        for number in range(rounds):
            # one seed per run and round: far apart, so that no two runs share a stream
            now = self._situation(measured, aim, batch, 100_003 * (seed + 1) + number, foretold)
            started = time.perf_counter()
            choice = strategy(now)
            seconds = time.perf_counter() - started
            measured = np.concatenate([measured, choice.ranks])
            for name, far in self.judge.errors(choice.ranks, choice.beliefs).items():
                foretold.setdefault(name, []).append(far)
            scores.append(
                self.judge.score(measured, seconds, self.judge.covered(choice.ranks, choice.intervals))
            )
        return scores, measured

    def _situation(
        self,
        measured: IntArray,
        aim: Mapping[str, float],
        batch: int,
        seed: int,
        foretold: Mapping[str, Sequence[FloatArray]],
    ) -> Situation:
        table = self.table
        known = measured[table.formed[measured]]
        data = {
            entry.property: observations(
                self.matrix[known],
                table.values[entry.property][known],
                bounds=table.bounds[entry.property][known],
                recipes=known,
            )
            for entry in table.objectives
        }
        formed: Observations | None = None
        if len(known) < len(measured):
            sides = np.where(table.formed[measured], ABOVE, BELOW)
            formed = observations(
                self.matrix[measured], np.zeros(len(measured)), bounds=sides, recipes=measured
            )
        return Situation(
            table, self.features, self.matrix, measured, data, formed, aim, batch, seed, foretold
        )


__all__ = [
    "HIT_SHARE",
    "STRATEGIES",
    "Bench",
    "Choice",
    "RoundScore",
    "Situation",
    "Strategy",
    "backtest",
    "hits_of",
]
