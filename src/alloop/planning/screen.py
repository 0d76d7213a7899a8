"""From the whole space to a few thousand candidates: every candidate gets a cheap optimistic score.

Scores look along random directions in objective space with different optimism; kept are the best per direction
over the whole space and the best of every block of ranks, since neighbours in rank are alike and a list of the
overall best alone would be one crowd.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtr

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.beliefs import Beliefs, p_between
from alloop.planning.goals import Yardstick, lengths, weight_directions
from alloop.planning.problem import PlanningProblem
from alloop.planning.settings import PlateSettings
from alloop.space import Block, Candidate
from alloop.surrogate.belief import process_alone
from alloop.surrogate.fast import FastBelief, make_fast
from alloop.surrogate.gp import one_thread

BLOCK = 32_768
EXHAUSTIVE = 20_000_000
_SAMPLED_BLOCKS = 48
_OPTIMISM = (0.0, 1.0, 2.0)
_STEPS = 3
_STARTS = 400
_DIRECTIONS = 12


@dataclass(frozen=True)
class Kept:
    """The best of a part of the space: ranks (k,), their plate settings (k,), scores (k, D)."""

    ranks: IntArray
    choices: IntArray
    scores: FloatArray


def open_candidates(problem: PlanningProblem, block: Block) -> BoolArray:
    """Which candidates (n,) of a block nobody has excluded by element."""
    is_open = np.ones(len(block), dtype=bool)
    out = [i for i, element in enumerate(problem.space.elements) if element in problem.excluded_elements]
    if out:
        is_open &= ~(problem.space.element_amounts(block)[:, out] > 0).any(axis=1)
    return is_open


def screen(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    settings: PlateSettings,
    n_keep: int,
    rng: np.random.Generator,
    progress: Callable[[str], None],
) -> tuple[IntArray, int]:
    """The most promising candidates of the space.

    Spaces above `EXHAUSTIVE` candidates are sampled uniformly, then searched from the best of the sample through
    their neighbours.

    Args:
        problem: the round.
        beliefs: the models.
        yardstick: what is good.
        settings: which plate settings are open; each gets its share of the list.
        n_keep: how many candidates to return, roughly.
        rng: for directions and samples.
        progress: told how far the screening is.

    Returns:
        Ranks, sorted and distinct; the number of candidates scored.
    """
    scorer = _Scorer(problem, beliefs, yardstick, settings, rng)
    space = problem.space
    per_choice = max(n_keep // (2 * scorer.n_scores * len(settings)), 2)
    if space.size <= EXHAUSTIVE:
        n_blocks = -(-space.size // BLOCK)
        blocks: Iterator[IntArray] = space.stream(BLOCK)
    else:
        n_blocks = _SAMPLED_BLOCKS
        blocks = (np.sort(space.sample(BLOCK, rng)) for _ in range(n_blocks))
    per_block = max(n_keep // (2 * n_blocks * scorer.n_scores * len(settings)), 1)
    kept: list[Kept] = []
    local: list[IntArray] = []
    screened = 0
    for count, part in _in_threads(scorer, blocks, per_choice):
        screened += count
        kept.append(part)
        local.append(_top(part, per_block))
        kept = [_merge(kept, per_choice)]
        progress(f"screening: {screened:,} of {min(space.size, n_blocks * BLOCK):,} candidates")
    if space.size > EXHAUSTIVE:
        for _ in range(_STEPS):
            best = _top(kept[0], 8)
            near = [space.neighbours(int(rank)) for rank in _spread(best, _STARTS)]
            new = np.setdiff1d(np.concatenate([kept[0].ranks[:0], *near]), kept[0].ranks)
            screened += len(new)
            kept = [_merge([kept[0], scorer.keep(new, per_choice)], per_choice)]
    everywhere = _spread(np.unique(np.concatenate(local)), n_keep // 2)
    return np.union1d(kept[0].ranks, everywhere), screened


def _spread(ranks: IntArray, count: int) -> IntArray:
    """At most `count` of `ranks`, evenly spaced."""
    if len(ranks) <= count:
        return ranks
    return ranks[np.linspace(0, len(ranks) - 1, count).astype(np.int64)]


class _Scorer:
    """Scores blocks of ranks; holds nothing that changes, so that threads may share it."""

    def __init__(
        self,
        problem: PlanningProblem,
        beliefs: Beliefs,
        yardstick: Yardstick,
        settings: PlateSettings,
        rng: np.random.Generator,
    ) -> None:
        self._problem = problem
        self._beliefs = beliefs
        self._yardstick = yardstick
        self._settings = settings
        wanted = [o.property for o in yardstick.objectives] + [c.property for c in beliefs.constraints]
        self._fast: dict[str, FastBelief] = {
            n: make_fast(beliefs.properties[n]) for n in dict.fromkeys(wanted)
        }
        self._forming = make_fast(process_alone(beliefs.forming)) if beliefs.forming is not None else None
        self._directions = weight_directions(len(yardstick.objectives), _DIRECTIONS, rng)
        # what is known already would fill the list with what cannot be proposed
        known: list[str | Candidate] = [*problem.excluded_keys, *problem.pending]
        known += [sample.candidate for sample in problem.made]
        closed = {problem.space.find(one) for one in known}
        self._closed = np.array(sorted(rank for rank in closed if rank is not None), dtype=np.int64)
        self.n_scores = len(self._directions) * len(_OPTIMISM)

    def keep(self, ranks: IntArray, per_choice: int) -> Kept:
        """Score `ranks` and keep the best `per_choice` of every score and plate setting."""
        problem = self._problem
        block = problem.space.decode(ranks)
        choice = self._settings.choice_of(block.settings)
        rows = np.flatnonzero(open_candidates(problem, block) & (choice >= 0) & ~np.isin(ranks, self._closed))
        features = problem.features.of_block(block)[rows]
        scores = self._scores(features)
        return _merge([Kept(ranks[rows], choice[rows], scores)], per_choice)

    def _scores(self, features: FloatArray) -> FloatArray:
        yardstick = self._yardstick
        narrow = torch.as_tensor(features, dtype=torch.float32)
        predicted = {name: fast.latent(narrow) for name, fast in self._fast.items()}
        chance = np.ones(len(features))
        if self._forming is not None:
            mean, sd = self._forming.latent(narrow)
            chance = ndtr(mean / np.hypot(sd, self._forming.noise_sd))
        for constraint in self._beliefs.constraints:
            mean, sd = predicted[constraint.property]
            wide = np.hypot(sd, self._fast[constraint.property].noise_sd)
            chance = chance * p_between(mean, wide, constraint)
        columns = []
        pairs = [predicted[entry.property] for entry in yardstick.objectives]
        means = np.stack([pair[0] for pair in pairs], axis=-1)
        sds = np.stack([pair[1] for pair in pairs], axis=-1)
        for hope in _OPTIMISM:
            goodness = yardstick.goodness(means) + hope * sds / yardstick.span
            reach = lengths(goodness, self._directions)
            # an infeasible candidate is worth less where it reaches far, never more where it falls short
            columns.append(
                np.where(reach > 0, reach * chance[:, None], reach / np.maximum(chance[:, None], 0.05))
            )
        return np.concatenate(columns, axis=1)


def _in_threads(scorer: _Scorer, blocks: Iterator[IntArray], per_choice: int) -> Iterator[tuple[int, Kept]]:
    """Score blocks on all cores, one thread each; results come in the order of the blocks."""
    workers = max(1, min(os.cpu_count() or 1, int(os.environ.get("ALLOOP_THREADS", "64"))))
    with one_thread(), ThreadPoolExecutor(workers) as pool:
        waiting: list[tuple[int, Future[Kept]]] = []
        for ranks in blocks:
            waiting.append((len(ranks), pool.submit(scorer.keep, ranks, per_choice)))
            if len(waiting) > workers:
                count, future = waiting.pop(0)
                yield count, future.result()
        for count, future in waiting:
            yield count, future.result()


def _merge(parts: list[Kept], per_choice: int) -> Kept:
    """The candidates of all parts that are among the best `per_choice` of some score and plate setting, by rank."""
    ranks, first = np.unique(np.concatenate([part.ranks for part in parts]), return_index=True)
    choices = np.concatenate([part.choices for part in parts])[first]
    scores = np.concatenate([part.scores for part in parts])[first]
    wanted = np.zeros(len(ranks), dtype=bool)
    for choice in np.unique(choices):
        rows = np.flatnonzero(choices == choice)
        if len(rows) <= per_choice:
            wanted[rows] = True
            continue
        for column in range(scores.shape[1]):
            wanted[rows[np.argpartition(-scores[rows, column], per_choice - 1)[:per_choice]]] = True
    return Kept(ranks[wanted], choices[wanted], scores[wanted])


def _top(kept: Kept, count: int) -> IntArray:
    """Ranks of the best `count` of every score and plate setting."""
    return _merge([kept], count).ranks
