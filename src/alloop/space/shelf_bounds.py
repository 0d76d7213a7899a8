"""What a shelf asks of a space: the planes of its cone, written as bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from alloop.chemistry.precursors import VOLATILE_IN_AIR
from alloop.space.cone import bounding_planes
from alloop.space.program import Bound
from alloop.space.types import Column

if TYPE_CHECKING:
    from alloop.chemistry.shelf import Shelf

MakeBound = Callable[[str, str, Mapping[int, Fraction], Fraction | None, Fraction | None], Bound]
SHELF = "the precursors"
"""The name of every bound that comes from the shelf."""


def shelf_bounds(shelf: Shelf, columns: Sequence[Column], make: MakeBound) -> list[list[Bound]]:
    """The alternatives under which the shelf can make a candidate: one list of bounds for each.

    There is one alternative, unless the space holds carbon, hydrogen or nitrogen and is fired in air: these
    leave where the candidate holds none of them and must balance where it does, so each case stands for
    itself. A candidate belongs to one alternative at most.

    Args:
        shelf: the precursors and the atmosphere; oxygen is never balanced in air.
        columns: what the candidates hold.
        make: turns (name, what is asked, weights of columns, low, high) into a bound.
    """
    elements = sorted({element for column in columns for element in column.elements})
    in_air = shelf.atmosphere == "air"
    volatile = {"O", *VOLATILE_IN_AIR} if in_air else set()
    optional = [element for element in elements if element in VOLATILE_IN_AIR and in_air]
    alternatives = []
    for count in range(len(optional) + 1):
        for held in combinations(optional, count):
            balanced = [element for element in elements if element not in volatile or element in held]
            bounds = [_presence(columns, element, element in held, make) for element in optional]
            bounds += _cone(shelf, columns, balanced, volatile.difference(held), make)
            alternatives.append(bounds)
    return alternatives


def _presence(columns: Sequence[Column], element: str, is_held: bool, make: MakeBound) -> Bound:
    smallest = min(min(column.elements.values(), default=Fraction(1)) for column in columns)
    low = smallest / 10**9 if is_held else Fraction(0)
    weights = _content(columns, {element: Fraction(1)})
    return make(SHELF, f"{element} balances only where it is held", weights, low, None if is_held else low)


def _cone(
    shelf: Shelf, columns: Sequence[Column], balanced: Sequence[str], leaving: set[str], make: MakeBound
) -> list[Bound]:
    rays = [
        {element: amount for element, amount in entry.gives.items() if element not in leaving}
        for entry in shelf.precursors
    ]
    bounds = []
    for plane in bounding_planes([ray for ray in rays if ray], balanced):
        high = Fraction(0) if plane.is_equality else None
        says = f"the balance of {', '.join(plane.weights)}"
        bounds.append(make(SHELF, says, _content(columns, plane.weights), Fraction(0), high))
    return bounds


def _content(columns: Sequence[Column], weights: Mapping[str, Fraction]) -> dict[int, Fraction]:
    """Column -> weighted atoms in one unit of it."""
    content = {}
    for place, column in enumerate(columns):
        total = sum(
            (weights.get(e, Fraction(0)) * amount for e, amount in column.elements.items()), Fraction(0)
        )
        if total:
            content[place] = total
    return content


def shelf_text(shelf: Shelf) -> str:
    """What a shelf can make, as a text that does not depend on the order or prices of its precursors."""
    gives = sorted(
        ", ".join(f"{element} {amount}" for element, amount in sorted(entry.gives.items()))
        for entry in shelf.precursors
    )
    return f"{shelf.atmosphere}: {'; '.join(gives)}"
