"""The real files: each is read as what it is, or refused for the right reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alloop.errors import InstrumentError
from alloop.instruments.readers import is_recording, read_recording
from alloop.instruments.recording import Recording, Spectrum

EIS = Path(__file__).parents[3].parent / "shared" / "data" / "eis"

pytestmark = pytest.mark.skipif(not EIS.exists(), reason="../shared is not there: real impedance files")

# name: format, points, first and last frequency in Hz, first impedance in ohm, all read off the files by eye
SPECTRA = {
    "autoeis_test_data.txt": ("text table", 67, 2.0001948e5, None, 130.41710 - 34.680012j),
    "eisfitting_COLUMBIA_TXT_example.txt": ("text table", 3, 0.01, 0.02512, 2.6356686485835617e-3 - 1.118111736e-3j),
    "eisfitting_DAHN_TXT_example.txt": ("text table", 70, 1e5, None, 0.0746 - 0.172j),
    "eisfitting_MPT_example.mpt": ("BioLogic .mpt", 70, 1.0001951e5, None, 2.6189263 - 1.6276802j),
    "hybriddrt_EISGALV_EISTest3.DTA": ("Gamry .DTA", 71, 1000078, None, 0.04711733 + 0.1695821j),
    "hybriddrt_PEIS_LPSCl_IonBlocking_-25C.txt": ("BioLogic .mpt", 79, 7.0000185e6, None, 359.24146 - 290.92038j),
    "impedancepy_Circuit1_EIS_1.z": ("ZPlot .z", 48, 50000, 1.0, 29.036 + 0.63662j),
    "impedancepy_Circuit3_EIS_2.z": ("ZPlot .z", 53, 150000, 1.0, 1492.0 + 11.789j),
    "impedancepy_exampleData.csv": ("text table", 66, 3.1623e-3, 1e4, 4.949989776405060e-2 - 2.043869854441892e-2j),
    "impedancepy_exampleDataAutolab.txt": ("Autolab text", 41, 10000, 0.1, 0.013785863964281 + 0.007191946305823j),
    "impedancepy_exampleDataBioLogic.mpt": ("BioLogic .mpt", 43, 1000.3201, 1.689554e-2, 65.470886 - 0.38998979j),
    "impedancepy_exampleDataCHInstruments.txt": ("CH Instruments text", 73, 9.961e4, 0.1, 98.91 - 2.748j),
    "impedancepy_exampleDataGamry.DTA": ("Gamry .DTA", 72, 200015.6, 1.58898e-2, 825.8584 - 1367.239j),
    "impedancepy_exampleDataGamryABORT.DTA": ("Gamry .DTA", 72, 200015.6, 1.58898e-2, 825.8584 - 1367.239j),
    "impedancepy_exampleDataParstat.txt": ("text table", 31, 10000, 10.0, None),
    "impedancepy_exampleDataPowersuite.txt": ("text table", 30, 0.1, 2e6, 423929.46 - 49014.063j),
    "impedancepy_exampleDataVersaStudio.par": ("VersaStudio .par", 61, 1e5, None, 55.31571 + 4.575431j),
    "impedancepy_exampleDataZPlot.z": ("ZPlot .z", 21, 3e5, 3e3, 147.77 - 11.335j),
    "impedancepy_exampleDataZPlot_noComments.z": ("ZPlot .z", 31, 3e5, 300, 642.62 - 85.821j),
    "eisfitpython/CSV_Example.csv": ("text table", 50, 1e6, 0.30000001, 2369.7656 - 6737.6167j),
    "eisfitpython/Example2a.txt": ("text table", 51, 1e6, 0.30000001, 3805.5903 - 6318.0615j),
    "eisfitpython/Example_header.txt": ("text table", 50, 1e7, 3e-3, 30323.58 + 38291.88j),
    "eisfitpython/Example_noheader.txt": ("text table", 42, 1e6, None, 17362.7 - 68814.5j),
}  # fmt: skip
REFUSED = {
    "impedancepy_exampleDataBioLogic_MissingFreq.mpt": "none is that of a frequency",
    "hybriddrt_sample_info.txt": "without a table of numbers",
    "eisfitpython/EXPECTED_Example2_EIS_fit_report.txt": "not an instrument file",
    "eisfitpython/EXPECTED_Example3_Batch_EISfit_Report.txt": "not an instrument file",
}


def read(name: str) -> Recording:
    path = EIS / name
    return read_recording(path.read_bytes(), path.name)


def only_spectrum(name: str) -> Spectrum:
    (spectrum,) = read(name).spectra
    return spectrum


@pytest.mark.parametrize("name", SPECTRA)
def test_real_file_gives_its_numbers(name: str) -> None:
    format, points, first, last, impedance = SPECTRA[name]
    recording, spectrum = read(name), only_spectrum(name)
    assert recording.format == format
    assert spectrum.frequency_Hz.size == points
    assert spectrum.frequency_Hz[0] == pytest.approx(first, rel=1e-9)
    if last is not None:
        assert spectrum.frequency_Hz[-1] == pytest.approx(last, rel=1e-9)
    if impedance is not None:
        assert spectrum.impedance_ohm[0] == pytest.approx(impedance, rel=1e-9)
    assert is_recording((EIS / name).read_bytes(), name)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(InstrumentError, match=REFUSED[name]):
        read(name)


def test_no_other_file_is_refused() -> None:
    refused = set()
    for path in sorted(EIS.rglob("*")):
        if path.is_file() and path.suffix != ".mpr":
            try:
                read_recording(path.read_bytes(), path.name)
            except InstrumentError:
                refused.add(path.relative_to(EIS).as_posix())
    assert refused == {*REFUSED, "eisfitpython/EXPECTED_Example3_Arrhenius_Analysis_Report.txt"}


def test_patterns_are_told_from_spectra() -> None:
    kinds = {}
    for path in sorted((EIS.parent / "xrd").iterdir()):
        if path.suffix != ".cif":
            kinds[path.name] = read_recording(path.read_bytes(), path.name).kind
            assert is_recording(path.read_bytes(), path.name), path.name
    assert len(kinds) > 30
    assert set(kinds.values()) == {"diffraction"}


@pytest.mark.parametrize("ending", [".mpr", "_RelaxIS.txt"])
def test_one_measurement_in_three_formats_gives_the_same_numbers(ending: str) -> None:
    if ending == ".mpr":
        pytest.importorskip("galvani")
    text = only_spectrum("hybriddrt_PEIS_LPSCl_IonBlocking_-25C.txt")
    other = only_spectrum(f"hybriddrt_PEIS_LPSCl_IonBlocking_-25C{ending}")
    order = np.argsort(-other.frequency_Hz)
    np.testing.assert_allclose(other.frequency_Hz[order], text.frequency_Hz, rtol=1e-6)
    np.testing.assert_allclose(other.impedance_ohm[order], text.impedance_ohm, rtol=1e-6)


def test_the_second_binary_file_is_read_with_its_time() -> None:
    pytest.importorskip("galvani")
    recording = read("hybriddrt_PEIS_SSB.mpr")
    assert recording.spectra[0].frequency_Hz.size == 89
    assert recording.measured_at is not None
    assert recording.measured_at.isoformat() == "2025-04-14T12:01:05"


def test_zplot_with_and_without_comments_agrees_with_the_same_numbers_bare() -> None:
    with_comments = (EIS / "impedancepy_Circuit2_EIS_1.z").read_text().splitlines()
    bare = "\n".join(with_comments[with_comments.index("End Comments") + 1 :])
    headings = "  Freq(Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range"
    without = f'"ZPlotW Data File: Version 3.2c"\n"{headings}"\n' + bare.replace("\t", ", ")
    (spectrum,) = read_recording(without.encode(), "x.z").spectra
    whole = only_spectrum("impedancepy_Circuit2_EIS_1.z")
    np.testing.assert_array_equal(spectrum.impedance_ohm, whole.impedance_ohm)
    np.testing.assert_array_equal(spectrum.frequency_Hz, whole.frequency_Hz)


def test_an_aborted_run_keeps_its_points_and_says_so() -> None:
    assert any("aborted" in remark for remark in read("impedancepy_exampleDataGamryABORT.DTA").remarks)


def test_a_size_in_the_header_is_taken_and_that_of_the_electrode_is_not() -> None:
    geometry = read("eisfitpython/Example2a.txt").geometry
    assert geometry.thickness_mm == 0.75
    assert geometry.area_cm2 == pytest.approx(np.pi / 4 * 1.3**2)


def test_areas_that_programs_write_unasked() -> None:
    assert read("eisfitting_MPT_example.mpt").geometry.area_cm2 == 0.001
    for name in ("impedancepy_exampleDataGamry.DTA", "impedancepy_exampleDataVersaStudio.par"):
        recording = read(name)
        assert recording.geometry.area_cm2 is None
        assert recording.metadata["stated_area_cm2"] == "1"


@pytest.mark.parametrize("celsius", range(140, 201, 10))
def test_the_temperature_in_the_title_is_taken_and_said(celsius: int) -> None:
    recording = read(f"eisfitpython/s04147-{celsius}deg.txt")
    assert recording.temperature_C == celsius
    assert any("title" in remark for remark in recording.remarks)


def test_the_temperature_in_a_name_is_only_passed_on() -> None:
    recording = read("hybriddrt_PEIS_LPSCl_IonBlocking_-25C.txt")
    assert recording.temperature_C is None
    assert recording.metadata["temperature_in_name_C"] == "-25"


def test_the_part_at_direct_current_is_left_out_of_a_parstat_file() -> None:
    recording = read("impedancepy_exampleDataParstat.txt")
    assert any("direct current" in remark for remark in recording.remarks)
    assert recording.spectra[0].impedance_ohm[-1] == pytest.approx(0.0270946491457229 - 0.00399791080333837j)
