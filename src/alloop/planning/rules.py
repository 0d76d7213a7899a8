"""The rules of one plate, as counters while it fills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.problem import PlanningProblem
from alloop.space import Block

_USED = 1e-12


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

    def __init__(self, problem: PlanningProblem, traits: Traits, open_rows: BoolArray) -> None:
        self._rules = problem.rules
        self._traits = traits
        self._open = open_rows.copy()
        self._dopant_wells = np.zeros(traits.dopants.shape[1], dtype=np.int64)
        self._on_plate = np.zeros(traits.precursors.shape[1], dtype=bool)

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

    @property
    def precursors(self) -> BoolArray:
        """Which precursors the plate uses so far."""
        return self._on_plate.copy()

    def use_precursors(self, used: BoolArray) -> None:
        """Count precursors that wells outside the candidates use (controls, replicates)."""
        self._on_plate |= used

    def add(self, index: int) -> None:
        """Take candidate `index`: its recipe, and what is too near to it, are closed."""
        traits = self._traits
        self._open &= traits.recipes != traits.recipes[index]
        if self._rules.min_distance > 0:
            distance = np.abs(traits.fractions - traits.fractions[index]).max(axis=1)
            same = traits.settings == traits.settings[index]
            self._open &= ~(same & (distance < self._rules.min_distance))
        self._dopant_wells += traits.dopants[index]
        self._on_plate |= traits.precursors[index]
