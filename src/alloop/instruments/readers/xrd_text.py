"""Patterns as text: .xy, .xye, .dat, as DIFFRAC.EVA, beamlines and spreadsheets write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.numbers import Dialect, find_dialect, parse
from alloop.instruments.readers.xrd_pattern import MOST_POINTS, make_recording
from alloop.instruments.readers.xrd_radiation import K_ALPHA_ANGSTROM, anode_of
from alloop.instruments.recording import Recording

_HEADER_LINES, _LONGEST_LINE = 300, 2_000
_COMMENT = ("#", "!", "%", "*", "/", "'", '"', ";", "&", "_", "<")
_ONLY_THETA = re.compile(r"(?<!2)(?<!2[\s-])(?<!two)(?<!two[\s-])\btheta\b", re.IGNORECASE)
_WAVELENGTH = re.compile(
    r"(?:wave\s*-?length|lambda|λ|\bWL1?\b)[^\d\n]{0,30}?(\d{0,2}\.\d{2,8})", re.IGNORECASE
)
_ANODE = re.compile(r"(?:anode|target|tube)\W{0,12}(Cr|Mn|Fe|Co|Ni|Cu|Mo|Ag)\b", re.IGNORECASE)
_MONOCHROMATIC = re.compile(
    r"synchrotron|beamline|ring current|k-?\s*alpha-?\s*1 only|monochromator: *ka1", re.IGNORECASE
)
_EVA = re.compile(r"^\s*['\"]?Id: ?\"")
_SMALLEST_STEP, _LARGEST_STEP, _EVEN = 1e-4, 0.6, 0.25


def read_text_pattern(content: Content) -> Recording | None:
    """The pattern of a text file; None where its numbers cannot be one.

    Taken for a pattern is a table of two or three columns whose first rises in small, nearly equal steps between
    −10 and 180. A third column is the uncertainty if it grows with the intensity as one does; else it is left out.

    Raises:
        InstrumentError: when it is a pattern, but too short or with impossible numbers.
    """
    lines = content.lines
    start = _first_row(lines)
    if start is None:
        return None
    header = "\n".join(line[:_LONGEST_LINE] for line in lines[:start])
    body = [line for line in lines[start:] if line.strip() and not line.lstrip().startswith(_COMMENT)]
    if len(body) > MOST_POINTS or max(map(len, body)) > _LONGEST_LINE:
        return None
    dialect = find_dialect(body)
    if dialect is None:
        return None
    width = min(_width(body[0], dialect), 3)
    if width < 2:
        return None
    values = parse(body, dialect, range(width), content.name)
    complete = np.isfinite(values[:, :2]).all(axis=1)
    if not _rises_evenly(values[complete, 0]):
        return None
    remarks: list[str] = []
    if not np.all(complete):
        remarks.append(f"{int((~complete).sum())} lines without two numbers were left out")
    values = values[complete]
    if start and _ONLY_THETA.search(lines[start - 1]) and ":" not in lines[start - 1]:
        remarks.append("the first column is called theta; it was taken as 2θ, as its range tells")
    sigma = _sigma(values, remarks)
    wavelength, anode = _radiation(header)
    monochromatic = _MONOCHROMATIC.search(header) is not None or (
        wavelength is not None and anode is None and anode_of(wavelength) is None
    )
    return make_recording(
        "DIFFRAC.EVA text" if _EVA.search(header) else "text pattern",
        values[:, 0],
        values[:, 1],
        content.name,
        wavelength_angstrom=wavelength,
        has_k_alpha_2=not monochromatic,
        sigma=sigma,
        metadata={"anode": anode} if anode else {},
        remarks=remarks,
    )


def _first_row(lines: Sequence[str]) -> int | None:
    """The first of three lines of two or three numbers each, which may follow a header."""
    for start in range(min(_HEADER_LINES, max(0, len(lines) - 2))):
        three = [line[:_LONGEST_LINE] for line in lines[start : start + 3]]
        if not all(line.strip()[:1] in "0123456789+-." and line.strip() for line in three):
            continue
        dialect = find_dialect(three)
        if dialect is not None and all(2 <= _width(line, dialect) <= 4 for line in three):
            return start
    return None


def _width(line: str, dialect: Dialect) -> int:
    cells = [cell for cell in dialect.cells(line) if cell]
    numbers = [dialect.number(cell) for cell in cells]
    return len(numbers) if all(number == number for number in numbers) else 0


def _rises_evenly(angles: FloatArray) -> bool:
    if len(angles) < 3 or angles.min() < -10.0 or angles.max() > 180.0:
        return False
    steps = np.diff(angles)
    usual = float(np.median(steps))
    if not _SMALLEST_STEP <= usual <= _LARGEST_STEP:
        return False
    return bool(np.mean(np.abs(steps - usual) <= _EVEN * usual) > 0.9)


def _sigma(values: FloatArray, remarks: list[str]) -> FloatArray | None:
    """The third column where it is a standard uncertainty: well below the intensity, and growing with it."""
    if values.shape[1] < 3:
        return None
    counts, third = values[:, 1], values[:, 2]
    seen = (counts > 0) & (third > 0)
    if seen.sum() >= 0.9 * len(counts) and float(np.median(third[seen] / counts[seen])) < 0.7:
        logs, sizes = np.log(counts[seen]), np.log(third[seen])
        spread = float(np.std(logs))
        slope = float(np.polyfit(logs, sizes, 1)[0]) if spread > 0.02 else 0.5
        if 0.2 <= slope <= 1.2:
            return np.where(third > 0.0, third, float(np.median(third[seen])))
    remarks.append("the third column is not the uncertainty of the second and was left out")
    return None


def _radiation(header: str) -> tuple[float | None, str | None]:
    """The wavelength in Å and the anode that a header states."""
    stated = _WAVELENGTH.search(header)
    anode = _ANODE.search(header)
    symbol = anode[1].capitalize() if anode else None
    if stated is not None:
        return float(stated[1]), symbol
    return (K_ALPHA_ANGSTROM[symbol][0] if symbol else None), symbol
