"""Folds, scores and calibration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alloop.surrogate import ABOVE, BELOW, EXACT, Observations, observations
from alloop.surrogate.belief import learn, stacking_weight
from alloop.surrogate.cross_validation import (
    check_of,
    factor_from_experience,
    inflation_for_coverage,
    log_density,
    make_folds,
    student_factor,
)


@st.composite
def tables(draw: st.DrawFn) -> Observations:
    n = draw(st.integers(2, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    groups = rng.integers(-1, draw(st.integers(1, 9)), n)
    return observations(
        np.zeros((n, 1)),
        np.zeros(n),
        groups=groups,
        recipes=rng.integers(draw(st.integers(1, 40)), size=n),
        sources=(groups > draw(st.integers(0, 8))).astype(int),
    )


@settings(max_examples=100, deadline=None)
@given(data=tables(), seed=st.integers(0, 1000))
def test_folds_never_leak(data: Observations, seed: int) -> None:
    folds = make_folds(data, 5, np.random.default_rng(seed))
    tested = [row for fold in folds for row in fold.test.tolist()]
    assert len(tested) == len(set(tested))
    plates = data.groups[(data.groups >= 0) & (data.sources == 0)]
    for fold in folds:
        assert len(fold.test)
        assert not set(data.recipes[fold.train]) & set(data.recipes[fold.test])
        if len(np.unique(plates)) >= 5:
            held = set(data.groups[fold.test]) - {-1}
            assert not held & set(data.groups[fold.train])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_repeats_do_not_make_noise_look_predictable(seed: int) -> None:
    rng = np.random.default_rng(seed)
    recipes = np.repeat(np.arange(20), 3)
    x, values = rng.uniform(-1, 1, (20, 4))[recipes], rng.normal(0, 1, 20)[recipes]
    data = observations(x, values + 0.01 * rng.standard_normal(60), recipes=recipes)
    # twenty recipes may look alike by chance; were two of three repeats learned from, it would be 0.9999
    assert learn(data, seed).check.skill < 0.9


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_a_plate_shares_does_not_look_like_chemistry(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(8), 8)
    x = rng.uniform(-1, 1, (8, 4))[groups] + 0.05 * rng.standard_normal((64, 4))  # a plate, a family
    values = rng.normal(0, 1, 8)[groups] + 0.01 * rng.standard_normal(64)
    assert learn(observations(x, values, groups=groups), seed).check.skill < 0.6


def test_folds_are_of_similar_size_and_cover_everything() -> None:
    data = observations(np.zeros((40, 1)), np.zeros(40))
    folds = make_folds(data, 5, np.random.default_rng(0))
    assert [len(fold.test) for fold in folds] == [8] * 5
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(40))


def test_one_recipe_cannot_be_held_out() -> None:
    data = observations(np.zeros((9, 1)), np.zeros(9), recipes=np.zeros(9, dtype=int))
    assert make_folds(data, 5, np.random.default_rng(0)) == ()


def test_log_density_of_values_and_bounds() -> None:
    mean, sd, values = np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.5, 2.0]), np.array([0.3, 0.2, 3.0])
    found = log_density(mean, sd, values, np.array([EXACT, BELOW, ABOVE]))
    expected = [norm.logpdf(0.3), norm.logcdf(0.2, 1.0, 0.5), norm.logsf(3.0, 2.0, 2.0)]
    np.testing.assert_allclose(found, expected)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), gap=st.floats(-3, 3))
def test_stacking_weight_is_the_best_up_to_its_prior(seed: int, gap: float) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(gap, 1, 30), rng.normal(0, 1, 30)
    weight = stacking_weight(one, two)
    grid = np.linspace(0.02, 0.98, 400)
    score = np.log(grid[:, None] * np.exp(one) + (1 - grid[:, None]) * np.exp(two)).sum(axis=1)
    score += np.log(grid) + np.log1p(-grid)
    assert weight == pytest.approx(grid[np.argmax(score)], abs=0.01)


def test_stacking_weight_at_the_extremes() -> None:
    good, bad = np.full(50, -1.0), np.full(50, -900.0)
    assert stacking_weight(good, bad) > 0.9
    assert stacking_weight(bad, good) < 0.1
    assert stacking_weight(good, good) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("width", "low", "high"), [(1.0, 0.9, 1.1), (0.5, 1.7, 2.1), (3.0, 0.89, 0.91)])
def test_inflation_mends_intervals_of_the_wrong_width(width: float, low: float, high: float) -> None:
    values = np.random.default_rng(0).standard_normal(400)
    data = observations(np.zeros((400, 1)), values)
    factor = inflation_for_coverage(np.zeros(400), np.full(400, width), data)
    assert low < factor < high
    check = check_of(np.zeros(400), np.full(400, width * factor), data, values)
    assert 0.85 < check.coverage90 <= 1.0
    assert check.coverage90 < 0.95 or width > 1.0  # too wide an interval is hardly narrowed


@pytest.mark.parametrize("spread", [0.6, 1.0, 1.6])
def test_intervals_hold_as_those_of_earlier_plates_would_have(spread: float) -> None:
    rng = np.random.default_rng(1)
    held: list[np.ndarray] = []
    earlier: list[np.ndarray] = []
    for _ in range(60):
        factor, plate = factor_from_experience(earlier), rng.normal(0.0, spread, 8)
        held.append(np.abs(plate) <= 1.6449 * factor)
        earlier.append(plate)
    assert 0.88 < np.mean(held[2:]) < 0.95


def test_one_plate_that_errs_as_a_whole_tells_little() -> None:
    plate = np.full(64, 0.7)
    once = factor_from_experience([plate])
    assert once == factor_from_experience([plate[:8]]) > 0.4
    assert factor_from_experience([plate, plate]) < once


def test_what_was_foretold_long_ago_is_forgotten() -> None:
    rng = np.random.default_rng(2)
    now = [rng.normal(0.0, 1.0, 16) for _ in range(24)]
    long_ago = [rng.normal(0.0, 9.0, 16) for _ in range(300)]
    assert factor_from_experience(long_ago + now) == factor_from_experience(now)


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=70), max_size=30))
def test_experience_never_widens_or_narrows_without_bound(earlier: list[list[float]]) -> None:
    factor = factor_from_experience([np.array(plate) for plate in earlier])
    assert 0.4 <= factor <= 2.5
    assert any(earlier) or factor == 1.0


@given(st.integers(2, 7), st.floats(0.01, 100.0))
def test_few_rows_ask_for_students_t(n: int, width: float) -> None:
    data = observations(np.zeros((n, 1)), np.arange(float(n)))
    factor = inflation_for_coverage(np.zeros(n), np.full(n, width), data)
    assert factor == student_factor(n) > student_factor(n + 20) > 1.0


def test_check_counts_exact_rows_and_scores_bounds() -> None:
    data = observations(np.zeros((4, 1)), np.array([0.0, 1.0, 9.0, 2.0]), bounds=np.array([0, 0, 0, BELOW]))
    check = check_of(np.array([0.0, 1.0, 2.0, 0.0]), np.ones(4), data, data.values)
    assert check.n == 4
    assert check.coverage90 == pytest.approx(2 / 3)
    assert check.log_score == pytest.approx(
        np.mean([norm.logpdf(0), norm.logpdf(0), norm.logpdf(7), norm.logcdf(2)])
    )
    nothing = check_of(np.zeros(2), np.ones(2), data.rows(np.array([3, 3])), data.values)
    assert np.isnan(nothing.coverage90)
