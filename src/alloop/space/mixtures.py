"""The space of mixtures of end members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, lcm
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import RealArray
from alloop.chemistry.formula import molar_mass
from alloop.errors import SpaceError
from alloop.space.automaton import build_automaton
from alloop.space.base import hash_of
from alloop.space.checks import interval, plain_number
from alloop.space.codec import unrank
from alloop.space.coded import CodedSpace
from alloop.space.definition import EndMember, Limits, Mixture
from alloop.space.empty import explain_empty, explain_unmakeable
from alloop.space.mixture_checks import check_mixture
from alloop.space.process import Process
from alloop.space.program import UNBOUNDED, Bound, Program, Variable
from alloop.space.shelf_bounds import shelf_bounds, shelf_text
from alloop.space.types import Column

if TYPE_CHECKING:
    from alloop.chemistry.shelf import Shelf

_FINEST = 10**11


class MixtureSpace(CodedSpace):
    """End members in multiples of a step that sum to one, or ratios to those that do.

    By mole, a candidate's formula unit is one mole of the members that sum to one; by weight it is 100 g of
    them, and a column's amount is a mass fraction. Columns are no dopants; the summary counts end members.

    Raises:
        SpaceError: when the definition is wrong (all problems at once), or the space is empty (saying why).
    """

    def __init__(
        self,
        mixture: Mixture,
        process: Process,
        mobile_ion: str | None,
        shelf: Shelf | None = None,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        problems = check_mixture(mixture, limits)
        if problems:
            raise SpaceError(problems)
        self.mixture = mixture
        self.limits = limits
        members = [m for m in mixture.end_members if not set(m.elements) & set(limits.exclude_elements)]
        self._members = sorted(members, key=lambda m: bool(mixture.per) and m.formula not in mixture.per)
        columns = [Column(mixture.basis, m.formula, None, _atoms(mixture, m), False) for m in self._members]
        self.columns = tuple(columns)
        self.denominator = int(1 / mixture.step)
        self.shelf = shelf
        automata = [build_automaton(program) for program in self.programs()]
        places = range(len(columns))
        super().__init__(columns, places, self.denominator, automata, process, mobile_ion, shelf)
        if not self.compositions:
            free = self._program(limits, ())
            automaton = build_automaton(free)
            if not automaton.size or shelf is None:
                raise SpaceError(explain_empty(free))
            first = unrank(automaton, np.zeros(1, dtype=np.int64))[0].astype(np.int64)
            raise SpaceError(explain_unmakeable(self.candidate_of(first), shelf))

    def programs(self, more: Sequence[Bound] = (), limited: bool = True) -> list[Program]:
        """The disjoint programs whose solutions are the mixtures, with more bounds if wanted.

        With `limited` False there is one, with neither limits nor shelf.
        """
        if not limited or self.shelf is None:
            return [self._program(self.limits if limited else Limits(), more)]
        alternatives = shelf_bounds(self.shelf, self.columns, self.make_bound)
        return [self._program(self.limits, [*bounds, *more]) for bounds in alternatives]

    def make_bound(
        self,
        name: str,
        says: str,
        weights: Mapping[int, Fraction],
        low: Fraction | None,
        high: Fraction | None,
    ) -> Bound:
        """Bounds on a weighted sum over columns, in units of one.

        Weights by mass hold molar masses, which have no small common denominator; such sums are kept to
        eleven decimals, and bounds on them widened by 1e-8.
        """
        slopes = [weights.get(i, Fraction(0)) for i in range(len(self.columns))]
        scale = lcm(*(slope.denominator for slope in slopes))
        room = Fraction(0)
        if scale > _FINEST:
            scale, room = _FINEST, Fraction(1, 10**8)
        total = scale * self.denominator
        return Bound(
            name,
            says,
            start=0,
            low=-UNBOUNDED if low is None else ceil((low - room) * total),
            high=UNBOUNDED if high is None else floor((high + room) * total),
            per_unit=tuple(round(slope * scale) for slope in slopes),
            per_species=(0,) * len(slopes),
            scale=total,
        )

    def _program(self, limits: Limits, more: Sequence[Bound]) -> Program:
        step = self.mixture.step
        variables = []
        for member in self._members:
            ratio = self._is_ratio(member)
            top = member.max if member.max is not None else Fraction(1)
            lowest = max(member.min, step)
            levels = tuple(range(int(lowest / step), int(top / step) + 1))
            variables.append(Variable(member.formula, int(ratio), levels, True, member.min > 0))
        one = {i: Fraction(1) for i, variable in enumerate(variables) if variable.group == 0}
        bounds = [self.make_bound("the sum of all shares", "it must be 1", one, Fraction(1), Fraction(1))]
        for i, amount in enumerate(limits.amounts):
            named = {label: weight for label, _, weight in amount.weights}
            weights = {j: named[m.formula] for j, m in enumerate(self._members) if m.formula in named}
            name = " + ".join(
                label if weight == 1 else f"{plain_number(weight)} {label}" for label, weight in named.items()
            )
            says = f"limits.amounts[{i}] allows {interval(amount.min, amount.max)}"
            bounds.append(self.make_bound(name, says, weights, amount.min, amount.max))
        for i, distinct in enumerate(limits.distinct):
            counted = tuple(int(m.formula in distinct.species) for m in self._members)
            low = -UNBOUNDED if distinct.min is None else distinct.min
            high = UNBOUNDED if distinct.max is None else distinct.max
            name = f"end members among {', '.join(distinct.species)}"
            says = f"limits.distinct[{i}] allows {interval(distinct.min, distinct.max)}"
            bounds.append(Bound(name, says, 0, low, high, (0,) * len(counted), counted))
        return Program(tuple(variables), (*bounds, *more), (0, None))

    def _is_ratio(self, member: EndMember) -> bool:
        return bool(self.mixture.per) and member.formula not in self.mixture.per

    def complete(self, units: RealArray) -> None:
        """Nothing follows: every column is a variable."""

    def likely_scales(self, totals: Mapping[str, Fraction]) -> list[Fraction]:
        """Factors at which the members that sum to one do so, from the members' non-negative combinations."""
        from scipy.optimize import nnls

        if not totals.keys() <= set(self.elements):
            return []
        target = np.array([float(totals.get(element, 0)) for element in self.elements])
        summed = np.array([not self._is_ratio(member) for member in self._members])
        scales = []
        for left_out in (None, *range(len(self.columns))):
            matrix = self._element_matrix.T.copy()
            if left_out is not None:
                matrix[:, left_out] = 0.0
            shares, rest = nnls(matrix, target)
            if rest < 1e-6 * target.max() and shares[summed].sum() > 0:
                scales.append(Fraction(1 / shares[summed].sum()).limit_denominator(10**6))
        return list(dict.fromkeys(scales))

    @cached_property
    def space_hash(self) -> str:
        """A name of this space: another definition has another, even where the candidates are the same."""
        shelf = "" if self.shelf is None else shelf_text(self.shelf)
        return hash_of(self.mixture, self.limits, self.process.settings, self.mobile_ion, shelf)


def _atoms(mixture: Mixture, member: EndMember) -> dict[str, Fraction]:
    """Atoms of each element in one unit of the member: per mole, or per 100 g."""
    if mixture.basis == "mole":
        return {element: Fraction(amount) for element, amount in member.elements.items()}
    moles = 100 / Fraction(f"{molar_mass(member.elements):.6f}")
    return {element: amount * moles for element, amount in member.elements.items()}
