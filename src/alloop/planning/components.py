"""What a well is worth under each aim. Every component offers the gain of adding one more candidate.

A plate's wells are dealt out to the components in proportion to the aims' weights, each component taking the
candidate with its largest gain in turn and all of them seeing what the others took. Gains of different kind are
never added up, so that no scale decides between them.

Gains of `Front` here and of `Cover` in `explorers` shrink as the plate fills (they are submodular), so that a bound
from an earlier pick stays one: only the few candidates on top are evaluated again (lazy greedy, Minoux 1978).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.goals import lengths

_REEVALUATED = 16
_AT_ONCE = 64  # candidates whose gains fit into a core's cache
_DRAWS_AT_ONCE = 8


class Component(Protocol):
    """One way to value candidates 0 … m-1.

    `shrinks` says that gains fall as the plate fills; `saturates` that an aim can then be done with the plate long
    before its gains are nothing; `explores` that it serves no aim but keeps the planner from getting stuck.
    """

    name: str
    shrinks: bool
    saturates: bool
    explores: bool

    def best(self, allowed: BoolArray) -> tuple[int, float]:
        """The allowed candidate with the largest gain, and that gain."""

    def gains(self, rows: IntArray) -> FloatArray:
        """The gains of candidates `rows` beside what the plate holds."""

    def add(self, index: int) -> None:
        """Take note that the plate now holds candidate `index`."""

    def fork(self) -> Component:
        """A copy that goes its own way from here; large arrays that never change are shared."""

    def part(self, rows: IntArray, every: int) -> Component:
        """The component as it is now, for candidates `rows` and every so many-th draw."""


class Scored:
    """A fixed score per candidate; what is already on the plate does not change it.

    Args:
        name: of the component.
        scores: (m,) what each candidate is worth.
        order: (m,) by what they are chosen, where that is not their score.
    """

    shrinks = False
    saturates = False
    explores = False

    def __init__(self, name: str, scores: FloatArray, order: FloatArray | None = None) -> None:
        self.name = name
        self.scores = scores
        self._order = scores if order is None else order

    def best(self, allowed: BoolArray) -> tuple[int, float]:
        """The first of the allowed candidates in order."""
        index = int(np.argmax(np.where(allowed, self._order, -np.inf)))
        return index, float(self.scores[index])

    def gains(self, rows: IntArray) -> FloatArray:
        """The candidates' scores."""
        return self.scores[rows]

    def add(self, index: int) -> None:
        """Scores stand on their own: nothing to note."""

    def fork(self) -> Scored:
        """Nothing ever changes: the component itself."""
        return self

    def part(self, rows: IntArray, every: int) -> Scored:
        """The scores of `rows`."""
        return Scored(self.name, self.scores[rows], self._order[rows])


class Lazy(ABC):
    """Greedy choice by gains that can only shrink; for components to build on."""

    shrinks = True
    saturates = False
    explores = False

    def __init__(self, name: str, n_candidates: int) -> None:
        self.name = name
        self._bound = np.full(n_candidates, np.inf)

    @abstractmethod
    def _gain(self, index: IntArray) -> FloatArray:
        """Gains of candidates `index` beside what the plate holds."""

    def gains(self, rows: IntArray) -> FloatArray:
        """The gains of candidates `rows`."""
        return self._gain(rows)

    def best(self, allowed: BoolArray) -> tuple[int, float]:
        """The allowed candidate with the largest gain."""
        if not np.isfinite(self._bound).all():
            self._bound = self._gain(np.arange(len(self._bound)))
        bound = np.where(allowed, self._bound, -np.inf)
        fresh = np.zeros(len(bound), dtype=bool)
        while True:
            top = int(np.argmax(bound))
            if fresh[top] or not np.isfinite(bound[top]):
                return top, float(bound[top])
            stale = np.flatnonzero(~fresh & np.isfinite(bound))
            if len(stale) > _REEVALUATED:
                stale = stale[np.argpartition(-bound[stale], _REEVALUATED - 1)[:_REEVALUATED]]
            bound[stale] = self._bound[stale] = self._gain(stale)
            fresh[stale] = True


class Front(Lazy):
    """Growth of the hypervolume, by random directions: HV = c · E_w[max_y min_k(g_k / w_k)₊^K].

    Args:
        goodness: (S, m, K) draws at the candidates.
        passing: (S, m) feasibility of the same draws.
        known: (S, h, K) goodness at what is measured or pending; `known_passing` (S, h).
        directions: (D, K).
    """

    def __init__(
        self,
        name: str,
        goodness: FloatArray,
        passing: BoolArray,
        known: FloatArray,
        known_passing: BoolArray,
        directions: FloatArray,
    ) -> None:
        super().__init__(name, goodness.shape[1])
        power = goodness.shape[2]
        # one objective has one best value, which a few candidates stand for; a front of several can grow elsewhere
        self.saturates = power == 1
        self._values = self._volume(goodness, passing, directions, power)
        reached = self._volume(known, known_passing, directions, power)
        self._reached = reached.max(axis=1) if reached.shape[1] else np.zeros_like(self._values[:, 0])

    @staticmethod
    def _volume(goodness: FloatArray, passing: BoolArray, directions: FloatArray, power: int) -> FloatArray:
        weights: FloatArray = directions.astype(np.float32)
        volume: FloatArray = np.empty((*goodness.shape[:2], len(directions)), dtype=np.float32)
        for start in range(0, len(goodness), _DRAWS_AT_ONCE):
            draws = slice(start, start + _DRAWS_AT_ONCE)
            narrow: FloatArray = goodness[draws].astype(np.float32)
            reach = lengths(narrow, weights)
            np.maximum(reach, 0.0, out=reach)
            reach *= passing[draws, :, None]
            volume[draws] = reach
            for _ in range(1, power):  # much faster than a power
                volume[draws] *= reach
        return volume

    def fork(self) -> Front:
        """A copy that goes its own way from here (the large arrays are shared)."""
        other = copy.copy(self)
        other._reached = self._reached.copy()
        other._bound = self._bound.copy()
        return other

    def part(self, rows: IntArray, every: int) -> Front:
        """The component as it is now, for candidates `rows` and every so many-th draw."""
        other = copy.copy(self)
        other._values = self._values[::every][:, rows]
        other._reached = self._reached[::every].copy()
        other._bound = np.full(len(rows), np.inf)
        return other

    @property
    def level(self) -> float:
        """Expected hypervolume (up to the constant c) of what is known and chosen so far."""
        return float(self._reached.mean())

    def _gain(self, index: IntArray) -> FloatArray:
        gain = np.empty(len(index))
        for start in range(0, len(index), _AT_ONCE):
            growth = self._values[:, index[start : start + _AT_ONCE]]
            growth -= self._reached[:, None]
            np.maximum(growth, 0.0, out=growth)
            gain[start : start + _AT_ONCE] = growth.mean(axis=(0, 2))
        return gain

    def add(self, index: int) -> None:
        """Raise what is reached to the new candidate's in every draw."""
        np.maximum(self._reached, self._values[:, index], out=self._reached)
