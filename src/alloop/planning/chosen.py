"""Choose a plate's candidates from what the models believe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import PlanError
from alloop.planning.aims import well_shares
from alloop.planning.beliefs import Beliefs
from alloop.planning.blocks import BlockTask
from alloop.planning.components import Component, Front, Scored
from alloop.planning.draws import Draws, draw
from alloop.planning.explorers import Cover, Map
from alloop.planning.exploring import leaning
from alloop.planning.filling import Pool, Shared, fill_plate
from alloop.planning.goals import Yardstick, weight_directions
from alloop.planning.hits import chance_among_best, chance_of_targets, optimism, promise
from alloop.planning.known_points import known_points
from alloop.planning.mapping import map_component, open_atlas
from alloop.planning.price import rule_prices
from alloop.planning.problem import MadeSample, PlanningProblem, RulePrice
from alloop.planning.random_wells import open_rows
from alloop.planning.reasons import pairwise_distances
from alloop.planning.roles import Reserved, features_of
from alloop.planning.rules import traits_of
from alloop.planning.screen import screen
from alloop.planning.settings import PlateSettings
from alloop.planning.widening import WIDENINGS, more_candidates
from alloop.runner import Runner, n_workers
from alloop.space import Candidate, Level

WHOLE = 2400
"""Up to so many candidates all are considered."""
SHORTLIST = 1600
"""Candidates considered of larger spaces, roughly: half as many again brought no better plates (docs/planner.md)."""
_REFERENCE = 400
_AT_ONCE = 8192
_DRAWS = 256
_DIRECTIONS = 16
_COVER_SHARE = 0.08
_MAP_SHARE = 0.08
_BEST_PER_WELL = 3
_HOPE = 0.3
_HOPE_BESIDE_TARGETS = 0.5
"""The share of `hits` that goes by what the trees hope for; see docs/planner.md for what was measured."""


@dataclass(frozen=True)
class ChosenBlock:
    """A block's wells: shared settings, reserved wells, and the candidates' ranks with what each was chosen for.

    A plate that is not divided is one block without a name; `shared` holds the plate's settings too.
    """

    name: str | None
    wells: tuple[str, ...]
    shared: Mapping[str, Level]
    reserved: Reserved
    ranks: IntArray
    whys: tuple[str, ...]


@dataclass(frozen=True)
class Chosen:
    """A plate's settings and blocks, the candidates screened for it, and what works out its rules' price."""

    shared: Mapping[str, Level]
    blocks: tuple[ChosenBlock, ...]
    screened: int
    price: Callable[[], tuple[RulePrice, ...]] = tuple

    @property
    def reserved(self) -> tuple[Candidate, ...]:
        """Controls and replicates."""
        return tuple(candidate for block in self.blocks for candidate in block.reserved.candidates)

    @property
    def whys(self) -> tuple[str, ...]:
        """What each candidate was chosen for."""
        return tuple(why for block in self.blocks for why in block.whys)


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
    tasks: Sequence[BlockTask],
    background: FloatArray,
    ranked: Sequence[tuple[MadeSample, str]],
    rng: np.random.Generator,
    progress: Callable[[str], None],
    lap: Callable[[str], None],
    runner: Runner | None = None,
) -> Chosen:
    """Screen the space, draw from the models, and fill the plate, block by block, with its best shared settings.

    Raises:
        PlanError: when the rules leave no candidate.
    """
    space = problem.space
    uniform = space.sample(min(max(_REFERENCE, 12 * problem.rules.random * len(settings)), space.size), rng)
    if space.size <= WHOLE:
        ranks, screened = np.arange(space.size, dtype=np.int64), space.size
    else:
        ranks, screened = screen(problem, beliefs, yardstick, settings, SHORTLIST, rng, progress, runner)
    lap("screen")
    progress("choosing wells")
    atlas = open_atlas(problem, beliefs, len(settings), rng)
    offered = (
        np.union1d(ranks, uniform) if atlas is None else np.union1d(atlas.ranks, np.union1d(ranks, uniform))
    )
    known = known_points(problem, beliefs, yardstick)
    for _ in range(WIDENINGS):
        pool = _gather(problem, settings, offered, uniform)
        draws = draw(beliefs, yardstick, np.vstack([pool.features, known]), _DRAWS, rng)
        directions = weight_directions(len(yardstick.objectives), _DIRECTIONS, rng)
        components = _components(
            problem, beliefs, yardstick, pool, draws, directions, background, atlas is None
        )
        if atlas is not None:
            aimed = (1.0 - _COVER_SHARE - _MAP_SHARE) * well_shares(problem.aim)["map"]
            components.append((map_component(problem, beliefs, yardstick, atlas, pool.features, rng), aimed))
        components = leaning(components, beliefs, yardstick)
        filled = fill_plate(problem, settings, tasks, pool, components, ranked, rng)
        more = more_candidates(
            problem, settings, filled, pool, partial(optimism, beliefs, yardstick, directions=directions), rng
        )
        if not len(more):
            break
        offered = np.union1d(offered, more)
    if not any(block.rows for block in filled):
        raise nothing_left()
    blocks = []
    for block in filled:
        whys = [pick.component for pick in block.picks] + ["random"] * len(block.blind)
        blocks.append(
            ChosenBlock(
                block.task.name,
                block.task.wells,
                settings.values(block.choice),
                block.reserved,
                pool.block.ranks[block.rows],
                tuple(whys),
            )
        )
    price = partial(rule_prices, problem, settings, pool, components, filled)
    return Chosen(plate_values(settings, filled[0].task, filled[0].choice), tuple(blocks), screened, price)


def plate_values(settings: PlateSettings, task: BlockTask, choice: int) -> Mapping[str, Level]:
    """The settings of the whole plate, from one of its blocks; those of blocks too where it is not divided."""
    return settings.values(choice) if task.name is None else settings.values_by(choice, "plate")


def _gather(problem: PlanningProblem, settings: PlateSettings, ranks: IntArray, uniform: IntArray) -> Pool:
    block = problem.space.decode(ranks)
    return Pool(
        block,
        problem.features.of_block(block),
        traits_of(problem, block),
        settings.choice_of(block.settings),
        open_rows(problem, block),
        np.isin(ranks, uniform),
    )


def _components(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    pool: Pool,
    draws: Draws,
    directions: FloatArray,
    background: FloatArray,
    maps_all: bool,
) -> Shared:
    """The components with their shares of the wells; with `maps_all`, the aim `map` is about the whole space."""
    m = len(pool.features)
    goodness, passing = draws.goodness[:, :m], draws.passing[:, :m]
    known, known_passing = draws.goodness[:, m:], draws.passing[:, m:]
    rest = 1.0 - _COVER_SHARE - _MAP_SHARE
    share = {name: rest * part for name, part in well_shares(problem.aim).items()}
    noise = (
        np.array([beliefs.properties[o.property].noise_sd() for o in yardstick.objectives]) / yardstick.span
    )
    uniform = np.flatnonzero(pool.is_uniform)
    count = min(
        int(np.ceil(problem.best_share * problem.space.size)), _BEST_PER_WELL * len(problem.rules.wells)
    )

    def hits() -> Component:
        chance = chance_among_best(draws.goodness, draws.passing, count, directions)[:m]
        if yardstick.has_targets:
            chance = chance_of_targets(beliefs, yardstick, pool.features, noisy=False) + 0.1 * chance
            return Scored("hits", chance)
        return Scored("hits", chance, promise(beliefs, yardstick, pool.features, directions))

    def hope() -> Component:
        return Scored("hope", optimism(beliefs, yardstick, pool.features, directions))

    def front(name: str, along: FloatArray) -> Component:
        return Front(name, goodness, passing, known, known_passing, along)

    def cover() -> Component:
        return Cover(*_distances(problem, pool, background))

    made: list[tuple[Callable[[], Component], float]] = []
    if "hits" in share:
        hoping = _HOPE_BESIDE_TARGETS if yardstick.has_targets else _HOPE
        made += [(hits, share["hits"] * (1.0 - hoping)), (hope, share["hits"] * hoping)]
    if "front" in share:
        made.append((lambda: front("front", directions), share["front"]))
    if "best" in share:
        made.append((lambda: front("best", np.full((1, goodness.shape[2]), 1.0)), share["best"]))
    explore = (share.get("map", 0.0) if maps_all else 0.0) + _MAP_SHARE
    made.append((lambda: Map(goodness / noise, goodness[:, uniform] / noise), explore))
    made.append((cover, _COVER_SHARE))
    with ThreadPoolExecutor(n_workers()) as workers:
        found = list(workers.map(lambda make: make(), [make for make, _ in made]))
    return list(zip(found, [share for _, share in made], strict=True))


def _distances(problem: PlanningProblem, pool: Pool, background: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(r, m) distances of a uniform sample to the candidates, and (r,) to the nearest thing tried."""
    scale = problem.features.distance_scale(background)
    tried = np.vstack([problem.measured, features_of(problem, list(problem.pending))]) * scale
    sample = background[:_REFERENCE] * scale
    nearest = np.full(len(sample), np.inf)
    for start in range(0, len(tried), _AT_ONCE):
        np.minimum(
            nearest, pairwise_distances(sample, tried[start : start + _AT_ONCE]).min(axis=1), out=nearest
        )
    return pairwise_distances(sample, pool.features * scale), nearest
