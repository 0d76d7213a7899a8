"""Small changes of a composition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.arrays import IntArray
from alloop.space.program import Variable


def moves(variables: Sequence[Variable], amounts: IntArray) -> IntArray:
    """Compositions one small change away, whether or not the space allows them.

    One variable steps a level up or down (from zero to its lowest, and back), two step at once in opposite or
    equal directions when at least one of them is present, or two of one group exchange their amounts.

    Args:
        variables: of the program.
        amounts: (n_variables,) in units.

    Returns:
        (n_moves, n_variables); rows may repeat.
    """
    up: dict[int, int] = {}
    down: dict[int, int] = {}
    for i, variable in enumerate(variables):
        ladder = variable.levels if variable.is_required else (0, *variable.levels)
        at = ladder.index(int(amounts[i]))
        if at + 1 < len(ladder):
            up[i] = ladder[at + 1]
        if at:
            down[i] = ladder[at - 1]
    changes: list[tuple[tuple[int, int], ...]] = [
        ((i, to),) for steps in (up, down) for i, to in steps.items()
    ]
    present = [i for i in range(len(variables)) if amounts[i]]
    for i in present:
        for j in range(len(variables)):
            if i == j:
                continue
            for first, second in ((up, up), (up, down), (down, up), (down, down)):
                if i in first and j in second:
                    changes.append(((i, first[i]), (j, second[j])))
            if variables[i].group == variables[j].group:
                taken, given = (
                    _nearest(variables[j], int(amounts[i])),
                    _nearest(variables[i], int(amounts[j])),
                )
                changes.append(((i, given), (j, taken)))
    result = np.repeat(amounts[None, :], len(changes), axis=0)
    for row, change in enumerate(changes):
        for variable_index, to in change:
            result[row, variable_index] = to
    return result


def _nearest(variable: Variable, amount: int) -> int:
    """The variable's level nearest to the amount; zero for zero."""
    if amount == 0:
        return 0
    return min(variable.levels, key=lambda level: (abs(level - amount), level))
