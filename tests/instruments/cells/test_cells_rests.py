"""Rests at open circuit and pauses in a file, wherever they are and however they are written."""

from __future__ import annotations

import itertools
from dataclasses import replace

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
from hypothesis import example, given, settings
from hypothesis import strategies as st
from instruments_cells_world import (
    Fate,
    Instrument,
    cycling_currents,
    polarisation,
    staircase_currents,
    with_rests,
)

from alloop.instruments.cells.segments import between, usable_rows
from alloop.instruments.recording import Trace

HOW = pytest.mark.parametrize("how", ["zero", "nan", "gap"])
LONG = pytest.mark.parametrize("seconds", [60.0, 1800.0, 40_000.0])


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
