"""A committee of randomised trees: no smoothness assumed, at home where families of materials differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from alloop.arrays import FloatArray, IntArray

_TREES = 128
_MIN_LEAF = 1
_MAX_FEATURES = 0.5


@dataclass(frozen=True)
class Forest:
    """Fitted trees; the spread between trees is the doubt about the function."""

    trees: ExtraTreesRegressor

    def members(self, features: FloatArray, n_trees: int | None = None) -> FloatArray:
        """Prediction of every tree: (n_trees, n)."""
        x = np.ascontiguousarray(features, dtype=np.float32)
        chosen = self.trees.estimators_[:n_trees]
        return np.stack([tree.tree_.predict(x)[:, 0] for tree in chosen])

    def latent(self, features: FloatArray, n_trees: int | None = None) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the function over the trees."""
        members = self.members(features, n_trees)
        return members.mean(axis=0), members.std(axis=0)

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """Joint draws (n_samples, n): each is one tree, taken in random order."""
        members = self.members(features)
        order: IntArray = np.concatenate(
            [rng.permutation(len(members)) for _ in range(-(-n_samples // len(members)))]
        )[:n_samples]
        return members[order]


def fit_forest(features: FloatArray, values: FloatArray, seed: int, n_trees: int = _TREES) -> Forest:
    """Fit `n_trees` trees, each on its own bootstrap sample, to `features` (n, d) and `values` (n,)."""
    trees = ExtraTreesRegressor(
        n_estimators=n_trees,
        min_samples_leaf=_MIN_LEAF,
        max_features=_MAX_FEATURES,
        bootstrap=True,
        random_state=seed % 2**32,
        n_jobs=1,
    )
    trees.fit(np.ascontiguousarray(features, dtype=np.float32), values)
    return Forest(trees)
