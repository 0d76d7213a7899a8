"""Files as instruments write them: rests at open circuit, pauses, uneven sampling, digits, formation cycles."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alloop.instruments.cells import evaluate_trace
from alloop.instruments.cells.segments import between, usable_rows
from alloop.instruments.evaluation import DerivedValue, Evaluation, Given
from alloop.instruments.recording import Geometry, Recording, Trace

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

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

PELLET = Geometry(1.0, 0.5)
TRUE_S = 1e-9
PER_CM = 0.1 / 0.5
HOLD = 360  # samples of a hold
HOLDS = (0.1, 0.2, 0.3)
KINETICS = {"exchange_A": 1e-9, "slope_V": 0.06, "limit_A": 5e-4}
OXIDATION = onset_at(10e-6 * 0.5, e0_V=4.0, sign=1, **KINETICS)
REDUCTION = onset_at(10e-6 * 0.5, e0_V=1.0, sign=-1, **KINETICS)
HOW = pytest.mark.parametrize("how", ["zero", "nan", "gap"])
LONG = pytest.mark.parametrize("seconds", [60.0, 1800.0, 40_000.0])


def evaluate(trace: Trace, **stated: float | str) -> Evaluation:
    stated = {"reference_electrode": "Li+/Li"} | stated
    return evaluate_trace(Recording("simulated", trace=trace), Given(PELLET, 25.0, conditions=stated))


def only(found: Evaluation, name: str) -> DerivedValue:
    assert found.values, [flag.words for flag in found.flags]
    (value,) = (one for one in found.values if one.property == name)
    return value


def names(found: Evaluation) -> set[str]:
    return {flag.name for flag in found.flags}


def pellet(seed: int = 0, **settings_of_cell: Any) -> Trace:
    return polarisation(
        np.random.default_rng(seed), electronic_S=TRUE_S, **({"voltages_V": HOLDS} | settings_of_cell)
    )


def sweep(seed: int = 0, **settings_of_sweep: Any) -> Trace:
    return voltammogram(np.random.default_rng(seed), **(KINETICS | settings_of_sweep))


def cell(currents: np.ndarray, fate: Fate, half_cycle_h: float = 1.0, **settings_of_cell: Any) -> Trace:
    return symmetric_cell(np.random.default_rng(3), currents, half_cycle_h, fate, **settings_of_cell)


def is_right(value: DerivedValue, true: float = TRUE_S * PER_CM) -> bool:
    assert value.bound == "exact"
    assert value.low90 is not None
    assert value.high90 is not None
    return value.low90 <= true <= value.high90 and value.value == pytest.approx(true, rel=0.02)


# --- rests and pauses


@HOW
@LONG
@pytest.mark.parametrize("rows", [[0], [HOLD, 2 * HOLD], [3 * HOLD], [0, HOLD, 2 * HOLD, 3 * HOLD]])
def test_rests_beside_voltage_holds(how: str, seconds: float, rows: list[int]) -> None:
    found = evaluate(with_rests(pellet(), rows, seconds, how, ocv_V=0.004))
    assert found.details["technique"] == "potentiostatic polarisation"
    assert len(found.details["steps"]) == 3
    assert is_right(only(found, "electronic_conductivity"))
    assert ("open_circuit" in names(found)) == (how != "gap" and (how == "nan" or seconds > 120.0))


@HOW
def test_a_rest_between_falling_voltages_does_not_turn_the_sense_of_the_decay(how: str) -> None:
    """After a rest the ions start anew, so that the current falls although the setting is lower than before."""
    pieces = [
        pellet(voltages_V=(level,), tau_s=900.0, seed=number) for number, level in enumerate((0.3, 0.1))
    ]
    second = replace(pieces[1], time_s=pieces[1].time_s + 3600.0)
    both = Trace(
        *(np.concatenate([getattr(one, name) for one in (pieces[0], second)]) for name in vars(second))
    )
    found = evaluate(with_rests(both, [HOLD], 7200.0, how))
    assert only(found, "electronic_conductivity").bound in ("exact", "below")
    high = only(found, "electronic_conductivity").high90 or only(found, "electronic_conductivity").value
    assert high >= TRUE_S * PER_CM


def test_a_small_current_in_coarse_digits_is_no_rest() -> None:
    coarse = Instrument(0.0, 2e-12, 0.0, 2e-11)
    trace = polarisation(np.random.default_rng(0), electronic_S=2e-11, current=coarse, voltages_V=HOLDS)
    assert (trace.current_A == 0.0).mean() > 0.3
    assert not usable_rows(trace).rests
    value = only(evaluate(trace), "electronic_conductivity")
    assert value.bound == "below"
    assert value.value >= 2e-11 * PER_CM


@HOW
@pytest.mark.parametrize("turns", [(5.0,), (5.0, 0.0, 5.0), (0.0, 5.0, 0.0)])
def test_rests_beside_sweeps(how: str, turns: tuple[float, ...]) -> None:
    trace = sweep(start_V=2.5, turns_V=turns)
    found = evaluate(with_rests(trace, [0, len(trace.time_s)], 40_000.0, how, ocv_V=2.48))
    expected = {"oxidation_limit": OXIDATION, "reduction_limit": REDUCTION}
    if len(turns) == 1:
        del expected["reduction_limit"]
    for name, true in expected.items():
        assert only(found, name).value == pytest.approx(true, abs=0.006)


@HOW
def test_two_sweeps_from_open_circuit_with_a_rest_between(how: str) -> None:
    up, down = sweep(turns_V=(5.0, 2.5)), sweep(turns_V=(0.0,))
    down = replace(down, time_s=down.time_s + up.time_s[-1] + 1.0)
    both = Trace(*(np.concatenate([getattr(one, name) for one in (up, down)]) for name in vars(up)))
    found = evaluate(with_rests(both, [len(up.time_s)], 3600.0, how, ocv_V=2.5))
    assert only(found, "oxidation_limit").value == pytest.approx(OXIDATION, abs=0.006)
    assert only(found, "reduction_limit").value == pytest.approx(REDUCTION, abs=0.01)
    assert "second_sweep" in names(found)


@HOW
@pytest.mark.parametrize("seconds", [300.0, 7200.0])
def test_rests_and_impedance_pauses_between_the_steps_of_a_staircase(how: str, seconds: float) -> None:
    trace = cell(staircase_currents(5e-5, 20), Fate("short", 8.2), 0.5)
    per_step = 60
    rests = [0, *range(per_step, len(trace.time_s), per_step)]
    found = evaluate(with_rests(trace, rests, seconds, how, interval_s=60.0))
    value = only(found, "critical_current_density")
    assert (value.low90, value.value) == (pytest.approx(0.8), pytest.approx(0.9))


@HOW
def test_rests_and_impedance_pauses_while_cycling_count_and_are_said(how: str) -> None:
    trace = cell(cycling_currents(1e-4, 60), Fate("short", 40.4))
    found = evaluate(with_rests(trace, [0, 600, 1200, 1800], 7200.0, how, interval_s=60.0))
    life = only(found, "li_stability")
    assert life.value == pytest.approx(46.4, abs=0.3)  # three rests of 2 h after the first half-cycle
    assert "6" in next(flag.words for flag in found.flags if flag.name == "pauses_counted")


def test_a_pause_within_a_half_cycle_is_no_event() -> None:
    trace = cell(cycling_currents(1e-4, 60), Fate())
    found = evaluate(with_rests(trace, [60 * 20 + 30], 3600.0, "gap"))
    assert only(found, "li_stability").bound == "above"
    assert "soft_short" not in names(found)


def test_a_galvanostatic_polarisation_keeps_its_rest_as_the_zero() -> None:
    t = np.arange(0.0, 7200.0, 10.0)
    draw = np.random.default_rng(4)
    voltage = 0.005 + 0.1 * (1.0 - np.exp(-t / 300.0)) + 1e-5 * draw.normal(size=len(t))
    trace = Trace(t, voltage, 1e-8 + 1e-13 * draw.normal(size=len(t)), np.zeros(len(t), dtype=np.int64))
    found = evaluate(with_rests(trace, [0], 3600.0, "zero", ocv_V=0.005, tau_s=60.0))
    assert is_right(only(found, "electronic_conductivity"), 1e-7 * PER_CM)


@pytest.mark.parametrize("rest_s", [0.0, 300.0, 1800.0])
def test_exact_currents_through_a_plain_resistance_that_shorts_are_no_voltage_programme(
    rest_s: float,
) -> None:
    """The voltage is constant in each half-cycle, and changes less often than the current once the cell is shorted."""
    quiet = Instrument(1e-4, 1e-6, 0.0, 1e-5)
    plain = {"conditioning": 0.0, "bending": 0.0, "voltage": quiet, "rest_s": rest_s}
    trace = cell(cycling_currents(1e-4, 60), Fate("short", 20.0, depth=1e-4), **plain)
    exact = replace(trace, current_A=np.round(trace.current_A / 1e-5) * 1e-5)
    life = only(evaluate(exact), "li_stability")
    assert life.value == pytest.approx(20.0, abs=0.7)
    assert life.bound == "exact"


def test_the_noise_of_a_rest_is_refused_or_doubted_where_it_is_taken_for_a_hold() -> None:
    """A rest that is written with the noise of the current cannot be told from a hold without a current."""
    draw = np.random.default_rng(1)
    for seconds in (1800.0, 40_000.0):
        trace = with_rests(pellet(), [0, HOLD, 2 * HOLD], seconds, "nan", ocv_V=0.05)
        resting = np.isnan(trace.current_A)
        noise = 1e-13 * draw.normal(size=len(resting))
        found = evaluate(replace(trace, current_A=np.where(resting, noise, trace.current_A)))
        assert any(flag.severity != "note" for flag in found.flags)


def test_without_its_rest_the_open_circuit_is_in_the_interval_of_a_galvanostatic_polarisation() -> None:
    t = np.arange(0.0, 7200.0, 10.0)
    draw = np.random.default_rng(4)
    for open_circuit in (-0.005, 0.0, 0.005):
        voltage = open_circuit + 0.1 * (1.0 - np.exp(-t / 300.0)) + 1e-5 * draw.normal(size=len(t))
        trace = Trace(t, voltage, 1e-8 + 1e-13 * draw.normal(size=len(t)), np.zeros(len(t), dtype=np.int64))
        value = only(evaluate(trace), "electronic_conductivity")
        assert value.low90 is not None
        assert value.high90 is not None
        assert value.low90 <= 1e-7 * PER_CM <= value.high90


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


# --- segments


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**20), st.lists(st.tuples(st.integers(0, 1080), st.integers(1, 400)), max_size=5))
@example(0, [(108, 190), (309, 400)])  # a drifting step and a steady one: the slope is negative
def test_rows_that_lose_their_current_break_nothing(seed: int, losses: list[tuple[int, int]]) -> None:
    """Whatever is lost, there is an answer close to the truth, or a reason why there is none."""
    trace = pellet(seed % 5)
    current = trace.current_A.copy()
    for number, (begin, length) in enumerate(losses):
        current[begin : begin + length] = np.nan if (seed + number) % 2 else 0.0
    found = evaluate(replace(trace, current_A=current))
    if not found.values:
        assert any(flag.severity == "refusal" for flag in found.flags)
        return
    value = only(found, "electronic_conductivity")
    if value.bound == "exact":
        assert value.value == pytest.approx(TRUE_S * PER_CM, rel=0.1)
    else:  # the end of a 90 % interval, not a guarantee
        assert value.value >= 0.95 * TRUE_S * PER_CM


def test_stretches_and_rests_make_up_the_whole() -> None:
    trace = with_rests(pellet(), [0, HOLD, 3 * HOLD], 1800.0, "nan")
    found = usable_rows(trace)
    n = len(found.trace.time_s)
    assert n == len(trace.time_s)
    parts = sorted([*found.rests, *between(found.rests, n)], key=lambda one: one.start)
    assert (parts[0].start, parts[-1].stop) == (0, n)
    assert all(a.stop == b.start for a, b in itertools.pairwise(parts))
    assert np.isfinite(found.trace.current_A).all()
