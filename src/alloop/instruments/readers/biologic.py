"""BioLogic text files (.mpt, or any other ending) of EC-Lab and BT-Lab, in any locale."""

from __future__ import annotations

import re

from alloop.errors import InstrumentError
from alloop.instruments.readers.assemble import Source, recording_of
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.statements import stated
from alloop.instruments.readers.tables import HeadingLine, find_headings, headings_at, read_table
from alloop.instruments.recording import Recording

_COUNT = re.compile(r"header lines?\s{0,5}:\s{0,5}(\d{1,6})", re.IGNORECASE)
_SETTING = re.compile(r"\s{2,}")
_SCAN_UNITS = {"mV/s": 1e-3, "V/s": 1.0, "mV/mn": 1e-3 / 60, "V/mn": 1 / 60}


def is_biologic(content: Content) -> bool:
    """Whether a file begins as EC-Lab's and BT-Lab's text exports do."""
    return content.head.lstrip("\n \t").startswith(
        ("EC-Lab ASCII FILE", "BT-Lab ASCII FILE", "EC-LAB ASCII FILE")
    )


def read_biologic(content: Content) -> Recording:
    """The recording in a BioLogic text file.

    Raises:
        InstrumentError: when its table is missing or lacks columns.
    """
    lines = content.lines
    found = _heading_line(lines, content.name)
    header = lines[: found.line]
    words = [line.strip() for line in header[1:8] if line.strip() and not _COUNT.search(line)]
    metadata = {"technique": words[0] if words else "", **_scan_rate(header)}
    file = stated(header, "file")
    if file is not None:
        metadata["measured_as"] = file
    started = [line for line in header if "started on" in line]
    started.sort(key=lambda line: "technique" not in line.lower())
    source = Source(
        "BioLogic .mpt", content.name, [*started, *(line for line in header if line not in started)],
        title=stated(header, "comments") or "", month_first=_is_month_first(started), metadata=metadata,
    )  # fmt: skip
    return recording_of(read_table(lines, found, content.name), source)


def _heading_line(lines: list[str], name: str) -> HeadingLine:
    """The last of the announced header lines; the first line of headings where that number is wrong or missing."""
    announced = next((_COUNT.search(line) for line in lines[:5] if _COUNT.search(line)), None)
    if announced is not None and 0 < int(announced[1]) <= len(lines):
        found = headings_at(lines, int(announced[1]) - 1)
        if found is not None and len(found.quantities) > 1:
            return found
    found = find_headings(lines)
    if found is None:
        raise InstrumentError(
            "the line of column headings is missing or names no known columns",
            "export the file from EC-Lab again, with its headings",
            name,
        )
    return found


def _is_month_first(lines: list[str]) -> bool | None:
    """EC-Lab writes 05/15/2025 in English; with other separators the order follows the computer's locale."""
    return True if any(re.search(r"\d/\d{1,2}/\d", line[:200]) for line in lines) else None


def _scan_rate(header: list[str]) -> dict[str, str]:
    """The scan rate of a voltammogram's first sequence: the lines 'dE/dt' and 'dE/dt unit'."""
    settings: dict[str, str] = {}
    for line in header:
        cells = _SETTING.split(line[:500].strip(), maxsplit=1)
        if len(cells) == 2:
            settings.setdefault(cells[0], _SETTING.split(cells[1])[0].strip())
    factor = _SCAN_UNITS.get(settings.get("dE/dt unit", settings.get("unit dE/dt", "")))
    try:
        rate = float(settings["dE/dt"].replace(",", "."))
    except (KeyError, ValueError):
        return {}
    return {"scan_rate_V_per_s": f"{rate * factor:g}"} if factor is not None and rate > 0 else {}
