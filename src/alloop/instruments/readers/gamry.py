"""Gamry files (.DTA): impedance tables, and the curves of chrono methods, voltammetry and cycling."""

from __future__ import annotations

from alloop.errors import InstrumentError
from alloop.instruments.readers.assemble import Source, recording_of
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.headings import read_heading
from alloop.instruments.readers.limits import check_tables
from alloop.instruments.readers.tables import HeadingLine, Table, joined, read_table
from alloop.instruments.recording import Recording

_DEFAULT_AREA_CM2 = 1.0


def is_gamry(content: Content) -> bool:
    """Whether a file begins as Gamry's do."""
    head = content.head.lstrip("\n \t")
    return head.startswith("EXPLAIN") and "\nTAG" in head


def read_gamry(content: Content) -> Recording:
    """The recording in a Gamry file: its impedances if there are any, else its curves one after the other.

    Raises:
        InstrumentError: when there is no table with data.
    """
    lines = content.lines
    tables = _tables(lines)
    wanted = [one for one in tables if one[0].startswith("ZCURVE")] or [
        one for one in tables if one[0].startswith("CURVE")
    ]
    if not wanted:
        raise InstrumentError(
            "the Gamry file has no table ZCURVE or CURVE: the measurement ended before its first point",
            "repeat the measurement",
            content.name,
        )
    check_tables(len(wanted), content.name)
    parts = [_read(lines, first, last, content.name) for _, first, last in wanted]
    table = joined(parts, content.name)
    header = lines[: tables[0][1]]
    remarks = ("the measurement was aborted: the points until then are there",) if _is_aborted(lines) else ()
    source = Source(
        "Gamry .DTA", content.name, [*_stated_sizes(header), *header], title=_label(header, "TITLE"),
        month_first=True, default_area_cm2=_DEFAULT_AREA_CM2, remarks=remarks,
        metadata={"technique": _label(header, "TAG"), **_scan_rate(header)},
    )  # fmt: skip
    return recording_of(table, source)


def _tables(lines: list[str]) -> list[tuple[str, int, int]]:
    """Name, first line below the name, and end of every table."""
    starts = []
    for number, line in enumerate(lines):
        if "TABLE" in line[:200]:
            cells = line[:200].split("\t")
            if len(cells) > 1 and cells[0].strip() and cells[1].strip() == "TABLE":
                starts.append((cells[0].strip(), number + 1))
    found = []
    for name, first in starts:
        last = first
        while last < len(lines) and (lines[last].startswith(("\t", " ")) or not lines[last].strip()):
            last += 1
        found.append((name, first, last))
    return found


def _read(lines: list[str], first: int, last: int, name: str) -> Table:
    cells = lines[first].split("\t") if first < last else []
    units = lines[first + 1].split("\t") if first + 1 < last else []
    units = [*units, *[""] * (len(cells) - len(units))][: len(cells)]
    headings = tuple(
        read_heading(cell, unit.strip()) if _is_unit(unit) else read_heading(cell)
        for cell, unit in zip(cells, units, strict=True)
    )
    if first + 2 >= last or not any(heading.quantity for heading in headings):
        raise InstrumentError("the table of the Gamry file holds no data", "repeat the measurement", name)
    return read_table(lines, HeadingLine(first + 1, headings, "\t"), name, last)


def _is_unit(text: str) -> bool:
    return text.strip() not in ("", "#", "##")


def _is_aborted(lines: list[str]) -> bool:
    return any(line.startswith("EXPERIMENTABORTED\tTOGGLE\tT") for line in lines)


def _label(header: list[str], key: str) -> str:
    for line in header:
        cells = line.split("\t")
        if cells[0] == key and len(cells) > 1:
            return cells[2].strip() if len(cells) > 2 else cells[1].strip()
    return ""


def _stated_sizes(header: list[str]) -> list[str]:
    """The area and the temperature as 'key: value' lines, and the date before all other dates."""
    sizes = [f"date: {_label(header, 'DATE')} {_label(header, 'TIME')}"]
    for line in header:
        cells = line.split("\t")
        if cells[0] == "AREA" and len(cells) > 2:
            sizes.append(f"area (cm2): {cells[2].strip()}")
    return sizes


def _scan_rate(header: list[str]) -> dict[str, str]:
    written = _label(header, "SCANRATE")
    try:
        rate = float(written) * 1e-3  # stated in mV/s
    except ValueError:
        return {}
    return {"scan_rate_V_per_s": f"{rate:g}"} if rate > 0 else {}
