"""Zip archives of diffractometers: Bruker .brml and Rigaku .rasx."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.xrd_pattern import MOST_POINTS, make_recording, one_of
from alloop.instruments.readers.xrd_xml import open_archive, parse_xml, read_part
from alloop.instruments.recording import Recording

_BRUKER_PART = re.compile(r"(^|/)Experiment\d+/RawData\d+\.xml$")
_RIGAKU_PART = re.compile(r"(^|/)Data\d+/Profile\d+\.txt$")
# The misspelling is Rigaku's own.
_RIGAKU_CONDITIONS = re.compile(r"(^|/)Data\d+/Me(a)?surementConditions\d+\.xml$")
_MOST_SCANS = 50


def is_archive(content: Content) -> bool:
    """Whether the file is a zip archive."""
    return content.data[:4] == b"PK\x03\x04"


def read_archive(content: Content) -> Recording | None:
    """The pattern of a .brml or .rasx archive; None for any other archive.

    Raises:
        InstrumentError: when it is one of these and damaged or too large.
    """
    # An archive of another kind is none of ours, damaged or not.
    if not re.search(rb"RawData\d+\.xml|Profile\d+\.txt", content.data):
        return None
    archive = open_archive(content.data, content.name)
    names = archive.namelist()
    bruker = sorted(one for one in names if _BRUKER_PART.search(one))
    rigaku = sorted(one for one in names if _RIGAKU_PART.search(one))
    if bruker:
        parts = [read_part(archive, one, content.name) for one in bruker[:_MOST_SCANS]]
        return _bruker([parse_xml(part, content.name) for part in parts], content.name)
    if rigaku:
        texts = [
            read_part(archive, one, content.name).decode("utf-8-sig", "replace")
            for one in rigaku[:_MOST_SCANS]
        ]
        conditions = [one for one in names if _RIGAKU_CONDITIONS.search(one)]
        root = (
            parse_xml(read_part(archive, conditions[0], content.name), content.name) if conditions else None
        )
        return _rigaku(texts, root, content.name)
    return None


def _bruker(roots: list[Element], name: str) -> Recording:
    scans: list[tuple[FloatArray, FloatArray]] = []
    remarks: list[str] = []
    for root in roots:
        for route in root.iter("DataRoute"):
            scan = _bruker_route(route, name)
            if scan is not None:
                scans.append(scan)
    if not scans:
        raise InstrumentError("the archive holds no scan over 2θ", "export a 2θ scan as .xy", name)
    angles, counts = one_of(scans, remarks)
    first, second, ratio = (
        _bruker_value(roots[0], tag) for tag in ("WaveLengthAlpha1", "WaveLengthAlpha2", "WaveLengthRatio")
    )
    has_second = second is not None and ratio != 0.0
    seconds = next((one.text for one in roots[0].iter("TimePerStepEffective") if one.text), None)
    metadata = {} if seconds is None else {"counting_time_s": seconds.strip()[:30]}
    return make_recording(
        "Bruker .brml",
        angles,
        counts,
        name,
        wavelength_angstrom=first,
        has_k_alpha_2=has_second or first is None,
        metadata=metadata,
        remarks=remarks,
    )


def _bruker_route(route: Element, name: str) -> tuple[FloatArray, FloatArray] | None:
    """One scan: rows of time per step, a flag, the axes in the order that the scan states, the counts."""
    axes = [one.get("AxisId") for one in route.iter("ScanAxisInfo")]
    rows = [one.text or "" for one in route.iter("Datum")]
    if "TwoTheta" not in axes or not rows:
        return None
    if len(rows) > MOST_POINTS:
        raise InstrumentError(f"{len(rows)} points are more than {MOST_POINTS}", "export fewer points", name)
    place = 2 + axes.index("TwoTheta")
    try:
        table = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    except ValueError as error:
        raise InstrumentError(
            f"a row of the scan is damaged ({error})", "export the file again", name
        ) from error
    if table.ndim != 2 or table.shape[1] < 2 + len(axes) + 1:
        raise InstrumentError(
            "the rows of the scan lack an axis or the counts", "export the scan as .xy", name
        )
    return table[:, place], table[:, 2 + len(axes)]


def _bruker_value(root: Element, tag: str) -> float | None:
    for element in root.iter(tag):
        text = element.get("Value") or element.text or ""
        try:
            return float(text)
        except ValueError:
            continue
    return None


def _rigaku(texts: list[str], conditions: Element | None, name: str) -> Recording:
    scans: list[tuple[FloatArray, FloatArray]] = []
    remarks: list[str] = []
    attenuated = False
    for text in texts:
        try:
            table = np.array(
                [[float(cell) for cell in row.split()] for row in text.splitlines() if row.strip()]
            )
        except ValueError as error:
            raise InstrumentError(
                f"a row of the profile is damaged ({error})", "export the scan as .xy", name
            ) from error
        if table.ndim != 2 or table.shape[1] not in (2, 3):
            raise InstrumentError(
                "the profile is not columns of 2θ, counts and attenuation", "export as .xy", name
            )
        factor = table[:, 2] if table.shape[1] == 3 else np.ones(len(table))
        attenuated |= bool(np.any(factor != 1.0))
        scans.append((table[:, 0], table[:, 1] * factor))
    angles, counts = one_of(scans, remarks)
    if attenuated:
        remarks.append("an attenuator was in for some points; counts were multiplied with its factor")
    values: dict[str, float] = {}
    line = ""
    if conditions is not None:
        for key in ("WavelengthKalpha1", "WavelengthKalpha2"):
            try:
                values[key] = float(next(conditions.iter(key)).text or "")
            except (StopIteration, ValueError):
                continue
        line = next((one.text or "" for one in conditions.iter("WaveType")), "")
    return make_recording(
        "Rigaku .rasx",
        angles,
        counts,
        name,
        wavelength_angstrom=values.get("WavelengthKalpha1"),
        has_k_alpha_2=line.strip() != "Ka1",
        remarks=remarks,
    )
