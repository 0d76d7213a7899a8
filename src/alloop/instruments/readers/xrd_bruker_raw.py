"""Bruker .raw of version 4: segments of a fixed layout, then ranges with 4-byte numbers."""

from __future__ import annotations

import struct

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.xrd_pattern import MOST_POINTS, make_recording, one_of
from alloop.instruments.recording import Recording

_OLDER = {b"RAW ": "1", b"RAW2": "2", b"RAW1": "3"}
_HEAD = 61
_HARDWARE_SEGMENT = 30
_RANGE_HEAD = 160
_MOST_RANGES = 200


def is_bruker_raw(content: Content) -> bool:
    """Whether the file begins as one of Bruker's raw files."""
    return content.data[:4] in {*_OLDER, b"RAW4"} and b"\x00" in content.data[:64]


def read_bruker_raw(content: Content) -> Recording:
    """The ranges of a version-4 file as one pattern.

    Raises:
        InstrumentError: when the file is older or damaged, or holds no 2θ scan.
    """
    data, name = content.data, content.name
    if data[:4] != b"RAW4":
        raise InstrumentError(
            f"Bruker .raw of version {_OLDER[data[:4]]} is not read",
            "export it as .brml, .xy or RAW4 (DIFFRAC.EVA: File, Export)",
            name,
        )
    try:
        return _read(data, name)
    except struct.error as error:
        raise InstrumentError("the .raw file is cut off", "copy the file again", name) from error


def _read(data: bytes, name: str) -> Recording:
    ranges = _unsigned(data, 40)
    if not 1 <= ranges <= _MOST_RANGES:
        raise InstrumentError(
            f"the .raw file states {ranges} ranges", "the file is damaged; copy it again", name
        )
    position, wavelength, second, ratio = _HEAD, None, None, None
    # Segments of the file: type, length, content; a type of 0 or 160 begins the first range.
    while _unsigned(data, position) not in {0, 160}:
        kind, length = _unsigned(data, position), _unsigned(data, position + 4)
        if length < 8 or position + length > len(data):
            raise InstrumentError("a segment of the .raw file has no length", "copy the file again", name)
        if kind == _HARDWARE_SEGMENT and length >= 120:
            _, first, other, _, share = struct.unpack_from("<5d", data, position + 72)
            wavelength, second, ratio = first, other, share
        position += length
    scans: list[tuple[FloatArray, FloatArray]] = []
    for _ in range(ranges):
        position, scan = _range(data, position, name)
        if scan is not None:
            scans.append(scan)
    if not scans:
        raise InstrumentError("the .raw file holds no scan over 2θ", "export a 2θ scan as .xy", name)
    remarks: list[str] = []
    angles, counts = one_of(scans, remarks)
    return make_recording(
        "Bruker .raw",
        angles,
        counts,
        name,
        wavelength_angstrom=wavelength,
        has_k_alpha_2=bool(second) and ratio != 0.0,
        remarks=remarks,
    )


def _range(data: bytes, position: int, name: str) -> tuple[int, tuple[FloatArray, FloatArray] | None]:
    """The end of a range, and its scan where it is one over 2θ with a fixed step."""
    kind = data[position + 32 : position + 56].split(b"\x00")[0].decode("latin-1").strip()
    start, step = struct.unpack_from("<2d", data, position + 72)
    points = _unsigned(data, position + 88)
    record_size, extra = _unsigned(data, position + 136), _unsigned(data, position + 140)
    begin = position + _RANGE_HEAD + extra
    if points > MOST_POINTS or record_size not in {4, 8, 12, 16, 20, 24, 28, 32}:
        raise InstrumentError(
            f"a range of the .raw file states {points} points of {record_size} bytes",
            "copy the file again",
            name,
        )
    end = begin + points * record_size
    if end > len(data):
        raise InstrumentError("the .raw file ends before its last point", "copy the file again", name)
    if not np.isfinite(start) or not np.isfinite(step) or step <= 0.0 or points == 0:
        return end, None
    columns = np.frombuffer(data, dtype="<f4", count=points * record_size // 4, offset=begin)
    counts = columns.reshape(points, record_size // 4)[:, 0].astype(float)
    two_theta = start + step * np.arange(points)
    return end, (two_theta, counts) if kind in {
        "Locked Coupled",
        "Unlocked Coupled",
        "Detector Scan",
        "2Theta",
    } else None


def _unsigned(data: bytes, position: int) -> int:
    return int(struct.unpack_from("<I", data, position)[0])
