"""What readers take from small files, what they say about it, and what they refuse."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import numpy as np
import pytest

from alloop.errors import InstrumentError
from alloop.instruments.readers import is_recording, read_recording
from alloop.instruments.readers.limits import LARGEST_FILE_MB, MOST_ROWS
from alloop.instruments.recording import Recording

SWEEP = ("1e6,100,-5", "1e5,120,-40", "1e4,200,-60", "1e3,250,-10", "1e2,260,-80")
HEADING = "freq/Hz,Z'/ohm,Z''/ohm"


def read(*lines: str, name: str = "file.csv") -> Recording:
    return read_recording("\n".join(lines).encode(), name)


def refusal(*lines: str) -> str:
    with pytest.raises(InstrumentError) as caught:
        read(*lines)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("file.csv: ")
    assert "; " in message  # says what would mend it
    return message


def with_column(heading: str, cells: Sequence[object], rows: Sequence[str] = SWEEP) -> Recording:
    return read(f"{HEADING},{heading}", *(f"{row},{cell}" for row, cell in zip(rows, cells, strict=True)))


class TestSpectra:
    def test_cycles_become_spectra_with_their_numbers(self) -> None:
        recording = with_column("cycle number", [1] * 5 + [2] * 5, SWEEP * 2)
        assert [spectrum.name for spectrum in recording.spectra] == ["cycle 1", "cycle 2"]
        assert all(spectrum.frequency_Hz.size == 5 for spectrum in recording.spectra)

    def test_sweeps_without_a_count_are_told_apart_by_the_frequency_jumping_back(self) -> None:
        recording = read(HEADING, *SWEEP, *SWEEP, *SWEEP)
        assert [spectrum.name for spectrum in recording.spectra] == ["spectrum 1", "spectrum 2", "spectrum 3"]

    def test_a_column_of_temperatures_gives_every_sweep_its_own(self) -> None:
        recording = with_column("Temperature/°C", [25] * 5 + [59.9, 60.1, 60, 60, 60], SWEEP * 2)
        assert [spectrum.temperature_C for spectrum in recording.spectra] == [25.0, pytest.approx(60.0)]
        kelvin = with_column("T (K)", [298.15] * 5)
        assert kelvin.spectra[0].temperature_C == pytest.approx(25.0)

    def test_spectra_side_by_side(self) -> None:
        recording = read(f"{HEADING},{HEADING}", *(f"{row},{row}" for row in SWEEP))
        assert len(recording.spectra) == 2

    @pytest.mark.parametrize(
        ("heading", "value", "thickness", "area"),
        [
            ("thickness_mm", 1.5, 1.5, None), ("Height [cm]", 0.2, 2.0, None), ("diameter (mm)", 10, None, np.pi / 4),
            ("area/cm²", 0.785, None, 0.785), ("thickness (µm)", 500, 0.5, None), ("height", 3, None, None),
        ],
    )  # fmt: skip
    def test_sizes_in_columns_need_a_unit(
        self, heading: str, value: float, thickness: float | None, area: float | None
    ) -> None:
        geometry = with_column(heading, [value] * 5).geometry
        assert geometry.thickness_mm == (None if thickness is None else pytest.approx(thickness))
        assert geometry.area_cm2 == (None if area is None else pytest.approx(area))

    @pytest.mark.parametrize(
        ("line", "thickness", "area"),
        [
            ("# thickness: 1.05 mm, diameter: 1 cm", 1.05, np.pi / 4), ("Sample height = 850 µm", 0.85, None),
            ("Dicke: 1,2 mm", 1.2, None), ("Electrode thickness: 0.1 mm", None, None),
            ("Surface area (cm2) = 0.5", None, 0.5), ("Height=661", None, None), ("thickness: -1 mm", None, None),
        ],
    )  # fmt: skip
    def test_sizes_above_the_table(self, line: str, thickness: float | None, area: float | None) -> None:
        geometry = read(line, HEADING, *SWEEP).geometry
        assert geometry.thickness_mm == thickness
        assert geometry.area_cm2 == (None if area is None else pytest.approx(area))

    def test_a_temperature_above_the_table(self) -> None:
        assert read("Temperature: 60 °C", HEADING, *SWEEP).temperature_C == 60.0
        assert read("Temperature [K] = 333.15", HEADING, *SWEEP).temperature_C == pytest.approx(60.0)

    def test_a_column_with_the_other_sign_is_turned_and_said(self) -> None:
        frequency = np.logspace(6, 1, 30)
        impedance = 1000.0 / (1.0 + 2j * np.pi * frequency * 1e-4)
        rows = [f"{f},{z.real},{-z.imag}" for f, z in zip(frequency, impedance, strict=True)]
        recording = read(HEADING, *rows)
        np.testing.assert_allclose(recording.spectra[0].impedance_ohm, impedance)
        assert any("taken as -Z''" in remark for remark in recording.remarks)

    def test_words_far_above_the_table_are_no_headings(self) -> None:
        preamble = ["time, voltage, current were set as follows", *["words"] * 20, "i - t curve"]
        assert len(read(*preamble, HEADING, *SWEEP).spectra) == 1

    def test_whole_numbers_in_the_first_rows_do_not_hide_decimal_commas(self) -> None:
        rows = [f"{10**6 - i};{100 + i};-5" for i in range(300)] + [
            f"{1000 - i};200,5;-6,5" for i in range(300)
        ]
        spectra = read("f/Hz;Z'/ohm;Z''/ohm", *rows).spectra
        assert spectra[-1].impedance_ohm[-1] == 200.5 - 6.5j

    def test_an_inductive_spectrum_is_not_turned(self) -> None:
        frequency = np.logspace(6, 3, 30)
        impedance = 5.0 + 1e-3 * np.sqrt(frequency) * (1 + 1j)  # a lead with skin effect
        rows = [f"{f},{z.real},{z.imag}" for f, z in zip(frequency, impedance, strict=True)]
        for lines in ([HEADING, *rows], rows):
            assert (read(*lines).spectra[0].impedance_ohm.imag > 0).all()

    def test_a_few_bad_rows_are_left_out_and_counted(self) -> None:
        recording = read(HEADING, *SWEEP * 4, "1e1,NaN,-3")
        assert sum(spectrum.frequency_Hz.size for spectrum in recording.spectra) == 20
        assert any("1 of 21 row left out" in remark for remark in recording.remarks)

    def test_many_bad_rows_are_refused_with_their_number(self) -> None:
        assert "3 of 8 rows" in refusal(HEADING, *SWEEP, "1,NaN,2", "2,inf,2", "-5,1,1")


class TestTraces:
    def test_times_that_begin_anew_in_every_step_are_added_up(self) -> None:
        recording = read("time/s,E/V,I/A,step", "0,1,1,1", "10,1,1,1", "0,1,1,2", "10,1,1,2")
        assert recording.trace is not None
        np.testing.assert_array_equal(recording.trace.time_s, [0, 10, 10, 20])
        np.testing.assert_array_equal(recording.trace.cycle, [1, 1, 2, 2])
        assert any("added up" in remark for remark in recording.remarks)

    def test_a_voltammogram_may_lack_times(self) -> None:
        trace = read("E (V vs Na/Na+),I (µA)", "0,1", "1,2", "2,3").trace
        assert trace is not None
        assert np.isnan(trace.time_s).all()
        np.testing.assert_allclose(trace.current_A, [1e-6, 2e-6, 3e-6])

    def test_columns_of_a_program_that_fills_impedances_with_zeros(self) -> None:
        heading = "Potential (V),Current (A),Elapsed Time (s),Frequency (Hz),Zre (ohms),Zim (ohms)"
        assert read(heading, "1,2,0,0,0,0", "1,2,1,0,0,0", "1,2,2,0,0,0").kind == "current-voltage"

    def test_curves_of_a_gamry_file_are_counted_as_cycles(self) -> None:
        curve = "\tPt\tVf\tIm\n\t#\tV\tA\n\t0\t1.0\t2.0\n\t1\t1.1\t2.1\n"
        text = f"EXPLAIN\nTAG\tCV\nCURVE1\tTABLE\t2\n{curve}CURVE2\tTABLE\t2\n{curve}"
        trace = read_recording(text.encode(), "x.DTA").trace
        assert trace is not None
        np.testing.assert_array_equal(trace.cycle, [1, 1, 2, 2])


class TestRefusals:
    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            (["Z'/ohm,Z''/ohm", "1,2", "2,3", "3,4"], "no column of frequencies"),
            (["freq/Hz,Z'/ohm", "1,2", "2,3", "3,4"], "neither Z' and Z'' nor"),
            (["freq/Hz,|Z|/ohm,phase", "1,2,-1", "10,3,-1", "100,4,-1"], "degrees or radians"),
            (["freq/Hz,Z'/ohm cm2,Z''/ohm cm2", *SWEEP], "impedance times area"),
            ([HEADING, "1,0,5,0,-1,0", "2,0,5,0,-1,0", "3,0,5,0,-1,0"], "parts the cells and marks the decimals"),
            ([f"{HEADING},|Z|/ohm", *(f"{row},7" for row in SWEEP)], "contradicts Z' and Z''"),
            ([HEADING, "1,1,1", "1,2,1", "1,3,1"], "3 complete points in 1 sweeps"),
            ([HEADING, "only", "words"], "no numbers below the headings"),
            (["time/s,E/V", "1,2", "2,3", "3,4"], "no column of the current"),
            (["time/s,I/A", "1,2", "2,3", "3,4"], "no column of the voltage"),
            (["time/s,E/V,j/mA cm-2", "1,2,3", "2,3,4", "3,4,5"], "not the area"),
            (["time/s,E/V,I/A", "1,2,3", "3,3,4", "2,4,5"], "backwards in 1 places"),
            (["1,2,3,4", "2,3,4,5", "3,4,5,6"], "4 columns of numbers and no headings"),
            (["sample,ionic_conductivity [mS/cm]", "A-001_B07,1.2"], "a table of results"),
            (["well,time/s,E/V,I/A", "A1,1,2,3", "A2,2,3,4"], "column of samples or wells"),
            (["phase,wt%", "Li7La3Zr2O12_230,95.2"], "a table of phases"),
            (["Li7La3Zr2O12_230, 95.2", "La2Zr2O7_227, 4.8"], "a table of phases"),
            (["dear all,", "please find attached"], "text without a table"),
        ],
    )  # fmt: skip
    def test_the_reason_is_named(self, lines: list[str], reason: str) -> None:
        assert reason in refusal(*lines)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "the file is empty"), (b"\xef\xbb\xbf \r\n", "the file is empty"),
            (b"%PDF-1.7 ...", "a PDF document"),
            (b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel workbook"), (bytes(range(256)) * 9, "a binary file"),
            (b"PK\x03\x04 nothing else", "zip archive"), (b"1\t2\t3\n" * (MOST_ROWS + 1), "lines; at most"),
            (b"x" * (LARGEST_FILE_MB * 1_000_000 + 1), "MB; an instrument file may have"),
            (b"BIO-LOGIC MODULAR FILE\x1a and no more", "damaged or of a version"),
            ((f"{HEADING}\n" + "1," * 3000 + "1\n").encode(), "a row has 3001 cells"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )  # fmt: skip
    def test_bytes_that_are_no_recording(self, data: bytes, reason: str) -> None:
        if data.startswith(b"BIO"):
            pytest.importorskip("galvani")
        with pytest.raises(InstrumentError, match=reason):
            read_recording(data, "x")

    def test_a_workbook_that_unpacks_to_too_much(self) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
            archive.writestr("xl/worksheets/sheet1.xml", bytes(160_000_000))
        with pytest.raises(InstrumentError, match="unpacks to 160 MB"):
            read_recording(packed.getvalue(), "x.xlsx")

    def test_a_binary_file_without_the_package_that_reads_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "galvani", None)
        monkeypatch.setitem(__import__("sys").modules, "galvani.BioLogic", None)
        with pytest.raises(InstrumentError, match=r"pip install 'alloop\[mpr\]'"):
            read_recording(b"BIO-LOGIC MODULAR FILE\x1a", "x.mpr")


@pytest.mark.parametrize(
    "lines",
    [
        ["sample,ionic_conductivity [mS/cm]", "A-001_B07,1.2"],
        ["plate,well,time/s,E/V,I/A", "A,A1,1,2,3", "A,A2,2,3,4"],
        ["phase,wt%", "Li7La3Zr2O12_230,95.2"],
        ["formula,temperature_C,thickness_mm", "LiCl,25,1"],
        ["dear all,", "please find attached"],
        [""],
    ],
)
def test_tables_of_results_and_phases_are_no_recordings(lines: list[str]) -> None:
    assert not is_recording("\n".join(lines).encode(), "x")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32"])
def test_encodings(encoding: str) -> None:
    text = "\r".join(["freq/Hz;Z'/Ohm;-Z''/Ohm;Temperatur/°C", *(f"{f};5;1;60" for f in (1e3, 1e2, 1e1))])
    recording = read_recording(text.encode(encoding), "x")
    assert recording.spectra[0].temperature_C == 60.0
