"""The exact count of a program's solutions, in a form from which any solution can be looked up by number.

Variables that are alike in every respect form a class. Going through the classes one by one, all that the
rest of the way needs to know of what has been chosen is how far each bound has been used up: a *state*.
Choices that lead to the same state are followed once, and a bound that can no longer be violated is
forgotten, so that a space of 10^15 candidates needs a few thousand states. Counting backwards gives each
state its number of completions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import SpaceError
from alloop.space.choices import Choices, make_choices
from alloop.space.frontier import Frontier, Steps
from alloop.space.program import Program
from alloop.space.ranges import Sums, relevant_sums

MAX_SIZE = 9e18
"""Most candidates: ranks are 64-bit integers."""


@dataclass(frozen=True)
class Layer:
    """One class of like variables and every way past it.

    `members` are the variables' indices. The steps of state s are first[s]:first[s + 1]; each takes `option`
    of the class to state `target`, and `before` counts the solutions of the earlier steps of s. `completions`
    counts the solutions from each state behind the class.
    """

    members: IntArray
    choices: Choices
    first: IntArray
    option: IntArray
    target: IntArray
    before: IntArray
    completions: IntArray


@dataclass(frozen=True)
class Automaton:
    """All layers of a program and the number of its solutions."""

    program: Program
    layers: tuple[Layer, ...]
    size: int


@dataclass(frozen=True)
class _Walk:
    """The classes of a program, their choices, the steps past them and the states behind the last."""

    sums: Sums
    classes: list[list[int]]
    choices: list[Choices]
    steps: list[Steps]
    values: IntArray


def build_automaton(program: Program) -> Automaton:
    """Count a program's solutions.

    Raises:
        SpaceError: for more than 9e18 solutions, or bounds too fine to follow.
    """
    layers, size = _count(_walk(program))
    return Automaton(program, layers, size)


def has_solution(program: Program) -> bool:
    """Whether a program has any solution, however many they are."""
    return len(_walk(program).values) > 0


def reached_values(program: Program, bound: int) -> list[int]:
    """The values, ascending, that the sum of one bound takes in the solutions of a program."""
    walk = _walk(program, frozenset({bound}))
    return sorted(set(walk.values[:, int(walk.sums.place[bound])].tolist()))


def _walk(program: Program, keep: frozenset[int] = frozenset()) -> _Walk:
    """Follow every choice; the sums of the bounds in `keep` are told apart to the end."""
    sums = relevant_sums(program, keep)
    classes = like_variables(program, sums)
    frontier = Frontier(program, sums, classes, keep)
    choices, steps = [], []
    for members in classes:
        first = program.variables[members[0]]
        most = len(members)
        if first.is_dopant and program.dopant_bound is not None:
            most = min(most, max(program.bounds[program.dopant_bound].high, 0))
        room = program.room(first.group)
        choices.append(make_choices(len(members), first.levels, most, room, first.is_required))
        steps.append(frontier.advance(choices[-1]))
    return _Walk(sums, classes, choices, steps, frontier.values)


def like_variables(program: Program, sums: Sums) -> list[list[int]]:
    """The variables in classes that no bound tells apart, in order of group and first member.

    A variable that carries a mark is alone.
    """
    marked = {variable for mark in program.marks for variable in mark.variables}
    classes: dict[tuple[object, ...], list[int]] = {}
    for i, variable in enumerate(program.variables):
        weights = (*sums.per_unit[:, i].tolist(), *sums.per_species[:, i].tolist())
        alone = i if i in marked or variable.is_required else -1
        like = (variable.group, variable.levels, variable.is_dopant, alone, weights)
        classes.setdefault(like, []).append(i)
    return list(classes.values())


def _count(walk: _Walk) -> tuple[tuple[Layer, ...], int]:
    """Completions of every state, from the last class to the first; steps that lead nowhere are dropped."""
    layers: list[Layer] = []
    completions: IntArray = np.ones(len(walk.values), dtype=np.int64)
    floats: FloatArray = np.ones(len(walk.values))
    for members, choice, step in reversed(list(zip(walk.classes, walk.choices, walk.steps, strict=True))):
        alive = floats[step.target] > 0
        source, option, target = step.source[alive], step.option[alive], step.target[alive]
        ways = choice.ways[option] * completions[target]
        first = np.searchsorted(source, np.arange(step.n_sources + 1))
        running = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(ways)])
        layers.append(
            Layer(
                members=np.array(members, dtype=np.int64),
                choices=choice,
                first=first,
                option=option,
                target=target,
                before=running[:-1] - running[first[source]],
                completions=completions,
            )
        )
        completions = running[first[1:]] - running[first[:-1]]
        weights = choice.ways_float[option] * floats[target]
        floats = np.bincount(source, weights, step.n_sources).astype(np.float64)
    if floats.sum() > MAX_SIZE:
        what = f"the space has about {floats.sum():.1e} compositions, more than can be numbered"
        raise SpaceError(what, "set limits.max_dopants or use larger steps")
    return tuple(reversed(layers)), int(completions.sum())


def count_by_dopants(automaton: Automaton) -> dict[int, int]:
    """Number of solutions by how many dopants they hold; numbers without a solution are left out."""
    if not automaton.size:
        return {}
    program = automaton.program
    counts = np.ones((1, 1), dtype=np.int64)
    if automaton.layers:
        counts = np.ones((len(automaton.layers[-1].completions), 1), dtype=np.int64)
    for layer in reversed(automaton.layers):
        is_dopant = program.variables[int(layer.members[0])].is_dopant
        added = layer.choices.present[layer.option] if is_dopant else np.zeros_like(layer.option)
        source = np.repeat(np.arange(len(layer.first) - 1), np.diff(layer.first))
        width = counts.shape[1] + int(added.max(initial=0))
        total = np.zeros((len(layer.first) - 1, width), dtype=np.int64)
        for number in np.unique(added).tolist():
            rows = added == number
            ways = layer.choices.ways[layer.option[rows], None] * counts[layer.target[rows]]
            np.add.at(total[:, number : number + counts.shape[1]], source[rows], ways)
        counts = total
    return {number: int(count) for number, count in enumerate(counts[0].tolist()) if count}
