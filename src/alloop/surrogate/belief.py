"""What alloop believes of one property: a Gaussian process and a forest, each with the weight it earned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from alloop.arrays import FloatArray, IntArray
from alloop.surrogate.bounds import expected_beyond
from alloop.surrogate.cross_validation import (
    Check,
    check_of,
    inflation_for_coverage,
    log_density,
    make_folds,
    student_factor,
    units_of,
)
from alloop.surrogate.data import Observations
from alloop.surrogate.forest import Forest, fit_forest
from alloop.surrogate.gp import GaussianProcess, fit_gp

_FOLDS = 5
_ROWS_FOR_FOREST = 12
_OWN_ROWS = 8
_HELD_SHARE = 0.5
_WEIGHT_PRIOR = 2.0  # pseudo rows that pull the weight towards one half


@dataclass(frozen=True)
class Belief:
    """A weighted pair of models of one property on its model scale.

    Attributes:
        process: the Gaussian process.
        forest: the committee of trees, or None while there are too few rows.
        weight: share of the Gaussian process in the pair.
        inflation: factor on predicted standard deviations that cross-validation asked for.
        forest_noise: standard deviation of a measurement around the forest's mean, beyond its own spread.
        check: cross-validated trust in the pair.
    """

    process: GaussianProcess
    forest: Forest | None
    weight: float
    inflation: float
    forest_noise: float
    check: Check

    @property
    def data(self) -> Observations:
        """What it was learned from."""
        return self.process.data

    @property
    def kind(self) -> str:
        """Who speaks, such as ``"gp 63 % + forest 37 %"``."""
        if self.forest is None:
            return "gp"
        share = round(100 * self.weight)
        return f"gp {share} % + forest {100 - share} %"

    def noise_sd(self, source: int = 0) -> float:
        """Standard deviation of a new measurement around the function: offset of a new plate and noise."""
        return self.process.noise_sd(source)

    def hope(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the function by the trees; by the pair where there are none."""
        return (self.forest or self).latent(features)

    def leave_out(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Mean and sd (len(rows),) of new measurements at training `rows` by the process, learned without them."""
        return self.process.leave_out(rows)

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of the function, without plate offset and noise."""
        mean, sd = self.process.latent(features)
        if self.forest is None:
            return mean, sd * self.inflation
        other, other_sd = self.forest.latent(features)
        return mixed(self.weight, (mean, sd * self.inflation), (other, other_sd * self.inflation))

    def predict(self, features: FloatArray, source: int = 0) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (n,) of a new measurement on a new plate."""
        mean, sd = self.process.latent(features)
        wide = np.hypot(sd, self.process.noise_sd(source)) * self.inflation
        if self.forest is None:
            return mean, wide
        other, other_sd = self.forest.latent(features)
        other_wide = np.hypot(other_sd, self.forest_noise) * self.inflation
        return mixed(self.weight, (mean, wide), (other, other_wide))

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """Joint draws of the function (n_samples, n): from each model in proportion to its weight."""
        n_process = n_samples if self.forest is None else round(self.weight * n_samples)
        draws = []
        if n_process:
            draws.append(self.process.sample(features, n_process, rng, self.inflation))
        if n_process < n_samples and self.forest is not None:
            draws.append(self.forest.sample(features, n_samples - n_process, rng))
        return np.concatenate(draws)[rng.permutation(n_samples)]


def process_alone(process: GaussianProcess) -> Belief:
    """A belief that is nothing but a Gaussian process, not checked and not calibrated."""
    nan = float("nan")
    return Belief(process, None, 1.0, 1.0, 0.0, Check(0, nan, nan, nan, 0.0))


def mixed(
    weight: float, one: tuple[FloatArray, FloatArray], two: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of a mixture of two normals."""
    mean = weight * one[0] + (1.0 - weight) * two[0]
    square = weight * (one[1] ** 2 + one[0] ** 2) + (1.0 - weight) * (two[1] ** 2 + two[0] ** 2)
    return mean, np.sqrt(np.maximum(square - mean**2, 1e-18))


def learn(
    data: Observations,
    seed: int,
    background: FloatArray | None = None,
    blocks: IntArray | None = None,
    use_forest: bool = True,
    process: GaussianProcess | None = None,
) -> Belief:
    """Fit both models, weigh them by cross-validated log score and calibrate their intervals.

    Args:
        data: the observations of one property.
        seed: of folds and trees; the same data and seed give the same belief.
        background: (m, d) features of a sample of candidates, for the scaling of features.
        blocks: (d,) number of the block each feature belongs to.
        use_forest: leave the forest out when False.
        process: the process, where it was fitted to `data` before.
    """
    process = process or fit_gp(data, background, blocks)
    with_forest = use_forest and len(data) >= _ROWS_FOR_FOREST
    forest = _fit_forest(process, data, seed) if with_forest else None
    held = _held_out(process, forest, data, seed)
    if held is None:
        flat = Check(0, float("nan"), float("nan"), float("nan"), 0.0)
        weight, factor = 1.0 if forest is None else 0.5, student_factor(len(data))
        return Belief(process, forest, weight, factor, process.noise_sd(), flat)
    rows, gp_mean, gp_sd, tree_mean, tree_sd = held
    own = data.sources[rows] == 0
    if own.sum() >= _OWN_ROWS:  # what counts is how the own laboratory's values are predicted
        rows, gp_mean, gp_sd, tree_mean, tree_sd = (column[own] for column in held)
    seen = data.rows(rows)
    forest_noise = 0.0
    weight = 1.0
    mean, sd = gp_mean, gp_sd
    if forest is not None:
        # trees only see the spread between trees: what is left of the held-out error is noise
        residual = (seen.values - tree_mean)[seen.bounds == 0]
        square = (
            float(np.mean(residual**2) - np.mean(tree_sd[seen.bounds == 0] ** 2)) if len(residual) else 0.0
        )
        forest_noise = float(np.sqrt(max(square, (0.3 * process.noise_sd()) ** 2)))
        tree_wide = np.hypot(tree_sd, forest_noise)
        weight = stacking_weight(
            log_density(gp_mean, gp_sd, seen.values, seen.bounds),
            log_density(tree_mean, tree_wide, seen.values, seen.bounds),
        )
        mean, sd = mixed(weight, (gp_mean, gp_sd), (tree_mean, tree_wide))
    inflation = inflation_for_coverage(mean, sd, seen)
    check = check_of(mean, sd * inflation, seen, seen.values)
    return Belief(process, forest, weight, inflation, forest_noise, check)


def forest_targets(process: GaussianProcess) -> FloatArray:
    """Training values for trees: group offsets taken off, bounds replaced by their expectation."""
    data = process.data
    targets = data.values.copy()
    open_rows = np.flatnonzero(data.bounds)
    if len(open_rows):
        mean, sd = process.latent(data.features)
        spread = np.hypot(sd[open_rows], process.noise_sd())
        targets[open_rows] = expected_beyond(
            mean[open_rows], spread, data.values[open_rows], data.bounds[open_rows]
        )
    return targets - process.group_offsets()


def stacking_weight(one: FloatArray, two: FloatArray) -> float:
    """Weight of the first model that maximises the mean log score of the mixture (Yao et al. 2018)."""
    top = np.maximum(one, two)
    first, second = np.exp(one - top), np.exp(two - top)

    def loss(weight: float) -> float:
        mixture = np.log(weight * first + (1.0 - weight) * second + 1e-300).sum()
        return float(-mixture - _WEIGHT_PRIOR * 0.5 * (np.log(weight) + np.log1p(-weight)))

    found = minimize_scalar(loss, bounds=(0.02, 0.98), method="bounded")
    return float(found.x)


def _fit_forest(process: GaussianProcess, data: Observations, seed: int) -> Forest:
    """Trees whose held-out rows are as honest as the folds; by recipe where plates share most of theirs."""
    targets = forest_targets(process)
    forest = fit_forest(data.features, targets, seed, units_of(data), data.recipes)
    if forest.unseen.any(axis=0).mean() >= _HELD_SHARE:
        return forest
    return fit_forest(data.features, targets, seed, data.recipes)


def _held_out(
    process: GaussianProcess, forest: Forest | None, data: Observations, seed: int
) -> tuple[np.ndarray, FloatArray, FloatArray, FloatArray, FloatArray] | None:
    """Rows and their held-out predictions by process and forest; None with too few rows to hold out."""
    folds = make_folds(data, _FOLDS, np.random.default_rng(seed))
    if not folds or len(data) < 6:
        return None
    parts = [(fold.test, *process.leave_out(fold.test, fold.train)) for fold in folds]
    rows, mean, sd = (np.concatenate(column) for column in zip(*parts, strict=True))
    if forest is None:
        return rows, mean, sd, mean, sd
    tree_mean, tree_sd = forest.held_out(rows)
    seen = np.isfinite(tree_mean)
    if not seen.any():
        return None
    return rows[seen], mean[seen], sd[seen], tree_mean[seen], tree_sd[seen]
