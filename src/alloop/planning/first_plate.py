"""The first plate: nothing is known, so it covers the space instead of guessing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.planning.problem import PlanningProblem
from alloop.planning.rules import RuleBook, Traits
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


def central_choice(settings: PlateSettings, used: IntArray) -> int:
    """The plate settings to begin with: the least used so far, and among those the nearest to the middle levels.

    Args:
        settings: the open combinations.
        used: (k,) combination of each plate so far.
    """
    times = np.bincount(used[used >= 0], minlength=len(settings))
    if not settings.shared:
        return 0
    levels = np.array([len(settings.process.settings[place].levels) for place in settings.shared])
    off_centre = np.abs(settings.combinations - (levels - 1) / 2.0).sum(axis=1)
    order = np.lexsort([np.arange(len(settings)), off_centre, times])
    return int(order[0])


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
