"""Children of compositions: random small changes and crossings, for many at once."""

from __future__ import annotations

import numpy as np

from alloop.arrays import BoolArray, IntArray
from alloop.space.coded import CodedSpace

_CROSSED = 0.35
_REPLACED = 0.4  # of the others: something present gives its place to something else
_CHANGED = 0.15  # something is added or left out; the rest step a level


def varied(space: CodedSpace, numbers: IntArray, rng: np.random.Generator) -> IntArray:
    """Numbers of compositions that come from `numbers` (n,), each by one random change.

    A third are crossings: what two parents hold is pooled, and each thing present in either is taken by chance, as
    many as one of them holds. In the others a level is stepped, once or twice, one thing gives its place (and its
    amount, as nearly as its levels allow) to another of its group, or something is added or left out.

    Returns:
        At most n numbers, sorted and distinct, of compositions that the space allows; parents may be among them.
    """
    ladders, groups = _ladders(space)
    levels = _levels(ladders, space.variable_units(numbers))
    kind = rng.random(len(numbers))
    crossed = kind < _CROSSED
    rest = (kind - _CROSSED) / (1.0 - _CROSSED)
    replaced = ~crossed & (rest < _REPLACED)
    changed = ~crossed & ~replaced & (rest < _REPLACED + _CHANGED)
    stepped = ~crossed & ~replaced & ~changed
    mates = levels[rng.permutation(len(levels))]
    children = levels.copy()
    children[crossed] = _cross(levels[crossed], mates[crossed], rng)
    children[replaced] = _replace(levels[replaced], groups, ladders, rng)
    children[changed] = _change(levels[changed], ladders, rng)
    children[stepped] = _step(_step(levels[stepped], ladders, rng, 1.0), ladders, rng, 0.5)
    amounts = np.take_along_axis(ladders.T, children, axis=0)
    found = space.variable_numbers(amounts)
    return np.unique(found[found >= 0])


def _ladders(space: CodedSpace) -> tuple[IntArray, IntArray]:
    """Amounts (n_variables, longest) of each variable's levels from zero up, the last repeated; their groups."""
    variables = space.automata[0].program.variables
    longest = 1 + max(len(variable.levels) for variable in variables)
    rows = [[0, *v.levels, *[v.levels[-1]] * (longest - 1 - len(v.levels))] for v in variables]
    return np.array(rows, dtype=np.int64), np.array([v.group for v in variables], dtype=np.int64)


def _levels(ladders: IntArray, amounts: IntArray) -> IntArray:
    """The place of every amount (n, n_variables) on its ladder."""
    columns = [np.searchsorted(ladder, column) for ladder, column in zip(ladders, amounts.T, strict=True)]
    return np.stack(columns, axis=1)


def _pick(allowed: BoolArray, rng: np.random.Generator) -> tuple[IntArray, BoolArray]:
    """A random allowed column for each row of (n, v), and which rows have any."""
    lot = np.where(allowed, rng.random(allowed.shape), -1.0)
    return lot.argmax(axis=1), np.asarray(allowed.any(axis=1))


def _cross(levels: IntArray, mates: IntArray, rng: np.random.Generator) -> IntArray:
    takes_first = rng.random(levels.shape) < 0.5
    pooled = np.where((levels > 0) & (takes_first | (mates == 0)), levels, mates)
    count = np.where(rng.random(len(levels)) < 0.5, (levels > 0).sum(axis=1), (mates > 0).sum(axis=1))
    lot = np.where(pooled > 0, rng.random(levels.shape), -1.0)
    place = np.argsort(np.argsort(-lot, axis=1), axis=1)
    return np.where(place < count[:, None], pooled, 0)


def _step(levels: IntArray, ladders: IntArray, rng: np.random.Generator, chance: float) -> IntArray:
    result = levels.copy()
    chosen, possible = _pick(levels > 0, rng)
    rows = np.flatnonzero(possible & (rng.random(len(levels)) < chance))
    way = rng.choice([-1, 1], size=len(rows))
    stepped = np.clip(levels[rows, chosen[rows]] + way, 1, ladders.shape[1] - 1)
    result[rows, chosen[rows]] = stepped
    return result


def _replace(levels: IntArray, groups: IntArray, ladders: IntArray, rng: np.random.Generator) -> IntArray:
    result = levels.copy()
    gives, possible = _pick(levels > 0, rng)
    takes, free = _pick((levels == 0) & (groups == groups[gives][:, None]), rng)
    rows = np.flatnonzero(possible & free)
    gives, takes = gives[rows], takes[rows]
    amount = ladders[gives, levels[rows, gives]]
    nearest = 1 + np.abs(ladders[takes, 1:] - amount[:, None]).argmin(axis=1)
    result[rows, gives] = 0
    result[rows, takes] = nearest
    return result


def _change(levels: IntArray, ladders: IntArray, rng: np.random.Generator) -> IntArray:
    result = levels.copy()
    chosen, possible = _pick(np.ones_like(levels, dtype=bool), rng)
    present, some = _pick(levels > 0, rng)
    drops = some & (rng.random(len(levels)) < 0.5)
    rows = np.flatnonzero(drops)
    result[rows, present[rows]] = 0
    rows = np.flatnonzero(possible & ~drops)
    result[rows, chosen[rows]] = rng.integers(1, ladders.shape[1], size=len(rows))
    return result
