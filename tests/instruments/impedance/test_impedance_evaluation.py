"""Recordings to values: conductivities with intervals, and every gate with its named reason."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.instruments.evaluation import Evaluation, Given
from alloop.instruments.impedance import evaluate_impedance
from alloop.instruments.recording import Geometry, Recording, Spectrum

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from synthetic_spectra import GOOD_KINDS, STRANGE_KINDS, make_spectrum

UNKNOWN = Given()


def evaluate(spectrum: Spectrum, given: Given = UNKNOWN) -> Evaluation:
    return evaluate_impedance(Recording("made up", (spectrum,)), given)


def flags(evaluation: Evaluation) -> dict[str, str]:
    return {flag.name: flag.severity for flag in evaluation.flags}


def total(evaluation: Evaluation, name: str = "ionic_conductivity"):
    return next(v for v in evaluation.values if v.property == name and v.kind == "total")


@pytest.mark.parametrize("kind", GOOD_KINDS)
@pytest.mark.parametrize("seed", range(500, 503))
def test_known_resistances_become_conductivities(kind: str, seed: int) -> None:
    truth = make_spectrum(kind, seed)
    found = evaluate(truth.spectrum)
    value = total(found)
    size = truth.spectrum.geometry
    expected = size.thickness_mm / 10 / size.area_cm2 / truth.total_ohm
    assert value.value == pytest.approx(expected, rel=0.05)
    assert value.low90 <= value.value <= value.high90
    assert (value.unit, value.bound, value.is_measurement, value.temperature_C) == (
        "S/cm",
        "exact",
        True,
        25.0,
    )
    assert total(found, "resistance").is_measurement is False
    assert "refusal" not in flags(found).values()
    assert found.figure is not None
    assert len(found.figure) < 60_000
    assert found.figure.startswith("<svg")
    json.dumps(found.details, allow_nan=False)


@pytest.mark.parametrize("kind", STRANGE_KINDS)
def test_circuits_that_it_does_not_know_come_close(kind: str) -> None:
    truths = [make_spectrum(kind, seed) for seed in range(600, 604)]
    misses = [abs(np.log10(total(evaluate(t.spectrum), "resistance").value / t.total_ohm)) for t in truths]
    assert np.median(misses) < 0.03
    assert max(misses) < 0.15


def test_two_arcs_give_bulk_and_grain_boundary() -> None:
    truth = make_spectrum("two", 7, noise=0.003)
    found = evaluate(truth.spectrum)
    parts = {v.kind: v for v in found.values if v.property == "resistance"}
    for kind, ohm in (("bulk", truth.bulk_ohm), ("grain_boundary", truth.grain_boundary_ohm)):
        assert parts[kind].low90 <= ohm <= parts[kind].high90
    recorded = {v.kind: v.is_measurement for v in found.values if v.property == "ionic_conductivity"}
    assert recorded == {"total": True, "bulk": True, "grain_boundary": False}


def test_one_arc_says_which() -> None:
    found = evaluate(make_spectrum("one", 3).spectrum)
    words = next(flag.words for flag in found.flags if flag.name == "one_arc")
    assert "the grains" in words
    assert {v.kind for v in found.values} == {"total"}


def test_a_shorted_cell_has_no_value_and_a_status() -> None:
    found = evaluate(make_spectrum("short", 1).spectrum)
    assert found.status == "shorted"
    assert flags(found)["shorted"] == "refusal"
    assert found.values == ()


def test_one_ohm_with_a_blocking_tail_is_no_short() -> None:
    frequency = np.geomspace(1e6, 0.1, 60)
    s = 2j * np.pi * frequency
    found = evaluate(Spectrum(frequency, 1.0 + 1e-7 * s + 1 / (1e-5 * s**0.9)))
    assert found.status is None
    assert total(found, "resistance").value == pytest.approx(1.0, rel=0.02)
    assert "low_resistance" in flags(found)


def test_a_plain_resistor_is_doubted() -> None:
    frequency = np.geomspace(1e6, 0.1, 60)
    found = evaluate(Spectrum(frequency, np.full(60, 1e3 + 0j)))
    assert flags(found)["no_capacitance"] == "doubt"


@pytest.mark.parametrize("seed", range(5))
def test_an_open_cell_gives_a_bound_that_holds(seed: int) -> None:
    truth = make_spectrum("open", seed)
    found = evaluate(truth.spectrum)
    assert "open" in flags(found)
    value = total(found)
    size = truth.spectrum.geometry
    assert value.bound == "below"
    assert (value.low90, value.high90) == (None, None)
    assert value.value > size.thickness_mm / 10 / size.area_cm2 / truth.total_ohm


@pytest.mark.parametrize("seed", range(4))
def test_an_exchanged_sign_is_refused(seed: int) -> None:
    found = evaluate(make_spectrum("swapped", seed).spectrum)
    assert flags(found)["sign_of_imaginary"] == "refusal"
    assert found.values == ()


def test_noise_is_named() -> None:
    assert flags(evaluate(make_spectrum("one", 11, noise=0.04).spectrum))["noisy"] == "doubt"
    loud = evaluate(make_spectrum("one", 11, noise=0.3).spectrum)
    assert "refusal" in flags(loud).values()
    assert not any(v.is_measurement for v in loud.values)


def test_a_sample_that_changes_at_low_frequency_is_named() -> None:
    spectrum = make_spectrum("free", 5, noise=0.002).spectrum
    changed = spectrum.impedance_ohm.copy()
    low = len(changed) // 8
    changed[-low:] = changed[-low:].imag * 1j + changed[-low:].real * np.linspace(0.9, 0.5, low)
    assert flags(evaluate(replace(spectrum, impedance_ohm=changed)))["not_stationary"] == "doubt"


def test_outliers_are_named_and_count_less() -> None:
    truth = make_spectrum("outliers", 21)
    found = evaluate(truth.spectrum)
    assert flags(found)["outliers"] == "note"
    assert total(found, "resistance").value == pytest.approx(truth.total_ohm, rel=0.03)


def test_arcs_outside_the_window_are_named() -> None:
    assert "arc_outside_window" in flags(evaluate(make_spectrum("truncated", 2).spectrum))
    truth = make_spectrum("one", 8)
    spectrum = truth.spectrum
    # cut the sweep off above the top of the arc
    peak = int(np.argmax(-spectrum.impedance_ohm.imag[: len(spectrum.frequency_Hz) * 2 // 3]))
    high = Spectrum(
        spectrum.frequency_Hz[: peak - 3], spectrum.impedance_ohm[: peak - 3], geometry=spectrum.geometry
    )
    found = evaluate(high)
    assert {"arc_outside_window", "open"} & set(flags(found))


def test_few_points() -> None:
    spectrum = make_spectrum("one", 9).spectrum
    for step, expected in ((8, "doubt"), (40, "refusal")):
        thin = Spectrum(spectrum.frequency_Hz[::step], spectrum.impedance_ohm[::step])
        assert flags(evaluate(thin))["too_few_points"] == expected
    nothing = evaluate(Spectrum(np.empty(0), np.empty(0, dtype=complex)))
    assert flags(nothing)["too_few_points"] == "refusal"
    assert nothing.figure is None


def test_points_that_are_no_measurement_are_left_out_and_named() -> None:
    truth = make_spectrum("two", 4)
    spectrum = truth.spectrum
    frequency = np.concatenate([spectrum.frequency_Hz, [1e3, 0.0, -5.0, spectrum.frequency_Hz[3]]])
    impedance = np.concatenate([spectrum.impedance_ohm, [np.nan, 1e3, 1e3, spectrum.impedance_ohm[3]]])
    found = evaluate(Spectrum(frequency, impedance))
    assert flags(found)["points_left_out"] == "note"
    assert flags(found)["duplicate_frequencies"] == "note"
    assert total(found, "resistance").value == pytest.approx(total(evaluate(spectrum), "resistance").value)


def test_negative_resistance() -> None:
    spectrum = make_spectrum("one", 10, noise=0.002).spectrum
    few, many = spectrum.impedance_ohm.copy(), spectrum.impedance_ohm.copy()
    few[:2] = -abs(few[:2].real) - 0.2 * abs(few[:2]) + 1j * few[:2].imag
    many[:30] = -abs(many[:30]) + 1j * many[:30].imag
    assert flags(evaluate(replace(spectrum, impedance_ohm=few)))["negative_resistance"] == "note"
    assert flags(evaluate(replace(spectrum, impedance_ohm=many)))["negative_resistance"] == "refusal"


@pytest.mark.parametrize(
    ("by_person", "in_file", "name", "severity", "has_value"),
    [
        (Geometry(), Geometry(), "geometry_missing", "refusal", False),
        (Geometry(1.0), Geometry(), "geometry_missing", "refusal", False),
        (Geometry(1.0), Geometry(None, 0.001), "geometry_implausible", "refusal", False),
        (Geometry(1.0, 0.5), Geometry(50.0, 0.001), None, None, True),
        (Geometry(0.001, 0.5), Geometry(), "geometry_implausible", "doubt", True),
        (Geometry(-1.0, 0.5), Geometry(), "geometry_implausible", "refusal", False),
        (Geometry(float("nan"), 0.5), Geometry(), "geometry_implausible", "refusal", False),
        (Geometry(), Geometry(1.0, 0.5), None, None, True),
    ],
)
def test_no_conductivity_without_a_believable_size(
    by_person: Geometry, in_file: Geometry, name: str | None, severity: str | None, has_value: bool
) -> None:
    spectrum = replace(make_spectrum("one", 12).spectrum, geometry=Geometry())
    found = evaluate_impedance(Recording("made up", (spectrum,), geometry=in_file), Given(by_person))
    about_size = {key: value for key, value in flags(found).items() if key.startswith("geometry")}
    assert about_size == ({name: severity} if name else {})
    assert any(v.is_measurement for v in found.values) is has_value
    assert total(found, "resistance").value > 0


def test_a_persons_circuit_is_fitted() -> None:
    truth = make_spectrum("two", 13)
    found = evaluate(truth.spectrum, Given(circuit="(R1|Q1)+(R2|Q1)+Q2"))
    assert found.model == "p(R1,CPE1)-p(R2,CPE0)-CPE2"
    assert found.details["spectra"][0]["alternatives"][0]["weight"] == 1.0


def test_temperature_of_a_person_and_of_the_file() -> None:
    spectrum = make_spectrum("one", 14).spectrum
    assert total(evaluate(spectrum, Given(temperature_C=60.0))).temperature_C == 60.0
    without = evaluate(replace(spectrum, temperature_C=None))
    assert total(without).temperature_C is None
    assert "temperature_missing" in flags(without)


def test_one_bad_spectrum_of_several_spoils_only_its_own_values() -> None:
    good, bad = make_spectrum("one", 15).spectrum, make_spectrum("short", 15).spectrum
    recording = Recording("made up", (replace(good, name="cycle 1"), replace(bad, name="cycle 2")))
    found = evaluate_impedance(recording, UNKNOWN)
    assert {flag.severity for flag in found.flags} == {"note"}
    assert "cycle 2: " in next(flag.words for flag in found.flags if flag.name == "shorted")
    assert {v.conditions["spectrum"] for v in found.values} == {"cycle 1"}
    both = evaluate_impedance(Recording("made up", (bad, bad)), UNKNOWN)
    assert flags(both)["shorted"] == "refusal"


def test_the_same_file_gives_the_same_values() -> None:
    spectrum = make_spectrum("distributed", 16).spectrum
    given = Given(circuit="p(R1-p(R2,CPE2),CPE1)-CPE3")
    assert evaluate(spectrum) == evaluate(spectrum)
    assert evaluate(spectrum, given) == evaluate(spectrum, given)
    backwards = Spectrum(
        spectrum.frequency_Hz[::-1], spectrum.impedance_ohm[::-1], 25.0, geometry=spectrum.geometry
    )
    assert evaluate(backwards).values == evaluate(spectrum).values


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.floats(width=32) for _ in range(3)])
        | st.tuples(st.floats(1e-3, 1e7), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
        max_size=40,
    )
)
def test_nonsense_is_refused_or_evaluated_but_never_crashes(rows: list[tuple[float, float, float]]) -> None:
    table = np.array(rows, dtype=float).reshape(-1, 3)
    with np.errstate(all="ignore"):
        impedance = table[:, 1] + 1j * table[:, 2]
    found = evaluate(Spectrum(table[:, 0], impedance, geometry=Geometry(1.0, 0.5)))
    json.dumps(found.details, allow_nan=False)
    for value in found.values:
        assert np.isfinite(value.value)
        assert value.value > 0
    assert found.values or any(flag.severity == "refusal" for flag in found.flags)


def test_spectra_that_repeat_an_earlier_one_are_left_out() -> None:
    spectrum = make_spectrum("one", 3).spectrum
    found = evaluate_impedance(Recording("x", (spectrum,) * 50), UNKNOWN)
    (flag,) = [one for one in found.flags if one.name == "spectra_repeated"]
    assert flag.words.startswith("49 spectra repeat an earlier one")
    assert len(found.details["spectra"]) == 1
