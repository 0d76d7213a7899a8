"""Plan one plate: cover the space while nothing is known, then learn, screen, and choose."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import PlanError
from alloop.planning.beliefs import Beliefs, learn_all
from alloop.planning.chosen import Chosen, choose_plate, nothing_left
from alloop.planning.first_plate import central_choice, cover_plate, covering_pool
from alloop.planning.goals import Yardstick, make_yardstick
from alloop.planning.layout import spread_over_wells
from alloop.planning.outlook import Outlook, describe
from alloop.planning.problem import MadeSample, PlannedWell, PlanningProblem, PlatePlan, PlateRules, Role
from alloop.planning.random_wells import open_rows, random_ranks
from alloop.planning.reasons import component_reason
from alloop.planning.roles import rank_replicates, reserve
from alloop.planning.rules import RuleBook, traits_of
from alloop.planning.settings import PlateSettings, plate_settings
from alloop.properties import get_property
from alloop.space import Candidate, Level

_BACKGROUND = 2000
_RESERVED_SHARE = 0.5


@dataclass(frozen=True)
class _Entry:
    """A well before it has a place."""

    role: Role
    candidate: Candidate
    rank: int | None
    why: str
    replicate_of: str | None = None


def _generator(seed: int) -> np.random.Generator:
    if seed < 0:
        raise PlanError(f"the seed is {seed}", "use a whole number from 0 up")
    return np.random.default_rng(seed)


def _quiet(_: str) -> None:
    """Tell nobody."""


def plan_plate(
    problem: PlanningProblem, seed: int, progress: Callable[[str], None] | None = None
) -> PlatePlan:
    """The next plate.

    Args:
        problem: everything that decides it.
        seed: of every random draw; the same problem and seed give the same plate.
        progress: told in words what is going on.

    Raises:
        PlanError: when the rules leave no candidate at all, or the seed is negative.
    """
    tell = progress or _quiet
    rng = _generator(seed)
    watch = _Watch()
    settings = plate_settings(problem.space.process, problem.rules.fixed_settings)
    rules, warnings = _fitting_rules(problem.rules, bool(problem.made))
    problem = replace(problem, rules=rules)
    background = _sample_features(problem, rng)
    beliefs = learn_all(problem, background, seed, tell)
    yardstick = make_yardstick(
        problem.objectives, {name: belief.process.data for name, belief in beliefs.properties.items()}
    )
    warnings += _missing(problem, beliefs)
    watch.lap("fit")
    ranked = rank_replicates(problem, beliefs, yardstick, rng)
    own = any((data.sources == 0).any() for data in problem.observations.values())
    if own and yardstick.objectives:
        chosen = choose_plate(problem, beliefs, yardstick, settings, background, ranked, rng, tell, watch.lap)
    else:
        tell("covering the space: nothing of this campaign has been measured yet")
        chosen = _covering(problem, settings, ranked, rng)
        watch.lap("screen")
    entries, more = _entries(problem, chosen)
    plan = _finish(problem, beliefs, yardstick, chosen, entries, rng, background)
    watch.lap("select")
    return replace(plan, warnings=(*warnings, *more, *plan.warnings), seconds=watch.seconds)


def plan_plate_at_random(problem: PlanningProblem, seed: int) -> PlatePlan:
    """A plate of controls and uniformly random candidates, on plate settings drawn at random: the yardstick."""
    rng = _generator(seed)
    settings = plate_settings(problem.space.process, problem.rules.fixed_settings)
    rules, warnings = _fitting_rules(problem.rules, False)
    problem = replace(problem, rules=replace(rules, replicates=0, random=0))
    choice = int(rng.integers(len(settings)))
    reserved = reserve(problem, [], settings.values(choice))
    count = len(problem.rules.wells) - len(reserved.candidates)
    ranks = random_ranks(problem, settings, choice, count, reserved.candidates, rng)
    chosen = Chosen(settings.values(choice), reserved, ranks, ("random",) * len(ranks), None, 0)
    nobody = Beliefs({}, None, ())
    yardstick = make_yardstick((), {})
    entries, more = _entries(problem, chosen)
    background = np.zeros((0, len(problem.features.names)))
    plan = _finish(problem, nobody, yardstick, chosen, entries, rng, background)
    return replace(plan, warnings=(*warnings, *more))


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
                why = (
                    "follows from the composition"
                    if get_property(entry.property).computed
                    else "has no values yet"
                )
                warnings.append(f"{entry.property} {why}: this plate is planned without it")
        for constraint in problem.constraints:
            if constraint.property not in beliefs.properties:
                warnings.append(f"{constraint.property} has no values yet: its constraint is taken as met")
    for name, report in beliefs.reports().items():
        if report.n >= 16 and not report.predictable:
            warnings.append(f"the model of {name} predicts no better than its mean: expect exploration")
    return warnings


def _covering(
    problem: PlanningProblem,
    settings: PlateSettings,
    ranked: Sequence[tuple[MadeSample, str]],
    rng: np.random.Generator,
) -> Chosen:
    others = [settings.choice_of_candidate(candidate) for candidate in problem.pending]
    choice = central_choice(settings, np.array(others, dtype=np.int64))
    reserved = reserve(problem, ranked, settings.values(choice))
    blind = random_ranks(problem, settings, choice, problem.rules.random, reserved.candidates, rng)
    ranks = covering_pool(problem, rng)
    block = problem.space.decode(ranks)
    ranks = np.union1d(ranks[settings.choice_of(block.settings) == choice], blind)
    block = problem.space.decode(ranks)
    traits = traits_of(problem, block)
    book = RuleBook(problem, traits, block, open_rows(problem, block))
    book.reserve(reserved.candidates)
    for row in np.searchsorted(ranks, blind).tolist():
        book.add(row)
    n_wells = len(problem.rules.wells) - len(reserved.candidates) - len(blind)
    picks = cover_plate(problem, block, traits, problem.features.of_block(block), book, n_wells)
    if not picks and not len(blind):
        raise nothing_left()
    whys = ("cover",) * len(picks) + ("random",) * len(blind)
    ranks = np.concatenate([ranks[picks], blind]).astype(np.int64)
    return Chosen(settings.values(choice), reserved, ranks, whys, None, 0)


def _entries(problem: PlanningProblem, chosen: Chosen) -> tuple[tuple[list[_Entry], list[_Entry]], list[str]]:
    """(Controls and replicates, the other wells), and warnings."""
    space, warnings = problem.space, []
    why = "the reference that ties plates together"
    reserved = [_Entry("control", made, space.find(made), why) for made in chosen.reserved.controls]
    for entry in chosen.reserved.replicates:
        rank = space.find(entry.candidate)
        reserved.append(_Entry("replicate", entry.candidate, rank, entry.why, entry.sample.sample))
    others = []
    for rank, why in zip(chosen.ranks, chosen.whys, strict=True):
        is_random = why == "random"
        text = "drawn at random: the yardstick" if is_random else component_reason(why)
        candidate = space.candidate(int(rank))
        others.append(_Entry("random" if is_random else "candidate", candidate, int(rank), text))
    missing = len(problem.rules.wells) - len(reserved) - len(others)
    if missing > 0:
        warnings.append(f"{missing} wells stay empty: the rules leave no more different candidates")
    blind = chosen.whys.count("random")
    if blind < problem.rules.random:
        warnings.append(f"{blind} random wells instead of {problem.rules.random}: the rules allow no more")
    return (reserved, others), warnings


def _finish(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    chosen: Chosen,
    entries: tuple[Sequence[_Entry], Sequence[_Entry]],
    rng: np.random.Generator,
    background: FloatArray,
) -> PlatePlan:
    """Predictions, reasons and places."""
    everyone = [*entries[0], *entries[1]]
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
    pairs = list(zip(everyone, outlooks, strict=True))
    placed = spread_over_wells(pairs[: len(entries[0])], pairs[len(entries[0]) :], problem.rules.wells, rng)
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
        )
        for label, (entry, outlook) in placed
    )
    shared: Mapping[str, Level] = chosen.shared
    return PlatePlan(wells, shared, beliefs.reports(), chosen.gain, (), chosen.screened, {})
