"""What to make next: aims, screening, batch selection, plate rules, reasons.

The planner itself is imported when it is first used: it brings torch, which a campaign file does not need.
"""

from typing import TYPE_CHECKING, Any

from alloop.planning.aims import Constraint, Objective
from alloop.planning.places import Station, WellBlock
from alloop.planning.problem import (
    BlockSettings,
    Control,
    MadeSample,
    ModelReport,
    PlannedWell,
    PlanningProblem,
    PlatePlan,
    PlateRules,
    Prediction,
    RulePrice,
)

if TYPE_CHECKING:
    from alloop.planning.plan import plan_plate, plan_plate_at_random

__all__ = [
    "BlockSettings",
    "Constraint",
    "Control",
    "MadeSample",
    "ModelReport",
    "Objective",
    "PlannedWell",
    "PlanningProblem",
    "PlatePlan",
    "PlateRules",
    "Prediction",
    "RulePrice",
    "Station",
    "WellBlock",
    "plan_plate",
    "plan_plate_at_random",
]


def __getattr__(name: str) -> Any:
    if name in ("plan_plate", "plan_plate_at_random"):
        from alloop.planning import plan

        return getattr(plan, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
