"""Text tables: encodings, delimiters and decimal marks as instruments and spreadsheet programs write them."""

from __future__ import annotations

import csv
import io
import re

from alloop.errors import UploadError
from alloop.ingest.cells import decimal_mark
from alloop.ingest.grid import Row, Table, check_shape

_DELIMITERS = ";\t,|"
_SAMPLE_LINES = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")


def read_text_table(data: bytes, name: str) -> Table:
    """The table in a text file; blank rows are left out, row numbers count them.

    Raises:
        UploadError: when it is no text, or its quotes do not close.
    """
    text = decode(data, name)
    declared = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    skipped = 1 if declared else 0
    body = text[declared.end() :] if declared else text
    delimiter = declared.group(1) if declared else find_delimiter(body)
    rows: list[Row] = []
    number = skipped
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            number += 1
            row = Row(number, tuple(cells))
            if not row.is_blank:
                check_shape(len(rows) + 1, len(cells), name)
                rows.append(_trimmed(row))
    except csv.Error as error:
        raise UploadError(
            f"the row cannot be split into cells ({error})",
            "check the quotation marks",
            f"{name}, row {number + 1}",
        ) from None
    return Table(name, tuple(rows), decimal_mark((cell for row in rows for cell in row.cells), delimiter))


def decode(data: bytes, name: str) -> str:
    """The text of a file in UTF-8, UTF-16 or Windows-1252, with or without a byte-order mark.

    Raises:
        UploadError: when it is none of these.
    """
    text = _decoded(data)
    if text is None or _CONTROL.search(text):
        raise UploadError("this is a binary file, not a table", "export the results as CSV or XLSX", name)
    return text


def _decoded(data: bytes) -> str | None:
    encodings = ["utf-8-sig", "cp1252"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in data:
        # Without a byte-order mark, the zero halves of Latin letters tell the order of the bytes.
        even, odd = data[::2].count(0), data[1::2].count(0)
        encodings = ["utf-16-le"] if odd > even else ["utf-16-be"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def find_delimiter(text: str) -> str:
    """What parts the columns: the mark that gives most rows as many cells as the first row it splits."""
    lines = [line for line in text[:200_000].splitlines()[:_SAMPLE_LINES] if line.strip()]
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        counts = _cell_counts(lines, delimiter)
        split = [count for count in counts if count > 1]
        if not split:
            continue
        # A split first line counts half as much as all rows: headings are rarely split by chance.
        score = counts.count(split[0]) / len(counts) + 0.5 * (counts[0] > 1)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _cell_counts(lines: list[str], delimiter: str) -> list[int]:
    try:
        return [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
    except csv.Error:
        return []


def _trimmed(row: Row) -> Row:
    cells = list(row.cells)
    while cells and isinstance(cells[-1], str) and not cells[-1].strip():
        cells.pop()
    return Row(row.number, tuple(cells), row.merged)
