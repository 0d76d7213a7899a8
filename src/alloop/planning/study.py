"""What screening works with: the fast view of the models, and what judging some candidates gives."""

from __future__ import annotations

from dataclasses import dataclass

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
from alloop.planning.shortlist import Kept, best_of, by_parts, merged
from alloop.runner import Runner
from alloop.space import Block, FeatureMap, Space

_DIRECTIONS = 12
_PIECE = 2048
_TYPICAL = 512


def open_candidates(problem: PlanningProblem, block: Block) -> BoolArray:
    """Which candidates (n,) of a block nobody has excluded by element."""
    return _not_excluded(problem.space, problem.excluded_elements, block)


def _not_excluded(space: Space, excluded: frozenset[str], block: Block) -> BoolArray:
    is_open = np.ones(len(block), dtype=bool)
    out = [i for i, element in enumerate(space.elements) if element in excluded]
    if out:
        is_open &= ~(space.element_amounts(block)[:, out] > 0).any(axis=1)
    return is_open


@dataclass(frozen=True)
class Judging:
    """All that judging candidates takes; it travels to whoever judges.

    Attributes:
        space, features: the candidates and what is seen of them.
        excluded: elements that somebody took out.
        settings: which plate settings are open.
        judge: the fast view of the models.
        scoring: what candidates are scored by.
        per_choice: (n_scores,) how many are wanted at most by each score and choice of shared settings.
    """

    space: Space
    features: FeatureMap
    excluded: frozenset[str]
    settings: PlateSettings
    judge: Judge
    scoring: Scoring
    per_choice: IntArray


@dataclass(frozen=True)
class Study:
    """What screening works with.

    Attributes:
        problem: the round.
        settings: which plate settings are open.
        judging: all that judging takes.
        closed: ranks that cannot be proposed.
        n_keep: how many candidates are wanted.
        runner: who sieves.
        judges: who judges: the same, unless a model was supplied that may not travel.
    """

    problem: PlanningProblem
    settings: PlateSettings
    judging: Judging
    closed: IntArray
    n_keep: int
    runner: Runner
    judges: Runner

    @property
    def scoring(self) -> Scoring:
        """What candidates are scored by."""
        return self.judging.scoring

    @property
    def n_scores(self) -> int:
        """How many scores a candidate has."""
        return len(self.scoring.weights)

    @property
    def per_choice(self) -> IntArray:
        """(n_scores,) how many are wanted by each score and choice of shared settings, over the whole space."""
        return self.judging.per_choice

    def outputs(self, ranks: IntArray) -> tuple[FloatArray, FloatArray]:
        """Features (n, d) of candidates and what the models say of them: outputs (n, o)."""
        features, outputs = zip(*self.judges.map(_outputs_of, self.judging, _pieces(ranks)), strict=True)
        return np.concatenate(features), np.concatenate(outputs)

    def kept(self, ranks: IntArray) -> Kept:
        """Candidates that may be proposed and are among the best somewhere, with their scores as judged."""
        pieces = _pieces(np.setdiff1d(ranks, self.closed))
        return merged(list(self.judges.map(_kept_of, self.judging, pieces)))


def _pieces(ranks: IntArray) -> list[IntArray]:
    return [ranks[start : start + _PIECE] for start in range(0, len(ranks), _PIECE)] or [ranks]


def _outputs_of(judging: Judging, ranks: IntArray) -> tuple[FloatArray, FloatArray]:
    features = judging.features.of_block(judging.space.decode(ranks))
    return features, judging.judge.outputs(features)


def _kept_of(judging: Judging, ranks: IntArray) -> Kept:
    block = judging.space.decode(ranks)
    choice = judging.settings.choice_of(block.settings)
    rows = np.flatnonzero(_not_excluded(judging.space, judging.excluded, block) & (choice >= 0))
    outputs = judging.judge.outputs(judging.features.of_block(block)[rows])
    found = judging.scoring(torch.as_tensor(outputs.T.copy()))
    kept = Kept(ranks[rows], choice[rows], found.numpy().T)
    # what is not among the best here is not among the best of its part or of all: it need not travel
    parts = by_parts(kept.ranks, judging.space.size)
    return merged([best_of(kept.rows(own), judging.per_choice) for own in parts] or [kept])


def make_study(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    settings: PlateSettings,
    n_keep: int,
    rng: np.random.Generator,
    here: Runner,
    runner: Runner,
) -> Study:
    """The study of a round; arguments as of `screen`, and the threads of this process."""
    known = known_points(problem, beliefs, yardstick)
    scoring = make_scoring(beliefs, yardstick, known, _DIRECTIONS, rng)
    sample = problem.space.sample(min(_TYPICAL, problem.space.size), rng)
    judge = make_judge(beliefs, yardstick, problem.features.of_block(problem.space.decode(sample)), here)
    # what is known already would fill the list with what cannot be proposed
    held = (problem.space.find(key) for key in problem.excluded_keys)
    made = ranks_of(problem.space, [*problem.pending, *(sample.candidate for sample in problem.made)])
    ranks = np.union1d(made[made >= 0], np.array([one for one in held if one is not None], dtype=np.int64))
    ranks = np.union1d(ranks, problem.closed_ranks)
    space, features, excluded = problem.space, problem.features, problem.excluded_elements
    weights = scoring.weights
    per_choice = np.maximum(n_keep * weights // (2 * weights.sum() * len(settings)), 2)
    judging = Judging(space, features, excluded, settings, judge, scoring, per_choice)
    return Study(problem, settings, judging, ranks, n_keep, runner, runner if judge.travels else here)
