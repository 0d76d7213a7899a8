"""Scores of a retrospective benchmark: what was found, and how far the predictions were right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.lab.replay_table import ReplayTable
from alloop.planning.goals import hypervolume, make_yardstick
from alloop.scales import from_model_scale
from alloop.surrogate import observations

HIT_SHARE = 0.1


@dataclass(frozen=True)
class RoundScore:
    """Where a strategy stands after a round.

    Attributes:
        measured: candidates so far.
        hits: of the best tenth, so far.
        best: the best value of the first objective, in its canonical unit.
        hypervolume_fraction: dominated volume over that of the whole pool, from the stated references; where none is
            stated, from the worst of the pool.
        seconds: taken by the choice.
        coverage90: share of the round's values inside their predicted 90 % intervals; None without predictions.
        covered: the same per objective: how many were inside, of how many.
    """

    measured: int
    hits: int
    best: float | None
    hypervolume_fraction: float
    seconds: float
    coverage90: float | None
    covered: Mapping[str, tuple[int, int]]


class Judge:
    """Knows all answers, and scores what was found.

    Attributes:
        hits: (n,) which candidates of the pool are hits; one that never formed is none.
        goodness: (n, K) of every candidate, nan where it never formed.
    """

    def __init__(self, table: ReplayTable) -> None:
        self._table = table
        formed = np.flatnonzero(table.formed)
        everything = {
            entry.property: observations(np.zeros((len(formed), 0)), table.values[entry.property][formed])
            for entry in table.objectives
        }
        self._yardstick = make_yardstick(table.objectives, everything)
        columns = np.stack([table.values[entry.property] for entry in table.objectives], axis=-1)
        self.goodness: FloatArray = self._yardstick.goodness(columns)
        worst = np.minimum(self.goodness[formed].min(axis=0), 0.0)
        stated = np.array([entry.reference is not None for entry in self._yardstick.objectives])
        self._floor = np.where(stated, 0.0, worst)
        self._whole = hypervolume(self.goodness[formed], self._floor)
        self.hits: BoolArray = np.zeros(len(table), dtype=np.bool_)
        count = int(np.ceil(HIT_SHARE * len(table)))
        self.hits[formed] = hits_of(self.goodness[formed], min(count, len(formed)))

    def score(self, measured: IntArray, seconds: float, covered: Mapping[str, tuple[int, int]]) -> RoundScore:
        """The score of a set of measured ranks."""
        first = self._table.objectives[0]
        found = measured[self._table.formed[measured]]
        best = None
        if len(found):
            rank = found[int(np.argmax(self.goodness[found, 0]))]
            best = from_model_scale(float(self._table.values[first.property][rank]), first.scale)
        reached = hypervolume(self.goodness[found], self._floor)
        inside, judged = (sum(pair[i] for pair in covered.values()) for i in (0, 1))
        return RoundScore(
            measured=len(measured),
            hits=int(self.hits[measured].sum()),
            best=best,
            hypervolume_fraction=reached / self._whole if self._whole > 0 else 1.0,
            seconds=round(seconds, 4),
            coverage90=inside / judged if judged else None,
            covered=dict(covered),
        )

    def covered(self, ranks: IntArray, intervals: Mapping[str, FloatArray]) -> dict[str, tuple[int, int]]:
        """Per objective, how many exact values lie inside their predicted 90 % interval, and of how many.

        Args:
            ranks: (q,) candidates.
            intervals: per objective (q, 2), in its canonical unit.
        """
        result = {}
        for entry in self._table.objectives:
            if entry.property not in intervals:
                continue
            exact = (self._table.bounds[entry.property][ranks] == 0) & self._table.formed[ranks]
            values = self._table.values[entry.property][ranks]
            true = np.array([from_model_scale(value, entry.scale) for value in values])
            low, high = intervals[entry.property].T
            inside = ((low <= true) & (true <= high))[exact]
            result[entry.property] = (int(inside.sum()), len(inside))
        return result

    def errors(self, ranks: IntArray, beliefs: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Per objective, how far exact values lay from what was believed of them, in its standard deviations.

        Args:
            ranks: (q,) candidates.
            beliefs: per objective mean and standard deviation (q, 2), on its scale.
        """
        found = {}
        for name, believed in beliefs.items():
            exact = (self._table.bounds[name][ranks] == 0) & self._table.formed[ranks]
            mean, sd = believed[exact].T
            found[name] = (self._table.values[name][ranks][exact] - mean) / sd
        return found


def hits_of(goodness: FloatArray, count: int | None = None) -> BoolArray:
    """Which of n points (n, K) are hits: the best `count`, ⌈10 %⌉ unless given.

    By the only objective; with several in non-dominated order, ties in the last front by how much hypervolume a
    point adds to its front.
    """
    n = len(goodness)
    count = int(np.ceil(HIT_SHARE * n)) if count is None else count
    hit = np.zeros(n, dtype=bool)
    if goodness.shape[1] == 1:
        hit[np.argsort(-goodness[:, 0], kind="stable")[:count]] = True
        return hit
    left = np.arange(n)
    while hit.sum() < count:
        points = goodness[left]
        dominated = np.array(
            [bool(((points >= p).all(axis=1) & (points > p).any(axis=1)).any()) for p in points]
        )
        front = left[~dominated]
        room = count - int(hit.sum())
        if len(front) > room:
            floor = goodness.min(axis=0)
            whole = hypervolume(goodness[front], floor)
            added = np.array([whole - hypervolume(goodness[np.setdiff1d(front, [i])], floor) for i in front])
            front = front[np.argsort(-added, kind="stable")[:room]]
        hit[front] = True
        left = np.setdiff1d(left, front)
    return hit
