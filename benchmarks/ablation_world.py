"""A small space with a hidden truth, and campaigns in it that differ in one habit: for `ablation.py`.

Everything goes straight through the planner as arrays; no file, no database. Two campaigns with the same seed share
the truth, the first plate, every plate's offset and the noise of every well, so that their difference is the habit's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from alloop.chemistry import parse_species
from alloop.lab import SyntheticLaboratory
from alloop.planning import Control, MadeSample, Objective, PlanningProblem, PlateRules, plan_plate
from alloop.space import Compensation, FeatureMap, Limits, Process, Setting, Site, SiteSpace, Substituent
from alloop.surrogate import ABOVE, BELOW, Observations, observations

PROPERTY = "ionic_conductivity"
DOPANTS = "Zn2+ Mn2+ Fe2+ In3+ Sc3+ Y3+ Er3+ Zr4+ Hf4+"
HIT_SHARE = 0.02
_PELLET, _PLATE = 0.15, 0.15  # decades: usual within one laboratory


@dataclass(frozen=True)
class World:
    """A space of N candidates and what is true in it.

    Attributes:
        space, features: of the candidates.
        x: (N, d) their features.
        values: (N,) true log10 of the conductivity in S/cm.
        forms: (N,) chance that a well forms.
        hits: (N,) whether a candidate forms and belongs to the best.
    """

    space: SiteSpace
    features: FeatureMap
    x: np.ndarray
    values: np.ndarray
    forms: np.ndarray
    hits: np.ndarray


@dataclass(frozen=True)
class Laboratory:
    """How results come about, in decades.

    Attributes:
        plate, pellet: standard deviations of the plates' offsets and of a measurement.
        limit: log10 of the detection limit.
        fails: whether wells may fail to form.
        late: whether a plate's results come after the next plate was planned.
        mischief: changes the values (n,) of plate `number`, given the generator of that plate.
    """

    plate: float = _PLATE
    pellet: float = _PELLET
    limit: float = -np.inf
    fails: bool = False
    late: bool = False
    mischief: Callable[[np.ndarray, int, np.random.Generator], np.ndarray] | None = None


@dataclass(frozen=True)
class Habit:
    """How the laboratory and its planner go about it; the defaults are alloop's.

    Attributes:
        offsets: plates are told to the model.
        limits: what becomes of values below the detection limit.
        forming: failures are learned from.
        mind_pending: the planner knows what is on its way.
        controls, replicates: wells of each plate.
        around: wells of a plate that go around the last plate's largest surprise.
        literature: rows that other laboratories reported.
        guards: suspect values and misleading literature are left out.
        blind_share: of the wells that explore while no objective can be predicted.
    """

    offsets: bool = True
    limits: str = "bounds"
    forming: bool = True
    mind_pending: bool = True
    controls: int = 0
    replicates: int = 0
    around: int = 0
    literature: Observations | None = None
    guards: bool = True
    blind_share: float = 0.3


@dataclass
class Notebook:
    """What a campaign has measured: a row per well whose value came, and the wells that failed."""

    ranks: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    below: list[bool] = field(default_factory=list)
    plates: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


def make_world(seed: int, failing: float = 0.08, dopants: str = DOPANTS, max_dopants: int = 2) -> World:
    """The world of `seed`: a doped chloride spinel whose landscape the synthetic laboratory draws.

    `failing` is the share of the space that more often fails than forms: where too much is dissolved or the powder is
    fired wrongly.
    """
    levels = tuple(Fraction(i, 20) for i in range(1, 9))
    species = tuple(Substituent(parse_species(name), levels, True) for name in dopants.split())
    space = SiteSpace(
        (
            Site("M", Fraction(1), parse_species("Mg2+"), species),
            Site("X", Fraction(4), parse_species("Cl-")),
        ),
        Compensation(parse_species("Li+"), Fraction(0), Fraction(4)),
        Limits(max_dopants=max_dopants),
        Process((Setting("milling_time", "h", (Fraction(1), Fraction(5), Fraction(20)), "well"),)),
        "Li+",
    )
    block = space.decode(np.arange(space.size))
    features = FeatureMap(space)
    goal = Objective(PROPERTY, "maximize", "log10", "S/cm")
    truth = SyntheticLaboratory(space, (goal,), (), seed).truth(block)
    values = np.log10(truth[PROPERTY])
    odds = np.log(np.clip(truth["formed"], 1e-9, 1.0 - 1e-9) / np.clip(1.0 - truth["formed"], 1e-9, 1.0))
    forms = 1.0 / (1.0 + np.exp(-2.0 * (odds - np.quantile(odds, failing))))
    able = np.flatnonzero(forms > 0.5)
    best = able[np.argsort(-values[able])[: max(1, int(HIT_SHARE * space.size))]]
    hits = np.zeros(space.size, dtype=bool)
    hits[best] = True
    return World(space, features, np.asarray(features.of_block(block), dtype=float), values, forms, hits)


def measure(
    world: World, laboratory: Laboratory, ranks: list[int], number: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Measured log10 values (n,) of plate `number`, below the limit too, and which wells formed (n,)."""
    rng = np.random.default_rng([seed, number, 7])
    offset = laboratory.plate * rng.standard_normal()
    noise = laboratory.pellet * rng.standard_normal(len(ranks))
    luck = rng.random(len(ranks))
    values = world.values[ranks] + offset + noise
    if laboratory.mischief is not None:
        values = laboratory.mischief(values, number, rng)
    return values, (luck < world.forms[ranks]) | (not laboratory.fails)


def told(world: World, book: Notebook, habit: Habit, limit: float) -> Observations:
    """What the model learns from, by the habit."""
    ranks, values = np.array(book.ranks, dtype=np.int64), np.array(book.values)
    below, plates = np.array(book.below, dtype=bool), np.array(book.plates, dtype=np.int64)
    if habit.limits == "dropped":
        kept = np.flatnonzero(~below)
        ranks, values, below, plates = ranks[kept], values[kept], below[kept], plates[kept]
    values = np.where(below, limit, values)
    own = observations(
        world.x[ranks],
        values,
        bounds=np.where(below & (habit.limits == "bounds"), BELOW, 0),
        groups=plates if habit.offsets else None,
        recipes=ranks,
    )
    return own if habit.literature is None else joined(own, habit.literature)


def joined(own: Observations, other: Observations) -> Observations:
    """Both tables as one; groups of `other` get numbers of their own."""
    groups = np.where(other.groups >= 0, other.groups + 1000, -1)
    pairs = {name: (getattr(own, name), getattr(other, name)) for name in own.__dataclass_fields__}
    pairs["groups"] = (own.groups, groups)
    return Observations(**{name: np.concatenate(pair) for name, pair in pairs.items()})


def ask(
    world: World, book: Notebook, habit: Habit, limit: float, pending: list[int], wells: int, number: int
) -> PlanningProblem:
    """The planning problem of plate `number`."""
    data = told(world, book, habit, limit)
    space = world.space
    formed = None
    if habit.forming and book.failed:
        ranks = [*dict.fromkeys(book.ranks), *book.failed]
        sides = np.array([ABOVE] * (len(ranks) - len(book.failed)) + [BELOW] * len(book.failed))
        formed = observations(world.x[ranks], np.zeros(len(ranks)), bounds=sides)
    closed = {*book.ranks, *book.failed, *(pending if habit.mind_pending else ())}
    host = space.resolve("Li2MgCl4", {"milling_time": Fraction(5)})
    done = sorted({*book.ranks, *book.failed})
    return PlanningProblem(
        space=space,
        features=world.features,
        objectives=(Objective(PROPERTY, "maximize", "log10", "S/cm"),),
        constraints=(),
        rules=PlateRules(
            tuple(f"{'ABCDEFGH'[i // 8]}{i % 8 + 1:02}" for i in range(wells)),
            control=Control(host, habit.controls) if habit.controls else None,
            replicates=habit.replicates,
        ),
        aim={"front": 0.5, "hits": 0.5},
        observations={PROPERTY: data},
        formed=formed,
        measured=np.vstack(
            [world.x[done], *([] if habit.literature is None else [habit.literature.features])]
        ),
        closed_recipes=frozenset(space.candidate(rank).recipe_key for rank in closed),
        pending=tuple(space.candidate(rank) for rank in pending) if habit.mind_pending else (),
        made=tuple(MadeSample(f"{rank}", space.candidate(rank)) for rank in sorted(set(book.ranks))),
        plates_before=number,
    )


def campaign(
    world: World, laboratory: Laboratory, habit: Habit, seed: int, plates: int = 4, wells: int = 24
) -> dict[str, float]:
    """What a campaign of one random and `plates` planned plates finds.

    Returns:
        `hits` among the different candidates made, the `best` true log10 value, wells that `failed`, wells that
        `repeated` a candidate needlessly, `covered` 90 % intervals and mean `log_score` of the planned wells'
        predictions, true and false `suspects`.
    """
    rng = np.random.default_rng([seed, 1])
    book = Notebook()
    first = rng.choice(world.space.size, wells, replace=False).tolist()
    record(world, laboratory, book, first, 0, seed)
    made: list[int] = list(first)
    repeated = failed = 0
    waiting: tuple[int, list[int]] | None = None
    inside: list[bool] = []
    scores: list[float] = []
    surprises: list[tuple[float, int]] = []
    suspects: set[int] = set()
    for number in range(1, plates + 1):
        pending = [] if waiting is None else waiting[1]
        extra = _around(world, surprises, {*made}, habit.around)
        problem = ask(world, book, habit, laboratory.limit, pending, wells - len(extra), number)
        with guards(habit.guards), blindness(habit.blind_share):
            plan = plan_plate(problem, seed + 1000 * number)
        suspects |= {row for found in plan.suspects.values() for row in (s.row for s in found)}
        ranks = [well.rank for well in plan.wells if well.rank is not None] + extra
        chosen = [well.rank for well in plan.wells if well.role in ("candidate", "random")] + extra
        repeated += len(chosen) - len(set(chosen)) + len(set(chosen) & {*made})
        values, formed = measure(world, laboratory, ranks, number, seed)
        surprises = []
        for index, well in enumerate(w for w in plan.wells if w.rank is not None):
            if not formed[index] or values[index] < laboratory.limit:
                continue
            expected = well.predictions[PROPERTY]
            z = (values[index] - np.log10(expected.median)) / expected.sd
            inside.append(bool(abs(z) <= 1.6448536))
            scores.append(float(-0.5 * z * z - np.log(expected.sd) - 0.9189385))
            if z > 2.576:
                surprises.append((float(z), int(ranks[index])))
        failed += int((~formed).sum())
        made += ranks
        if laboratory.late:
            if waiting is not None:
                record(world, laboratory, book, waiting[1], waiting[0], seed)
            waiting = (number, ranks)
        else:
            record(world, laboratory, book, ranks, number, seed)
    different = np.array(sorted(set(made)), dtype=np.int64)
    able = different[world.forms[different] > 0.5]
    return {
        "hits": float(world.hits[different].sum()),
        "best": float(world.values[able].max()),
        "failed": float(failed),
        "repeated": float(repeated),
        "covered": float(np.mean(inside)),
        "log_score": float(np.mean(scores)),
        "suspects": float(len(suspects)),
    }


def record(
    world: World, laboratory: Laboratory, book: Notebook, ranks: list[int], number: int, seed: int
) -> None:
    """Enter the results of plate `number`."""
    values, formed = measure(world, laboratory, ranks, number, seed)
    for rank, value, is_formed in zip(ranks, values, formed, strict=True):
        if is_formed:
            book.ranks.append(int(rank))
            book.values.append(float(value))
            book.below.append(bool(value < laboratory.limit))
            book.plates.append(number)
        elif rank not in book.failed:
            book.failed.append(int(rank))


def _around(world: World, surprises: list[tuple[float, int]], made: set[int], count: int) -> list[int]:
    """The `count` candidates nearest to the largest good surprise that were not made yet."""
    if not count or not surprises:
        return []
    scale = world.features.distance_scale(world.x[::7])
    far = np.linalg.norm((world.x - world.x[max(surprises)[1]]) * scale, axis=1)
    far[sorted(made)] = np.inf
    return [int(rank) for rank in np.argsort(far, kind="stable")[:count]]


@contextmanager
def guards(on: bool) -> Iterator[None]:
    """The planner with or without its guards."""
    from alloop.planning import beliefs
    from alloop.surrogate.belief import learn
    from alloop.surrogate.guards import Guarded

    def unguarded(data: Observations, seed: int, *rest: Any, **_: Any) -> Guarded:
        return Guarded(learn(data, seed, *rest), (), False)

    kept = beliefs.learn_guarded
    if not on:
        beliefs.learn_guarded = unguarded  # type: ignore[assignment]
    try:
        yield
    finally:
        beliefs.learn_guarded = kept


@contextmanager
def blindness(share: float) -> Iterator[None]:
    """The planner with another share of exploring wells while it can predict nothing."""
    from alloop.planning import exploring

    kept = exploring.BLIND_SHARE
    exploring.BLIND_SHARE = share
    try:
        yield
    finally:
        exploring.BLIND_SHARE = kept


__all__ = [
    "PROPERTY", "Habit", "Laboratory", "Notebook", "World", "blindness", "campaign", "guards", "joined",
    "make_world", "measure", "record", "told",
]  # fmt: skip
