"""From a formula to the composition of a space that has it, or the reason why none has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from alloop.arrays import IntArray
from alloop.errors import Problem
from alloop.space.automaton import build_automaton, has_solution, reached_values
from alloop.space.checks import plain_number
from alloop.space.codec import unrank
from alloop.space.program import Bound, Program
from alloop.space.types import Column

TOLERANCE = Fraction(1, 10_000)
"""How far an amount may be off per formula unit: formulas are printed with four decimals."""
_MOST_WAYS = 1000

MakePrograms = Callable[[Sequence[Bound], bool], list[Program]]
MakeBound = Callable[[str, str, Mapping[int, Fraction], Fraction | None, Fraction | None], Bound]


def matching_variables(
    totals: Mapping[str, Fraction],
    columns: Sequence[Column],
    programs: MakePrograms,
    make_bound: MakeBound,
    limited: bool = True,
) -> IntArray:
    """Every way (n, n_variables) to occupy the space with these atoms per formula unit; exact ones if there
    are any.

    Args:
        totals: atoms of each element.
        columns: of the space.
        programs: gives the space's programs with some more bounds, with or without its limits.
        make_bound: turns (name, what is asked, weights of columns, low, high) into a bound.
        limited: whether the limits hold.
    """
    for tolerance in (Fraction(0), TOLERANCE):
        bounds = element_bounds(totals, columns, make_bound, tolerance)
        found = []
        for program in programs(bounds, limited):
            automaton = build_automaton(program)
            number = np.arange(min(automaton.size, _MOST_WAYS), dtype=np.int64)
            found.append(unrank(automaton, number).astype(np.int64))
        ways = np.concatenate(found)
        if len(ways):
            return ways
    return ways


def element_bounds(
    totals: Mapping[str, Fraction], columns: Sequence[Column], make_bound: MakeBound, tolerance: Fraction
) -> list[Bound]:
    """Bounds that ask for these atoms per formula unit, within `tolerance`, and for no others."""
    bounds = []
    for element, total in sorted(totals.items()):
        weights = {i: c.elements[element] for i, c in enumerate(columns) if element in c.elements}
        bounds.append(make_bound(element, plain_number(total), weights, total - tolerance, total + tolerance))
    foreign = {i: Fraction(1) for i, c in enumerate(columns) if not totals.keys() >= c.elements.keys()}
    bounds.append(make_bound("other elements", "0", foreign, Fraction(0), Fraction(0)))
    return bounds


def explain_outside(program: Program, ways: IntArray) -> list[Problem]:
    """The bounds that the most nearly allowed of these occupations (n, n_variables) violates."""
    sums = program.sums(ways)
    low = np.array([bound.low for bound in program.bounds])
    high = np.array([bound.high for bound in program.bounds])
    wrong = (sums < low) | (sums > high)
    best = int(np.argmin(wrong.sum(axis=1)))
    return [
        Problem(
            "", f"{bound.name} would be {plain_number(Fraction(int(value), bound.scale))}, but {bound.says}"
        )
        for bound, value, is_wrong in zip(program.bounds, sums[best], wrong[best], strict=True)
        if is_wrong
    ]


def explain_unreachable(
    text: str,
    totals: Mapping[str, Fraction],
    columns: Sequence[Column],
    programs: MakePrograms,
    make_bound: MakeBound,
) -> list[Problem]:
    """Why no occupation of the space, whatever its limits, has these atoms."""
    elements = {element for column in columns for element in column.elements}
    unknown = sorted(totals.keys() - elements)
    if unknown:
        mend = f"the space has {', '.join(sorted(elements))}"
        return [Problem(text, f"{', '.join(unknown)} is not in the space", mend)]
    problems = []
    for bound in element_bounds(totals, columns, make_bound, TOLERANCE):
        (free,) = programs([bound], False)
        index = len(free.bounds) - 1
        if has_solution(free):
            continue
        values = reached_values(free.without({index}), index)
        below = max((value for value in values if value < bound.low), default=None)
        above = min((value for value in values if value > bound.high), default=None)
        near = " and ".join(
            plain_number(Fraction(value, bound.scale)) for value in (below, above) if value is not None
        )
        what = f"no level of the space gives {bound.name} {bound.says}"
        problems.append(Problem(text, what, f"the nearest are {near}"))
    return problems or [Problem(text, "no levels of the space give these amounts together")]
