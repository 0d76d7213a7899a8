"""Spaces whose compositions are the solutions of programs: sites and mixtures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from alloop.arrays import FloatArray, IntArray, RealArray
from alloop.errors import SpaceError
from alloop.space.automaton import Automaton, count_by_dopants
from alloop.space.base import Space, SpaceSummary
from alloop.space.codec import rank, write_solutions
from alloop.space.moves import moves
from alloop.space.process import Process
from alloop.space.program import Bound, Program
from alloop.space.resolve import explain_absent, resolve_formula
from alloop.space.types import Block, Candidate, Column, Level, read_key

if TYPE_CHECKING:
    from alloop.chemistry.shelf import Shelf


_CACHED = 8192


class CodedSpace(Space):
    """A space of one or several disjoint programs over the same variables, times the process combinations.

    A candidate's rank is the number of its composition times the number of process combinations plus the
    place of its combination.

    Attributes:
        compositions: how many there are.
        shelf: the precursors that make them; None when whatever can be written counts as makeable.
        denominator: how many program units make 1.
        variable_columns: which column each variable is; the other columns follow from the variables.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        variable_columns: Sequence[int],
        denominator: int,
        automata: Sequence[Automaton],
        process: Process,
        mobile_ion: str | None,
        shelf: Shelf | None,
    ) -> None:
        self.shelf = shelf
        self.automata = tuple(automaton for automaton in automata if automaton.size)
        self.compositions = sum(automaton.size for automaton in self.automata)
        self.denominator = denominator
        self.variable_columns = np.array(variable_columns, dtype=np.int64)
        sizes = [automaton.size for automaton in self.automata]
        self._starts = [sum(sizes[:i]) for i in range(len(sizes))]
        super().__init__(columns, process, mobile_ion, self.compositions * len(process.combinations))

    @abstractmethod
    def complete(self, units: RealArray) -> None:
        """Fill in, in place, the columns of `units` (n, n_columns) that follow from the variables."""

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
    def likely_scales(self, totals: Mapping[str, Fraction]) -> list[Fraction]:
        """Factors that may bring a formula to the size of this space's formula unit."""

    @property
    def never_used(self) -> tuple[Column, ...]:
        """Substituents or end members that were declared but that no candidate holds."""
        used: set[int] = set()
        for automaton in self.automata:
            for layer in automaton.layers:
                if (layer.choices.present[layer.option] > 0).any():
                    used.update(self.variable_columns[layer.members].tolist())
        return tuple(self.columns[i] for i in self.variable_columns.tolist() if i not in used)

    @cached_property
    def varying_elements(self) -> tuple[str, ...]:
        """The elements whose amounts per formula unit differ between candidates, in alphabetical order."""
        never = set(self.never_used)
        used = [
            i for i, column in enumerate(self.variable_columns.tolist()) if self.columns[column] not in never
        ]
        varying = []
        for element in self.elements:
            weights = {i: c.elements[element] for i, c in enumerate(self.columns) if element in c.elements}
            bound = self.make_bound(element, "", weights, None, None)
            if any(bound.per_unit[i] for i in used):
                varying.append(element)
        return tuple(varying)

    @cached_property
    def conditional_settings(self) -> frozenset[str]:
        """Names of the process settings that do not apply to every candidate."""
        absent = np.flatnonzero((self.process.combinations < 0).any(axis=0)).tolist()
        return frozenset(self.process.settings[place].name for place in absent)

    def decode(self, ranks: IntArray) -> Block:
        """The candidates with these ranks (n,).

        Raises:
            SpaceError: for a rank outside the space.
        """
        ranks = np.asarray(ranks, dtype=np.int64)
        self._check_ranks(ranks)
        numbers, combination = np.divmod(ranks, len(self.process.combinations))
        amounts = np.empty((len(ranks), len(self.columns)))
        for start in range(0, len(ranks), _CACHED):  # pieces that fit into a processor's cache
            piece = slice(start, start + _CACHED)
            np.divide(self._units(numbers[piece]), self.denominator, out=amounts[piece])
        return Block(ranks, amounts, self.process.combinations[combination])

    @property
    def repeat(self) -> int:
        """Successive ranks are one composition with every process combination."""
        return len(self.process.combinations)

    def composition_amounts(self, numbers: IntArray) -> RealArray:
        """Amounts (n, n_columns) of compositions by number, in single precision."""
        units = self._units(np.asarray(numbers, dtype=np.int64), np.float32)
        units *= np.float32(1.0 / self.denominator)
        return units

    def variable_units(self, numbers: IntArray) -> IntArray:
        """Amounts (n, n_variables) of the variables of compositions by number, in whole program units."""
        units = self._units(np.asarray(numbers, dtype=np.int64))
        return units[:, self.variable_columns].astype(np.int64)

    def rank_block(self, block: Block) -> IntArray:
        """Ranks (n,) of a block's candidates by their amounts and settings; -1 outside the space."""
        numbers = self._numbers(block.amounts)
        combination = self.process.find(block.settings)
        ranks = numbers * len(self.process.combinations) + combination
        return np.where((numbers < 0) | (combination < 0), -1, ranks).astype(np.int64)

    def candidate(self, rank: int) -> Candidate:
        """The candidate with this rank, exactly.

        Raises:
            SpaceError: for a rank outside the space.
        """
        self._check_ranks(np.array([rank], dtype=np.int64))
        number, combination = divmod(int(rank), len(self.process.combinations))
        settings = self.process.values(self.process.combinations[combination])
        return self._make_candidate(self._exact_amounts(number), settings)

    def find(self, candidate: str | Candidate) -> int | None:
        """The rank of a candidate, or of the one with this key; None when the space does not hold it."""
        read = read_key(candidate.key if isinstance(candidate, Candidate) else candidate)
        if read is None:
            return None
        held, written = read
        row = self.process.row_of_key(written)
        number = self._find_number(held)
        if row is None or number is None:
            return None
        combination = int(self.process.find(row[None, :])[0])
        return None if combination < 0 else number * len(self.process.combinations) + combination

    def resolve(self, composition: str, settings: Mapping[str, Level] | None = None) -> Candidate:
        """The candidate with this formula or key and these settings.

        Of several occupations with the same formula (one experiment) the one with the lowest rank is taken.

        Args:
            composition: a formula, with amounts good to 1e-4 per formula unit, or a key.
            settings: levels by name; a setting with a single level, or in the key, need not be given.

        Raises:
            SpaceError: saying why the space holds no such candidate.
            FormulaError: when the formula cannot be read.
        """
        read = read_key(composition)
        chosen = dict(settings or {})
        if read is None:
            ways = resolve_formula(self, composition)
            number: int | None = int(self.variable_numbers(ways).min())
        else:
            number = self._find_number(read[0])
            chosen = {**self.process.read_levels(read[1]), **chosen}
        if number is None:
            raise SpaceError(explain_absent(self, composition, read[0] if read else {}))
        combination = int(self.process.find(self.process.row_of(chosen)[None, :])[0])
        return self.candidate(number * len(self.process.combinations) + combination)

    def neighbours(self, rank: int) -> IntArray:
        """Ranks of the candidates one small change away, ascending: a level stepped, a dopant swapped, added
        or removed, an amount moved from one species to another, or one process setting changed.
        """
        n = len(self.process.combinations)
        number, combination = divmod(int(rank), n)
        units = self._units(np.array([number], dtype=np.int64))[0, self.variable_columns].astype(np.int64)
        near = self.variable_numbers(moves(self.automata[0].program.variables, units))
        compositions = near[near >= 0] * n + combination
        found = np.unique(np.concatenate([compositions, number * n + self.process.neighbours(combination)]))
        near_by: IntArray = found[found != rank]
        return near_by

    def summary(self) -> SpaceSummary:
        """Exact counts by number of dopants and by process setting."""
        n = len(self.process.combinations)
        by_dopants: dict[int, int] = {}
        for automaton in self.automata:
            for number, count in count_by_dopants(automaton).items():
                by_dopants[number] = by_dopants.get(number, 0) + count * n
        by_setting = {
            name: {level: count * self.compositions for level, count in counts.items()}
            for name, counts in self.process.level_counts().items()
        }
        return SpaceSummary(self.size, dict(sorted(by_dopants.items())), by_setting)

    def variable_numbers(self, variables: IntArray) -> IntArray:
        """Numbers of compositions given by the variables' amounts (n, n_variables) in units; -1 for none."""
        numbers = np.full(len(variables), -1, dtype=np.int64)
        for automaton, start in zip(self.automata, self._starts, strict=True):
            found = rank(automaton, variables)
            numbers[found >= 0] = found[found >= 0] + start
        return numbers

    def candidate_of(self, variables: IntArray) -> Candidate:
        """The composition with these amounts (n_variables,) in units, without settings, allowed or not."""
        units = np.zeros((1, len(self.columns)))
        units[:, self.variable_columns] = variables
        self.complete(units)
        return self._make_candidate(self.exact(units[0]), ())

    def exact(self, units: FloatArray) -> list[Fraction]:
        """One row of amounts in program units as exact amounts."""
        return [Fraction(int(unit), self.denominator) for unit in units.tolist()]

    @cached_property
    def columns_by_name(self) -> dict[tuple[str, str], int]:
        """The column of each (group, label)."""
        return {(column.group, column.label): place for place, column in enumerate(self.columns)}

    def _units(self, numbers: IntArray, precision: type[np.floating[Any]] = np.float64) -> RealArray:
        """Amounts in program units (n, n_columns): whole numbers."""
        units = np.zeros((len(numbers), len(self.columns)), dtype=precision)
        for automaton, start in zip(self.automata, self._starts, strict=True):
            if len(self.automata) == 1:
                rows = np.arange(len(numbers))
            else:
                rows = np.flatnonzero((numbers >= start) & (numbers < start + automaton.size))
            write_solutions(automaton, numbers[rows] - start, units, rows, self.variable_columns)
        self.complete(units)
        return units

    def _exact_amounts(self, number: int) -> list[Fraction]:
        return self.exact(self._units(np.array([number], dtype=np.int64))[0])

    def _numbers(self, amounts: FloatArray) -> IntArray:
        """Numbers of compositions given by amounts (n, n_columns), -1 where a row is none of the space."""
        scaled = np.asarray(amounts, dtype=np.float64) * self.denominator
        units = np.rint(scaled)
        completed = units.copy()
        self.complete(completed)
        same = (np.abs(units - scaled) <= 1e-6 * np.maximum(1.0, np.abs(units))).all(axis=1)
        same &= (completed == units).all(axis=1) & (units >= 0).all(axis=1)
        numbers = self.variable_numbers(units[:, self.variable_columns].astype(np.int64))
        return np.where(same, numbers, -1).astype(np.int64)

    def _find_number(self, held: Mapping[tuple[str, str], Fraction]) -> int | None:
        """The composition with exactly these amounts by (group, label)."""
        if not self.columns_by_name.keys() >= held.keys():
            return None
        amounts = [Fraction(0)] * len(self.columns)
        for name, amount in held.items():
            amounts[self.columns_by_name[name]] = amount
        number = int(self._numbers(np.array([[float(amount) for amount in amounts]]))[0])
        return number if number >= 0 and self._exact_amounts(number) == amounts else None
