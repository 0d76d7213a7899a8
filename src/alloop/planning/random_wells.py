"""Wells drawn blindly: the honest yardstick of a campaign.

They are drawn before any candidate is chosen, so that no choice decides which of them fit onto the plate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.arrays import BoolArray, IntArray
from alloop.planning.problem import PlanningProblem
from alloop.planning.rules import RuleBook, traits_of
from alloop.planning.screen import open_candidates
from alloop.planning.settings import PlateSettings
from alloop.space import Block, Candidate


def open_rows(problem: PlanningProblem, block: Block) -> BoolArray:
    """Which candidates (n,) may be proposed: not excluded, not measured, failed or pending."""
    is_open = open_candidates(problem, block)
    closed = problem.closed_recipes
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
    filled: Sequence[Candidate],
    rng: np.random.Generator,
) -> IntArray:
    """Up to `count` ranks, uniform among the candidates that the rules allow beside the wells `filled` already.

    Args:
        problem: the round.
        settings: the plate's open settings, of which `choice` is the plate's.
        count: how many.
        filled: controls and replicates of the plate.
        rng: of the draw.
    """
    if not count:
        return np.zeros(0, dtype=np.int64)
    space = problem.space
    sample = space.sample(min(space.size, 40 * count * len(settings) + 200), rng)
    block = space.decode(sample)
    block = space.decode(sample[settings.choice_of(block.settings) == choice])
    book = RuleBook(problem, traits_of(problem, block), block, open_rows(problem, block))
    book.reserve(filled)
    return block.ranks[take_first(book, np.arange(len(block)), count)]


def take_first(book: RuleBook, rows: IntArray, count: int) -> list[int]:
    """The first `count` of `rows` that the rules allow one after another; they are added to the book."""
    taken: list[int] = []
    for row in rows.tolist():
        if len(taken) == count:
            break
        if book.allowed[row]:
            book.add(row)
            taken.append(row)
    return taken
