"""A design space as integers: variables with a few allowed amounts, and bounds on weighted sums of them.

Every kind of composition space is written as such a program; counting and ranking (`automaton`, `codec`) know
nothing else. A variable is a species on a site or an end member; its amount is zero or one of its levels, in
multiples of a common unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alloop.arrays import IntArray

UNBOUNDED = 1 << 60
"""Stands for no bound; every reachable sum is far smaller."""


@dataclass(frozen=True)
class Variable:
    """Something that a candidate may hold: zero, or one of `levels` (ascending, above zero, in units).

    `group` is the index of its site, `is_dopant` whether it counts as a dopant, `is_required` whether zero is
    out.
    """

    name: str
    group: int
    levels: tuple[int, ...]
    is_dopant: bool
    is_required: bool = False


@dataclass(frozen=True)
class Bound:
    """`low <= start + sum over variables of (per_unit * amount + per_species if present) <= high`.

    For messages: `name` is the sum, `says` what the file asks of it, and a sum divided by `scale` is in atoms
    per formula unit (or in species).
    """

    name: str
    says: str
    start: int
    low: int
    high: int
    per_unit: tuple[int, ...]
    per_species: tuple[int, ...]
    scale: int = 1


@dataclass(frozen=True)
class Mark:
    """A species that several variables or hosts of groups can bring: it adds one to `bound` only once."""

    bound: int
    variables: tuple[int, ...]
    hosts: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """Variables ordered by group, all bounds on them, and marks.

    `capacities` holds, per group, the index of the bound that sums its amounts up to what the group has room
    for, or None where there is no such bound; a group that is not full shows its host. `dopant_bound` is the
    index of the bound on the number of dopants.
    """

    variables: tuple[Variable, ...]
    bounds: tuple[Bound, ...]
    capacities: tuple[int | None, ...]
    marks: tuple[Mark, ...] = ()
    dopant_bound: int | None = None

    def __post_init__(self) -> None:
        groups = [variable.group for variable in self.variables]
        if groups != sorted(groups):
            raise ValueError("variables are not ordered by group")

    def room(self, group: int) -> int:
        """How much the variables of a group may add up to, in units."""
        index = self.capacities[group]
        return UNBOUNDED if index is None else self.bounds[index].high

    def without(self, dropped: set[int]) -> Program:
        """The same program with these bounds lifted; the room in a group stays what it is."""
        bounds = tuple(
            replace(bound, low=-UNBOUNDED, high=bound.high if i in self.capacities else UNBOUNDED)
            if i in dropped
            else bound
            for i, bound in enumerate(self.bounds)
        )
        dopant_bound = None if self.dopant_bound in dropped else self.dopant_bound
        return replace(self, bounds=bounds, dopant_bound=dopant_bound)

    def sums(self, amounts: IntArray) -> IntArray:
        """What each bound limits, for amounts (n, n_variables) in units: (n, n_bounds)."""
        present = (amounts > 0).astype(np.int64)
        totals = np.zeros((len(amounts), len(self.bounds)), dtype=np.int64)
        for i, bound in enumerate(self.bounds):
            totals[:, i] = bound.start + amounts @ np.array(bound.per_unit, dtype=np.int64)
            totals[:, i] += present @ np.array(bound.per_species, dtype=np.int64)
        for mark in self.marks:
            shown = present[:, list(mark.variables)].any(axis=1)
            for group in mark.hosts:
                index = self.capacities[group]
                if index is not None:
                    shown |= totals[:, index] < self.bounds[index].high
            totals[:, mark.bound] += shown
        return totals
