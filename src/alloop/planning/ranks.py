"""Where many candidates lie in a space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.arrays import IntArray
from alloop.space import Block, Candidate, PoolSpace, Space

_FEW = 200


def ranks_of(space: Space, candidates: Sequence[Candidate]) -> IntArray:
    """Ranks (n,) of candidates, -1 for those the space does not hold; thousands take a moment."""
    if len(candidates) <= _FEW or isinstance(space, PoolSpace):
        found = [space.find(candidate) for candidate in candidates]
        return np.array([-1 if rank is None else rank for rank in found], dtype=np.int64)
    columns = {(column.group, column.label): place for place, column in enumerate(space.columns)}
    amounts = np.zeros((len(candidates), len(columns)))
    levels = np.full((len(candidates), len(space.process.settings)), -1, dtype=np.int64)
    settings = {setting.name: (place, setting) for place, setting in enumerate(space.process.settings)}
    inside = np.ones(len(candidates), dtype=bool)
    for row, candidate in enumerate(candidates):
        for group, held in candidate.parts:
            for label, amount in held:
                column = columns.get((group, label))
                if column is None:
                    inside[row] = False
                else:
                    amounts[row, column] = float(amount)
        for name, level in candidate.settings:
            place, setting = settings.get(name, (-1, None))
            if setting is None or setting.index(level) < 0:
                inside[row] = False
            else:
                levels[row, place] = setting.index(level)
    ranks = space.rank_block(Block(np.full(len(candidates), -1, dtype=np.int64), amounts, levels))
    return np.where(inside, ranks, -1)
