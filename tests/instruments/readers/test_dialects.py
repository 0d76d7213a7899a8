"""The same spectrum, and the same trace, however they are written down."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import dialects

from alloop.instruments.readers import is_recording, read_recording

FREQUENCY, IMPEDANCE = dialects.example_spectrum()
SPECTRA = dialects.written_spectra(FREQUENCY, IMPEDANCE)
TIME, VOLTAGE, CURRENT = dialects.example_trace()
TRACES = dialects.written_traces(TIME, VOLTAGE, CURRENT)


@pytest.mark.parametrize("dialect", SPECTRA)
def test_every_dialect_gives_the_same_spectrum(dialect: str) -> None:
    recording = read_recording(SPECTRA[dialect], "file")
    (spectrum,) = recording.spectra
    order = np.argsort(-spectrum.frequency_Hz)
    np.testing.assert_allclose(spectrum.frequency_Hz[order], FREQUENCY, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance_ohm[order], IMPEDANCE, rtol=1e-6)
    assert recording.kind == "impedance"
    assert is_recording(SPECTRA[dialect], "file")


@pytest.mark.parametrize("dialect", TRACES)
def test_every_dialect_gives_the_same_trace(dialect: str) -> None:
    recording = read_recording(TRACES[dialect], "file")
    assert recording.trace is not None
    np.testing.assert_allclose(recording.trace.time_s, TIME, rtol=1e-6)
    np.testing.assert_allclose(recording.trace.voltage_V, VOLTAGE, rtol=1e-6)
    np.testing.assert_allclose(recording.trace.current_A, CURRENT, rtol=1e-6)
    assert recording.kind == "current-voltage"
    assert is_recording(TRACES[dialect], "file")


@pytest.mark.parametrize(
    ("dialect", "key", "value"),
    [
        ("mpt voltammetry", "scan_rate_V_per_s", "0.0005"),
        ("mpt voltammetry", "technique", "Cyclic Voltammetry"),
        ("mpt voltammetry", "reference_electrode", "Li/Li+ (0.000 V)"),
        ("Gamry", "scan_rate_V_per_s", "0.0005"),
        ("Gamry", "technique", "CHRONOA"),
        ("comma", "reference_electrode", "Li/Li+"),
    ],
)
def test_what_a_trace_was_measured_with_is_kept(dialect: str, key: str, value: str) -> None:
    assert read_recording(TRACES[dialect], "file").metadata[key] == value


def test_assumptions_are_said() -> None:
    negated = read_recording(SPECTRA["no headings, negated"], "file")
    assert any("-Z''" in remark for remark in negated.remarks)
    set_current = read_recording(TRACES["mpt without measured current"], "file")
    assert any("was set" in remark for remark in set_current.remarks)
    lost = read_recording(SPECTRA["heading lost to a spreadsheet"], "file")
    assert any("spreadsheet" in remark for remark in lost.remarks)


def test_points_measured_at_direct_current_are_left_out_and_counted() -> None:
    assert any(remark.startswith("5 rows") for remark in read_recording(SPECTRA["Parstat"], "file").remarks)


def test_the_dates_of_programs_that_put_the_month_first_are_taken() -> None:
    for dialect in ("mpt", "Gamry", "ZPlot", "ZPlot without comments", "CHI"):
        measured_at = read_recording(SPECTRA[dialect], "file").measured_at
        assert measured_at is not None
        assert (measured_at.year, measured_at.month, measured_at.day) == (2025, 5, 15), dialect
