"""Onsets of oxidation and reduction, and the reference they are stated against."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import InstrumentError
from alloop.instruments.cells import evaluate_trace
from alloop.instruments.cells.references import shift_to_metal
from alloop.instruments.cells.voltammetry import find_onset
from alloop.instruments.evaluation import DerivedValue, Evaluation, Given
from alloop.instruments.recording import Geometry, Recording, Trace

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from instruments_cells_world import Instrument, onset_at, voltammogram

AREA = 0.5
DISC = Geometry(None, AREA)
KINETICS = {"exchange_A": 1e-9, "slope_V": 0.06, "limit_A": 5e-4}
OXIDATION = onset_at(10e-6 * AREA, e0_V=4.0, sign=1, **KINETICS)
REDUCTION = onset_at(10e-6 * AREA, e0_V=1.0, sign=-1, **KINETICS)


def sweep(seed: int = 0, **settings_of_sweep: Any) -> Trace:
    return voltammogram(np.random.default_rng(seed), **(KINETICS | settings_of_sweep))


def evaluate(trace: Trace, geometry: Geometry = DISC, ion: str = "Li+", **stated: float | str) -> Evaluation:
    return evaluate_trace(Recording("simulated", trace=trace), Given(geometry, 25.0, ion, conditions=stated))


def only(found: Evaluation, name: str) -> DerivedValue:
    (value,) = (one for one in found.values if one.property == name)
    return value


def test_oxidation_with_what_belongs_to_it() -> None:
    found = evaluate(sweep(), reference_electrode="Li+/Li", carbon_wt_percent=20.0)
    value = only(found, "oxidation_limit")
    assert value.value == pytest.approx(OXIDATION, abs=0.005)
    assert value.low90 is not None
    assert value.high90 is not None
    assert value.low90 <= OXIDATION <= value.high90
    assert value.conditions["reference_electrode"] == "Li+/Li"
    assert value.conditions["carbon_wt_percent"] == 20.0
    assert value.conditions["scan_rate_mV_per_s"] == pytest.approx(0.1)
    assert value.conditions["criterion"] == "10 uA/cm2 over the baseline"
    assert found.figure is not None
    assert len(found.figure) < 60_000


def test_reduction() -> None:
    value = only(evaluate(sweep(turns_V=(0.0,)), reference_electrode="Li"), "reduction_limit")
    assert value.value == pytest.approx(REDUCTION, abs=0.005)


def test_no_onset_in_the_window_is_a_bound() -> None:
    up = only(evaluate(sweep(turns_V=(3.8,)), reference_electrode="Li"), "oxidation_limit")
    down = only(evaluate(sweep(turns_V=(1.2,)), reference_electrode="Li"), "reduction_limit")
    assert (up.bound, down.bound) == ("above", "below")
    assert up.value == pytest.approx(3.8, abs=0.01)
    assert down.value == pytest.approx(1.2, abs=0.01)


def test_only_the_first_sweep_each_way_counts_and_the_second_is_doubted() -> None:
    later = sweep(turns_V=(5.0, 0.0, 5.0, 0.0))
    shifted = later.current_A.copy()
    second_cycle = later.time_s > 7.6 / 1e-4
    shifted[second_cycle] += 1e-4  # whatever happens later
    found = evaluate(replace(later, current_A=shifted), reference_electrode="Li")
    assert only(found, "oxidation_limit").value == pytest.approx(OXIDATION, abs=0.005)
    assert only(found, "reduction_limit").value == pytest.approx(REDUCTION, abs=0.005)
    assert next(flag.severity for flag in found.flags if flag.name == "second_sweep") == "doubt"


def test_without_a_reference_there_is_no_value() -> None:
    found = evaluate(sweep(), counter_electrode="In/InLi")
    assert not found.values
    assert "reference electrode is not stated" in found.flags[-1].words
    assert "In/InLi" in found.flags[-1].words


def test_the_indium_electrode_is_converted_where_it_is_the_reference() -> None:
    value = only(evaluate(sweep(), reference_electrode="In/InLi"), "oxidation_limit")
    assert value.value == pytest.approx(OXIDATION + 0.62, abs=0.005)
    assert value.conditions["reference_electrode"] == "Li+/Li"
    assert value.conditions["measured_against"] == "In/InLi"


@pytest.mark.parametrize(
    ("stated", "ion", "shift"),
    [
        ({"reference_electrode": "Li+/Li"}, "Li+", 0.0),
        ({"reference_electrode": "Li/Li+"}, "Li+", 0.0),
        ({"reference": "Na"}, "Na+", 0.0),
        ({"reference_electrode": "Li-In"}, "Li+", 0.62),
        ({"reference_electrode": "Na15Sn4", "reference_offset_V": 0.1}, "Na+", 0.1),
        ({"reference_offset_V": "-0.3"}, "Li+", -0.3),
    ],
)
def test_references(stated: dict[str, float | str], ion: str, shift: float) -> None:
    found, scale = shift_to_metal(stated, ion)
    assert found == pytest.approx(shift)
    assert scale == f"{ion}/{ion[:-1]}"


@pytest.mark.parametrize(
    ("stated", "ion"),
    [
        ({"reference_electrode": "Ag/AgCl"}, "Li+"),
        ({"reference_electrode": "Li+/Li"}, "Na+"),
        ({"reference_electrode": "In/InLi"}, "Na+"),
        ({"reference_electrode": "(unspecified) (0 Volts)"}, "Li+"),
        ({"reference_offset_V": "some"}, "Li+"),
    ],
)
def test_references_that_say_nothing_are_refused(stated: dict[str, float | str], ion: str) -> None:
    with pytest.raises(InstrumentError):
        shift_to_metal(stated, ion)


def test_without_an_area_the_tangent_is_read_and_doubted() -> None:
    found = evaluate(sweep(), Geometry(), reference_electrode="Li")
    value = only(found, "oxidation_limit")
    assert value.conditions["criterion"] == "tangent"
    assert value.low90 is not None
    assert value.high90 is not None
    assert value.low90 <= value.value <= value.high90
    assert any(flag.name == "geometry_missing" and flag.severity == "doubt" for flag in found.flags)


def test_without_times_the_rate_is_asked_for_or_taken_as_stated() -> None:
    trace = replace(sweep(), time_s=np.full(len(sweep().time_s), np.nan))
    found = evaluate(trace, reference_electrode="Li")
    assert any(flag.name == "scan_rate_unknown" for flag in found.flags)
    stated = evaluate(trace, reference_electrode="Li", scan_rate_V_per_s=1e-4)
    assert only(stated, "oxidation_limit").conditions["scan_rate_mV_per_s"] == pytest.approx(0.1)


def test_a_noisy_baseline_raises_the_threshold_and_says_so() -> None:
    found = evaluate(sweep(current=Instrument(0.0, 2e-5)), reference_electrode="Li")
    value = only(found, "oxidation_limit")
    assert any(flag.name == "noisy_baseline" for flag in found.flags)
    assert value.value > OXIDATION
    assert not str(value.conditions["criterion"]).startswith("10 ")


def test_a_reversed_sign_is_refused() -> None:
    trace = sweep()
    found = evaluate(replace(trace, current_A=-trace.current_A), reference_electrode="Li")
    assert not found.values
    assert "oxidation must be positive" in found.flags[-1].words


def test_a_leak_is_taken_off_and_said_where_it_is_large() -> None:
    found = evaluate(sweep(leak_S=2e-5), reference_electrode="Li")
    assert only(found, "oxidation_limit").value == pytest.approx(OXIDATION, abs=0.02)
    assert any(flag.name == "sloping_baseline" for flag in found.flags)


def test_a_short_sweep_has_no_baseline() -> None:
    with pytest.raises(InstrumentError, match=r"covers 0\.1"):
        find_onset(np.linspace(3.0, 3.1, 100), np.zeros(100), "oxidation")


@settings(max_examples=30, deadline=None)
@given(st.floats(3.2, 4.6), st.floats(0.03, 0.1), st.floats(-5.5, -3.5))
def test_oxidation_and_reduction_are_mirror_images(e0: float, slope: float, capacitance: float) -> None:
    trace = sweep(oxidation_V=e0, slope_V=slope, capacitance_F=10.0**capacitance)
    up = find_onset(trace.voltage_V, trace.current_A / AREA, "oxidation")
    down = find_onset(-trace.voltage_V, -trace.current_A / AREA, "reduction")
    assert down.value_V == pytest.approx(-up.value_V)
    if up.bound == "exact":
        assert up.low90_V is not None
        assert up.high90_V is not None
        assert (down.low90_V, down.high90_V) == pytest.approx((-up.high90_V, -up.low90_V))
