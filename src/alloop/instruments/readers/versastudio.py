"""VersaStudio files (.par)."""

from __future__ import annotations

import itertools

from alloop.errors import InstrumentError
from alloop.instruments.readers.assemble import Source, recording_of
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.limits import check_tables
from alloop.instruments.readers.statements import stated
from alloop.instruments.readers.tables import headings_at, joined, read_table
from alloop.instruments.recording import Recording

_DEFAULT_AREA_CM2 = 1.0
_DEFINITION = "Definition="


def is_versastudio(content: Content) -> bool:
    """Whether a file begins as VersaStudio's do."""
    return content.head.lstrip("\n \t").startswith("<Application>") and "Name=VersaStudio" in content.head


def read_versastudio(content: Content) -> Recording:
    """The recording in a VersaStudio file, its segments one after the other.

    Raises:
        InstrumentError: when there is no segment with data.
    """
    # the definition of columns ends with a number that heads no column
    lines = [
        line.removeprefix(_DEFINITION).removesuffix(", 0") if line.startswith(_DEFINITION) else line
        for line in content.lines
    ]
    starts = [i for i, line in enumerate(content.lines) if line.startswith(_DEFINITION)]
    tables = []
    check_tables(len(starts), content.name)
    for start, following in itertools.pairwise([*starts, len(lines)]):
        found = headings_at(lines, start)
        end = next((i for i in range(start + 1, following) if lines[i].startswith("<")), following)
        if found is not None and any(line.strip() for line in lines[start + 1 : end]):
            tables.append(read_table(lines, found, content.name, end))
    if not tables:
        raise InstrumentError(
            "the VersaStudio file has no segment with data", "export a finished measurement", content.name
        )
    header = lines[: starts[0]]
    names = [line.partition("=")[2] for line in header if line.startswith("Name=")]
    date, time = stated(header, "DateAcquired") or "", stated(header, "TimeAcquired") or ""
    rate = stated(header, "Scan Rate (V/s)")
    source = Source(
        "VersaStudio .par", content.name, [f"date: {date} {time}", *header], month_first=True,
        default_area_cm2=_DEFAULT_AREA_CM2,
        metadata={"technique": names[-1] if names else "", "scan_rate_V_per_s": rate or ""},
    )  # fmt: skip
    return recording_of(joined(tables, content.name), source)
