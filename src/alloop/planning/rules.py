"""The rules of one plate, as counters while it fills."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.places import inert_room
from alloop.planning.problem import PlanningProblem
from alloop.space import Block, Candidate

_USED = 1e-12
_SAME = 1e-9


@dataclass(frozen=True)
class Traits:
    """What the rules look at, for m candidates.

    Attributes:
        recipes: (m,) equal numbers weigh out the same with the same settings.
        compositions: (m,) equal numbers weigh out the same, whatever the settings.
        settings: (m,) equal numbers have the same settings.
        dopants: (m, n_dopants) which dopant columns are present.
        precursors: (m, n_precursors) which precursors are weighed; no columns without a shelf.
        fractions: (m, n_elements) atomic fractions.
    """

    recipes: IntArray
    compositions: IntArray
    settings: IntArray
    dopants: BoolArray
    precursors: BoolArray
    fractions: FloatArray

    def __len__(self) -> int:
        return len(self.recipes)

    def part(self, rows: IntArray) -> Traits:
        """The traits of some of the candidates."""
        return Traits(**{name: value[rows] for name, value in vars(self).items()})


def traits_of(problem: PlanningProblem, block: Block) -> Traits:
    """The traits of a block of candidates."""
    amounts = problem.space.element_amounts(block)
    fractions = amounts / amounts.sum(axis=1, keepdims=True)
    columns = [i for i, column in enumerate(problem.space.columns) if column.is_dopant]
    precursors = np.zeros((len(block), 0), dtype=bool)
    if problem.shelf is not None:
        precursors = problem.shelf.portions(amounts, problem.space.elements) > _USED
    settings = _numbered(block.settings)
    compositions = _numbered(np.round(fractions, 9))
    recipes = _numbered(np.column_stack([compositions, settings]))
    dopants = block.amounts[:, columns] > 0
    return Traits(recipes, compositions, settings, dopants, precursors, fractions)


def _numbered(rows: FloatArray | IntArray) -> IntArray:
    """(n,) equal numbers for equal rows."""
    return np.unique(rows, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


def exceeded(problem: PlanningProblem) -> list[str]:
    """What controls and locked wells alone hold beyond the rules, in words."""
    empty = problem.space.decode(np.zeros(0, dtype=np.int64))
    book = RuleBook(problem, traits_of(problem, empty), empty, np.zeros(0, dtype=bool))
    control = problem.rules.control
    if control is not None:
        book.count((control.candidate,) * control.count)
    return book.exceeded()


class RuleBook:
    """Which candidates a plate may still take.

    Args:
        problem: whose rules hold; wells that are filled already count from the start.
        traits: of the candidates `block`.
        open_rows: (m,) which of them may be proposed at all.
        choices: (m,) combination of shared settings of each, -1 where it is not open. Room for each is then made
            with :meth:`make_room`; without `choices`, settings do not matter.
    """

    def __init__(
        self,
        problem: PlanningProblem,
        traits: Traits,
        block: Block,
        open_rows: BoolArray,
        choices: IntArray | None = None,
    ) -> None:
        self._problem = problem
        self._rules = problem.rules
        self._traits = traits
        self._levels = block.settings
        self._open = open_rows.copy()
        self._choices = choices
        self._room: IntArray = np.zeros(0 if choices is None else int(choices.max(initial=-1)) + 2, np.int64)
        self._dopant_wells = np.zeros(traits.dopants.shape[1], dtype=np.int64)
        self._composition_wells = np.zeros(int(traits.compositions.max(initial=-1)) + 1, dtype=np.int64)
        shelf = problem.shelf
        self._sensitive = np.array([p.needs_inert for p in shelf.precursors] if shelf else [], dtype=bool)
        self._needs_inert: BoolArray = np.asarray(traits.precursors[:, self._sensitive].any(axis=1))
        self._inert_room = inert_room(self._rules.stations) if self._rules.stations else None
        self._on_plate = np.zeros(len(self._sensitive), dtype=bool)
        self._taken: list[tuple[FloatArray, IntArray]] = []
        self.reserve(problem.rules.filled)

    def fork(self) -> RuleBook:
        """A copy that counts on by itself."""
        other = copy.copy(self)
        for name in ("_open", "_room", "_dopant_wells", "_composition_wells", "_on_plate", "_taken"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def make_room(self, choice: int, count: int) -> None:
        """Let `count` more wells have this combination of shared settings."""
        if choice < len(self._room) - 1:  # the last place stands for candidates that are not open
            self._room[choice] += count

    def close_room(self) -> None:
        """Let no more wells have any combination of shared settings, until there is room again."""
        self._room[:] = 0

    @property
    def allowed(self) -> BoolArray:
        """(m,) candidates that break no rule if they are taken next.

        The limit of wells per composition gives way when nothing else is left.
        """
        allowed = self._open.copy()
        if self._choices is not None:
            allowed &= self._room[self._choices] > 0
        if self._rules.max_wells_per_dopant is not None:
            full = self._dopant_wells >= self._rules.max_wells_per_dopant
            allowed &= ~self._traits.dopants[:, full].any(axis=1)
        if self._rules.max_precursors is not None:
            more = (self._traits.precursors & ~self._on_plate).sum(axis=1)
            allowed &= (more == 0) | (more + int(self._on_plate.sum()) <= self._rules.max_precursors)
        if self._inert_room is not None and self._inert_room <= 0:
            allowed &= ~self._needs_inert
        if self._rules.max_wells_per_composition is not None:
            few = self._composition_wells < self._rules.max_wells_per_composition
            fresh = allowed & few[self._traits.compositions]
            allowed = fresh if fresh.any() else allowed
        return allowed

    def fits(self, candidate: Candidate) -> bool:
        """Whether a well with this candidate, inside the space or not, would break no rule."""
        rules = self._rules
        dopants, precursors = self._counted([candidate])
        if (
            rules.max_wells_per_dopant is not None
            and ((self._dopant_wells + dopants)[dopants > 0] > rules.max_wells_per_dopant).any()
        ):
            return False
        if rules.max_precursors is not None:
            more = int((precursors & ~self._on_plate).sum())
            if more and more + int(self._on_plate.sum()) > rules.max_precursors:
                return False
        if self._inert_room is not None and self._inert_room <= 0 and (precursors & self._sensitive).any():
            return False
        fractions, levels = self._place_of(candidate)
        return all(
            (levels != other).any() or np.abs(fractions - near).max() >= max(rules.min_distance, _SAME)
            for near, other in self._taken
        )

    def exceeded(self) -> list[str]:
        """The rules that are broken by what is counted already, each in words."""
        rules, broken = self._rules, []
        who = "controls and locked wells" if rules.filled else "the controls alone"
        n_precursors = int(self._on_plate.sum())
        if rules.max_precursors is not None and n_precursors > rules.max_precursors:
            broken.append(
                f"{who} need {n_precursors} precursors, more than max_precursors {rules.max_precursors}"
            )
        most = int(self._dopant_wells.max(initial=0))
        if rules.max_wells_per_dopant is not None and most > rules.max_wells_per_dopant:
            limit = rules.max_wells_per_dopant
            broken.append(f"{who} hold one dopant in {most} wells, more than max_wells_per_dopant {limit}")
        if self._inert_room is not None and self._inert_room < 0:
            room = inert_room(rules.stations)
            broken.append(
                f"{who} need {room - self._inert_room} wells under inert gas, the stations make {room}"
            )
        return broken

    def reserve(self, filled: Sequence[Candidate]) -> None:
        """Count wells that hold other candidates (controls, replicates), inside the space or not.

        Their precursors and dopants count, and nothing that is the same experiment or too near to one is open.
        """
        self.count(filled)
        self.close(filled)

    def count(self, filled: Sequence[Candidate]) -> None:
        """Count dopants, precursors and stations of wells whose shared settings are still to come."""
        if not filled:
            return
        dopants, precursors = self._counted(filled)
        self._dopant_wells += dopants
        self._on_plate |= precursors
        if self._inert_room is not None:
            for candidate in filled:
                self._inert_room -= int((self._counted([candidate])[1] & self._sensitive).any())

    def close(self, filled: Sequence[Candidate]) -> None:
        """Close what is the same experiment as one of `filled`, or too near to it."""
        for candidate in filled:
            fractions, levels = self._place_of(candidate)
            same = np.abs(self._traits.fractions - fractions).max(axis=1) < _SAME
            self._composition_wells[np.unique(self._traits.compositions[same])] += 1
            self._close(fractions, levels)

    def forbid(self, candidate: Candidate) -> None:
        """Keep a recipe off the plate that a block yet to be filled may need for itself."""
        fractions, levels = self._place_of(candidate)
        self._shut(fractions, levels)

    def add(self, index: int) -> None:
        """Take candidate `index`: its recipe, and what is too near to it, are closed."""
        traits = self._traits
        self._open &= traits.recipes != traits.recipes[index]
        self._close(traits.fractions[index], self._levels[index])
        self._composition_wells[traits.compositions[index]] += 1
        self._dopant_wells += traits.dopants[index]
        if len(self._on_plate):
            self._on_plate |= traits.precursors[index]
        if self._inert_room is not None:
            self._inert_room -= int(self._needs_inert[index])
        if self._choices is not None:
            self._room[self._choices[index]] -= 1

    def _counted(self, filled: Sequence[Candidate]) -> tuple[IntArray, BoolArray]:
        """(n_dopants,) how many of `filled` hold each dopant; (n_precursors,) what is weighed for them."""
        space, shelf = self._problem.space, self._problem.shelf
        dopants = [(column.group, column.label) for column in space.columns if column.is_dopant]
        held = [{(group, label) for group, label, _ in candidate.dopants} for candidate in filled]
        wells = np.array([sum(dopant in one for one in held) for dopant in dopants], dtype=np.int64)
        if shelf is None:
            return wells, np.zeros(0, dtype=bool)
        elements = sorted({element for candidate in filled for element, _ in candidate.elements})
        atoms = [[float(c.amounts.get(element, 0)) for element in elements] for c in filled]
        used: BoolArray = np.asarray(shelf.portions(np.array(atoms), elements) > _USED)
        return wells, np.asarray(used.any(axis=0))

    def _close(self, fractions: FloatArray, levels: IntArray) -> None:
        """Close what has the same settings and is nearer than `min_distance` to `fractions`."""
        self._taken.append((fractions, levels))
        self._shut(fractions, levels)

    def _shut(self, fractions: FloatArray, levels: IntArray) -> None:
        same = (self._levels == levels).all(axis=1)
        distance = np.abs(self._traits.fractions[same] - fractions).max(axis=1)
        self._open[same] &= distance >= max(self._rules.min_distance, _SAME)

    def _place_of(self, candidate: Candidate) -> tuple[FloatArray, IntArray]:
        """Atomic fractions of a candidate, and its levels (n_settings,)."""
        space = self._problem.space
        total = float(sum(candidate.amounts.values()))
        fractions = np.array([float(candidate.amounts.get(element, 0)) / total for element in space.elements])
        process = candidate.process
        levels = [s.index(process[s.name]) if s.name in process else -1 for s in space.process.settings]
        return fractions, np.array(levels, dtype=np.int64)
