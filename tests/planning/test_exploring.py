"""The planner explores more, and says so, while it can predict nothing."""

from dataclasses import replace

import numpy as np
import pytest
from planning_builders import CONDUCTIVITY, problem, some, spinel

from alloop.planning import PlanningProblem, exploring, plan_plate

EXPLORES = ("nothing like it has been tried", "its result would teach the model most")


def noise(seed: int = 0) -> PlanningProblem:
    """Forty values that have nothing to do with what was made."""
    space = spinel()
    asked = problem(space, some(space, 40), wells=20)
    data = asked.observations[CONDUCTIVITY.property]
    values = np.random.default_rng(seed).standard_normal(len(data))
    return replace(asked, observations={CONDUCTIVITY.property: data.with_values(values)})


def exploring_wells(asked: PlanningProblem) -> int:
    wells = plan_plate(asked, 0).wells
    return sum(any(text in well.reason for text in EXPLORES) for well in wells)


def test_without_a_model_more_wells_explore(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = next(p for p in map(noise, range(20)) if is_blind(p))
    assert any("predicts no better than its mean" in line for line in plan_plate(asked, 0).warnings)
    more = exploring_wells(asked)
    monkeypatch.setattr(exploring, "BLIND_SHARE", 0.0)
    assert more > exploring_wells(asked)


def is_blind(asked: PlanningProblem) -> bool:
    return not any(report.predictable for report in plan_plate(asked, 0).models.values())


def test_with_a_model_the_shares_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    space = spinel()
    asked = problem(space, some(space, 60), wells=20)
    assert not is_blind(asked)
    before = [well.candidate.key for well in plan_plate(asked, 0).wells]
    monkeypatch.setattr(exploring, "BLIND_SHARE", 0.0)
    assert before == [well.candidate.key for well in plan_plate(asked, 0).wells]
