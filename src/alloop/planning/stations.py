"""Which station makes each well of a plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alloop.chemistry import Shelf
from alloop.planning.places import Station, assign_stations, needs_inert
from alloop.planning.problem import PlannedWell


def with_stations(
    wells: Sequence[PlannedWell], stations: Sequence[Station], shelf: Shelf | None
) -> tuple[PlannedWell, ...]:
    """The wells of a plate with the station that makes each; as they are where the plate has none."""
    if not stations:
        return tuple(wells)
    names = assign_stations(needs_inert(shelf, [well.candidate for well in wells]), stations)
    return tuple(replace(well, station=name) for well, name in zip(wells, names, strict=True))
