"""The locked wells of proposals that are replaced: they stay as they are, with what was said of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from alloop.campaign.desk import Desk
from alloop.campaign.evidence import Evidence
from alloop.campaign.plan_document import kept_well, with_wells
from alloop.campaign.planned_candidates import candidate_of
from alloop.campaign.question import Wish
from alloop.planning import PlatePlan
from alloop.planning.stations import with_stations
from alloop.records import PlateRow, WellRow


def locked_wells(evidence: Evidence, plates: Sequence[PlateRow]) -> tuple[WellRow, ...]:
    """The locked wells of proposals that are replaced; of several in one place the newest stays."""
    names = {plate.id for plate in plates}
    by_label = {well.well: well for well in evidence.wells if well.plate in names and well.locked}
    return tuple(by_label[label] for label in sorted(by_label))


def kept_reasons(desk: Desk, wish: Wish) -> dict[str, dict[str, Any]]:
    """What stands behind the wells that are kept, as it was said when they were planned."""
    plans = {name: json.loads(desk.records.plan(name)) for name in sorted({well.plate for well in wish.keep})}
    said = {(name, entry["well"]): entry for name, plan in plans.items() for entry in plan["wells"]}
    found = {}
    for well in wish.keep:
        entry = said.get((well.plate, well.well), {})
        found[well.well] = {
            name: entry[name] for name in ("neighbours", "drivers", "teaches") if name in entry
        }
    return found


def with_kept(desk: Desk, plan: PlatePlan, wish: Wish) -> PlatePlan:
    """The plan with the wells that are kept, each well with its block and station."""
    if not wish.keep:
        return plan
    told = {plate: desk.records.predictions(plate) for plate in {row.plate for row in wish.keep}}
    kept = [
        kept_well(row, candidate_of(row, desk.space), told[row.plate] if row.p_feasible is not None else [])
        for row in wish.keep
    ]
    plan = with_wells(plan, kept, wish.wells)
    layout = desk.file.plate
    block_of = {well: block.name for block in layout.blocks for well in block.wells}
    wells = tuple(replace(well, block=block_of.get(well.well)) for well in plan.wells)
    return replace(plan, wells=with_stations(wells, layout.stations, desk.file.shelf))
