"""The rules of one plate, as counters while it fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.problem import PlanningProblem
from alloop.space import Block, Candidate

_USED = 1e-12
_SAME = 1e-9


@dataclass(frozen=True)
class Traits:
    """What the rules look at, for m candidates.

    Attributes:
        recipes: (m,) equal numbers weigh out the same with the same settings.
        settings: (m,) equal numbers have the same settings.
        dopants: (m, n_dopants) which dopant columns are present.
        precursors: (m, n_precursors) which precursors are weighed; no columns without a shelf.
        fractions: (m, n_elements) atomic fractions.
    """

    recipes: IntArray
    settings: IntArray
    dopants: BoolArray
    precursors: BoolArray
    fractions: FloatArray

    def __len__(self) -> int:
        return len(self.recipes)


def traits_of(problem: PlanningProblem, block: Block) -> Traits:
    """The traits of a block of candidates."""
    amounts = problem.space.element_amounts(block)
    fractions = amounts / amounts.sum(axis=1, keepdims=True)
    columns = [i for i, column in enumerate(problem.space.columns) if column.is_dopant]
    precursors = np.zeros((len(block), 0), dtype=bool)
    if problem.shelf is not None:
        precursors = problem.shelf.portions(amounts, problem.space.elements) > _USED
    settings = np.unique(block.settings, axis=0, return_inverse=True)[1].ravel()
    content = np.column_stack([np.round(fractions, 9), settings])
    recipes = np.unique(content, axis=0, return_inverse=True)[1].ravel()
    return Traits(recipes, settings, block.amounts[:, columns] > 0, precursors, fractions)


class RuleBook:
    """Which candidates a plate may still take."""

    def __init__(self, problem: PlanningProblem, traits: Traits, block: Block, open_rows: BoolArray) -> None:
        self._problem = problem
        self._rules = problem.rules
        self._levels = block.settings
        self._traits = traits
        self._open = open_rows.copy()
        self._dopant_wells = np.zeros(traits.dopants.shape[1], dtype=np.int64)
        self._on_plate = np.zeros(traits.precursors.shape[1], dtype=bool)
        self.reserve(problem.rules.filled)

    @property
    def allowed(self) -> BoolArray:
        """(m,) candidates that break no rule if they are taken next."""
        allowed = self._open.copy()
        if self._rules.max_wells_per_dopant is not None:
            full = self._dopant_wells >= self._rules.max_wells_per_dopant
            allowed &= ~self._traits.dopants[:, full].any(axis=1)
        if self._rules.max_precursors is not None:
            more = (self._traits.precursors & ~self._on_plate).sum(axis=1)
            allowed &= (more == 0) | (more + int(self._on_plate.sum()) <= self._rules.max_precursors)
        return allowed

    def reserve(self, filled: Sequence[Candidate]) -> None:
        """Count wells that hold other candidates (controls, replicates), inside the space or not.

        Their precursors and dopants count, and nothing that is the same experiment or too near to one is open.
        """
        space, shelf = self._problem.space, self._problem.shelf
        dopants = [(column.group, column.label) for column in space.columns if column.is_dopant]
        for candidate in filled:
            held = {(group, label) for group, label, _ in candidate.dopants}
            self._dopant_wells += np.array([dopant in held for dopant in dopants], dtype=np.int64)
        elements = sorted({element for candidate in filled for element, _ in candidate.elements})
        if shelf is not None and filled:
            atoms = [[float(c.amounts.get(element, 0)) for element in elements] for c in filled]
            self._on_plate |= (shelf.portions(np.array(atoms), elements) > _USED).any(axis=0)
        for candidate in dict.fromkeys(filled):
            self._close(*self._place_of(candidate))

    def add(self, index: int) -> None:
        """Take candidate `index`: its recipe, and what is too near to it, are closed."""
        traits = self._traits
        self._open &= traits.recipes != traits.recipes[index]
        if self._rules.min_distance > 0:
            self._close(traits.fractions[index], traits.settings == traits.settings[index])
        self._dopant_wells += traits.dopants[index]
        self._on_plate |= traits.precursors[index]

    def _close(self, fractions: FloatArray, same_settings: BoolArray) -> None:
        """Close what has the same settings (m,) and is no farther than `min_distance` from `fractions`."""
        distance = np.abs(self._traits.fractions - fractions).max(axis=1)
        self._open &= ~(same_settings & (distance < max(self._rules.min_distance, _SAME)))

    def _place_of(self, candidate: Candidate) -> tuple[FloatArray, BoolArray]:
        """Atomic fractions of a candidate, and which rows (m,) have its settings."""
        space = self._problem.space
        total = float(sum(candidate.amounts.values()))
        fractions = np.array([float(candidate.amounts.get(element, 0)) / total for element in space.elements])
        process = candidate.process
        levels = [s.index(process[s.name]) if s.name in process else -1 for s in space.process.settings]
        return fractions, (self._levels == np.array(levels, dtype=np.int64)).all(axis=1)
