"""What a well that is swapped by hand means for its plate: shared settings, stations, rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from alloop.campaign.planned_candidates import candidates_of
from alloop.campaign_file import CampaignFile
from alloop.errors import PlanError
from alloop.planning.places import assign_stations, inert_room, needs_inert
from alloop.records import WellRow
from alloop.space import Candidate
from alloop.space.types import write_level


def check_shared(file: CampaignFile, candidate: Candidate, before: WellRow) -> None:
    """Refuse a candidate whose shared settings are not those of its plate and block.

    Raises:
        PlanError: naming the setting.
    """
    block = next((b.name for b in file.plate.blocks if before.well in b.wells), None)
    for setting in file.space.process.settings:
        if setting.shared_by == "well":
            continue
        old, new = before.settings.get(setting.name), candidate.process.get(setting.name)
        if old != new:
            whole = "the plate" if setting.shared_by == "plate" or block is None else f"block {block}"
            raise PlanError(
                f"all wells of {whole} have {setting.name} {write_level(old)}, not {write_level(new)}",
                "leave it as it is, or plan another plate",
                f"well {before.well}",
            )


def stations_of(file: CampaignFile, wells: Sequence[WellRow], label: str) -> dict[str, str | None]:
    """The station of each well of a plate.

    Raises:
        PlanError: when more wells need inert gas than the inert stations make; `label` is the one to blame.
    """
    stations = file.plate.stations
    needs = needs_inert(file.shelf, candidates_of(wells, file.space))
    names = assign_stations(needs, stations)
    if stations and None in names:
        what = f"{sum(needs)} wells would need inert gas, the inert stations make {inert_room(stations)}"
        raise PlanError(what, "put in a candidate without powders that must not see air", f"well {label}")
    return {well.well: name for well, name in zip(wells, names, strict=True)}


def broken_rules(file: CampaignFile, wells: Sequence[WellRow]) -> list[str]:
    """What a plate with these wells holds beyond its rules: a person may want it, and should know."""
    layout, broken = file.plate, []
    if layout.max_precursors is not None and file.shelf is not None:
        used = {formula for well in wells for formula in file.shelf.solve(well.elements)}
        if len(used) > layout.max_precursors:
            broken.append(
                f"the plate now needs {len(used)} precursors, max_precursors is {layout.max_precursors}"
            )
    if layout.max_wells_per_dopant is not None:
        dopants = [
            (group, label) for one in candidates_of(wells, file.space) for group, label, _ in one.dopants
        ]
        for (_, label), count in Counter(dopants).items():
            if count > layout.max_wells_per_dopant:
                limit = layout.max_wells_per_dopant
                broken.append(f"{count} wells now hold {label}, max_wells_per_dopant is {limit}")
    return broken
