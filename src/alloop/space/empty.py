"""Why a space holds no candidate: which bounds leave nothing, and what would be within reach."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from alloop.errors import PrecursorError, Problem
from alloop.space.automaton import has_solution, reached_values
from alloop.space.checks import plain_number
from alloop.space.program import Bound, Program
from alloop.space.types import Candidate

if TYPE_CHECKING:
    from alloop.chemistry.shelf import Shelf


def explain_empty(program: Program) -> list[Problem]:
    """The bounds that make a program empty, each with what it would have to allow.

    A bound that alone leaves nothing is named first; failing that, each bound whose removal alone would
    leave something; failing that, all of them.
    """
    rooms = {index for index in program.capacities if index is not None and program.bounds[index].low <= 0}
    declared = [i for i in range(len(program.bounds)) if i not in rooms]
    alone = [i for i in declared if not has_solution(program.without({j for j in declared if j != i}))]
    if alone:
        free = program.without(set(declared))
        return [_problem(free, program.bounds[i], i) for i in alone]
    together = [i for i in declared if has_solution(program.without({i}))]
    if together:
        return [_problem(program.without({i}), program.bounds[i], i) for i in together]
    what = "nothing satisfies all of it at once: " + "; ".join(program.bounds[i].says for i in declared)
    return [Problem("space", what, "loosen the bounds one by one")]


def _problem(free: Program, bound: Bound, index: int) -> Problem:
    """One bound, with the values its sum takes in the candidates that everything else in `free` allows."""
    values = reached_values(free, index)
    low, high = (plain_number(Fraction(value, bound.scale)) for value in (min(values), max(values)))
    reach = f"always {low}" if low == high else f"{low} to {high}"
    if min(values) < bound.low and max(values) > bound.high:
        reach += ", never a value in between"
    return Problem(
        "space", f"no candidate is left: {bound.says}, but {bound.name} is {reach}", "change the bound"
    )


def explain_unmakeable(example: Candidate, shelf: Shelf) -> list[Problem]:
    """Why a shelf makes none of the candidates, shown on one of them."""
    try:
        shelf.solve(example.amounts)
    except PrecursorError as error:
        what = "the precursors can make none of the candidates"
        return [Problem("precursors", what, "add what is missing"), *error.problems]
    raise AssertionError(f"{example.formula} can be made but was not counted")
