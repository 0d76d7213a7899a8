"""The space whose candidates are the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.chemistry.formula import composition_key, parse_formula
from alloop.errors import Problem, SpaceError
from alloop.space.base import Space, SpaceSummary, hash_of
from alloop.space.definition import PoolRow
from alloop.space.process import Process
from alloop.space.types import Block, Candidate, Column, Level, read_key, write_level

GROUP = "atoms"
"""The group of a pool's columns: one per element, in atoms per formula unit as the table writes it."""

_NEIGHBOURS = 12


class PoolSpace(Space):
    """The rows of a table, times the combinations of those settings that the table does not give.

    Rows that repeat a composition with the same settings are one candidate. A setting that the table gives
    for some rows only does not apply to the others.

    Raises:
        SpaceError: when there is no row, or a row has a level that its setting lacks.
    """

    def __init__(self, rows: Sequence[PoolRow], process: Process, mobile_ion: str | None) -> None:
        if not rows:
            raise SpaceError("the pool has no rows", "list at least one candidate in its table")
        elements = sorted({element for row in rows for element in row.amounts})
        columns = [Column(GROUP, element, None, {element: Fraction(1)}, False) for element in elements]
        fixed = _fixed_settings(rows, process)
        given = {name for row in rows for name, _ in row.settings}
        self._free = np.array([s.name not in given for s in process.settings], dtype=np.bool_)
        free = Process(tuple(s for s in process.settings if s.name not in given))
        self._choices = free.combinations
        exact: dict[tuple[object, ...], list[Fraction]] = {}
        settings: list[IntArray] = []
        for row, held in zip(rows, fixed, strict=True):
            amounts = [Fraction(row.amounts.get(element, 0)) for element in elements]
            identity = (*amounts, *held.tolist())
            if identity not in exact:
                exact[identity] = amounts
                settings.append(held)
        self._exact = list(exact.values())
        self._fixed: IntArray = np.array(settings, dtype=np.int64).reshape(
            len(settings), len(process.settings)
        )
        self._amounts: FloatArray = np.array([[float(a) for a in row] for row in self._exact])
        super().__init__(columns, process, mobile_ion, len(self._exact) * len(self._choices))

    @cached_property
    def space_hash(self) -> str:
        """A name of this space: another definition has another, even where the candidates are the same."""
        labels = [column.label for column in self.columns]
        return hash_of(labels, self._exact, self._fixed.tolist(), self.process.settings, self.mobile_ion)

    @cached_property
    def varying_elements(self) -> tuple[str, ...]:
        """The elements whose share of the atoms differs between candidates, in alphabetical order."""
        shares = self._amounts / self._amounts.sum(axis=1, keepdims=True)
        spread = np.ptp(shares, axis=0)
        return tuple(c.label for c, width in zip(self.columns, spread, strict=True) if width > 1e-12)

    @cached_property
    def conditional_settings(self) -> frozenset[str]:
        """Names of the process settings that do not apply to every candidate."""
        settings = self.decode(np.arange(self.size, dtype=np.int64)).settings
        absent = np.flatnonzero((settings < 0).any(axis=0)).tolist()
        return frozenset(self.process.settings[place].name for place in absent)

    def decode(self, ranks: IntArray) -> Block:
        """The candidates with these ranks (n,).

        Raises:
            SpaceError: for a rank outside the space.
        """
        ranks = np.asarray(ranks, dtype=np.int64)
        self._check_ranks(ranks)
        row, choice = np.divmod(ranks, len(self._choices))
        settings = self._fixed[row]
        settings[:, self._free] = self._choices[choice]
        return Block(ranks, self._amounts[row], settings)

    def rank_block(self, block: Block) -> IntArray:
        """Ranks (n,) of a block's candidates by their amounts and settings; -1 outside the space."""
        lines = zip(block.amounts.tolist(), block.settings.tolist(), strict=True)
        return np.array([self._rank(tuple(amounts), settings) for amounts, settings in lines], dtype=np.int64)

    def _rank(self, amounts: tuple[float, ...], settings: Sequence[int]) -> int:
        row = np.array(settings, dtype=np.int64)
        number = self._rows_by_content.get((amounts, tuple(row[~self._free].tolist())))
        choice = self._choice_of.get(tuple(row[self._free].tolist()))
        return -1 if number is None or choice is None else number * len(self._choices) + choice

    @cached_property
    def _rows_by_content(self) -> dict[tuple[tuple[float, ...], tuple[int, ...]], int]:
        fixed = self._fixed[:, ~self._free].tolist()
        return {
            (tuple(amounts), tuple(settings)): number
            for number, (amounts, settings) in enumerate(zip(self._amounts.tolist(), fixed, strict=True))
        }

    @cached_property
    def _choice_of(self) -> dict[tuple[int, ...], int]:
        return {tuple(row): place for place, row in enumerate(self._choices.tolist())}

    def candidate(self, rank: int) -> Candidate:
        """The candidate with this rank, exactly.

        Raises:
            SpaceError: for a rank outside the space.
        """
        block = self.decode(np.array([rank], dtype=np.int64))
        exact = self._exact[int(rank) // len(self._choices)]
        return self._make_candidate(exact, self.process.values(block.settings[0]))

    def find(self, candidate: str | Candidate) -> int | None:
        """The rank of a candidate, or of the one with this key; None when the space does not hold it."""
        read = read_key(candidate.key if isinstance(candidate, Candidate) else candidate)
        row = None if read is None else self.process.row_of_key(read[1])
        if read is None or row is None:
            return None
        labels = [(column.group, column.label) for column in self.columns]
        if not set(labels) >= read[0].keys():
            return None
        amounts = [read[0].get(label, Fraction(0)) for label in labels]
        rank = self._rank(tuple(float(amount) for amount in amounts), row.tolist())
        return rank if rank >= 0 and self._exact[rank // len(self._choices)] == amounts else None

    def resolve(self, composition: str, settings: Mapping[str, Level] | None = None) -> Candidate:
        """The candidate with this formula or key and these settings.

        Args:
            composition: a formula, on any scale, or a key.
            settings: levels by name; those that follow from the row need not be given.

        Raises:
            SpaceError: saying why the space holds no such candidate.
            FormulaError: when the formula cannot be read.
        """
        read = read_key(composition)
        wanted = {name: write_level(level) for name, level in (settings or {}).items()}
        if read is None:
            key = composition_key(parse_formula(composition))
        else:
            key = composition_key({label: amount for (_, label), amount in read[0].items()})
            wanted = {**read[1], **wanted}
        rows = self._rows_by_key.get(key, [])
        if not rows:
            raise SpaceError(Problem(composition, "is no row of the pool", "check the formula"))
        ranks = [row * len(self._choices) + choice for row in rows for choice in range(len(self._choices))]
        found = [candidate for candidate in map(self.candidate, ranks) if _matches(candidate, wanted)]
        if not found:
            written = ", ".join(f"{name} {level}" for name, level in wanted.items())
            raise SpaceError(
                Problem(composition, f"is in the pool, but not with {written}", "check the settings")
            )
        if len({candidate.recipe_key for candidate in found}) > 1:
            what = f"is {len(found)} candidates of the pool"
            raise SpaceError(Problem(composition, what, "say with which settings"))
        return found[0]

    @cached_property
    def _rows_by_key(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        labels = [column.label for column in self.columns]
        for number, amounts in enumerate(self._exact):
            rows.setdefault(composition_key(dict(zip(labels, amounts, strict=True))), []).append(number)
        return rows

    def neighbours(self, rank: int) -> IntArray:
        """Ranks of the rows nearest in composition (by atomic fractions) and of other choices of free settings."""
        row, choice = divmod(int(rank), len(self._choices))
        shares = self._amounts / self._amounts.sum(axis=1, keepdims=True)
        distance = np.abs(shares - shares[row]).sum(axis=1)
        near = np.argsort(distance, kind="stable")[: _NEIGHBOURS + 1] * len(self._choices) + choice
        others = row * len(self._choices) + np.arange(len(self._choices))
        differs = (self._choices != self._choices[choice]).sum(axis=1) == 1
        found = np.unique(np.concatenate([near, others[differs]]))
        near_by: IntArray = found[found != rank]
        return near_by

    def summary(self) -> SpaceSummary:
        """Exact counts; a pool knows no dopants, so all its candidates count as having none."""
        by_setting: dict[str, dict[Level, int]] = {}
        free_places = np.cumsum(self._free) - 1
        for place, setting in enumerate(self.process.settings):
            if self._free[place]:
                column, times = self._choices[:, free_places[place]], len(self._exact)
            else:
                column, times = self._fixed[:, place], len(self._choices)
            by_setting[setting.name] = {
                level: int((column == index).sum()) * times for index, level in enumerate(setting.levels)
            }
        return SpaceSummary(self.size, {0: self.size}, by_setting)


def _matches(candidate: Candidate, wanted: Mapping[str, str]) -> bool:
    own = {name: write_level(level) for name, level in candidate.settings}
    return all(own.get(name) == level for name, level in wanted.items())


def _fixed_settings(rows: Sequence[PoolRow], process: Process) -> list[IntArray]:
    """Level indices of each row, -1 for settings that it does not give."""
    places = {setting.name: place for place, setting in enumerate(process.settings)}
    given = {name for row in rows for name, _ in row.settings}
    problems = [
        Problem(
            f"process setting {setting.name}",
            f"hangs on {name}, which the pool's table gives",
            "drop 'unless'",
        )
        for setting in process.settings
        if setting.name not in given
        for name, _ in setting.unless
        if name in given
    ]
    fixed = []
    for row in rows:
        line = np.full(len(places), -1, dtype=np.int64)
        for name, level in row.settings:
            index = process.settings[places[name]].index(level) if name in places else -1
            if index < 0:
                what = f"{name} {write_level(level)} is no level of the process"
                problems.append(Problem(f"pool row {row.formula}", what, f"add it to the levels of {name}"))
            else:
                line[places[name]] = index
        fixed.append(line)
    if problems:
        raise SpaceError(problems)
    return fixed
