"""A flow whose pieces are mapped as tasks: in a module that the workers can import."""

from __future__ import annotations

import pytest
from planning_builders import CONDUCTIVITY, problem, some, spinel
from prefect import flow
from runner_pieces import Model, power, refuse, unpacked

from alloop.errors import Problem, UserError
from alloop.planning import PlannedWell, PlanningProblem, plan_plate
from alloop_flows.mapped import MappedTasks, computing


def asked() -> PlanningProblem:
    """A round in a space of a few thousand candidates."""
    space = spinel(dopants="Zn2+ Mn2+ In3+ Zr4+", max_dopants=3, levels="0.05 0.1 0.15 0.2 0.25 0.3")
    return problem(space, some(space, 30), objectives=(CONDUCTIVITY,))


@flow(name="on a cluster", persist_result=False)
def on_a_cluster() -> tuple[PlannedWell, ...]:
    """Map a little of everything, and plan a plate."""
    with computing("dask:2") as runner:
        assert isinstance(runner, MappedTasks)
        assert list(runner.map(power, 3, range(50))) == [3**n for n in range(50)]
        assert list(runner.map(power, 2, iter([5, 1, 4]), coarse=True)) == [32, 2, 16]
        model = Model("of tasks")
        seen = [one for _ in range(2) for one in runner.map(unpacked, model, range(12))]
        assert {times for _, times in seen} == {1}
        with pytest.raises(UserError) as caught:
            list(runner.map(refuse, "row 3", range(6)))
        assert caught.value.problems[0] == Problem("row 3", "three is wrong", "say two")
        return plan_plate(asked(), 3, runner=runner).wells
