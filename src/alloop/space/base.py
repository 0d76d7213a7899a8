"""What every design space can do."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from alloop.arrays import FloatArray, IntArray, RealArray
from alloop.chemistry.formula import format_formula
from alloop.chemistry.species import parse_species
from alloop.errors import SpaceError
from alloop.space.process import Process
from alloop.space.types import Block, Candidate, Column, Level, Parts

MAX_SIZE = 9e18
"""Most candidates: ranks are 64-bit integers."""
DEFAULT_BLOCK = 65536
RANKING = 1
"""Version of the way in which ranks are given out; part of every space's hash."""


@dataclass(frozen=True)
class SpaceSummary:
    """How many candidates there are, exactly.

    `by_dopant_count` splits them by the number of dopants (in a mixture: of end members present);
    `by_setting` by the level of each process setting, where it applies.
    """

    size: int
    by_dopant_count: Mapping[int, int]
    by_setting: Mapping[str, Mapping[Level, int]]


def hash_of(*definition: object) -> str:
    """Sixteen hexadecimal digits that name a definition of plain values."""
    return hashlib.sha256(repr((RANKING, *definition)).encode()).hexdigest()[:16]


class Space(ABC):
    """All candidates a campaign allows, numbered from 0 to size - 1 and never held in memory.

    Ranks mean something only together with `space_hash`; keys outlive versions of the campaign file.

    Attributes:
        columns: what a candidate may hold, one per column of a block's amounts.
        process: the process settings, one per column of a block's settings.
        mobile_ion: the ion whose conduction is the aim, such as `Li+`; None in an alloy.
        size: the number of candidates.
        repeat: how many successive ranks, from a multiple of it on, are one composition with each of the process
            combinations in turn; 1 where ranks are not ordered like that.
        elements: all elements of the columns, in alphabetical order.
    """

    def __init__(
        self, columns: Sequence[Column], process: Process, mobile_ion: str | None, size: int
    ) -> None:
        self.columns = tuple(columns)
        self.process = process
        self.mobile_ion = mobile_ion
        self.size = size
        self.elements = tuple(sorted({element for column in columns for element in column.elements}))
        if size > MAX_SIZE:
            what = f"the space has {size:.1e} candidates, more than can be numbered"
            raise SpaceError(what, "set limits.max_dopants or use larger steps")

    @property
    @abstractmethod
    def space_hash(self) -> str:
        """A name of this space: another definition has another, even where the candidates are the same."""

    @property
    @abstractmethod
    def varying_elements(self) -> tuple[str, ...]:
        """The elements whose amounts differ between candidates, in alphabetical order."""

    @property
    @abstractmethod
    def conditional_settings(self) -> frozenset[str]:
        """Names of the process settings that do not apply to every candidate."""

    @abstractmethod
    def decode(self, ranks: IntArray) -> Block:
        """The candidates with these ranks (n,).

        Raises:
            SpaceError: for a rank outside the space.
        """

    @abstractmethod
    def rank_block(self, block: Block) -> IntArray:
        """Ranks (n,) of a block's candidates by their amounts and settings; -1 outside the space."""

    @abstractmethod
    def candidate(self, rank: int) -> Candidate:
        """The candidate with this rank, exactly.

        Raises:
            SpaceError: for a rank outside the space.
        """

    @abstractmethod
    def find(self, candidate: str | Candidate) -> int | None:
        """The rank of a candidate, or of the one with this key; None when the space does not hold it."""

    @abstractmethod
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

    @abstractmethod
    def neighbours(self, rank: int) -> IntArray:
        """Ranks of the candidates one small change away, ascending."""

    @abstractmethod
    def summary(self) -> SpaceSummary:
        """Exact counts by number of dopants and by process setting."""

    def sample(self, n: int, rng: np.random.Generator) -> IntArray:
        """`n` uniformly random ranks in random order, distinct as long as the space has that many."""
        if n > self.size:
            return rng.integers(self.size, size=n, dtype=np.int64)
        if self.size <= 4 * n:
            return rng.permutation(self.size)[:n].astype(np.int64)
        drawn = np.zeros(0, dtype=np.int64)
        while len(drawn) < n:
            more = np.concatenate([drawn, rng.integers(self.size, size=n - len(drawn) + 16, dtype=np.int64)])
            _, first = np.unique(more, return_index=True)
            drawn = more[np.sort(first)]
        return drawn[:n]

    def stream(self, block_size: int = DEFAULT_BLOCK) -> Iterator[IntArray]:
        """All ranks in ascending blocks of at most `block_size`."""
        for start in range(0, self.size, block_size):
            yield np.arange(start, min(start + block_size, self.size), dtype=np.int64)

    @property
    def repeat(self) -> int:
        """Successive ranks per composition; see the class."""
        return 1

    def composition_amounts(self, numbers: IntArray) -> RealArray:
        """Amounts (n, n_columns) of compositions by number, which is the rank divided by `repeat`.

        They may come in single precision: fit for scores, not for keys.
        """
        return self.decode(numbers * self.repeat).amounts

    def element_amounts(self, block: Block) -> FloatArray:
        """(n, n_elements) atoms of each of `elements` per formula unit."""
        return block.amounts @ self._element_matrix

    @cached_property
    def _element_matrix(self) -> FloatArray:
        """(n_columns, n_elements) atoms of each element in one unit of each column."""
        rows = [[float(column.elements.get(e, 0)) for e in self.elements] for column in self.columns]
        return np.array(rows, dtype=np.float64).reshape(len(self.columns), len(self.elements))

    def _check_ranks(self, ranks: IntArray) -> None:
        if len(ranks) and (ranks.min() < 0 or ranks.max() >= self.size):
            mend = "use ranks of this version of the space"
            raise SpaceError(f"ranks run from 0 to {self.size - 1}", mend)

    @cached_property
    def _first_in_formulas(self) -> list[str]:
        ion = parse_species(self.mobile_ion) if self.mobile_ion else None
        return list(ion.elements) if ion is not None and ion.charge > 0 else []  # anions stand at the end

    def _make_candidate(
        self, amounts: Sequence[Fraction], settings: tuple[tuple[str, Level], ...]
    ) -> Candidate:
        """The candidate with these amounts, one per column."""
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
            formula=format_formula(totals, self._first_in_formulas),
            dopants=tuple(dopants),
            charge=charge,
        )
