"""Troubles of making and measuring plates, one case each: for `ablation.py`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from ablation_campaign import Habit, Notebook, campaign, first_plate, record, told
from ablation_world import Laboratory, World, make_world

from alloop.surrogate import BELOW, Observations
from alloop.surrogate.belief import learn
from alloop.surrogate.cross_validation import log_density
from alloop.surrogate.guards import learn_guarded

Found = dict[str, dict[str, float]]
"""What every variant came to in one seed, by metric."""

WELLS, PLATES = 24, 3


@lru_cache(maxsize=8)
def world_of(seed: int, tiny: bool, failing: float = 0.08) -> World:
    """The world of a seed; a `tiny` one is for smoke runs."""
    if tiny:
        return make_world(seed, failing, "In3+ Zr4+ Zn2+", 2)
    return make_world(seed, failing)


def campaigns(
    world: World,
    laboratory: Laboratory,
    habits: dict[str, Habit],
    seed: int,
    tiny: bool,
    watch: int | None = None,
) -> Found:
    """A campaign for every habit; `watch` is a candidate that is made on the second plate."""
    plates, wells = (1 if tiny and watch is None else 2 if tiny else PLATES), (16 if tiny else WELLS)
    return {
        name: campaign(world, laboratory, habit, seed, plates, wells, watch)[0]
        for name, habit in habits.items()
    }


def random_plates(world: World, laboratory: Laboratory, seed: int, plates: int) -> Notebook:
    """Results of `plates` random plates."""
    rng = np.random.default_rng([seed, 2])
    book = Notebook()
    ranks = rng.choice(world.space.size, plates * WELLS, replace=False)
    for number, part in enumerate(np.split(ranks, plates)):
        record(world, laboratory, book, part.tolist(), number, seed)
    return book


def foretold(
    world: World, data: Observations, laboratory: Laboratory, seed: int, guarded: bool = False
) -> dict[str, float]:
    """How well 400 candidates are predicted from `data`.

    Error of the mean, of those above the detection limit, and log score of new measurements.
    """
    rng = np.random.default_rng([seed, 3])
    background = world.x[rng.choice(world.space.size, min(2000, world.space.size), replace=False)]
    test = rng.choice(world.space.size, min(400, world.space.size), replace=False)
    spread = np.hypot(laboratory.plate, laboratory.pellet)
    fresh = world.values[test] + spread * rng.standard_normal(len(test))
    if guarded:
        belief = learn_guarded(data, seed, background, world.features.blocks, decades=True).belief
    else:
        belief = learn(data, seed, background, world.features.blocks)
    mean, sd = belief.predict(world.x[test])
    below = fresh < laboratory.limit
    scores = log_density(mean, sd, np.maximum(fresh, laboratory.limit), np.where(below, BELOW, 0))
    error = belief.latent(world.x[test])[0] - world.values[test]
    return {"map error": float(np.sqrt(np.mean(error[~below] ** 2))), "map score": float(scores.mean())}


def both(one: Found, other: Found) -> Found:
    """The metrics of both, variant by variant."""
    return {name: one.get(name, {}) | other.get(name, {}) for name in {**one, **other}}


def offsets(seed: int, tiny: bool) -> Found:
    """Plates of ±0.3 decades; the model is told which plate a value is from, or not."""
    world, laboratory = world_of(seed, tiny), Laboratory(plate=0.3)
    habits = {"an offset per plate": Habit(), "none": Habit(offsets=False)}
    book = random_plates(world, laboratory, seed, 4)
    static = {
        name: foretold(world, told(world, book, habit, -np.inf), laboratory, seed)
        for name, habit in habits.items()
    }
    return both(campaigns(world, laboratory, habits, seed, tiny), static)


def bounds(seed: int, tiny: bool) -> Found:
    """A third of the space below the detection limit: limits as bounds, as numbers, or dropped."""
    world = world_of(seed, tiny)
    laboratory = Laboratory(limit=float(np.quantile(world.values, 1 / 3)))
    habits = {name: Habit(limits=name) for name in ("bounds", "numbers", "dropped")}
    book = random_plates(world, laboratory, seed, 3)
    static = {
        name: foretold(world, told(world, book, habit, laboratory.limit), laboratory, seed)
        for name, habit in habits.items()
    }
    return both(campaigns(world, laboratory, habits, seed, tiny), static)


def failures(seed: int, tiny: bool) -> Found:
    """A quarter of the space does not form: failures are learned from, or only not proposed again."""
    world = world_of(seed, tiny, 0.25)
    habits = {"failures learned": Habit(), "failures ignored": Habit(forming=False)}
    return campaigns(world, Laboratory(fails=True), habits, seed, tiny)


def reserved(seed: int, tiny: bool) -> Found:
    """Two controls, two replicates, or neither on each plate, with plates of ±0.3 decades."""
    world, laboratory = world_of(seed, tiny), Laboratory(plate=0.3)
    habits = {"neither": Habit(), "2 controls": Habit(controls=2), "2 replicates": Habit(replicates=2)}
    found: Found = {}
    for name, habit in habits.items():
        figures, book = campaign(world, laboratory, habit, seed, 1 if tiny else PLATES, 16 if tiny else WELLS)
        belief = learn(told(world, book, habit, -np.inf), seed, world.x[::7], world.features.blocks)
        noise = np.sqrt(belief.process.hyperparameters.noise[0]) * belief.process.scaling.value_spread
        found[name] = figures | {"noise off": float(abs(np.log(noise / laboratory.pellet)))}
    return found


def late(seed: int, tiny: bool) -> Found:
    """Every plate is planned while the one before it is being measured."""
    world = world_of(seed, tiny)
    habits = {"pending minded": Habit(), "pending ignored": Habit(mind_pending=False)}
    found = campaigns(world, Laboratory(late=True), habits, seed, tiny)
    blindly = first_plate(world, seed, 32 if tiny else (PLATES + 1) * WELLS)
    return found | {"random plates": {"hits": float(world.hits[blindly].sum())}}
