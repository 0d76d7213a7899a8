"""A committee of randomised trees: no smoothness assumed, at home where families of materials differ.

Extremely randomised trees (Geurts et al. 2006, doi:10.1007/s10994-006-6226-1), each on its own bootstrap sample.
What is drawn are not rows but *units* that belong together (repeats of a recipe, a plate): rows that a tree has not
seen then share nothing with those it has, and the trees without a row predict it honestly, with no second fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sklearn
from sklearn.tree import ExtraTreeRegressor

from alloop.arrays import BoolArray, FloatArray, IntArray, RealArray

_TREES = 128
_AT_ONCE = 16_384
_MIN_LEAF = 1
_MAX_FEATURES = 0.5
_LARGEST_SAMPLE = 4000
"""Rows of a tree's bootstrap sample at most: beyond, trees only grow slower."""


@dataclass(frozen=True)
class Forest:
    """Fitted trees; the spread between trees is the doubt about the function.

    Attributes:
        trees: the fitted trees.
        unseen: (n_trees, n) which training rows were held out of each tree.
        training: (n, d) features of the training rows, in single precision as the trees see them.
    """

    trees: Sequence[ExtraTreeRegressor]
    unseen: BoolArray
    training: RealArray

    def members(self, features: RealArray, n_trees: int | None = None) -> FloatArray:
        """Prediction of every tree: (n_trees, n)."""
        x = np.ascontiguousarray(features, dtype=np.float32)
        return np.stack([tree.tree_.predict(x)[:, 0] for tree in self.trees[:n_trees]])

    def latent(self, features: FloatArray, n_trees: int | None = None) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the function over the trees."""
        mean, sd = np.empty(len(features)), np.empty(len(features))
        for start in range(0, len(features), _AT_ONCE):
            members = self.members(features[start : start + _AT_ONCE], n_trees)
            mean[start : start + _AT_ONCE] = members.mean(axis=0)
            sd[start : start + _AT_ONCE] = members.std(axis=0)
        return mean, sd

    def held_out(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (len(rows),) at training rows over the trees that have not seen them.

        A row that every tree has seen, such as a control made on every plate, is nan.
        """
        unseen = self.unseen[:, rows]
        count = unseen.sum(axis=0)
        members = self.members(self.training[rows])
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(unseen, members, 0.0).sum(axis=0) / count
            square = np.where(unseen, (members - mean) ** 2, 0.0).sum(axis=0) / count
        return mean, np.sqrt(square)

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """Joint draws (n_samples, n): each is one tree, taken in random order."""
        members = self.members(features)
        order: IntArray = np.concatenate(
            [rng.permutation(len(members)) for _ in range(-(-n_samples // len(members)))]
        )[:n_samples]
        return members[order]


def fit_forest(
    features: FloatArray,
    values: FloatArray,
    seed: int,
    units: IntArray | None = None,
    recipes: IntArray | None = None,
    n_trees: int = _TREES,
) -> Forest:
    """Fit `n_trees` trees to `features` (n, d) and `values` (n,).

    Args:
        features: (n, d).
        values: (n,).
        seed: of bootstrap samples and splits.
        units: (n,) rows with the same number are drawn together; every row is its own unit when None.
        recipes: (n,) a tree that has seen one row of a recipe counts as having seen all of them.
        n_trees: how many.
    """
    n = len(values)
    rng = np.random.default_rng(seed)
    x = np.ascontiguousarray(features, dtype=np.float32)
    y = np.ascontiguousarray(values, dtype=np.float64)[:, None]
    member = np.unique(np.arange(n) if units is None else units, return_inverse=True)[1].ravel()
    n_units = int(member.max()) + 1
    n_drawn = max(min(n_units, int(_LARGEST_SAMPLE * n_units / n)), 1)
    trees, unseen = [], np.zeros((n_trees, n), dtype=bool)
    with sklearn.config_context(skip_parameter_validation=True):
        for number in range(n_trees):
            times = np.bincount(rng.integers(n_units, size=n_drawn), minlength=n_units)[member]
            rows = np.flatnonzero(times)
            unseen[number] = times == 0
            if recipes is not None:
                unseen[number] &= ~np.isin(recipes, recipes[rows])
            tree = ExtraTreeRegressor(
                min_samples_leaf=_MIN_LEAF, max_features=_MAX_FEATURES, random_state=int(rng.integers(2**31))
            )
            # nothing is checked: types are right by construction, and checks cost as much as a small fit
            tree.fit(x[rows], y[rows], sample_weight=times[rows].astype(np.float64), check_input=False)
            trees.append(tree)
    return Forest(tuple(trees), unseen, x)
