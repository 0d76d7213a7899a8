"""Fill a plate block by block: for each block the shared settings whose wells are worth most beside the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.blocks import BlockTask, common_groups
from alloop.planning.components import Component, Scored
from alloop.planning.problem import MadeSample, PlanningProblem
from alloop.planning.random_wells import take_first
from alloop.planning.roles import Reserved, reserve, with_plate_settings
from alloop.planning.rules import RuleBook, Traits
from alloop.planning.select import Pick, fill, worth
from alloop.planning.settings import PlateSettings
from alloop.space import Block

_CHOICES = 6
_CHOICES_IN_BLOCK = 3
_NEW_SETTINGS_EVERY = 4
_NEW_SETTINGS_WORTH = 0.5
"""Every fourth plate (or block) tries shared settings that are new, if it is then still worth half of the best: only
another one can teach them. Those between stay with settings that were tried; see docs/planner.md."""

Shared = list[tuple[Component, float]]
"""Components with their shares of the wells."""

T = TypeVar("T")


@dataclass(frozen=True)
class Pool:
    """Candidates under consideration: m rows, of which some are a uniform sample of the space."""

    block: Block
    features: FloatArray
    traits: Traits
    choices: IntArray
    is_open: BoolArray
    is_uniform: BoolArray


@dataclass(frozen=True)
class FilledBlock:
    """One block as it could be: its combination of settings, reserved wells, rows drawn blindly, chosen rows."""

    task: BlockTask
    choice: int
    reserved: Reserved
    blind: tuple[int, ...]
    picks: tuple[Pick, ...]

    @property
    def rows(self) -> list[int]:
        """Rows of the pool: chosen ones, then those drawn blindly."""
        return [pick.index for pick in self.picks] + list(self.blind)


@dataclass(frozen=True)
class _State:
    """A plate that is being filled."""

    components: Shared
    book: RuleBook
    blocks: tuple[FilledBlock, ...] = ()

    def fork(self) -> _State:
        components = [(component.fork(), share) for component, share in self.components]
        return _State(components, self.book.fork(), self.blocks)

    @property
    def picks(self) -> list[Pick]:
        return [pick for block in self.blocks for pick in block.picks]


def fill_plate(
    problem: PlanningProblem,
    settings: PlateSettings,
    tasks: Sequence[BlockTask],
    pool: Pool,
    components: Shared,
    ranked: Sequence[tuple[MadeSample, str]],
    rng: np.random.Generator,
) -> tuple[FilledBlock, ...]:
    """The plate worth most over all open shared settings; no blocks when the rules leave nothing.

    The plate is filled for each open combination of plate settings. Within it, block after block is filled for each
    combination of block settings, beside what the plate holds by then, and the one worth most stays: each
    component's gains relative to its best choice, weighted by the component's share. Controls, replicates (from
    `ranked`) and blind wells are in each of them beforehand.

    Args:
        problem: the round, with the plate's rules.
        settings: the open combinations.
        tasks: what each block has to hold.
        pool: the candidates.
        components: of the plate as it is now, not changed.
        ranked: what may be repeated, the most useful first.
        rng: of the blind wells.
    """
    for component, _ in components:
        component.best(pool.is_open)  # first gains are worked out once, not for every choice
    shares = {component.name: share for component, share in components}
    tried = _tried(problem, settings)
    book = RuleBook(problem, pool.traits, pool.block, pool.is_open, pool.choices)
    if problem.rules.control is not None:
        book.count((problem.rules.control.candidate,) * problem.rules.control.count)
        for choice in {int(c) for task in tasks[1:] if task.controls for c in task.choices}:
            shared = settings.values(choice)
            book.forbid(with_plate_settings(problem.rules.control.candidate, settings.process, shared))
    start = _State(components, book)
    is_turn = (problem.plates_before + 1) % _NEW_SETTINGS_EVERY == 0
    n_wells = sum(len(task.wells) for task in tasks)
    groups = _open_groups(settings, tasks, pool, components[0][0], n_wells)
    tried_groups = {int(settings.groups[choice]) for choice in tried}
    open_wells = {
        g: pool.is_open & (settings.groups[pool.choices] == g) & (pool.choices >= 0) for g in groups
    }
    roomy = [g for g in groups if g in tried_groups and open_wells[g].sum() >= n_wells]
    is_single = len(groups) == 1
    plates: list[tuple[int, _State]] = []
    for group in groups if is_turn or not roomy else roomy:
        state = start.fork()
        for number, task in enumerate(tasks):
            choices = [int(c) for c in task.choices if settings.groups[c] == group]
            unit = problem.plates_before * len(tasks) + number
            turn = (unit + 1) % _NEW_SETTINGS_EVERY == 0
            limit = _CHOICES if is_single else _CHOICES_IN_BLOCK
            state = _with_block(
                problem, settings, task, choices, pool, state, ranked, rng, tried, turn, limit
            )
        if any(block.rows for block in state.blocks):
            plates.append((group, state))
    if not plates:
        return ()
    worths = [worth(state.picks) for _, state in plates]
    is_new = [group not in tried_groups for group, _ in plates]
    return _best([state for _, state in plates], worths, shares, is_new, is_turn).blocks


def _tried(problem: PlanningProblem, settings: PlateSettings) -> set[int]:
    """The combinations of shared settings in which something was made or is on its way."""
    shared = {settings.process.settings[place].name for place in settings.shared}
    candidates = (*problem.pending, *(made.candidate for made in problem.made))
    levels = {tuple(pair for pair in one.settings if pair[0] in shared): one for one in candidates}
    return {settings.choice_of_candidate(one) for one in levels.values()} - {-1}


def _with_block(
    problem: PlanningProblem,
    settings: PlateSettings,
    task: BlockTask,
    choices: Sequence[int],
    pool: Pool,
    state: _State,
    ranked: Sequence[tuple[MadeSample, str]],
    rng: np.random.Generator,
    tried: Collection[int],
    is_turn: bool,
    limit: int,
) -> _State:
    """The plate with one more block, filled with the combination of `choices` that is worth most."""
    if len(choices) > 1:
        choices = _promising(choices, pool, state.components[0][0], len(task.wells), limit) or choices
        roomy = [
            c for c in choices if c in tried and (pool.is_open & (pool.choices == c)).sum() >= len(task.wells)
        ]
        choices = roomy if roomy and not is_turn else choices
    trials = []
    for choice in choices:
        trial = state.fork() if len(choices) > 1 else state
        trials.append(_filled(problem, settings, task, choice, pool, trial, ranked, rng))
    worths = [worth(trial.blocks[-1].picks) for trial in trials]
    is_new = [choice not in tried for choice in choices]
    return _best(trials, worths, {c.name: share for c, share in state.components}, is_new, is_turn)


def _filled(
    problem: PlanningProblem,
    settings: PlateSettings,
    task: BlockTask,
    choice: int,
    pool: Pool,
    state: _State,
    ranked: Sequence[tuple[MadeSample, str]],
    rng: np.random.Generator,
) -> _State:
    """The plate with one more block with these settings; components and rules of `state` are counted on."""
    book = state.book
    used = {entry.sample.sample for block in state.blocks for entry in block.reserved.replicates}
    left = [entry for entry in ranked if entry[0].sample not in used]
    reserved = reserve(problem, left, settings.values(choice), task.controls, task.replicates, book)
    n_free = len(task.wells) - len(reserved.candidates)
    book.make_room(choice, n_free)
    blind: list[int] = []
    if task.random:
        lottery = np.flatnonzero(pool.is_uniform & (pool.choices == choice))
        blind = take_first(book, rng.permutation(lottery), min(task.random, n_free))
    for component, _ in state.components:
        for row in blind:
            component.add(row)
    picks = fill(state.components, book, n_free - len(blind))
    book.close_room()
    block = FilledBlock(task, choice, reserved, tuple(blind), tuple(picks))
    return _State(state.components, book, (*state.blocks, block))


def _open_groups(
    settings: PlateSettings, tasks: Sequence[BlockTask], pool: Pool, first: Component, n_wells: int
) -> list[int]:
    """Plate settings worth planning a plate for: those that every block can have and whose best score highest."""
    return _promising(sorted(common_groups(settings, tasks)), pool, first, n_wells, _CHOICES, settings.groups)


def _promising(
    choices: Sequence[int],
    pool: Pool,
    first: Component,
    n_wells: int,
    limit: int,
    groups: IntArray | None = None,
) -> list[int]:
    """The `limit` of `choices` (of `groups`, where given) whose best candidates score highest, in their order."""
    promise = []
    own = pool.choices if groups is None else np.where(pool.choices >= 0, groups[pool.choices], -1)
    for choice in choices:
        rows = pool.is_open & (own == choice)
        if rows.any():
            top = np.sort(first.scores[rows])[::-1][:n_wells].sum() if isinstance(first, Scored) else 0.0
            promise.append((float(top), -choice))
    if isinstance(first, Scored):
        promise = sorted(promise, reverse=True)[:limit]
    return sorted(-choice for _, choice in promise)


def _best(
    options: Sequence[T],
    worths: Sequence[Mapping[str, float]],
    shares: Mapping[str, float],
    is_new: Sequence[bool],
    is_turn: bool,
) -> T:
    """The option worth most over its components; of those with new settings if it is their turn and worth it."""
    value = np.zeros(len(options))
    for name, share in shares.items():
        gains = np.array([found.get(name, 0.0) for found in worths])
        top = float(np.abs(gains).max())
        if top > 0:
            value += share * gains / top
    new = np.array(is_new)
    if is_turn and new.any():
        new_value = np.where(new, value, -np.inf)
        if new_value.max() >= _NEW_SETTINGS_WORTH * value.max():
            value = new_value
    return options[int(np.argmax(value))]
