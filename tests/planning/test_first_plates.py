"""Plates before anything is measured: they cover the space."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from planning_builders import (
    CONDUCTIVITY,
    DOPANTS,
    SHELF,
    TEMPERATURE,
    TIME,
    control,
    dopants_of,
    of_role,
    problem,
    some,
    spinel,
)
from space_builders import end_member, make_shelf, make_space

from alloop.chemistry import parse_formula
from alloop.planning import plan_plate, plan_plate_at_random
from alloop.space import (
    AmountLimit,
    Limits,
    Mixture,
    MixtureSpace,
    PoolRow,
    PoolSpace,
    Process,
    Setting,
    Space,
)
from alloop.surrogate import observations

MANY = "Zn2+ Mn2+ Fe2+ Co2+ Ni2+ Ca2+ In3+ Sc3+ Y3+ Al3+ Zr4+ Hf4+"


@pytest.mark.parametrize("seed", range(3))
def test_every_dopant_comes_before_any_comes_twice(seed: int) -> None:
    space = spinel(dopants=MANY, max_dopants=3)
    plan = plan_plate(problem(space, wells=16), seed)
    alone = [well for well in plan.wells if len(dopants_of(well.candidate)) <= 3]
    held = Counter(label for well in alone for label in dopants_of(well.candidate))
    assert set(held) == set(MANY.split())
    assert max(held.values()) - min(held.values()) <= 2
    few = plan_plate(problem(space, wells=4), seed)
    held = Counter(label for well in few.wells for label in dopants_of(well.candidate))
    assert set(held.values()) == {1}


def test_a_dopant_that_needs_another_is_not_forgotten() -> None:
    plain = spinel(dopants="Zn2+ Mn2+ In3+ Zr4+", settings=())
    tied = AmountLimit((("Zr4+", None, Fraction(1)), ("Zn2+", None, Fraction(-1))), None, Fraction(0))
    space = make_space(*plain.sites, limits=Limits(max_dopants=2, amounts=(tied,)))
    plan = plan_plate(problem(space, wells=5), 0)
    assert {label for well in plan.wells for label in dopants_of(well.candidate)} == set(DOPANTS.split())


def test_numbers_of_dopants_amounts_and_settings_are_spread() -> None:
    space = spinel()
    plan = plan_plate(problem(space, wells=16), 0)
    numbers = Counter(len(dopants_of(well.candidate)) for well in plan.wells)
    assert min(numbers[1], numbers[2]) >= 4
    times = Counter(well.candidate.process["milling_time"] for well in plan.wells)
    assert abs(times[1] - times[5]) <= 2
    levels = Counter(amount for well in plan.wells for _, _, amount in well.candidate.dopants)
    assert len(levels) >= 3
    assert len({well.candidate.recipe_key for well in plan.wells}) == 16


def test_roles_and_silence_of_a_first_plate() -> None:
    space = spinel()
    rules = {"control": control(space), "replicates": 2, "random": 2}
    plan = plan_plate(problem(space, wells=16, rules=rules), 0)
    assert Counter(well.role for well in plan.wells) == {"candidate": 12, "control": 2, "random": 2}
    assert plan.gain is None
    assert plan.models == {}
    for well in plan.wells:
        assert well.predictions == {}
        assert well.p_hit is None
        assert well.p_feasible is None
    keys = [c.recipe_key for c in of_role(plan, "candidate", "random")]
    assert len(set(keys)) == 14
    assert of_role(plan, "control")[0].recipe_key not in keys


def test_the_same_seed_gives_the_same_first_plate() -> None:
    asked = problem(spinel(), wells=12, rules={"random": 3})
    assert replace(plan_plate(asked, 2), seconds={}) == replace(plan_plate(asked, 2), seconds={})
    assert of_role(plan_plate(asked, 2), "random") != of_role(plan_plate(asked, 3), "random")


def test_a_second_plate_without_results_takes_other_settings_and_candidates() -> None:
    space = spinel()
    asked = problem(space, wells=12)
    first = plan_plate(asked, 0)
    made = tuple(well.candidate for well in first.wells)
    again = replace(asked, pending=made, closed_recipes=frozenset(c.recipe_key for c in made))
    second = plan_plate(again, 1)
    assert second.shared_settings != first.shared_settings
    assert not {w.candidate.recipe_key for w in second.wells} & again.closed_recipes


def test_literature_gives_predictions_but_the_first_plate_still_covers() -> None:
    space = spinel(dopants=MANY)
    asked = problem(space, some(space, 30), wells=12)
    told = asked.observations["ionic_conductivity"]
    known = {"ionic_conductivity": replace(told, sources=np.ones(30, dtype=np.int64))}
    plan = plan_plate(replace(asked, observations=known, made=(), closed_recipes=frozenset()), 0)
    held = Counter(label for well in plan.wells for label in dopants_of(well.candidate))
    assert len(held) >= 11
    assert all(well.predictions for well in plan.wells)


def test_precursors_limit_a_first_plate() -> None:
    space = spinel(shelf=True)
    rules = {"max_precursors": 4, "random": 2, "control": control(space)}
    plan = plan_plate(problem(space, wells=10, rules=rules, shelf=make_shelf(SHELF)), 0)
    used = {p for well in plan.wells for p, n in space.shelf.solve(well.candidate.amounts).items() if n}
    assert len(plan.wells) == 10
    assert len(used) == 4


@pytest.mark.parametrize("size", [1, 2])
def test_a_space_of_one_candidate(size: int) -> None:
    space = spinel(dopants="Zn2+", levels="0.1", settings=())
    space = spinel(dopants="", settings=()) if size == 1 else space
    assert space.size == size
    plan = plan_plate(problem(space, wells=8, rules={"random": 1}), 0)
    assert len(plan.wells) == size
    assert "wells stay empty" in plan.warnings[0]
    assert len(plan_plate_at_random(problem(space, wells=8), 0).wells) == size


def glass() -> MixtureSpace:
    members = (end_member("Li2S", "1/2", "4/5"), end_member("P2S5", "1/10"), end_member("LiI", "0", "3/10"))
    process = Process((Setting("route", "", ("milled", "quenched"), "plate"), TIME))
    return MixtureSpace(Mixture("mole", Fraction(1, 20), members), process, "Li+")


def pool() -> PoolSpace:
    rows = [
        PoolRow(formula, parse_formula(formula), (("milling_time", time),))
        for formula in (
            "Li3InCl6",
            "Li3YCl6",
            "Li2ZrCl6",
            "Li3ScCl6",
            "Li2MgCl4",
            "Li3ErCl6",
            "Li3YBr6",
            "LiAlCl4",
        )
        for time in TIME.levels
    ]
    return PoolSpace(rows, Process((TIME,)), "Li+")


@pytest.mark.parametrize("make", [glass, pool])
def test_mixtures_and_pools(make) -> None:
    space: Space = make()
    first = plan_plate(problem(space, wells=6, rules={"random": 1}), 0)
    assert len({well.candidate.recipe_key for well in first.wells}) == 6
    ranks = np.array(sorted({well.rank for well in first.wells}))
    asked = problem(space, ranks, wells=6, rules={"random": 1, "replicates": 1}, pending=())
    second = plan_plate(asked, 1)
    assert Counter(well.role for well in second.wells) == {"candidate": 4, "random": 1, "replicate": 1}
    assert not {c.recipe_key for c in of_role(second, "candidate", "random")} & asked.closed_recipes
    assert len({tuple(w.candidate.process.get("route", "") for w in second.wells)}) == 1


def test_conditional_settings() -> None:
    route = Setting("route", "", ("solid", "solution"), "plate")
    heat = replace(TEMPERATURE, unless=(("route", "solution"),))
    space = spinel(settings=(route, heat, TIME))
    seen = set()
    pending: tuple = ()
    for seed in range(3):
        asked = problem(space, wells=8, pending=pending, rules={"control": control(spinel(), 1)})
        plan = plan_plate(asked, seed)
        shared = dict(plan.shared_settings)
        seen.add((shared["route"], shared.get("anneal_temperature")))
        assert ("anneal_temperature" in shared) == (shared["route"] == "solid")
        for well in plan.wells:
            assert ("anneal_temperature" in well.candidate.process) == (shared["route"] == "solid")
        pending += tuple(well.candidate for well in plan.wells)
    assert len(seen) == 3


def test_every_fourth_plate_tries_new_settings() -> None:
    space = spinel()
    ranks = [int(r) for r in some(space, 60) if space.candidate(int(r)).process["anneal_temperature"] == 300]
    x = problem(space, ranks).features.of_block(space.decode(np.array(ranks)))
    flat = {"ionic_conductivity": observations(x, np.random.default_rng(0).normal(-5, 0.1, len(ranks)))}
    asked = replace(problem(space, ranks, objectives=(CONDUCTIVITY,)), observations=flat)
    turn = plan_plate(replace(asked, plates_before=3), 0)
    assert turn.shared_settings == {"anneal_temperature": 400}
