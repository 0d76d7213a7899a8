"""What a trace is, told from its signals."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alloop.errors import InstrumentError
from alloop.instruments.cells import evaluate_trace
from alloop.instruments.cells.segments import usable_rows
from alloop.instruments.cells.signals import digital_step, noise_of, plateaus, thinned
from alloop.instruments.cells.sweeps import find_sweeps
from alloop.instruments.cells.technique import recognise
from alloop.instruments.evaluation import Given
from alloop.instruments.readers import read_recording
from alloop.instruments.recording import Geometry, Recording, Trace
from alloop.properties import get_property

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from instruments_cells_world import (
    Fate,
    Instrument,
    cycling_currents,
    polarisation,
    staircase_currents,
    symmetric_cell,
    voltammogram,
)

SHARED = Path(__file__).parents[3].parent / "shared"


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def trace_of(time: np.ndarray, voltage: np.ndarray, current: np.ndarray) -> Trace:
    return Trace(time, voltage, current, np.zeros(len(time), dtype=np.int64))


def galvanostatic(levels: list[float], ohm: float = 1e6, hold_s: float = 7200.0) -> Trace:
    """Constant currents on a blocking cell: the voltage approaches R I."""
    t, before, volts = np.arange(0.0, hold_s, 10.0), 0.0, []
    for level in levels:
        volts.append(level * ohm + (before - level * ohm) * np.exp(-t / 300.0))
        before = float(volts[-1][-1])
    voltage = Instrument(1e-3, 1e-5).read(np.concatenate(volts), rng())
    current = Instrument(1e-4, 1e-12).read(np.repeat(levels, len(t)), rng())
    return trace_of(np.arange(len(voltage)) * 10.0, voltage, current)


CASES = {
    "one voltage": (
        lambda: polarisation(rng(), electronic_S=1e-9, voltages_V=(0.5,)),
        "potentiostatic polarisation",
    ),
    "voltages": (lambda: polarisation(rng(), electronic_S=1e-11), "potentiostatic polarisation"),
    "one current": (lambda: galvanostatic([1e-8]), "galvanostatic polarisation"),
    "rest and current": (lambda: galvanostatic([0.0, 1e-8]), "galvanostatic polarisation"),
    "sweep": (lambda: voltammogram(rng()), "voltammetry"),
    "cyclic": (lambda: voltammogram(rng(), turns_V=(5.0, 0.0, 5.0)), "voltammetry"),
    "cycling": (lambda: symmetric_cell(rng(), cycling_currents(1e-4, 60), 1.0, Fate()), "cycling"),
    "formation": (
        lambda: symmetric_cell(
            rng(), np.concatenate([cycling_currents(5e-5, 6), cycling_currents(1e-4, 60)]), 1.0, Fate()
        ),
        "cycling",
    ),
    "rests": (
        lambda: symmetric_cell(rng(), cycling_currents(1e-4, 60), 1.0, Fate(), rest_s=600.0),
        "cycling",
    ),
    "staircase": (
        lambda: symmetric_cell(rng(), staircase_currents(5e-5, 20), 0.5, Fate()),
        "critical current",
    ),
    "staircase of threes": (
        lambda: symmetric_cell(rng(), staircase_currents(1e-4, 8, 3), 0.25, Fate()),
        "critical current",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_is_told_from_its_signals(name: str) -> None:
    build, technique = CASES[name]
    assert recognise(build()).technique == technique


@pytest.mark.parametrize("name", CASES)
def test_levels_written_as_they_were_set_are_no_noise(name: str) -> None:
    build, technique = CASES[name]
    trace = build()
    if technique in ("cycling", "critical current", "galvanostatic polarisation"):
        digit = 1e-6 if technique != "galvanostatic polarisation" else 1e-9
        trace = replace(trace, current_A=np.round(trace.current_A / digit) * digit)
    assert recognise(trace).technique == technique


@pytest.mark.parametrize("name", CASES)
def test_what_is_told_of_each_is_plain_data_and_a_small_figure(name: str) -> None:
    build, technique = CASES[name]
    stated = {"reference_electrode": "Li+/Li"}
    found = evaluate_trace(
        Recording("simulated", trace=build()), Given(Geometry(1.0, 0.5), 25.0, conditions=stated)
    )
    assert found.values
    assert json.loads(json.dumps(found.details))["technique"] == technique
    assert json.loads(json.dumps([dict(value.conditions) for value in found.values]))
    assert found.figure is not None
    assert len(found.figure.encode()) < 60_000
    for value in found.values:
        if value.is_measurement:
            entry = get_property(value.property)
            assert value.unit == entry.unit
            assert entry.low <= value.value <= entry.high


def test_a_digital_staircase_of_voltages_is_a_sweep() -> None:
    v = np.repeat(np.arange(2.5, 4.5, 0.01), 10)
    current = 1e-6 + 1e-9 * np.exp((v - 3.8) / 0.06) + 1e-9 * rng().normal(size=len(v))
    assert recognise(trace_of(np.arange(len(v)) * 10.0, v, current)).technique == "voltammetry"


def test_a_hold_before_a_sweep_is_left_out() -> None:
    v = np.concatenate([np.full(300, 2.5), np.linspace(2.5, 5.0, 1000)])
    (sweep,) = find_sweeps(np.arange(1300.0), v)
    assert abs(sweep.start - 300) <= 5
    assert sweep.stop == 1300
    assert sweep.rate_V_per_s == pytest.approx(2.5 / 999, rel=1e-3)


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        (lambda: galvanostatic([1e-8, 2e-8]), "2 currents of one sign"),
        (lambda: galvanostatic([1e-8, -1e-8]), "changes its sign once"),
        (lambda: galvanostatic([0.0, 0.0]), "neither voltage nor current|no current flows"),
        (lambda: trace_of(np.arange(500.0), *np.random.default_rng(0).normal(size=(2, 500))), "neither voltage"),
        (
            lambda: symmetric_cell(rng(), 1e-4 * np.array([1, -1, 3, -3, 2, -2, 1, -1, 4, -4.0]), 1.0, Fate()),
            "no rising order",
        ),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused(trace: object, words: str) -> None:
    with pytest.raises(InstrumentError, match=words):
        recognise(trace())  # type: ignore[operator]


def test_a_capacitor_looks_the_same_both_ways_until_somebody_says() -> None:
    ramp = np.linspace(0.0, 1.0, 500)
    v, i = np.concatenate([ramp, ramp[::-1]] * 2), np.repeat([1e-6, -1e-6] * 2, 500)
    trace = trace_of(np.arange(2000.0), v, i)
    with pytest.raises(InstrumentError, match="cannot be told whether"):
        recognise(trace)
    assert recognise(trace, "Cyclic Voltammetry").technique == "voltammetry"
    assert recognise(trace, "plating and stripping").technique == "cycling"


def test_a_statement_does_not_overrule_clear_signals() -> None:
    assert recognise(voltammogram(rng()), "chronopotentiometry").technique == "voltammetry"


def test_currents_of_one_sign_are_what_they_are_said_to_be() -> None:
    assert recognise(galvanostatic([1e-8, 2e-8]), "DC polarization").technique == "galvanostatic polarisation"
    plating = symmetric_cell(rng(), 5e-5 * np.arange(1, 12), 0.5, Fate("short", 4.2))
    assert recognise(plating, "one-way CCD").technique == "critical current"


def test_a_battery_is_no_symmetric_cell_and_no_polarisation() -> None:
    half = np.linspace(3.7, 4.1, 500)
    noise = 1e-4 * rng().normal(size=4000)
    battery = trace_of(
        np.arange(4000.0) * 10,
        np.concatenate([half, half[::-1]] * 4) + noise,
        np.repeat([1e-3, -1e-3] * 4, 500),
    )
    one_way = trace_of(np.arange(500.0) * 10, half + noise[:500], np.full(500, 1e-3) + 1e-8 * noise[:500])
    for trace, words in ((battery, "not a symmetric cell"), (one_way, "a battery looks like this")):
        found = evaluate_trace(Recording("simulated", trace=trace), Given())
        assert not found.values
        assert [flag.severity for flag in found.flags] == ["refusal"]
        assert words in found.flags[0].words


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there: no real instrument files")
@pytest.mark.parametrize(
    ("rows", "words"), [(266, "a battery looks like this"), (None, "one technique at a time")]
)
def test_a_real_battery_is_refused(rows: int | None, words: str) -> None:
    """Before its spectrum a real Parstat file holds a discharge, a charge and a rest of a lithium-ion cell."""
    text = (SHARED / "data" / "eis" / "impedancepy_exampleDataParstat.txt").read_text(encoding="latin-1")
    cells = [line.split("\t")[:4] for line in text.splitlines()[1:]]
    kept = ["\t".join(row[:3]) for row in cells if len(row) == 4 and float(row[3]) == 0.0]
    assert len(kept) == 781
    data = "\n".join(["Potential (V)\tCurrent (A)\tElapsed Time (s)", *kept[:rows]]).encode()
    found = evaluate_trace(read_recording(data, "battery.txt"), Given())
    assert not found.values
    assert words in found.flags[-1].words


def test_rows_without_numbers_are_left_out_and_said() -> None:
    trace = polarisation(rng(), electronic_S=1e-9)
    voltage = trace.voltage_V.copy()
    voltage[[3, 700]] = np.nan
    found = evaluate_trace(Recording("simulated", trace=replace(trace, voltage_V=voltage)), Given())
    assert "2 rows" in next(flag.words for flag in found.flags if flag.name == "rows_left_out")


def test_too_few_rows_and_times_that_run_backwards_are_refused() -> None:
    trace = polarisation(rng(), electronic_S=1e-9)
    with pytest.raises(InstrumentError, match="rows with voltage and current"):
        usable_rows(trace_of(np.arange(5.0), np.ones(5), np.ones(5)))
    with pytest.raises(InstrumentError, match="runs backwards"):
        usable_rows(replace(trace, time_s=trace.time_s[::-1].copy()))


def test_a_recording_without_a_trace_is_an_error() -> None:
    with pytest.raises(InstrumentError, match="no voltage and current"):
        evaluate_trace(Recording("BioLogic .mpt"), Given())


@settings(max_examples=50, deadline=None)
@given(
    st.integers(20, 400), st.floats(-8, 3), st.floats(-12, 0),
    st.sampled_from(["noise", "constant", "steps", "huge", "zeros"]), st.integers(0, 2**20),
)  # fmt: skip
@example(107, -2.0, 0.0, "steps", 38)  # its usual resistance is zero
def test_no_trace_breaks_it(n: int, volts: float, amperes: float, kind: str, seed: int) -> None:
    draw = np.random.default_rng(seed)
    shapes = {
        "noise": draw.normal(size=(2, n)),
        "constant": np.ones((2, n)),
        "steps": np.repeat(draw.integers(-3, 4, size=(2, n // 10 + 1)), 10, axis=1)[:, :n].astype(float),
        "huge": draw.normal(size=(2, n)) * 1e6,
        "zeros": np.zeros((2, n)),
    }
    v, i = shapes[kind]
    time = np.sort(draw.uniform(0, 1e5, n)) if seed % 3 else np.full(n, np.nan)
    trace = trace_of(time, 10.0**volts * v, 10.0**amperes * i)
    stated = {
        "reference_electrode": "Li+/Li",
        "technique": ["", "cycling", "lsv", "ccd", "polarisation"][seed % 5],
    }
    found = evaluate_trace(Recording("random", trace=trace), Given(conditions=stated))
    assert found.values or any(flag.severity == "refusal" for flag in found.flags)
    for value in found.values:
        assert np.isfinite(value.value)
        assert value.low90 is None or value.high90 is None or value.low90 <= value.value <= value.high90


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=2, max_size=8, unique_by=lambda x: round(x, 1)), st.integers(6, 200)
)
def test_plateaus_are_found_whatever_their_levels(levels: list[float], length: int) -> None:
    values = np.repeat(levels, length)
    found = plateaus(values)
    spread = max(abs(one) for one in levels)
    if np.min(np.abs(np.diff(levels))) > 0.02 * spread:
        assert [one.level for one in found] == pytest.approx(levels)
        assert [one.stop - one.start for one in found] == [length] * len(levels)


def test_noise_and_digits() -> None:
    x = np.linspace(0.0, 5.0, 5000) ** 2 + 0.01 * rng().normal(size=5000)
    assert noise_of(x) == pytest.approx(0.01, rel=0.1)
    coarse = np.round(np.linspace(0.0, 1.0, 2000) / 0.01) * 0.01
    assert digital_step(coarse) == pytest.approx(0.01)
    assert digital_step(x) == 0.0


def test_thinning_keeps_spikes() -> None:
    y = np.zeros(10_000)
    y[4321] = 7.0
    points = thinned(np.arange(10_000.0), y)
    assert len(points) <= 310
    assert (4321.0, 7.0) in points
