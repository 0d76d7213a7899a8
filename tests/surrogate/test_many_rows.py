"""The process of many rows against the exact one: in closed form, in accuracy, and where bounds and offsets come in."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from alloop.surrogate import Observations, gp, observations, sparse
from alloop.surrogate.bounds import pseudo_observations
from alloop.surrogate.cross_validation import MOST_HELD_OUT, make_folds
from alloop.surrogate.gp import GaussianProcess, fit_gp
from alloop.surrogate.hyperparameters import MEAN_VARIANCE
from alloop.surrogate.representatives import representative_rows
from alloop.surrogate.sparse import SparseProcess, make_sparse


def truth(x: np.ndarray) -> np.ndarray:
    return (
        np.sin(2.0 * x[:, 0]) * np.cos(1.5 * x[:, 1]) + 0.3 * x[:, 2] ** 2 + 0.5 * np.tanh(x[:, 3] * x[:, 4])
    )


def drawn(n: int, seed: int = 0, literature: bool = False) -> Observations:
    """Rows on plates of 32 with offsets; with `literature` every fifth row belongs to a publication, off by 0.4."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.5, 1.5, (n, 5))
    groups = np.arange(n) // 32
    sources = np.zeros(n, dtype=int)
    values = truth(x) + 0.1 * rng.standard_normal(n) + 0.15 * rng.standard_normal(groups.max() + 1)[groups]
    if literature:
        sources = (np.arange(n) % 5 == 4).astype(int)
        groups = np.where(sources == 1, 10_000 + np.arange(n) // 100, groups)
        values = values + 0.4 * sources
    groups[:: n // 20] = -1
    return observations(x, values, groups=groups, sources=sources)


def textbook(
    data: Observations, subset: GaussianProcess, fresh: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and sd of the exact process with the subset's hyperparameters, and the offsets of the rows."""
    h, scaling = subset.hyperparameters, subset.scaling
    x, z = (scaling.features(rows) / h.lengthscales for rows in (data.features, fresh))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        r = np.sqrt(5.0) * cdist(a, b)
        return h.signal * (1.0 + r + r**2 / 3.0) * np.exp(-r) + MEAN_VARIANCE

    same = (data.groups[:, None] == data.groups) & (data.groups >= 0)
    shared = h.offset[data.sources] * same + h.bias * np.outer(data.sources > 0, data.sources > 0)
    prior = kernel(x, x) + shared
    targets, noise = pseudo_observations(
        prior, scaling.values(data.values), data.bounds, h.noise[data.sources]
    )
    inner = prior + np.diag(noise)
    cross = kernel(z, x)
    weights = np.linalg.solve(inner, targets)
    variance = h.signal + MEAN_VARIANCE - np.einsum("ij,ji->i", cross, np.linalg.solve(inner, cross.T))
    unit = scaling.value_spread
    return cross @ weights * unit + scaling.value_centre, np.sqrt(variance) * unit, shared @ weights * unit


def test_with_every_row_an_inducing_point_it_is_the_exact_process() -> None:
    data = drawn(150, literature=True)
    exact = fit_gp(data)
    process = make_sparse(data, exact, np.arange(len(data)), n_inducing=len(data))
    fresh = np.random.default_rng(1).uniform(-2, 2, (40, 5))
    for one, other in zip(process.latent(fresh), exact.latent(fresh), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)
    np.testing.assert_allclose(process.joint(fresh)[1], exact.joint(fresh)[1], atol=2e-3)
    np.testing.assert_allclose(process.group_offsets(), exact.group_offsets(), atol=2e-3)
    out = np.arange(10, 60)
    for kept in (None, np.arange(70, 150)):
        for one, other in zip(process.leave_out(out, kept), exact.leave_out(out, kept), strict=True):
            np.testing.assert_allclose(one, other, atol=3e-3)


def test_it_is_close_to_the_exact_process_at_2500_rows() -> None:
    data = drawn(2500)
    rows = representative_rows(data, 300)
    subset = fit_gp(data.rows(rows))
    process = make_sparse(data, subset, rows, n_inducing=1024)
    fresh = np.random.default_rng(1).uniform(-1.5, 1.5, (500, 5))
    mean, sd, offsets = textbook(data, subset, fresh)
    found_mean, found_sd = process.latent(fresh)
    assert np.mean(np.abs(found_mean - mean) / sd) < 0.25
    assert np.quantile(found_sd / sd, 0.05) > 0.95
    assert np.median(found_sd / sd) < 1.2
    assert skill(found_mean, fresh) > skill(mean, fresh) - 0.005
    assert np.corrcoef(offsets, process.group_offsets())[0, 1] > 0.99
    spread = process.sample(fresh, 400, np.random.default_rng(0)).std(axis=0)
    assert 0.97 < np.median(spread / found_sd) < 1.03


def skill(mean: np.ndarray, x: np.ndarray) -> float:
    return float(1.0 - np.mean((mean - truth(x)) ** 2) / truth(x).var())


def test_ten_thousand_rows_tell_more_than_two_thousand_of_them() -> None:
    data = drawn(10_000)
    rows = representative_rows(data, 300)
    subset = fit_gp(data.rows(rows))
    process = make_sparse(data, subset, rows, n_inducing=600)
    fresh = np.random.default_rng(1).uniform(-1.5, 1.5, (1000, 5))
    some = data.rows(np.sort(np.random.default_rng(2).permutation(len(data))[:2000]))
    assert 1.0 - skill(process.latent(fresh)[0], fresh) < 0.7 * (
        1.0 - skill(textbook(some, subset, fresh)[0], fresh)
    )
    inside = np.abs(process.latent(fresh)[0] - truth(fresh)) < 1.645 * process.latent(fresh)[1]
    assert inside.mean() > 0.8


def test_bounds_say_what_they_say_to_the_exact_process() -> None:
    data = drawn(800)
    limit = np.quantile(data.values, 0.33)
    bounds = np.where(data.values < limit, -1, 0)
    cut = observations(data.features, np.maximum(data.values, limit), bounds=bounds, groups=data.groups)
    rows = representative_rows(cut, 250)
    subset = fit_gp(cut.rows(rows))
    process = make_sparse(cut, subset, rows, n_inducing=600)
    fresh = np.random.default_rng(1).uniform(-1.5, 1.5, (400, 5))
    low = truth(fresh) < limit
    mean, sd, _ = textbook(cut, subset, fresh)
    found_mean, found_sd = process.latent(fresh)
    assert np.mean((np.abs(found_mean - mean) / sd)[low]) < 0.3
    assert 0.9 < np.median((found_sd / sd)[low]) < 1.2
    assert np.mean(found_mean[low] < limit + 0.1) > 0.85


def test_rows_for_the_hyperparameters_hold_whole_plates() -> None:
    data = drawn(5000)
    rows = representative_rows(data, 1000)
    np.testing.assert_array_equal(rows, representative_rows(data, 1000))
    assert len(rows) == len(np.unique(rows)) == 1000
    assert (np.diff(rows) > 0).all()
    labels, counts = np.unique(data.groups[rows], return_counts=True)
    whole = labels[counts >= 31]
    assert len(whole) >= 18
    assert whole.min() < 20 < 130 < whole.max()


@pytest.mark.parametrize("n", [120, 121])
def test_the_exact_process_is_kept_while_rows_are_few(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    monkeypatch.setattr(gp, "EXACT_ROWS", 120)
    monkeypatch.setattr(sparse, "SUBSET", 80)
    process = fit_gp(drawn(n))
    assert isinstance(process, SparseProcess) == (n > 120)
    assert len(process.data) == n


def test_many_rows_are_judged_by_a_part_of_them() -> None:
    data = drawn(12_000)
    folds = make_folds(data, 5, np.random.default_rng(0))
    held = np.concatenate([fold.test for fold in folds])
    assert 0.9 * MOST_HELD_OUT < len(held) <= MOST_HELD_OUT
    assert len(np.unique(held)) == len(held)
    for fold in folds:
        assert len(fold.test) + len(fold.train) == len(data)
        assert not set(data.groups[fold.test]) - {-1} & set(data.groups[fold.train])
