from collections.abc import Callable
from typing import Any

import pytest

from alloop.chemistry import Shelf, make_precursor, parse_formula
from alloop.synthesis import WeighPlan, WellRecipe, weigh_plate

FORMULAS = ["Li2MgCl4", "Li1.8Mg0.6Zr0.1Zn0.3Cl4", "Li2In1/3Sc1/3Cl4", "Li2Mg0.9Zn0.1Cl3Br"]
CHLORIDES = ["LiCl", "LiBr", "MgCl2", "ZnCl2", "InCl3", "ScCl3", "ZrCl4"]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(tuple(make_precursor(formula, purity=0.98, excess=0.02) for formula in CHLORIDES))


@pytest.fixture
def plan() -> dict[str, Any]:
    wells = []
    for place, formula in enumerate(FORMULAS * 4):
        wells.append(
            {
                "well": f"{'AB'[place // 8]}{place % 8 + 1}",
                "role": ["candidate", "control", "replicate", "random"][place % 4],
                "replicate_of": "SPINEL-001-A01" if place % 4 == 2 else None,
                "key": f"M=Mg2+:1|milling_time={place}",
                "rank": place,
                "formula": formula,
                "composition": {"M": {"Mg2+": "9/10", "Zn2+": "1/10"}, "+": {"Li+": "2"}},
                "process": {"anneal_temperature": 400, "milling_time": 5, "route": None},
                "predictions": {
                    "ionic_conductivity": {
                        "median": 3.2e-4, "low90": 4e-5, "high90": 1.9e-3, "unit": "S/cm", "sd": 0.4,
                    }
                },
                "p_feasible": 0.83,
                "p_hit": 0.125,
                "reason": "tells <Zn> & Mn apart",
            }
        )  # fmt: skip
    return {
        "plate": "SPINEL-002",
        "campaign": "spinel",
        "title": "Spinels <b>&",
        "rows": 2,
        "columns": 9,
        "shared_settings": {"anneal_temperature": {"value": 400, "unit": "degC"}},
        "setting_units": {"milling_time": "h"},
        "warnings": ["No controls & no <peace>."],
        "wells": wells,
    }


@pytest.fixture
def weighed(plan: dict[str, Any], shelf: Shelf) -> Callable[..., WeighPlan]:
    """Weighs the plan's wells; keyword arguments go to `weigh_plate`."""

    def weigh(**arguments: float) -> WeighPlan:
        recipes = [
            WellRecipe(
                f"{entry['well'][0]}{int(entry['well'][1:]):02d}",
                f"SPINEL-002-{entry['well'][0]}{int(entry['well'][1:]):02d}",
                entry["formula"],
                parse_formula(entry["formula"]),
            )
            for entry in plan["wells"]
        ]
        return weigh_plate(
            recipes, shelf, **{"sample_mass_g": 0.5, "balance_resolution_mg": 0.1, **arguments}
        )

    return weigh
