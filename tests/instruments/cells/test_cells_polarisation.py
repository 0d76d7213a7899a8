"""Electronic conductivity: steady, drifting, lost in the noise, with zero errors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.instruments.cells import evaluate_trace
from alloop.instruments.cells.relaxation import rest_of
from alloop.instruments.evaluation import DerivedValue, Evaluation, Given
from alloop.instruments.recording import Geometry, Recording, Trace

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from instruments_cells_world import Instrument, polarisation

TRUE_S = 1e-9
PER_CM = 0.1 / 0.5  # 1 mm thick, 0.5 cm2
PELLET = Geometry(1.0, 0.5)


def evaluate(trace: Trace, geometry: Geometry = PELLET, **conditions: float | str) -> Evaluation:
    return evaluate_trace(Recording("simulated", trace=trace), Given(geometry, 25.0, conditions=conditions))


def conductivity(found: Evaluation) -> DerivedValue:
    (value,) = (one for one in found.values if one.property == "electronic_conductivity")
    return value


def pellet(seed: int = 0, **settings_of_cell: Any) -> Trace:
    return polarisation(np.random.default_rng(seed), electronic_S=TRUE_S, **settings_of_cell)


def names(found: Evaluation) -> set[str]:
    return {flag.name for flag in found.flags}


def test_several_voltages_give_the_conductivity_with_an_interval_that_holds_it() -> None:
    found = evaluate(pellet())
    value = conductivity(found)
    assert value.bound == "exact"
    assert value.unit == "S/cm"
    assert value.temperature_C == 25.0
    assert value.value == pytest.approx(TRUE_S * PER_CM, rel=0.01)
    assert value.low90 is not None
    assert value.high90 is not None
    assert value.low90 <= TRUE_S * PER_CM <= value.high90
    assert value.conditions["voltage_V"] == pytest.approx(0.4)
    resistance = next(one for one in found.values if one.property == "electronic_resistance")
    assert not resistance.is_measurement
    assert resistance.value * value.value == pytest.approx(PER_CM)
    assert found.figure is not None
    assert len(found.figure) < 60_000


def test_a_zero_error_does_no_harm_with_several_voltages_and_is_warned_of_with_one() -> None:
    offset = Instrument(1e-3, 1e-13, 3e-10)  # three times the current of the electrons at 0.1 V
    several = conductivity(evaluate(pellet(current=offset)))
    assert several.value == pytest.approx(TRUE_S * PER_CM, rel=0.03)
    one = evaluate(pellet(voltages_V=(0.1,), current=offset))
    assert conductivity(one).value > 3 * TRUE_S * PER_CM
    assert "one_setting" in names(one)


def test_what_still_drifts_is_an_upper_limit() -> None:
    found = evaluate(pellet(decay="power", tau_s=10.0, power=0.6, voltages_V=(0.2,), hold_s=1800.0))
    value = conductivity(found)
    assert value.bound == "below"
    assert value.low90 is None
    assert value.value > TRUE_S * PER_CM
    assert "not_steady" in names(found)
    assert next(one.bound for one in found.values if one.property == "electronic_resistance") == "above"


def test_what_is_lost_in_the_noise_is_an_upper_limit() -> None:
    found = evaluate(
        polarisation(np.random.default_rng(1), electronic_S=1e-14, current=Instrument(0.0, 1e-12, 2e-12))
    )
    assert conductivity(found).bound == "below"
    assert conductivity(found).value > 1e-14 * PER_CM
    assert "below_resolution" in names(found)


def test_a_current_that_grows_is_refused() -> None:
    trace = pellet(voltages_V=(0.5,), ionic_share=0.0)
    growing = trace.current_A * (1.0 + (trace.time_s / trace.time_s[-1]) ** 2)
    found = evaluate(Trace(trace.time_s, trace.voltage_V, growing, trace.cycle))
    assert not found.values
    assert "grows" in found.flags[-1].words


def test_a_diode_is_not_ohmic() -> None:
    trace = pellet(ionic_share=0.0)
    bent = (
        1e-9
        * np.expm1(trace.voltage_V / 0.1)
        * (1 + 1e-3 * np.random.default_rng(2).normal(size=len(trace.time_s)))
    )
    found = evaluate(Trace(trace.time_s, trace.voltage_V, bent, trace.cycle))
    assert next(flag.severity for flag in found.flags if flag.name == "not_ohmic") == "doubt"


def test_no_size_no_conductivity() -> None:
    found = evaluate(pellet(), Geometry(1.0, None))
    assert [one.property for one in found.values] == ["electronic_resistance"]
    assert "geometry_missing" in names(found)


def test_the_default_area_of_a_file_is_not_believed() -> None:
    recording = Recording("EC-Lab", trace=pellet(), geometry=Geometry(None, 0.001))
    found = evaluate_trace(recording, Given(Geometry(thickness_mm=1.0)))
    assert all(one.property != "electronic_conductivity" for one in found.values)
    assert "geometry_implausible" in names(found)


def test_a_person_goes_before_the_file() -> None:
    recording = Recording("EC-Lab", trace=pellet(), geometry=Geometry(2.0, 5.0))
    assert conductivity(evaluate_trace(recording, Given(PELLET))).value == pytest.approx(
        TRUE_S * PER_CM, rel=0.01
    )


def test_electrodes_that_let_ions_pass_are_refused() -> None:
    found = evaluate(pellet(), electrodes="Li | Li")
    assert not found.values
    assert "that of the ions" in found.flags[-1].words
    assert "blocking_assumed" not in names(evaluate(pellet(), electrodes="steel, blocking"))


def test_current_against_the_voltage_is_doubted() -> None:
    trace = pellet()
    found = evaluate(Trace(trace.time_s, trace.voltage_V, -trace.current_A, trace.cycle))
    assert conductivity(found).value == pytest.approx(TRUE_S * PER_CM, rel=0.01)
    assert next(flag.severity for flag in found.flags if flag.name == "current_against_voltage") == "doubt"


def test_a_disconnected_channel_gives_nothing() -> None:
    trace = pellet()
    found = evaluate(Trace(trace.time_s, trace.voltage_V, np.zeros(len(trace.time_s)), trace.cycle))
    assert not found.values
    assert "exactly zero" in found.flags[-1].words


def test_constant_current_gives_the_same_and_a_limit_where_the_voltage_still_climbs() -> None:
    t = np.arange(0.0, 7200.0, 10.0)
    draw = np.random.default_rng(3)
    for tau, bound in ((300.0, "exact"), (6000.0, "below")):
        voltage = 1e-8 * 1e7 * (1.0 - np.exp(-t / tau)) + 1e-5 * draw.normal(size=len(t))
        current = 1e-8 + 1e-13 * draw.normal(size=len(t))
        value = conductivity(evaluate(Trace(t, voltage, current, np.zeros(len(t), dtype=np.int64))))
        assert value.bound == bound
        if bound == "exact":
            assert value.value == pytest.approx(1e-7 * PER_CM, rel=0.01)
        else:
            assert value.value > 1e-7 * PER_CM


@settings(max_examples=40, deadline=None)
@given(st.floats(-14, -3), st.floats(0.05, 2.0), st.booleans())
def test_units_and_signs_do_not_matter(decades: float, volts: float, reverse: bool) -> None:
    """The same cell at any scale of current and voltage gives the same relative answer."""
    trace = pellet(seed=4)
    sign = -1.0 if reverse else 1.0
    scaled = Trace(
        trace.time_s, sign * volts * trace.voltage_V, sign * 10.0**decades * trace.current_A, trace.cycle
    )
    base, other = conductivity(evaluate(trace)), conductivity(evaluate(scaled))
    assert other.value == pytest.approx(base.value * 10.0**decades / volts, rel=1e-6)
    assert other.bound == base.bound


@pytest.mark.parametrize("falls", [True, False])
def test_rest_of_a_relaxation(falls: bool) -> None:
    t = np.arange(0.0, 3600.0, 5.0)
    draw = np.random.default_rng(6)
    sign = 1.0 if falls else -0.9
    quick = 1.0 + sign * np.exp(-t / 200.0) + 1e-3 * draw.normal(size=len(t))
    slow = 1.0 + sign * np.exp(-t / 5000.0) + 1e-3 * draw.normal(size=len(t))
    assert rest_of(t, quick, falls).state == "steady"
    assert rest_of(t, slow, falls).state == "drifting"
    rest = rest_of(t, slow, falls)
    assert rest.low90 <= 1.0 <= rest.high90
    if not falls:
        assert rest_of(t, slow[::-1].copy(), falls).state == "reversed"


def test_steps_down_relax_upwards_and_are_used_as_well() -> None:
    found = evaluate(pellet(voltages_V=(0.1, 0.3, 0.2, -0.1), hold_s=1800.0, tau_s=100.0))
    assert conductivity(found).bound == "exact"
    assert conductivity(found).value == pytest.approx(TRUE_S * PER_CM, rel=0.02)
    drifting = evaluate(pellet(voltages_V=(0.1, 0.3, 0.2, -0.1), hold_s=900.0, tau_s=600.0))
    assert conductivity(drifting).bound == "below"
    assert conductivity(drifting).value > TRUE_S * PER_CM


def test_an_exponential_and_a_power_law_that_agree_are_extrapolated() -> None:
    t = np.arange(0.0, 3600.0, 5.0)
    current = 1.0 + 2.0 * np.exp(-t / 1150.0) + 1e-4 * np.random.default_rng(7).normal(size=len(t))
    rest = rest_of(t, current)
    assert rest.state in ("extrapolated", "drifting")
    assert rest.low90 <= 1.0 <= rest.high90
