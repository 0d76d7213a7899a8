"""Arrhenius lines: what they find again, how sure they are, and when they break."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import InstrumentError
from alloop.instruments.impedance import find_break, fit_arrhenius
from alloop.instruments.impedance.arrhenius import BOLTZMANN_EV_PER_K

K = 273.15


def line(temperature_C: np.ndarray, energy: float, prefactor: float) -> np.ndarray:
    kelvin = temperature_C + K
    return prefactor / kelvin * np.exp(-energy / BOLTZMANN_EV_PER_K / kelvin)


@settings(deadline=None)  # the first call imports scipy.stats
@given(st.floats(0.05, 1.4), st.floats(1e2, 1e8), st.integers(3, 12))
def test_an_exact_line_is_found_again(energy: float, prefactor: float, count: int) -> None:
    temperature = np.linspace(-20, 90, count)
    fit = fit_arrhenius(temperature, line(temperature, energy, prefactor))
    assert fit.activation_energy_eV == pytest.approx(energy, abs=1e-9)
    assert np.exp(fit.ln_prefactor) == pytest.approx(prefactor, rel=1e-6)
    assert fit.predict(25.0)[0] == pytest.approx(line(np.array([25.0]), energy, prefactor)[0], rel=1e-6)
    assert find_break(temperature, line(temperature, energy, prefactor)) is None


@pytest.mark.parametrize("count", [3, 5, 8])
def test_ninety_percent_intervals_hold_nine_times_in_ten(count: int) -> None:
    draw = np.random.default_rng(count)
    temperature = np.linspace(30, 100, count)
    held = at_25 = 0
    for _ in range(400):
        measured = line(temperature, 0.33, 1e5) * np.exp(0.03 * draw.normal(size=count))
        fit = fit_arrhenius(temperature, measured)
        low, high = fit.interval90()
        held += low <= 0.33 <= high
        _, low, high = fit.predict(25.0)
        at_25 += low <= line(np.array([25.0]), 0.33, 1e5)[0] <= high
    assert 0.86 < held / 400 < 0.94
    assert 0.86 < at_25 / 400 < 0.94


def test_intervals_grow_with_the_distance() -> None:
    draw = np.random.default_rng(0)
    temperature = np.linspace(60, 120, 7)
    fit = fit_arrhenius(temperature, line(temperature, 0.4, 1e6) * np.exp(0.05 * draw.normal(size=7)))
    widths = [np.log(high / low) for _, low, high in map(fit.predict, (90.0, 60.0, 25.0, -20.0))]
    assert widths == sorted(widths)
    assert [fit.distance_K(one) for one in (90.0, 25.0, 150.0)] == [0.0, 35.0, 30.0]


def test_stated_errors_widen_and_never_narrow() -> None:
    draw = np.random.default_rng(1)
    temperature = np.linspace(20, 80, 7)
    measured = line(temperature, 0.4, 1e6) * np.exp(0.05 * draw.normal(size=7))
    plain = fit_arrhenius(temperature, measured)
    small = fit_arrhenius(temperature, measured, np.full(7, 1e-4))
    large = fit_arrhenius(temperature, measured, np.full(7, 0.25))
    assert small.interval90() == pytest.approx(plain.interval90())
    assert large.activation_energy_error_eV > 2 * plain.activation_energy_error_eV
    assert large.activation_energy_eV == pytest.approx(plain.activation_energy_eV)


def test_a_hopeless_point_weighs_little() -> None:
    temperature = np.linspace(20, 80, 7)
    measured = line(temperature, 0.4, 1e6)
    measured[0] *= 10.0
    errors = np.full(7, 0.02)
    errors[0] = 30.0
    assert fit_arrhenius(temperature, measured, errors).activation_energy_eV == pytest.approx(0.4, abs=0.01)


def test_two_temperatures_give_a_line_without_an_interval() -> None:
    temperature = np.array([20.0, 20.0, 60.0])
    fit = fit_arrhenius(temperature, line(temperature, 0.3, 1e5))
    assert fit.activation_energy_eV == pytest.approx(0.3)
    assert fit.freedom == 0
    assert np.isnan(fit.interval90()).all()


def test_a_break_is_found_with_its_temperature() -> None:
    draw = np.random.default_rng(2)
    temperature = np.linspace(0, 120, 13)
    at = 1 / (60.0 + K)
    bend = np.exp(0.25 / BOLTZMANN_EV_PER_K * np.maximum(at - 1 / (temperature + K), 0.0) * -1.0)
    measured = line(temperature, 0.5, 1e7) * bend**-1 * np.exp(0.02 * draw.normal(size=13))
    found = find_break(temperature, measured)
    assert found is not None
    assert found.temperature_C == pytest.approx(60.0, abs=10.0)
    assert found.cold.activation_energy_eV == pytest.approx(0.5, abs=0.05)
    assert found.hot.activation_energy_eV == pytest.approx(0.75, abs=0.08)
    assert found.branch_at(25.0) is found.cold
    assert found.branch_at(100.0) is found.hot


def test_a_step_is_a_break_too() -> None:
    """A first-order transition: the same slope, ten times the conductivity."""
    temperature = np.linspace(0, 120, 9)
    measured = line(temperature, 0.4, 1e5) * np.where(temperature > 65, 10.0, 1.0)
    found = find_break(temperature, measured * np.exp(0.01 * np.sin(np.arange(9) * 2.1)))
    assert found is not None
    assert 60.0 <= found.temperature_C <= 75.0


def test_chance_makes_no_break() -> None:
    draw = np.random.default_rng(3)
    temperature = np.linspace(0, 100, 9)
    found = [
        find_break(temperature, line(temperature, 0.4, 1e5) * np.exp(0.05 * draw.normal(size=9)))
        for _ in range(200)
    ]
    assert sum(one is not None for one in found) <= 6


def test_too_few_points_for_a_break() -> None:
    temperature = np.array([0.0, 20.0, 40.0, 60.0, 80.0])
    assert find_break(temperature, line(temperature, 0.4, 1e5) * np.array([1, 1, 1, 50, 50])) is None


@pytest.mark.parametrize(
    ("temperature", "conductivity", "words"),
    [
        ([25.0, 25.0], [1e-4, 1e-4], "two temperatures"),
        ([25.0, 50.0], [1e-4, 0.0], "not positive"),
        ([25.0, 50.0], [1e-4, np.nan], "not positive"),
        ([-300.0, 50.0], [1e-4, 1e-4], "absolute zero"),
    ],
)
def test_what_is_no_series_is_refused(
    temperature: list[float], conductivity: list[float], words: str
) -> None:
    with pytest.raises(InstrumentError, match=words):
        fit_arrhenius(np.array(temperature), np.array(conductivity))
