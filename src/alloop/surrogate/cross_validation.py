"""How well a model predicts what it has not seen: folds that never leak, log score and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.surrogate.data import Observations

_Z90 = 1.6448536269514722
_HALF_LOG_2PI = 0.9189385332046727
_GROUPS_FOR_FOLDS = 5
_ROWS_TO_CALIBRATE = 8
_PRIOR_ROWS = 20.0
_FEWEST_FREEDOM = 3
_INFLATION = (0.9, 2.5)

_REMEMBERED = 24
_TOGETHER = 8
_PRIOR_FORETOLD = 2.0
_FACTOR = (0.4, 2.5)

MOST_HELD_OUT = 4000
"""Rows that all folds together hold out at most: enough to know a score to a hundredth, and a cost that stays."""


@dataclass(frozen=True)
class Fold:
    """Row indices to learn from and to predict; no recipe is in both."""

    train: IntArray
    test: IntArray


@dataclass(frozen=True)
class Check:
    """Cross-validated trust in one property's model.

    Attributes:
        n: rows predicted.
        log_score: mean log density of held-out values (higher is better), in the property's model scale.
        baseline: the same for a model that knows only mean and spread.
        coverage90: share of exact held-out values inside their 90 % interval.
        skill: 1 - mean squared error / variance, on exact rows.
    """

    n: int
    log_score: float
    baseline: float
    coverage90: float
    skill: float

    @property
    def predictable(self) -> bool:
        """Whether the model says more than the mean of the values does: by its log score, and by its errors too."""
        return self.log_score > self.baseline and not self.skill < 0.0


def units_of(data: Observations) -> IntArray:
    """What is held out together (n,): plates and publications once there are five plates, recipes before that."""
    plates = data.groups[(data.groups >= 0) & (data.sources == 0)]
    if len(np.unique(plates)) < _GROUPS_FOR_FOLDS:
        return data.recipes.copy()
    return np.where(data.groups >= 0, data.groups, data.recipes + int(data.groups.max()) + 1)


def make_folds(data: Observations, n_folds: int, rng: np.random.Generator) -> tuple[Fold, ...]:
    """Folds that keep plates together where there are enough of them, and repeats always.

    A fold holds out whole units (:func:`units_of`); rows of a held-out recipe never remain in the training part.
    Beyond `MOST_HELD_OUT` rows the folds hold out units drawn from all, the rest stays in every training part.
    """
    n = len(data)
    units = units_of(data)
    labels, membership = np.unique(units, return_inverse=True)
    n_folds = min(n_folds, len(labels))
    if n_folds < 2:
        return ()
    sizes = np.bincount(membership)
    order = rng.permutation(len(labels))
    order = order[np.argsort(-sizes[order], kind="stable")]
    load, fold_of = np.zeros(n_folds), np.zeros(len(labels), dtype=np.int64)
    for label in order:  # the largest unit goes to the emptiest fold
        fold = int(np.argmin(load))
        fold_of[label] = fold
        load[fold] += sizes[label]
    folds = []
    for fold in range(n_folds):
        chosen = np.flatnonzero(fold_of == fold)
        if n > MOST_HELD_OUT:
            chosen = rng.permutation(chosen)
            room = np.cumsum(sizes[chosen]) <= MOST_HELD_OUT // n_folds
            chosen = chosen[: max(1, int(room.sum()))]
        held: BoolArray = np.isin(membership, chosen)
        leaked = np.isin(data.recipes, data.recipes[held])
        train = np.flatnonzero(~held & ~leaked)
        if len(train) >= max(2, n // 10):
            folds.append(Fold(train, np.flatnonzero(held)))
    return tuple(folds)


def log_density(mean: FloatArray, sd: FloatArray, values: FloatArray, bounds: IntArray) -> FloatArray:
    """Log density of exact values, log probability of bounds, under normal predictions: (n,)."""
    z = (values - mean) / sd
    exact = -0.5 * z * z - np.log(sd) - _HALF_LOG_2PI
    from scipy.special import log_ndtr  # slow to import, and commands that plan nothing load this module too

    return np.where(bounds == 0, exact, log_ndtr(bounds * -z))


def check_of(mean: FloatArray, sd: FloatArray, data: Observations, train_values: FloatArray) -> Check:
    """Scores of held-out predictions for the rows of `data`; `train_values` give the baseline."""
    exact = data.bounds == 0
    values = data.values
    spread = max(float(train_values.std()), 1e-9)
    flat_mean, flat_sd = np.full(len(values), train_values.mean()), np.full(len(values), spread)
    z = np.abs(values - mean)[exact] / sd[exact]
    variance = float(values[exact].var()) if exact.sum() > 1 else 0.0
    error = float(np.mean((values - mean)[exact] ** 2)) if exact.any() else 0.0
    return Check(
        n=len(values),
        log_score=float(log_density(mean, sd, values, data.bounds).mean()),
        baseline=float(log_density(flat_mean, flat_sd, values, data.bounds).mean()),
        coverage90=float(np.mean(z <= _Z90)) if exact.any() else float("nan"),
        skill=1.0 - error / variance if variance > 0 else 0.0,
    )


def student_factor(n: int) -> float:
    """How much wider a 90 % interval must be because its spread was itself estimated from `n` rows (Student's t)."""
    from scipy.stats import t as student

    return float(student.ppf(0.95, max(n - 1, _FEWEST_FREEDOM))) / _Z90


def inflation_for_coverage(mean: FloatArray, sd: FloatArray, data: Observations) -> float:
    """Factor on `sd` that gives 90 % coverage of the exact rows, drawn towards `student_factor` while rows are few.

    It narrows hardly at all: a plate goes where the model is least tested, so that its values fall outside more often
    than held-out ones.
    """
    exact = data.bounds == 0
    n = int(exact.sum())
    few = student_factor(n)
    if n < _ROWS_TO_CALIBRATE:
        return few
    found = _factor_of(np.abs(data.values - mean)[exact] / sd[exact], n)
    trust = n / (n + _PRIOR_ROWS)
    return float(np.clip(np.exp(trust * np.log(found) + (1.0 - trust) * np.log(few)), *_INFLATION))


def factor_from_experience(foretold: Sequence[FloatArray]) -> float:
    """Factor on what predictions for a plate state as standard deviation, from how earlier plates' turned out.

    Wells are chosen where much is hoped for, so that their values behave otherwise than held-out ones, in either
    direction. What a plate shares makes its values err together: they count for no more than `_TOGETHER`. With few the
    factor stays near one; the newest `_REMEMBERED` plates count.

    Args:
        foretold: for each plate (n,) how far exact values lay from what was foretold of them, in standard deviations
            of the model as it was then, before any such factor; oldest first.
    """
    newest = [np.abs(plate) for plate in foretold[-_REMEMBERED:] if len(plate)]
    if not newest:
        return 1.0
    n = sum(min(len(plate), _TOGETHER) for plate in newest)
    trust = n / (n + _PRIOR_FORETOLD)
    return float(np.clip(_factor_of(np.concatenate(newest), n) ** trust, *_FACTOR))


def _factor_of(z: FloatArray, n: int) -> float:
    """The factor on standard deviations with which 90 % intervals would have held, from |z| of exact values.

    Of `n` independent values and a new one, each is the largest equally often (split conformal prediction).
    """
    return max(float(np.quantile(z, min(0.9 * (n + 1) / n, 1.0))) / _Z90, 1e-3)
