"""One spectrum, or one trace, written the way many programs and people write it: what readers are tried on."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np

_MPT_HEAD = (
    "EC-Lab ASCII FILE", "Nb header lines : {count}                          ", "", "{technique}", "",
    "Run on channel : 1 (SN 15255)", "Technique started on : 05/15/2025 01:18:45.867",
    "Reference electrode : Li/Li+ (0.000 V)", "Electrode surface area : 0.001 cm²", "{settings}", "",
)  # fmt: skip
_GAMRY_HEAD = (
    "EXPLAIN", "TAG\t{tag}", "TITLE\tLABEL\tA title\tTest &Identifier", "DATE\tLABEL\t5/15/2025\tDate",
    "TIME\tLABEL\t01:18:45\tTime", "SCANRATE\tQUANT\t5.00000E-001\tScan Rate (mV/s)",
    "AREA\tQUANT\t7.85000E-001\t&Area (cm^2)",
)  # fmt: skip


def example_spectrum(points: int = 41) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in Hz and impedances in ohm of an arc of 1500 ohm before a blocking electrode."""
    frequency = np.logspace(6, 0, points)
    omega = 2j * np.pi * frequency
    return frequency, 20.0 + 1500.0 / (1.0 + (omega * 1500.0 * 2e-9) ** 0.9) + 1.0 / (2e-6 * omega**0.85)


def example_trace(points: int = 101) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in s, voltages in V and currents in A of a polarisation."""
    time = np.linspace(0.0, 3600.0, points)
    return time, np.full(points, 0.1), 1e-7 + 5e-6 * np.exp(-time / 300.0)


def _rows(columns: Sequence[np.ndarray], delimiter: str, comma: bool = False, digits: int = 12) -> list[str]:
    lines = [delimiter.join(f"{number:.{digits}E}" for number in row) for row in np.column_stack(columns)]
    return [line.replace(".", ",") for line in lines] if comma else lines


def _text(lines: Sequence[str], end: str = "\n", encoding: str = "utf-8") -> bytes:
    return (end.join(lines) + end).encode(encoding)


def _mpt(
    technique: str, headings: Sequence[str], columns: Sequence[np.ndarray], comma: bool, settings: str = ""
) -> bytes:
    head = "\n".join(_MPT_HEAD).format(
        count=len(_MPT_HEAD) + 1, technique=technique, settings=settings or "corr  0"
    )
    return _text(
        [*head.split("\n"), "\t".join(headings) + "\t", *_rows(columns, "\t", comma)], "\r\n", "cp1252"
    )


def written_spectra(frequency: np.ndarray, impedance: np.ndarray) -> Mapping[str, bytes]:
    """The spectrum in every text dialect and as a workbook, by a name for the dialect."""
    f, re, im = frequency, impedance.real, impedance.imag
    size, phase = np.abs(impedance), np.angle(impedance)
    angle = np.degrees(phase)
    none, count = np.zeros_like(f), np.arange(f.size, dtype=float)
    eis = "Potentio Electrochemical Impedance Spectroscopy"
    mpt = (
        "freq/Hz",
        "Re(Z)/Ohm",
        "-Im(Z)/Ohm",
        "|Z|/Ohm",
        "Phase(Z)/deg",
        "time/s",
        "<Ewe>/V",
        "<I>/mA",
        "cycle number",
    )
    mpt_columns = (f, re, -im, size, angle, count, none, none, none + 1)
    german = (
        "Frequenz/Hz",
        "Re(Z)/Ohm",
        "-Im(Z)/Ohm",
        "|Z|/Ohm",
        "Phase(Z)/deg",
        "Zeit/s",
        "<Ewe>/V",
        "<I>/mA",
        "Zyklus",
    )
    zplot = (f, none, none, count, re, im, none, none, none)
    plain = _rows((f, re, im), ",")
    versa = (
        "Definition=Segment #, Point #, E(V), I(A), Elapsed Time(s), Frequency(Hz), Z Real, Z Imag, ActionId"
    )
    gamry = ["ZCURVE\tTABLE", "\tPt\tTime\tFreq\tZreal\tZimag\tZmod\tZphz", "\t#\ts\tHz\tohm\tohm\tohm\t°"]
    return {
        "mpt": _mpt(eis, mpt, mpt_columns, False),
        "mpt with decimal commas": _mpt(eis, mpt, mpt_columns, True),
        "mpt with German headings": _mpt(eis, german, mpt_columns, True),
        "Gamry": _text(
            ["\n".join(_GAMRY_HEAD).format(tag="EISPOT"), *gamry,
             *("\t" + row for row in _rows((count, count, f, re, im, size, angle), "\t"))],
            "\n", "cp1252",
        ),
        "ZPlot": _text(
            ["ZPLOT2 ASCII", "  Date:   05-15-2025", "  Time:   01:18:45", "  Surface Area:     1",
             "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange", "End Comments", *_rows(zplot, "\t")]
        ),
        "ZPlot without comments": _text(
            ['"ZPlotW Data File: Version 3.2c"', '"Raw Data"', "Date: 05-15-2025    Time: 01:18:45", "0,3,0,1,300000,1",
             '"  Freq(Hz)    Ampl     Bias   Time(Sec)   Z\'(a)    Z\'\'(b)    GD   Err   Range"', *_rows(zplot, ", ")]
        ),
        "Autolab": _text(
            ['"Z60W Data File: Version 1.1"', '""', "0,2,0,1,0.1,10000", "41",
             '"  Freq (Hz)    Ampl     Bias   Time(Sec)   Z\'(a)    Z\'\'(b)    GD   Err   Range"', *_rows(zplot, ",")],
            "\r\n", "utf-8-sig",
        ),
        "VersaStudio": _text(
            ["<Application>", "Name=VersaStudio", "</Application>", "<Segment1>", versa,
             *_rows((none, count, none, none, count, f, re, im, none), ","), "</Segment1>", "<Layout>", "</Layout>"]
        ),
        "RelaxIS": _text(
            ["RelaxIS 3.0 Spectrum export", "Date: 12/16/2025 2:29:15 PM",
             "Data: Frequency\tData: Z'\tData: Z''\tData: |Z|\tData: Theta (Z)",
             "DC=0, TM=33.7, J=-5E-6, FV2=1\tModel: None\t\t\t", *_rows((f, re, im, size, angle), "\t")]
        ),
        "CHI": _text(
            ["May 15, 2025   01:18:45", "A.C. Impedance", "Instrument Model:  CHI660E", "",
             "Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg", "", *_rows((f, re, im, size, angle), ", ")]
        ),
        "Parstat": _text(
            ["Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\t",
             *_rows((none[:5], none[:5], count[:5], none[:5], none[:5], none[:5]), "\t"),
             *_rows((none, none, count, f, re, im), "\t")]
        ),
        "PowerSuite": _text(["Frequency\t Zre\t Zimg\t", *_rows((f, re, im), "\t ")], "\r\r\n"),
        "comma": _text(["freq (Hz),Z' (ohm),Z'' (ohm)", *plain]),
        "semicolon and decimal comma": _text(["Frequency/Hz;Re(Z)/Ohm;Im(Z)/Ohm", *_rows((f, re, im), ";", True)]),
        "spaces and decimal comma": _text(["f(Hz)   Zre(Ohm)   Zim(Ohm)", *_rows((f, re, im), "   ", True)]),
        "tabs, negated": _text(["f/Hz\tZ'/Ω\t−Z''/Ω", *_rows((f, re, -im), "\t")]),
        "typographic primes in kiloohm": _text(
            ["Freq [Hz]\tZ′ [kΩ]\t-Z″ [kΩ]", *_rows((f, re / 1e3, -im / 1e3), "\t")]
        ),
        "modulus and degrees": _text(["Frequency (Hz),|Z| (Ohm),Phase (deg)", *_rows((f, size, angle), ",")]),
        "modulus and radians": _text(["Frequency (Hz),|Z| (Ohm),theta (rad)", *_rows((f, size, phase), ",")]),
        "angular frequency": _text(["omega (rad/s),Z' (ohm),Z'' (ohm)", *_rows((2 * np.pi * f, re, im), ",")]),
        "kilohertz": _text(["f/kHz;Re(Z)/mOhm;-Im(Z)/mOhm", *_rows((f / 1e3, re * 1e3, -im * 1e3), ";")]),
        "comments": _text(
            ["# a comment, with a comma", "% Thickness: 1.2 mm", "#freq/Hz\tZ'/ohm\tZ''/ohm", *_rows((f, re, im), "\t")]
        ),
        "units below the headings": _text(["Freq,Zreal,Zimag", "Hz,Ohm,Ohm", *plain]),
        "several tabs": _text(["Freq.[Hz]\t\t Zs'[ohm] \t\t Zs''[ohm]", *_rows((f, re, im), "\t")]),
        "quoted": _text(
            ['"Frequency (Hz)","Z\' (Ohm)","-Z\'\' (Ohm)"',
             *(",".join(f'"{cell}"' for cell in row.split(",")) for row in _rows((f, re, -im), ","))]
        ),
        "bare carriage returns": _text(["freq/Hz\tZ'/ohm\tZ''/ohm", *_rows((f, re, im), "\t")], "\r"),
        "byte-order mark": _text(["freq/Hz,Z'/ohm,Z''/ohm", *plain], "\r\n", "utf-8-sig"),
        "UTF-16 with mark": _text(["freq/Hz,Z'/Ω,Z''/Ω", *plain], "\r\n", "utf-16"),
        "UTF-16 without mark": _text(["freq/Hz,Z'/ohm,Z''/ohm", *plain], "\n", "utf-16-be"),
        "no headings": _text(plain),
        "no headings, negated": _text(_rows((f, re, -im), "\t")),
        "no headings, rising": _text(_rows((f[::-1], re[::-1], -im[::-1]), "  ")),
        "heading lost to a spreadsheet": _text(
            ["freq/Hz\tRe(Z)/Ohm\t#NAME?\t|Z|/Ohm", *_rows((f, re, -im, size), "\t")]
        ),
        "workbook": workbook(["Frequency / Hz", "Z' / Ohm", "-Z'' / Ohm"], (f, re, -im)),
    }  # fmt: skip


def written_traces(time: np.ndarray, voltage: np.ndarray, current: np.ndarray) -> Mapping[str, bytes]:
    """The trace in many dialects, by a name for the dialect."""
    t, e, i = time, voltage, current
    count = np.arange(t.size, dtype=float)
    rate = "dE/dt               0.500               0.500\ndE/dt unit          mV/s                mV/s"
    curve = ["CURVE\tTABLE\t101", "\tPt\tT\tVf\tIm\tVu\tOver", "\t#\ts\tV vs. Ref.\tA\tV\tbits"]
    return {
        "mpt voltammetry": _mpt(
            "Cyclic Voltammetry", ("mode", "time/s", "control/V", "Ewe/V", "<I>/mA", "cycle number"),
            (count * 0 + 2, t, e, e, i * 1e3, count * 0 + 1), False, rate,
        ),
        "mpt with decimal commas": _mpt(
            "Chronoamperometry / Chronocoulometry", ("mode", "time/s", "control/V", "Ewe/V", "I/mA", "Ns"),
            (count * 0 + 2, t, e, e, i * 1e3, count * 0), True,
        ),
        "mpt without measured current": _mpt(
            "Chronopotentiometry", ("time/s", "control/mA", "Ewe/V", "cycle number"), (t, i * 1e3, e, count * 0), False
        ),
        "Gamry": _text(
            ["\n".join(_GAMRY_HEAD).format(tag="CHRONOA"), *curve,
             *("\t" + row + "\t..........." for row in _rows((count, t, e, i, e), "\t"))]
        ),
        "CHI": _text(
            ["May 15, 2025   01:18:45", "i - t Curve", "Instrument Model:  CHI660E", "",
             "Time/sec, Potential/V, Current/A", "", *_rows((t, e, i), ", ")]
        ),
        "comma": _text(["t (s),E (V vs. Li/Li+),I (mA)", *_rows((t, e, i * 1e3), ",")]),
        "microampere and minutes": _text(
            ["Time (min)\tVoltage (mV)\tCurrent (µA)", *_rows((t / 60, e * 1e3, i * 1e6), "\t")]
        ),
        "current density with area": _text(
            ["# electrode area: 0.5 cm2", "time/s\tE/V\tj/mA cm-2", *_rows((t, e, i * 1e3 / 0.5), "\t")]
        ),
        "German": _text(["Zeit/s;Spannung/V;Strom/mA", *_rows((t, e, i * 1e3), ";", True)], "\r\n", "cp1252"),
        "workbook": workbook(["time (s)", "voltage (V)", "current (A)"], (t, e, i)),
    }  # fmt: skip


def workbook(headings: Sequence[str], columns: Sequence[np.ndarray]) -> bytes:
    """An Excel workbook with one sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(headings))
    for row in np.column_stack(columns):
        sheet.append([float(number) for number in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
