"""Whoever computes: the same models, the same shortlist, the same plate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from planning_builders import CONDUCTIVITY, OXIDATION, PURITY, problem, some, spinel

from alloop.errors import PlanError
from alloop.planning import Objective, PlanningProblem, guided, plan_plate, screen, sieving
from alloop.planning.beliefs import learn_all
from alloop.planning.goals import make_yardstick
from alloop.planning.settings import plate_settings
from alloop.runner import Runner, Threads, open_runner
from alloop.surrogate import Observations
from alloop.surrogate.belief import learn

LITHIUM = Objective("li_mass_fraction", "maximize", "linear", "1", 0.0)


@pytest.fixture(scope="module")
def asked() -> PlanningProblem:
    space = spinel(
        dopants="Zn2+ Mn2+ In3+ Zr4+ Sc3+ Al3+", max_dopants=3, levels="0.05 0.1 0.15 0.2 0.25 0.3"
    )
    measured = (CONDUCTIVITY, OXIDATION)
    found = problem(space, some(space, 40), objectives=measured, constraints=(PURITY,), failed=[5, 6, 7])
    return replace(found, objectives=(*measured, LITHIUM))


def _all_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every candidate is judged by the models."""


def _sieved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every candidate is sieved, in many parts."""
    monkeypatch.setattr(screen, "DIRECT", 1000)
    monkeypatch.setattr(screen, "_SIFTED", (256, 512))


def _searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "DIRECT", 1000)
    monkeypatch.setattr(screen, "EXHAUSTIVE", 2000)
    monkeypatch.setattr(guided, "POPULATION", 2048)
    monkeypatch.setattr(guided, "CHILDREN", 512)


@pytest.fixture(autouse=True)
def _few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieving, "_EXAMPLES", 1200)
    monkeypatch.setattr(sieving, "BEST_EXAMPLES", 800)
    monkeypatch.setattr(sieving, "_PIECE", 256)
    monkeypatch.setattr(guided, "BEST_EXAMPLES", 400)


@pytest.mark.parametrize("way", [_all_judged, _sieved, _searched])
def test_the_plate_is_the_same_whoever_computes(
    way: Callable[[pytest.MonkeyPatch], None],
    asked: PlanningProblem,
    processes: Runner,
    cluster: Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    way(monkeypatch)
    with Threads() as threads:
        here = replace(plan_plate(asked, 3, runner=threads), seconds={})
    assert len(here.wells) == len(asked.rules.wells)
    assert here.candidates_screened > 1000
    for runner in (processes, cluster):
        assert replace(plan_plate(asked, 3, runner=runner), seconds={}) == here


def test_one_or_three_processes_screen_as_this_one(
    asked: PlanningProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sieved(monkeypatch)
    background = asked.features.of_block(asked.space.decode(some(asked.space, 500, 2)))
    beliefs = learn_all(asked, background, 0, lambda _: None)
    yardstick = make_yardstick(asked.objectives, {n: b.data for n, b in beliefs.properties.items()})
    settings = plate_settings(asked.space.process, {})

    def ranks(runner: Runner | None) -> list[int]:
        told: list[str] = []
        rng = np.random.default_rng(0)
        found, count = screen.screen(
            asked, beliefs, yardstick, settings, 300, rng, told.append, runner=runner
        )
        assert count == asked.space.size
        assert told[-1] == f"screening: {count:,} of {count:,} candidates"
        assert len(told) > 10
        return found.tolist()

    here = ranks(None)
    for name in ("processes:1", "processes:3"):
        with open_runner(name) as runner:
            assert ranks(runner) == here


def test_a_round_may_ask_for_more_or_less_than_the_usual_limit(
    asked: PlanningProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    _searched(monkeypatch)
    size = asked.space.size
    assert plan_plate(asked, 3).candidates_screened < size
    assert plan_plate(replace(asked, screen_up_to=size), 3).candidates_screened == size
    monkeypatch.undo()
    _sieved(monkeypatch)
    assert plan_plate(replace(asked, screen_up_to=size - 1), 3).candidates_screened != size


def test_in_the_largest_spaces_parts_grow_and_are_sieved_piece_by_piece(
    asked: PlanningProblem, processes: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sieved(monkeypatch)
    monkeypatch.setattr(screen, "_MOST_PARTS", 3)
    told: list[str] = []
    here = replace(plan_plate(asked, 3, told.append), seconds={})
    assert len([line for line in told if line.startswith("screening: ")]) in (3, 4)
    assert here.candidates_screened == asked.space.size
    assert replace(plan_plate(asked, 3, runner=processes), seconds={}) == here


def test_models_learned_elsewhere_are_the_same(asked: PlanningProblem, processes: Runner) -> None:
    background = asked.features.of_block(asked.space.decode(some(asked.space, 500, 2)))
    points = asked.features.of_block(asked.space.decode(some(asked.space, 200, 3)))

    def learned(runner: Runner | None) -> Mapping[str, tuple[object, ...]]:
        beliefs = learn_all(asked, background, 7, lambda _: None, runner)
        assert beliefs.forming is not None
        found = {name: (one.check, *one.predict(points)) for name, one in beliefs.properties.items()}
        return found | {"forming": beliefs.forming.latent(points)}

    here, there = learned(None), learned(processes)
    assert here.keys() == there.keys() == {"ionic_conductivity", "oxidation_limit", *here}
    for name, values in here.items():
        for one, other in zip(values, there[name], strict=True):
            assert repr(one) == repr(other) if not isinstance(one, np.ndarray) else (one == other).all(), name


def test_a_model_that_somebody_supplied_stays_in_this_process(
    asked: PlanningProblem, processes: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sieved(monkeypatch)

    class Own:
        """Alloop's model behind a class that no other process can find."""

        def __init__(self, data: Observations, seed: int) -> None:
            self._belief = learn(data, seed)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._belief, name)

    own = replace(asked, models={"oxidation_limit": Own})
    plans = [replace(plan_plate(own, 3, runner=runner), seconds={}) for runner in (None, processes)]
    assert plans[0] == plans[1]


def test_a_gpu_screens_in_this_process_only(asked: PlanningProblem, processes: Runner) -> None:
    with pytest.raises(PlanError, match="device is cuda, which screens in this process only"):
        plan_plate(replace(asked, device="cuda"), 0, runner=processes)
