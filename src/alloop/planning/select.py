"""Fill a plate: components take turns, each in proportion to its share, under the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.planning.components import Component
from alloop.planning.rules import RuleBook

_SPENT = 0.5
"""Share of its first gain below which an aim that saturates is done with a plate. See docs/planner.md."""


@dataclass(frozen=True)
class Pick:
    """A chosen candidate, the component that chose it and the gain it saw."""

    index: int
    component: str
    gain: float


def fill(components: Sequence[tuple[Component, float]], book: RuleBook, n_wells: int) -> list[Pick]:
    """Choose up to `n_wells` candidates; fewer when the rules leave no more.

    An aim for one best value whose gain has fallen below half of its first one leaves its turns to the other aims:
    once a few candidates stand for an improvement, more of them bet on the same draws. One that has nothing left to
    gain leaves them to exploration too, rather than take the first candidate in line. Exploration keeps its share.

    Args:
        components: with their shares of the wells (any positive scale).
        book: the plate's rules; it is changed.
        n_wells: how many wells to fill.
    """
    shares = np.array([share for _, share in components])
    shares = shares / shares.sum()
    explores = np.array([component.explores for component, _ in components])
    spent = np.zeros(len(shares), dtype=bool)
    credit = np.zeros(len(shares))
    first: dict[str, float] = {}
    picks: list[Pick] = []
    while len(picks) < n_wells:
        allowed = book.allowed
        if not allowed.any():
            break
        active = np.where(spent, 0.0, shares)
        aims = ~explores & ~spent
        active[aims] *= shares[~explores].sum() / max(active[aims].sum(), 1e-12)
        turn = int(np.argmax(np.where(spent, -np.inf, credit + active)))
        component = components[turn][0]
        index, gain = component.best(allowed)
        if component.shrinks:
            nothing_left = gain <= 0.0 and (~spent).sum() > 1
            is_low = gain < _SPENT * first.setdefault(component.name, gain)
            if nothing_left or (component.saturates and is_low and aims.sum() > 1):
                spent[turn] = True
                continue
        credit += active
        credit[turn] -= 1.0
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
