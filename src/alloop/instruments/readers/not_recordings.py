"""What is no instrument file: other binary files, tables of results and tables of phases."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alloop.file_kinds import foreign_kind
from alloop.instruments.readers.content import Content

_CONTAINERS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls) or another old Office file"),
    (b"PK\x03\x04", "a zip archive of another program"),
    (b"PK\x05\x06", "an empty zip archive"),
)
_WITHIN = 30
_LONGEST_LINE = 5_000
_CELLS = re.compile(r"[\t;,|]")
_UNIT = re.compile(r"[\[(][^\[\]()]{0,20}[\])]")
_IDENTITIES = {
    "sample", "sample id", "sample name", "barcode", "well", "well id", "plate", "formula", "composition",
}  # fmt: skip
_PHASE = {"phase", "phases", "formula spacegroup", "phase name", "compound"}
_FRACTION = ("wt%", "wt.%", "weight", "fraction", "mass%", "vol%", "mol%", "percent")
_PHASE_LINE = re.compile(
    r"^\s{0,4}[A-Z][A-Za-z0-9().]{1,40}_\w{1,12}\s{0,3}[\t;,:]?\s{0,3}\d{1,3}(?:[.,]\d{1,6})?\s{0,2}%?"
)


def binary_kind(content: Content) -> str | None:
    """What a file is that is no text, in words; None when it is text."""
    found = foreign_kind(content.data)
    if found is None:
        found = next((words for start, words in _CONTAINERS if content.data.startswith(start)), None)
    if found is not None:
        return found
    return None if content.is_text else "a binary file of a kind that alloop does not know"


def table_kind(lines: Sequence[str]) -> str | None:
    """Whether lines begin a table of results or of phases, in words; None when neither."""
    for line in lines[:_WITHIN]:
        short = line[:_LONGEST_LINE]
        cells = [
            _UNIT.sub("", cell).strip().strip('"').replace("_", " ").lower() for cell in _CELLS.split(short)
        ]
        if len(cells) < 2:
            continue
        if set(cells) & _PHASE and any(word in short.lower() for word in _FRACTION):
            return "a table of phases"
        if set(cells) & _IDENTITIES:
            return "a table of results"
    phases = [line for line in lines[:_WITHIN] if line.strip()]
    if phases and sum(1 for line in phases if _PHASE_LINE.match(line[:200])) * 2 > len(phases):
        return "a table of phases"
    return None
