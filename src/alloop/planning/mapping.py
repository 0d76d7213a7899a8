"""Learn a region or a boundary: what the aim `map` is about where the campaign says it.

For a boundary, what counts is on which side of it each point of the region lies. If p is the chance to lie above,
p(1 - p) is the doubt about that, and twice it the chance that a drawn answer is wrong. A measurement that explains the
share r of a point's variance leaves E[p'(1 - p')] = p - Φ₂(a, a; r), with a the distance to the boundary in standard
deviations and Φ₂ the bivariate normal: so it takes Φ₂(a, a; r) - Φ(a)² off, the integral of the bivariate density over
the correlation from 0 to r (Plackett 1954, doi:10.1093/biomet/41.3-4.351).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.errors import PlanError
from alloop.planning.aims import FEASIBILITY, MapGoal
from alloop.planning.beliefs import Beliefs
from alloop.planning.components import Component
from alloop.planning.explorers import Map
from alloop.planning.goals import Yardstick
from alloop.planning.problem import PlanningProblem
from alloop.scales import to_model_scale
from alloop.space import Block, Space

_SAMPLE = 400
_MORE_PER_SETTING = 150
_MOST = 1600
_BLOCK = 16_384
_BLOCKS = 60
_DRAWS = 256
_EXACT = 64
_SMALL = 1e-9
_PROBIT_NOISE = float(np.sqrt(np.pi / 2.0))
"""A sign tells less than a value: near the boundary, as much as one with this factor on its noise."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


def in_region(space: Space, goal: MapGoal, block: Block) -> BoolArray:
    """Which candidates (n,) of a block lie in the region that a map is about."""
    inside = np.ones(len(block), dtype=bool)
    names = [setting.name for setting in space.process.settings]
    for name, (low, high) in goal.where.items():
        columns = [i for i, column in enumerate(space.columns) if column.label == name]
        if columns:
            values = block.amounts[:, columns].sum(axis=1)
        else:
            place = names.index(name)
            levels = space.process.settings[place].levels
            numbers = [
                float("nan") if level is None or isinstance(level, str) else float(level) for level in levels
            ]
            values = np.array([*numbers, float("nan")])[block.settings[:, place]]
        inside &= (values >= low - _SMALL) & (values <= high + _SMALL)
    return inside


def region_ranks(problem: PlanningProblem, goal: MapGoal, count: int, rng: np.random.Generator) -> IntArray:
    """Up to `count` ranks, uniform in the region, in random order.

    Raises:
        PlanError: when the region holds no candidate that random sampling finds.
    """
    space = problem.space
    found: list[IntArray] = []
    for _ in range(_BLOCKS):
        drawn = space.sample(min(_BLOCK, space.size), rng)
        found.append(drawn[in_region(space, goal, space.decode(drawn))])
        if sum(map(len, found)) >= count or len(drawn) == space.size:
            break
    ranks = np.concatenate(found)
    ranks = ranks[np.sort(np.unique(ranks, return_index=True)[1])][:count]
    if not len(ranks):
        where = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in goal.where.items())
        raise PlanError(f"no candidate lies in the region of the map: {where}", "widen map.where")
    return ranks


def explained(distance: FloatArray, share: FloatArray) -> FloatArray:
    """What goes off p(1 - p) when `share` (0 to 1) of the variance is explained; both (...).

    `distance` is that of the mean from the boundary in standard deviations.
    """
    top = np.arcsin(np.clip(share, 0.0, 1.0))
    angles = 0.5 * top[..., None] * (_NODES + 1.0)
    density = np.exp(-(distance[..., None] ** 2) / (1.0 + np.sin(angles))) / (2.0 * np.pi)
    return np.asarray(0.5 * top * (density @ _WEIGHTS))


def doubt_of(distance: FloatArray) -> FloatArray:
    """p(1 - p) at a distance from the boundary in standard deviations."""
    chance = ndtr(distance)
    return np.asarray(chance * (1.0 - chance))


class Boundary:
    """Expected fall of the doubt on which side of a boundary the points of a region lie.

    Args:
        candidates: (S, m) draws at the candidates, in units of the measurement noise.
        sample: (S, r) the same draws at points of the region.
        level: where the boundary lies, in the same units.
    """

    name = "boundary"
    shrinks = False
    saturates = False
    explores = False

    def __init__(self, candidates: FloatArray, sample: FloatArray, level: float) -> None:
        middle = sample.mean(axis=0)
        self._own = np.ascontiguousarray(candidates - candidates.mean(axis=0), dtype=np.float32)
        self._sample = np.ascontiguousarray(sample - middle, dtype=np.float32)
        self._variance = np.maximum((self._sample**2).mean(axis=0).astype(float), _SMALL)
        self._distance = (middle - level) / np.sqrt(self._variance)
        self._share = np.zeros(len(middle))

    def _shares(self, rows: slice | IntArray) -> FloatArray:
        """The share (m, r) of each point's first variance that a measurement would explain."""
        own, n_draws = self._own[:, rows], len(self._own)
        shared = own.T @ self._sample / n_draws
        spread, left = np.einsum("sm,sm->m", own, own) / n_draws, (self._sample**2).mean(axis=0)
        square = np.maximum(shared**2 - np.outer(spread, left) / n_draws, 0.0)  # without chance correlation
        return np.asarray(square / (spread[:, None] + 1.0) / self._variance)

    def gains(self, rows: IntArray) -> FloatArray:
        """The fall of the doubt by a measurement of each of `rows`."""
        after = explained(self._distance, np.minimum(self._share + self._shares(rows), 1.0))
        return np.asarray((after - explained(self._distance, self._share)).mean(axis=1))

    def best(self, allowed: BoolArray) -> tuple[int, float]:
        """The allowed candidate with the largest gain, among the most promising by the slope of the gain."""
        share = np.minimum(self._share, 0.99)
        slope = np.exp(-(self._distance**2) / (1.0 + share)) / np.sqrt(1.0 - share**2)
        rough = np.where(allowed, self._shares(slice(None)) @ slope, -np.inf)
        top = np.argsort(-rough, kind="stable")[:_EXACT]
        top = top[np.isfinite(rough[top])]
        gains = self.gains(top)
        return int(top[np.argmax(gains)]), float(gains.max())

    def fork(self) -> Boundary:
        """A copy that goes its own way from here."""
        other = copy.copy(self)
        for name in ("_own", "_sample", "_share"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def part(self, rows: IntArray, every: int) -> Boundary:
        """The component as it is now, for candidates `rows` and every so many-th draw."""
        other = self.fork()
        other._own = np.ascontiguousarray(self._own[::every][:, rows])
        other._sample = np.ascontiguousarray(self._sample[::every])
        return other

    def add(self, index: int) -> None:
        """Condition the draws on a measurement of the new candidate.

        Their covariance becomes C - c c'/(v + 1) exactly: the ensemble square-root filter of Potter (Tippett et al.
        2003, doi:10.1175/1520-0493(2003)131<1485:ESRF>2.0.CO;2, with one observation).
        """
        self._share = np.minimum(self._share + self._shares(np.array([index]))[0], 1.0)
        n_draws = len(self._own)
        column = self._own[:, index].copy()
        square = float(column @ column)
        if square > 0.0:
            shrink = np.float32((1.0 - np.sqrt(n_draws / (square + n_draws))) / square)
            for array in (self._sample, self._own):
                array -= np.outer(column, column @ array) * shrink


@dataclass(frozen=True)
class Atlas:
    """The region of a map: its goal, a uniform sample of it, and more of its candidates to choose from."""

    goal: MapGoal
    sample: IntArray
    ranks: IntArray


def open_atlas(
    problem: PlanningProblem, beliefs: Beliefs, n_settings: int, rng: np.random.Generator
) -> Atlas | None:
    """The region to be learned; None where `map` is no aim, has no goal, or nothing is known of its property.

    Raises:
        PlanError: when the region is empty.
    """
    goal = problem.map_goal
    if goal is None or not problem.aim.get("map") or not is_known(goal, beliefs):
        return None
    count = min(_SAMPLE + _MORE_PER_SETTING * n_settings, _MOST)
    ranks = region_ranks(problem, goal, count, rng)
    return Atlas(goal, ranks[:_SAMPLE], np.sort(ranks))


def is_known(goal: MapGoal, beliefs: Beliefs) -> bool:
    """Whether there is a model of what a map is about."""
    if goal.property == FEASIBILITY:
        return beliefs.forming is not None
    return bool(beliefs.properties) if goal.property is None else goal.property in beliefs.properties


def map_component(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    atlas: Atlas,
    features: FloatArray,
    rng: np.random.Generator,
) -> Component:
    """The component that learns an atlas' region or boundary, choosing among candidates with `features` (m, d)."""
    there = problem.features.of_block(problem.space.decode(atlas.sample))
    draws, level = drawn_values(
        problem, beliefs, yardstick, atlas.goal, np.vstack([features, there]), _DRAWS, rng
    )
    m = len(features)
    if level is not None:
        return Boundary(draws[:, :m, 0], draws[:, m:, 0], level)
    component = Map(draws[:, :m], draws[:, m:])
    component.name = "region"
    component.explores = False
    return component


def drawn_values(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    goal: MapGoal,
    features: FloatArray,
    n_draws: int,
    rng: np.random.Generator,
) -> tuple[FloatArray, float | None]:
    """Joint draws (S, n, K) of what a map is about, in units of the measurement noise, and its boundary in them."""
    if goal.property == FEASIBILITY and beliefs.forming is not None:
        noise = beliefs.forming.noise_sd() * _PROBIT_NOISE
        return beliefs.forming.sample(features, n_draws, rng)[..., None] / noise, 0.0
    names = [entry.property for entry in yardstick.objectives] if goal.property is None else [goal.property]
    columns = []
    for name in names:
        belief = beliefs.properties[name]
        columns.append(belief.sample(features, n_draws, rng) / max(belief.noise_sd(), _SMALL))
    level = None
    if goal.property is not None and goal.boundary is not None:
        scales = {aim.property: aim.scale for aim in (*problem.observed, *problem.constraints)}
        scale = {**scales, **{aim.property: aim.scale for aim in problem.objectives}}[goal.property]
        level = to_model_scale(goal.boundary, scale) / max(
            beliefs.properties[goal.property].noise_sd(), _SMALL
        )
    return np.stack(columns, axis=-1), level


def fall_of_doubt(plate: FloatArray, region: FloatArray, level: float | None) -> float:
    """The share that measuring a whole plate takes off the doubt about a region.

    The doubt is the root mean variance, or with a boundary (`level`) the mean of p(1 - p).

    Args:
        plate: (S, w, K) joint draws at its wells, in units of the measurement noise.
        region: (S, r, K) the same draws in the region.
        level: of the boundary; there is then one property.
    """
    n_draws = len(plate)
    left = total = 0.0
    for k in range(plate.shape[2]):
        own, there = (
            plate[:, :, k] - plate[:, :, k].mean(axis=0),
            region[:, :, k] - region[:, :, k].mean(axis=0),
        )
        inner, cross = own.T @ own / n_draws, own.T @ there / n_draws
        solved = np.linalg.solve(inner + np.eye(len(inner)), np.hstack([cross, inner]))
        variance = np.maximum((there**2).mean(axis=0), _SMALL)
        share = np.clip((cross * solved[:, : cross.shape[1]]).sum(axis=0) / variance, 0.0, 1.0)
        freedom = float(np.trace(solved[:, cross.shape[1] :]))  # what chance alone would explain, taken off
        share = np.clip(1.0 - (1.0 - share) * (n_draws - 1) / max(n_draws - freedom - 1, 1.0), 0.0, 1.0)
        if level is not None:
            distance = (region[:, :, k].mean(axis=0) - level) / np.sqrt(variance)
            before = float(doubt_of(distance).mean())
            return float(explained(distance, share).mean()) / max(before, _SMALL)
        left += float(((1.0 - share) * variance).sum()) / float(variance.sum())
        total += 1.0
    return 1.0 - float(np.sqrt(left / total)) if total else 0.0


__all__ = [
    "Atlas", "Boundary", "doubt_of", "drawn_values", "explained", "fall_of_doubt", "in_region", "is_known",
    "map_component", "open_atlas", "region_ranks",
]  # fmt: skip
