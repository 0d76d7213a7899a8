"""Published spectra with published answers, from the shared data."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from instruments_impedance import KINDS, published

from alloop.instruments.evaluation import DerivedValue, Evaluation, Given
from alloop.instruments.impedance import evaluate_impedance
from alloop.instruments.readers import read_recording
from alloop.instruments.recording import Geometry, Recording

SHARED = Path(__file__).parents[3].parent / "shared"
EIS = SHARED / "data" / "eis"
pytestmark = pytest.mark.skipif(
    not EIS.exists(), reason="../shared is not there: published spectra are not checked"
)

PUBLISHED_CIRCUIT = "(R1|Q1)+(R2|Q1)+Q2"


@pytest.fixture(scope="module")
def series() -> Recording:
    files = [EIS / "eisfitpython" / f"s04147-{t}deg.txt" for t in range(140, 201, 10)]
    recordings = [read_recording(one.read_bytes(), one.name) for one in files]
    spectra = [replace(one.spectra[0], temperature_C=one.temperature_C) for one in recordings]
    assert [one.temperature_C for one in spectra] == [float(t) for t in range(140, 201, 10)]
    return Recording("text", tuple(spectra))


PELLET = Geometry.of_disc(2.1, 8.0)


def conductivities(evaluation: Evaluation, kind: str) -> dict[float, DerivedValue]:
    return {
        round(v.temperature_C + 273.0): v
        for v in evaluation.values
        if v.property == "ionic_conductivity" and v.kind == kind and v.temperature_C > 100
    }


def energy(evaluation: Evaluation, kind: str) -> DerivedValue:
    return next(v for v in evaluation.values if v.property == "activation_energy" and v.kind == kind)


def test_the_published_circuit_gives_the_published_values(series: Recording) -> None:
    found = evaluate_impedance(series, Given(PELLET, circuit=PUBLISHED_CIRCUIT))
    for kind, (ea, _, by_kelvin) in published().items():
        values = conductivities(found, kind)
        assert set(values) == set(by_kelvin)
        for kelvin, (sigma, _) in by_kelvin.items():
            assert values[kelvin].value == pytest.approx(sigma, rel=0.03)
        assert energy(found, kind).value == pytest.approx(ea, abs=0.01)
    at_25 = [v for v in found.values if v.temperature_C == 25.0]
    assert {flag.name for v in at_25 for flag in v.flags} == {"extrapolated"}
    assert next(v for v in at_25 if v.kind == "total").value == pytest.approx(2.51e-11, rel=0.05)


def test_its_own_circuits_agree_within_the_intervals(series: Recording) -> None:
    found = evaluate_impedance(series, Given(PELLET))
    for kind, (ea, error, by_kelvin) in published().items():
        values = conductivities(found, kind)
        assert set(values) == set(by_kelvin), kind
        for kelvin, (sigma, sd) in by_kelvin.items():
            assert values[kelvin].low90 <= sigma + 1.645 * sd
            assert values[kelvin].high90 >= sigma - 1.645 * sd
        own = energy(found, kind)
        assert own.low90 <= ea + 2.0 * error
        assert own.high90 >= ea - 2.0 * error
    assert not any(flag.name == "break" for flag in found.flags)


def test_the_total_is_known_better_than_its_parts(series: Recording) -> None:
    found = evaluate_impedance(series, Given(PELLET))
    widths = {
        kind: np.median([v.high90 / v.low90 for v in conductivities(found, kind).values()])
        for kind in KINDS.values()
    }
    assert all(
        "poorly_resolved" in {flag.name for flag in v.flags} for v in conductivities(found, "bulk").values()
    )
    assert not any(
        "poorly_resolved" in {flag.name for flag in v.flags} for v in conductivities(found, "total").values()
    )
    assert widths["total"] < 1.1 < widths["grain_boundary"] < widths["bulk"]


@pytest.mark.parametrize("ending", [".txt", "_RelaxIS.txt"])
def test_a_sulfide_pellet_whatever_the_circuit(ending: str) -> None:
    """Li6PS5Cl at -25 °C: several circuits give 1.46 to 1.49 kohm; the file states the default area."""
    path = EIS / f"hybriddrt_PEIS_LPSCl_IonBlocking_-25C{ending}"
    found = evaluate_impedance(read_recording(path.read_bytes(), path.name), Given())
    resistance = next(v for v in found.values if v.property == "resistance" and v.kind == "total")
    assert resistance.value == pytest.approx(1470, rel=0.03)
    assert resistance.low90 < 1460
    assert resistance.high90 > 1490
    assert not any(v.property == "ionic_conductivity" for v in found.values)
    assert any(flag.name.startswith("geometry") and flag.severity == "refusal" for flag in found.flags)
