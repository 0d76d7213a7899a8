"""Why precursors that bring every element of a composition still cannot make it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from operator import mul

from alloop.chemistry.combinations import cheapest_combination
from alloop.chemistry.formula import Amounts
from alloop.chemistry.precursors import Precursor
from alloop.errors import Problem

_MOST_WAYS = 3


def explain_imbalance(wanted: Amounts, usable: Sequence[Precursor], where: str) -> Problem:
    """Which elements stand in the way, with the nearest amount of each that can be made.

    One element at a time is left free while the others balance. Where that never helps (neutral precursors
    make only neutral compositions), a second one may give way to it.

    Args:
        wanted: the elements that have to balance.
        usable: precursors that bring nothing else that has to balance.
        where: the place the problem names.
    """
    ways = [
        (
            _change(limit, wanted[element]),
            element,
            f"{element} {limit:g} instead of {float(wanted[element]):g}",
        )
        for element in wanted
        if (limit := _nearest(element, (element,), wanted, usable)) is not None
    ]
    if not ways:
        for element, partner in permutations(wanted, 2):
            limit = _nearest(element, (element, partner), wanted, usable)
            if limit is not None and limit < wanted[element] and element not in [way[1] for way in ways]:
                way = f"{element} {limit:g} instead of {float(wanted[element]):g} and another amount of {partner}"
                ways.append((_change(limit, wanted[element]), element, way))
    what = f"no combination of precursors balances {', '.join(wanted)}"
    if not ways:
        return Problem(where, what, "add precursors, or check their 'gives'")
    nearest = sorted(ways, key=lambda way: way[0])[:_MOST_WAYS]
    return Problem(
        where,
        f"{what}; it could be made with {', or with '.join(text for _, _, text in nearest)}",
        f"change the composition, or add another compound of {' or '.join(name for _, name, _ in nearest)}",
    )


def _change(limit: float, wanted: Fraction) -> float:
    return abs(limit / float(wanted) - 1)


def _nearest(element: str, free: Sequence[str], wanted: Amounts, usable: Sequence[Precursor]) -> float | None:
    """The amount of `element` nearest to the wanted one that can be made while all but `free` balance.

    None when they cannot balance either, or when the wanted amount of `element` itself can then be made.
    """
    limits = _limits(element, free, wanted, usable)
    if limits is None or limits[0] <= wanted[element] <= limits[1]:
        return None
    return float(limits[0] if wanted[element] < limits[0] else limits[1])


def _limits(
    element: str, free: Sequence[str], wanted: Amounts, usable: Sequence[Precursor]
) -> tuple[Fraction, Fraction] | None:
    """Least and most of `element` that can be brought while all but `free` balance; None when they cannot."""
    others = [other for other in wanted if other not in free]
    columns = [[entry.gives.get(other, Fraction(0)) for other in others] for entry in usable]
    target = [wanted[other] for other in others]
    brought = [entry.gives.get(element, Fraction(0)) for entry in usable]
    at_least = cheapest_combination(columns, target, brought)
    if at_least is None:
        return None
    least = sum(map(mul, at_least, brought), Fraction(0))
    if any(amount and not any(column) for amount, column in zip(brought, columns, strict=True)):
        return least, max(least, wanted[element])  # there is no most
    at_most = cheapest_combination(columns, target, [-amount for amount in brought])
    return least, sum(map(mul, at_most or at_least, brought), Fraction(0))
