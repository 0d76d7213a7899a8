"""Plates whose rules close most of the short list are filled from the rest of the space."""

from dataclasses import replace

import numpy as np
from planning_builders import CONDUCTIVITY, OXIDATION, SHELF, TIME, dopants_of, problem, some, spinel
from space_builders import make_shelf

from alloop.planning import plan_plate

FINE = " ".join(f"{0.04 * step:.2f}" for step in range(1, 11))


def test_a_plate_of_few_precursors_is_full_and_keeps_its_rules() -> None:
    space = spinel(levels=FINE, settings=(TIME,), max_dopants=4, shelf=True)
    assert space.size > 10_000  # more than the short list
    rules = {"max_precursors": 3, "random": 0}
    asked = problem(space, some(space, 24), wells=16, objectives=(CONDUCTIVITY, OXIDATION), rules=rules)
    asked = replace(asked, shelf=make_shelf(SHELF))
    plan = plan_plate(asked, 0)
    assert len(plan.wells) == 16
    assert len({dopant for well in plan.wells for dopant in dopants_of(well.candidate)}) == 1
    assert len({well.candidate.recipe_key for well in plan.wells}) == 16
    again = plan_plate(asked, 0)
    assert [w.candidate.key for w in again.wells] == [w.candidate.key for w in plan.wells]
    assert np.all([well.rank is not None for well in plan.wells])
