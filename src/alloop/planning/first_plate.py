"""The first plate: nothing is known, so it covers the space instead of guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.planning.blocks import BlockTask, common_groups
from alloop.planning.chosen import Chosen, ChosenBlock, nothing_left, plate_values
from alloop.planning.problem import MadeSample, PlanningProblem
from alloop.planning.random_wells import open_rows, random_ranks
from alloop.planning.roles import Reserved, reserve
from alloop.planning.rules import RuleBook, Traits, traits_of
from alloop.planning.settings import PlateSettings
from alloop.space import Block, SiteSpace

_SAMPLE = 4000
_LEVEL_BINS = 3


def covering_pool(problem: PlanningProblem, rng: np.random.Generator) -> IntArray:
    """Ranks (sorted) to choose a covering plate from: a uniform sample, and as many for every number of dopants.

    A uniform sample alone is nearly always maximally doped.
    """
    space = problem.space
    drawn = [space.sample(min(_SAMPLE, space.size), rng)]
    if isinstance(space, SiteSpace):
        counts = space.summary().by_dopant_count
        for number in range(max(counts)):
            few = (
                SiteSpace(
                    space.sites,
                    space.compensation,
                    replace(space.limits, max_dopants=number),
                    space.process,
                    space.mobile_ion,
                    space.shelf,
                )
                if counts.get(number)
                else None
            )
            if few is not None:
                block = few.decode(few.sample(min(_SAMPLE, few.size), rng))
                ranks = space.rank_block(block)
                drawn.append(ranks[ranks >= 0])
    return np.unique(np.concatenate(drawn))


def central_choice(settings: PlateSettings, used: IntArray, choices: IntArray) -> int:
    """The settings to begin with: the least used so far, and among those the nearest to the middle levels.

    Args:
        settings: the open combinations.
        used: (k,) combination of each well so far.
        choices: the combinations in question.
    """
    times = np.bincount(used[used >= 0], minlength=len(settings))
    if not settings.shared:
        return 0
    levels = np.array([len(settings.process.settings[place].levels) for place in settings.shared])
    off_centre = np.abs(settings.combinations - (levels - 1) / 2.0).sum(axis=1)
    order = np.lexsort([choices, off_centre[choices], times[choices]])
    return int(choices[order[0]])


def central_choices(settings: PlateSettings, tasks: Sequence[BlockTask], used: IntArray) -> list[int]:
    """Settings for each block of a first plate, each counting what the blocks before it have."""
    found: list[int] = []
    common = common_groups(settings, tasks)
    for task in tasks:
        choices = task.choices[np.isin(settings.groups[task.choices], list(common))]
        found.append(central_choice(settings, used, choices))
        used = np.concatenate([used, np.full(len(task.wells), found[-1])])
        common = {int(settings.groups[found[0]])}
    return found


def random_choices(
    settings: PlateSettings, tasks: Sequence[BlockTask], rng: np.random.Generator
) -> list[int]:
    """Settings for each block, drawn blindly: those of the plate first."""
    group = int(rng.choice(sorted(common_groups(settings, tasks))))
    return [int(rng.choice(task.choices[settings.groups[task.choices] == group])) for task in tasks]


def cover(
    problem: PlanningProblem,
    settings: PlateSettings,
    tasks: Sequence[BlockTask],
    ranked: Sequence[tuple[MadeSample, str]],
    rng: np.random.Generator,
) -> Chosen:
    """A plate that covers the space, blocks and all.

    Raises:
        PlanError: when the rules leave no candidate.
    """
    others = [settings.choice_of_candidate(candidate) for candidate in problem.pending]
    choices = central_choices(settings, tasks, np.array(others, dtype=np.int64))
    reserved = reserve_all(problem, settings, tasks, choices, ranked)
    blind = draw_blindly(problem, settings, tasks, choices, reserved, [task.random for task in tasks], rng)
    ranks = np.union1d(covering_pool(problem, rng), blind)
    block = problem.space.decode(ranks)
    own = settings.choice_of(block.settings)
    ranks, own = ranks[np.isin(own, choices)], own[np.isin(own, choices)]
    block = problem.space.decode(ranks)
    traits = traits_of(problem, block)
    book = RuleBook(problem, traits, block, open_rows(problem, block), own)
    book.reserve([candidate for found in reserved for candidate in found.candidates])
    for task, choice, found in zip(tasks, choices, reserved, strict=True):
        book.make_room(choice, len(task.wells) - len(found.candidates))
    for row in np.searchsorted(ranks, blind).tolist():
        book.add(row)
    n_wells = sum(
        len(task.wells) - len(found.candidates) for task, found in zip(tasks, reserved, strict=True)
    )
    picks = cover_plate(problem, block, traits, problem.features.of_block(block), book, n_wells - len(blind))
    if not picks and not len(blind):
        raise nothing_left()
    found_ranks = [*((int(rank), "random") for rank in blind), *((int(ranks[i]), "cover") for i in picks)]
    return dealt_out(problem, settings, tasks, choices, reserved, found_ranks)


def blindly(
    problem: PlanningProblem,
    settings: PlateSettings,
    tasks: Sequence[BlockTask],
    rng: np.random.Generator,
) -> Chosen:
    """A plate of controls and uniformly random candidates, on settings drawn at random."""
    choices = random_choices(settings, tasks, rng)
    reserved = reserve_all(problem, settings, tasks, choices, [])
    counts = [len(task.wells) - len(found.candidates) for task, found in zip(tasks, reserved, strict=True)]
    ranks = draw_blindly(problem, settings, tasks, choices, reserved, counts, rng)
    return dealt_out(problem, settings, tasks, choices, reserved, [(int(rank), "random") for rank in ranks])


def reserve_all(
    problem: PlanningProblem,
    settings: PlateSettings,
    tasks: Sequence[BlockTask],
    choices: Sequence[int],
    ranked: Sequence[tuple[MadeSample, str]],
) -> list[Reserved]:
    """The reserved wells of every block, whose settings are decided."""
    empty = problem.space.decode(np.zeros(0, dtype=np.int64))
    book = RuleBook(problem, traits_of(problem, empty), empty, np.zeros(0, dtype=bool))
    if problem.rules.control is not None:
        book.count((problem.rules.control.candidate,) * problem.rules.control.count)
    found: list[Reserved] = []
    for task, choice in zip(tasks, choices, strict=True):
        used = {entry.sample.sample for block in found for entry in block.replicates}
        left = [entry for entry in ranked if entry[0].sample not in used]
        found.append(reserve(problem, left, settings.values(choice), task.controls, task.replicates, book))
    return found


def draw_blindly(
    problem: PlanningProblem,
    settings: PlateSettings,
    tasks: Sequence[BlockTask],
    choices: Sequence[int],
    reserved: Sequence[Reserved],
    counts: Sequence[int],
    rng: np.random.Generator,
) -> IntArray:
    """Random ranks for every block: `counts` of them with the block's settings."""
    room: dict[int, int] = {}
    for task, choice, found, count in zip(tasks, choices, reserved, counts, strict=True):
        room[choice] = room.get(choice, 0) + min(count, len(task.wells) - len(found.candidates))
    filled = [candidate for found in reserved for candidate in found.candidates]
    return random_ranks(problem, settings, room, filled, rng)


def dealt_out(
    problem: PlanningProblem,
    settings: PlateSettings,
    tasks: Sequence[BlockTask],
    choices: Sequence[int],
    reserved: Sequence[Reserved],
    found: Sequence[tuple[int, str]],
) -> Chosen:
    """Ranks, each with what it is for, dealt out to blocks with their settings and room for them."""
    block = problem.space.decode(np.array([rank for rank, _ in found], dtype=np.int64))
    own = settings.choice_of(block.settings)
    room = [
        {"random": task.random, "all": len(task.wells) - len(wells.candidates)}
        for task, wells in zip(tasks, reserved, strict=True)
    ]
    dealt: list[list[tuple[int, str]]] = [[] for _ in tasks]
    for (rank, why), choice in zip(found, own.tolist(), strict=True):
        fitting = [b for b, other in enumerate(choices) if other == choice and room[b]["all"] > 0]
        place = max(fitting, key=lambda b: (room[b].get(why, 0), room[b]["all"], -b))
        dealt[place].append((rank, why))
        room[place]["all"] -= 1
        if why == "random":
            room[place]["random"] -= 1
    blocks = tuple(
        ChosenBlock(
            task.name,
            task.wells,
            settings.values(choice),
            wells,
            np.array([rank for rank, _ in entries], dtype=np.int64),
            tuple(why for _, why in entries),
        )
        for task, choice, wells, entries in zip(tasks, choices, reserved, dealt, strict=True)
    )
    return Chosen(plate_values(settings, tasks[0], choices[0]), blocks, 0)


def cover_plate(
    problem: PlanningProblem,
    block: Block,
    traits: Traits,
    features: FloatArray,
    book: RuleBook,
    n_wells: int,
) -> list[int]:
    """Rows of `block` that cover dopants, levels and settings as evenly as the rules allow.

    Every dopant comes before any dopant twice (one that never comes without a certain other as soon as it can); then
    numbers of dopants, amounts and settings stay level; then the candidate farthest from those already taken.
    """
    amounts = block.amounts[:, [i for i, column in enumerate(problem.space.columns) if column.is_dopant]]
    n_dopants = amounts.shape[1]
    numbers = (amounts > 0).sum(axis=1)
    top = np.maximum(amounts.max(axis=0, initial=0.0), 1e-12) if n_dopants else np.ones(0)
    bins = np.minimum((amounts / top * _LEVEL_BINS).astype(int), _LEVEL_BINS - 1)
    dopant_count = np.zeros(n_dopants)
    bin_count = np.zeros((n_dopants, _LEVEL_BINS))
    number_count = np.zeros(int(numbers.max(initial=0)) + 1)
    level_count = [np.zeros(len(setting.levels) + 1) for setting in problem.space.process.settings]
    spread = features.std(axis=0)
    scaled = features[:, spread > 1e-12] / spread[spread > 1e-12]
    nearest = np.full(len(block), np.inf)
    chosen: list[int] = []
    present = amounts > 0
    columns = np.arange(n_dopants)
    while len(chosen) < n_wells:
        allowed = book.allowed
        if not allowed.any():
            break
        most = np.where(present, dopant_count, 0.0).max(axis=1, initial=0.0)
        if n_dopants:
            most = np.where(numbers == 0, number_count[0], most)
        uneven = number_count[numbers] / max(number_count.max(), 1.0)
        for place, counts in enumerate(level_count):
            uneven = uneven + counts[block.settings[:, place]] / max(counts.max(), 1.0)
        if n_dopants:
            crowd = np.where(present, bin_count[columns, bins], 0.0).sum(axis=1) / np.maximum(numbers, 1)
            uneven = uneven + crowd / max(bin_count.max(), 1.0)
        novelty = np.zeros(len(block)) if not chosen else nearest / max(float(nearest[allowed].max()), 1e-12)
        fresh = (present & (dopant_count == 0)).any(axis=1) | ((numbers == 0) & (number_count[0] == 0))
        score = -1000.0 * most + 100.0 * fresh - 4.0 * uneven + novelty
        index = int(np.argmax(np.where(allowed, score, -np.inf)))
        chosen.append(index)
        book.add(index)
        np.minimum(nearest, np.linalg.norm(scaled - scaled[index], axis=1), out=nearest)
        number_count[numbers[index]] += 1
        dopant_count += present[index]
        bin_count[columns[present[index]], bins[index][present[index]]] += 1
        for place, counts in enumerate(level_count):
            counts[block.settings[index, place]] += 1
    return chosen
