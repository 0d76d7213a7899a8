"""What must hold for every plate that is planned from results."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from planning_builders import (
    CONDUCTIVITY,
    FULL,
    OXIDATION,
    PURITY,
    TIME,
    control,
    dopants_of,
    of_role,
    problem,
    some,
    spinel,
    truth,
)

from alloop.errors import PlanError
from alloop.planning import plan_plate
from alloop.space import SiteSpace


@pytest.fixture(scope="module")
def space() -> SiteSpace:
    return spinel()


def test_every_well_is_filled_once_with_its_role(space: SiteSpace) -> None:
    asked = problem(space, some(space, 24), wells=16, rules={**FULL, "control": control(space)})
    plan = plan_plate(asked, 3)
    assert [well.well for well in plan.wells] == list(asked.rules.wells)
    assert Counter(well.role for well in plan.wells) == {
        "candidate": 10, "control": 2, "replicate": 2, "random": 2
    }  # fmt: skip
    assert plan.warnings == ()
    for well in plan.wells:
        assert {k: v for k, v in well.candidate.settings if k in plan.shared_settings} == plan.shared_settings
        assert well.rank is None or space.candidate(well.rank).key == well.candidate.key
        assert (well.replicate_of is not None) == (well.role == "replicate")
        found = well.predictions["ionic_conductivity"]
        assert 0 < found.low90 < found.median < found.high90
        assert found.unit == "S/cm"
        assert 0 <= well.p_hit <= 1
        assert 0 <= well.p_feasible <= 1
        assert well.reason
    assert plan.gain >= 0
    assert plan.candidates_screened == space.size
    assert plan.models["ionic_conductivity"].n == 24


def test_no_experiment_comes_twice_and_none_that_is_known(space: SiteSpace) -> None:
    ranks = some(space, 40)
    waiting = tuple(space.candidate(int(r)) for r in ranks[24:])
    asked = problem(space, ranks[:24], wells=16, rules={**FULL, "control": control(space)}, pending=waiting)
    asked = replace(asked, closed_recipes=asked.closed_recipes | {c.recipe_key for c in waiting})
    for seed in range(4):
        plan = plan_plate(asked, seed)
        new = [candidate.recipe_key for candidate in of_role(plan, "candidate", "random")]
        others = [candidate.recipe_key for candidate in of_role(plan, "control", "replicate")]
        assert len(new) == len(set(new)) == 12
        assert not set(new) & set(others)
        assert not set(new) & asked.closed_recipes


def test_the_same_problem_and_seed_give_the_same_plate(space: SiteSpace) -> None:
    asked = problem(space, some(space, 30), rules={**FULL, "control": control(space)})
    one, same, other = plan_plate(asked, 5), plan_plate(asked, 5), plan_plate(asked, 6)
    assert replace(one, seconds={}) == replace(same, seconds={})
    assert one.wells != other.wells


def test_excluded_elements_and_keys_are_nowhere(space: SiteSpace) -> None:
    ranks = some(space, 30)
    best = ranks[np.argsort(-truth(space, ranks)["ionic_conductivity"])[:8]]
    free = plan_plate(problem(space, ranks, rules=FULL), 1)
    keys = frozenset(
        [space.candidate(int(rank)).key for rank in best] + [w.candidate.key for w in free.wells[:6]]
    )
    asked = problem(
        space, ranks, rules=FULL, excluded_elements=frozenset({"In", "Tl"}), excluded_keys=keys, wells=14
    )
    plan = plan_plate(asked, 1)
    assert len(plan.wells) == 14
    for well in plan.wells:
        assert "In" not in well.candidate.amounts
        assert well.candidate.key not in keys


def test_wells_per_dopant_count_controls_and_replicates(space: SiteSpace) -> None:
    asked = problem(space, some(space, 30), rules={**FULL, "max_wells_per_dopant": 3})
    plan = plan_plate(asked, 0)
    held = Counter(label for well in plan.wells for label in dopants_of(well.candidate))
    assert held
    assert max(held.values()) <= 3


@pytest.mark.parametrize("most", [4, 5])
def test_precursors_count_controls_and_replicates(most: int) -> None:
    space = spinel(shelf=True)
    asked = problem(
        space, some(space, 20), shelf=space.shelf,
        rules={"replicates": 1, "random": 2, "max_precursors": most, "control": control(space)},
    )  # fmt: skip
    for seed in range(3):
        plan = plan_plate(asked, seed)
        used = {p for well in plan.wells for p, n in space.shelf.solve(well.candidate.amounts).items() if n}
        assert len(used) <= most


def test_wells_per_dopant_count_locked_wells(space: SiteSpace) -> None:
    measured = list(range(0, 400, 20))
    zinc = [r for r in range(space.size) if any(d[1] == "Zn2+" for d in space.candidate(r).dopants)]
    locked = tuple(space.candidate(rank) for rank in zinc[:2])
    rules = {"filled": locked, "max_wells_per_dopant": 3}
    plan = plan_plate(problem(space, measured, rules=rules), 0)
    held = [well for well in plan.wells if any(d[1] == "Zn2+" for d in well.candidate.dopants)]
    assert len(held) <= 1
    assert not {well.candidate.recipe_key for well in plan.wells} & {c.recipe_key for c in locked}


def test_minimum_distance_holds_between_wells_of_the_same_settings(space: SiteSpace) -> None:
    asked = problem(
        space, some(space, 20), rules={"min_distance": 0.02, "random": 2, "control": control(space)}
    )
    wells = [well for well in plan_plate(asked, 0).wells if well.role != "control"]
    for i, one in enumerate(wells):
        for other in wells[:i]:
            if one.candidate.settings == other.candidate.settings:
                assert _distance(one.candidate.amounts, other.candidate.amounts) >= 0.02 - 1e-9


def _distance(one: dict[str, Fraction], other: dict[str, Fraction]) -> float:
    def share(amounts: dict[str, Fraction], element: str) -> Fraction:
        return amounts.get(element, Fraction(0)) / sum(amounts.values())

    return float(max(abs(share(one, e) - share(other, e)) for e in {*one, *other}))


def test_it_finds_the_good_region(space: SiteSpace) -> None:
    plan = plan_plate(problem(space, some(space, 36)), 0)
    ranks = [well.rank for well in plan.wells if well.role == "candidate"]
    everywhere = truth(space, np.arange(space.size))["ionic_conductivity"]
    assert np.mean(truth(space, ranks)["ionic_conductivity"]) > np.quantile(everywhere, 0.8)


def test_a_constraint_keeps_it_out_of_the_infeasible_region(space: SiteSpace) -> None:
    plan = plan_plate(problem(space, some(space, 48), constraints=(PURITY,)), 0)
    pure = truth(space, [well.rank for well in plan.wells])["target_phase_fraction"] > 0.8
    free = plan_plate(problem(space, some(space, 48)), 0)
    impure = truth(space, [well.rank for well in free.wells])["target_phase_fraction"] < 0.8
    assert pure.mean() >= 0.75
    assert impure.mean() >= 0.4
    for well, passes in zip(plan.wells, pure, strict=True):
        assert (well.p_feasible > 0.5) == passes or 0.2 < well.p_feasible < 0.8


def test_it_learns_what_does_not_form(space: SiteSpace) -> None:
    ranks = some(space, 60)
    indium = [int(r) for r in ranks if "In3+" in dopants_of(space.candidate(int(r)))]
    others = [int(r) for r in ranks if int(r) not in indium]
    plan = plan_plate(problem(space, others, failed=indium), 0)
    with_indium = ["In3+" in dopants_of(well.candidate) for well in plan.wells]
    assert np.mean(with_indium) < 0.35
    chances = np.array([well.p_feasible for well in plan.wells])
    assert chances[~np.array(with_indium)].min() > 0.5


@pytest.mark.parametrize("aim", ["front", "hits", "best", "map"])
def test_every_aim_alone_fills_a_plate_for_two_objectives(space: SiteSpace, aim: str) -> None:
    asked = problem(space, some(space, 24), objectives=(CONDUCTIVITY, OXIDATION), aim={aim: 1.0})
    plan = plan_plate(asked, 0)
    assert len(plan.wells) == 12
    assert set(plan.wells[0].predictions) == {"ionic_conductivity", "oxidation_limit"}


def test_minimising_is_maximising_the_other_way(space: SiteSpace) -> None:
    worst = replace(CONDUCTIVITY, goal="minimize", reference=1e-4, target=1e-8)
    plan = plan_plate(problem(space, some(space, 30), objectives=(worst,)), 0)
    values = truth(space, [well.rank for well in plan.wells])["ionic_conductivity"]
    assert np.median(values) < -5.9


def test_a_hit_meets_every_target_that_is_stated(space: SiteSpace) -> None:
    def p_hit(target: float) -> np.ndarray:
        objectives = (replace(CONDUCTIVITY, target=target), OXIDATION)
        plan = plan_plate(problem(space, some(space, 30), objectives=objectives), 0)
        return np.array([well.p_hit for well in plan.wells])

    assert p_hit(1e-9).min() > 0.95
    assert p_hit(1e3).max() < 0.01


def test_fixed_settings_are_kept_or_refused_in_words(space: SiteSpace) -> None:
    asked = problem(space, some(space, 20))

    def fixed(**settings: object) -> object:
        return plan_plate(replace(asked, rules=replace(asked.rules, fixed_settings=settings)), 0)

    assert fixed(anneal_temperature=Fraction(400)).shared_settings == {"anneal_temperature": 400}
    with pytest.raises(PlanError, match="350 is none of its levels; choose one of 300, 400"):
        fixed(anneal_temperature=Fraction(350))
    with pytest.raises(PlanError, match="setting milling_time: is not shared"):
        fixed(milling_time=Fraction(5))


@pytest.mark.parametrize("measured", [0, 20])
def test_one_well(space: SiteSpace, measured: int) -> None:
    rules = {"control": control(space), **FULL}
    plan = plan_plate(problem(space, some(space, measured), wells=1, rules=rules), 0)
    assert [well.role for well in plan.wells] == ["candidate"]


def test_no_well_and_no_candidate_are_said(space: SiteSpace) -> None:
    with pytest.raises(PlanError, match="no well to fill"):
        plan_plate(problem(space, some(space, 20), wells=0), 0)
    with pytest.raises(PlanError, match="seed is -1"):
        plan_plate(problem(space, some(space, 20)), -1)
    everything = frozenset({"Mg"})
    for measured in (0, 20):
        with pytest.raises(PlanError, match=r"leave no candidate|nothing is left"):
            plan_plate(problem(space, some(space, measured), excluded_elements=everything), 0)


def test_a_space_smaller_than_the_plate_is_used_up() -> None:
    space = spinel(dopants="Zn2+", levels="0.1 0.2", settings=(TIME,))
    asked = problem(space, [0, 1], wells=12, rules={"random": 1})
    plan = plan_plate(asked, 0)
    assert len(plan.wells) == space.size - 2
    assert "wells stay empty" in " ".join(plan.warnings)
    with pytest.raises(PlanError, match="nothing is left to propose"):
        plan_plate(problem(space, np.arange(space.size), wells=4), 0)
    assert len(plan_plate(problem(space, np.arange(1, space.size), wells=4), 0).wells) == 1


def test_what_was_never_measured_is_said_and_planned_without(space: SiteSpace) -> None:
    asked = problem(space, some(space, 20), objectives=(CONDUCTIVITY, OXIDATION), constraints=(PURITY,))
    data = {"ionic_conductivity": asked.observations["ionic_conductivity"]}
    plan = plan_plate(replace(asked, observations=data), 0)
    assert "oxidation_limit has no values yet: this plate is planned without it" in plan.warnings
    assert "target_phase_fraction has no values yet: its constraint is taken as met" in plan.warnings


def test_one_measurement_is_enough_to_plan(space: SiteSpace) -> None:
    plan = plan_plate(problem(space, [7]), 0)
    assert len(plan.wells) == 12
    assert "inf" not in " ".join(well.reason for well in plan.wells)


def test_intervals_are_stated_as_earlier_ones_held(space: SiteSpace) -> None:
    asked = problem(space, some(space, 24))
    plain = plan_plate(asked, 0)
    wider = plan_plate(replace(asked, foretold={"ionic_conductivity": [np.full(8, 3.0)] * 5}), 0)
    factor = wider.models["ionic_conductivity"].interval_factor
    assert 1.5 < factor < 1.9
    assert plain.models["ionic_conductivity"].interval_factor == 1.0
    for one, other in zip(plain.wells, wider.wells, strict=True):
        assert one.candidate == other.candidate  # what is chosen does not hang on it
        before, after = one.predictions["ionic_conductivity"], other.predictions["ionic_conductivity"]
        assert after.median == before.median
        assert after.sd == pytest.approx(factor * before.sd)
        assert np.log(after.high90 / after.low90) == pytest.approx(
            factor * np.log(before.high90 / before.low90)
        )


def test_observed_properties_are_predicted_too(space: SiteSpace) -> None:
    seen = replace(PURITY, min=None)
    asked = problem(space, some(space, 20), constraints=(PURITY,))
    plan = plan_plate(replace(asked, constraints=(), observed=(seen,)), 0)
    found = plan.wells[0].predictions["target_phase_fraction"]
    assert 0.0 <= found.low90 <= found.median <= found.high90 <= 1.0
    assert plan.wells[0].p_feasible == 1.0


def test_every_fourth_plate_tries_settings_that_are_new(space: SiteSpace) -> None:
    at_300 = [
        rank for rank in range(space.size) if space.candidate(rank).process["anneal_temperature"] == 300
    ]
    asked = problem(space, at_300[::9])
    assert plan_plate(replace(asked, plates_before=3), 0).shared_settings == {"anneal_temperature": 400}
    known = problem(space, some(space, 40))
    turns = [plan_plate(replace(known, plates_before=n), 0).shared_settings for n in (2, 3)]
    assert turns[0] == turns[1]
