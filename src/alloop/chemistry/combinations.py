"""Non-negative combinations of precursors: the cheapest one exactly, and many targets at once.

A precursor is a column of atoms per element; what can be made is the cone of the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray

TOLERANCE = 1e-9
"""Distance from the cone, relative to the largest amount of a target, that still counts as inside."""

_SAFE_CUT = 1e-6  # a plane learned from a target nearer to the cone than this is not trusted for others
_BLOCK = 1 << 17  # targets handled at once, to bound the memory
_FINEST = 10**6  # largest denominator looked for when a float is read as a fraction


def cheapest_combination(
    columns: Sequence[Sequence[Fraction]], target: Sequence[Fraction], costs: Sequence[Fraction]
) -> list[Fraction] | None:
    """The non-negative x of least cost with sum of x[j] * columns[j] exactly equal to `target`.

    The two-phase simplex method in rational arithmetic with Bland's rule (R. G. Bland, Math. Oper. Res. 2
    (1977) 103), which always ends. At most as many amounts are above zero as there are independent columns.

    Args:
        columns: one sequence of m amounts per precursor.
        target: m amounts, none negative.
        costs: one cost per unit of each column, none negative.

    Returns:
        One amount per column, or None when no combination reaches the target.
    """
    n = len(columns)
    rows = [[*(column[i] for column in columns), wanted] for i, wanted in enumerate(target)]
    basis = [-1] * len(rows)  # the column that each row is solved for; -1 while it has none
    while any(row[-1] for row, held in zip(rows, basis, strict=True) if held < 0):
        missing = [row for row, held in zip(rows, basis, strict=True) if held < 0]
        entering = next((j for j in range(n) if sum(row[j] for row in missing) > 0), None)
        if entering is None:
            return None
        _exchange(rows, basis, entering)
    for i, row in enumerate(rows):  # rows at zero without a column: any will do, or the row repeats others
        free = next((j for j in range(n) if row[j]), None) if basis[i] < 0 else None
        if free is not None:
            _pivot(rows, i, free)
            basis[i] = free
    rows = [row for row, held in zip(rows, basis, strict=True) if held >= 0]
    basis = [held for held in basis if held >= 0]
    while True:
        held_costs = [costs[held] for held in basis]
        entering = next(
            (
                j
                for j in range(n)
                if costs[j] < sum(cost * row[j] for cost, row in zip(held_costs, rows, strict=True))
            ),
            None,
        )
        if entering is None:
            break
        _exchange(rows, basis, entering)
    solution = [Fraction(0)] * n
    for row, held in zip(rows, basis, strict=True):
        solution[held] = row[-1]
    return solution


def _exchange(rows: list[list[Fraction]], basis: list[int], entering: int) -> None:
    """Let `entering` take the place of the first column that falls to zero; of several, the lowest."""
    leaving = min((row[-1] / row[entering], basis[i], i) for i, row in enumerate(rows) if row[entering] > 0)[
        2
    ]
    _pivot(rows, leaving, entering)
    basis[leaving] = entering


def _pivot(rows: list[list[Fraction]], i: int, j: int) -> None:
    """Solve row i for column j and eliminate it from the other rows, in place."""
    divisor = rows[i][j]
    rows[i] = [entry / divisor if entry else entry for entry in rows[i]]
    for k, row in enumerate(rows):
        if k != i and row[j]:
            factor = row[j]
            rows[k] = [
                entry - factor * own if own else entry for entry, own in zip(row, rows[i], strict=True)
            ]


class Cone:
    """All non-negative combinations of some columns, for many targets at once.

    Questions about many targets share their answers: a set of independent columns that combines to one target
    answers for every target in the simplicial cone it spans, and a plane that parts one target from the cone
    answers for every target beyond it. Both are found one at a time and applied to all targets still open,
    so that the work grows with the number of facets, not of targets. What was learned is kept; the answers do
    not depend on it.
    """

    def __init__(self, columns: Sequence[Sequence[Fraction]], n_rows: int, costs: Sequence[Fraction]) -> None:
        self._columns = [tuple(column) for column in columns]
        self._costs = list(costs)
        self._matrix: FloatArray = np.array(self._columns, dtype=float).reshape(len(columns), n_rows).T
        left, sizes, _ = np.linalg.svd(self._matrix, full_matrices=True)
        rank = int((sizes > 1e-10 * max(sizes.max(initial=0.0), 1.0)).sum())
        self._rank = rank
        self._outside: FloatArray = left[:, rank:]  # directions that no combination of columns has
        self._solvers: list[FloatArray] = []  # (rank, n_rows): amounts of independent columns
        self._planes: list[FloatArray] = []  # (n_rows,): positive only outside the cone
        self._cheapest: list[tuple[IntArray, FloatArray]] = []
        filled: IntArray = np.flatnonzero(self._matrix.any(axis=0)).astype(np.int64)
        if rank == filled.size:  # independent columns combine in one way at most
            solver = self._solver(filled)
            self._solvers.append(solver)
            self._planes.extend(-solver / np.linalg.norm(solver, axis=1, keepdims=True))
            self._cheapest.append((filled, solver))

    def _solver(self, used: IntArray) -> FloatArray:
        """Turns a target into the amounts of the columns `used`: (n_used, n_rows)."""
        return np.asarray(np.linalg.pinv(self._matrix[:, used]), dtype=np.float64)

    def contains(self, targets: FloatArray) -> BoolArray:
        """Whether each target (n, n_rows), none negative, lies in the cone or on its boundary: (n,)."""
        inside = np.zeros(len(targets), dtype=np.bool_)
        for start in range(0, len(targets), _BLOCK):
            inside[start : start + _BLOCK] = self._contains(_normalised(targets[start : start + _BLOCK]))
        return inside

    def _contains(self, targets: FloatArray) -> BoolArray:
        inside = np.zeros(len(targets), dtype=np.bool_)
        undecided = np.flatnonzero(np.abs(targets @ self._outside).max(axis=1, initial=0.0) <= TOLERANCE)
        n_solvers = n_planes = 0
        while True:
            for solver in self._solvers[n_solvers:]:
                found = (targets[undecided] @ solver.T >= -TOLERANCE * np.abs(solver).sum(axis=1)).all(axis=1)
                inside[undecided[found]] = True
                undecided = undecided[~found]
            for plane in self._planes[n_planes:]:
                undecided = undecided[targets[undecided] @ plane <= 10 * TOLERANCE]
            n_solvers, n_planes = len(self._solvers), len(self._planes)
            if undecided.size == 0:
                return inside
            inside[undecided[0]] = self._learn(targets[undecided[0]])
            undecided = undecided[1:]

    def _learn(self, target: FloatArray) -> bool:
        """Decide one target, and keep what decides it for others."""
        amounts, distance = _nearest_combination(self._matrix, target)
        if distance > TOLERANCE:
            if distance > _SAFE_CUT:  # the optimality conditions of least squares make the residual a plane
                self._planes.append((target - self._matrix @ amounts) / distance)
            return False
        exact = self._combine(target)
        used = np.flatnonzero((amounts if exact is None else exact) > TOLERANCE).astype(np.int64)
        self._solvers.append(self._solver(self._completed(used)))
        return True

    def _completed(self, used: IntArray) -> IntArray:
        """`used` and the first columns that make it as many independent ones as there can be."""
        chosen: list[int] = []
        frame = np.zeros((len(self._matrix), 0))
        for j in [*used, *range(self._matrix.shape[1])]:
            column = self._matrix[:, j]
            rest = column - frame @ (frame.T @ column)
            rest -= frame @ (frame.T @ rest)
            size = float(np.linalg.norm(rest))
            if size > 1e-9 * max(float(np.linalg.norm(column)), 1e-300) and len(chosen) < self._rank:
                chosen.append(int(j))
                frame = np.column_stack([frame, rest / size])
        return np.array(chosen, dtype=np.int64)

    def _combine(self, target: FloatArray) -> FloatArray | None:
        """The cheapest combination for one target, from the columns that bring nothing else."""
        wanted = [Fraction(float(value)).limit_denominator(_FINEST) for value in target]
        rows = [i for i, value in enumerate(wanted) if value]
        usable = [
            j
            for j, column in enumerate(self._columns)
            if any(column) and all(wanted[i] or not value for i, value in enumerate(column))
        ]
        exact = cheapest_combination(
            [[self._columns[j][i] for i in rows] for j in usable],
            [wanted[i] for i in rows],
            [self._costs[j] for j in usable],
        )
        if exact is None:
            return None
        amounts = np.zeros(len(self._columns))
        amounts[usable] = [float(value) for value in exact]
        return amounts

    def amounts(self, targets: FloatArray) -> FloatArray:
        """The cheapest amounts of the columns for each target (n, n_rows): (n, n_columns).

        Rows of targets that cannot be made are NaN; the others agree with :func:`cheapest_combination`.
        """
        result = np.full((len(targets), len(self._columns)), np.nan)
        scale = np.maximum(targets.max(axis=1, initial=0.0), 1e-300)
        goals = _normalised(targets)
        undecided = np.flatnonzero(self.contains(targets))
        known = 0
        while undecided.size:
            if known == len(self._cheapest):
                used = self._cheapest_columns(goals[undecided[0]])
                self._cheapest.append((used, self._solver(used)))
            used, solver = self._cheapest[known]
            known += 1
            tried = goals[undecided] @ solver.T
            rest = goals[undecided] - tried @ self._matrix[:, used].T
            found = (tried >= -TOLERANCE * np.abs(solver).sum(axis=1)).all(axis=1)
            found &= np.abs(rest).max(axis=1, initial=0.0) <= 10 * TOLERANCE
            if known == len(self._cheapest):
                found[0] = True
            rows = undecided[found]
            result[rows] = 0.0
            share = np.where(tried[found] > TOLERANCE, tried[found], 0.0)
            result[np.ix_(rows, used)] = share * scale[rows, None]
            undecided = undecided[~found]
        return result

    def _cheapest_columns(self, target: FloatArray) -> IntArray:
        exact = self._combine(target)
        if exact is None:
            exact = _nearest_combination(self._matrix, target)[0]
        return np.flatnonzero(exact > TOLERANCE).astype(np.int64)


def _nearest_combination(matrix: FloatArray, target: FloatArray) -> tuple[FloatArray, float]:
    """Non-negative least squares: the amounts of the columns and the distance that remains."""
    from scipy.optimize import nnls  # slow to import

    amounts, distance = nnls(matrix, target)
    return np.asarray(amounts, dtype=np.float64), float(distance)


def _normalised(targets: FloatArray) -> FloatArray:
    """Each target divided by its largest amount; targets of nothing stay as they are."""
    largest = targets.max(axis=1, keepdims=True, initial=0.0)
    return targets / np.where(largest > 0, largest, 1.0)
