"""Line lists against pymatgen, fits of simulated mixtures, and what may not happen."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from diffraction_builders import COPPER, REFERENCES, crystal, references, simulated

from alloop.instruments.diffraction.background import snip, variance_per_count
from alloop.instruments.diffraction.crystal import cell_volume, lattice_freedoms, reciprocal_metric, strained
from alloop.instruments.diffraction.lines import absorption_per_cm, powder_lines
from alloop.instruments.diffraction.measured import measured_pattern
from alloop.instruments.diffraction.model import weight_fractions
from alloop.instruments.diffraction.peaks import peaks_of_pattern
from alloop.instruments.diffraction.profile import (
    Instrument,
    PhaseShape,
    add_lines,
    line_angles,
    line_intensities,
    pseudo_voigt,
)
from alloop.instruments.diffraction.search import identify


@pytest.mark.parametrize("name", ["NiO", "ZrO2_monoclinic", "La2O3", "WO3"])
def test_positions_are_those_of_pymatgen(name: str) -> None:
    from pymatgen.analysis.diffraction.xrd import XRDCalculator
    from pymatgen.core import Structure

    one = crystal(name)
    lines = powder_lines(one, 1.540593, 1.1)
    shape = PhaseShape(np.zeros(len(lattice_freedoms(one.cell))))
    ours = line_angles(one, lines, shape, Instrument(), 1.540593)
    theirs = XRDCalculator(wavelength=1.540593).get_pattern(
        Structure.from_file(REFERENCES / f"{name}.cif"), two_theta_range=(5, 85)
    )
    for place in theirs.x[theirs.y > 2.0]:
        assert np.min(np.abs(ours - place)) < 0.01


def test_intensities_follow_from_the_rock_salt_structure() -> None:
    # F(111) = 4 (f_Ni − f_O), F(200) = 4 (f_Ni + f_O): dispersion of nickel (f' = −3) lowers 111 against 200.
    one = crystal("NiO")
    lines = powder_lines(one, 1.540593, 1.1)
    shape = PhaseShape(np.zeros(1))
    angles = line_angles(one, lines, shape, Instrument(), 1.540593)
    strength = line_intensities(one, lines, shape, angles, polarised=False)
    first, second = strength[np.argmin(np.abs(angles - 37.2))], strength[np.argmin(np.abs(angles - 43.3))]
    assert first / second == pytest.approx(0.66, abs=0.05)  # PDF 47-1049 measured 0.61


@pytest.mark.parametrize(
    ("name", "expected"), [("NiO", 267.0), ("TiO2_anatase", 495.0), ("Li2CO3", 22.0)]
)  # from the mass absorption coefficients in International Tables for Crystallography C, 4.2.4
def test_absorption(name: str, expected: float) -> None:
    assert absorption_per_cm(crystal(name), 1.540593) == pytest.approx(expected, rel=0.25)


@given(st.floats(0.01, 0.5), st.floats(0.0, 0.5), st.floats(20.0, 60.0), st.floats(-0.3, 0.3))
@settings(max_examples=40, deadline=None)
def test_a_line_keeps_its_area(gauss: float, lorentz: float, centre: float, asymmetry: float) -> None:
    x = np.arange(0.0, 100.0, 0.002)
    one = add_lines(
        x, np.array([centre]), np.array([3.0]), np.array([gauss]), np.array([lorentz]), asymmetry, 60.0
    )
    width, mixing = pseudo_voigt(np.array([gauss]), np.array([lorentz]))
    # Outside of the reach lies no more than the tail of a Lorentzian.
    assert 3.0 * (1.0 - 0.35 * float(mixing[0]) * float(width[0]) - 0.06) < np.trapezoid(one, x) < 3.02


@given(st.sampled_from(["NiO", "ZnO", "V2O5", "ZrO2_monoclinic", "TiO2_anatase"]), st.floats(-0.01, 0.01))
@settings(max_examples=25, deadline=None)
def test_strain_along_the_freedoms_keeps_the_kind_of_cell(name: str, change: float) -> None:
    cell = crystal(name).cell
    freedoms = lattice_freedoms(cell)
    other = strained(cell, change * freedoms.sum(axis=0))
    assert lattice_freedoms(other).shape == freedoms.shape
    assert np.linalg.det(reciprocal_metric(other)) == pytest.approx(cell_volume(other) ** -2)


def test_noise_tells_counts_from_counts_per_second() -> None:
    pattern = simulated({"NiO": 1.0})
    assert variance_per_count(pattern.counts) == pytest.approx(1.0, abs=0.2)
    assert variance_per_count(pattern.counts / 25.0) == pytest.approx(1.0 / 25.0, rel=0.2)


def test_the_background_lies_below_the_peaks() -> None:
    pattern = simulated({"TiO2_rutile": 1.0}, background=500.0)
    truth = 500.0 * (1.0 + 10.0 / pattern.two_theta_deg)
    found = snip(pattern.two_theta_deg, pattern.counts)
    assert np.median(np.abs(found / truth - 1.0)) < 0.05


def test_peaks_of_rutile_are_found_and_noise_has_none() -> None:
    places = [one.two_theta_deg for one in peaks_of_pattern(*_columns(simulated({"TiO2_rutile": 1.0})))]
    for expected in (27.45, 36.09, 41.24, 54.33):  # NIST SRM 674b, Cu K-alpha
        assert min(abs(place - expected) for place in places) < 0.08
    assert peaks_of_pattern(*_columns(simulated({}))) == []


def _columns(pattern):  # type: ignore[no-untyped-def]
    return pattern.two_theta_deg, pattern.counts


def _identified(pattern, *names: str) -> dict[str, float]:  # type: ignore[no-untyped-def]
    measured = measured_pattern(pattern.two_theta_deg, pattern.counts, None, COPPER)
    _, fit, _ = identify(measured, references(*names).crystals)
    return {
        phase.crystal.name: float(weight)
        for phase, weight in zip(fit.phases, weight_fractions(fit), strict=True)
    }


def test_a_mixture_is_found_among_distractors() -> None:
    truth = {"NiO": 0.3, "TiO2_anatase": 0.55, "ZnO": 0.15}
    distractors = (
        "MgO",
        "MnO",
        "TiO2_rutile",
        "TiO2_brookite",
        "LiNiO2",
        "NiTiO3",
        "Zn2TiO4",
        "Fe3O4_magnetite",
    )
    found = _identified(simulated(truth, strain=0.002), *truth, *distractors)
    assert set(found) == set(truth)
    for name, weight in truth.items():
        assert found[name] == pytest.approx(weight, abs=0.03)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_holds_no_phase(seed: int) -> None:
    assert _identified(simulated({}, seed=seed)) == {}


@pytest.mark.parametrize("weight", [0.05, 0.1])
def test_a_second_phase_of_five_per_cent_is_found(weight: float) -> None:
    found = _identified(simulated({"V2O5": 1.0 - weight, "NiO": weight}), "V2O5", "NiO", "MgO", "VO2", "V2O3")
    assert set(found) == {"V2O5", "NiO"}
    assert found["NiO"] == pytest.approx(weight, abs=0.02)


def test_a_missing_reference_is_not_replaced_by_another_phase() -> None:
    found = _identified(simulated({"Li2CO3": 0.5, "WO3": 0.5}), "Li2CO3", "V2O5", "NiO", "CuO", "TiO2_rutile")
    assert set(found) == {"Li2CO3"}
