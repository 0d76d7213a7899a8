"""Fits without a guess: circuits are found again, whatever their size, and outliers do not steer them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.instruments.impedance.choosing import estimate, try_circuits
from alloop.instruments.impedance.circuit_text import parse_circuit
from alloop.instruments.impedance.circuits import (
    ComplexArray,
    impedance,
    parameter_names,
    to_coordinates,
)
from alloop.instruments.impedance.fitting import Fit, effective_count, fit_circuit
from alloop.instruments.impedance.reading import Reading, read_fit
from alloop.instruments.impedance.starts import starting_points

FREQUENCY = np.geomspace(1e6, 0.1, 71)
VALUES = {
    "L0": 2e-6, "R0": 80.0, "R1": 2e3, "CPE1_Q": 3e-11, "CPE1_n": 0.95, "R2": 5e3, "CPE2_Q": 2e-8, "CPE2_n": 0.85,
    "CPE3_Q": 1e-6, "CPE3_n": 0.88, "C1": 2e-11, "C2": 3e-9, "W1": 400.0,
}  # fmt: skip


def measured(circuit: str, noise: float = 0.0, seed: int = 0) -> ComplexArray:
    tree = parse_circuit(circuit)
    theta = to_coordinates(tree, [VALUES[name] for name in parameter_names(tree)])
    draw = np.random.default_rng(seed)
    factor = 1 + noise * (draw.normal(size=len(FREQUENCY)) + 1j * draw.normal(size=len(FREQUENCY)))
    return impedance(tree, theta, FREQUENCY) * factor


def fitted(circuit: str, data: ComplexArray, scale: float = 0.1) -> Fit:
    tree = parse_circuit(circuit)
    return fit_circuit(tree, FREQUENCY, data, starting_points(tree, FREQUENCY, data), scale)


@pytest.mark.parametrize(
    "circuit",
    [
        "R0-CPE3",
        "p(R1,CPE1)-CPE3",
        "R0-p(R2,CPE2)-CPE3",
        "p(R1,CPE1)-p(R2,CPE2)-CPE3",
        "p(R1,C1)-p(C2,R2)",
        "R0-p(R2,CPE2)-W1",
        "L0-R0-p(R2,CPE2)-CPE3",
        "p(R1-p(R2,C2),C1)-CPE3",
        "p(R2-W1,C2)-R0",
    ],
)
def test_every_parameter_is_found_again(circuit: str) -> None:
    fit = fitted(circuit, measured(circuit))
    assert fit.rms < 1e-5
    for name, value in fit.parameters.items():
        assert value == pytest.approx(VALUES[name], rel=0.01), name


def test_errors_are_those_of_repeated_fits() -> None:
    circuit = "p(R1,CPE1)-p(R2,CPE2)-CPE3"
    fits = [fitted(circuit, measured(circuit, 0.005, seed)) for seed in range(25)]
    spread = np.std([fit.coordinates for fit in fits], axis=0)
    stated = np.sqrt(np.mean([np.diag(fit.covariance) for fit in fits], axis=0))
    np.testing.assert_array_less(spread / stated, 2.0)
    np.testing.assert_array_less(0.5, spread / stated)


def test_outliers_do_not_steer_the_fit() -> None:
    data = measured("p(R2,CPE2)-CPE3", 0.003)
    data[[10, 25, 40, 60]] *= [1.3, 0.7, 1.2, 1.4]
    fit = fitted("p(R2,CPE2)-CPE3", data, scale=0.012)
    assert fit.parameters["R2"] == pytest.approx(5e3, rel=0.01)
    assert fit.misfit < 0.006 < fit.rms


@settings(max_examples=12, deadline=None)
@given(st.floats(-4, 5), st.floats(-2, 2))
def test_units_of_impedance_and_time_do_not_matter(by_size: float, by_time: float) -> None:
    """Z times a and f times b give R times a, with the same relative error."""
    circuit = parse_circuit("p(R1,CPE1)-p(R2,CPE2)-CPE3")
    data = measured("p(R1,CPE1)-p(R2,CPE2)-CPE3", 0.004)
    size, time = 10.0**by_size, 10.0**by_time
    totals = []
    for factor, frequency in ((1.0, FREQUENCY), (size, FREQUENCY * time)):
        starts = starting_points(circuit, frequency, data * factor)
        fit = fit_circuit(circuit, frequency, data * factor, starts, 0.1)
        totals.append((fit.parameters["R1"] + fit.parameters["R2"], fit.standard_errors["R2"]))
    assert totals[1][0] / size == pytest.approx(totals[0][0], rel=1e-3)
    assert totals[1][1] == pytest.approx(totals[0][1], rel=0.02)


def test_correlated_residuals_count_less() -> None:
    draw = np.random.default_rng(0)
    white = draw.normal(size=200) + 1j * draw.normal(size=200)
    smooth = np.convolve(white, np.ones(10) / 10, mode="same")
    assert effective_count(white) > 340
    assert effective_count(smooth) < 80


def test_the_simplest_circuit_that_does_has_most_weight() -> None:
    for circuit, expected in (
        ("p(R2,CPE2)-CPE3", "p(R1,CPE1)-CPE0"),
        ("p(R1,CPE1)-p(R2,CPE2)-CPE3", "p(R1,CPE1)-p(R2,CPE2)-CPE0"),
    ):
        candidates = try_circuits(FREQUENCY, measured(circuit, 0.004), 0.004)
        assert candidates[0].circuit.removeprefix("L0-") == expected
        assert sum(one.weight for one in candidates) == pytest.approx(1.0)
        total = estimate(candidates, Reading.totals)
        assert total is not None
        assert total.low90 < total.value < total.high90


def test_parts_are_told_by_capacitance_and_the_pellets_size() -> None:
    data = measured("p(R1,CPE1)-p(R2,CPE2)-CPE3")
    fit = fitted("p(R1,CPE1)-p(R2,CPE2)-CPE3", data)
    usual = read_fit(fit, 1.0)
    assert [round(one.resistance_ohm) for one in usual.electrolyte] == [2000, 5000]
    assert usual.electrolyte[0].is_bulk
    assert usual.bulk()[0].ohm == pytest.approx(2000, rel=1e-3)
    assert usual.grain_boundary()[0].ohm == pytest.approx(5000, rel=1e-3)
    # in a long thin bar the same capacitance is that of an electrode
    bar = read_fit(fit, 100.0)
    assert [round(one.resistance_ohm) for one in bar.electrode] == [5000]
    assert bar.totals()[0].ohm == pytest.approx(2000, rel=1e-3)


def test_a_long_circuit_of_a_person_is_fitted_in_time() -> None:
    """Starting values are not tried in all combinations where there are too many of them."""
    circuit = parse_circuit("-".join(["p(R1,CPE1)"] * 4 + ["CPE1"] * 8))
    data = measured("p(R1,CPE1)-CPE3")
    assert len(starting_points(circuit, FREQUENCY, data)) <= 10
