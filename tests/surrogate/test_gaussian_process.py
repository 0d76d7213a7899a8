"""The Gaussian process against closed forms, scikit-learn, and data whose truth is known."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from alloop.surrogate import Observations, observations
from alloop.surrogate.gp import GaussianProcess, fit_gp
from alloop.surrogate.hyperparameters import MEAN_VARIANCE


def wave(x: np.ndarray) -> np.ndarray:
    return np.sin(3.0 * x[:, 0]) + 0.5 * x[:, 1] ** 2


def drawn(n: int = 30, noise: float = 0.1, seed: int = 0) -> Observations:
    """Rows of three plates and two publications, some of them without a group."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.5, 1.5, (n, 3))
    sources = (np.arange(n) % 3 == 2).astype(int)
    groups = np.where(sources == 1, 3 + np.arange(n) % 2, np.arange(n) // 4 % 3)
    groups[::7] = -1
    values = wave(x) + noise * rng.standard_normal(n) + 0.2 * groups
    return observations(x, values, groups=groups, sources=sources)


def matern(a: np.ndarray, b: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    r = np.sqrt(5.0) * cdist(a / lengths, b / lengths)
    return (1.0 + r + r**2 / 3.0) * np.exp(-r)


def prior(process: GaussianProcess) -> tuple[np.ndarray, np.ndarray]:
    """Covariance (n, n) of the training values without and with noise, written out element by element."""
    h, data = process.hyperparameters, process.data
    x = process.scaling.features(data.features)
    total = h.signal * matern(x, x, h.lengthscales) + MEAN_VARIANCE
    for i in range(len(data)):
        for j in range(len(data)):
            if data.groups[i] == data.groups[j] >= 0:
                total[i, j] += h.offset[data.sources[i]]
            if data.sources[i] and data.sources[j]:
                total[i, j] += h.bias
    return total, total + np.diag([h.noise[source] for source in data.sources])


def test_posterior_is_the_textbook_one() -> None:
    data = drawn()
    process = fit_gp(data)
    h = process.hyperparameters
    fresh = np.random.default_rng(1).uniform(-2, 2, (40, 3))
    x, z = process.scaling.features(data.features), process.scaling.features(fresh)
    cross = h.signal * matern(z, x, h.lengthscales) + MEAN_VARIANCE
    inverse = np.linalg.inv(prior(process)[1])
    mean = cross @ inverse @ process.scaling.values(data.values)
    variance = h.signal + MEAN_VARIANCE - np.einsum("ij,jk,ik->i", cross, inverse, cross)
    unit, middle = process.scaling.value_spread, process.scaling.value_centre
    found_mean, found_sd = process.latent(fresh)
    np.testing.assert_allclose(found_mean, mean * unit + middle, atol=1e-6)
    np.testing.assert_allclose(found_sd, np.sqrt(variance) * unit, atol=1e-6)
    joint = process.joint(fresh)[1].numpy()
    np.testing.assert_allclose(np.sqrt(np.diag(joint)) * unit, found_sd, atol=1e-6)


def test_without_groups_it_is_scikit_learns() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (25, 2))
    process = fit_gp(observations(x, wave(x) + 0.05 * rng.standard_normal(25)))
    h = process.hyperparameters
    kernel = ConstantKernel(h.signal) * Matern(h.lengthscales, nu=2.5) + ConstantKernel(MEAN_VARIANCE)
    other = GaussianProcessRegressor(kernel, alpha=h.noise[0], optimizer=None)
    other.fit(process.scaling.features(x), process.scaling.values(process.data.values))
    fresh = rng.uniform(-1.5, 1.5, (30, 2))
    mean, sd = other.predict(process.scaling.features(fresh), return_std=True)
    unit, middle = process.scaling.value_spread, process.scaling.value_centre
    found_mean, found_sd = process.latent(fresh)
    np.testing.assert_allclose(found_mean, mean * unit + middle, atol=1e-6)
    np.testing.assert_allclose(found_sd, sd * unit, atol=1e-6)


def test_left_out_rows_are_predicted_from_the_others_alone() -> None:
    data = drawn()
    process = fit_gp(data)
    held = np.array([2, 3, 11, 14])
    kept = np.setdiff1d(np.arange(len(data)), held)
    without, noisy = prior(process)
    gain = without[np.ix_(held, kept)] @ np.linalg.inv(noisy[np.ix_(kept, kept)])
    mean = gain @ process.scaling.values(data.values)[kept]
    covariance = noisy[np.ix_(held, held)] - gain @ without[np.ix_(kept, held)]
    unit, middle = process.scaling.value_spread, process.scaling.value_centre
    found_mean, found_sd = process.leave_out(held)
    np.testing.assert_allclose(found_mean, mean * unit + middle, atol=1e-6)
    np.testing.assert_allclose(found_sd, np.sqrt(np.diag(covariance)) * unit, atol=1e-6)


def test_offsets_of_plates_are_recovered() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (96, 2))
    groups = np.arange(96) % 8
    offsets = rng.normal(0.0, 0.6, 8)
    process = fit_gp(
        observations(x, wave(x) + offsets[groups] + 0.05 * rng.standard_normal(96), groups=groups)
    )
    found = np.array([process.group_offsets()[groups == g].mean() for g in range(8)])
    np.testing.assert_allclose(found - found.mean(), offsets - offsets.mean(), atol=0.1)
    within = process.group_offsets()
    assert all(np.ptp(within[groups == g]) < 1e-9 for g in range(8))
    # a new plate has an offset of its own, of the size that the plates so far had
    assert process.noise_sd() == pytest.approx(np.std(offsets), rel=0.5)


def test_noise_is_learned() -> None:
    rng = np.random.default_rng(7)
    x = rng.uniform(-1, 1, (120, 2))
    sources = np.arange(120) % 2
    noise = np.where(sources == 0, 0.05, 0.5)
    process = fit_gp(observations(x, wave(x) + noise * rng.standard_normal(120), sources=sources))
    learned = np.sqrt(process.hyperparameters.noise) * process.scaling.value_spread
    np.testing.assert_allclose(learned, [0.05, 0.5], rtol=0.4)


def test_a_bias_that_all_literature_shares_does_not_move_the_own_laboratory() -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(-1, 1, (90, 2))
    sources = (np.arange(90) < 60).astype(int)
    values = wave(x) + 1.5 * sources + 0.05 * rng.standard_normal(90)
    mean, _ = fit_gp(observations(x, values, sources=sources)).latent(x)
    assert np.abs(mean - wave(x)).mean() < 0.2


def test_values_in_other_units_give_the_same_answer() -> None:
    data = drawn()
    one, other = fit_gp(data), fit_gp(data.with_values(data.values * 40.0 - 7.0))
    fresh = np.random.default_rng(2).uniform(-1, 1, (9, 3))
    for first, second, shift in zip(one.latent(fresh), other.latent(fresh), (7.0, 0.0), strict=True):
        np.testing.assert_allclose(second + shift, 40.0 * first, rtol=1e-3, atol=1e-3)


def test_draws_have_the_posteriors_moments() -> None:
    process = fit_gp(drawn())
    fresh = np.random.default_rng(4).uniform(-1.5, 1.5, (6, 3))
    draws = process.sample(fresh, 20_000, np.random.default_rng(0))
    mean, sd = process.latent(fresh)
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.05 * sd.max())
    np.testing.assert_allclose(draws.std(axis=0), sd, rtol=0.05)
    joint = process.joint(fresh)[1].numpy() * process.scaling.value_spread**2
    np.testing.assert_allclose(np.cov(draws.T), joint, atol=0.06 * joint.max())


def test_repeated_candidates_are_drawn_as_one() -> None:
    process = fit_gp(drawn())
    twice = np.repeat(np.random.default_rng(4).uniform(-1, 1, (5, 3)), 2, axis=0)
    draws = process.sample(twice, 50, np.random.default_rng(0))
    np.testing.assert_allclose(draws[:, 0::2], draws[:, 1::2], atol=1e-3)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_rows_leave_much_doubt(n: int) -> None:
    x = np.arange(n, dtype=float)[:, None]
    everywhere = np.linspace(0.0, 50.0, 11)[:, None]
    process = fit_gp(observations(x, np.arange(n, dtype=float) - 5.0), everywhere)
    mean, sd = process.latent(np.array([[0.0], [50.0]]))
    assert np.isfinite(mean).all()
    assert sd[1] > sd[0] > 0.0


def test_features_that_never_differ_are_left_out() -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.uniform(size=20), np.full(20, 1e6)])
    fresh = np.column_stack([np.linspace(0, 1, 5), [1e6, 1e6, 3.0, 3.0, 3.0]])
    process = fit_gp(observations(x, x[:, 0]))
    assert np.abs(process.latent(fresh)[0] - fresh[:, 0]).max() < 0.15
    alike = fit_gp(observations(np.ones((6, 2)), np.arange(6.0)))
    assert alike.latent(np.ones((1, 2)))[0] == pytest.approx(2.5, abs=0.5)


def test_nothing_measured_is_no_model() -> None:
    with pytest.raises(ValueError, match="at least one"):
        fit_gp(observations(np.zeros((0, 2)), np.zeros(0)))


def test_observations_must_be_finite_and_of_one_length() -> None:
    with pytest.raises(ValueError, match="finite"):
        observations(np.zeros((2, 1)), np.array([0.0, np.nan]))
    with pytest.raises(ValueError, match="2 values"):
        observations(np.zeros((3, 1)), np.zeros(2))
