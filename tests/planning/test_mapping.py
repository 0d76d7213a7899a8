"""Plates that learn a region or a boundary."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_builders import CONDUCTIVITY, OXIDATION, problem, some, spinel, truth
from scipy.stats import multivariate_normal

from alloop.errors import PlanError
from alloop.planning import PlanningProblem, plan_plate, plan_plate_at_random
from alloop.planning.aims import FEASIBILITY, MapGoal
from alloop.planning.mapping import Boundary, doubt_of, explained, fall_of_doubt, in_region
from alloop.surrogate import observations
from alloop.surrogate.gp import fit_gp

LEVELS = "0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4"
LIMIT = 3.9


@settings(max_examples=30, deadline=None)
@given(distance=st.floats(-2.5, 2.5), share=st.floats(0.0, 0.98))
def test_what_is_explained_follows_from_the_bivariate_normal(distance: float, share: float) -> None:
    joint = multivariate_normal([0, 0], [[1, share], [share, 1]], allow_singular=True).cdf([distance] * 2)
    alone = multivariate_normal([0], [[1]]).cdf([distance])
    found = explained(np.array([distance]), np.array([share]))[0]
    assert found == pytest.approx(joint - alone**2, abs=2e-4)


def test_all_doubt_goes_when_everything_is_explained() -> None:
    distance = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(explained(distance, np.ones(9)), doubt_of(distance), atol=1e-3)
    np.testing.assert_allclose(explained(distance, np.zeros(9)), 0.0)


def test_the_boundary_component_wants_what_decides() -> None:
    rng = np.random.default_rng(0)
    common = rng.standard_normal((4000, 3)) * 3.0
    candidates = common + np.array([0.0, 12.0, 0.0])
    sample = np.repeat(common, 10, axis=1) + np.repeat([0.0, 12.0, 3.0], 10)
    component = Boundary(candidates, sample, 0.0)
    everything = np.ones(3, dtype=bool)
    first, gain = component.best(everything)
    assert first == 0  # nobody doubts on which side the second third lies
    assert gain == pytest.approx(component.gains(np.array([0]))[0], rel=1e-4)
    other = component.fork()
    component.add(first)
    assert component.best(everything)[0] == 2
    assert other.best(everything)[0] == 0
    part = other.part(np.array([1, 2]), 2)
    assert part.best(np.ones(2, dtype=bool))[0] == 1


def test_doubt_falls_with_what_a_plate_explains() -> None:
    rng = np.random.default_rng(0)
    common = rng.standard_normal((3000, 4)) * 3.0
    region = np.repeat(common, 5, axis=1)[..., None]
    nothing = fall_of_doubt(rng.standard_normal((3000, 4, 1)), region, None)
    half = fall_of_doubt(common[:, :2, None], region, None)
    everything = fall_of_doubt(common[..., None], region, None)
    assert nothing < 0.01
    assert nothing < half < everything
    assert everything == pytest.approx(1 - np.sqrt(0.1), abs=0.02)  # the noise remains
    assert 0.2 < fall_of_doubt(common[..., None], region, 0.0) < 1.0


def asked(seed: int, goal: MapGoal | None, aim: Mapping[str, float] | None = None) -> PlanningProblem:
    space = spinel(levels=LEVELS, settings=())
    found = problem(
        space,
        some(space, 12, seed + 1),
        wells=10,
        objectives=(CONDUCTIVITY, OXIDATION),
        aim=aim or {"map": 1.0},
    )
    return replace(found, map_goal=goal)


def wrong_after(question: PlanningProblem, ranks: list[int]) -> float:
    """The share of the space that a model puts on the wrong side, with these candidates measured too."""
    space, known = question.space, question.observations["oxidation_limit"]
    x = question.features.of_block(space.decode(np.array(ranks)))
    y = truth(space, ranks)["oxidation_limit"]
    data = observations(np.vstack([known.features, x]), np.concatenate([known.values, y]))
    everything = np.arange(space.size)
    features = question.features.of_block(space.decode(everything))
    mean, _ = fit_gp(data, features, question.features.blocks).latent(features)
    return float(np.mean((mean > LIMIT) != (truth(space, everything)["oxidation_limit"] > LIMIT)))


def test_wells_lie_near_the_boundary_and_settle_it_better_than_random_ones() -> None:
    goal = MapGoal("oxidation_limit", LIMIT)
    near, plain, ours, blind = [], [], [], []
    for seed in range(3):
        question = asked(seed, goal)
        plan = plan_plate(question, seed)
        ranks = [well.rank for well in plan.wells if well.rank is not None]
        assert any("boundary" in well.reason for well in plan.wells)
        near.append(np.abs(truth(question.space, ranks)["oxidation_limit"] - LIMIT).mean())
        other = [well.rank for well in plan_plate(asked(seed, None), seed).wells if well.rank is not None]
        plain.append(np.abs(truth(question.space, other)["oxidation_limit"] - LIMIT).mean())
        drawn = [well.rank for well in plan_plate_at_random(question, seed).wells if well.rank is not None]
        ours.append(wrong_after(question, ranks))
        blind.append(wrong_after(question, drawn))
        assert plan.gain_detail is not None
        assert plan.gain_detail.unit == "doubt"
        assert 0 < plan.gain_detail.mean < 1
    assert np.mean(near) < np.mean(plain)
    assert np.mean(ours) < np.mean(blind)


def test_a_region_gets_its_wells() -> None:
    goal = MapGoal("oxidation_limit", None, {"In3+": (0.2, 0.4)})
    question = asked(0, goal)
    plan = plan_plate(question, 0)
    ranks = np.array([well.rank for well in plan.wells])
    share = in_region(question.space, goal, question.space.decode(ranks)).mean()
    everywhere = in_region(question.space, goal, question.space.decode(np.arange(question.space.size))).mean()
    assert share > 1.5 * everywhere
    assert any("region" in well.reason for well in plan.wells)


def test_maps_of_feasibility_and_of_nothing_known() -> None:
    space = spinel(levels=LEVELS, settings=())
    ranks = some(space, 24, 3)
    indium = space.element_amounts(space.decode(ranks))[:, list(space.elements).index("In")]
    question = problem(space, ranks[indium < 0.2], failed=ranks[indium >= 0.2].tolist(), aim={"map": 1.0})
    plan = plan_plate(replace(question, map_goal=MapGoal(FEASIBILITY)), 0)
    assert any("boundary" in well.reason for well in plan.wells)
    unknown = plan_plate(replace(question, map_goal=MapGoal("density", 3.0)), 0)
    assert not any("boundary" in well.reason for well in unknown.wells)
    with pytest.raises(PlanError, match="no candidate lies in the region"):
        plan_plate(replace(question, map_goal=MapGoal(None, None, {"In3+": (0.41, 0.9)})), 0)
