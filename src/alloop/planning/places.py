"""Parts of a plate: blocks of wells that share settings, and stations where wells are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alloop.arrays import BoolArray
from alloop.chemistry import Shelf
from alloop.space import Candidate

Atmosphere = Literal["air", "inert"]
_USED = 1e-12


@dataclass(frozen=True)
class WellBlock:
    """Wells that share the settings declared `shared_by: block`, such as those of one furnace tray.

    `wells` are labels in reading order.
    """

    name: str
    wells: tuple[str, ...]


@dataclass(frozen=True)
class Station:
    """A place where powders are weighed and mixed: its atmosphere, and how many wells of a plate it can make."""

    name: str
    atmosphere: Atmosphere
    wells: int


def needs_inert(shelf: Shelf | None, candidates: Sequence[Candidate]) -> list[bool]:
    """Whether a well with each candidate holds a precursor that must not see air."""
    if shelf is None or not candidates or not any(entry.needs_inert for entry in shelf.precursors):
        return [False] * len(candidates)
    elements = sorted({element for candidate in candidates for element, _ in candidate.elements})
    atoms = [[float(c.amounts.get(element, 0)) for element in elements] for c in candidates]
    used: BoolArray = np.asarray(shelf.portions(np.array(atoms), elements) > _USED)
    sensitive = np.array([entry.needs_inert for entry in shelf.precursors])
    rows: BoolArray = np.asarray(used[:, sensitive].any(axis=1))
    return [bool(row) for row in rows]


def inert_room(stations: Sequence[Station]) -> int:
    """How many wells of a plate the inert stations can make."""
    return sum(station.wells for station in stations if station.atmosphere == "inert")


def assign_stations(needs: Sequence[bool], stations: Sequence[Station]) -> list[str | None]:
    """The station of each well; None where the plate has no stations, or none has room.

    Wells that need inert gas go first to the inert stations, in their order; the others to stations in air, and to
    what the inert ones have left once those are full, since inert work is slower.

    Args:
        needs: for each well whether it may not see air.
        stations: with their capacities.
    """
    left = {station.name: station.wells for station in stations}
    inert = [station.name for station in stations if station.atmosphere == "inert"]
    air = [station.name for station in stations if station.atmosphere == "air"]
    found: list[str | None] = [None] * len(needs)
    for wanted, names in ((True, inert), (False, [*air, *inert])):
        for place, need in enumerate(needs):
            if need == wanted:
                name = next((name for name in names if left[name] > 0), None)
                found[place] = name
                if name is not None:
                    left[name] -= 1
    return found
