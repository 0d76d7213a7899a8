"""Settings that wells share: which values are open to a plate and its blocks, and which one a candidate belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alloop.arrays import IntArray
from alloop.errors import PlanError, Problem
from alloop.space import Candidate, Level, Process
from alloop.space.types import write_level


@dataclass(frozen=True)
class PlateSettings:
    """The combinations of shared settings that wells of a plate may have.

    Attributes:
        process: all settings of the space.
        shared: indices of the settings that the plate, or a block of it, shares.
        combinations: (c, len(shared)) level indices, -1 where a setting does not apply.
        groups: (c,) equal numbers can stand on one plate, in different blocks. Without blocks every combination is a
            group of its own.
    """

    process: Process
    shared: tuple[int, ...]
    combinations: IntArray
    groups: IntArray

    def __len__(self) -> int:
        return len(self.combinations)

    def choice_of(self, settings: IntArray) -> IntArray:
        """Row of `combinations` (n,) that each row of level indices (n, n_settings) belongs to; -1 for none."""
        if not self.shared:
            return np.zeros(len(settings), dtype=np.int64)
        same = (settings[:, None, list(self.shared)] == self.combinations[None]).all(axis=2)
        return np.where(same.any(axis=1), same.argmax(axis=1), -1)

    def choice_of_candidate(self, candidate: Candidate) -> int:
        """The row of `combinations` with a candidate's shared settings; -1 when it is not open."""
        for choice in range(len(self)):
            if all(candidate.process.get(name) == level for name, level in self.values(choice).items()):
                return choice
        return -1

    def values(self, choice: int) -> dict[str, Level]:
        """Name and level of the shared settings that apply in one combination."""
        row = self.combinations[choice]
        pairs = zip(self.shared, row, strict=True)
        return {
            self.process.settings[place].name: self.process.settings[place].levels[index]
            for place, index in pairs
            if index >= 0
        }

    def values_by(self, choice: int, sharer: str) -> dict[str, Level]:
        """Those of :meth:`values` that are shared by the ``plate`` or by a ``block``."""
        by = {setting.name: setting.shared_by for setting in self.process.settings}
        return {name: level for name, level in self.values(choice).items() if by[name] == sharer}

    def with_values(self, fixed: Mapping[str, Level]) -> IntArray:
        """The combinations that have the values of `fixed`.

        Raises:
            PlanError: when no combination has them.
        """
        rows = np.ones(len(self), dtype=bool)
        for name, level in fixed.items():
            for column, place in enumerate(self.shared):
                setting = self.process.settings[place]
                if setting.name == name:
                    rows &= self.combinations[:, column] == setting.index(level)
        if not rows.any():
            wanted = ", ".join(f"{name} = {write_level(level)}" for name, level in fixed.items())
            raise PlanError(f"no plate can have {wanted}", "choose levels that the campaign file lists")
        return np.flatnonzero(rows).astype(np.int64)


def plate_settings(process: Process, fixed: Mapping[str, Level], has_blocks: bool = False) -> PlateSettings:
    """The open combinations of shared settings, given those the caller has `fixed`.

    Without blocks (`has_blocks`) a setting that is shared by a block is shared by the plate.

    Raises:
        PlanError: when no combination has the fixed values, or a fixed setting is none that a plate shares.
    """
    shared = tuple(i for i, setting in enumerate(process.settings) if setting.shared_by != "well")
    check_fixed(process, fixed)
    rows: IntArray = np.zeros((1, 0), dtype=np.int64)
    if shared:  # else a pool's wells may have more settings than can be combined
        rows = np.unique(process.combinations[:, list(shared)], axis=0)
    groups = np.arange(len(rows))
    if has_blocks:
        by_plate = [column for column, i in enumerate(shared) if process.settings[i].shared_by == "plate"]
        groups = np.unique(rows[:, by_plate], axis=0, return_inverse=True)[1].ravel()
    whole = PlateSettings(process, shared, rows, groups)
    kept = whole.with_values(fixed)
    return PlateSettings(process, shared, rows[kept], np.unique(groups[kept], return_inverse=True)[1].ravel())


def check_fixed(process: Process, fixed: Mapping[str, Level]) -> None:
    """Refuse values of settings that wells do not share, and values that are no level.

    Raises:
        PlanError: with every such value.
    """
    names = {setting.name: setting for setting in process.settings if setting.shared_by != "well"}
    problems = []
    for name, level in fixed.items():
        if name not in names:
            mend = f"a plate shares {', '.join(names)}" if names else "the plates of this campaign share none"
            problems.append(Problem(f"setting {name}", "is not shared by the wells of a plate", mend))
        elif names[name].index(level) < 0:
            offered = ", ".join(write_level(entry) for entry in names[name].levels)
            what = f"{write_level(level)} is none of its levels"
            problems.append(Problem(f"setting {name}", what, f"choose one of {offered}"))
    if problems:
        raise PlanError(problems)
