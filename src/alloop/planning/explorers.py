"""What a well is worth for exploration: components that serve no aim but keep the planner from getting stuck."""

from __future__ import annotations

import copy

import numpy as np
from scipy.linalg import solve_triangular

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.components import Lazy


class Cover(Lazy):
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
        if not len(rows):
            return 0, -np.inf
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
