"""The pair of models: calibrated, weighed, drawn from."""

from dataclasses import replace

import numpy as np
import pytest

from alloop.surrogate import BELOW, EXACT, Observations, observations
from alloop.surrogate.belief import Belief, learn, mixed, process_alone
from alloop.surrogate.fast import make_fast
from alloop.surrogate.gp import fit_gp


def smooth(n: int, seed: int = 0, noise: float = 0.1, n_plates: int = 0) -> Observations:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.5, 1.5, (n, 2))
    values = np.sin(2.0 * x[:, 0]) + 0.4 * x[:, 1] + noise * rng.standard_normal(n)
    if not n_plates:
        return observations(x, values)
    groups = np.arange(n) % n_plates
    return observations(x, values + 0.3 * rng.standard_normal(n_plates)[groups], groups=groups)


def steps(n: int, seed: int) -> Observations:
    """Twelve levels in no order along one feature: at home in a forest."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, (n, 1))
    levels = rng.permutation(12).astype(float)
    return observations(x, levels[(12 * x[:, 0]).astype(int)] + 0.02 * rng.standard_normal(n))


@pytest.fixture(scope="module")
def smooth_belief() -> Belief:
    return learn(smooth(60), 0)


def test_intervals_cover_data_drawn_from_a_gaussian_process() -> None:
    inside = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x = rng.uniform(-1, 1, (120, 2))
        distance = 5.0**0.5 * np.linalg.norm(x[:, None] - x, axis=2) / 0.7
        prior = (1 + distance + distance**2 / 3) * np.exp(-distance)
        plates = np.arange(120) // 5
        values = rng.multivariate_normal(np.zeros(120), prior) + 0.2 * rng.standard_normal(24)[plates]
        values += 0.15 * rng.standard_normal(120)
        data = observations(x, values, groups=plates)
        mean, sd = learn(data.rows(np.arange(100)), seed).predict(x[100:])
        inside += (np.abs(values[100:] - mean) < 1.645 * sd).tolist()
    assert 0.82 <= np.mean(inside) <= 0.98


def test_the_report_says_what_fresh_data_say() -> None:
    everything = smooth(160, noise=0.3)
    belief = learn(everything.rows(np.arange(80)), 1)
    fresh = everything.rows(np.arange(80, 160))
    mean, sd = belief.predict(fresh.features)
    assert belief.check.predictable
    assert belief.check.coverage90 == pytest.approx(
        np.mean(np.abs(fresh.values - mean) < 1.645 * sd), abs=0.1
    )
    assert belief.check.skill == pytest.approx(
        1 - np.mean((fresh.values - mean) ** 2) / fresh.values.var(), abs=0.12
    )


def test_noise_alone_is_not_predictable() -> None:
    rng = np.random.default_rng(0)
    belief = learn(observations(rng.uniform(size=(60, 4)), rng.standard_normal(60)), 0)
    assert belief.check.skill < 0.2
    assert belief.check.log_score < belief.check.baseline + 0.1


def test_the_better_model_has_the_larger_say(smooth_belief: Belief) -> None:
    assert smooth_belief.weight > 0.8
    assert learn(steps(150, 2), 0).weight < 0.3


def test_the_same_seed_gives_the_same_belief() -> None:
    data = smooth(40, n_plates=6)
    one, other = learn(data, 5), learn(data, 5)
    fresh = smooth(20, seed=9).features
    for first, second in zip(one.predict(fresh), other.predict(fresh), strict=True):
        np.testing.assert_array_equal(first, second)
    draws = [belief.sample(fresh, 30, np.random.default_rng(1)) for belief in (one, other)]
    np.testing.assert_array_equal(draws[0], draws[1])


@pytest.mark.parametrize("seed", [2**32 - 1, 2**40])
def test_any_seed_will_do(seed: int) -> None:
    assert learn(smooth(20), seed).forest is not None


@pytest.mark.parametrize("n", [1, 2, 5, 6, 11, 12])
def test_few_rows(n: int) -> None:
    belief = learn(smooth(n), 0)
    mean, sd = belief.predict(smooth(5, seed=3).features)
    assert np.isfinite(mean).all()
    assert (sd > 0).all()
    assert (belief.forest is not None) == (n >= 12)
    assert belief.sample(smooth(5, seed=3).features, 7, np.random.default_rng(0)).shape == (7, 5)


def test_repeats_of_one_candidate_are_a_model_too() -> None:
    data = observations(np.zeros((15, 2)), np.arange(15.0), recipes=np.zeros(15, dtype=int))
    belief = learn(data, 0, background=np.random.default_rng(0).uniform(size=(20, 2)))
    assert belief.check.n == 0
    assert belief.predict(np.zeros((1, 2)))[0] == pytest.approx(7.0, abs=1.0)


def test_a_mixture_has_the_moments_of_its_draws() -> None:
    rng = np.random.default_rng(0)
    mean, sd = mixed(0.3, (np.array([1.0]), np.array([0.5])), (np.array([-1.0]), np.array([2.0])))
    draws = np.where(rng.random(400_000) < 0.3, rng.normal(1.0, 0.5, 400_000), rng.normal(-1.0, 2.0, 400_000))
    assert mean[0] == pytest.approx(draws.mean(), abs=0.01)
    assert sd[0] == pytest.approx(draws.std(), abs=0.01)


def test_draws_come_from_both_models(smooth_belief: Belief) -> None:
    fresh = smooth(8, seed=4).features
    draws = smooth_belief.sample(fresh, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(axis=0), smooth_belief.latent(fresh)[0], atol=0.05)
    rng = np.random.default_rng(0)
    trees = smooth_belief.forest.sample(fresh, 128, rng)
    np.testing.assert_allclose(trees.mean(axis=0), smooth_belief.forest.latent(fresh)[0])


def test_plate_offsets_do_not_mislead_the_trees() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (80, 2))
    plates = (x[:, 0] > 0).astype(int) + 2 * (np.arange(80) % 3)  # chemistry and plate go together in part
    offsets = rng.normal(0, 1.0, 6)
    belief = learn(
        observations(x, x[:, 1] + offsets[plates] + 0.05 * rng.standard_normal(80), groups=plates), 0
    )
    mean, _ = belief.latent(x)
    assert np.corrcoef(mean, x[:, 1])[0, 1] > 0.9


def test_bounds_are_learned_from() -> None:
    data = smooth(60)
    bounds = np.where(data.values < -0.3, BELOW, EXACT)
    cut = observations(data.features, np.maximum(data.values, -0.3), bounds=bounds)
    mean, _ = learn(cut, 0).latent(data.features)
    assert mean[data.values < -0.8].mean() < -0.4


@pytest.mark.parametrize("n_plates", [0, 3])
def test_fast_screening_keeps_the_mean_and_never_understates_the_doubt(n_plates: int) -> None:
    import torch

    belief = process_alone(fit_gp(smooth(150, n_plates=n_plates)))
    fresh = np.random.default_rng(0).uniform(-2.5, 2.5, (700, 2))
    mean, sd = belief.latent(fresh)
    fast_mean, fast_sd = make_fast(belief, fresh).latent(torch.as_tensor(fresh, dtype=torch.float32))
    unit = belief.process.scaling.value_spread
    np.testing.assert_allclose(fast_mean, mean, atol=2e-3 * unit)
    assert (fast_sd - sd).min() > -2e-3 * unit
    assert np.median(fast_sd / sd) < 1.5


@pytest.mark.parametrize(("weight", "likeness"), [(0.97, 0.6), (0.5, 0.9)])
def test_fast_screening_with_trees(smooth_belief: Belief, weight: float, likeness: float) -> None:
    import torch

    belief = replace(smooth_belief, weight=weight)
    fresh = smooth(300, seed=7).features
    mean, sd = belief.latent(fresh)
    fast_mean, fast_sd = make_fast(belief, fresh).latent(torch.as_tensor(fresh, dtype=torch.float32))
    assert np.abs(fast_mean - mean).max() < 0.1 * np.ptp(mean)
    assert np.corrcoef(fast_sd, sd)[0, 1] > likeness
    nothing = make_fast(belief, fresh).latent(torch.zeros((0, 2)))
    assert len(nothing[0]) == len(nothing[1]) == 0
