"""ZPlot and ZView files (.z), and Autolab's export in the same form."""

from __future__ import annotations

from alloop.instruments.readers.assemble import Source, find_table, recording_of
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.statements import stated
from alloop.instruments.recording import Recording


def is_zplot(content: Content) -> bool:
    """Whether a file begins as ZPlot, ZView or Autolab's export do."""
    first = content.head.lstrip("\n \t").partition("\n")[0]
    return first.startswith("ZPLOT2") or "ZPlotW Data File" in first or "Z60W Data File" in first


def read_zplot(content: Content) -> Recording:
    """The spectrum in a ZPlot, ZView or Autolab file.

    Raises:
        InstrumentError: when its table is missing or lacks columns.
    """
    lines = [line for line in content.lines if line.strip() != "End Comments"]
    found, table = find_table(lines, content.name)
    header = lines[: found.line]
    date, time = stated(header, "date") or "", stated(header, "time") or ""
    is_autolab = "Z60W" in content.head[:200]
    comments = [line.strip().strip('"') for line in header[4:6]] if not header[0].startswith("ZPLOT2") else []
    source = Source(
        "Autolab text" if is_autolab else "ZPlot .z", content.name, [f"date: {date} {time}", *header],
        title=" ".join(comments), month_first=True,
    )  # fmt: skip
    return recording_of(table, source)
