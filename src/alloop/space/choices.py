"""Ways to give some of several like variables an amount each: counted, and numbered both ways.

Like variables have the same levels and the same weight in every bound, so only how many are present (k) and
the sum of their amounts (u) matter outside; (k, u) is an *option*. Inside, a choice is a subset of the
variables (numbered by the combinatorial number system, D. E. Knuth, The Art of Computer Programming 4A,
7.2.1.3) and a sequence of k levels with that sum (numbered by its last level first).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, gcd

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import SpaceError

MAX_TABLE = 30_000_000
"""Largest table of sums that is kept for one class of like variables, in entries."""
_CEILING = 1 << 62


def locate(values: IntArray, start: IntArray, stop: IntArray, target: IntArray) -> IntArray:
    """The last place in values[start:stop] that holds at most `target`, for many searches at once.

    Values ascend within every range and begin at or below the target; all arrays but `values` are (n,).
    """
    low, high = start.copy(), stop.copy()
    width = int((stop - start).max(initial=0))
    while width > 1:
        middle = (low + high) >> 1
        ahead = values[middle] <= target
        low = np.where(ahead, middle, low)
        high = np.where(ahead, high, middle)
        width = (width + 1) >> 1
    return low


@dataclass(frozen=True)
class Choices:
    """All choices of one class of `n` like variables.

    `levels` (n_levels,) ascend, in units of `unit`; `present` and `total` (n_options,) are k and u of each
    option, u in the same units; `ways` counts the choices of each, `ways_float` without overflow. `option_of`
    (k_max + 1, u_max + 1) is the option with that k and u, -1 where there is none. `sequences` counts
    the level sequences by (k, u), `before` (k, u, n_levels) those whose last level comes earlier; `subsets`
    (k_max + 1, n + 1) holds the binomials C(m, k).
    """

    n: int
    unit: int
    levels: IntArray
    present: IntArray
    total: IntArray
    ways: IntArray
    ways_float: FloatArray
    option_of: IntArray
    sequences: IntArray
    before: IntArray
    subsets: IntArray

    def split(self, options: IntArray, index: IntArray) -> list[tuple[IntArray, IntArray, IntArray]]:
        """The choices with these numbers within their options.

        Args:
            options: (m,) option of each row.
            index: (m,) number from 0 to ways - 1.

        Returns:
            Triples (rows, members, amounts): the variable at place `members` holds `amounts` program units.
        """
        found = []
        present = self.present[options]
        for k in range(1, int(present.max(initial=0)) + 1):
            rows = np.flatnonzero(present == k)
            if not len(rows):
                continue
            total = self.total[options[rows]]
            subset, sequence = np.divmod(index[rows], self.sequences[k, total])
            for j in range(k, 0, -1):
                member = np.searchsorted(self.subsets[j], subset, side="right") - 1
                subset = subset - self.subsets[j, member]
                if j == 1:
                    amount = total
                else:
                    table = self.before[j, total]
                    level = (table <= sequence[:, None]).sum(axis=1) - 1
                    sequence = sequence - np.take_along_axis(table, level[:, None], axis=1)[:, 0]
                    amount = self.levels[level]
                    total = total - amount
                found.append((rows, member.astype(np.int64), amount * self.unit))
        return found

    def join(self, amounts: IntArray) -> tuple[IntArray, IntArray]:
        """Options and numbers of given choices: the inverse of :meth:`split`.

        Args:
            amounts: (m, n) program units.

        Returns:
            Two arrays (m,); the option is -1 where a row is no choice of this class.
        """
        steps, rest = np.divmod(amounts, self.unit)
        level = np.minimum(np.searchsorted(self.levels, steps), len(self.levels) - 1)
        valid = ((amounts == 0) | ((rest == 0) & (self.levels[level] == steps))).all(axis=1)
        present, total = (amounts > 0).sum(axis=1), steps.sum(axis=1)
        valid &= (present < self.option_of.shape[0]) & (total < self.option_of.shape[1])
        options = np.full(len(amounts), -1, dtype=np.int64)
        options[valid] = self.option_of[present[valid], total[valid]]
        subset = np.zeros(len(amounts), dtype=np.int64)
        sequence = np.zeros(len(amounts), dtype=np.int64)
        seen = np.zeros(len(amounts), dtype=np.int64)
        so_far = np.zeros(len(amounts), dtype=np.int64)
        for member in range(self.n):
            rows = np.flatnonzero((amounts[:, member] > 0) & (options >= 0))
            seen[rows] += 1
            so_far[rows] += steps[rows, member]
            subset[rows] += self.subsets[seen[rows], member]
            sequence[rows] += self.before[seen[rows], so_far[rows], level[rows, member]]
        index = (
            subset
            * self.sequences[np.minimum(present, self.option_of.shape[0] - 1), np.where(valid, total, 0)]
        )
        return options, index + sequence


def make_choices(n: int, levels: tuple[int, ...], most: int, room: int, is_required: bool) -> Choices:
    """The choices of `n` like variables, at most `most` of them present, with at most `room` units in all.

    Raises:
        SpaceError: when the levels are so fine that the table of sums would not fit.
    """
    unit = gcd(*levels)
    steps = np.array([level // unit for level in levels], dtype=np.int64)
    k_max = min(n, most, room // levels[0])
    u_max = min(k_max * int(steps[-1]), room // unit) if k_max else 0
    if (k_max + 1) * (u_max + 1) * len(steps) > MAX_TABLE:
        what = f"the levels of {n} substituents on one site are too fine to count ({len(steps)} levels each)"
        raise SpaceError(what, "use a larger step or a smaller max_dopants")
    sequences = np.zeros((k_max + 1, u_max + 1), dtype=np.int64)
    floats = np.zeros((k_max + 1, u_max + 1))
    before = np.zeros((k_max + 1, u_max + 1, len(steps)), dtype=np.int64)
    sequences[0, 0] = 1
    floats[0, 0] = 1.0
    for k in range(1, k_max + 1):
        for place, step in enumerate(steps.tolist()):
            before[k, :, place] = sequences[k]
            if step <= u_max:
                sequences[k, step:] += sequences[k - 1, : u_max + 1 - step]
                floats[k, step:] += floats[k - 1, : u_max + 1 - step]
    binomials = [[comb(m, k) for m in range(n + 1)] for k in range(k_max + 1)]
    possible = floats > 0
    if is_required:
        possible[0] = False
    present, total = np.nonzero(possible)
    option_of = np.full(possible.shape, -1, dtype=np.int64)
    option_of[present, total] = np.arange(len(present))
    subsets = np.array([[min(b, _CEILING) for b in row] for row in binomials], dtype=np.int64)
    return Choices(
        n=n,
        unit=unit,
        levels=steps,
        present=present.astype(np.int64),
        total=total.astype(np.int64),
        ways=subsets[present, n] * sequences[present, total],
        ways_float=np.array([float(row[n]) for row in binomials])[present] * floats[present, total],
        option_of=option_of,
        sequences=sequences,
        before=before,
        subsets=subsets,
    )
