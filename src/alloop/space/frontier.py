"""The states between two classes of variables: what can follow, what is settled, what is the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from alloop.arrays import BoolArray, IntArray
from alloop.errors import SpaceError
from alloop.space.choices import Choices
from alloop.space.program import Program
from alloop.space.ranges import Sums, outer_range

MAX_STEPS = 20_000_000
"""Most steps from state to state that are followed in one program."""
_SETTLED = 1 << 61  # in place of a sum whose bound can no longer be violated
_CHUNK = 1 << 21
_NONE: IntArray = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Steps:
    """Every way from the states before a class, ordered by `source`, to those after it, by `option` taken."""

    source: IntArray
    option: IntArray
    target: IntArray
    n_sources: int


class Frontier:
    """The distinct states at one position: `position` classes have been passed.

    `values` (n_states, n_sums) are the sums so far and `marks` (n_states, n_marks) which marked species have
    been met. A sum whose bound can no longer be violated, and a mark that nothing can bring any more, are the
    same in all states.
    """

    def __init__(self, program: Program, sums: Sums, classes: list[list[int]], keep: frozenset[int]) -> None:
        self._program = program
        self._sums = sums
        self._classes = classes
        n = len(classes)
        ends = {program.variables[members[0]].group: place + 1 for place, members in enumerate(classes)}
        self._closing = [ends.get(group, 0) for group in range(len(program.capacities))]
        self._held = np.zeros((n + 1, len(sums.low)), dtype=np.bool_)
        for index in keep:
            self._held[:, sums.place[index]] = True
        for mark in program.marks:
            for group in mark.hosts:
                room = program.capacities[group]
                if room is not None:
                    self._held[: self._closing[group], sums.place[room]] = True
        self._grain = np.zeros((n + 1, len(sums.low)), dtype=np.int64)
        self._grain[:, sums.place[[mark.bound for mark in program.marks]]] = 1
        self._least = np.zeros((n + 1, len(sums.low)), dtype=np.int64)
        self._most = np.zeros_like(self._least)
        open_ = np.zeros(len(program.variables), dtype=np.bool_)
        for place in range(n, -1, -1):
            if place < n:
                open_[classes[place]] = True
                first = classes[place][0]
                steps = sums.per_unit[:, first] * gcd(*program.variables[first].levels)
                coming = np.gcd(self._grain[place + 1], np.gcd(steps, sums.per_species[:, first]))
                self._grain[place] = np.gcd(self._grain[place], coming)
            self._least[place], self._most[place] = outer_range(
                program, sums.per_unit, sums.per_species, sums.place, open_
            )
        self._followed = 0
        self.position = 0
        self.values: IntArray = sums.start[None, :].copy()
        self.marks: IntArray = np.zeros((1, len(program.marks)), dtype=np.int64)
        self._show_hosts(self.values, self.marks)
        ok = self._admitted(self.values, self._coming_marks())
        self.values, self.marks = self._settle(self.values[ok], self.marks[ok])

    def advance(self, choices: Choices) -> Steps:
        """Follow every option of the next class from every state, and stand behind it."""
        members = self._classes[self.position]
        taken = choices.total * choices.unit
        shift = np.outer(taken, self._sums.per_unit[:, members[0]])
        shift += np.outer(choices.present, self._sums.per_species[:, members[0]])
        met = [i for i, mark in enumerate(self._program.marks) if members[0] in mark.variables]
        before_values, before_marks = self.values, self.marks
        self.position += 1
        width = before_values.shape[1]
        sources, options, numbers = [_NONE], [_NONE], [_NONE]
        states = [np.zeros((0, width + before_marks.shape[1]), dtype=np.int64)]
        found = 0
        rows = max(1, _CHUNK // max(1, len(shift) * (1 + width // 4)))
        for start in range(0, len(before_values), rows):
            old, old_marks = before_values[start : start + rows], before_marks[start : start + rows]
            source, option = np.nonzero(self._may_follow(old, shift, met, choices))
            new, new_marks = old[source] + shift[option], old_marks[source]
            for mark in met:
                first_time = (choices.present[option] > 0) & (new_marks[:, mark] == 0)
                new[:, self._sums.place[self._program.marks[mark].bound]] += first_time
                new_marks[first_time, mark] = 1
            new[old[source] == _SETTLED] = _SETTLED
            self._show_hosts(new, new_marks)
            ok = self._admitted(new, self._coming_marks())
            reached = np.hstack(self._settle(new[ok], new_marks[ok]))
            kept, number = distinct_rows(reached)
            sources.append(source[ok] + start)
            options.append(option[ok])
            numbers.append(number + sum(map(len, states)))
            states.append(reached[kept])
            found += len(number)
            if self._followed + found > MAX_STEPS:
                raise SpaceError(
                    "the bounds of the space and what the precursors can make are too fine to count exactly",
                    "use larger steps, fewer species with levels of their own, or a smaller max_dopants",
                )
        self._followed += found
        reached = np.concatenate(states)
        kept, merged = distinct_rows(reached)
        self.values, self.marks = reached[kept, :width], reached[kept, width:]
        target = merged[np.concatenate(numbers)]
        return Steps(np.concatenate(sources), np.concatenate(options), target, len(before_values))

    def _may_follow(self, old: IntArray, shift: IntArray, met: list[int], choices: Choices) -> BoolArray:
        """Which options (columns) leave which states (rows) a way on; generous where marks are concerned."""
        slack = self._coming_marks()
        for mark, entry in enumerate(self._program.marks):
            closes = any(self._closing[group] == self.position for group in entry.hosts)
            slack[self._sums.place[entry.bound]] += closes or mark in met
        low, high = (
            self._sums.low - self._most[self.position] - slack,
            self._sums.high - self._least[self.position],
        )
        possible = np.ones((len(old), len(shift)), dtype=np.bool_)
        for i in range(old.shape[1]):
            settled = old[:, i] == _SETTLED
            if settled.all():
                continue
            reached = old[:, i, None] + shift[None, :, i]
            possible &= ((reached >= low[i]) & (reached <= high[i])) | settled[:, None]
        return possible

    def _coming_marks(self) -> IntArray:
        """(n_sums,) how much marks can still add."""
        coming = np.zeros(len(self._sums.low), dtype=np.int64)
        for mark in self._program.marks:
            coming[self._sums.place[mark.bound]] += self._is_open(mark.variables, mark.hosts)
        return coming

    def _is_open(self, variables: tuple[int, ...], hosts: tuple[int, ...]) -> bool:
        later = any(members[0] in variables for members in self._classes[self.position :])
        return later or any(self._closing[group] > self.position for group in hosts)

    def _show_hosts(self, values: IntArray, marks: IntArray) -> None:
        """Meet the hosts of the groups that close here, in place."""
        for i, mark in enumerate(self._program.marks):
            for group in mark.hosts:
                if self._closing[group] != self.position:
                    continue
                shown = marks[:, i] == 0
                index = self._program.capacities[group]
                if index is not None:
                    shown &= values[:, self._sums.place[index]] < self._program.bounds[index].high
                values[:, self._sums.place[mark.bound]] += shown & (
                    values[:, self._sums.place[mark.bound]] != _SETTLED
                )
                marks[shown, i] = 1

    def _admitted(self, values: IntArray, coming: IntArray) -> BoolArray:
        low = self._sums.low - self._most[self.position] - coming
        high = self._sums.high - self._least[self.position]
        inside: BoolArray = ((values == _SETTLED) | ((values >= low) & (values <= high))).all(axis=1)
        return inside

    def _settle(self, values: IntArray, marks: IntArray) -> tuple[IntArray, IntArray]:
        """Forget what can no longer matter."""
        least = self._sums.low - self._least[self.position]
        most = self._sums.high - self._most[self.position] - self._coming_marks()
        never_low, never_high = values >= least, values <= most
        is_free = ~self._held[self.position] & (values != _SETTLED)
        # What is still to come are multiples of the grain: only how many of them reach the bound matters.
        grain = np.maximum(self._grain[self.position], 1)
        low, high = self._sums.low, self._sums.high
        values = np.where(is_free & never_low & never_high, _SETTLED, values)
        values = np.where(is_free & never_low & ~never_high, high - (high - values) // grain * grain, values)
        values = np.where(is_free & ~never_low & never_high, low + (values - low) // grain * grain, values)
        marks = marks.copy()
        for i, mark in enumerate(self._program.marks):
            if self._is_open(mark.variables, mark.hosts):
                marks[values[:, self._sums.place[mark.bound]] == _SETTLED, i] = 0
            else:
                marks[:, i] = 0
        return values, marks


def distinct_rows(rows: IntArray) -> tuple[IntArray, IntArray]:
    """A place of each distinct row, and for every row the number of its distinct row; in a fixed order."""
    if not len(rows):
        return _NONE, _NONE
    code = np.zeros(len(rows), dtype=np.int64)
    span = 1
    for column in rows.T:
        settled = column == _SETTLED
        low = int(np.where(settled, 0, column).min())
        width = int(np.where(settled, 0, column).max()) - low + 2
        if span * width > 1 << 62:
            codes, code = np.unique(code, return_inverse=True)
            span = len(codes)
        code = code * width + np.where(settled, width - 1, column - low)
        span *= width
    _, kept, number = np.unique(code, return_index=True, return_inverse=True)
    return kept, number
