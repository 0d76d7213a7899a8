"""Process settings: their levels and the combinations of levels that a well can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np

from alloop.arrays import IntArray
from alloop.errors import Problem, SpaceError
from alloop.space.types import Level, write_level

MAX_COMBINATIONS = 1_000_000
"""Most combinations of process levels that a space may have; they are listed explicitly."""


@dataclass(frozen=True)
class Setting:
    """One process setting.

    `shared_by` says whether all wells of a plate share one level, or a block of wells, or none. `unless`
    names settings with the level at which this one makes no sense: it then does not apply. A setting
    `relative_to` a measured property is an offset from it, in the property's unit; `excess_of` names the
    precursor whose excess (a fraction) the setting is.
    """

    name: str
    unit: str
    levels: tuple[Level, ...]
    shared_by: Literal["plate", "well", "block"] = "well"
    unless: tuple[tuple[str, Level], ...] = ()
    relative_to: str | None = None
    excess_of: str | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether every level is a number or `none`."""
        return all(level is None or isinstance(level, Fraction) for level in self.levels)

    def index(self, level: Level) -> int:
        """The place of `level` among the levels; -1 when it is none of them."""
        return self.levels.index(level) if level in self.levels else -1


@dataclass(frozen=True)
class Process:
    """All process settings of a space, in the order of the file.

    A setting whose `unless` names a level that is chosen does not apply; neither does one whose `unless`
    names a setting that itself does not apply. Combinations that differ only in such a setting are one.

    Raises:
        SpaceError: for settings that contradict themselves or each other, all at once.
    """

    settings: tuple[Setting, ...] = ()

    def __post_init__(self) -> None:
        problems = [problem for setting in self.settings for problem in self._check(setting)]
        names = [setting.name for setting in self.settings]
        problems += [
            Problem(f"process setting {name}", "is declared twice", "keep one of the two")
            for name in sorted({name for name in names if names.count(name) > 1})
        ]
        if problems:
            raise SpaceError(problems)
        self._order()

    def _check(self, setting: Setting) -> list[Problem]:
        where = f"process setting {setting.name}"
        problems = []
        if not setting.levels:
            problems.append(Problem(where, "has no levels", "list at least one, such as levels: [300, 400]"))
        repeated = [write_level(x) for i, x in enumerate(setting.levels) if x in setting.levels[:i]]
        if repeated:
            problems.append(Problem(where, f"lists the level {repeated[0]} twice", "keep one of the two"))
        texts = [setting.name, *(level for level in setting.levels if isinstance(level, str))]
        for text in texts:
            if text == "none" or not text.strip() or any(sign in text for sign in ";|="):
                what = f"{text!r} cannot be a name or level"
                problems.append(Problem(where, what, "use a word without ';', '|' and '=' other than none"))
        if setting.relative_to is not None and setting.shared_by != "well":
            what = f"is relative to {setting.relative_to}, which differs from well to well"
            problems.append(Problem(where, what, "write shared_by: well"))
        by_name = {other.name: other for other in self.settings if other is not setting}
        for name, level in setting.unless:
            if name not in by_name:
                problems.append(Problem(where, f"unless names {name!r}, which is no other setting"))
            elif by_name[name].index(level) < 0:
                levels = ", ".join(write_level(level) for level in by_name[name].levels)
                what = f"unless names {name}: {write_level(level)}, which is no level of it"
                problems.append(Problem(where, what, f"choose one of {levels}"))
        return problems

    def _order(self) -> list[int]:
        """Indices of the settings such that each comes after those its `unless` names."""
        names = [setting.name for setting in self.settings]
        order: list[int] = []
        while len(order) < len(names):
            ready = [
                i
                for i, setting in enumerate(self.settings)
                if i not in order and all(names.index(name) in order for name, _ in setting.unless)
            ]
            if not ready:
                circle = ", ".join(name for i, name in enumerate(names) if i not in order)
                raise SpaceError(f"the settings {circle} depend on each other in a circle", "drop one unless")
            order.extend(ready)
        return order

    @cached_property
    def combinations(self) -> IntArray:
        """(n_combinations, n_settings) level indices, -1 where a setting does not apply, in sorted order.

        Raises:
            SpaceError: when there are more than :data:`MAX_COMBINATIONS`.
        """
        rows: IntArray = np.full((1, len(self.settings)), -1, dtype=np.int64)
        names = [setting.name for setting in self.settings]
        for place in self._order():
            setting = self.settings[place]
            applies = np.ones(len(rows), dtype=np.bool_)
            for name, level in setting.unless:
                other = names.index(name)
                applies &= (rows[:, other] >= 0) & (rows[:, other] != self.settings[other].index(level))
            count = len(setting.levels)
            if count * int(applies.sum()) + len(rows) > MAX_COMBINATIONS:
                what = f"the process settings have more than {MAX_COMBINATIONS:,} combinations"
                raise SpaceError(what, "use fewer levels")
            varied = np.repeat(rows[applies], count, axis=0)
            varied[:, place] = np.tile(np.arange(count), int(applies.sum()))
            rows = np.concatenate([rows[~applies], varied])
        return rows[np.lexsort(rows.T[::-1])] if self.settings else rows

    @cached_property
    def _rank(self) -> dict[tuple[int, ...], int]:
        return {tuple(row): rank for rank, row in enumerate(self.combinations.tolist())}

    def find(self, settings: IntArray) -> IntArray:
        """For each row of `settings` (n, n_settings) its place in :attr:`combinations`, or -1."""
        return np.array([self._rank.get(tuple(row), -1) for row in settings.tolist()], dtype=np.int64)

    def neighbours(self, combination: int) -> IntArray:
        """Combinations that differ in one setting, ascending: the next level up or down of numbers, any other
        name.

        Where that setting decides whether others apply, those may take any level.
        """
        rows = self.combinations
        own = rows[combination]
        differs = (rows != own) & (rows >= 0) & (own >= 0)
        near = np.ones(rows.shape, dtype=np.bool_)
        for place, setting in enumerate(self.settings):
            if setting.is_numeric and None not in setting.levels:
                order = np.argsort(
                    np.argsort([float(level) for level in setting.levels if level is not None])
                )
                near[:, place] = np.abs(order[rows[:, place]] - order[own[place]]) <= 1
        found = (differs.sum(axis=1) == 1) & (near | ~differs).all(axis=1)
        return np.flatnonzero(found).astype(np.int64)

    def level_counts(self) -> dict[str, dict[Level, int]]:
        """How many combinations have each level of each setting."""
        return {
            setting.name: {
                level: int((self.combinations[:, place] == index).sum())
                for index, level in enumerate(setting.levels)
            }
            for place, setting in enumerate(self.settings)
        }

    def values(self, row: IntArray) -> tuple[tuple[str, Level], ...]:
        """Names and levels of the settings that apply in one row of level indices."""
        return tuple(
            (setting.name, setting.levels[index])
            for setting, index in zip(self.settings, row.tolist(), strict=True)
            if index >= 0
        )

    def row_of_key(self, written: Mapping[str, str]) -> IntArray | None:
        """Level indices for settings as a key writes them; None when there is no such level or setting."""
        row = []
        for setting in self.settings:
            texts = [write_level(level) for level in setting.levels]
            text = written.get(setting.name)
            if text is not None and text not in texts:
                return None
            row.append(-1 if text is None else texts.index(text))
        known = {setting.name for setting in self.settings}
        return np.array(row, dtype=np.int64) if known.issuperset(written) else None

    def read_levels(self, written: Mapping[str, str]) -> dict[str, Level]:
        """Settings as a key writes them, with their levels; a text that is no level stays a text."""
        levels = {s.name: {write_level(level): level for level in s.levels} for s in self.settings}
        return {name: levels.get(name, {}).get(text, text) for name, text in written.items()}

    def row_of(self, values: Mapping[str, Level]) -> IntArray:
        """Level indices for settings given by name; a setting with a single level need not be given.

        Raises:
            SpaceError: for unknown settings and levels, missing settings, and settings that do not apply.
        """
        problems = []
        known = {setting.name for setting in self.settings}
        for name in values:
            if name not in known:
                mend = f"the settings are {', '.join(sorted(known))}" if known else "the campaign has none"
                problems.append(Problem(f"process setting {name}", "does not exist", mend))
        row = np.full(len(self.settings), -1, dtype=np.int64)
        for place in self._order():
            setting = self.settings[place]
            where = f"process setting {setting.name}"
            if not self._applies(setting, row):
                if values.get(setting.name) is not None:
                    reason = " and ".join(f"{name} is {write_level(level)}" for name, level in setting.unless)
                    problems.append(Problem(where, f"does not apply where {reason}", "leave it out"))
                continue
            offered = ", ".join(write_level(level) for level in setting.levels)
            if setting.name in values:
                row[place] = setting.index(values[setting.name])
                if row[place] < 0:
                    what = f"{write_level(values[setting.name])} is none of its levels"
                    problems.append(Problem(where, what, f"choose one of {offered}"))
            elif len(setting.levels) == 1:
                row[place] = 0
            else:
                problems.append(Problem(where, "is not given", f"choose one of {offered}"))
        if problems:
            raise SpaceError(problems)
        return row

    def _applies(self, setting: Setting, row: IntArray) -> bool:
        names = [other.name for other in self.settings]
        return all(
            row[names.index(name)] not in (-1, self.settings[names.index(name)].index(level))
            for name, level in setting.unless
        )
