"""From ranks to amounts and back, for many candidates at once."""

from __future__ import annotations

import numpy as np

from alloop.arrays import FloatArray, IntArray, RealArray
from alloop.space.automaton import Automaton
from alloop.space.choices import locate


def unrank(automaton: Automaton, ranks: IntArray) -> FloatArray:
    """The solutions with these numbers.

    Args:
        automaton: a counted program.
        ranks: (n,) from 0 to size - 1.

    Returns:
        (n, n_variables) amounts in program units: whole numbers, as floats.
    """
    n_variables = len(automaton.program.variables)
    amounts = np.zeros((len(ranks), n_variables))
    write_solutions(automaton, ranks, amounts, np.arange(len(ranks)), np.arange(n_variables))
    return amounts


def write_solutions(
    automaton: Automaton, ranks: IntArray, amounts: RealArray, rows: IntArray, columns: IntArray
) -> None:
    """Write solutions into an array of zeros, in place.

    Args:
        automaton: a counted program.
        ranks: (n,) from 0 to size - 1.
        amounts: any shape (m, k).
        rows: (n,) the row of `amounts` that each solution goes to.
        columns: (n_variables,) the column of `amounts` that each variable goes to.
    """
    state = np.zeros(len(ranks), dtype=np.int64)
    rest = np.asarray(ranks, dtype=np.int64).copy()
    for layer in automaton.layers:
        step = locate(layer.before, layer.first[state], layer.first[state + 1], rest)
        rest -= layer.before[step]
        state = layer.target[step]
        index, rest = np.divmod(rest, layer.completions[state])
        for chosen, places, held in layer.choices.split(layer.option[step], index):
            amounts[rows[chosen], columns[layer.members[places]]] = held


def rank(automaton: Automaton, amounts: IntArray) -> IntArray:
    """The numbers of given solutions: the inverse of :func:`unrank`.

    Args:
        automaton: a counted program.
        amounts: (n, n_variables) in program units.

    Returns:
        (n,) ranks, -1 where a row is no solution.
    """
    n = len(amounts)
    state = np.zeros(n, dtype=np.int64)
    ranks = np.zeros(n, dtype=np.int64)
    valid = np.full(n, automaton.size > 0)
    for layer in automaton.layers:
        option, index = layer.choices.join(amounts[:, layer.members])
        valid &= option >= 0
        start, stop = layer.first[state], layer.first[state + 1]
        valid &= stop > start
        if not valid.any():
            break
        valid &= np.where(valid, layer.option[np.where(valid, start, 0)], 0) <= option
        start, stop = np.where(valid, start, 0), np.where(valid, stop, 1)
        step = locate(layer.option, start, stop, option)
        valid &= layer.option[step] == option
        state = np.where(valid, layer.target[step], 0)
        ranks += np.where(valid, layer.before[step] + index * layer.completions[state], 0)
    ranks[~valid] = -1
    return ranks
