"""Goodness, hypervolume and chances against what others compute."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from botorch.utils.multi_objective.hypervolume import Hypervolume
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_builders import CONDUCTIVITY, OXIDATION

from alloop.planning import Constraint, Objective
from alloop.planning.beliefs import p_between
from alloop.planning.draws import Draws
from alloop.planning.gain import growth
from alloop.planning.goals import (
    hypervolume,
    lengths,
    make_yardstick,
    passing_range,
    weight_directions,
)
from alloop.planning.hits import chance_above_share, chance_among_best, depth
from alloop.surrogate import observations


def points(seed: int, n: int, k: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.5, 0.4, (n, k))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 25), k=st.integers(1, 4))
def test_hypervolume_is_botorchs(seed: int, n: int, k: int) -> None:
    goodness = points(seed, n, k)
    other = Hypervolume(torch.zeros(k, dtype=torch.float64)).compute(torch.as_tensor(goodness))
    assert hypervolume(goodness) == pytest.approx(other, abs=1e-9)
    shifted = hypervolume(goodness + 3.0, np.full(k, 3.0))
    assert shifted == pytest.approx(hypervolume(goodness), abs=1e-9)


@pytest.mark.parametrize("k", [2, 3])
def test_hypervolume_by_directions_converges_to_it(k: int) -> None:
    directions = weight_directions(k, 40_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    sphere = {2: np.pi / 4, 3: np.pi / 6}[
        k
    ]  # volume of the ball's positive part: HV of radius 1 in all directions
    for seed in range(4):
        goodness = points(seed, 12, k)
        reach = np.maximum(lengths(goodness, directions), 0.0).max(axis=0)
        assert sphere * (reach**k).mean() == pytest.approx(hypervolume(goodness), rel=0.03)


def test_nothing_has_no_volume() -> None:
    assert hypervolume(np.zeros((0, 2))) == 0.0
    assert hypervolume(-np.ones((3, 2))) == 0.0
    assert hypervolume(-np.ones((3, 1))) == 0.0


def test_a_yardstick_runs_from_reference_to_target() -> None:
    data = {
        "ionic_conductivity": observations(np.zeros((3, 0)), np.array([-8.0, -5.0, -4.0])),
        "oxidation_limit": observations(np.zeros((2, 0)), np.array([3.5, 4.5])),
    }
    found = make_yardstick((CONDUCTIVITY, OXIDATION), data)
    good = found.goodness(np.array([[-7.0, 3.0], [-3.0, 4.5]]))
    np.testing.assert_allclose(good, [[0.0, 0.0], [1.0, 1.0]])
    assert found.target[0] == pytest.approx(1.0)
    assert np.isnan(found.target[1])
    assert found.has_targets
    cheap = Objective("oxidation_limit", "minimize", "linear", "V", 4.5, 2.5)
    other = make_yardstick((cheap,), data)
    np.testing.assert_allclose(other.goodness(np.array([[4.5], [2.5], [1.5]]))[:, 0], [0.0, 1.0, 1.5])
    free = make_yardstick((replace(CONDUCTIVITY, reference=None, target=None),), data)
    assert not free.has_targets
    assert free.goodness(np.array([[-4.0]]))[0, 0] == pytest.approx(1.0)
    assert make_yardstick((CONDUCTIVITY,), {}).objectives == ()
    assert not make_yardstick((CONDUCTIVITY,), {}).has_targets


def test_one_value_makes_a_yardstick() -> None:
    data = {"oxidation_limit": observations(np.zeros((1, 0)), np.array([4.0]))}
    found = make_yardstick((replace(OXIDATION, reference=None),), data)
    assert np.isfinite(found.goodness(np.array([[4.0], [5.0]]))).all()
    assert (found.span > 0).all()


def test_a_constraint_passes_what_lies_between_its_bounds() -> None:
    low = Constraint("electronic_conductivity", None, 1e-8, "log10", "S/cm")
    assert passing_range(low) == (-np.inf, -8.0)
    np.testing.assert_allclose(p_between(np.array([-8.0, -20.0, 4.0]), 1.0, low), [0.5, 1.0, 0.0], atol=1e-6)
    both = Constraint("target_phase_fraction", 0.2, 0.8, "linear", "1")
    assert p_between(np.array([0.5]), 0.1, both)[0] == pytest.approx(0.9973, abs=1e-3)


def test_depth_is_the_rank_for_one_objective_and_the_front_for_two() -> None:
    one = np.array([[3.0], [1.0], [2.0]])
    np.testing.assert_allclose(depth(one, np.ones((1, 1))), [1.0, 0.0, 0.5])
    two = np.array([[1.0, 0.1], [0.1, 1.0], [0.7, 0.7], [0.05, 0.05]])
    found = depth(two, weight_directions(2, 64, np.random.default_rng(0)))
    assert (found[:3] == 1.0).all()
    assert found[3] == 0.0


def test_chances_count_draws() -> None:
    goodness = np.array([[[3.0], [2.0], [1.0], [0.0]], [[0.0], [1.0], [2.0], [3.0]]])
    passing = np.array([[True] * 4, [True, True, True, False]])
    one = np.ones((1, 1))
    np.testing.assert_allclose(chance_among_best(goodness, passing, 1, one), [0.5, 0.0, 0.5, 0.0])
    np.testing.assert_allclose(chance_among_best(goodness, passing, 9, one), [1.0, 1.0, 1.0, 0.5])
    share = chance_above_share(goodness, passing, slice(0, 4), 0.5, one)
    assert ((share >= 0) & (share <= 1)).all()
    assert share[3] == 0.0
    nothing = chance_among_best(goodness, np.zeros((2, 4), dtype=bool), 2, one)
    np.testing.assert_array_equal(nothing, np.zeros(4))


def test_growth_is_what_a_plate_adds_in_each_draw() -> None:
    goodness = np.array([[[1.0], [2.0], [0.5]], [[1.0], [3.0], [4.0]]])
    draws = Draws(goodness, np.array([[True] * 3, [True, True, False]]))
    one = np.ones((1, 1))
    grown, before = growth(draws, np.array([0]), np.array([1, 2]), one)
    np.testing.assert_allclose(grown, [1.0, 2.0])
    assert before == 1.0
    assert growth(draws, np.array([1]), np.array([0]), one)[0].tolist() == [0.0, 0.0]
    grown, before = growth(draws, np.zeros(0, dtype=int), np.array([1]), one)
    np.testing.assert_allclose(grown, [2.0, 3.0])
    assert before == 0.0
