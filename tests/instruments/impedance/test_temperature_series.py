"""Temperature series: from conductivities to values, with what makes them doubtful."""

from __future__ import annotations

import json

import numpy as np
import pytest

from alloop.instruments.evaluation import DerivedValue, Evaluation, Given
from alloop.instruments.impedance import evaluate_series
from alloop.instruments.impedance.arrhenius import BOLTZMANN_EV_PER_K


def points(
    temperature_C: np.ndarray,
    energy: float = 0.35,
    prefactor: float = 1e5,
    sd: float = 0.02,
    kind: str = "total",
) -> list[DerivedValue]:
    kelvin = np.asarray(temperature_C) + 273.15
    values = prefactor / kelvin * np.exp(-energy / BOLTZMANN_EV_PER_K / kelvin)
    return [
        DerivedValue(
            "ionic_conductivity",
            s,
            "S/cm",
            s * (1 - 1.645 * sd),
            s * (1 + 1.645 * sd),
            temperature_C=t,
            kind=kind,
        )
        for t, s in zip(np.asarray(temperature_C, dtype=float), values, strict=True)
    ]


def value(evaluation: Evaluation, name: str, kind: str = "total") -> DerivedValue:
    return next(v for v in evaluation.values if v.property == name and v.kind == kind)


def names(flags: tuple) -> dict[str, str]:
    return {flag.name: flag.severity for flag in flags}


def test_a_series_gives_energy_prefactor_and_conductivity_at_25() -> None:
    found = evaluate_series(points(np.arange(40, 101, 10)), Given())
    energy = value(found, "activation_energy")
    assert energy.value == pytest.approx(0.35)
    assert energy.low90 < 0.35 < energy.high90
    assert energy.is_measurement
    assert value(found, "arrhenius_prefactor").value == pytest.approx(1e5)
    assert not value(found, "arrhenius_prefactor").is_measurement
    at_25 = value(found, "ionic_conductivity")
    assert at_25.temperature_C == 25.0
    assert names(at_25.flags) == {"extrapolated": "note"}
    assert found.figure is not None
    json.dumps(found.details, allow_nan=False)


def test_far_extrapolation_is_doubted_and_wider() -> None:
    near = value(evaluate_series(points(np.arange(40, 101, 10)), Given()), "ionic_conductivity")
    far = value(evaluate_series(points(np.arange(140, 201, 10)), Given()), "ionic_conductivity")
    assert names(far.flags) == {"extrapolated": "doubt"}
    assert far.high90 / far.low90 > near.high90 / near.low90


def test_inside_the_range_nothing_is_extrapolated() -> None:
    at_25 = value(evaluate_series(points(np.arange(-10, 71, 20)), Given()), "ionic_conductivity")
    assert at_25.flags == ()


def test_what_was_measured_at_25_stands() -> None:
    found = evaluate_series(points(np.array([25.0, 40.0, 60.0, 80.0])), Given())
    assert not any(v.property == "ionic_conductivity" for v in found.values)


def test_two_temperatures_give_values_without_intervals() -> None:
    found = evaluate_series(points(np.array([40.0, 80.0])), Given())
    energy = value(found, "activation_energy")
    assert energy.value == pytest.approx(0.35)
    assert (energy.low90, energy.high90) == (None, None)
    assert names(energy.flags) == {"two_temperatures": "doubt"}
    json.dumps(found.details, allow_nan=False)


def test_one_temperature_is_refused() -> None:
    found = evaluate_series(points(np.array([40.0])), Given())
    assert found.values == ()
    assert names(found.flags) == {"too_few_temperatures": "refusal"}
    assert found.figure is None


def test_bounds_are_left_out_and_named() -> None:
    bound = DerivedValue("ionic_conductivity", 1e-12, "S/cm", bound="below", temperature_C=0.0, kind="total")
    found = evaluate_series([*points(np.arange(40, 101, 20)), bound], Given())
    assert names(found.flags) == {"bounds_left_out": "note"}
    assert value(found, "activation_energy").value == pytest.approx(0.35)


def test_a_break_is_reported_and_25_degrees_belong_to_their_branch() -> None:
    cold, hot = points(np.arange(0, 61, 10), 0.55, 1e8), points(np.arange(80, 141, 10), 0.30, 2e4 * 1.3)
    found = evaluate_series([*cold, *hot], Given())
    assert names(found.flags)["break"] == "note"
    energies = [v for v in found.values if v.property == "activation_energy"]
    assert [v.value for v in energies] == pytest.approx([0.55, 0.30])
    assert [v.is_measurement for v in energies] == [True, False]
    at_25 = value(found, "ionic_conductivity")
    expected = points(np.array([25.0]), 0.55, 1e8)[0].value
    assert at_25.value == pytest.approx(expected, rel=1e-6)
    assert 60 <= found.details["arrhenius"]["total"]["break"]["temperature_C"] <= 80
    assert "one_line" in found.details["arrhenius"]["total"]


def test_impossible_energies_are_not_recorded() -> None:
    found = evaluate_series(points(np.arange(40, 101, 10), energy=-0.2, prefactor=1e-4), Given())
    energy = value(found, "activation_energy")
    assert names(energy.flags)["implausible_value"] == "refusal"
    assert not energy.is_measurement


def test_kinds_have_lines_of_their_own() -> None:
    temperature = np.arange(0, 61, 20)
    found = evaluate_series(
        [*points(temperature, 0.3, kind="bulk"), *points(temperature, 0.5, 1e6, kind="grain_boundary")],
        Given(),
    )
    assert value(found, "activation_energy", "bulk").value == pytest.approx(0.3)
    assert value(found, "activation_energy", "grain_boundary").value == pytest.approx(0.5)
    assert not value(found, "activation_energy", "grain_boundary").is_measurement


def test_scatter_is_named() -> None:
    scattered = points(np.arange(0, 101, 20))
    scattered = [
        DerivedValue("ionic_conductivity", p.value * f, "S/cm", temperature_C=p.temperature_C, kind="total")
        for p, f in zip(scattered, [1.5, 0.6, 1.4, 0.7, 1.5, 0.6], strict=True)
    ]
    assert names(evaluate_series(scattered, Given()).flags)["scattered"] == "doubt"
