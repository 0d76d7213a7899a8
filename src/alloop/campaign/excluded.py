"""Wells that hold what was excluded: an exclusion binds later plans, a person may still want what is planned."""

from __future__ import annotations

from collections.abc import Iterable

from alloop.campaign.desk import Desk
from alloop.records import ExclusionRow, WellRow


def excluded_wells(wells: Iterable[WellRow], exclusions: Iterable[ExclusionRow]) -> tuple[str, ...]:
    """A line for each well that holds an excluded element or is an excluded candidate, with the reason."""
    rows = list(exclusions)
    lines = []
    for well in wells:
        for row in rows:
            if row.kind == "element" and well.elements.get(row.target):
                lines.append(f"well {well.well}: {well.formula} holds {row.target}, excluded: {row.why}")
            elif row.kind == "key" and well.key == row.target:
                lines.append(f"well {well.well}: {well.formula} is excluded: {row.why}")
    return tuple(lines)


def proposals_with(desk: Desk, row: ExclusionRow) -> tuple[str, ...]:
    """A line for each open proposal that holds what `row` excludes."""
    lines = []
    for plate in desk.records.plates(desk.slug, ["proposed"]):
        wells = [well for well in desk.records.wells(plate.id) if excluded_wells([well], [row])]
        if wells:
            labels = ", ".join(well.well for well in wells)
            lines.append(
                f"the proposal {plate.id} holds it ({labels}); alloop plan {desk.slug} --replace plans it anew"
            )
    return tuple(lines)
