"""What every design space can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.chemistry.formula import format_formula
from alloop.errors import SpaceError
from alloop.space.process import Process
from alloop.space.types import Block, Candidate, Column, Level, Parts, read_key

DEFAULT_BLOCK = 65536


@dataclass(frozen=True)
class SpaceSummary:
    """How many candidates there are, exactly.

    `by_dopant_count` splits them by the number of dopants (in a mixture: of end members present);
    `by_setting` by the level of each process setting, where it applies.
    """

    size: int
    by_dopant_count: Mapping[int, int]
    by_setting: Mapping[str, Mapping[Level, int]]


class Space(ABC):
    """All candidates a campaign allows, numbered from 0 to size - 1 and never held in memory.

    A candidate's rank is its composition's number times the number of process combinations plus that of its
    combination. Ranks mean something only together with `space_hash`; keys outlive versions of the file.
    """

    def __init__(
        self, columns: Sequence[Column], process: Process, mobile_ion: str, compositions: int
    ) -> None:
        self.columns = tuple(columns)
        self.process = process
        self.mobile_ion = mobile_ion
        self.compositions = compositions
        self.size = compositions * len(process.combinations)
        self.elements = tuple(sorted({element for column in columns for element in column.elements}))
        if self.size > 9e18:
            what = f"the space has {self.size:.1e} candidates, more than can be numbered"
            raise SpaceError(what, "set limits.max_dopants or use larger steps")

    @property
    @abstractmethod
    def space_hash(self) -> str:
        """A name of this space; another definition has another, even where the candidates are the same."""

    @abstractmethod
    def _amounts(self, numbers: IntArray) -> FloatArray:
        """Amounts (n, n_columns) of the compositions with these numbers."""

    @abstractmethod
    def _exact_amounts(self, number: int) -> list[Fraction]:
        """Amounts of one composition, one per column."""

    @abstractmethod
    def _numbers(self, amounts: FloatArray) -> IntArray:
        """Numbers of compositions given by amounts (n, n_columns), -1 where a row is none of the space."""

    @abstractmethod
    def _count_by_dopants(self) -> dict[int, int]:
        """Number of compositions by their number of dopants."""

    @abstractmethod
    def _neighbour_numbers(self, number: int) -> IntArray:
        """Numbers of the compositions one small change away, ascending."""

    @abstractmethod
    def _resolve_formula(self, text: str) -> int:
        """Number of the composition with this formula; a SpaceError says why there is none."""

    @abstractmethod
    def _explain_absent(self, text: str, held: Mapping[tuple[str, str], Fraction]) -> SpaceError:
        """Why the space does not hold the composition with these amounts by (group, label)."""

    def decode(self, ranks: IntArray) -> Block:
        """The candidates with these ranks (n,).

        Raises:
            SpaceError: for a rank outside the space.
        """
        ranks = np.asarray(ranks, dtype=np.int64)
        if len(ranks) and (ranks.min() < 0 or ranks.max() >= self.size):
            raise SpaceError(f"ranks run from 0 to {self.size - 1}", "use ranks of this version of the space")
        numbers, combination = np.divmod(ranks, len(self.process.combinations))
        return Block(ranks, self._amounts(numbers), self.process.combinations[combination])

    def rank_block(self, block: Block) -> IntArray:
        """Ranks (n,) of a block's candidates by their amounts and settings; -1 outside the space."""
        numbers = self._numbers(block.amounts)
        combination = self.process.find(block.settings)
        ranks: IntArray = numbers * len(self.process.combinations) + combination
        return np.where((numbers < 0) | (combination < 0), -1, ranks)

    def candidate(self, rank: int) -> Candidate:
        """The candidate with this rank, exactly."""
        number, combination = divmod(int(rank), len(self.process.combinations))
        if not 0 <= rank < self.size:
            raise SpaceError(
                f"rank {rank} is outside 0 to {self.size - 1}", "use ranks of this version of the space"
            )
        return self._candidate(
            self._exact_amounts(number), self.process.values(self.process.combinations[combination])
        )

    def _candidate(self, amounts: Sequence[Fraction], settings: tuple[tuple[str, Level], ...]) -> Candidate:
        groups: dict[str, list[tuple[str, Fraction]]] = {}
        totals: dict[str, Fraction] = {}
        dopants = []
        charge = Fraction(0)
        for column, amount in zip(self.columns, amounts, strict=True):
            if not amount:
                continue
            groups.setdefault(column.group, []).append((column.label, amount))
            for element, atoms in column.elements.items():
                totals[element] = totals.get(element, Fraction(0)) + amount * atoms
            if column.is_dopant:
                dopants.append((column.group, column.label, amount))
            if column.species is not None:
                charge += column.species.charge * amount
        parts: Parts = tuple((group, tuple(held)) for group, held in groups.items())
        return Candidate(
            parts=parts,
            settings=settings,
            elements=tuple(sorted(totals.items())),
            formula=format_formula(totals, self._formula_order),
            dopants=tuple(dopants),
            charge=charge,
        )

    @cached_property
    def _formula_order(self) -> list[str] | None:
        """The mobile ion's elements come first in formulas."""
        from alloop.chemistry.species import parse_species

        return list(parse_species(self.mobile_ion).elements)

    @cached_property
    def _columns_by_name(self) -> dict[tuple[str, str], int]:
        return {(column.group, column.label): place for place, column in enumerate(self.columns)}

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

    def _find_number(self, held: Mapping[tuple[str, str], Fraction]) -> int | None:
        """The composition with exactly these amounts by (group, label)."""
        if not self._columns_by_name.keys() >= held.keys():
            return None
        amounts = [Fraction(0)] * len(self.columns)
        for name, amount in held.items():
            amounts[self._columns_by_name[name]] = amount
        number = int(self._numbers(np.array([[float(amount) for amount in amounts]]))[0])
        return number if number >= 0 and self._exact_amounts(number) == amounts else None

    def resolve(self, composition: str, settings: Mapping[str, Level] | None = None) -> Candidate:
        """The candidate with this formula or key and these settings.

        Of several occupations with the same formula (one experiment) the one with the lowest rank is taken.

        Args:
            composition: a formula, with amounts good to 1e-4, or a key.
            settings: levels by name; settings with a single level, and those of a key, need not be given.

        Raises:
            SpaceError: saying why the space holds no such candidate.
            FormulaError: when the formula cannot be read.
        """
        read = read_key(composition)
        chosen = dict(settings or {})
        if read is None:
            number = self._resolve_formula(composition)
        else:
            held, written = read
            found = self._find_number(held)
            if found is None:
                raise self._explain_absent(composition, held)
            number = found
            chosen = {**self.process.read_levels(written), **chosen}
        combination = self.process.find(self.process.row_of(chosen)[None, :])[0]
        return self.candidate(number * len(self.process.combinations) + int(combination))

    def sample(self, n: int, rng: np.random.Generator) -> IntArray:
        """`n` uniformly random ranks in random order, distinct as long as the space has that many."""
        if n > self.size:
            return rng.integers(self.size, size=n, dtype=np.int64)
        if self.size <= 4 * n:
            return rng.permutation(self.size)[:n].astype(np.int64)
        drawn = np.zeros(0, dtype=np.int64)
        while len(drawn) < n:
            more = np.concatenate([drawn, rng.integers(self.size, size=n - len(drawn) + 16)])
            _, first = np.unique(more, return_index=True)
            drawn = more[np.sort(first)]
        return drawn[:n]

    def stream(self, block_size: int = DEFAULT_BLOCK) -> Iterator[IntArray]:
        """All ranks in ascending blocks of at most `block_size`."""
        for start in range(0, self.size, block_size):
            yield np.arange(start, min(start + block_size, self.size), dtype=np.int64)

    def neighbours(self, rank: int) -> IntArray:
        """Ranks one small change away, ascending: a level stepped, a dopant swapped, added or removed, an
        amount moved from one species to another, or one process setting changed.
        """
        n = len(self.process.combinations)
        number, combination = divmod(int(rank), n)
        compositions = self._neighbour_numbers(number) * n + combination
        processes = number * n + self.process.neighbours(combination)
        found = np.unique(np.concatenate([compositions, processes]))
        return found[found != rank]

    @cached_property
    def _element_matrix(self) -> FloatArray:
        """(n_columns, n_elements) atoms of each element in one unit of each column."""
        return np.array(
            [[float(column.elements.get(e, 0)) for e in self.elements] for column in self.columns],
            dtype=float,
        ).reshape(len(self.columns), len(self.elements))

    def element_amounts(self, block: Block) -> FloatArray:
        """(n, n_elements) atoms of each of `elements` per formula unit."""
        return block.amounts @ self._element_matrix

    def summary(self) -> SpaceSummary:
        """Exact counts by number of dopants and by process setting."""
        combinations = self.process.combinations
        by_setting: dict[str, dict[Level, int]] = {}
        for place, setting in enumerate(self.process.settings):
            counts = np.bincount(combinations[:, place] + 1, minlength=len(setting.levels) + 1)[1:]
            by_setting[setting.name] = {
                level: int(count) * self.compositions
                for level, count in zip(setting.levels, counts.tolist(), strict=True)
            }
        by_dopants = {number: count * len(combinations) for number, count in self._count_by_dopants().items()}
        return SpaceSummary(self.size, by_dopants, by_setting)
