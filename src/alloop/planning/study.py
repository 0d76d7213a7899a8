"""What screening works with: the fast view of the models, and what judging some candidates gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.beliefs import Beliefs
from alloop.planning.goals import Yardstick
from alloop.planning.known_points import known_points
from alloop.planning.problem import PlanningProblem
from alloop.planning.ranks import ranks_of
from alloop.planning.scores import Judge, Scoring, make_judge, make_scoring
from alloop.planning.settings import PlateSettings
from alloop.planning.shortlist import Kept, merged
from alloop.space import Block
from alloop.surrogate.threads import n_workers

_DIRECTIONS = 12
_PIECE = 1024
_TYPICAL = 512

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def open_candidates(problem: PlanningProblem, block: Block) -> BoolArray:
    """Which candidates (n,) of a block nobody has excluded by element."""
    is_open = np.ones(len(block), dtype=bool)
    out = [i for i, element in enumerate(problem.space.elements) if element in problem.excluded_elements]
    if out:
        is_open &= ~(problem.space.element_amounts(block)[:, out] > 0).any(axis=1)
    return is_open


@dataclass(frozen=True)
class Study:
    """What screening works with; `n_keep` candidates are wanted, `closed` ranks cannot be proposed."""

    problem: PlanningProblem
    settings: PlateSettings
    judge: Judge
    scoring: Scoring
    closed: IntArray
    n_keep: int
    pool: ThreadPoolExecutor

    @property
    def n_scores(self) -> int:
        """How many scores a candidate has."""
        return len(self.scoring.weights)

    @property
    def per_choice(self) -> IntArray:
        """(n_scores,) how many are wanted by each score and choice of shared settings, over the whole space."""
        weights = self.scoring.weights
        share: IntArray = self.n_keep * weights // (2 * weights.sum() * len(self.settings))
        return np.maximum(share, 2)

    def outputs(self, ranks: IntArray) -> tuple[FloatArray, FloatArray]:
        """Features (n, d) of candidates and what the models say of them: outputs (n, o)."""

        def one(piece: IntArray) -> tuple[FloatArray, FloatArray]:
            features = self.problem.features.of_block(self.problem.space.decode(piece))
            return features, self.judge.outputs(features)

        pieces = [ranks[start : start + _PIECE] for start in range(0, len(ranks), _PIECE)] or [ranks]
        features, outputs = zip(*in_order(self.pool, one, pieces), strict=True)
        return np.concatenate(features), np.concatenate(outputs)

    def kept(self, ranks: IntArray) -> Kept:
        """Candidates that may be proposed, with their scores as judged."""

        def one(piece: IntArray) -> Kept:
            block = self.problem.space.decode(piece)
            choice = self.settings.choice_of(block.settings)
            rows = np.flatnonzero(open_candidates(self.problem, block) & (choice >= 0))
            outputs = self.judge.outputs(self.problem.features.of_block(block)[rows])
            found = self.scoring(torch.as_tensor(outputs.T.copy()))
            return Kept(piece[rows], choice[rows], found.numpy().T)

        ranks = np.setdiff1d(ranks, self.closed)
        pieces = [ranks[start : start + _PIECE] for start in range(0, len(ranks), _PIECE)] or [ranks]
        return merged(list(in_order(self.pool, one, pieces)))


def in_order(
    pool: ThreadPoolExecutor, function: Callable[[_In], _Out], items: Iterable[_In]
) -> Iterator[_Out]:
    """`function` of each item, in their order, computed side by side; few items are taken ahead."""
    waiting: list[Future[_Out]] = []
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > n_workers():
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def make_study(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    settings: PlateSettings,
    n_keep: int,
    rng: np.random.Generator,
    pool: ThreadPoolExecutor,
) -> Study:
    """The study of a round; arguments as of `screen`."""
    known = known_points(problem, beliefs, yardstick)
    scoring = make_scoring(beliefs, yardstick, known, _DIRECTIONS, rng)
    sample = problem.space.sample(min(_TYPICAL, problem.space.size), rng)
    judge = make_judge(beliefs, yardstick, problem.features.of_block(problem.space.decode(sample)), pool)
    # what is known already would fill the list with what cannot be proposed
    held = (problem.space.find(key) for key in problem.excluded_keys)
    made = ranks_of(problem.space, [*problem.pending, *(sample.candidate for sample in problem.made)])
    ranks = np.union1d(made[made >= 0], np.array([one for one in held if one is not None], dtype=np.int64))
    return Study(problem, settings, judge, scoring, ranks, n_keep, pool)
