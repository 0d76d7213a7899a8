"""What a hidden landscape sees of a candidate: who shares each site, how many carriers, which process.

The same arrays are made from a block of a space and from single candidates, so that a control outside the
space's limits is measured like any other well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import SpaceError

if TYPE_CHECKING:
    from alloop.space import Block, Candidate, Level, Space


@dataclass(frozen=True)
class Makeup:
    """Candidates as the landscape reads them; n candidates, m columns, s settings.

    `amounts` (n, m) are units per formula unit by column, `atoms` (n, n_elements) atoms by element,
    `positions` (n, s) where a numeric setting stands between its lowest (0) and highest (1) level, NaN where
    it does not apply or is a name, and `named` (n, s) the index of a named level, -1 elsewhere.
    """

    amounts: FloatArray
    atoms: FloatArray
    positions: FloatArray
    named: IntArray


def of_block(space: Space, block: Block) -> Makeup:
    """The makeup of a block of candidates of `space`."""
    position_tables, name_tables = _tables(space)
    n, n_settings = len(block.amounts), len(position_tables)
    positions = np.full((n, n_settings), np.nan)
    named = np.full((n, n_settings), -1, dtype=np.int64)
    for column in range(n_settings):
        index = block.settings[
            :, column
        ]  # -1 picks the tables' last entry, which stands for "does not apply"
        positions[:, column] = position_tables[column][index]
        named[:, column] = name_tables[column][index]
    return Makeup(block.amounts, space.element_amounts(block), positions, named)


def of_candidates(space: Space, candidates: Sequence[Candidate]) -> Makeup:
    """The makeup of single candidates, which need not lie within the limits of `space`.

    Raises:
        SpaceError: when a candidate does not say what sits where, or holds what no column of the space knows.
    """
    columns = {(column.group, column.label): index for index, column in enumerate(space.columns)}
    elements = {element: index for index, element in enumerate(space.elements)}
    settings = space.process.settings
    n = len(candidates)
    amounts, atoms = np.zeros((n, len(columns))), np.zeros((n, len(elements)))
    positions = np.full((n, len(settings)), np.nan)
    named = np.full((n, len(settings)), -1, dtype=np.int64)
    for row, candidate in enumerate(candidates):
        if not candidate.parts:
            raise SpaceError(
                f"{candidate.formula}: it is not said what sits where", "resolve it in the space"
            )
        for group, members in candidate.parts:
            for label, amount in members:
                if (group, label) not in columns:
                    raise SpaceError(f"{candidate.formula}: {label} on {group} is no part of this space")
                amounts[row, columns[group, label]] = float(amount)
        for element, amount in candidate.elements:
            if element not in elements:
                raise SpaceError(f"{candidate.formula}: element {element} is no part of this space")
            atoms[row, elements[element]] = float(amount)
        chosen = dict(candidate.settings)
        for column, setting in enumerate(settings):
            level = chosen.get(setting.name)
            if isinstance(level, str):
                named[row, column] = setting.levels.index(level) if level in setting.levels else -1
            elif level is not None:
                positions[row, column] = _position(float(level), setting.levels)
    return Makeup(amounts, atoms, positions, named)


def _tables(space: Space) -> tuple[list[FloatArray], list[IntArray]]:
    """Per setting: position and name index of each level, with one more entry for "does not apply"."""
    positions, names = [], []
    for setting in space.process.settings:
        positions.append(
            np.array(
                [
                    np.nan
                    if level is None or isinstance(level, str)
                    else _position(float(level), setting.levels)
                    for level in setting.levels
                ]
                + [np.nan]
            )
        )
        names.append(
            np.array(
                [index if isinstance(level, str) else -1 for index, level in enumerate(setting.levels)]
                + [-1],
                dtype=np.int64,
            )
        )
    return positions, names


def _position(value: float, levels: Sequence[Level]) -> float:
    """Where `value` stands between the lowest and highest number: by logarithms where these span a decade."""
    numbers = [float(level) for level in levels if level is not None and not isinstance(level, str)]
    low, high = min(numbers), max(numbers)
    if high == low:
        return 0.5
    if low > 0 and high / low >= 10 and value > 0:
        return float(np.log(value / low) / np.log(high / low))
    return (value - low) / (high - low)
