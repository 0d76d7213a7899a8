"""PANalytical .xrdml: XML with positions, counts or attenuated intensities, and the radiation."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.xrd_pattern import MOST_POINTS, make_recording, one_of
from alloop.instruments.readers.xrd_xml import parse_xml
from alloop.instruments.recording import Recording

FORMAT = "PANalytical .xrdml"


def is_xrdml(content: Content) -> bool:
    """Whether the file is XML of that kind."""
    return re.search(rb"<\s*(\w+:)?xrdMeasurements", content.data[:4096].replace(b"\x00", b"")) is not None


def read_xrdml(content: Content) -> Recording:
    """The scans of a .xrdml file as one pattern.

    `intensities` are corrected for the beam attenuator already; `counts` are raw and are multiplied with
    `beamAttenuationFactors` where the file has them. Both have the uncertainty of the events that were counted.

    Raises:
        InstrumentError: when the XML is damaged or holds no scan over 2θ.
    """
    root = parse_xml(content.data, content.name)
    remarks: list[str] = []
    scans: list[tuple[FloatArray, FloatArray]] = []
    seconds: list[float] = []
    attenuation: FloatArray | None = None
    for scan in root.iter("scan"):
        found = _scan(scan, content.name)
        if found is None:
            continue
        angles, counts, factors = found
        scans.append((angles, counts))
        attenuation = factors
        time = scan.find(".//commonCountingTime")
        if time is not None:
            seconds.append(_number(time, content.name))
        if scan.get("status") not in {None, "Completed"}:
            remarks.append(f"the scan is marked {scan.get('status')!r}: it may have been stopped early")
    if not scans:
        raise InstrumentError(
            "the file holds no scan with 2θ positions and counts", "export a 2θ scan", content.name
        )
    angles, counts = one_of(scans, remarks)
    sigma = None
    if attenuation is not None and len(scans) == 1 and np.any(attenuation != 1.0):
        # Intensity = counts × factor, so that its variance is factor × intensity.
        sigma = np.sqrt(np.maximum(counts * attenuation, attenuation**2))
        remarks.append("a beam attenuator was in for some points; their uncertainties are larger")
    first, second, ratio = (_optional(root, key) for key in ("kAlpha1", "kAlpha2", "ratioKAlpha2KAlpha1"))
    has_second = ratio != 0.0 if ratio is not None else second is not None
    monochromator = root.find(".//incidentBeamPath/monochromator")
    if monochromator is not None and _removes_second(monochromator):
        has_second = False
        remarks.append("a K-alpha-1 monochromator is stated: no K-alpha-2 in the beam")
    metadata = {"counting_time_s": f"{float(np.sum(seconds)):g}"} if seconds else {}
    anode = root.find(".//anodeMaterial")
    if anode is not None and anode.text:
        metadata["anode"] = anode.text.strip()[:20]
    return make_recording(
        FORMAT,
        angles,
        counts,
        content.name,
        wavelength_angstrom=first,
        has_k_alpha_2=has_second,
        sigma=sigma,
        metadata=metadata,
        remarks=remarks,
    )


def _scan(scan: Element, name: str) -> tuple[FloatArray, FloatArray, FloatArray | None] | None:
    positions = next((one for one in scan.iter("positions") if one.get("axis") == "2Theta"), None)
    values = next((one for tag in ("counts", "intensities") for one in scan.iter(tag)), None)
    if positions is None or values is None:
        return None
    counts = _numbers(values, name)
    if len(counts) == 0:
        return None
    listed = positions.find("listPositions")
    start, end = positions.find("startPosition"), positions.find("endPosition")
    if listed is not None:
        angles = _numbers(listed, name)
    elif start is not None and end is not None:
        angles = np.linspace(_number(start, name), _number(end, name), len(counts))
    else:
        return None
    if len(angles) != len(counts):
        raise InstrumentError(
            f"{len(angles)} positions but {len(counts)} counts", "the file is damaged; export it again", name
        )
    factors = next(scan.iter("beamAttenuationFactors"), None)
    attenuation = None if factors is None else _numbers(factors, name)
    if attenuation is not None and len(attenuation) != len(counts):
        attenuation = None
    if attenuation is not None and values.tag == "counts":
        # Raw counts: what the attenuator took has to be put back.
        counts = counts * attenuation
    return angles, counts, attenuation


def _numbers(element: Element, name: str) -> FloatArray:
    texts = (element.text or "").split()
    if len(texts) > MOST_POINTS:
        raise InstrumentError(f"{len(texts)} points are more than {MOST_POINTS}", "export fewer points", name)
    try:
        return np.array(texts, dtype=float)
    except ValueError as error:
        raise InstrumentError(
            f"<{element.tag}> holds something other than numbers ({error})", "export the file again", name
        ) from error


def _number(element: Element, name: str) -> float:
    values = _numbers(element, name)
    if len(values) != 1:
        raise InstrumentError(f"<{element.tag}> is not one number", "export the file again", name)
    return float(values[0])


def _optional(root: Element, tag: str) -> float | None:
    element = root.find(f".//usedWavelength/{tag}")
    try:
        return None if element is None or not element.text else float(element.text)
    except ValueError:
        return None


def _removes_second(monochromator: Element) -> bool:
    """A hybrid or Johansson monochromator in the incident beam passes K-alpha-1 alone."""
    words = f"{monochromator.get('name', '')} {monochromator.get('type', '')}".lower()
    return any(word in words for word in ("hybrid", "johansson", "alpha-1", "alpha 1"))
