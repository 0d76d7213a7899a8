"""Fill a plate: components take turns, each in proportion to its share, under the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.planning.components import Component
from alloop.planning.rules import RuleBook


@dataclass(frozen=True)
class Pick:
    """A chosen candidate, the component that chose it and the gain it saw."""

    index: int
    component: str
    gain: float


def fill(components: Sequence[tuple[Component, float]], book: RuleBook, n_wells: int) -> list[Pick]:
    """Choose up to `n_wells` candidates; fewer when the rules leave no more.

    Args:
        components: with their shares of the wells (any positive scale).
        book: the plate's rules; it is changed.
        n_wells: how many wells to fill.
    """
    shares = np.array([share for _, share in components])
    shares = shares / shares.sum()
    credit = np.zeros(len(shares))
    picks: list[Pick] = []
    while len(picks) < n_wells:
        allowed = book.allowed
        if not allowed.any():
            break
        credit += shares
        turn = int(np.argmax(credit))
        credit[turn] -= 1.0
        component = components[turn][0]
        index, gain = component.best(allowed)
        picks.append(Pick(index, component.name, gain))
        book.add(index)
        for other, _ in components:
            other.add(index)
    return picks


def worth(picks: Sequence[Pick]) -> dict[str, float]:
    """Sum of the gains that each component saw."""
    totals: dict[str, float] = {}
    for pick in picks:
        totals[pick.component] = totals.get(pick.component, 0.0) + pick.gain
    return totals
