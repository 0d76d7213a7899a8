"""The Kramers-Kronig test: what it passes, what it catches, and what it cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from alloop.instruments.impedance.circuit_text import parse_circuit
from alloop.instruments.impedance.circuits import ComplexArray, impedance, parameter_names, to_coordinates
from alloop.instruments.impedance.kramers_kronig import linear_kramers_kronig, noise_level

FREQUENCY = np.geomspace(1e6, 0.1, 71)


def spectrum(noise: float = 0.0, seed: int = 0) -> ComplexArray:
    circuit = parse_circuit("p(R1,CPE1)-p(R2,CPE2)-CPE3")
    theta = to_coordinates(circuit, [2e3, 1e-10, 0.9, 5e3, 1e-8, 0.85, 1e-6, 0.85])
    draw = np.random.default_rng(seed)
    factor = 1 + noise * (draw.normal(size=71) + 1j * draw.normal(size=71))
    return impedance(circuit, theta, FREQUENCY) * factor


def test_a_stationary_circuit_passes() -> None:
    found = linear_kramers_kronig(FREQUENCY, spectrum())
    assert found.largest < 0.01


@pytest.mark.parametrize("circuit", ["R0-p(R1,C1)", "p(R1,C1)", "R0-C1", "L0-R0-p(R1,CPE1)-CPE2"])
def test_ideal_circuits_pass_too(circuit: str) -> None:
    values = {
        "R0": 10.0,
        "R1": 1e3,
        "C1": 1e-8,
        "L0": 1e-6,
        "CPE1_Q": 1e-9,
        "CPE1_n": 0.9,
        "CPE2_Q": 1e-6,
        "CPE2_n": 0.9,
    }
    tree = parse_circuit(circuit)
    theta = to_coordinates(tree, [values[name] for name in parameter_names(tree)])
    assert linear_kramers_kronig(FREQUENCY, impedance(tree, theta, FREQUENCY)).rms < 0.01


def test_the_residual_is_the_noise() -> None:
    found = linear_kramers_kronig(FREQUENCY, spectrum(0.01, seed=3))
    assert 0.006 < found.rms < 0.014


def test_outliers_are_caught() -> None:
    measured = spectrum(0.002)
    measured[40] *= 1.2
    found = linear_kramers_kronig(FREQUENCY, measured)
    assert found.largest > 0.05
    assert int(np.argmax(np.abs(found.residual))) == 40


def test_exchanged_signs_are_caught() -> None:
    assert linear_kramers_kronig(FREQUENCY, spectrum().conj()).rms > 0.1


def test_slow_drift_is_not_seen() -> None:
    """Documented limit: a resistance that changes steadily passes, so that it is no gate against drift."""
    circuit = parse_circuit("R0-p(R1,CPE1)-CPE2")
    drifting = np.array(
        [
            impedance(circuit, to_coordinates(circuit, [10.0, 5e3 * g, 1e-9, 0.9, 1e-6, 0.85]), one[None])[0]
            for one, g in zip(FREQUENCY, np.linspace(0.95, 1.05, 71), strict=True)
        ]
    )
    assert linear_kramers_kronig(FREQUENCY, drifting).largest < 0.02


@pytest.mark.parametrize("noise", [0.003, 0.01, 0.03])
def test_noise_is_known_without_a_model(noise: float) -> None:
    found = [noise_level(FREQUENCY, spectrum(noise, seed)) for seed in range(10)]
    assert np.mean(found) == pytest.approx(noise, rel=0.2)


def test_noise_of_too_few_points_is_unknown() -> None:
    assert np.isnan(noise_level(FREQUENCY[:5], spectrum()[:5]))
