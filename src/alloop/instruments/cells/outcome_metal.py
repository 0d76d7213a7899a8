"""Cycling and critical currents of symmetric cells with metal electrodes: values, flags, figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from alloop.instruments.cells.case import Case, Outcome
from alloop.instruments.cells.critical_current import critical_current
from alloop.instruments.cells.cycling import lifetime
from alloop.instruments.cells.half_cycles import Event, HalfCycles
from alloop.instruments.cells.pictures import picture_of_cell
from alloop.instruments.cells.technique import Programme
from alloop.instruments.evaluation import DerivedValue, Flag
from alloop.instruments.pellet_size import is_refused

_BEST_S_PER_CM = 0.1
"""Three times the best conductivity known (3.2e-2 S/cm, Y. Li et al., Science 381 (2023) 50,
doi:10.1126/science.add7138): a cell that conducts better than a pellet of it is shorted."""

_WORDS = {
    "short": "short (sudden drop)",
    "rise": "decomposition or contact loss (slow rise)",
    "cut-off": "decomposition or contact loss (voltage limit)",
    "none": "none",
}


def outcome_of_cycling(case: Case, programme: Programme) -> Outcome:
    """The lifetime at one current.

    Raises:
        InstrumentError: as `cycling.lifetime`.
    """
    life = lifetime(case.trace, programme)
    sizes = case.size_flags(thickness=False)
    flags = life.flags + sizes + _shorted_before(case, life.cycles)
    known: dict[str, float | str] = {"failure_mode": _WORDS[life.failure]}
    measured = not is_refused(sizes)
    if measured:
        density = _density(case, life.current_A)
        known |= {
            "current_mA_per_cm2": density,
            "capacity_mAh_per_cm2": float(f"{density * life.half_cycle_h:.3g}"),
        }
    value = DerivedValue(
        "li_stability", life.hours, "h", life.low90_h, life.high90_h, life.bound,
        case.temperature_C, None, case.conditions(**known), "galvanostatic cycling of a symmetric cell", measured,
    )  # fmt: skip
    details = {
        "current_A": life.current_A,
        "half_cycles": len(life.cycles),
        "half_cycle_h": life.half_cycle_h,
        "failure": life.failure,
        "events": _events(life.events, float(life.cycles.start_s[0])),
    }
    figure = picture_of_cell(case.trace, life.events, "Symmetric cell")
    values = () if is_refused(flags) and measured else (value,)
    return Outcome("cycling", values, flags, "running median of resistances", details, figure, _status(flags))


def outcome_of_critical_current(case: Case, programme: Programme) -> Outcome:
    """The critical current density of one cell.

    Raises:
        InstrumentError: as `critical_current.critical_current`.
    """
    found = critical_current(case.trace, programme)
    sizes = case.size_flags(thickness=False)
    flags = found.flags + sizes + _shorted_before(case, found.cycles)
    details: dict[str, Any] = {
        "steps_A": list(found.steps_A),
        "passed_A": found.passed_A,
        "failed_at_A": found.current_A if found.failure == "short" else None,
        "failure": found.failure,
        "half_cycles_per_step": found.half_cycles_per_step,
        "events": _events(found.events, float(found.cycles.start_s[0])),
    }
    figure = picture_of_cell(case.trace, found.events, "Staircase of currents")
    model = "running median of resistances"
    if is_refused(flags):
        return Outcome("critical current", (), flags, model, details, figure, _status(flags))
    density = _density(case, found.current_A)
    passed = _density(case, found.passed_A)
    heights = np.diff(np.array(found.steps_A)) if len(found.steps_A) > 1 else np.array(found.steps_A)
    known: dict[str, float | str] = {
        "failure_mode": _WORDS[found.failure],
        "step_mA_per_cm2": _density(case, float(np.median(heights))),
        "step_time_h": float(f"{found.step_h:.3g}"),
        "passed_mA_per_cm2": passed,
    }
    missing = [name for name, there in _wanted(case).items() if not there]
    if missing:
        flags += (
            Flag(
                "not_comparable",
                f"{' and '.join(missing)} not stated: critical currents of other cells cannot be compared with it",
            ),
        )
    exact = found.bound == "exact"
    value = DerivedValue(
        "critical_current_density", density, "mA/cm^2", passed if exact else None, density if exact else None,
        found.bound, case.temperature_C, None, case.conditions(**known), "staircase of currents",
    )  # fmt: skip
    return Outcome("critical current", (value,), flags, model, details, figure, _status(flags))


def _density(case: Case, current_A: float) -> float:
    """mA/cm2 to three digits, as currents are set; 0 without an area."""
    area = case.geometry.area_cm2
    return float(f"{1e3 * current_A / area:.3g}") if area else 0.0


def _wanted(case: Case) -> Mapping[str, bool]:
    return {"temperature": case.temperature_C is not None, "pressure_MPa": "pressure_MPa" in case.stated}


def _shorted_before(case: Case, cycles: HalfCycles) -> tuple[Flag, ...]:
    """Whether the cell conducts better from the first half-cycle on than any electrolyte does."""
    thickness, area = case.geometry.thickness_mm, case.geometry.area_cm2
    if is_refused(case.size_flags(thickness=True)) or not thickness or not area:
        return ()
    resistance = float(np.nanmedian(cycles.resistance_ohm[0]))
    if resistance > thickness / 10.0 / area / _BEST_S_PER_CM:
        return ()
    words = f"{resistance:.2g} ohm in the first half-cycle, less than any electrolyte has: the cell was shorted before"
    return (Flag("shorted", words, "refusal"),)


def _status(flags: tuple[Flag, ...]) -> str | None:
    return "shorted" if any(one.name == "shorted" for one in flags) else None


def _events(events: tuple[Event, ...], begin_s: float) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind,
            "half_cycle": one.half_cycle + 1,
            "hours": (one.before_s - begin_s) / 3600.0,
            "resistance_ratio": one.depth,
        }
        for one in events[:50]
    ]
