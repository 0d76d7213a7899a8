"""What to make next: aims, screening, batch selection, plate rules, reasons."""

from alloop.planning.aims import Constraint, Objective
from alloop.planning.plan import plan_plate, plan_plate_at_random
from alloop.planning.problem import (
    Control,
    MadeSample,
    ModelReport,
    PlannedWell,
    PlanningProblem,
    PlatePlan,
    PlateRules,
    Prediction,
)

__all__ = [
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
    "plan_plate",
    "plan_plate_at_random",
]
