"""Wells drawn blindly: the honest yardstick of a campaign."""

from __future__ import annotations

import numpy as np

from alloop.arrays import BoolArray, IntArray
from alloop.planning.problem import PlanningProblem
from alloop.planning.rules import RuleBook, traits_of
from alloop.planning.screen import open_candidates
from alloop.planning.settings import PlateSettings
from alloop.space import Block


def open_rows(problem: PlanningProblem, block: Block) -> BoolArray:
    """Which candidates (n,) may be proposed: not excluded, not measured, failed, pending or a control."""
    is_open = open_candidates(problem, block)
    closed = set(problem.closed_recipes)
    if problem.rules.control is not None:
        closed.add(problem.rules.control.candidate.recipe_key)
    if closed or problem.excluded_keys:
        for row in np.flatnonzero(is_open):
            candidate = problem.space.candidate(int(block.ranks[row]))
            if candidate.recipe_key in closed or candidate.key in problem.excluded_keys:
                is_open[row] = False
    return is_open


def random_ranks(
    problem: PlanningProblem,
    settings: PlateSettings,
    choice: int,
    count: int,
    taken: IntArray,
    rng: np.random.Generator,
) -> IntArray:
    """Up to `count` ranks, uniform among the candidates that the rules allow beside `taken`.

    Args:
        problem: the round.
        settings: the plate's open settings, of which `choice` is the plate's.
        count: how many.
        taken: ranks that are on the plate already.
        rng: of the draw.
    """
    if not count:
        return np.zeros(0, dtype=np.int64)
    space = problem.space
    sample = space.sample(min(space.size, 40 * count * len(settings) + 200), rng)
    sample = sample[~np.isin(sample, taken)]
    block = space.decode(np.concatenate([taken, sample]))
    is_open = settings.choice_of(block.settings) == choice
    is_open &= open_rows(problem, block)
    book = RuleBook(problem, traits_of(problem, block), is_open)
    for row in range(len(taken)):
        book.add(row)
    drawn: list[int] = []
    for row in range(len(taken), len(block)):
        if len(drawn) == count:
            break
        if book.allowed[row]:
            book.add(row)
            drawn.append(row)
    return block.ranks[drawn]
