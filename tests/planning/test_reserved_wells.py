"""Controls, replicates and random wells of later plates."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from planning_builders import (
    FULL,
    PURITY,
    control,
    dopants_of,
    of_role,
    problem,
    some,
    spinel,
)

from alloop.planning import plan_plate, plan_plate_at_random
from alloop.space import SiteSpace


@pytest.fixture(scope="module")
def space() -> SiteSpace:
    return spinel()


def test_replicates_repeat_exactly_where_they_can(space: SiteSpace) -> None:
    asked = problem(space, some(space, 20), rules={"replicates": 3})
    by_name = {sample.sample: sample.candidate for sample in asked.made}
    plan = plan_plate(asked, 0)
    repeats = [well for well in plan.wells if well.role == "replicate"]
    assert len(repeats) == 3
    for well in repeats:
        assert well.candidate.key == by_name[well.replicate_of].key
    hot = replace(
        asked, made=tuple(m for m in asked.made if m.candidate.process["anneal_temperature"] == 400)
    )
    hot = replace(hot, rules=replace(hot.rules, fixed_settings={"anneal_temperature": Fraction(300)}))
    moved = [well for well in plan_plate(hot, 0).wells if well.role == "replicate"]
    assert len(moved) == 3
    assert all(well.candidate.process["anneal_temperature"] == 300 for well in moved)
    assert "ties the plates together" in moved[0].reason


def test_replicates_that_are_not_there_leave_their_wells_to_candidates(space: SiteSpace) -> None:
    asked = problem(space, some(space, 24), rules={"replicates": 3})
    plan = plan_plate(replace(asked, made=asked.made[:1]), 0)
    assert len(plan.wells) == 12
    assert len(of_role(plan, "replicate")) == 1
    nothing = replace(asked, observations={}, constraints=(PURITY,), measured=asked.measured[:0])
    assert len(plan_plate(nothing, 0).wells) == 12


def test_what_the_shelf_no_longer_makes_is_not_repeated() -> None:
    old = spinel(shelf=True)
    new = spinel(dopants="Zn2+ Mn2+ Zr4+", shelf=True)
    asked = problem(old, some(old, 24), rules={"replicates": 4})
    without = replace(new.shelf, precursors=tuple(p for p in new.shelf.precursors if p.formula != "InCl3"))
    x = problem(new, some(new, 12), rules={"replicates": 4}, shelf=without)
    plan = plan_plate(replace(x, made=asked.made), 0)
    assert len(of_role(plan, "replicate")) == 4
    assert all("In" not in well.candidate.amounts for well in plan.wells)


def test_too_many_reserved_wells_leave_half_of_the_plate(space: SiteSpace) -> None:
    rules = {"control": control(space, 6), "replicates": 6, "random": 6}
    plan = plan_plate(problem(space, some(space, 24), wells=8, rules=rules), 0)
    assert len(of_role(plan, "candidate")) >= 4
    assert "a plate of 8 has room for" in plan.warnings[0]


def test_random_plates_are_random(space: SiteSpace) -> None:
    asked = problem(space, some(space, 20), wells=24, rules={**FULL, "control": control(space)})
    one, same = plan_plate_at_random(asked, 3), plan_plate_at_random(asked, 3)
    assert replace(one, seconds={}) == replace(same, seconds={})
    assert Counter(well.role for well in one.wells) == {"random": 22, "control": 2}
    assert len({w.candidate.recipe_key for w in one.wells if w.role == "random"} - asked.closed_recipes) == 22
    assert one.wells[0].predictions == {}


def test_random_wells_stay_uniform_under_tight_rules() -> None:
    space = spinel(shelf=True, settings=())
    asked = problem(space, some(space, 20), shelf=space.shelf, rules={"random": 3, "max_precursors": 5})
    drawn = [c for seed in range(12) for c in of_role(plan_plate(asked, seed), "random")]
    with_indium = np.mean(["In3+" in dopants_of(c) for c in drawn])
    everywhere = np.mean(["In3+" in dopants_of(space.candidate(r)) for r in range(space.size)])
    assert len(drawn) == 36
    assert with_indium == pytest.approx(everywhere, abs=0.22)
