"""Planned wells as candidates, without asking where they lie in the space: thousands at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

import numpy as np

from alloop.arrays import IntArray
from alloop.planning.ranks import ranks_of
from alloop.records import WellRow
from alloop.space import Block, Candidate, PoolSpace, Space
from alloop.space.types import read_key


def candidate_of(well: WellRow, space: Space) -> Candidate:
    """What is planned in a well, as a candidate of `space` or, where that does not hold it (any more), by itself."""
    return candidates_of([well], space)[0]


def candidates_of(wells: Sequence[WellRow], space: Space) -> list[Candidate]:
    """What is planned in each well, as :func:`candidate_of` has it."""
    columns = {(column.group, column.label): place for place, column in enumerate(space.columns)}
    places = {setting.name: place for place, setting in enumerate(space.process.settings)}
    found = []
    for well in wells:
        read = read_key(well.key) if well.key else None
        held = sorted(read[0].items() if read else (), key=lambda part: columns.get(part[0], len(columns)))
        groups: dict[str, list[tuple[str, Fraction]]] = {}
        dopants = []
        charge, parts = 0, 1  # a fraction as two numbers: a hundred thousand wells are read this way
        for (group, label), amount in held:
            groups.setdefault(group, []).append((label, amount))
            column = space.columns[columns[group, label]] if (group, label) in columns else None
            if column is not None and column.is_dopant:
                dopants.append((group, label, amount))
            if column is not None and column.species is not None:
                whole = lcm(parts, amount.denominator)
                charge = charge * (whole // parts) + column.species.charge * amount.numerator * (
                    whole // amount.denominator
                )
                parts = whole
        settings = sorted(well.settings.items(), key=lambda pair: places.get(pair[0], len(places)))
        found.append(
            Candidate(
                parts=tuple((group, tuple(own)) for group, own in groups.items()),
                settings=tuple(settings),
                elements=tuple(sorted(well.elements.items())),
                formula=well.formula,
                dopants=tuple(dopants),
                charge=Fraction(charge, parts),
            )
        )
    return found


def ranks_of_wells(wells: Sequence[WellRow], space: Space) -> IntArray:
    """Ranks (n,) of what is planned in each well, -1 where the space does not hold it; a second for a hundred thousand.

    What a key says of one site, and of the settings, is read once: there are few of each.
    """
    if isinstance(space, PoolSpace):
        return ranks_of(space, candidates_of(wells, space))
    columns = {(column.group, column.label): place for place, column in enumerate(space.columns)}
    amounts = np.zeros((len(wells), len(columns)))
    levels = np.full((len(wells), len(space.process.settings)), -1, dtype=np.int64)
    inside = np.zeros(len(wells), dtype=bool)
    sites: dict[str, list[tuple[int, float]] | None] = {}
    processes: dict[str, list[int] | None] = {}
    for row, well in enumerate(wells):
        composition, _, process = (well.key or "").partition("|")
        if process not in processes:
            processes[process] = _levels(well, space)
        known = processes[process]
        if not composition or known is None:
            continue
        levels[row] = known
        inside[row] = True
        for text in composition.split(";"):
            if text not in sites:
                sites[text] = _amounts(text, columns)
            held = sites[text]
            if held is None:
                inside[row] = False
                break
            for column, amount in held:
                amounts[row, column] = amount
    ranks = space.rank_block(Block(np.full(len(wells), -1, dtype=np.int64), amounts, levels))
    return np.where(inside, ranks, -1)


def _amounts(text: str, columns: Mapping[tuple[str, str], int]) -> list[tuple[int, float]] | None:
    """Columns and amounts of the part of a key that says what one site holds; None where that is no column's."""
    read = read_key(text + "|")
    if read is None or not read[0].keys() <= columns.keys():
        return None
    return [(columns[name], float(amount)) for name, amount in read[0].items()]


def _levels(well: WellRow, space: Space) -> list[int] | None:
    """The index of each setting's level, -1 where the well has none; None where one is none of the space's."""
    found = []
    for setting in space.process.settings:
        place = setting.index(well.settings[setting.name]) if setting.name in well.settings else -1
        if place < 0 and setting.name in well.settings:
            return None
        found.append(place)
    return None if well.settings.keys() - {setting.name for setting in space.process.settings} else found


__all__ = ["candidate_of", "candidates_of", "ranks_of_wells"]
