"""Spaces whose compositions are the solutions of programs: sites and mixtures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.chemistry.formula import parse_formula
from alloop.errors import Problem, SpaceError
from alloop.space.automaton import Automaton, count_by_dopants
from alloop.space.base import Space
from alloop.space.checks import plain_number
from alloop.space.codec import rank, unrank
from alloop.space.moves import moves
from alloop.space.process import Process
from alloop.space.program import Bound, Program
from alloop.space.resolve import explain_outside, explain_unreachable, matching_variables
from alloop.space.types import Column


class CodedSpace(Space):
    """A space of one or several disjoint programs over the same variables.

    `denominator` program units make 1; `variable_columns` says which column each variable is. The other
    columns follow from the variables.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        variable_columns: Sequence[int],
        denominator: int,
        automata: Sequence[Automaton],
        process: Process,
        mobile_ion: str,
    ) -> None:
        self.automata = tuple(automaton for automaton in automata if automaton.size)
        self.denominator = denominator
        self._variable_columns = np.array(variable_columns, dtype=np.int64)
        self._starts = np.cumsum([0, *(automaton.size for automaton in self.automata)])
        super().__init__(columns, process, mobile_ion, sum(automaton.size for automaton in self.automata))

    @abstractmethod
    def _complete(self, units: FloatArray) -> None:
        """Fill in, in place, the columns of `units` (n, n_columns) that follow from the variables."""

    @property
    def never_used(self) -> tuple[Column, ...]:
        """Columns that some level was declared for but that no candidate holds."""
        used: set[int] = set()
        for automaton in self.automata:
            for layer in automaton.layers:
                if (layer.choices.present[layer.option] > 0).any():
                    used.update(self._variable_columns[layer.members].tolist())
        return tuple(self.columns[i] for i in self._variable_columns.tolist() if i not in used)

    @abstractmethod
    def programs(self, more: Sequence[Bound] = (), limited: bool = True) -> list[Program]:
        """The disjoint programs whose solutions are the space's compositions, with more bounds if wanted.

        With `limited` False there is one, without limits and shelf: what could be written at all.
        """

    @abstractmethod
    def make_bound(
        self,
        name: str,
        says: str,
        weights: Mapping[int, Fraction],
        low: Fraction | None,
        high: Fraction | None,
    ) -> Bound:
        """Bounds on a weighted sum over columns."""

    @abstractmethod
    def _likely_scales(self, totals: Mapping[str, Fraction]) -> list[Fraction]:
        """Factors that may bring a formula to the size of this space's formula unit."""

    def _units(self, numbers: IntArray) -> FloatArray:
        """Amounts in program units (n, n_columns): whole numbers."""
        units = np.zeros((len(numbers), len(self.columns)))
        for automaton, start, stop in zip(self.automata, self._starts[:-1], self._starts[1:], strict=True):
            if len(self.automata) == 1:
                units[:, self._variable_columns] = unrank(automaton, numbers)
                break
            rows = np.flatnonzero((numbers >= start) & (numbers < stop))
            units[np.ix_(rows, self._variable_columns)] = unrank(automaton, numbers[rows] - start)
        self._complete(units)
        return units

    def _amounts(self, numbers: IntArray) -> FloatArray:
        units = self._units(numbers)
        units /= self.denominator
        return units

    def _exact_amounts(self, number: int) -> list[Fraction]:
        units = self._units(np.array([number], dtype=np.int64))[0]
        return [Fraction(int(unit), self.denominator) for unit in units.tolist()]

    def _numbers(self, amounts: FloatArray) -> IntArray:
        exact = np.asarray(amounts, dtype=float) * self.denominator
        units = np.rint(exact)
        completed = units.copy()
        self._complete(completed)
        same = (np.abs(units - exact) <= 1e-6 * np.maximum(1.0, np.abs(units))).all(axis=1)
        same &= (completed == units).all(axis=1) & (units >= 0).all(axis=1)
        numbers = self._variable_numbers(units[:, self._variable_columns].astype(np.int64))
        return np.where(same, numbers, -1)

    def _variable_numbers(self, variables: IntArray) -> IntArray:
        """Numbers of compositions given by the variables' amounts in units; -1 for none."""
        numbers = np.full(len(variables), -1, dtype=np.int64)
        for automaton, start in zip(self.automata, self._starts[:-1].tolist(), strict=True):
            found = rank(automaton, variables)
            numbers[found >= 0] = found[found >= 0] + start
        return numbers

    def _count_by_dopants(self) -> dict[int, int]:
        totals: dict[int, int] = {}
        for automaton in self.automata:
            for number, count in count_by_dopants(automaton).items():
                totals[number] = totals.get(number, 0) + count
        return dict(sorted(totals.items()))

    def _resolve_formula(self, text: str) -> int:
        formula = parse_formula(text)
        written = [
            {e: n * scale for e, n in formula.items()}
            for scale in [Fraction(1), *self._likely_scales(formula)]
        ]
        for totals in written:
            ways = matching_variables(totals, self.columns, self.programs, self.make_bound)
            if len(ways):
                return int(self._variable_numbers(ways).min())
        for totals in written:
            ways = matching_variables(totals, self.columns, self.programs, self.make_bound, limited=False)
            if len(ways):
                raise self._outside(text, ways)
        raise SpaceError(explain_unreachable(text, written[-1], self.columns, self.programs, self.make_bound))

    def _explain_absent(self, text: str, held: Mapping[tuple[str, str], Fraction]) -> SpaceError:
        problems = []
        variables = np.zeros((1, len(self._variable_columns)), dtype=np.int64)
        places = {column: i for i, column in enumerate(self._variable_columns.tolist())}
        for (group, label), amount in held.items():
            column = self._columns_by_name.get((group, label))
            if column is None:
                problems.append(Problem(text, f"there is no {label} on {group} in the space"))
            elif column in places:
                units = amount * self.denominator
                levels = self.automata[0].program.variables[places[column]].levels
                if units in levels:
                    variables[0, places[column]] = int(units)
                else:
                    offered = ", ".join(plain_number(Fraction(level, self.denominator)) for level in levels)
                    what = f"{plain_number(amount)} is no level of {label} on {group}"
                    problems.append(Problem(text, what, f"choose from {offered}"))
        if problems:
            return SpaceError(problems)
        return self._outside(text, variables)

    def _outside(self, text: str, ways: IntArray) -> SpaceError:
        """Why occupations that can be written are outside the space."""
        problems = explain_outside(self.programs()[0], ways)
        return SpaceError([Problem(text, problem.what, problem.mend) for problem in problems])

    def _neighbour_numbers(self, number: int) -> IntArray:
        units = self._units(np.array([number], dtype=np.int64))[0, self._variable_columns].astype(np.int64)
        found = self._variable_numbers(moves(self.automata[0].program.variables, units))
        return np.unique(found[(found >= 0) & (found != number)])
