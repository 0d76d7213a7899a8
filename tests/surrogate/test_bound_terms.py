"""Bounds against numerical integration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import truncnorm

from alloop.surrogate import ABOVE, BELOW, EXACT, observations
from alloop.surrogate.bounds import expected_beyond, pseudo_observations
from alloop.surrogate.gp import fit_gp


def gaussian_posterior(
    covariance: np.ndarray, values: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    gain = covariance @ np.linalg.inv(covariance + np.diag(noise))
    return gain @ values, covariance - gain @ covariance


def integrated(
    covariance: np.ndarray, values: np.ndarray, bounds: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of two latent values by summing over a fine grid."""
    axis = np.linspace(-9.0, 9.0, 601)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    weight = np.exp(-0.5 * np.einsum("abi,ij,abj->ab", grid, np.linalg.inv(covariance), grid))
    for i in range(2):
        z = (grid[..., i] - values[i]) / np.sqrt(noise[i])
        weight = weight * (np.exp(-0.5 * z * z) if bounds[i] == EXACT else ndtr(bounds[i] * z))
    weight /= weight.sum()
    mean = np.einsum("ab,abi->i", weight, grid)
    centred = grid - mean
    return mean, np.einsum("ab,abi,abj->ij", weight, centred, centred)


@settings(max_examples=50, deadline=None)
@given(
    variance=st.floats(0.2, 3.0),
    limit=st.floats(-2.0, 2.0),
    noise=st.floats(0.02, 1.0),
    side=st.sampled_from([BELOW, ABOVE]),
)
def test_one_bound_is_matched_exactly(variance: float, limit: float, noise: float, side: int) -> None:
    targets, variances = pseudo_observations(
        np.array([[variance]]), np.array([limit]), np.array([side]), np.array([noise])
    )
    mean, left = gaussian_posterior(np.array([[variance]]), targets, variances)
    axis = np.linspace(-9.0, 9.0, 20_001)
    weight = np.exp(-0.5 * axis**2 / variance) * ndtr(side * (axis - limit) / np.sqrt(noise))
    weight /= weight.sum()
    true_mean = (weight * axis).sum()
    assert mean[0] == pytest.approx(true_mean, abs=2e-3)
    assert left[0, 0] == pytest.approx((weight * (axis - true_mean) ** 2).sum(), abs=2e-3)


@pytest.mark.parametrize("bounds", [(BELOW, BELOW), (ABOVE, BELOW), (EXACT, ABOVE), (ABOVE, ABOVE)])
@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_two_rows_are_close_to_the_integral(bounds: tuple[int, int], correlation: float) -> None:
    covariance = np.array([[1.0, correlation], [correlation, 1.0]])
    values, noise, sides = np.array([-0.5, 0.4]), np.array([0.1, 0.2]), np.array(bounds)
    targets, variances = pseudo_observations(covariance, values, sides, noise)
    mean, left = gaussian_posterior(covariance, targets, variances)
    true_mean, true_left = integrated(covariance, values, sides, noise)
    np.testing.assert_allclose(mean, true_mean, atol=0.03)
    np.testing.assert_allclose(left, true_left, atol=0.03)


def test_exact_rows_stay_as_they_are() -> None:
    covariance = 1.0 + np.eye(3)
    values, noise = np.array([1.0, -2.0, 0.3]), np.array([0.1, 0.2, 0.3])
    targets, variances = pseudo_observations(covariance, values, np.array([EXACT, BELOW, EXACT]), noise)
    np.testing.assert_array_equal(targets[[0, 2]], values[[0, 2]])
    np.testing.assert_array_equal(variances[[0, 2]], noise[[0, 2]])
    same, alike = pseudo_observations(covariance, values, np.zeros(3, dtype=np.int64), noise)
    np.testing.assert_array_equal(same, values)
    np.testing.assert_array_equal(alike, noise)


@settings(max_examples=50, deadline=None)
@given(
    mean=st.floats(-3, 3), sd=st.floats(0.1, 2), limit=st.floats(-5, 5), side=st.sampled_from([BELOW, ABOVE])
)
def test_mean_beyond_a_limit(mean: float, sd: float, limit: float, side: int) -> None:
    found = expected_beyond(np.array([mean]), np.array([sd]), np.array([limit]), np.array([side]))[0]
    assert side * (found - limit) > 0
    z = (limit - mean) / sd
    if abs(z) < 5:  # where scipy's own is still sharp
        cut = truncnorm(*((z, np.inf) if side == ABOVE else (-np.inf, z)), loc=mean, scale=sd)
        assert found == pytest.approx(cut.mean(), abs=1e-4)


def test_a_bound_lowers_what_is_expected_and_no_more_than_it_says() -> None:
    x = np.linspace(0.0, 1.0, 12)[:, None]
    values = np.where(x[:, 0] < 0.7, -4.0, -8.0) + 0.3 * np.sin(20 * x[:, 0])
    bounds = np.where(x[:, 0] < 0.7, EXACT, BELOW)
    open_end = fit_gp(observations(x, values, bounds=bounds)).latent(np.array([[1.0]]))
    exact_end = fit_gp(observations(x, values)).latent(np.array([[1.0]]))
    assert open_end[0][0] < exact_end[0][0] + 0.3
    assert open_end[1][0] > exact_end[1][0]


def test_limits_at_zero_are_a_classifier() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (60, 2))
    formed = x[:, 0] > 0.1
    process = fit_gp(observations(x, np.zeros(60), bounds=np.where(formed, ABOVE, BELOW)))
    mean, sd = process.latent(np.array([[-0.9, 0.0], [-0.4, 0.5], [0.6, -0.5], [0.95, 0.0]]))
    chance = ndtr(mean / np.hypot(sd, process.noise_sd()))
    assert (chance[:2] < 0.15).all()
    assert (chance[2:] > 0.85).all()


def test_contradicting_bounds_meet_in_the_middle() -> None:
    x = np.zeros((20, 1))
    sides = np.where(np.arange(20) % 2, ABOVE, BELOW)
    process = fit_gp(observations(x, np.zeros(20), bounds=sides), background=np.linspace(-1, 1, 9)[:, None])
    mean, sd = process.latent(x[:1])
    assert ndtr(mean / np.hypot(sd, process.noise_sd()))[0] == pytest.approx(0.5, abs=0.05)
