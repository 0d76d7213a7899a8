"""A committee of randomised trees: no smoothness assumed, at home where families of materials differ.

Extremely randomised trees (Geurts et al. 2006, doi:10.1007/s10994-006-6226-1), each on its own part
of the rows: as many as a bootstrap sample has different ones, drawn without putting back (subagging, Bühlmann & Yu
2002, doi:10.1214/aos/1031689014). What is drawn are not rows but *units* that belong together (repeats of a recipe,
a plate): rows that a tree has not seen then share nothing with those it has, and the trees without a row predict it
honestly, with no second fit.
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
_SEEN = 1.0 - np.exp(-1.0)
"""Share of the units that each tree sees, that of a bootstrap sample."""
_LARGEST_SAMPLE = 2500
"""Rows that a tree sees at most: beyond, trees only grow slower."""


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

    def first(self, count: int) -> Forest:
        """The first `count` trees, without what they were trained on: enough to predict."""
        return Forest(self.trees[:count], self.unseen[:0, :0], self.training[:0])

    def members(self, features: RealArray) -> FloatArray:
        """Prediction of every tree: (n_trees, n)."""
        x = np.ascontiguousarray(features, dtype=np.float32)
        return np.stack([tree.tree_.predict(x)[:, 0] for tree in self.trees])

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the function over the trees."""
        mean, sd = np.empty(len(features)), np.empty(len(features))
        for start in range(0, len(features), _AT_ONCE):
            members = self.members(features[start : start + _AT_ONCE])
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
        seed: of the trees' rows and splits.
        units: (n,) rows with the same number are drawn together; every row is its own unit when None.
        recipes: (n,) a tree that has seen one row of a recipe counts as having seen all of them.
        n_trees: how many.
    """
    n = len(values)
    rng = np.random.default_rng(seed)
    x = np.ascontiguousarray(features, dtype=np.float32)
    y = np.ascontiguousarray(values, dtype=np.float64)[:, None]
    member = _numbered(np.arange(n) if units is None else units)
    recipe = member if recipes is None else _numbered(recipes)
    n_units = int(member.max()) + 1
    n_drawn = max(round(n_units * min(_SEEN, _LARGEST_SAMPLE / n)), 1)
    splits = np.random.RandomState(
        seed % 2**32
    )  # shared by all trees: to make one takes as long as a small tree
    trees, unseen = [], np.empty((n_trees, n), dtype=bool)
    # types are right by construction, and checks cost as much as a small fit
    with sklearn.config_context(skip_parameter_validation=True):
        for number in range(n_trees):
            drawn = np.zeros(n_units, dtype=bool)
            drawn[rng.permutation(n_units)[:n_drawn]] = True
            rows = np.flatnonzero(drawn[member])
            known = np.zeros(n, dtype=bool)
            known[recipe[rows]] = True
            unseen[number] = ~known[recipe]
            tree = ExtraTreeRegressor(
                min_samples_leaf=_MIN_LEAF, max_features=_MAX_FEATURES, random_state=splits
            )
            trees.append(tree.fit(x[rows], y[rows], check_input=False))
    return Forest(tuple(trees), unseen, x)


def _numbered(labels: IntArray) -> IntArray:
    """Labels (n,) as numbers from 0 without a gap."""
    numbers: IntArray = np.unique(labels, return_inverse=True)[1].ravel()
    return numbers
