"""Wells drawn blindly: the honest yardstick of a campaign.

They are drawn before any candidate is chosen, so that no choice decides which of them fit onto the plate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from alloop.arrays import BoolArray, IntArray
from alloop.planning.problem import PlanningProblem
from alloop.planning.rules import RuleBook, traits_of
from alloop.planning.screen import open_candidates
from alloop.planning.settings import PlateSettings
from alloop.space import Block, Candidate

_COUNTS = re.compile(r"([A-Z][a-z]?)(\d+)")  # of a recipe's composition, which has whole numbers only
_SAME_SUM = 1e-5


def open_rows(problem: PlanningProblem, block: Block) -> BoolArray:
    """Which candidates (n,) may be proposed: not excluded, not measured, failed or pending."""
    is_open = open_candidates(problem, block)
    out = {problem.space.find(key) for key in problem.excluded_keys}
    is_open &= ~np.isin(block.ranks, [rank for rank in out if rank is not None])
    closed = problem.closed_recipes
    for row in np.flatnonzero(is_open & _resembling(problem, block)):
        if problem.space.candidate(int(block.ranks[row])).recipe_key in closed:
            is_open[row] = False
    return is_open


def _resembling(problem: PlanningProblem, block: Block) -> BoolArray:
    """Which candidates (n,) have the atomic fractions of a closed recipe, up to rounding: they need a closer look."""
    place = {element: index for index, element in enumerate(problem.space.elements)}
    # fractions are compared by one weighted sum: different compositions rarely share it, equal ones always do
    weights = np.sqrt(np.arange(2.0, 2.0 + len(place))) % 1.0
    sums = []
    for composition in {recipe.partition("|")[0] for recipe in problem.closed_recipes}:
        counts = [(element, int(count)) for element, count in _COUNTS.findall(composition)]
        if all(element in place for element, _ in counts):
            total = sum(count for _, count in counts)
            sums.append(sum(count * weights[place[element]] for element, count in counts) / total)
    if not sums:
        return np.zeros(len(block), dtype=bool)
    known = np.sort(np.array([-np.inf, *sums, np.inf]))
    atoms = problem.space.element_amounts(block).astype(float)
    own = atoms @ weights / np.maximum(atoms.sum(axis=1), 1e-12)
    after = np.clip(np.searchsorted(known, own), 1, len(known) - 1)
    nearest = np.minimum(own - known[after - 1], known[after] - own)
    return np.asarray(nearest < _SAME_SUM)


def random_ranks(
    problem: PlanningProblem,
    settings: PlateSettings,
    room: Mapping[int, int],
    reserved: Sequence[Candidate],
    rng: np.random.Generator,
) -> IntArray:
    """Ranks, uniform among the candidates that the rules allow beside the reserved wells.

    Args:
        problem: the round.
        settings: the plate's open settings.
        room: how many to draw with each combination of them; fewer where the rules allow no more.
        reserved: controls and replicates of the plate.
        rng: of the draw.
    """
    count = sum(room.values())
    if not count:
        return np.zeros(0, dtype=np.int64)
    space = problem.space
    sample = space.sample(min(space.size, 40 * count * len(settings) + 200), rng)
    block = space.decode(sample)
    choices = settings.choice_of(block.settings)
    wanted = np.isin(choices, list(room))
    block, choices = space.decode(sample[wanted]), choices[wanted]
    book = RuleBook(problem, traits_of(problem, block), block, open_rows(problem, block), choices)
    book.reserve(reserved)
    for choice, wells in room.items():
        book.make_room(choice, wells)
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
