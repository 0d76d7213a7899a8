"""Files as instruments write them: uneven sampling, digits, range switches, cycles, holds, formation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cells_builders import (
    HOLD,
    HOLDS,
    OXIDATION,
    PER_CM,
    REDUCTION,
    TRUE_S,
    cell,
    evaluate,
    is_right,
    names,
    only,
    pellet,
    sweep,
)
from instruments_cells_world import (
    Fate,
    Instrument,
    cycling_currents,
    polarisation,
    unevenly_sampled,
)

from alloop.instruments.recording import Trace

# --- sampling, digits, ranges, signs


def dense(seed: int = 0, **settings_of_cell: Any) -> Trace:
    return pellet(seed, **({"interval_s": 1.0} | settings_of_cell))


def test_dense_sampling_after_each_step_and_sparse_later() -> None:
    even = dense(tau_s=300.0)
    uneven = unevenly_sampled(even, [3600, 7200], dense=600, every=60)
    value = only(evaluate(uneven), "electronic_conductivity")
    assert is_right(value)
    assert value.value == pytest.approx(only(evaluate(even), "electronic_conductivity").value, rel=2e-3)


def test_uneven_sampling_does_not_make_a_drifting_step_steady_or_the_reverse() -> None:
    drifting = dense(voltages_V=(0.2,), decay="power", tau_s=10.0, power=0.6, hold_s=1800.0)
    for trace in (drifting, unevenly_sampled(drifting, [], dense=300, every=50)):
        found = evaluate(trace)
        assert only(found, "electronic_conductivity").bound == "below"
        assert "not_steady" in names(found)


def test_times_with_an_offset_and_repeated_rows() -> None:
    trace = dense()
    rows = np.sort(np.concatenate([np.arange(len(trace.time_s)), np.arange(0, len(trace.time_s), 7)]))
    columns = (trace.time_s + 86_400.5, trace.voltage_V, trace.current_A, trace.cycle)
    repeated = Trace(*(one[rows] for one in columns))
    found = evaluate(repeated)
    assert is_right(only(found, "electronic_conductivity"))
    assert "rows_repeated" in names(found)
    # a second reading at the same time is no repetition
    again = replace(repeated, current_A=repeated.current_A * (1 + 1e-4 * np.arange(len(rows)) % 2))
    assert "rows_repeated" not in names(evaluate(again))


@pytest.mark.parametrize("digits", [3, 10, 100])
def test_rounding_to_digits_is_in_the_interval(digits: int) -> None:
    """The level of 0.1 V is so many digits; nothing is noisy enough to be averaged."""
    inside = 0
    for step in np.linspace(0.0, 1.0, 21):
        true = TRUE_S * (1.0 + step / digits)
        reading = Instrument(0.0, 0.0, 0.0, TRUE_S * 0.1 / digits)
        trace = polarisation(
            np.random.default_rng(0), electronic_S=true, voltages_V=(0.1,), current=reading, tau_s=100.0
        )
        value = only(evaluate(trace), "electronic_conductivity")
        low, high = (value.low90 or 0.0, value.high90 or value.value)
        inside += low <= true * PER_CM <= high
    assert inside >= 18


def test_a_range_switch_with_a_spike_and_more_noise_before_it() -> None:
    trace = pellet()
    current = trace.current_A.copy()
    draw = np.random.default_rng(9)
    for begin in (0, HOLD, 2 * HOLD):
        current[begin : begin + HOLD // 2] += 5e-11 * draw.normal(size=HOLD // 2)
        current[begin + HOLD // 2] = 1e-6
        current[begin + HOLD - 30] = -1e-6
    voltage = trace.voltage_V.copy()
    voltage[[HOLD // 2, HOLD + HOLD // 2]] += 0.05
    found = evaluate(replace(trace, current_A=current, voltage_V=voltage))
    assert is_right(only(found, "electronic_conductivity"))
    assert len(found.details["steps"]) == 3


@pytest.mark.parametrize("voltages", [HOLDS, (0.5,), (-0.1, -0.3)])
def test_current_of_the_other_sign_gives_the_same_with_a_doubt(voltages: tuple[float, ...]) -> None:
    trace = pellet(voltages_V=voltages)
    found = evaluate(replace(trace, current_A=-trace.current_A))
    assert is_right(only(found, "electronic_conductivity"))
    assert next(flag.severity for flag in found.flags if flag.name == "current_against_voltage") == "doubt"


def test_the_interval_of_one_voltage_holds_a_zero_error_as_large_as_the_noise() -> None:
    """Zero errors with the standard deviation of the noise; the level is ten times that."""
    inside = []
    for seed in range(60):
        draw = np.random.default_rng(seed)
        reading = Instrument(1e-4, 1e-11, 1e-11 * draw.normal(), 0.0)
        trace = polarisation(draw, electronic_S=TRUE_S, voltages_V=(0.1,), current=reading)
        found = evaluate(trace)
        value = only(found, "electronic_conductivity")
        if value.bound == "exact":
            assert value.low90 is not None
            assert value.high90 is not None
            inside.append(value.low90 <= TRUE_S * PER_CM <= value.high90)
        assert "is assumed" in next(flag.words for flag in found.flags if flag.name == "one_setting")
    assert len(inside) > 50
    assert np.mean(inside) >= 0.85


# --- sweeps as they are run


@pytest.mark.parametrize("turns", [(5.0, 0.0, 5.0, 0.0, 5.0, 2.8), (0.0, 5.0, 0.0, 5.0, 0.0, 2.8)])
def test_several_cycles_from_open_circuit_either_way(turns: tuple[float, ...]) -> None:
    found = evaluate(sweep(start_V=2.8, turns_V=turns))
    assert only(found, "oxidation_limit").value == pytest.approx(OXIDATION, abs=0.006)
    assert only(found, "reduction_limit").value == pytest.approx(REDUCTION, abs=0.006)
    assert "second_sweep" in names(found)


def test_a_short_first_excursion_is_passed_over() -> None:
    found = evaluate(sweep(start_V=2.5, turns_V=(2.62, 0.0), reduction_V=1.0))
    assert only(found, "reduction_limit").value == pytest.approx(REDUCTION, abs=0.006)


@pytest.mark.parametrize("hours", [0.1, 2.0, 30.0])
def test_a_hold_at_the_vertex(hours: float) -> None:
    up, down = sweep(turns_V=(5.0,)), sweep(start_V=5.0, turns_V=(0.0,))
    t = np.arange(10.0, hours * 3600.0, 10.0)
    current = up.current_A[-1] * (0.3 + 0.7 / np.sqrt(1.0 + t / 60.0))
    time = [up.time_s, up.time_s[-1] + t, up.time_s[-1] + t[-1] + 10.0 + down.time_s]
    volts = [up.voltage_V, np.full(len(t), 5.0) + 1e-5 * np.sin(t), down.voltage_V]
    amperes = np.concatenate([up.current_A, current, down.current_A])
    trace = Trace(
        np.concatenate(time), np.concatenate(volts), amperes, np.zeros(len(amperes), dtype=np.int64)
    )
    found = evaluate(trace)
    assert only(found, "oxidation_limit").value == pytest.approx(OXIDATION, abs=0.006)
    assert only(found, "reduction_limit").value == pytest.approx(REDUCTION, abs=0.01)


# --- cycling as it is run


@pytest.mark.parametrize("levels", [(3e-5,), (2e-5, 5e-5)])
def test_the_lifetime_counts_from_the_constant_current_on(levels: tuple[float, ...]) -> None:
    formation = np.concatenate([cycling_currents(level, 10) for level in levels])
    before = float(len(formation))
    currents = np.concatenate([formation, cycling_currents(1e-4, 40)])
    found = evaluate(cell(currents, Fate("short", before + 30.3)))
    life = only(found, "li_stability")
    assert life.value == pytest.approx(30.3, abs=0.2)
    assert life.conditions["current_mA_per_cm2"] == pytest.approx(0.2)
    words = next(flag.words for flag in found.flags if flag.name == "formation_left_out")
    assert f"{len(formation)} half-cycles" in words
    assert "40 at 0.1 mA" in words


def test_a_last_cycle_at_another_current_does_not_take_the_place_of_the_test() -> None:
    currents = np.concatenate([cycling_currents(1e-4, 60), cycling_currents(3e-5, 2)])
    life = only(evaluate(cell(currents, Fate())), "li_stability")
    assert (life.bound, life.conditions["current_mA_per_cm2"]) == ("above", pytest.approx(0.2))
    assert life.value == pytest.approx(60.0, abs=0.1)


@pytest.mark.parametrize("share", [0.4, 0.7])
@pytest.mark.parametrize("fate", [Fate(), Fate("short", 40.3)])
def test_half_cycles_of_unequal_length(share: float, fate: Fate) -> None:
    found = evaluate(cell(cycling_currents(1e-4, 80), fate, bending=1.0, backward_share=share))
    life = only(found, "li_stability")
    if fate.kind == "short":
        assert life.value == pytest.approx(40.3, abs=0.2)
    else:
        assert (life.bound, life.value) == ("above", pytest.approx(40 * (1 + share), rel=0.02))


def test_half_cycles_that_were_made_longer_on_the_way() -> None:
    parts = [cell(cycling_currents(1e-4, 40), Fate(), hours, bending=1.0) for hours in (0.5, 2.0)]
    late = replace(parts[1], time_s=parts[1].time_s + parts[0].time_s[-1] + 60.0)
    both = Trace(*(np.concatenate([getattr(one, name) for one in (parts[0], late)]) for name in vars(late)))
    life = only(evaluate(both), "li_stability")
    assert (life.bound, life.value) == ("above", pytest.approx(100.0, rel=0.02))


@pytest.mark.parametrize("half_cycles", [41, 40.5])
def test_a_last_half_cycle_that_is_missing_or_broken_off(half_cycles: float) -> None:
    trace = cell(cycling_currents(1e-4, 42), Fate(), bending=1.0)
    kept = slice(0, int(half_cycles * 60))
    life = only(evaluate(Trace(*(getattr(trace, name)[kept] for name in vars(trace)))), "li_stability")
    assert (life.bound, life.value) == ("above", pytest.approx(half_cycles, rel=0.02))
