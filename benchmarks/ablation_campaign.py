"""Campaigns in a small world that differ in one habit: for `ablation.py`.

Everything goes straight through the planner as arrays; no file, no database. Two campaigns with the same seed share
the truth, the first plate, every plate's offset and the noise of every well, so that their difference is the habit's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from ablation_switches import blindness, guards, replication
from ablation_world import GOAL, POCKET, PROPERTY, Laboratory, World, measure
from scipy.special import log_ndtr

from alloop.planning import Control, MadeSample, PlanningProblem, PlatePlan, PlateRules, plan_plate
from alloop.surrogate import ABOVE, BELOW, Observations, observations

_Z90, _Z99 = 1.6448536, 2.5758293


@dataclass(frozen=True)
class Habit:
    """How the laboratory and its planner go about it; the defaults are alloop's.

    Attributes:
        offsets: plates are told to the model.
        limits: what becomes of values below the detection limit: `bounds`, `numbers` or `dropped`.
        forming: failures are learned from.
        mind_pending: the planner knows what is on its way.
        controls, replicates: wells of each plate.
        surprises_first: replicates go to surprises before they go to the best.
        around: wells of a plate that go around the last plate's largest good surprise, beyond what the planner does.
        literature: rows that other laboratories reported.
        guards: suspect values and misleading literature are left out.
        blind_share: of the wells that explore while no objective can be predicted; None for alloop's own.
    """

    offsets: bool = True
    limits: str = "bounds"
    forming: bool = True
    mind_pending: bool = True
    controls: int = 0
    replicates: int = 0
    surprises_first: bool = True
    around: int = 0
    literature: Observations | None = None
    guards: bool = True
    blind_share: float | None = None


@dataclass
class Notebook:
    """What a campaign has measured: a row per well whose value came, the wells that failed.

    `surprise` is the largest |z| of a candidate's values against what its plan foretold.
    """

    ranks: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    below: list[bool] = field(default_factory=list)
    plates: list[int] = field(default_factory=list)
    wrong: list[bool] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    surprise: dict[int, float] = field(default_factory=dict)

    def rows(self, habit: Habit) -> np.ndarray:
        """The rows that the model is told."""
        return np.flatnonzero(~np.array(self.below, dtype=bool) | (habit.limits != "dropped"))


@dataclass
class Tally:
    """What is counted while a campaign goes on."""

    repeated: int = 0
    failed: int = 0
    inside: list[bool] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    caught: list[float] = field(default_factory=list)
    alarms: list[float] = field(default_factory=list)
    champions: list[float] = field(default_factory=list)
    near: list[float] = field(default_factory=list)
    replicated: list[float] = field(default_factory=list)

    def attention(self, plan: PlatePlan, world: World, rank: int) -> None:
        """How many candidates of a plate are among the nearest to `rank`, and whether it is repeated."""
        around = set(world.nearest(rank)[: POCKET + 1].tolist())
        self.near.append(float(sum(w.rank in around and w.role == "candidate" for w in plan.wells)))
        self.replicated.append(float(any(w.replicate_of == f"{rank}" for w in plan.wells)))

    def doubts(self, book: Notebook, habit: Habit, plan: PlatePlan) -> None:
        """Which values the plan did not believe, and whether the best of those that it did is a mistake."""
        rows, wrong = book.rows(habit), np.array(book.wrong, dtype=bool)
        left_out = np.zeros(len(wrong), dtype=bool)
        left_out[[rows[one.row] for one in plan.suspects.get(PROPERTY, ())]] = True
        self.alarms.append(float(left_out[~wrong].mean()))
        if wrong.any():
            self.caught.append(float(left_out[wrong].mean()))
            self.champions.append(float(wrong[np.argmax(np.where(left_out, -np.inf, book.values))]))

    def figures(self) -> dict[str, float]:
        """The means; what never came up is missing."""
        found = {"failed": float(self.failed), "repeated": float(self.repeated)}
        for name in ("inside", "scores", "caught", "alarms", "champions", "near", "replicated"):
            if values := getattr(self, name):
                found[_NAMES[name]] = float(np.mean(values))
        return found


_NAMES = {
    "inside": "covered",
    "scores": "log score",
    "caught": "caught",
    "alarms": "false alarms",
    "champions": "wrong best",
    "near": "near it",
    "replicated": "repeated at once",
}


def told(world: World, book: Notebook, habit: Habit, limit: float) -> Observations:
    """What the model learns from, by the habit."""
    rows = book.rows(habit)
    ranks, plates = np.array(book.ranks, dtype=np.int64)[rows], np.array(book.plates, dtype=np.int64)[rows]
    below = np.array(book.below, dtype=bool)[rows]
    own = observations(
        world.x[ranks],
        np.where(below, limit, np.array(book.values)[rows]),
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
        objectives=(GOAL,),
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
        made=tuple(
            MadeSample(f"{rank}", space.candidate(rank), book.surprise.get(rank, 0.0) * habit.surprises_first)
            for rank in book.ranks
        ),
        plates_before=number,
    )


def first_plate(world: World, seed: int, wells: int) -> list[int]:
    """The random plate that every campaign of the seed begins with."""
    rng = np.random.default_rng([seed, 1])
    return [int(rank) for rank in rng.choice(world.space.size, wells, replace=False)]


def plan(problem: PlanningProblem, habit: Habit, seed: int, number: int) -> PlatePlan:
    """Plate `number` by the planner with the habit's parts switched off."""
    with guards(habit.guards), blindness(habit.blind_share), replication(habit.surprises_first):
        return plan_plate(problem, seed + 1000 * number)


def campaign(
    world: World,
    laboratory: Laboratory,
    habit: Habit,
    seed: int,
    plates: int = 3,
    wells: int = 24,
    watch: int | None = None,
) -> tuple[dict[str, float], Notebook]:
    """What a campaign of one random and `plates` planned plates finds, and its notebook.

    Returns:
        `hits` among the different candidates made, the `best` true log10 value, wells that `failed`, wells that
        `repeated` a candidate needlessly, `covered` 90 % intervals and mean `log score` of the planned wells' values,
        and, averaged over the plans: the share of mistakes that was `caught`, the share of `false alarms` among the
        right values, how often the best value that was believed is a mistake (`wrong best`). Of the plate after the
        one with the candidate `watch`: how many wells are `near it`, and whether it is `repeated at once`.
    """
    book, tally = Notebook(), Tally()
    made = first_plate(world, seed, wells)
    record(world, laboratory, book, made, 0, seed)
    waiting: tuple[int, list[int]] | None = None
    surprises: list[tuple[float, int]] = []
    for number in range(1, plates + 1):
        pending = [] if waiting is None else waiting[1]
        extra = around(world, surprises, {*made}, habit.around)
        problem = ask(world, book, habit, laboratory.limit, pending, wells - len(extra), number)
        found = plan(problem, habit, seed, number)
        tally.doubts(book, habit, found)
        if watch in made and not tally.near:
            tally.attention(found, world, watch)
        ranks = [well.rank for well in found.wells if well.rank is not None] + extra
        chosen = [well.rank for well in found.wells if well.role in ("candidate", "random")] + extra
        tally.repeated += len(chosen) - len(set(chosen)) + len(set(chosen) & {*made})
        results = measure(world, laboratory, ranks, number, seed)
        tally.failed += int((~results.formed).sum())
        surprises = []
        for index, well in enumerate(w for w in found.wells if w.rank is not None):
            if not results.formed[index]:
                continue
            expected, value = well.predictions[PROPERTY], max(results.values[index], laboratory.limit)
            z = float((value - np.log10(expected.median)) / expected.sd)
            if value == laboratory.limit:  # all that is known is that it lies below
                tally.scores.append(float(log_ndtr(z)))
                continue
            book.surprise[ranks[index]] = max(abs(z), book.surprise.get(ranks[index], 0.0))
            tally.inside.append(abs(z) <= _Z90)
            tally.scores.append(-0.5 * z * z - float(np.log(expected.sd)) - 0.9189385)
            if z > _Z99:
                surprises.append((z, ranks[index]))
        made = made + ranks
        if laboratory.late:
            if waiting is not None:
                record(world, laboratory, book, waiting[1], waiting[0], seed)
            waiting = (number, ranks)
        else:
            record(world, laboratory, book, ranks, number, seed)
    different = np.array(sorted(set(made)), dtype=np.int64)
    able = different[world.forms[different] > 0.5]
    reached = {"hits": float(world.hits[different].sum()), "best": float(world.values[able].max())}
    return reached | tally.figures(), book


def record(
    world: World, laboratory: Laboratory, book: Notebook, ranks: list[int], number: int, seed: int
) -> None:
    """Enter the results of plate `number`."""
    results = measure(world, laboratory, ranks, number, seed)
    for index, rank in enumerate(ranks):
        if results.formed[index]:
            book.ranks.append(int(rank))
            book.values.append(float(results.values[index]))
            book.below.append(bool(results.values[index] < laboratory.limit))
            book.plates.append(number)
            book.wrong.append(bool(results.wrong[index]))
        elif rank not in book.failed:
            book.failed.append(int(rank))


def around(world: World, surprises: list[tuple[float, int]], made: set[int], count: int) -> list[int]:
    """The `count` candidates nearest to the largest good surprise that were not made yet."""
    if not count or not surprises:
        return []
    return [int(rank) for rank in world.nearest(max(surprises)[1]) if int(rank) not in made][:count]
