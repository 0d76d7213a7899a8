"""How to make a plate: what to weigh, lists for people and robots, the plate map and the printed sheet."""

from alloop.synthesis.advice import BatchPortion, MasterBatch
from alloop.synthesis.files import (
    labels_csv,
    plate_csv,
    weigh_list_csv,
    worklist_csv,
    write_proposal_files,
    write_released_files,
)
from alloop.synthesis.plate_map import plate_map_svg
from alloop.synthesis.sheet import plan_sheet_html
from alloop.synthesis.weigh import (
    Portion,
    PrecursorTotal,
    WeighPlan,
    WellRecipe,
    WellWeights,
    composition_error,
    weigh_plate,
    weighed_amounts,
)

__all__ = [
    "BatchPortion",
    "MasterBatch",
    "Portion",
    "PrecursorTotal",
    "WeighPlan",
    "WellRecipe",
    "WellWeights",
    "composition_error",
    "labels_csv",
    "plan_sheet_html",
    "plate_csv",
    "plate_map_svg",
    "weigh_list_csv",
    "weigh_plate",
    "weighed_amounts",
    "worklist_csv",
    "write_proposal_files",
    "write_released_files",
]
