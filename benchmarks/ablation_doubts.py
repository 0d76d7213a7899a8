"""Troubles with what can be believed, one case each: for `ablation.py`."""

from __future__ import annotations

import numpy as np
from ablation_campaign import Habit, Notebook, ask, campaign, first_plate, joined, plan, record, told
from ablation_plates import WELLS, Found, both, campaigns, foretold, random_plates, world_of
from ablation_world import POCKET, Laboratory, World, with_pocket

from alloop.surrogate import Observations, observations

_SURPRISING = {
    "surprises first": Habit(replicates=1),
    "best first": Habit(replicates=1, surprises_first=False),
    "no replicate": Habit(),
    "2 around it": Habit(replicates=1, around=2),
}


def _literature(seed: int, world: World, values: np.ndarray, count: int) -> Observations:
    """`count` values from six publications: 0.4 decades of noise, offsets of 0.3, half a decade too high in common."""
    rng = np.random.default_rng([seed, 4])
    ranks = rng.choice(world.space.size, count, replace=False)
    papers = np.arange(count) % 6
    offset = 0.5 + 0.3 * rng.standard_normal(6)[papers] + 0.4 * rng.standard_normal(count)
    return observations(
        world.x[ranks],
        values[ranks] + offset,
        groups=papers,
        recipes=ranks,
        sources=np.ones(count, dtype=np.int64),
    )


def _with_literature(seed: int, tiny: bool, kind: str) -> Found:
    world, laboratory = world_of(seed, tiny), Laboratory()
    values = world.values
    if kind == "unrelated":  # another chemistry's landscape over the same descriptors
        other = world_of(seed + 500, tiny).values
        values = (other - other.mean()) / other.std() * world.values.std() + world.values.mean()
    if kind == "contradictory":
        values = 2.0 * world.values.mean() - world.values
    reported = _literature(seed, world, values, 30 if tiny else 100)
    habits = {
        "guarded": Habit(literature=reported),
        "always used": Habit(literature=reported, guards=False),
        "no literature": Habit(),
    }
    own = told(world, random_plates(world, laboratory, seed, 1), Habit(), -np.inf)
    static = {
        "guarded": foretold(world, joined(own, reported), laboratory, seed, guarded=True),
        "always used": foretold(world, joined(own, reported), laboratory, seed),
        "no literature": foretold(world, own, laboratory, seed),
    }
    return both(campaigns(world, laboratory, habits, seed, tiny), static)


def related(seed: int, tiny: bool) -> Found:
    """A hundred values of the same truth from other laboratories."""
    return _with_literature(seed, tiny, "related")


def unrelated(seed: int, tiny: bool) -> Found:
    """A hundred values that have nothing to do with the truth."""
    return _with_literature(seed, tiny, "unrelated")


def contradictory(seed: int, tiny: bool) -> Found:
    """A hundred values that say the opposite of the truth."""
    return _with_literature(seed, tiny, "contradictory")


def _one(n: int, number: int, rng: np.random.Generator) -> np.ndarray:
    return 3.0 * (number == 0) * (np.arange(n) == rng.integers(n))


def _quarter(n: int, number: int, rng: np.random.Generator) -> np.ndarray:
    wrong = rng.choice(n, max(1, n // 4), replace=False)
    return 3.0 * (number == 1) * np.isin(np.arange(n), wrong)


def _all(n: int, number: int, rng: np.random.Generator) -> np.ndarray:
    return np.full(n, 3.0 * (number == 1))


def _slip(n: int, number: int, rng: np.random.Generator) -> np.ndarray:
    return 1.5 * (number == 1) * (np.arange(n) == rng.integers(n))


def _guarded_or_not(world: World, laboratory: Laboratory, seed: int, tiny: bool) -> Found:
    habits = {"guarded": Habit(), "unguarded": Habit(guards=False)}
    return campaigns(world, laboratory, habits, seed, tiny)


def unit(seed: int, tiny: bool) -> Found:
    """One value of the first plate is a thousand times too large."""
    return _guarded_or_not(world_of(seed, tiny), Laboratory(mischief=_one), seed, tiny)


def units(seed: int, tiny: bool) -> Found:
    """A quarter of the values of the second plate are a thousand times too large."""
    return _guarded_or_not(world_of(seed, tiny), Laboratory(mischief=_quarter), seed, tiny)


def upload(seed: int, tiny: bool) -> Found:
    """All values of the second plate are a thousand times too large."""
    return _guarded_or_not(world_of(seed, tiny), Laboratory(mischief=_all), seed, tiny)


def quiet(seed: int, tiny: bool) -> Found:
    """Nothing is wrong: what the guards cost then."""
    return _guarded_or_not(world_of(seed, tiny), Laboratory(), seed, tiny)


def discovery(seed: int, tiny: bool) -> Found:
    """One well of the first plate lies in a pocket of outstanding candidates."""
    world = world_of(seed, tiny)
    centre = first_plate(world, seed, 16 if tiny else WELLS)[0]
    habits = {
        "guarded": Habit(replicates=1),
        "unguarded": Habit(replicates=1, guards=False),
        "no replicate": Habit(),
    }
    return campaigns(with_pocket(world, centre, 1.5), Laboratory(), habits, seed, tiny)


def _second_plate(world: World, seed: int, tiny: bool) -> tuple[list[int], list[int]]:
    """The first plate, and the candidates that are on the second one with a replicate and without."""
    made = first_plate(world, seed, 16 if tiny else WELLS)
    book = Notebook()
    record(world, Laboratory(), book, made, 0, seed)
    plans = [
        plan(ask(world, book, habit, -np.inf, [], len(made), 1), habit, seed, 1)
        for habit in (Habit(replicates=1), Habit())
    ]
    chosen = [[well.rank for well in one.wells if well.role == "candidate"] for one in plans]
    return made, [rank for rank in chosen[0] if rank is not None and rank in chosen[1]]


def surprise(seed: int, tiny: bool) -> Found:
    """A well of the second plate lies in a pocket half a decade above everything else, where nothing else was made."""
    world, laboratory = world_of(seed, tiny), Laboratory()
    made, planned = _second_plate(world, seed, tiny)
    company = [np.isin(made + planned, world.nearest(rank)[:POCKET]).sum() for rank in planned]
    lone = planned[int(np.argmin(company))]
    found = campaigns(with_pocket(world, lone, 0.5), laboratory, _SURPRISING, seed, tiny, lone)
    nothing = campaigns(world, laboratory, {"no surprise": Habit(replicates=1)}, seed, tiny, lone)[
        "no surprise"
    ]
    return found | {"no surprise": {name: nothing[name] for name in ("near it", "repeated at once")}}


def slip(seed: int, tiny: bool) -> Found:
    """One value of the second plate is thirty times too large, and nothing is there."""
    return campaigns(world_of(seed, tiny), Laboratory(mischief=_slip), _SURPRISING, seed, tiny)


def blind(seed: int, tiny: bool) -> Found:
    """Measurements scatter by a decade and plates have eight wells: at first nothing can be predicted."""
    world, laboratory = world_of(seed, tiny), Laboratory(pellet=1.0)
    habits = {
        "explores while blind": Habit(),
        "30 % explore": Habit(blind_share=0.3),
        "explores as ever": Habit(blind_share=0.0),
    }
    plates = 1 if tiny else 5
    return {name: campaign(world, laboratory, habit, seed, plates, 8)[0] for name, habit in habits.items()}
