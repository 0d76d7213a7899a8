"""What a plate is expected to bring, for the person who decides whether to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtr

from alloop.arrays import FloatArray, IntArray
from alloop.planning.aims import MapGoal
from alloop.planning.because import PlateGain
from alloop.planning.beliefs import Beliefs
from alloop.planning.draws import Draws, draw
from alloop.planning.goals import Yardstick, lengths, weight_directions
from alloop.planning.known_points import known_points
from alloop.planning.mapping import drawn_values, fall_of_doubt, is_known, region_ranks
from alloop.planning.problem import PlanningProblem
from alloop.planning.random_wells import open_rows, take_first
from alloop.planning.roles import features_of
from alloop.planning.rules import RuleBook, traits_of
from alloop.planning.settings import plate_settings
from alloop.scales import unit_of_differences
from alloop.space import Candidate, Level

_DRAWS = 256
_DIRECTIONS = 16
_RANDOM_PLATES = 3
_REGION = 400
_MAP_DRAWS = 768
_TRIES = 4
_SMALL = 1e-12


def expected_gain(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    chosen: Sequence[Candidate],
    reserved: Sequence[Candidate],
    shared: Mapping[str, Level],
    rng: np.random.Generator,
) -> PlateGain:
    """What a plate is expected to bring beyond what is measured and pending, and what random ones would.

    Args:
        problem, beliefs, yardstick: of the round; at least one objective has values.
        chosen: the candidates in the plate's wells.
        reserved: its controls and replicates, which are on the random plates too.
        shared: settings of the whole plate.
        rng: of the draws.
    """
    if set(problem.aim) == {"map"}:
        return _fall_of_doubt(problem, beliefs, yardstick, chosen, reserved, shared, rng)
    known = known_points(problem, beliefs, yardstick)
    plate = features_of(problem, list(chosen))
    others = random_plates(problem, shared, len(chosen), reserved, rng)
    draws = draw(beliefs, yardstick, np.vstack([known, plate, *others]), _DRAWS, rng)
    directions = weight_directions(len(yardstick.objectives), _DIRECTIONS, rng)
    sizes = [len(known), len(plate), *map(len, others)]
    ends = np.cumsum(sizes)
    rows = [np.arange(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    if problem.gain_in == "hits" and yardstick.has_targets:
        return _told([hits(beliefs, yardstick, draws, own) for own in rows[1:]], 1.0, "hits")
    growths = [growth(draws, rows[0], own, directions) for own in rows[1:]]
    before = growths[0][1]
    unit, scale = "hypervolume", 1.0 / before if before > _SMALL else 1.0
    if problem.gain_in == "objective" and len(yardstick.objectives) == 1:
        entry = yardstick.objectives[0]
        unit, scale = unit_of_differences(entry.scale, entry.unit), float(abs(yardstick.span[0]))
    return _told([found for found, _ in growths], scale, unit)


def _told(gains: Sequence[FloatArray], scale: float, unit: str) -> PlateGain:
    """The gain of the first of several plates beside that of the others, from what each brings (S,) in every draw."""
    own, *others = [found * scale for found in gains]
    low, high = np.quantile(own, [0.05, 0.95])
    random = float(np.mean([found.mean() for found in others])) if others else None
    return PlateGain(float(own.mean()), float(low), float(high), random, unit)


def hits(beliefs: Beliefs, yardstick: Yardstick, draws: Draws, plate: IntArray) -> FloatArray:
    """How many (S,) of the wells `plate` are expected to meet all stated targets as measured, in every draw."""
    met = draws.passing[:, plate].astype(float)
    for k, entry in enumerate(yardstick.objectives):
        if np.isfinite(yardstick.target[k]):
            noise = beliefs.properties[entry.property].noise_sd() / yardstick.span[k]
            met *= ndtr((draws.goodness[:, plate, k] - yardstick.target[k]) / max(noise, _SMALL))
    return np.asarray(met.sum(axis=1))


def _fall_of_doubt(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    chosen: Sequence[Candidate],
    reserved: Sequence[Candidate],
    shared: Mapping[str, Level],
    rng: np.random.Generator,
) -> PlateGain:
    """The gain of a plate that only maps."""
    goal = problem.map_goal or MapGoal()
    goal = goal if is_known(goal, beliefs) else MapGoal(where=goal.where)
    region = region_ranks(problem, goal, _REGION, rng)
    there = problem.features.of_block(problem.space.decode(region))
    plates = [features_of(problem, list(chosen)), *random_plates(problem, shared, len(chosen), reserved, rng)]
    draws, level = drawn_values(
        problem, beliefs, yardstick, goal, np.vstack([there, *plates]), _MAP_DRAWS, rng
    )
    falls, start = [], len(there)
    for plate in plates:
        falls.append(fall_of_doubt(draws[:, start : start + len(plate)], draws[:, : len(there)], level))
        start += len(plate)
    return PlateGain(falls[0], None, None, float(np.mean(falls[1:])) if falls[1:] else None, "doubt")


def growth(
    draws: Draws, known: IntArray, plate: IntArray, directions: FloatArray
) -> tuple[FloatArray, float]:
    """Growth (S,) of the hypervolume (of the best value, for one objective) in every draw by making a plate.

    Args:
        draws: at n points.
        known: rows that are measured or pending.
        plate: rows of the plan.
        directions: (D, K).

    Returns:
        The growth, and the expected hypervolume before, both up to the same constant.
    """
    power = draws.goodness.shape[2]

    def reach(rows: IntArray) -> FloatArray:
        if not len(rows):
            return np.zeros((len(draws.goodness), len(directions)))
        far = np.maximum(lengths(draws.goodness[:, rows], directions), 0.0) ** power
        return np.asarray((far * draws.passing[:, rows, None]).max(axis=1))

    before, new = reach(known), reach(plate)
    grown: FloatArray = np.maximum(new - before, 0.0).mean(axis=1)
    return grown, float(before.mean())


def random_plates(
    problem: PlanningProblem,
    shared: Mapping[str, Level],
    n_wells: int,
    reserved: Sequence[Candidate],
    rng: np.random.Generator,
) -> list[FloatArray]:
    """Features (n, d) of a few plates of random candidates that keep the plate's rules and shared settings."""
    space = problem.space
    settings = plate_settings(space.process, shared)
    wanted = _RANDOM_PLATES * n_wells + 50
    ranks = np.zeros(0, dtype=np.int64)
    for _ in range(_TRIES):
        drawn = space.sample(min(2 * wanted, space.size), rng)
        ranks = np.union1d(ranks, drawn[settings.choice_of(space.decode(drawn).settings) >= 0])
        if len(ranks) >= wanted or len(drawn) == space.size:
            break
    if not len(ranks):
        return []
    block = space.decode(rng.permutation(ranks)[:wanted])
    features, traits, is_open = (
        problem.features.of_block(block),
        traits_of(problem, block),
        open_rows(problem, block),
    )
    plates = []
    for _ in range(_RANDOM_PLATES):
        book = RuleBook(problem, traits, block, is_open)
        book.reserve(reserved)
        taken = take_first(book, rng.permutation(len(block)), n_wells)
        if taken:
            plates.append(features[taken])
    return plates


__all__ = ["expected_gain", "growth", "hits", "known_points", "random_plates"]
