"""Diffraction files: real ones of every format, and what damaged ones say."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import InstrumentError
from alloop.instruments.readers import read_recording
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.diffraction import read_diffraction
from alloop.instruments.recording import Recording

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "xrd"
real_files = pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there: no real patterns")
FILES = sorted(path.name for path in SHARED.iterdir() if path.suffix != ".cif") if SHARED.exists() else []
ANGLES = np.round(np.arange(10.0, 40.0, 0.05), 4)
COUNTS = np.round(500.0 + 4000.0 * np.exp(-(((ANGLES - 25.3) / 0.15) ** 2)))


def _read(data: bytes, name: str = "file") -> Recording | None:
    return read_diffraction(Content(data, name))


def _text(
    separator: str = " ", *, header: str = "", decimal: str = ".", sigma: bool = False, end: str = "\n"
) -> bytes:
    rows = [
        separator.join(
            [f"{x:.4f}".replace(".", decimal), f"{y:.1f}".replace(".", decimal)]
            + ([f"{np.sqrt(y):.3f}".replace(".", decimal)] if sigma else [])
        )
        for x, y in zip(ANGLES, COUNTS, strict=True)
    ]
    return (header + end.join(rows) + end).encode()


def _xrdml(
    body: str = "", wavelength: str = "1.5405980", intensities: str = "counts", prolog: str = ""
) -> bytes:
    numbers = " ".join(f"{value:.0f}" for value in COUNTS)
    return f"""<?xml version="1.0"?>{prolog}
<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/2.3"><xrdMeasurement>
<usedWavelength><kAlpha1>{wavelength}</kAlpha1><kAlpha2>1.544426</kAlpha2>
<ratioKAlpha2KAlpha1>0.5</ratioKAlpha2KAlpha1></usedWavelength>
<scan status="Completed"><dataPoints><positions axis="2Theta"><startPosition>{ANGLES[0]}</startPosition>
<endPosition>{ANGLES[-1]}</endPosition></positions><commonCountingTime>10</commonCountingTime>{body}
<{intensities}>{numbers}</{intensities}></dataPoints></scan></xrdMeasurement></xrdMeasurements>""".encode()


def _archive(**parts: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


@real_files
@pytest.mark.parametrize("name", FILES)
def test_every_real_file_is_a_pattern(name: str) -> None:
    recording = read_recording((SHARED / name).read_bytes(), "upload")
    pattern = recording.pattern
    assert recording.kind == "diffraction"
    assert pattern is not None
    assert np.all(np.diff(pattern.two_theta_deg) > 0)
    assert pattern.counts.shape == pattern.two_theta_deg.shape
    assert pattern.counts.max() > 0


@real_files
@pytest.mark.parametrize(
    ("name", "format", "points", "place", "wavelength"),
    [  # the strongest peak of each, as known of the sample
        ("datalab_TiO2.raw", "Bruker .raw", 1647, 27.45, 1.5406),
        ("datalab_TiOF.brml", "Bruker .brml", 2469, 27.04, 1.5406),
        ("datalab_JO_KL_16_ZF_3_60deg_0.02step_12degpermin_001.rasx", "Rigaku .rasx", 2851, 7.38, 1.540593),
        ("pynxtools_XRD-918-16_10.xrdml", "PANalytical .xrdml", 5027, 26.62, 1.540598),
        ("datalab_example_bmb.xye", "text pattern", 575, 0.5, 0.414581),
        ("datalab_example_evadiffract.xy", "DIFFRAC.EVA text", 28, 5.162, 1.540593),
    ],
)
def test_formats_of_real_files(name: str, format: str, points: int, place: float, wavelength: float) -> None:
    recording = read_recording((SHARED / name).read_bytes(), "upload")
    pattern = recording.pattern
    assert pattern is not None
    assert (recording.format, len(pattern.counts)) == (format, points)
    assert pattern.two_theta_deg[np.argmax(pattern.counts)] == pytest.approx(place, abs=0.05)
    assert pattern.wavelength_angstrom == pytest.approx(wavelength, abs=1e-5)


@pytest.mark.parametrize(
    "data",
    [
        _text(),
        _text("\t", header="# 2theta counts\n"),
        _text(";", decimal=","),
        _text(",", header="2theta,intensity\n"),
        _text(sigma=True, end="\r\n"),
        b"\xef\xbb\xbf" + _text(),
        _text().decode().encode("utf-16"),
        _text(end="\r"),
        _xrdml(),
        _xrdml(intensities="intensities"),
        _archive(
            **{"Data0/Profile0.txt": "\n".join(f"{x}\t{y}\t1" for x, y in zip(ANGLES, COUNTS, strict=True))}
        ),
    ],
)
def test_the_same_pattern_in_any_dialect(data: bytes) -> None:
    recording = _read(data)
    assert recording is not None
    assert recording.pattern is not None
    np.testing.assert_allclose(recording.pattern.two_theta_deg, ANGLES, rtol=1e-6)
    np.testing.assert_allclose(recording.pattern.counts, COUNTS, rtol=1e-6)


def test_headers_state_radiation_and_uncertainty() -> None:
    cobalt = _read(_text(header='Id: "1" Anode: "Co"\n'))
    assert cobalt.pattern.wavelength_angstrom == pytest.approx(1.788996)
    beamline = _read(_text(header="# Calibrated wavelength = 0.414581\n", sigma=True))
    assert beamline.pattern.wavelength_angstrom == 0.414581
    assert beamline.pattern.has_k_alpha_2 is False
    np.testing.assert_allclose(beamline.pattern.sigma, np.sqrt(COUNTS), rtol=1e-3)


def test_a_third_column_that_is_a_background_is_left_out() -> None:
    rows = "\n".join(f"{x} {y} {500 + i % 3}" for i, (x, y) in enumerate(zip(ANGLES, COUNTS, strict=True)))
    recording = _read(rows.encode())
    assert recording.pattern.sigma is None
    assert any("third column" in remark for remark in recording.remarks)


def test_attenuated_counts_are_put_back() -> None:
    factors = " ".join("10" if 20 < i < 40 else "1" for i in range(len(COUNTS)))
    recording = _read(_xrdml(f"<beamAttenuationFactors>{factors}</beamAttenuationFactors>"))
    assert recording.pattern.counts[30] == pytest.approx(10 * COUNTS[30])
    assert recording.pattern.sigma[30] == pytest.approx(10 * np.sqrt(COUNTS[30]))
    assert any("attenuator" in remark for remark in recording.remarks)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (_xrdml()[:-200], "damaged or cut off"),
        (_xrdml(prolog='<!DOCTYPE x [<!ENTITY a "aaaa">]>'), "entities"),
        (
            _xrdml()
            .replace(b"</counts>", b" 12</counts>")
            .replace(b"<endPosition>39.95", b"<endPosition>nan"),
            "no|number|points",
        ),
        (_xrdml().replace(b'axis="2Theta"', b'axis="Phi"'), "no scan"),
        (_xrdml().replace(b"<counts>500", b"<counts>oops"), "other than numbers"),
        (b"RAW1.01\x00" + b"\x00" * 800, "version 3"),
        (b"RAW4.00\x00" + b"\x00" * 100, "ranges"),
        (_archive(**{"Data0/Profile0.txt": "10 a 1\n" * 30}), "damaged"),
        (_archive(**{"Experiment0/RawData0.xml": "<RawData><DataRoute>"}), "damaged or cut off"),
        (_archive(**{"Experiment0/RawData0.xml": "<RawData/>"}), "no scan"),
    ],
)
def test_damaged_files_are_refused_for_their_reason(data: bytes, says: str) -> None:
    with pytest.raises(InstrumentError, match=says) as caught:
        _read(data, "upload.bin")
    assert "upload.bin" in str(caught.value)
    assert caught.value.problems[0].mend


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = _archive(**{"Experiment0/RawData0.xml": "<RawData>" + " " * 200_000_000})
    assert len(bomb) < 1_000_000
    with pytest.raises(InstrumentError, match="would unpack"):
        _read(bomb)
    # An archive that states less than it holds is stopped while it is read.
    liar = bytearray(bomb)
    directory = liar.rindex(b"PK\x01\x02")
    liar[directory + 24 : directory + 28] = struct.pack("<I", 1000)
    with pytest.raises(InstrumentError):
        _read(bytes(liar))


def test_other_files_are_none() -> None:
    assert _read(_archive(**{"xl/workbook.xml": "<a/>"})) is None
    assert _read(b"some words\nand numbers 1 2 3\n") is None
    spectrum = "\n".join(f"{f} {z} {-z}" for f, z in zip(np.logspace(6, -1, 60), range(60), strict=True))
    assert _read(spectrum.encode()) is None


SEEDS = [_text(sigma=True), _xrdml(), _archive(**{"Data0/Profile0.txt": _text("\t").decode()})]


@given(
    st.sampled_from(SEEDS),
    st.integers(0, 10**6),
    st.binary(min_size=1, max_size=8),
    st.sampled_from(["cut", "insert", "replace"]),
)
@settings(max_examples=150, deadline=None)
def test_mutated_files_give_a_pattern_or_one_clear_message(
    data: bytes, place: int, piece: bytes, how: str
) -> None:
    place %= len(data)
    mutated = {
        "cut": data[:place],
        "insert": data[:place] + piece + data[place:],
        "replace": data[:place] + piece + data[place + len(piece) :],
    }[how]
    try:
        recording = _read(mutated)
    except InstrumentError as error:
        assert error.problems[0].mend  # noqa: PT017  either outcome is right
        return
    if recording is not None:
        assert np.all(np.isfinite(recording.pattern.counts))
        assert np.all(np.diff(recording.pattern.two_theta_deg) > 0)


@real_files
@pytest.mark.parametrize("name", ["datalab_TiO2.raw", "datalab_TiOF.brml"])
@pytest.mark.parametrize("seed", range(25))
def test_mutated_binary_files(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray((SHARED / name).read_bytes())
    for place in rng.integers(0, min(len(data), 2000 if seed % 2 else len(data)), 5):
        data[place] = int(rng.integers(0, 256))
    if seed % 3 == 0:
        data = data[: int(rng.integers(1, len(data)))]
    try:
        _read(bytes(data))
    except InstrumentError as error:
        assert error.problems[0].mend  # noqa: PT017  either outcome is right
