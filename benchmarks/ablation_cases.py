"""The troubles of a laboratory, one case each: for `ablation.py`."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from ablation_world import (
    Habit,
    Laboratory,
    Notebook,
    World,
    campaign,
    joined,
    make_world,
    record,
    told,
)

from alloop.surrogate import Observations, observations
from alloop.surrogate.belief import learn
from alloop.surrogate.cross_validation import log_density
from alloop.surrogate.guards import learn_guarded

Found = dict[str, dict[str, float]]

_DONE: dict[Hashable, tuple[World, dict[str, float]]] = {}
"""Campaigns that several ablations share."""

BETTER_HIGH = {
    "hits": True,
    "best": True,
    "log score": True,
    "log_score": True,
    "error": False,
    "failed": False,
    "repeated": False,
    "caught": True,
    "false alarms": False,
    "covered": True,
}


@dataclass(frozen=True)
class Ablation:
    """A question, the case that answers it for one seed, which variants to compare and by what."""

    question: str
    case: Callable[[int, bool], Found]
    pairs: tuple[tuple[str, str], ...]
    metrics: tuple[str, ...]


@lru_cache(maxsize=8)
def _world(seed: int, tiny: bool, failing: float = 0.08) -> World:
    if tiny:
        return make_world(seed, failing, "In3+ Zr4+ Zn2+", 2)
    return make_world(seed, failing)


def _campaigns(
    world: World, laboratory: Laboratory, habits: dict[str, Habit], seed: int, tiny: bool
) -> Found:
    size = {"plates": 1, "wells": 16} if tiny else {"plates": 3, "wells": 24}
    found = {}
    for name, habit in habits.items():
        if habit.literature is not None:
            found[name] = campaign(world, laboratory, habit, seed, **size)
            continue
        key = (id(world), laboratory, habit, seed, tiny)
        if key not in _DONE:
            _DONE[key] = (world, campaign(world, laboratory, habit, seed, **size))
        found[name] = dict(_DONE[key][1])
    return found


def _notebook(world: World, laboratory: Laboratory, seed: int, plates: int, wells: int = 24) -> Notebook:
    """Results of `plates` random plates."""
    rng = np.random.default_rng([seed, 2])
    book = Notebook()
    ranks = rng.choice(world.space.size, plates * wells, replace=False)
    for number, part in enumerate(np.split(ranks, plates)):
        record(world, laboratory, book, part.tolist(), number, seed)
    return book


def _foretold(
    world: World, data: Observations, laboratory: Laboratory, seed: int, guarded: bool = False
) -> dict[str, float]:
    """How well 400 candidates are predicted from `data`: error of the mean, log score of new measurements."""
    rng = np.random.default_rng([seed, 3])
    background = world.x[rng.choice(world.space.size, min(2000, world.space.size), replace=False)]
    test = rng.choice(world.space.size, min(400, world.space.size), replace=False)
    fresh = world.values[test] + np.hypot(laboratory.plate, laboratory.pellet) * rng.standard_normal(
        len(test)
    )
    if guarded:
        belief = learn_guarded(data, seed, background, world.features.blocks, decades=True).belief
    else:
        belief = learn(data, seed, background, world.features.blocks)
    mean, sd = belief.predict(world.x[test])
    scores = log_density(mean, sd, fresh, np.zeros(len(test), dtype=np.int64))
    error = belief.latent(world.x[test])[0] - world.values[test]
    seen = fresh > laboratory.limit
    return {
        "error": float(np.sqrt(np.mean(error[seen] ** 2))),
        "log score": float(scores[seen].mean()),
        "coverage90": float(np.mean(np.abs(fresh - mean)[seen] < 1.6448536 * sd[seen])),
    }


def _both(one: Found, other: Found) -> Found:
    return {name: one.get(name, {}) | other.get(name, {}) for name in {**one, **other}}


def offsets(seed: int, tiny: bool) -> Found:
    """Plates of ±0.3 decades; the model is told which plate a value is from, or not."""
    world, laboratory = _world(seed, tiny), Laboratory(plate=0.3)
    habits = {"offset per plate": Habit(), "no offsets": Habit(offsets=False)}
    book = _notebook(world, laboratory, seed, 4)
    static = {
        name: _foretold(world, told(world, book, habit, -np.inf), laboratory, seed)
        for name, habit in habits.items()
    }
    return _both(_campaigns(world, laboratory, habits, seed, tiny), static)


def bounds(seed: int, tiny: bool) -> Found:
    """A third of the space below the detection limit: limits as bounds, as numbers, or dropped."""
    world = _world(seed, tiny)
    laboratory = Laboratory(limit=float(np.quantile(world.values, 1 / 3)))
    habits = {name: Habit(limits=name) for name in ("bounds", "numbers", "dropped")}
    book = _notebook(world, laboratory, seed, 3)
    static = {
        name: _foretold(world, told(world, book, habit, laboratory.limit), laboratory, seed)
        for name, habit in habits.items()
    }
    return _both(_campaigns(world, laboratory, habits, seed, tiny), static)


def failures(seed: int, tiny: bool) -> Found:
    """A quarter of the space does not form: failures are learned from, or only not proposed again."""
    world = _world(seed, tiny, 0.25)
    habits = {"failures learned": Habit(), "failures ignored": Habit(forming=False)}
    return _campaigns(world, Laboratory(fails=True), habits, seed, tiny)


def reserved(seed: int, tiny: bool) -> Found:
    """Two controls, two replicates, or neither on each plate, with plates of ±0.3 decades."""
    habits = {
        "neither": Habit(),
        "2 controls": Habit(controls=2),
        "2 replicates": Habit(replicates=2),
    }
    return _campaigns(_world(seed, tiny), Laboratory(plate=0.3), habits, seed, tiny)


def late(seed: int, tiny: bool) -> Found:
    """Every plate is planned while the one before it is being measured."""
    world = _world(seed, tiny)
    habits = {"pending minded": Habit(), "pending ignored": Habit(mind_pending=False)}
    found = _campaigns(world, Laboratory(late=True), habits, seed, tiny)
    return found | _campaigns(world, Laboratory(), {"never late": Habit()}, seed, tiny)


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
    world, laboratory = _world(seed, tiny), Laboratory()
    values = world.values
    if kind == "unrelated":  # another chemistry's landscape over the same descriptors
        other = _world(seed + 500, tiny).values
        values = (other - other.mean()) / other.std() * world.values.std() + world.values.mean()
    if kind == "contradictory":
        values = 2.0 * world.values.mean() - world.values
    reported = _literature(seed, world, values, 30 if tiny else 100)
    habits = {
        "guarded": Habit(literature=reported),
        "always": Habit(literature=reported, guards=False),
        "none": Habit(),
    }
    book = _notebook(world, laboratory, seed, 1)
    own = told(world, book, Habit(), -np.inf)
    static = {
        "guarded": _foretold(world, joined(own, reported), laboratory, seed, guarded=True),
        "always": _foretold(world, joined(own, reported), laboratory, seed),
        "none": _foretold(world, own, laboratory, seed),
    }
    return _both(_campaigns(world, laboratory, habits, seed, tiny), static)


def related(seed: int, tiny: bool) -> Found:
    """A hundred values of the same truth from other laboratories."""
    return _with_literature(seed, tiny, "related")


def unrelated(seed: int, tiny: bool) -> Found:
    """A hundred values that have nothing to do with the truth."""
    return _with_literature(seed, tiny, "unrelated")


def contradictory(seed: int, tiny: bool) -> Found:
    """A hundred values that say the opposite of the truth."""
    return _with_literature(seed, tiny, "contradictory")


def _quarter_wrong(values: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    if number != 1:
        return values
    wrong = rng.choice(len(values), max(1, len(values) // 4), replace=False)
    return values + 3.0 * np.isin(np.arange(len(values)), wrong)


def _all_wrong(values: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    return values + 3.0 * (number == 1)


def units(seed: int, tiny: bool) -> Found:
    """A quarter of the values of the second plate are a thousand times too large."""
    habits = {"guarded": Habit(), "unguarded": Habit(guards=False)}
    return _campaigns(_world(seed, tiny), Laboratory(mischief=_quarter_wrong), habits, seed, tiny)


def upload(seed: int, tiny: bool) -> Found:
    """All values of the second plate are a thousand times too large."""
    habits = {"guarded": Habit(), "unguarded": Habit(guards=False)}
    return _campaigns(_world(seed, tiny), Laboratory(mischief=_all_wrong), habits, seed, tiny)


def no_trouble(seed: int, tiny: bool) -> Found:
    """Nothing is wrong: what the guards cost then."""
    habits = {"guarded": Habit(), "unguarded": Habit(guards=False)}
    return _campaigns(_world(seed, tiny), Laboratory(), habits, seed, tiny)


def discovery(seed: int, tiny: bool) -> Found:
    """A pocket of some dozen candidates lies 1.5 decades above all others."""
    world = _with_pocket(_world(seed, tiny), seed)
    habits = {
        "guarded": Habit(replicates=1),
        "unguarded": Habit(replicates=1, guards=False),
    }
    return _campaigns(world, Laboratory(), habits, seed, tiny)


def _with_pocket(world: World, seed: int) -> World:
    """The world with a pocket of outstanding candidates, of which one lies on the campaign's first plate."""
    rng = np.random.default_rng([seed, 1])
    centre = int(rng.choice(world.space.size, 24, replace=False)[0])
    scale = world.features.distance_scale(world.x[::7])
    far = np.linalg.norm((world.x - world.x[centre]) * scale, axis=1)
    nearest = np.argsort(far, kind="stable")[:40]
    height = world.values.max() + 1.5 - world.values[centre]
    width = far[nearest[-1]] / 1.5
    values = world.values + height * np.exp(-((far / width) ** 2))
    hits = np.zeros(len(values), dtype=bool)
    hits[nearest[values[nearest] > world.values.max()]] = True
    return replace(world, values=values, hits=hits)


def blind(seed: int, tiny: bool) -> Found:
    """Measurements scatter by a decade and plates have eight wells: at first nothing can be predicted."""
    world, laboratory = _world(seed, tiny), Laboratory(pellet=1.0)
    habits = {"explores while blind": Habit(), "explores as ever": Habit(blind_share=0.0)}
    return {name: campaign(world, laboratory, habit, seed, 5, 8) for name, habit in habits.items()}


def around(seed: int, tiny: bool) -> Found:
    """Two wells of each plate go around the last plate's largest surprise, or are chosen like all others."""
    world = _with_pocket(_world(seed, tiny), seed)
    pocket = _campaigns(world, Laboratory(), {"around": Habit(around=2), "as usual": Habit()}, seed, tiny)
    plain = _campaigns(
        _world(seed, tiny), Laboratory(), {"around, no pocket": Habit(around=2), "as usual, no pocket": Habit()},
        seed, tiny,
    )  # fmt: skip
    return pocket | plain


_CAMPAIGN = ("hits", "best")
_MODEL = ("error", "log score")

ABLATIONS = {
    "offsets": Ablation(
        "an offset per plate, where plates are off by 0.3 decades",
        offsets, (("offset per plate", "no offsets"),), (*_CAMPAIGN, *_MODEL),
    ),
    "bounds": Ablation(
        "limits as bounds, where a third of the space is below detection",
        bounds, (("bounds", "numbers"), ("bounds", "dropped")), (*_CAMPAIGN, *_MODEL),
    ),
    "failures": Ablation(
        "learning what forms, where a quarter of the space does not",
        failures, (("failures learned", "failures ignored"),), (*_CAMPAIGN, "failed"),
    ),
    "reserved": Ablation(
        "controls and replicates, where plates are off by 0.3 decades",
        reserved, (("2 controls", "neither"), ("2 replicates", "neither")), (*_CAMPAIGN, "log_score"),
    ),
    "late": Ablation(
        "minding what is on its way, where every plate is planned before the last one's results",
        late, (("pending minded", "pending ignored"), ("never late", "pending minded")), (*_CAMPAIGN, "repeated"),
    ),
    "related": Ablation(
        "literature on the same truth",
        related, (("guarded", "none"), ("guarded", "always")), (*_CAMPAIGN, *_MODEL),
    ),
    "unrelated": Ablation(
        "literature that has nothing to do with the truth",
        unrelated, (("guarded", "none"), ("guarded", "always")), (*_CAMPAIGN, *_MODEL),
    ),
    "contradictory": Ablation(
        "literature that says the opposite of the truth",
        contradictory, (("guarded", "none"), ("guarded", "always")), (*_CAMPAIGN, *_MODEL),
    ),
    "units": Ablation(
        "leaving suspects out, where a quarter of one upload is a thousand times too large",
        units, (("guarded", "unguarded"),), _CAMPAIGN,
    ),
    "upload": Ablation(
        "leaving suspects out, where one whole upload is a thousand times too large",
        upload, (("guarded", "unguarded"),), _CAMPAIGN,
    ),
    "no_trouble": Ablation(
        "leaving suspects out, where nothing is wrong",
        no_trouble, (("guarded", "unguarded"),), _CAMPAIGN,
    ),
    "discovery": Ablation(
        "leaving suspects out, where a pocket of the space is 1.5 decades better than the rest",
        discovery, (("guarded", "unguarded"),), _CAMPAIGN,
    ),
    "blind": Ablation(
        "more wells explore while nothing can be predicted, where measurements scatter by a decade",
        blind, (("explores while blind", "explores as ever"),), (*_CAMPAIGN, "log_score"),
    ),
    "around": Ablation(
        "two wells around the last surprise",
        around, (("around", "as usual"), ("around, no pocket", "as usual, no pocket")), _CAMPAIGN,
    ),
}  # fmt: skip
"""Every ablation by its name on the command line."""
