"""Choose a plate's candidates from what the models believe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.errors import PlanError
from alloop.planning.beliefs import Beliefs
from alloop.planning.components import Component, Cover, Front, Map, Scored
from alloop.planning.draws import Draws, draw
from alloop.planning.gain import relative_gain
from alloop.planning.goals import Yardstick, weight_directions
from alloop.planning.hits import chance_among_best, chance_of_targets, optimism
from alloop.planning.problem import MadeSample, PlanningProblem
from alloop.planning.random_wells import open_rows, take_first
from alloop.planning.reasons import pairwise_distances
from alloop.planning.roles import Reserved, features_of, reserve
from alloop.planning.rules import RuleBook, Traits, traits_of
from alloop.planning.screen import screen
from alloop.planning.select import Pick, fill, worth
from alloop.planning.settings import PlateSettings
from alloop.space import Block, Level

SHORTLIST = 2400
_REFERENCE = 400
_KNOWN = 300
_DRAWS = 256
_DIRECTIONS = 16
_CHOICES = 6
_COVER_SHARE = 0.08
_MAP_SHARE = 0.08
_BEST_PER_WELL = 3
_BEST_SHARE = 0.1
_NEW_SETTINGS_EVERY = 4
_NEW_SETTINGS_WORTH = 0.5
"""Every fourth plate tries shared settings that are new, if it is then still worth half of the best: only another
plate can teach them. The plates between stay with settings that were tried; see docs/planner.md."""


@dataclass(frozen=True)
class Chosen:
    """A plate's wells: shared settings, reserved wells, and the candidates' ranks with what each was chosen for."""

    shared: Mapping[str, Level]
    reserved: Reserved
    ranks: IntArray
    whys: tuple[str, ...]
    gain: float | None
    screened: int


@dataclass(frozen=True)
class _Plate:
    """One way to fill the plate: choice of settings, reserved wells, pool rows drawn blindly, chosen rows."""

    choice: int
    reserved: Reserved
    blind: list[int]
    picks: list[Pick]


@dataclass(frozen=True)
class _Pool:
    """Candidates under consideration: m rows, of which some are a uniform sample of the space."""

    block: Block
    features: FloatArray
    traits: Traits
    choices: IntArray
    is_open: BoolArray
    is_uniform: BoolArray


def nothing_left() -> PlanError:
    """The error of a plate that would have no candidate at all."""
    return PlanError(
        "nothing is left to propose: all that the rules allow is measured, failed, pending or excluded",
        "widen the space, or loosen the plate's rules (max_precursors, shared settings)",
    )


def choose_plate(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    settings: PlateSettings,
    background: FloatArray,
    ranked: Sequence[tuple[MadeSample, str]],
    rng: np.random.Generator,
    progress: Callable[[str], None],
    lap: Callable[[str], None],
) -> Chosen:
    """Screen the space, draw from the models, and fill the plate for each open choice of shared settings.

    The choice whose plate is worth most is taken: each component's gains relative to its best choice, weighted by
    the component's share. Controls, replicates (from `ranked`) and blind wells are on each of them beforehand.

    Raises:
        PlanError: when the rules leave no candidate.
    """
    space = problem.space
    n_random, n_wells = problem.rules.random, len(problem.rules.wells)
    uniform = space.sample(min(max(_REFERENCE, 12 * n_random * len(settings)), space.size), rng)
    if space.size <= SHORTLIST:
        ranks, screened = np.arange(space.size, dtype=np.int64), space.size
    else:
        ranks, screened = screen(problem, beliefs, yardstick, settings, SHORTLIST, rng, progress)
    lap("screen")
    progress("choosing wells")
    pool = _gather(problem, settings, np.union1d(ranks, uniform), uniform)
    known = _known(problem, beliefs, yardstick)
    draws = draw(beliefs, yardstick, np.vstack([pool.features, known]), _DRAWS, rng)
    directions = weight_directions(len(yardstick.objectives), _DIRECTIONS, rng)
    make = _components(problem, beliefs, yardstick, pool, draws, directions, background)
    tried = {
        settings.choice_of_candidate(c) for c in (*problem.pending, *(m.candidate for m in problem.made))
    }
    is_turn = (problem.plates_before + 1) % _NEW_SETTINGS_EVERY == 0
    choices = _open_choices(pool, make()[0][0], len(settings), n_wells)
    roomy = [c for c in choices if c in tried and (pool.is_open & (pool.choices == c)).sum() >= n_wells]
    plates: list[_Plate] = []
    for choice in choices if is_turn or not roomy else roomy:
        reserved = reserve(problem, ranked, settings.values(choice))
        book = RuleBook(problem, pool.traits, pool.block, pool.is_open & (pool.choices == choice))
        book.reserve(reserved.candidates)
        lottery = np.flatnonzero(pool.is_uniform & (pool.choices == choice))
        blind = take_first(book, rng.permutation(lottery), n_random) if n_random else []
        components = make()
        for component, _ in components:
            for row in blind:
                component.add(row)
        picks = fill(components, book, n_wells - len(reserved.candidates) - len(blind))
        if picks or blind:
            plates.append(_Plate(choice, reserved, blind, picks))
    if not plates:
        raise nothing_left()
    best = _best_plate(plates, {c.name: share for c, share in make()}, tried, is_turn)
    rows = [pick.index for pick in best.picks] + best.blind
    gain = relative_gain(
        draws, np.arange(len(pool.features), len(pool.features) + len(known)), np.array(rows), directions
    )
    whys = [pick.component for pick in best.picks] + ["random"] * len(best.blind)
    shared = settings.values(best.choice)
    return Chosen(shared, best.reserved, pool.block.ranks[rows], tuple(whys), gain, screened)


def _gather(problem: PlanningProblem, settings: PlateSettings, ranks: IntArray, uniform: IntArray) -> _Pool:
    block = problem.space.decode(ranks)
    return _Pool(
        block,
        problem.features.of_block(block),
        traits_of(problem, block),
        settings.choice_of(block.settings),
        open_rows(problem, block),
        np.isin(ranks, uniform),
    )


def _known(problem: PlanningProblem, beliefs: Beliefs, yardstick: Yardstick) -> FloatArray:
    """Features of what is measured (the most promising few hundred) and pending."""
    measured = problem.measured
    if len(measured) > _KNOWN:
        means = [beliefs.properties[o.property].latent(measured)[0] for o in yardstick.objectives]
        good = yardstick.goodness(np.stack(means, axis=-1)).min(axis=1)
        measured = measured[np.sort(np.argsort(-good, kind="stable")[:_KNOWN])]
    return np.vstack([measured, features_of(problem, list(problem.pending))])


def _components(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    pool: _Pool,
    draws: Draws,
    directions: FloatArray,
    background: FloatArray,
) -> Callable[[], list[tuple[Component, float]]]:
    """A function that makes the components afresh, with their shares of the wells."""
    m = len(pool.features)
    goodness, passing = draws.goodness[:, :m], draws.passing[:, :m]
    known, known_passing = draws.goodness[:, m:], draws.passing[:, m:]
    total = sum(problem.aim.values())
    rest = 1.0 - _COVER_SHARE - _MAP_SHARE
    share = {name: rest * weight / total for name, weight in problem.aim.items() if weight > 0}
    scores: list[tuple[str, FloatArray, float]] = []
    if "hits" in share:
        count = min(int(np.ceil(_BEST_SHARE * problem.space.size)), _BEST_PER_WELL * len(problem.rules.wells))
        chance = chance_among_best(draws.goodness, draws.passing, count, directions)[:m]
        if yardstick.has_targets:
            chance = chance_of_targets(beliefs, yardstick, pool.features, noisy=False) + 0.1 * chance
        scores.append(("hits", chance, share["hits"] / 2.0))
        scores.append(("hope", optimism(beliefs, yardstick, pool.features, directions), share["hits"] / 2.0))
    lazy: list[tuple[Front, float]] = []
    if "front" in share:
        lazy.append((Front("front", goodness, passing, known, known_passing, directions), share["front"]))
    if "best" in share:
        equal = np.full((1, goodness.shape[2]), 1.0)
        lazy.append((Front("best", goodness, passing, known, known_passing, equal), share["best"]))
    distances, tried = _distances(problem, pool, background)
    noise = (
        np.array([beliefs.properties[o.property].process.noise_sd() for o in yardstick.objectives])
        / yardstick.span
    )
    uniform = np.flatnonzero(pool.is_uniform)

    def make() -> list[tuple[Component, float]]:
        components: list[tuple[Component, float]] = [(Scored(name, s), w) for name, s, w in scores]
        components += [(front.fresh(), w) for front, w in lazy]
        explore = share.get("map", 0.0) + _MAP_SHARE
        components.append((Map(goodness / noise, goodness[:, uniform] / noise), explore))
        components.append((Cover(distances, tried), _COVER_SHARE))
        return components

    return make


def _distances(
    problem: PlanningProblem, pool: _Pool, background: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """(r, m) distances of a uniform sample to the candidates, and (r,) to the nearest thing tried."""
    scale = problem.features.distance_scale(background)
    tried = np.vstack([problem.measured, features_of(problem, list(problem.pending))]) * scale
    sample = background[:_REFERENCE] * scale
    nearest = pairwise_distances(sample, tried).min(axis=1) if len(tried) else np.full(len(sample), np.inf)
    return pairwise_distances(sample, pool.features * scale), nearest


def _open_choices(pool: _Pool, first: Component, n_choices: int, n_wells: int) -> list[int]:
    """The plate settings worth planning a plate for: those whose best candidates score highest."""
    if not isinstance(first, Scored) or n_choices <= _CHOICES:
        return [c for c in range(n_choices) if (pool.is_open & (pool.choices == c)).any()]
    promise = []
    for choice in range(n_choices):
        scores = np.sort(first.scores[pool.is_open & (pool.choices == choice)])[::-1]
        promise.append((float(scores[:n_wells].sum()) if len(scores) else -np.inf, -choice))
    best = sorted(promise, reverse=True)[:_CHOICES]
    return sorted(-choice for total, choice in best if np.isfinite(total))


def _best_plate(
    plates: list[_Plate], shares: Mapping[str, float], tried: Collection[int], is_turn: bool
) -> _Plate:
    """The plate worth most over its components, or of those with settings not `tried` if it is their turn."""
    worths = [worth(plate.picks) for plate in plates]
    value = np.zeros(len(plates))
    for name, share in shares.items():
        gains = np.array([found.get(name, 0.0) for found in worths])
        top = float(np.abs(gains).max())
        if top > 0:
            value += share * gains / top
    is_new = np.array([plate.choice not in tried for plate in plates])
    if is_turn and is_new.any():
        new_value = np.where(is_new, value, -np.inf)
        if new_value.max() >= _NEW_SETTINGS_WORTH * value.max():
            value = new_value
    return plates[int(np.argmax(value))]
