"""The files in a plate's folder, written from what the records hold; they can be written again at any time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alloop.campaign_file import CampaignFile
from alloop.records import WellRow, sample_id
from alloop.synthesis import WeighPlan, WellRecipe, weigh_plate, write_proposal_files, write_released_files
from alloop.whole_files import write_whole

RELEASED_STATES = ("approved", "in_synthesis", "measuring", "complete")


def weigh(file: CampaignFile, wells: Sequence[WellRow]) -> WeighPlan | None:
    """What to weigh for each well of a plate; None where the campaign lists no precursors.

    Raises:
        PrecursorError: naming every well that the shelf does not reach.
    """
    if file.shelf is None:
        return None
    excesses = {s.name: s.excess_of for s in file.space.process.settings if s.excess_of is not None}
    recipes = []
    for well in wells:
        excess = {}
        for name, precursor in excesses.items():
            level = well.settings.get(name)
            if level is not None and not isinstance(level, str):
                excess[precursor] = float(level)
        recipes.append(
            WellRecipe(well.well, sample_id(well.plate, well.well), well.formula, well.elements, excess)
        )
    layout = file.plate
    return weigh_plate(
        recipes, file.shelf, layout.sample_mass_g, layout.balance_resolution_mg, layout.min_portion_mg
    )


def write_plate_files(
    folder: Path, file: CampaignFile, plan: str, state: str, wells: Sequence[WellRow]
) -> list[Path]:
    """Write the files of a plate as it stands: those of a proposal, and once approved what is needed to make it.

    Args:
        folder: where they go.
        file: the version of the campaign file that the plate was planned from.
        plan: the text of plan.json.
        state: the plate's state.
        wells: of the plate.

    Raises:
        PrecursorError: naming every well that the shelf does not reach.
    """
    document: dict[str, Any] = json.loads(plan)
    weighing = weigh(file, wells)
    paths = [write_whole(folder / "plan.json", plan)]
    paths += write_proposal_files(folder, document, weighing)
    if state in RELEASED_STATES:
        paths += write_released_files(folder, document, weighing)
    return paths
