"""More candidates for a plate whose rules leave nothing of the short list.

The short list holds the best of the space, whatever the rules of the plate are. Once its powders, its stations or
its dopants are used up, most of the list may be closed, while the space still holds thousands of candidates that fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.planning.filling import FilledBlock, Pool
from alloop.planning.problem import PlanningProblem
from alloop.planning.random_wells import open_rows
from alloop.planning.rules import RuleBook, traits_of
from alloop.planning.settings import PlateSettings

WIDENINGS = 3
"""So many times a plate is filled anew with more candidates; what is then still empty stays so."""
_SAMPLE = 60_000
_JUDGED = 4_000
_PER_WELL = 8


def more_candidates(
    problem: PlanningProblem,
    settings: PlateSettings,
    filled: Sequence[FilledBlock],
    pool: Pool,
    score: Callable[[FloatArray], FloatArray],
    rng: np.random.Generator,
) -> IntArray:
    """Ranks of candidates beyond `pool` that the rules allow beside a plate, for its empty wells; the best by `score`.

    Looked at are a uniform sample of the space and what is one small change away from the plate's candidates.

    Args:
        problem: the round.
        settings: the open combinations of shared settings.
        filled: the plate; no ranks come back where it has no empty well.
        pool: what it was filled from.
        score: of features (n, d), the larger the better.
        rng: of the sample.
    """
    empty: dict[int, int] = {}
    for part in filled:
        missing = len(part.task.wells) - len(part.reserved.candidates) - len(part.rows)
        if missing > 0:
            empty[part.choice] = empty.get(part.choice, 0) + missing
    space = problem.space
    if not empty or len(pool.traits) >= space.size:
        return np.zeros(0, dtype=np.int64)
    on_plate = [int(pool.block.ranks[row]) for part in filled for row in part.rows]
    near = [space.neighbours(rank) for rank in on_plate]
    ranks = np.unique(np.concatenate([space.sample(min(_SAMPLE, space.size), rng), *near]))
    ranks = np.setdiff1d(ranks, pool.block.ranks)
    choices = settings.choice_of(space.decode(ranks).settings)
    wanted = np.isin(choices, list(empty))
    block, choices = space.decode(ranks[wanted]), choices[wanted]
    if not len(block):
        return np.zeros(0, dtype=np.int64)
    book = RuleBook(problem, traits_of(problem, block), block, open_rows(problem, block), choices)
    for part in filled:
        book.reserve(part.reserved.candidates)
    book.reserve([space.candidate(rank) for rank in on_plate])
    for choice, count in empty.items():
        book.make_room(choice, count)
    rows = np.sort(rng.permutation(np.flatnonzero(book.allowed))[:_JUDGED])
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    scores = score(problem.features.of_block(space.decode(block.ranks[rows])))
    kept = []
    for choice, count in empty.items():
        own = np.flatnonzero(choices[rows] == choice)
        kept.append(own[np.argsort(-scores[own], kind="stable")[: _PER_WELL * count]])
    return np.sort(block.ranks[rows[np.concatenate(kept)]])


__all__ = ["WIDENINGS", "more_candidates"]
