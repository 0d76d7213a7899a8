"""What one cell of a table says: a number with its bound, an empty cell, a date."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Literal

Cell = str | float
Bound = Literal["exact", "below", "above"]

_EMPTY = {"", "-", "--", "n/a", "na", "nan", "#n/a", "none", "null"}
_EXCEL_ERRORS = ("#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
_DASHES = re.compile("[‐‑‒–—−]")
_BOUND = re.compile(r"^(<=|>=|<|>|≤|≥|⩽|⩾)\s*")
_PLUS_MINUS = re.compile(r"\s*(?:±|\+/-|\+-)\s*")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_POWER_OF_TEN = re.compile(r"10\s*(?:\^|\*\*)\s*(?P<exponent>[+-]?\d{1,3})")
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<body>\d[\d.,'’   ]*|[.,]\d+)"
    r"(?:\s*(?:[eE]|(?:[x×*·⋅]\s*10\s*(?:\^|\*\*)?))\s*(?P<exponent>[+-]?\s?\d{1,3}))?"
)
_THOUSANDS = {mark: re.compile(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}
_LARGEST = Fraction(10) ** 300


@dataclass(frozen=True)
class Number:
    """A number as written: exact value, on which side of it the truth lies, printed uncertainty.

    `percent` says that a percent sign stood behind the number; the value is not divided by it.
    """

    value: Fraction
    bound: Bound = "exact"
    uncertainty: Fraction | None = None
    percent: bool = False


class NotANumberError(ValueError):
    """A cell that should hold a number and does not; the message says what it holds instead."""


def cell_text(cell: Cell) -> str:
    """The cell as a person sees it: whole numbers of a spreadsheet without a decimal point."""
    if isinstance(cell, str):
        return cell.strip()
    return str(int(cell)) if abs(cell) < 1e15 and cell == int(cell) else repr(cell)


def is_empty(cell: Cell) -> bool:
    """Whether the cell says nothing: blank, a dash, or one of the usual words for it."""
    return isinstance(cell, str) and _DASHES.sub("-", cell.strip()).lower() in _EMPTY


def read_number(cell: Cell, decimal: str) -> Number | None:
    """The number in a cell, or None when the cell is empty.

    `decimal` is the table's decimal mark, ``"."``, ``","`` or ``""`` when the table uses both; a number that
    could then be read in two ways (``1,234``) is refused. Bounds are written ``<1e-9`` or ``>700``, an
    uncertainty ``1.2 ± 0.1``, powers of ten ``1.2e-4`` or ``1.2×10⁻⁴``.

    Raises:
        NotANumberError: saying what stands there instead.
    """
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise NotANumberError(f"{cell!r} is not a number")
        return Number(Fraction(repr(cell)))
    if is_empty(cell):
        return None
    raised = _RAISED.sub(lambda run: "^" + run.group().translate(_SUPERSCRIPTS), cell.strip())
    text = _DASHES.sub("-", raised).replace("\xa0", " ")
    if text.upper() in _EXCEL_ERRORS:
        raise NotANumberError(f"{cell.strip()!r} is an error that the spreadsheet computed, not a number")
    found = _BOUND.match(text)
    bound: Bound = "exact" if found is None else "below" if found.group(1)[0] in "<≤⩽" else "above"
    rest = text[found.end() :] if found else text
    percent = rest.endswith("%")
    middle, *spread = _PLUS_MINUS.split(rest.rstrip("% ").strip(" ()"))
    if len(spread) > 1 or (spread and bound != "exact"):
        raise _refusal(cell.strip())
    uncertainty = _exact(spread[0], decimal, cell) if spread else None
    return Number(_exact(middle, decimal, cell), bound, uncertainty, percent)


def _exact(text: str, decimal: str, cell: str) -> Fraction:
    shown = cell.strip()
    power = _POWER_OF_TEN.fullmatch(text.strip())
    found = power or _NUMBER.fullmatch(text.strip())
    if found is None:
        raise _refusal(shown)
    exponent = int((found["exponent"] or "0").replace(" ", ""))
    digits = "1"
    if power is None:
        body = _plain_digits(found["body"].rstrip(), decimal, bool(found["exponent"]), shown)
        digits = found["sign"] + body
    value = Fraction(digits) * Fraction(10) ** exponent
    if len(digits) > 60 or abs(value) > _LARGEST:
        raise NotANumberError(f"{shown!r} is beyond any number that can be measured")
    return value


def _refusal(shown: str) -> NotANumberError:
    if read_date(shown) is not None:
        return NotANumberError(
            f"{shown!r} is a date where a number belongs (a spreadsheet may have made it one)"
        )
    if re.match(r"[<>≤≥]?\s*[+-]?[\d.,]+\s*[A-Za-zµμΩ°]", shown):
        return NotANumberError(f"{shown!r} is more than a number; a unit belongs into the heading")
    return NotANumberError(f"{shown!r} is not a number")


def _plain_digits(body: str, decimal: str, has_exponent: bool, shown: str) -> str:
    """Digits with at most a point: thousands marks are dropped, the decimal mark becomes a point."""
    spaced = re.sub(r"['’   ]", " ", body)
    if " " in spaced:
        if not re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d*)?", spaced):
            raise _refusal(shown)
        body = spaced.replace(" ", "")
        has_exponent = True  # the groups are marked by spaces, so that the other mark is the decimal one
    marks = [mark for mark in body if mark in ".,"]
    if not marks:
        return body
    last = marks[-1]
    other = "," if last == "." else "."
    if other in marks:
        whole, _, part = body.rpartition(last)
        if last in whole or not _THOUSANDS[other].fullmatch(whole):
            raise _refusal(shown)
        return f"{whole.replace(other, '')}.{part}"
    grouped = not has_exponent and _THOUSANDS[last].fullmatch(body) is not None
    if len(marks) > 1:
        if not grouped:
            raise _refusal(shown)
        return body.replace(last, "")
    if grouped and decimal != last:
        raise NotANumberError(
            f"{shown!r} is unclear: {body.replace(last, '')} or {body.replace(last, '.')}? write it without "
            "separators of thousands"
        )
    return body.replace(last, ".")


def decimal_mark(cells: Iterable[Cell], delimiter: str) -> str:
    """The decimal mark of a table: a point, a comma, or ``""`` when both occur.

    Numbers such as ``0,5`` and ``1,2e-4`` can only be read one way and decide; ``1,234`` decides nothing
    unless the file is one whose columns are parted by something other than a comma and no number shows a
    point.
    """
    clear, unclear = set(), set()
    for cell in cells:
        if not isinstance(cell, str):
            continue
        found = _NUMBER.fullmatch(_BOUND.sub("", cell.strip()).rstrip("% "))
        body = found["body"] if found else ""
        marks = {mark for mark in ".," if mark in body}
        if len(marks) == 2:
            clear.add(max(marks, key=body.rfind))
        elif marks:
            mark = marks.pop()
            if found and not found["exponent"] and _THOUSANDS[mark].fullmatch(body):
                unclear.add(mark)
            elif body.count(mark) == 1:
                clear.add(mark)
    if clear:
        return clear.pop() if len(clear) == 1 else ""
    if "," in unclear and delimiter != ",":
        return "" if "." in unclear else ","
    return "."


def read_date(text: str) -> datetime | None:
    """The moment that `text` writes, or None when it writes none, or one that can be read in two ways.

    ISO dates, ``31.12.2026`` and, where a day above 12 decides, ``12/31/2026`` are read. A time without a
    zone is taken as UTC, so that the order of measurements never depends on the machine that reads them.
    """
    plain = text.strip()
    try:
        moment = datetime.fromisoformat(plain) if re.match(r"\d{4}-\d\d", plain) else None
    except ValueError:
        return None
    found = re.fullmatch(r"(\d{1,2})([./])(\d{1,2})\2(\d{4})(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d))?)?", plain)
    if found is not None:
        one, two, year = int(found[1]), int(found[3]), int(found[4])
        if found[2] == "/" and one <= 12 and two <= 12 and one != two:
            return None
        day, month = (two, one) if two > 12 else (one, two)
        hour, minute, second = (int(part or 0) for part in found.group(5, 6, 7))
        try:
            moment = datetime(year, month, day, hour, minute, second)
        except ValueError:
            return None
    if moment is None:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def fold(text: str) -> str:
    """`text` as names are compared: one spelling of look-alike letters, no capitals, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def from_spreadsheet(value: object, number_format: str) -> Cell:
    """The cell that a spreadsheet program shows for a stored value.

    A number formatted as a percentage is stored as its hundredth; it comes back with its percent sign, so
    that 85 % under a heading in percent is not read as 0.85 %.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if not -1e300 < value < 1e300:
            return "a number beyond all bounds"
        if "%" in re.sub(r'"[^"]*"|\\.', "", number_format):
            return f"{float(Fraction(repr(value)) * 100)!r}%"
        return float(value)
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
