"""What surprised is repeated first, and its neighbourhood is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planning_builders import CONDUCTIVITY, TIME, problem, some, spinel

from alloop.planning import PlanningProblem, PlatePlan, plan_plate
from alloop.space import SiteSpace


@pytest.fixture(scope="module")
def space() -> SiteSpace:
    return spinel(settings=(TIME,))


def asked_about(space: SiteSpace, replicates: int = 1) -> PlanningProblem:
    return problem(space, some(space, 40), wells=16, rules={"replicates": replicates})


def repeated(plan: PlatePlan) -> list[str | None]:
    return [well.replicate_of for well in plan.wells if well.role == "replicate"]


def test_what_lay_outside_its_frozen_interval_is_repeated_first(space: SiteSpace) -> None:
    asked = asked_about(space)
    (best,) = repeated(plan_plate(asked, 0))
    worst = int(np.argmin(asked.observations[CONDUCTIVITY.property].values))
    for surprise, expected in ((2.5, best), (3.1, asked.made[worst].sample)):
        made = [replace(one, surprise=surprise * (n == worst)) for n, one in enumerate(asked.made)]
        plan = plan_plate(replace(asked, made=tuple(made)), 0)
        assert repeated(plan) == [expected]
    (well,) = (well for well in plan.wells if well.role == "replicate")
    assert "3.1 standard deviations from the expected one" in well.reason


def with_value_off(asked: PlanningProblem, row: int, by: float) -> PlanningProblem:
    data = asked.observations[CONDUCTIVITY.property]
    values = data.values + by * (np.arange(len(data)) == row)
    changed = replace(data, values=values)
    return replace(asked, observations={CONDUCTIVITY.property: changed})


@pytest.mark.parametrize("by", [1.5, -1.5, 3.0])
def test_a_value_off_its_expectation_is_repeated_whatever_the_ledger_says(
    space: SiteSpace, by: float
) -> None:
    asked = with_value_off(asked_about(space), 17, by)
    assert repeated(plan_plate(asked, 0)) == [asked.made[17].sample]


def test_what_was_repeated_gives_way(space: SiteSpace) -> None:
    asked = asked_about(space)
    made = (*asked.made[:5], replace(asked.made[5], surprise=9.0), *asked.made[6:])
    again = replace(made[5], sample="P-002-0", surprise=0.0)
    assert repeated(plan_plate(replace(asked, made=made), 0)) == [made[5].sample]
    assert repeated(plan_plate(replace(asked, made=(*made, again)), 0)) != [made[5].sample]


def test_the_neighbourhood_of_a_good_surprise_gets_wells() -> None:
    space = spinel("Zn2+ Mn2+ In3+ Zr4+ Sc3+", "0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4", settings=(TIME,))
    asked = problem(space, some(space, 40), wells=16)
    noise = 0.2 * np.random.default_rng(3).standard_normal(40)
    for row in range(40):
        asked = with_value_off(asked, row, noise[row])
    data = asked.observations[CONDUCTIVITY.property]
    row = int(np.argsort(data.values)[28])
    scale = asked.features.distance_scale(asked.measured)
    everything = asked.features.of_block(space.decode(np.arange(space.size)))
    around = np.argsort(np.linalg.norm((everything - data.features[row]) * scale, axis=1))[:40]

    def near(wanted: PlanningProblem) -> int:
        return sum(well.rank in around for well in plan_plate(wanted, 0).wells)

    assert near(with_value_off(asked, row, 2.0)) >= near(asked) + 3
