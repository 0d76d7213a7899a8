"""Settings that all wells of a plate share: which values are open, and which one a candidate belongs to."""

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
    """The combinations of shared settings that a plate may have.

    Attributes:
        process: all settings of the space.
        shared: indices of the settings that the plate shares.
        combinations: (c, len(shared)) level indices, -1 where a setting does not apply.
    """

    process: Process
    shared: tuple[int, ...]
    combinations: IntArray

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


def plate_settings(process: Process, fixed: Mapping[str, Level]) -> PlateSettings:
    """The open combinations of shared settings, given those the caller has `fixed`.

    Raises:
        PlanError: when no combination has the fixed values, or a fixed setting is none that a plate shares.
    """
    shared = tuple(i for i, setting in enumerate(process.settings) if setting.shared_by != "well")
    names = {process.settings[place].name: process.settings[place] for place in shared}
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
    rows = np.unique(process.combinations[:, list(shared)], axis=0)
    for column, place in enumerate(shared):
        setting = process.settings[place]
        if setting.name in fixed:
            wanted = setting.index(fixed[setting.name])
            rows = rows[rows[:, column] == wanted]
    if not len(rows):
        wanted_text = ", ".join(f"{name} = {write_level(level)}" for name, level in fixed.items())
        raise PlanError(f"no plate can have {wanted_text}", "choose levels that the campaign file lists")
    return PlateSettings(process, shared, rows)
