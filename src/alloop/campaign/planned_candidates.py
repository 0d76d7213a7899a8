"""Planned wells as candidates, without asking where they lie in the space: thousands at a time."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from alloop.records import WellRow
from alloop.space import Candidate, Space
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


__all__ = ["candidate_of", "candidates_of"]
