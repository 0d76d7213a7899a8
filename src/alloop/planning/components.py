"""What a well is worth under each aim. Every component offers the gain of adding one more candidate.

A plate's wells are dealt out to the components in proportion to the aims' weights, each component taking the
candidate with its largest gain in turn and all of them seeing what the others took. Gains of different kind are
never added up, so that no scale decides between them.

Gains of `Front` and `Cover` shrink as the plate fills (they are submodular), so that a bound from an earlier pick
stays one: only the few candidates on top are evaluated again (lazy greedy, Minoux 1978).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from scipy.linalg import solve_triangular

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.goals import lengths

_REEVALUATED = 48


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
    """A fixed score per candidate; what is already on the plate does not change it."""

    shrinks = False
    saturates = False
    explores = False

    def __init__(self, name: str, scores: FloatArray) -> None:
        self.name = name
        self.scores = scores

    def best(self, allowed: BoolArray) -> tuple[int, float]:
        """The allowed candidate with the highest score."""
        index = int(np.argmax(np.where(allowed, self.scores, -np.inf)))
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
        return Scored(self.name, self.scores[rows])


class _Lazy(ABC):
    """Greedy choice by gains that can only shrink."""

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


class Front(_Lazy):
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
        reach = lengths(goodness.astype(np.float32), directions.astype(np.float32))
        np.maximum(reach, 0.0, out=reach)
        reach *= passing[..., None]
        volume = reach.copy()
        for _ in range(1, power):  # much faster than a power
            volume *= reach
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
        growth = self._values[:, index] - self._reached[:, None]
        np.maximum(growth, 0.0, out=growth)
        return np.asarray(growth.mean(axis=(0, 2)), dtype=float)

    def add(self, index: int) -> None:
        """Raise what is reached to the new candidate's in every draw."""
        np.maximum(self._reached, self._values[:, index], out=self._reached)


class Cover(_Lazy):
    """How much nearer the space's uniform sample comes to something that has been tried (facility location).

    Args:
        distances: (r, m) between a uniform sample of the space and the candidates.
        tried: (r,) distance of the sample to the nearest thing measured or pending; inf where nothing is.
    """

    shrinks = False
    saturates = False
    explores = True

    def __init__(self, distances: FloatArray, tried: FloatArray) -> None:
        super().__init__("cover", distances.shape[1])
        self._distances = distances
        ceiling = 2.0 * float(distances.max(initial=1e-9))
        self._nearest = np.minimum(tried, ceiling)

    def _gain(self, index: IntArray) -> FloatArray:
        return np.asarray(np.maximum(self._nearest[:, None] - self._distances[:, index], 0.0).mean(axis=0))

    def add(self, index: int) -> None:
        """The sample is now at most as far as the new candidate."""
        np.minimum(self._nearest, self._distances[:, index], out=self._nearest)

    def fork(self) -> Cover:
        """A copy that goes its own way from here."""
        other = copy.copy(self)
        other._nearest = self._nearest.copy()
        other._bound = self._bound.copy()
        return other

    def part(self, rows: IntArray, every: int) -> Cover:
        """The component as it is now, for candidates `rows`."""
        other = copy.copy(self)
        other._distances = self._distances[:, rows]
        other._nearest = self._nearest.copy()
        other._bound = np.full(len(rows), np.inf)
        return other


class Map:
    """Expected fall of the variance over the space's uniform sample, summed over the objectives.

    Draws are conditioned on measuring what the plate holds only when somebody asks for a gain, all wells at once: with
    A the plate's wells, C(x, y) becomes C(x, y) - C(x, A) (C(A, A) + 1)⁻¹ C(A, y), noise being the unit.

    Args:
        candidates: (S, m, K) draws at the candidates in units of the measurement noise.
        sample: (S, r, K) the same draws at the uniform sample.
    """

    name = "map"
    shrinks = False
    saturates = False
    explores = True

    def __init__(self, candidates: FloatArray, sample: FloatArray) -> None:
        n_objectives = candidates.shape[2]
        self._candidates = [_centred(candidates[:, :, k]) for k in range(n_objectives)]
        self._sample = [_centred(sample[:, :, k]) for k in range(n_objectives)]
        self._plate = [array[:, :0] for array in self._candidates]
        self._learn_covariance()

    def _learn_covariance(self) -> None:
        """What each candidate shares with the sample, and its variance, before anything is on the plate."""
        n_draws = np.float32(len(self._sample[0])) if self._sample else 1.0
        pairs = list(zip(self._candidates, self._sample, strict=True))
        self._shared = [own.T @ sample / n_draws for own, sample in pairs]
        self._variance = [np.einsum("sm,sm->m", own, own) / n_draws for own in self._candidates]

    def gains(self, rows: IntArray) -> FloatArray:
        """The fall of the variance by a measurement of each of `rows`."""
        gain = np.zeros(len(rows))
        for k, plate in enumerate(self._plate):
            shared, variance = self._shared[k][rows], self._variance[k][rows]
            if plate.shape[1]:
                n_draws, own = np.float32(len(plate)), self._candidates[k][:, rows]
                factor = np.linalg.cholesky(
                    plate.T @ plate / n_draws + np.eye(plate.shape[1], dtype=np.float32)
                )
                inverse = solve_triangular(factor, np.eye(len(factor), dtype=np.float32), lower=True)
                to_own = inverse @ (plate.T @ own / n_draws)
                shared -= to_own.T @ (inverse @ (plate.T @ self._sample[k] / n_draws))
                variance -= np.einsum("km,km->m", to_own, to_own)
            gain += np.einsum("mr,mr->m", shared, shared) / shared.shape[1] / (variance + 1.0)
        return gain

    def best(self, allowed: BoolArray) -> tuple[int, float]:
        """The allowed candidate whose measurement would lower the variance most."""
        rows = np.flatnonzero(allowed)
        gain = self.gains(rows)
        index = int(np.argmax(gain))
        return int(rows[index]), float(gain[index])

    def fork(self) -> Map:
        """A copy that goes its own way from here; the draws, which never change, are shared."""
        other = copy.copy(self)
        other._plate = list(self._plate)
        return other

    def part(self, rows: IntArray, every: int) -> Map:
        """The component as it is now, for candidates `rows` and every so many-th draw."""
        other = copy.copy(self)
        other._candidates = [_centred(array[::every][:, rows]) for array in self._candidates]
        other._sample = [_centred(array[::every]) for array in self._sample]
        other._plate = [_centred(array[::every]) for array in self._plate]
        other._learn_covariance()
        return other

    def add(self, index: int) -> None:
        """The plate now holds candidate `index` too."""
        self._plate = [
            np.column_stack([plate, array[:, index]])
            for plate, array in zip(self._plate, self._candidates, strict=True)
        ]


def _centred(draws: FloatArray) -> FloatArray:
    """Draws (S, n) of one objective around their mean, in single precision and one piece."""
    return np.ascontiguousarray(draws - draws.mean(axis=0), dtype=np.float32)
