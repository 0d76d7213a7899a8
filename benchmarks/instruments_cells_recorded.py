"""The same cells as laboratories record them: with rests and pauses, unevenly sampled, with several cycles.

Called by `instruments_cells.py`. A call is right where the technique is recognised and the answer is the truth: within
the interval and 20 % for a conductivity, within 10 mV for an onset, in the right half-cycle for a short.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from instruments_cells_world import (
    Fate,
    Instrument,
    cycling_currents,
    onset_at,
    polarisation,
    staircase_currents,
    symmetric_cell,
    unevenly_sampled,
    voltammogram,
    with_rests,
)

from alloop.instruments.cells import evaluate_trace
from alloop.instruments.evaluation import DerivedValue, Given
from alloop.instruments.recording import Geometry, Recording, Trace

_GIVEN = Given(Geometry(thickness_mm=1.0, area_cm2=0.5), 25.0, conditions={"reference_electrode": "Li+/Li"})


def as_recorded_figures(cases: int, seed: int) -> dict[str, Any]:
    """How many of the cells of each technique are told rightly."""
    rng = np.random.default_rng([seed, 6])
    kinds = {
        "polarisation": _polarisation,
        "voltammetry": _voltammetry,
        "cycling": _cycling,
        "critical_current": _critical_current,
    }
    return {
        name: dict(sorted(Counter(case(rng) for _ in range(cases)).items())) for name, case in kinds.items()
    }


def _polarisation(rng: np.random.Generator) -> str:
    """Three voltages, up or down, dense or uneven sampling, digits, either sign, rests of a minute to a day."""
    level = 10.0 ** rng.uniform(-10, -6)
    volts = 0.1 * np.arange(1, 4)
    hold_s, tau_s = float(rng.choice([3600.0, 7200.0])), 10.0 ** rng.uniform(1, 2.5)
    reading = Instrument(1e-3, 1e-3 * level * 0.1, 0.01 * level * rng.normal(), 2e-3 * level * 0.1)
    trace = polarisation(
        rng, electronic_S=level, voltages_V=tuple(volts if rng.random() < 0.7 else volts[::-1]), hold_s=hold_s,
        interval_s=2.0, ionic_share=10.0 ** rng.uniform(0, 2), tau_s=tau_s, current=reading,
    )  # fmt: skip
    begins = [int(hold_s / 2.0) * number for number in (0, 1, 2, 3)]
    rests = [row for row in begins if rng.random() < 0.6]
    trace = _rested(rng, trace, rests, ocv_V=float(rng.uniform(-0.02, 0.02)), tau_s=10.0 ** rng.uniform(1, 4))
    if rng.random() < 0.5:
        starts = np.flatnonzero(np.abs(np.diff(np.nan_to_num(trace.voltage_V))) > 0.01) + 1
        trace = unevenly_sampled(trace, starts.tolist(), dense=100, every=int(rng.choice([5, 20])))
    sign = rng.choice([1.0, -1.0])
    turned = Trace(trace.time_s + rng.uniform(0, 1e5), trace.voltage_V, sign * trace.current_A, trace.cycle)
    found = _value(turned, "electronic_conductivity")
    if found is None:
        return "refused"
    true = level * 0.2
    if found.bound != "exact" or found.low90 is None or found.high90 is None:
        return "right limit" if found.value >= true else "wrong limit"
    if abs(found.value / true - 1.0) > 0.2:
        return "wrong"
    return "right" if found.low90 <= true <= found.high90 else "close, outside its interval"


def _voltammetry(rng: np.random.Generator) -> str:
    """One to three cycles, beginning at open circuit either way, or a sweep one way; rests before and after."""
    kinetics = {"exchange_A": 1e-9, "slope_V": float(rng.uniform(0.04, 0.1)), "limit_A": 1e-3}
    upwards, start = bool(rng.random() < 0.5), float(rng.uniform(2.2, 2.9))
    ends = (5.0, 0.0) if upwards else (0.0, 5.0)
    turns = ends[:1] if rng.random() < 0.4 else (*(ends * int(rng.integers(1, 4))), start)
    e0 = {"oxidation_V": float(rng.uniform(3.4, 4.1)), "reduction_V": float(rng.uniform(0.8, 1.4))}
    trace = voltammogram(
        rng, start_V=start, turns_V=turns, rate_V_per_s=10.0 ** rng.uniform(-4, -3), capacitance_F=1e-4,
        points_per_V=int(rng.choice([200, 1000])), **kinetics, **e0,
    )  # fmt: skip
    rests = [row for row in (0, len(trace.time_s)) if rng.random() < 0.7]
    trace = _rested(rng, trace, rests, ocv_V=start + float(rng.uniform(-0.3, 0.3)), tau_s=600.0)
    name, sign = ("oxidation_limit", 1) if upwards else ("reduction_limit", -1)
    true = onset_at(10e-6 * 0.5, e0_V=e0["oxidation_V" if upwards else "reduction_V"], sign=sign, **kinetics)
    found = _value(trace, name)
    if found is None:
        return "refused"
    if sign * (true - ends[0]) > 0.0:  # not reached
        return "right" if found.bound != "exact" else "wrong"
    return "right" if found.bound == "exact" and abs(found.value - true) < 0.01 else "wrong"


def _cycling(rng: np.random.Generator) -> str:
    """Formation at a lower current, unequal half-cycles, rests and pauses; half of the cells short."""
    formation, count = 2 * int(rng.integers(0, 6)), int(rng.integers(40, 121))
    currents = np.concatenate([cycling_currents(4e-5, formation), cycling_currents(1e-4, count)])
    share = float(rng.choice([0.5, 0.8, 1.0]))
    hours = float(rng.uniform(0.2, 0.9)) * (formation + count) * (1.0 + share) / 2.0
    shorts = bool(rng.random() < 0.5) and hours > formation + 5.0
    fate = Fate("short", hours, depth=rng.uniform(0.0, 0.2)) if shorts else Fate()
    trace = symmetric_cell(rng, currents, 1.0, fate, bending=rng.uniform(0, 0.8), backward_share=share)
    begins = np.flatnonzero(np.abs(np.diff(trace.current_A)) > 2e-5) + 1
    rests = sorted(rng.choice(begins, size=int(rng.integers(0, 4)), replace=False).tolist())
    found = _value(_rested(rng, trace, rests, interval_s=60.0), "li_stability")
    if found is None:
        return "refused"
    if not shorts:
        return "right" if found.bound == "above" and found.conditions["failure_mode"] == "none" else "wrong"
    if found.bound != "exact" or "short" not in str(found.conditions["failure_mode"]):
        return "wrong"
    resting = sum(row < int(np.searchsorted(trace.time_s, hours * 3600.0)) for row in rests)
    begin = float(trace.time_s[np.argmax(np.abs(trace.current_A) > 8e-5)]) / 3600.0
    seconds = found.value * 3600.0 - (hours - begin) * 3600.0
    # the rests between lengthen it, by the same time each
    return "right" if -3600.0 < seconds <= resting * _LONGEST_S + 3600.0 else "wrong time"


def _critical_current(rng: np.random.Generator) -> str:
    """A staircase with rests between any half-cycles, and a short in a random step."""
    steps, per_step = int(rng.integers(8, 21)), int(rng.choice([1, 3]))
    failed = int(rng.integers(3, steps))
    hours = (failed - 1 + rng.uniform(0.1, 0.9)) * 2 * per_step * 0.5
    trace = symmetric_cell(
        rng, staircase_currents(5e-5, steps, per_step), 0.5, Fate("short", hours, depth=rng.uniform(0.0, 0.2)),
        bending=rng.uniform(0, 0.8),
    )  # fmt: skip
    rests = [row for row in range(0, len(trace.time_s), 30) if rng.random() < 0.5]
    found = _value(_rested(rng, trace, rests, interval_s=60.0), "critical_current_density")
    if found is None:
        return "refused"
    return "right" if abs(found.value / (0.1 * failed) - 1.0) < 0.01 else "wrong step"


_LONGEST_S = 86_400.0


def _rested(rng: np.random.Generator, trace: Trace, rows: list[int], **more: float) -> Trace:
    seconds = float(10.0 ** rng.uniform(np.log10(60.0), np.log10(_LONGEST_S)))
    return with_rests(trace, rows, seconds, str(rng.choice(["zero", "nan", "gap"])), **more)


def _value(trace: Trace, name: str) -> DerivedValue | None:
    found = evaluate_trace(Recording("simulated", trace=trace), _GIVEN)
    return next((one for one in found.values if one.property == name), None)
