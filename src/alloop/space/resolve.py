"""From a formula to the composition of a space that has it, or the reason why none has."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import IntArray
from alloop.chemistry.formula import parse_formula
from alloop.errors import PrecursorError, Problem, SpaceError
from alloop.space.automaton import build_automaton, has_solution, reached_values
from alloop.space.checks import plain_number
from alloop.space.codec import unrank
from alloop.space.program import Bound
from alloop.space.shelf_bounds import SHELF

if TYPE_CHECKING:
    from alloop.space.coded import CodedSpace

TOLERANCE = Fraction(1, 10_000)
"""How far an amount may be off per formula unit: formulas are printed with four decimals."""
_MOST_WAYS = 1000


def resolve_formula(space: CodedSpace, text: str) -> IntArray:
    """Every way (n, n_variables) in which compositions of the space have this formula; n is at least 1.

    Exact matches come before those within :data:`TOLERANCE`, the formula as written before it is scaled to
    the size of the space's formula unit.

    Raises:
        SpaceError: saying why there is none.
        FormulaError: when the formula cannot be read.
    """
    formula = parse_formula(text)
    scales = [Fraction(1), *space.likely_scales(formula)]
    written = [{element: n * scale for element, n in formula.items()} for scale in scales]
    for limited in (True, False):
        for totals in written:
            ways = _ways(space, totals, limited)
            if len(ways) and limited:
                return ways
            if len(ways):
                raise SpaceError(_explain_outside(space, text, ways))
    raise SpaceError(_explain_unreachable(space, text, written[-1]))


def explain_absent(space: CodedSpace, text: str, held: Mapping[tuple[str, str], Fraction]) -> list[Problem]:
    """Why the space does not hold the composition with these amounts by (group, label)."""
    problems = []
    variables = np.zeros((1, len(space.variable_columns)), dtype=np.int64)
    places = {column: i for i, column in enumerate(space.variable_columns.tolist())}
    for (group, label), amount in held.items():
        column = space.columns_by_name.get((group, label))
        if column is None:
            problems.append(Problem(text, f"there is no {label} on {group} in the space"))
        elif column in places:
            levels = space.automata[0].program.variables[places[column]].levels
            if amount * space.denominator in levels:
                variables[0, places[column]] = int(amount * space.denominator)
            else:
                offered = ", ".join(plain_number(Fraction(level, space.denominator)) for level in levels)
                what = f"{plain_number(amount)} is no level of {label} on {group}"
                problems.append(Problem(text, what, f"choose from {offered}"))
    if problems:
        return problems
    units = np.zeros((1, len(space.columns)))
    units[:, space.variable_columns] = variables
    space.complete(units)
    for entry, own, implied in zip(space.columns, _amounts(space, held), space.exact(units[0]), strict=True):
        if own != implied:
            what = f"{entry} would be {plain_number(implied)}, not {plain_number(own)}"
            problems.append(Problem(text, what, "its amount follows from the others"))
    return problems or _explain_outside(space, text, variables)


def _amounts(space: CodedSpace, held: Mapping[tuple[str, str], Fraction]) -> list[Fraction]:
    return [held.get((column.group, column.label), Fraction(0)) for column in space.columns]


def _ways(space: CodedSpace, totals: Mapping[str, Fraction], limited: bool) -> IntArray:
    """Every way to occupy the space with these atoms per formula unit."""
    ways = np.zeros((0, len(space.variable_columns)), dtype=np.int64)
    for tolerance in (Fraction(0), TOLERANCE):
        bounds = _element_bounds(space, totals, tolerance)
        for program in space.programs(bounds, limited):
            automaton = build_automaton(program)
            numbers = np.arange(min(automaton.size, _MOST_WAYS), dtype=np.int64)
            ways = np.concatenate([ways, unrank(automaton, numbers).astype(np.int64)])
        if len(ways):
            break
    return ways


def _element_bounds(space: CodedSpace, totals: Mapping[str, Fraction], tolerance: Fraction) -> list[Bound]:
    """Bounds that ask for these atoms per formula unit, within `tolerance`, and for no others."""
    bounds = []
    for element, total in sorted(totals.items()):
        weights = {i: c.elements[element] for i, c in enumerate(space.columns) if element in c.elements}
        says = plain_number(total)
        bounds.append(space.make_bound(element, says, weights, total - tolerance, total + tolerance))
    foreign = {i: Fraction(1) for i, c in enumerate(space.columns) if not totals.keys() >= c.elements.keys()}
    bounds.append(space.make_bound("other elements", "0", foreign, Fraction(0), Fraction(0)))
    return bounds


def _explain_outside(space: CodedSpace, text: str, ways: IntArray) -> list[Problem]:
    """The bounds that the most nearly allowed of these occupations (n, n_variables) violates."""
    program = space.programs()[0]
    sums = program.sums(ways)
    low = np.array([bound.low for bound in program.bounds])
    high = np.array([bound.high for bound in program.bounds])
    wrong = (sums < low) | (sums > high)
    best = int(np.argmin(wrong.sum(axis=1)))
    violated = [
        (bound, int(n)) for bound, n, out in zip(program.bounds, sums[best], wrong[best], strict=True) if out
    ]
    problems = [
        Problem(text, f"{bound.name} would be {plain_number(Fraction(n, bound.scale))}, but {bound.says}")
        for bound, n in violated
        if bound.name != SHELF
    ]
    if len(problems) < len(violated):
        problems += _explain_unmakeable(space, text, ways[best])
    return problems


def _explain_unmakeable(space: CodedSpace, text: str, variables: IntArray) -> list[Problem]:
    """Why the shelf cannot make one occupation (n_variables,)."""
    try:
        if space.shelf is not None:
            space.shelf.solve(space.candidate_of(variables).amounts, text)
    except PrecursorError as error:
        return list(error.problems)
    return []


def _explain_unreachable(space: CodedSpace, text: str, totals: Mapping[str, Fraction]) -> list[Problem]:
    """Why no occupation of the space, whatever its limits, has these atoms."""
    unknown = sorted(totals.keys() - set(space.elements))
    if unknown:
        what = f"{', '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} not in the space"
        return [Problem(text, what, f"its elements are {', '.join(space.elements)}")]
    problems = []
    for bound in _element_bounds(space, totals, TOLERANCE):
        (free,) = space.programs([bound], False)
        index = len(free.bounds) - 1
        if has_solution(free):
            continue
        values = reached_values(free.without({index}), index)
        below = max((value for value in values if value < bound.low), default=None)
        above = min((value for value in values if value > bound.high), default=None)
        near = [plain_number(Fraction(value, bound.scale)) for value in (below, above) if value is not None]
        problems.append(
            Problem(
                text,
                f"no levels of the space give {bound.name} {bound.says}",
                f"the nearest {'is' if len(near) == 1 else 'are'} {' and '.join(near)}",
            )
        )
    return problems or [Problem(text, "no levels of the space give these amounts together")]
