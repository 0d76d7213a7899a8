"""Symmetric cells: lifetimes, ways to fail, critical currents."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.instruments.cells import evaluate_trace
from alloop.instruments.evaluation import DerivedValue, Evaluation, Given
from alloop.instruments.recording import Geometry, Recording, Trace

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from instruments_cells_world import Fate, Instrument, cycling_currents, staircase_currents, symmetric_cell

PELLET = Geometry(1.0, 0.5)


def evaluate(trace: Trace, geometry: Geometry = PELLET, **conditions: float | str) -> Evaluation:
    return evaluate_trace(Recording("simulated", trace=trace), Given(geometry, 25.0, conditions=conditions))


def cycled(fate: Fate, seed: int = 0, half_cycles: int = 100, **settings_of_cell: Any) -> Trace:
    return symmetric_cell(
        np.random.default_rng(seed), cycling_currents(1e-4, half_cycles), 1.0, fate, **settings_of_cell
    )


def climbed(fate: Fate, seed: int = 0, steps: int = 20, **settings_of_cell: Any) -> Trace:
    return symmetric_cell(
        np.random.default_rng(seed), staircase_currents(5e-5, steps), 0.5, fate, **settings_of_cell
    )


def only(found: Evaluation, name: str) -> DerivedValue:
    (value,) = (one for one in found.values if one.property == name)
    return value


def names(found: Evaluation) -> set[str]:
    return {flag.name for flag in found.flags}


def test_alive_at_the_end_is_a_bound() -> None:
    found = evaluate(cycled(Fate()))
    life = only(found, "li_stability")
    assert (life.bound, life.unit) == ("above", "h")
    assert life.value == pytest.approx(100.0, rel=0.01)
    assert life.conditions["current_mA_per_cm2"] == pytest.approx(0.2)
    assert life.conditions["capacity_mAh_per_cm2"] == pytest.approx(0.2, rel=0.05)
    assert life.conditions["failure_mode"] == "none"
    assert "soft_short" not in names(found)
    assert found.figure is not None
    assert len(found.figure) < 60_000


def test_a_sudden_drop_is_a_short_at_its_time() -> None:
    life = only(evaluate(cycled(Fate("short", 60.3))), "li_stability")
    assert life.bound == "exact"
    assert life.value == pytest.approx(60.3, abs=0.2)
    assert life.low90 is not None
    assert life.high90 is not None
    assert life.low90 <= 60.3 <= life.high90
    assert "short" in str(life.conditions["failure_mode"])


def test_a_slow_rise_is_decomposition() -> None:
    life = only(evaluate(cycled(Fate("rise", 60.0, rise_length_h=15.0))), "li_stability")
    assert life.bound == "exact"
    assert 50.0 < life.value < 62.0
    assert "slow rise" in str(life.conditions["failure_mode"])


def test_a_cell_that_runs_into_the_voltage_limit_has_failed() -> None:
    life = only(evaluate(cycled(Fate("rise", 60.0, rise_length_h=0.5), cutoff_V=0.06)), "li_stability")
    assert life.value == pytest.approx(60.0, abs=1.5)
    assert "voltage limit" in str(life.conditions["failure_mode"])


def test_after_a_soft_short_nothing_is_known() -> None:
    found = evaluate(cycled(Fate(soft_hours=(40.3,), soft_depth=0.4)))
    life = only(found, "li_stability")
    assert life.bound == "above"
    assert life.value == pytest.approx(40.3, abs=0.3)
    assert next(flag.severity for flag in found.flags if flag.name == "soft_short") == "doubt"


def test_a_soft_short_before_a_short_widens_the_interval() -> None:
    life = only(evaluate(cycled(Fate("short", 70.3, soft_hours=(40.3,)))), "li_stability")
    assert life.value == pytest.approx(70.3, abs=0.2)
    assert life.low90 == pytest.approx(40.2, abs=0.3)


def test_conditioning_and_voids_are_no_failure() -> None:
    found = evaluate(cycled(Fate(), conditioning=0.5, bending=1.5))
    assert only(found, "li_stability").bound == "above"
    assert not {"soft_short", "fading"} & names(found)


def test_a_slow_fall_is_doubted() -> None:
    trace = cycled(Fate(), conditioning=0.0)
    faded = replace(trace, voltage_V=trace.voltage_V * np.exp(-trace.time_s / trace.time_s[-1] * 2.0))
    found = evaluate(faded)
    assert next(flag.severity for flag in found.flags if flag.name == "fading") == "doubt"
    assert "soft_short" not in names(found)


def test_a_zero_error_of_the_voltage_is_no_soft_short() -> None:
    found = evaluate(cycled(Fate(), resistance_ohm=50.0, voltage=Instrument(1e-3, 1e-5, 1.5e-3, 1e-5)))
    assert "soft_short" not in names(found)
    assert only(found, "li_stability").bound == "above"


def test_a_cell_that_was_shorted_before_gives_nothing() -> None:
    found = evaluate(cycled(Fate(), resistance_ohm=0.5, voltage=Instrument(1e-3, 1e-7)))
    assert not found.values
    assert found.status == "shorted"


def test_without_an_area_the_lifetime_is_shown_but_not_recorded() -> None:
    found = evaluate(cycled(Fate("short", 60.3)), Geometry())
    assert not only(found, "li_stability").is_measurement
    assert "geometry_missing" in names(found)


def test_formation_cycles_do_not_count() -> None:
    currents = np.concatenate([cycling_currents(5e-5, 6), cycling_currents(1e-4, 80)])
    trace = symmetric_cell(np.random.default_rng(1), currents, 1.0, Fate("short", 46.3))
    found = evaluate(trace)
    assert only(found, "li_stability").value == pytest.approx(40.3, abs=0.2)
    assert "formation_left_out" in names(found)


def test_the_sign_convention_does_not_matter() -> None:
    trace = cycled(Fate("short", 60.3))
    turned = only(evaluate(replace(trace, current_A=-trace.current_A)), "li_stability")
    assert turned.value == only(evaluate(trace), "li_stability").value


@settings(max_examples=15, deadline=None)
@given(st.floats(10, 90), st.floats(-1, 1), st.integers(0, 1000))
def test_a_short_is_found_wherever_and_at_any_scale(hours: float, decades: float, seed: int) -> None:
    trace = cycled(Fate("short", hours), seed=seed)
    scaled = replace(trace, voltage_V=10.0**decades * trace.voltage_V)
    life = only(evaluate(scaled), "li_stability")
    assert life.bound == "exact"
    assert life.value == pytest.approx(hours, abs=0.3)


def test_a_short_in_a_staircase_lies_between_two_steps() -> None:
    found = evaluate(climbed(Fate("short", 8.2)), pressure_MPa=5.0)  # 1 h a step: in the ninth
    value = only(found, "critical_current_density")
    assert value.bound == "exact"
    assert value.value == pytest.approx(0.9, rel=0.01)
    assert value.low90 == pytest.approx(0.8, rel=0.01)
    assert value.high90 == value.value
    assert value.conditions["step_mA_per_cm2"] == pytest.approx(0.1)
    assert value.conditions["step_time_h"] == pytest.approx(0.5, rel=0.05)
    assert value.conditions["pressure_MPa"] == 5.0
    assert "not_comparable" not in names(found)


def test_a_short_at_once_is_a_bound_below() -> None:
    value = only(evaluate(climbed(Fate("short", 0.3))), "critical_current_density")
    assert (value.bound, value.value) == ("below", pytest.approx(0.1, rel=0.01))


def test_passing_everything_is_a_bound_above() -> None:
    value = only(evaluate(climbed(Fate())), "critical_current_density")
    assert (value.bound, value.value) == ("above", pytest.approx(2.0, rel=0.01))


def test_an_unfinished_step_was_not_passed() -> None:
    trace = climbed(Fate())
    kept = slice(0, int(0.988 * len(trace.time_s)))
    cut = Trace(trace.time_s[kept], trace.voltage_V[kept], trace.current_A[kept], trace.cycle[kept])
    value = only(evaluate(cut), "critical_current_density")
    assert (value.bound, value.value) == ("above", pytest.approx(1.9, rel=0.01))


def test_lost_contact_is_no_short() -> None:
    found = evaluate(climbed(Fate("rise", 8.2, rise_length_h=1.0)))
    value = only(found, "critical_current_density")
    assert value.bound == "above"
    assert value.value == pytest.approx(0.8, rel=0.15)
    assert "contact_lost" in names(found)
    limited = evaluate(climbed(Fate("rise", 8.2, rise_length_h=1.0), cutoff_V=0.2))
    assert only(limited, "critical_current_density").bound == "above"
    assert "contact_lost" in names(limited)


def test_a_soft_short_lowers_what_was_passed() -> None:
    found = evaluate(climbed(Fate("short", 12.2, soft_hours=(6.1,), soft_length_h=0.2)))
    value = only(found, "critical_current_density")
    assert value.value == pytest.approx(1.3, rel=0.01)
    assert value.low90 == pytest.approx(0.6, rel=0.01)
    assert "soft_short" in names(found)


def test_what_other_cells_would_need_is_asked_for() -> None:
    found = evaluate_trace(Recording("simulated", trace=climbed(Fate())), Given(PELLET))
    words = next(flag.words for flag in found.flags if flag.name == "not_comparable")
    assert "temperature" in words
    assert "pressure_MPa" in words


def test_without_an_area_there_is_no_critical_current_density() -> None:
    found = evaluate(climbed(Fate("short", 8.2)), Geometry())
    assert not found.values
    assert found.details["failed_at_A"] == pytest.approx(4.5e-4, rel=0.01)
