"""The space of substitutions on the sites of a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import FloatArray, RealArray
from alloop.errors import Problem, SpaceError
from alloop.space.automaton import build_automaton
from alloop.space.base import hash_of
from alloop.space.checks import check_sites, normal_sites
from alloop.space.codec import unrank
from alloop.space.coded import CodedSpace
from alloop.space.definition import Compensation, Limits, Site
from alloop.space.empty import explain_empty, explain_unmakeable
from alloop.space.process import Process
from alloop.space.program import Bound, Program
from alloop.space.shelf_bounds import shelf_bounds, shelf_text
from alloop.space.site_program import make_layout, make_program

if TYPE_CHECKING:
    from alloop.chemistry.shelf import Shelf


class SiteSpace(CodedSpace):
    """Every way to replace the hosts of sites by substituents that stays neutral and within bounds.

    A candidate holds, per site, substituents in their levels and the host in what is left of the site's
    amount; the compensating species follows from neutrality. Without `compensation` only compositions that
    are neutral by themselves are candidates; without `shelf` whatever can be written counts as makeable.

    Raises:
        SpaceError: when the definition is wrong (all problems at once), or the space is empty (saying which
            bound makes it so) or too large to number.
    """

    def __init__(
        self,
        sites: Sequence[Site],
        compensation: Compensation | None,
        limits: Limits,
        process: Process,
        mobile_ion: str | None,
        shelf: Shelf | None = None,
    ) -> None:
        problems = check_sites(sites, compensation, limits)
        if problems:
            raise SpaceError(problems)
        self.sites = normal_sites(sites, limits)
        self.compensation = compensation
        self.limits = limits
        self.shelf = shelf
        self.layout = layout = make_layout(self.sites, compensation)
        automata = [build_automaton(program) for program in self.programs()]
        columns, variables = layout.columns, layout.variable_columns
        super().__init__(columns, variables, layout.denominator, automata, process, mobile_ion, shelf)
        if not self.compositions:
            raise SpaceError(self._why_empty())

    def programs(self, more: Sequence[Bound] = (), limited: bool = True) -> list[Program]:
        """The disjoint programs whose solutions are the space's compositions, with more bounds if wanted.

        With `limited` False, limits, compensation bounds and shelf are left out: what the sites could hold.
        """
        if not limited:
            program = make_program(self.layout, Limits(), more)
            return [program.without({len(self.layout.sites)}) if self.compensation else program]
        if self.shelf is None:
            return [make_program(self.layout, self.limits, more)]
        alternatives = shelf_bounds(self.shelf, self.layout.columns, self.layout.bound)
        return [make_program(self.layout, self.limits, [*bounds, *more]) for bounds in alternatives]

    def make_bound(
        self,
        name: str,
        says: str,
        weights: Mapping[int, Fraction],
        low: Fraction | None,
        high: Fraction | None,
    ) -> Bound:
        """Bounds on a weighted sum over columns, in atoms per formula unit."""
        return self.layout.bound(name, says, weights, low, high)

    def likely_scales(self, totals: Mapping[str, Fraction]) -> list[Fraction]:
        """The factor that fits all atoms but the compensating element's into the sites."""
        own = self.compensation.species.elements if self.compensation else {}
        room = sum(
            (
                s.amount
                for s, column in zip(self.sites, self.layout.host_columns, strict=True)
                if column is not None
            ),
            Fraction(0),
        )
        written = sum((amount for element, amount in totals.items() if element not in own), Fraction(0))
        return [room / written] if written and room != written else []

    def _why_empty(self) -> list[Problem]:
        free = make_program(self.layout, self.limits)
        automaton = build_automaton(free)
        if not automaton.size or self.shelf is None:
            return explain_empty(free)
        first = unrank(automaton, np.zeros(1, dtype=np.int64))[0]
        return explain_unmakeable(self.candidate_of(first.astype(np.int64)), self.shelf)

    @cached_property
    def _following(self) -> tuple[list[int], FloatArray, FloatArray, float]:
        """Columns that follow from the variables: which, their units in the pure hosts (n,), and their change
        (n_columns, n) per unit of every column times a common divisor that keeps the changes whole.
        """
        places = sorted(set(range(len(self.columns))).difference(self.layout.variable_columns))
        divisor = 1 if self.compensation is None else self.compensation.species.charge
        start = np.zeros(len(places))
        change = np.zeros((len(self.columns), len(places)))
        for i, place in enumerate(places):
            first, slopes = self.layout.affine({place: Fraction(1)})
            start[i] = float(first * self.denominator)
            change[self.variable_columns, i] = [float(slope * divisor) for slope in slopes]
        return places, start, change, float(divisor)

    def complete(self, units: RealArray) -> None:
        """Fill in, in place, the hosts and the compensator of `units` (n, n_columns)."""
        places, start, change, divisor = self._following
        followed = units @ change.astype(units.dtype, copy=False)
        if divisor != 1.0:
            followed /= divisor
        followed += start.astype(units.dtype, copy=False)
        units[:, places] = followed

    @cached_property
    def space_hash(self) -> str:
        """A name of this space; another definition has another, even where the candidates are the same."""
        shelf = "" if self.shelf is None else shelf_text(self.shelf)
        definition = (self.sites, self.compensation, self.limits, self.process.settings, self.mobile_ion)
        return hash_of(*definition, shelf)
