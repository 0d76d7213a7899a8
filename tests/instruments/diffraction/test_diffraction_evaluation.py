"""What is said of a pattern: fractions with intervals, the target phase, flags; real weighed mixtures."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from diffraction_builders import SHARED, recording, references, simulated

from alloop.instruments import Evaluation, Given
from alloop.instruments.diffraction import References, evaluate_diffraction
from alloop.instruments.readers import read_recording
from alloop.properties import get_property

real_files = pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there: no real patterns")


def _value(evaluation: Evaluation, name: str):  # type: ignore[no-untyped-def]
    return next((one for one in evaluation.values if one.property == name), None)


def _flags(evaluation: Evaluation) -> dict[str, str]:
    return {flag.name: flag.severity for flag in evaluation.flags}


def test_the_target_phase_its_lattice_and_the_figure() -> None:
    pattern = simulated({"TiO2_anatase": 0.7, "TiO2_rutile": 0.3}, strain=0.003)
    found = evaluate_diffraction(
        recording(pattern), Given(), references("TiO2_anatase", "TiO2_rutile", "NiO"), ("TiO2_anatase",)
    )
    fraction, lattice = _value(found, "target_phase_fraction"), _value(found, "lattice_parameter")
    assert fraction.low90 < 0.7 < fraction.high90
    assert fraction.value == pytest.approx(0.7, abs=0.04)
    assert fraction.unit == get_property("target_phase_fraction").unit
    assert lattice.low90 < 3.7845 * 1.003 < lattice.high90
    assert "+0.3" in lattice.flags[0].words
    assert found.figure is not None
    assert len(found.figure) < 60_000
    assert all(flag.severity == "note" for flag in found.flags)
    shown = [one for one in found.values if one.property == "phase_fraction"]
    assert sum(one.value for one in shown) == pytest.approx(1.0)
    assert not any(one.is_measurement for one in shown)


@pytest.mark.parametrize(
    "target", ["anatase", "TiO2_anatase", "tio2_ANATASE", "TiO2", "TiO2 I41/amd", "O2Ti"]
)
def test_a_target_is_meant_by_its_name_or_formula(target: str) -> None:
    from alloop.instruments.diffraction.target import is_target

    (one,) = references("TiO2_anatase").crystals
    assert is_target(one, [target]) is (target != "anatase")
    assert not is_target(one, ["Ti2O3", "V2O5"])


def test_a_target_that_is_not_there_has_a_bound() -> None:
    pattern = simulated({"V2O5": 1.0})
    found = evaluate_diffraction(recording(pattern), Given(), references("V2O5", "NiO"), ("NiO",))
    fraction = _value(found, "target_phase_fraction")
    assert fraction.bound == "below"
    assert 0.0 < fraction.value <= 0.05
    assert _value(found, "lattice_parameter") is None


def test_a_target_without_reference_has_no_value() -> None:
    found = evaluate_diffraction(recording(simulated({"V2O5": 1.0})), Given(), references("V2O5"), ("NiO",))
    assert _value(found, "target_phase_fraction") is None
    assert [flag.name for flag in found.flags if flag.severity == "refusal"] == ["target_not_named"]


def test_unexplained_peaks_are_listed_where_they_are() -> None:
    found = evaluate_diffraction(
        recording(simulated({"ZnO": 0.6, "TiO2_rutile": 0.4})), Given(), references("ZnO", "V2O5")
    )
    assert _flags(found)["unexplained_peaks"] == "doubt"
    places = [one["two_theta_deg"] for one in found.details["unexplained_peaks"]]
    assert min(abs(place - 27.47) for place in places) < 0.1
    assert {one["name"] for one in found.details["phases"]} == {"ZnO"}
    # The whole may be other phases: the lower end of the interval says so.
    shown = _value(found, "phase_fraction")
    assert shown.low90 < 1.0 - 0.8 * found.details["unexplained_share"]


def test_no_references_and_no_fitting_elements_are_refusals() -> None:
    pattern = recording(simulated({"ZnO": 1.0}))
    assert _flags(evaluate_diffraction(pattern, Given(), References()))["no_references"] == "refusal"
    other = evaluate_diffraction(pattern, Given(elements=frozenset({"Na", "Cl"})), references("ZnO", "NiO"))
    assert _flags(other)["no_references"] == "refusal"
    assert "Cl, Na" in other.flags[-1].words
    assert other.values == ()


def test_elements_filter_with_air_and_without() -> None:
    pattern = recording(simulated({"Li2CO3": 1.0}))
    in_air = evaluate_diffraction(pattern, Given(elements=frozenset({"Li"})), references("Li2CO3", "NiO"))
    assert "Li2CO3" in in_air.model
    inert = Given(elements=frozenset({"Li"}), conditions={"atmosphere": "argon"})
    assert (
        _flags(evaluate_diffraction(pattern, inert, references("Li2CO3", "NiO")))["no_references"]
        == "refusal"
    )


def test_a_missing_wavelength_is_assumed_and_said_and_a_stated_one_goes_before() -> None:
    pattern = replace(simulated({"NiO": 1.0}), wavelength_angstrom=None)
    found = evaluate_diffraction(recording(pattern), Given(), references("NiO"))
    assert _flags(found)["wavelength_assumed"] == "note"
    stated = evaluate_diffraction(
        recording(pattern), Given(conditions={"wavelength_angstrom": 1.540593}), references("NiO")
    )
    assert "wavelength_assumed" not in _flags(stated)
    wrong = evaluate_diffraction(
        recording(pattern), Given(conditions={"wavelength_angstrom": 0.7093}), references("NiO")
    )
    assert wrong.details["phases"] == []


def test_narrow_ranges_and_weak_patterns() -> None:
    narrow = simulated({"NiO": 1.0}, angles=(35.0, 47.0, 0.02))
    assert (
        _flags(evaluate_diffraction(recording(narrow), Given(), references("NiO")))["narrow_range"] == "doubt"
    )
    tiny = simulated({"NiO": 1.0}, angles=(42.0, 45.0, 0.02))
    assert (
        _flags(evaluate_diffraction(recording(tiny), Given(), references("NiO")))["narrow_range"] == "refusal"
    )
    glass = evaluate_diffraction(recording(simulated({})), Given(), references("NiO"))
    assert _flags(glass) == {"few_counts": "doubt", "no_phase_found": "doubt"}


def test_a_hump_is_seen() -> None:
    pattern = simulated({"NiO": 1.0}, counts=2000.0)
    hump = 900.0 * np.exp(-(((pattern.two_theta_deg - 28.0) / 6.0) ** 2))
    found = evaluate_diffraction(
        recording(replace(pattern, counts=pattern.counts + hump.round())), Given(), references("NiO")
    )
    without = evaluate_diffraction(recording(pattern), Given(), references("NiO"))
    assert found.details["amorphous_hump_share"] > 0.4 > 5 * without.details["amorphous_hump_share"]
    assert "amorphous_hump" in _flags(found)


def test_the_same_pattern_gives_the_same_values() -> None:
    pattern = recording(simulated({"ZnO": 0.5, "NiO": 0.5}))
    first, second = (evaluate_diffraction(pattern, Given(), references("ZnO", "NiO")) for _ in range(2))
    assert first == second


@real_files
@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("dara_V2O5_0p8011-ZrO2_0p2012--8min.xrdml", {"V2O5": 0.80, "ZrO2_monoclinic": 0.20}),
        ("dara_TiO2_0p4009-ZnO_0p6010--8min.xrdml", {"TiO2_anatase": 0.40, "ZnO": 0.60}),
        (
            "dara_V2O5_0p3005-NiO_0p4020-TiO2_0p3020--8min.xrdml",
            {"V2O5": 0.30, "NiO": 0.40, "TiO2_anatase": 0.30},
        ),
    ],
)
def test_weighed_mixtures_among_all_references(name: str, truth: dict[str, float]) -> None:
    found = evaluate_diffraction(read_recording((SHARED / name).read_bytes(), name), Given(), references())
    shown = {one.conditions["phase"]: one for one in found.values if one.property == "phase_fraction"}
    assert set(shown) == set(truth)
    for phase, weight in truth.items():
        assert shown[phase].value == pytest.approx(weight, abs=0.03)
        assert shown[phase].low90 < weight < shown[phase].high90


@real_files
def test_a_product_without_its_reference_is_doubted() -> None:
    name = "dara_Fe2O3-Nb2O5_900C_60min.xrdml"
    found = evaluate_diffraction(read_recording((SHARED / name).read_bytes(), name), Given(), references())
    assert _flags(found)["unexplained_peaks"] == "doubt"
    assert re.search(r"\d+\.\d\d°", next(f.words for f in found.flags if f.name == "unexplained_peaks"))


def test_intensities_that_no_detector_counts_are_refused() -> None:
    pattern = simulated({"V2O5": 1.0})
    counts = pattern.counts.copy()
    counts[100] = 1e200
    found = evaluate_diffraction(recording(replace(pattern, counts=counts)), Given(), references("V2O5"), ())
    assert [flag.name for flag in found.flags if flag.severity == "refusal"] == ["implausible_counts"]


def test_a_range_without_any_line_finds_no_phase() -> None:
    pattern = simulated({"V2O5": 1.0}, angles=(60.0, 72.0, 0.02))
    pattern = replace(pattern, two_theta_deg=pattern.two_theta_deg - 59.0)
    found = evaluate_diffraction(recording(pattern), Given(), references("Ni"), ("Ni",))
    assert not [value for value in found.values if value.is_measurement]
    assert "no_phase_found" in [flag.name for flag in found.flags]
