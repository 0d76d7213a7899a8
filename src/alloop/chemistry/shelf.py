"""The shelf: which compositions its precursors reach, and with how much of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.chemistry.combinations import Cone, cheapest_combination
from alloop.chemistry.formula import Amounts, format_formula, molar_mass, order_elements
from alloop.chemistry.imbalance import explain_imbalance
from alloop.chemistry.precursors import VOLATILE_IN_AIR, Precursor
from alloop.errors import PrecursorError, Problem

_LATER_COSTS = 10**3  # each precursor costs this many times the one before it where prices do not decide


@dataclass(frozen=True)
class Shelf:
    """All precursors, in the order in which the laboratory prefers them, and the atmosphere of the furnace.

    Under inert gas every element must balance: what the precursors leave is the product. In air, oxygen comes
    and goes as it needs to and is never balanced; carbon, hydrogen and nitrogen leave where the composition
    holds none of them.

    Of several ways to make a composition the cheapest is taken; a precursor without a price counts as if it
    had the highest declared one, so that a forgotten price makes no powder look free. Among equally cheap
    ways, and when no prices are declared, precursors that stand later in the file are avoided, the last most.
    """

    precursors: tuple[Precursor, ...]
    atmosphere: Literal["air", "inert"] = "inert"

    def __post_init__(self) -> None:
        problems = []
        for formula, count in Counter(entry.formula for entry in self.precursors).items():
            if count > 1:
                mend = "list it once"
                problems.append(Problem("precursors", f"{formula} is listed {count} times", mend))
        if self.atmosphere not in ("air", "inert"):
            problems.append(Problem("atmosphere", f"{self.atmosphere!r} is neither 'air' nor 'inert'"))
        for entry in self.precursors:
            gained = entry.gives.get("O", Fraction(0)) > entry.elements.get("O", Fraction(0))
            if self.atmosphere == "inert" and gained:
                what = "gives more oxygen than it holds, which inert gas cannot supply"
                problems.append(
                    Problem(f"precursor {entry.formula}", what, "correct 'gives', or fire in air")
                )
        if problems:
            raise PrecursorError(problems)

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """Every element that some precursor leaves, from electropositive to electronegative."""
        return tuple(order_elements(element for entry in self.precursors for element in entry.gives))

    @cached_property
    def balanced_elements(self) -> tuple[str, ...]:
        """The elements of the shelf that always have to balance."""
        return tuple(element for element in self.elements if not self._may_leave(element))

    def _may_leave(self, element: str) -> bool:
        return self.atmosphere == "air" and (element == "O" or element in VOLATILE_IN_AIR)

    def _must_balance(self, element: str, is_held: bool) -> bool:
        """Whether `element` is balanced in a composition that holds it or not."""
        return not self._may_leave(element) or (element != "O" and is_held)

    @cached_property
    def _cones(self) -> dict[tuple[str, ...], Cone]:
        return {}

    @cached_property
    def _costs(self) -> list[Fraction]:
        """Cost of one formula unit of each precursor; only their order and ratios mean something."""
        prices = [entry.price_per_g for entry in self.precursors if entry.price_per_g is not None]
        above_all = Fraction(_LATER_COSTS) ** (len(self.precursors) + 3)
        costs = []
        for place, entry in enumerate(self.precursors):
            cost = Fraction(_LATER_COSTS) ** place
            if prices:
                price = max(prices) if entry.price_per_g is None else entry.price_per_g
                cost += above_all * _fraction(price) * _mass_per_mole(entry)
            costs.append(cost)
        return costs

    def _groups(
        self, amounts: FloatArray, elements: Sequence[str]
    ) -> list[tuple[Cone, BoolArray, FloatArray]]:
        """Rows that balance the same elements: their cone, which they are, and their balanced amounts."""
        if len(set(elements)) != len(elements):
            raise ValueError("elements repeat")
        optional = [
            element for element in VOLATILE_IN_AIR if self._may_leave(element) and element in elements
        ]
        held = amounts[:, [elements.index(element) for element in optional]] > 0
        groups = []
        for pattern in np.unique(held, axis=0) if optional else [()]:
            rows = (held == pattern).all(axis=1)
            present = {element for element, is_held in zip(optional, pattern, strict=True) if is_held}
            balanced = [element for element in elements if self._must_balance(element, element in present)]
            chosen = amounts[np.ix_(rows, [elements.index(element) for element in balanced])]
            groups.append((self._cone(tuple(balanced)), rows, chosen))
        return groups

    def _cone(self, balanced: tuple[str, ...]) -> Cone:
        """The cone over `balanced`; precursors that bring another element that must balance are left out."""
        if balanced not in self._cones:
            columns = []
            for entry in self.precursors:
                foreign = any(
                    self._must_balance(element, False) for element in entry.gives if element not in balanced
                )
                columns.append(
                    [Fraction(0) if foreign else entry.gives.get(e, Fraction(0)) for e in balanced]
                )
            self._cones[balanced] = Cone(columns, len(balanced), self._costs)
        return self._cones[balanced]

    def reachable(self, amounts: FloatArray, elements: Sequence[str]) -> BoolArray:
        """Whether the precursors can make each composition; the boundary of what they can make counts.

        Args:
            amounts: (n, n_elements) atoms per formula unit, none negative.
            elements: the element of each column.

        Returns:
            (n,) true where a combination exists to 1e-9 of the composition's largest amount.
        """
        result = np.zeros(len(amounts), dtype=np.bool_)
        for cone, rows, chosen in self._groups(np.asarray(amounts, dtype=float), list(elements)):
            result[rows] = cone.contains(chosen)
        return result

    def portions(self, amounts: FloatArray, elements: Sequence[str]) -> FloatArray:
        """Moles of each precursor per mole of formula units, for many compositions: what :meth:`solve` gives.

        Args:
            amounts: (n, n_elements) atoms per formula unit, none negative.
            elements: the element of each column.

        Returns:
            (n, n_precursors), rows of NaN where a composition cannot be made.
        """
        result = np.full((len(amounts), len(self.precursors)), np.nan)
        for cone, rows, chosen in self._groups(np.asarray(amounts, dtype=float), list(elements)):
            result[rows] = cone.amounts(chosen)
        return result

    def balanced_in(self, amounts: Amounts) -> list[str]:
        """The elements of a composition that have to balance; the others come from, or go to, the gas."""
        return [
            element for element, amount in amounts.items() if amount and self._must_balance(element, True)
        ]

    def left_by(self, precursor: Precursor, amounts: Amounts) -> dict[str, Fraction]:
        """What one formula unit of `precursor` leaves, among the elements that must balance in `amounts`."""
        return {
            element: amount
            for element, amount in precursor.gives.items()
            if self._must_balance(element, bool(amounts.get(element)))
        }

    def solve(self, amounts: Amounts, where: str = "") -> dict[str, Fraction]:
        """Moles of each precursor per mole of formula units, exactly; precursors not used are left out.

        Args:
            amounts: atoms per formula unit.
            where: the place to name in an error.

        Raises:
            PrecursorError: naming the elements that no precursor brings or that cannot be balanced.
        """
        wanted = {element: Fraction(amount) for element, amount in amounts.items() if amount}
        rows = self.balanced_in(wanted)
        usable = [entry for entry in self.precursors if self.left_by(entry, wanted).keys() <= wanted.keys()]
        costs = [cost for cost, entry in zip(self._costs, self.precursors, strict=True) if entry in usable]
        columns = [[entry.gives.get(element, Fraction(0)) for element in rows] for entry in usable]
        solution = cheapest_combination(columns, [wanted[element] for element in rows], costs)
        if solution is None:
            raise PrecursorError(self._reasons(wanted, rows, usable, where))
        return {entry.formula: amount for entry, amount in zip(usable, solution, strict=True) if amount}

    def _reasons(
        self, wanted: Amounts, rows: Sequence[str], usable: Sequence[Precursor], where: str
    ) -> list[Problem]:
        """Why a composition cannot be made: one problem per element."""
        place = where or format_formula(wanted)
        problems = []
        for element in rows:
            if any(element in entry.gives for entry in usable):
                continue
            bringing = next((entry for entry in self.precursors if element in entry.gives), None)
            if bringing is None:
                mend = f"add a compound of {element} to the precursors, or exclude the element"
                problems.append(Problem(place, f"no precursor brings {element}", mend))
                continue
            foreign = [other for other in self.left_by(bringing, wanted) if other not in wanted]
            what = f"{bringing.formula} brings {element} only together with {', '.join(foreign)}"
            mend = f"add another compound of {element}, or say with 'gives' what {bringing.formula} leaves"
            problems.append(Problem(place, what, mend))
        return problems or [explain_imbalance({element: wanted[element] for element in rows}, usable, place)]


def _fraction(value: float) -> Fraction:
    return Fraction(value).limit_denominator(10**6)


def _mass_per_mole(entry: Precursor) -> Fraction:
    """Powder per mole in the product; exact per element, so that equally heavy ways cost exactly the same."""
    mass = sum(amount * _fraction(molar_mass({e: 1.0})) for e, amount in entry.elements.items())
    return mass * (1 + _fraction(entry.excess)) / _fraction(entry.purity)
