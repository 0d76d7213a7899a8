"""Plan one plate: cover the space while nothing is known, then learn, screen, and choose."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import PlanError
from alloop.planning.beliefs import Beliefs, learn_all
from alloop.planning.blocks import divide
from alloop.planning.chosen import Chosen, choose_plate, nothing_left
from alloop.planning.first_plate import blindly, cover
from alloop.planning.gain import expected_gain
from alloop.planning.goals import Yardstick, make_yardstick
from alloop.planning.layout import Entry, entries_of, placed
from alloop.planning.outlook import Outlook, describe
from alloop.planning.problem import BlockSettings, PlannedWell, PlanningProblem, PlatePlan, PlateRules
from alloop.planning.roles import rank_replicates
from alloop.planning.rules import exceeded
from alloop.planning.stations import with_stations
from alloop.runner import Runner, one_thread

_BACKGROUND = 2000
_RESERVED_SHARE = 0.5


def _generator(seed: int) -> np.random.Generator:
    if seed < 0:
        raise PlanError(f"the seed is {seed}", "use a whole number from 0 up")
    return np.random.default_rng(seed)


def _quiet(_: str) -> None:
    """Tell nobody."""


@one_thread()
def plan_plate(
    problem: PlanningProblem,
    seed: int,
    progress: Callable[[str], None] | None = None,
    runner: Runner | None = None,
) -> PlatePlan:
    """The next plate.

    Args:
        problem: everything that decides it.
        seed: of every random draw; the same problem and seed give the same plate.
        progress: told in words what is going on.
        runner: who fits the models and screens the space; the threads of this process when None. The same plate
            comes of it.

    Raises:
        PlanError: when the rules leave no candidate at all, or the seed is negative.
    """
    tell = progress or _quiet
    rng = _generator(seed)
    watch = _Watch()
    rules, warnings = _fitting_rules(problem.rules, bool(problem.made))
    problem = replace(problem, rules=rules)
    settings, tasks = divide(problem.space.process, rules, rng)
    warnings += exceeded(problem)
    background = _sample_features(problem, rng)
    beliefs = learn_all(problem, background, seed, tell, runner)
    yardstick = make_yardstick(
        problem.objectives, {name: belief.data for name, belief in beliefs.properties.items()}
    )
    warnings += _missing(problem, beliefs)
    watch.lap("fit")
    ranked = rank_replicates(problem, beliefs, yardstick, rng)
    own = any((data.sources == 0).any() for data in problem.observations.values())
    if own and yardstick.objectives:
        chosen = choose_plate(
            problem, beliefs, yardstick, settings, tasks, background, ranked, rng, tell, watch.lap, runner
        )
    else:
        tell("covering the space: nothing of this campaign has been measured yet")
        chosen = cover(problem, settings, tasks, ranked, rng)
        watch.lap("screen")
    entries = entries_of(problem.space, chosen)
    gain = None
    with ThreadPoolExecutor(1) as beside:
        prices = beside.submit(chosen.price)
        if own and yardstick.objectives:
            picked = [entry.candidate for _, others in entries for entry in others]
            gain = beside.submit(
                expected_gain,
                problem,
                beliefs,
                yardstick,
                picked,
                chosen.reserved,
                chosen.shared,
                rng.spawn(1)[0],
            )
        plan = _finish(problem, beliefs, yardstick, chosen, entries, rng, background)
        plan = replace(plan, rule_prices=prices.result())
        if gain is not None:
            plan = replace(plan, gain=gain.result().mean, gain_detail=gain.result())
    watch.lap("select")
    return replace(
        plan,
        warnings=(*warnings, *plan.warnings),
        seconds=watch.seconds,
        suspects=beliefs.suspects,
        literature_left_out=beliefs.literature_left_out,
    )


def plan_plate_at_random(problem: PlanningProblem, seed: int) -> PlatePlan:
    """A plate of controls and uniformly random candidates, on plate settings drawn at random: the yardstick."""
    rng = _generator(seed)
    rules, warnings = _fitting_rules(problem.rules, False)
    problem = replace(problem, rules=replace(rules, replicates=0, random=0))
    settings, tasks = divide(problem.space.process, problem.rules, rng)
    chosen = blindly(problem, settings, tasks, rng)
    nobody = Beliefs({}, None, ())
    yardstick = make_yardstick((), {})
    background = np.zeros((0, len(problem.features.names)))
    entries = entries_of(problem.space, chosen)
    plan = _finish(problem, nobody, yardstick, chosen, entries, rng, background)
    return replace(plan, warnings=(*warnings, *plan.warnings))


class _Watch:
    """Seconds per phase."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {"fit": 0.0, "screen": 0.0, "select": 0.0}

    def lap(self, phase: str) -> None:
        """Book the time since the last lap on `phase`."""
        now = time.perf_counter()
        self._laps[phase] += now - self._last
        self._last = now

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds per phase and in total."""
        return {**self._laps, "total": self._last - self._start}


def _fitting_rules(rules: PlateRules, any_made: bool) -> tuple[PlateRules, list[str]]:
    """Rules whose reserved wells leave at least half of the plate to candidates.

    Raises:
        PlanError: when there is no well at all.
    """
    if not rules.wells:
        raise PlanError("there is no well to fill", "unlock a well of the proposal")
    control = rules.control.count if rules.control else 0
    replicates = rules.replicates if any_made else 0
    room = int(len(rules.wells) * _RESERVED_SHARE)
    warnings = []
    random = rules.random
    if control + replicates + random > room:
        random = max(0, min(random, room - control - replicates))
        replicates = max(0, min(replicates, room - control))
        control = min(control, room)
        warnings.append(
            f"a plate of {len(rules.wells)} has room for {control} controls, {replicates} replicates and "
            f"{random} random wells"
        )
    kept = replace(rules.control, count=control) if rules.control and control else None
    return replace(rules, control=kept, replicates=replicates, random=random), warnings


def _sample_features(problem: PlanningProblem, rng: np.random.Generator) -> FloatArray:
    # in random order: parts of it must be uniform samples too
    ranks = problem.space.sample(min(_BACKGROUND, problem.space.size), rng)
    features: FloatArray = problem.features.of_block(problem.space.decode(ranks))
    return features


def _missing(problem: PlanningProblem, beliefs: Beliefs) -> list[str]:
    """What could not be modelled, and what the models cannot tell."""
    warnings = []
    if beliefs.properties:
        for entry in problem.objectives:
            if entry.property not in beliefs.properties:
                warnings.append(f"{entry.property} has no values yet: this plate is planned without it")
        for constraint in problem.constraints:
            if constraint.property not in beliefs.properties:
                warnings.append(f"{constraint.property} has no values yet: its constraint is taken as met")
    warnings += [
        f"literature left out for {name}: it predicts your values worse"
        for name in beliefs.literature_left_out
    ]
    for name, report in beliefs.reports().items():
        if report.n >= 16 and not report.predictable:
            warnings.append(f"the model of {name} predicts no better than its mean: expect exploration")
    return warnings


def _left_open(problem: PlanningProblem, chosen: Chosen, planned: int) -> list[str]:
    """What the rules did not let onto the plate."""
    warnings = []
    missing = len(problem.rules.wells) - planned
    if missing > 0:
        warnings.append(f"{missing} wells stay empty: the rules leave no more different candidates")
    blind = chosen.whys.count("random")
    if blind < problem.rules.random:
        warnings.append(f"{blind} random wells instead of {problem.rules.random}: the rules allow no more")
    return warnings


def _finish(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    chosen: Chosen,
    entries: Sequence[tuple[list[Entry], list[Entry]]],
    rng: np.random.Generator,
    background: FloatArray,
) -> PlatePlan:
    """Predictions, reasons and places of the wells of each block: reserved `entries` and others."""
    everyone = [entry for reserved, others in entries for entry in (*reserved, *others)]
    if not everyone:
        raise nothing_left()
    outlooks: list[Outlook] = describe(
        problem,
        beliefs,
        yardstick,
        [entry.candidate for entry in everyone],
        [e.why for e in everyone],
        background,
        rng,
    )
    pairs = iter(zip(everyone, outlooks, strict=True))
    grouped = [
        ([next(pairs) for _ in reserved], [next(pairs) for _ in others]) for reserved, others in entries
    ]
    wells = tuple(
        PlannedWell(
            label,
            entry.role,
            entry.candidate,
            entry.rank,
            outlook.predictions,
            outlook.p_feasible,
            outlook.p_hit,
            outlook.reason,
            entry.replicate_of,
            outlook.neighbours,
            outlook.drivers,
            outlook.teaches,
            entry.block,
        )
        for label, (entry, outlook) in placed(chosen, grouped, rng)
    )
    by_block = tuple(
        BlockSettings(
            block.name, block.wells, {n: v for n, v in block.shared.items() if n not in chosen.shared}
        )
        for block in chosen.blocks
        if block.name is not None
    )
    return PlatePlan(
        with_stations(wells, problem.rules.stations, problem.shelf),
        chosen.shared,
        beliefs.reports(),
        None,
        tuple(_left_open(problem, chosen, len(wells))),
        chosen.screened,
        {},
        blocks=by_block,
    )
