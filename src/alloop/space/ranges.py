"""How far weighted sums can still move, and which bounds are worth tracking."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from alloop.arrays import BoolArray, IntArray
from alloop.space.program import UNBOUNDED, Program


@dataclass(frozen=True)
class Sums:
    """The bounds that can decide something, as arrays.

    `start`, `low`, `high` (n_sums,), `per_unit` and `per_species` (n_sums, n_variables); `place` (n_bounds,)
    is the row of each bound, -1 where it holds whatever the amounts are.
    """

    start: IntArray
    low: IntArray
    high: IntArray
    per_unit: IntArray
    per_species: IntArray
    place: IntArray


def relevant_sums(program: Program, keep: frozenset[int] = frozenset()) -> Sums:
    """The program's bounds without those that always hold, and with equal sums bounded once.

    Sums that differ by a factor (the planes of a shelf often repeat the charge balance) become one with the
    tighter bounds. Bounds in `keep`, and those that marks hang on, are left as they are.
    """
    variables = len(program.variables)
    per_unit = np.array([bound.per_unit for bound in program.bounds], dtype=np.int64)
    per_species = np.array([bound.per_species for bound in program.bounds], dtype=np.int64)
    shape = (len(program.bounds), variables)
    per_unit, per_species = per_unit.reshape(shape), per_species.reshape(shape)
    every = np.ones(variables, dtype=np.bool_)
    least, most = outer_range(program, per_unit, per_species, np.arange(len(per_unit)), every)
    protected = set(keep) | {mark.bound for mark in program.marks}
    for mark in program.marks:
        protected.update(i for i in (program.capacities[group] for group in mark.hosts) if i is not None)
    rows: list[list[int]] = []
    ends: list[tuple[int, int, int]] = []
    known: dict[tuple[int, ...], int] = {}
    place = np.full(len(program.bounds), -1, dtype=np.int64)
    for i, bound in enumerate(program.bounds):
        start, low, high = bound.start, bound.low, bound.high
        weights = [*bound.per_unit, *bound.per_species]
        if i not in protected:
            if low <= start + int(least[i]) and start + int(most[i]) <= high:
                continue
            divisor = gcd(*weights)
            if divisor:
                if next(weight for weight in weights if weight) < 0:
                    divisor, start, low, high = -divisor, -start, -high, -low
                weights = [weight // divisor for weight in weights]
                low, high, start = -((start - low) // abs(divisor)), (high - start) // abs(divisor), 0
            at = known.setdefault(tuple(weights), len(rows))
            if divisor and at < len(rows):
                ends[at] = (0, max(ends[at][1], low), min(ends[at][2], high))
                place[i] = at
                continue
        place[i] = len(rows)
        rows.append(weights)
        ends.append((start, low, high))
    limits = np.array(ends, dtype=np.int64).reshape(-1, 3)
    both = np.array(rows, dtype=np.int64).reshape(len(rows), 2 * variables)
    return Sums(limits[:, 0], limits[:, 1], limits[:, 2], both[:, :variables], both[:, variables:], place)


def outer_range(
    program: Program, per_unit: IntArray, per_species: IntArray, place: IntArray, chosen: BoolArray
) -> tuple[IntArray, IntArray]:
    """Least and most that the chosen variables can add to each sum: never too narrow, maybe too wide.

    Args:
        program: its variables' levels, the room in its groups and its limit on dopants are used; the sums
            that these two bounds watch are ranged as if they were absent, because they have to be enforced.
        per_unit: (n_sums, n_variables) weights of the amounts.
        per_species: (n_sums, n_variables) weights of presence.
        place: (n_bounds,) the sum that each bound watches, -1 for none.
        chosen: (n_variables,) which variables are still open.

    Returns:
        Two arrays (n_sums,).
    """
    most = _most(program, per_unit, per_species, place, chosen)
    return -_most(program, -per_unit, -per_species, place, chosen), most


def _most(
    program: Program, per_unit: IntArray, per_species: IntArray, place: IntArray, chosen: BoolArray
) -> IntArray:
    if not chosen.any():
        return np.zeros(len(per_unit), dtype=np.int64)
    ends = np.array([(v.levels[0], v.levels[-1]) for v in program.variables], dtype=np.int64)
    optional = np.array([not v.is_required for v in program.variables])
    single = np.maximum(per_unit * ends[:, 0], per_unit * ends[:, 1]) + per_species
    single[:, optional] = np.maximum(single[:, optional], 0)
    single[:, ~chosen] = 0
    groups = np.array([v.group for v in program.variables])
    total = np.zeros(len(per_unit), dtype=np.int64)
    for group in np.unique(groups[chosen]).tolist():
        inside = chosen & (groups == group)
        added = single[:, inside].sum(axis=1)
        room = program.room(group)
        if room < UNBOUNDED:  # amounts that share the room cannot all be at their highest
            bare: BoolArray = np.all(per_species[:, inside] <= 0, axis=1)
            steepest = np.maximum(per_unit[:, inside].max(axis=1), 0)
            bare[_watched(program.capacities[group], place)] = False
            added = np.where(bare, np.minimum(added, steepest * room), added)
        total += added
    if program.dopant_bound is not None:
        dopants = np.array([v.is_dopant for v in program.variables]) & chosen & optional
        few = min(program.bounds[program.dopant_bound].high, int(dopants.sum()))
        best = np.sort(single[:, dopants], axis=1)[:, int(dopants.sum()) - few :].sum(axis=1)
        tighter = np.minimum(total, best + single[:, ~dopants].sum(axis=1))
        own = _watched(program.dopant_bound, place)
        tighter[own] = total[own]
        total = tighter
    return total


def _watched(bound: int | None, place: IntArray) -> list[int]:
    """The sum that a bound watches, as a list of none or one."""
    return [] if bound is None or place[bound] < 0 else [int(place[bound])]
