"""Tables of phases that somebody else determined: names and weight fractions in any common dialect."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alloop.errors import InstrumentError
from alloop.instruments.evaluation import Flag
from alloop.instruments.readers.content import Content

_MOST_PHASES, _LONGEST_LINE, _LARGEST = 200, 500, 1_000_000
_SUM_AGREES = 0.02
# What heads a table of many samples, which may well have a column of phases.
_OF_SAMPLES = {"sample", "sample id", "sample name", "barcode", "well", "well id", "plate", "plate id"}
_NAME_HEADINGS = (
    "phase",
    "phases",
    "formula_spacegroup",
    "name",
    "compound",
    "formula",
    "products",
    "phase name",
)
_WEIGHT_HEADING = re.compile(
    r"(wt\s*\.?\s*%?|weight|mass|fraction|amount|percent|quantity|content|%)", re.IGNORECASE
)
_NUMBER = re.compile(
    r"^[<~≈]?\s*(\d+(?:[.,]\d+)?|[.,]\d+)\s*(%|wt\.?\s*%|wt)?\s*(?:(?:±|\+/-|\()\s*[\d.,]+\)?)?\s*(%|wt\.?\s*%)?$"
)
_WELL = re.compile(r"^[A-H]\d{1,2}$")
_WEIGHT_KEY, _PHASE_KEY = (
    re.compile(r"weight|wt|fraction|amount", re.IGNORECASE),
    re.compile(r"phase|product", re.IGNORECASE),
)


@dataclass(frozen=True)
class PhaseTable:
    """Phases and their weight fractions as a table states them.

    Attributes:
        phases: (name, space group as stated or "", weight fraction from 0 to 1) of each; the fractions sum to 1
            unless a flag says otherwise.
        flags: what a person should know of how the table was read.
    """

    phases: tuple[tuple[str, str, float], ...]
    flags: tuple[Flag, ...] = ()

    def fraction_of(self, name: str) -> float:
        """The weight fraction of a phase by its name, all space groups together; 0 where it is not listed."""
        wanted = name.strip().lower()
        return sum(
            weight for one, group, weight in self.phases if wanted in {one.lower(), f"{one}_{group}".lower()}
        )


def read_phase_table(content: Content) -> PhaseTable | None:
    """The phase table of a file: CSV, text or JSON (as ARROWS writes it); None where it is something else.

    Rows are a phase (`Li2ZrO3_15`, `Li2ZrO3`, formula and space group in two columns) and its weight in per cent
    or as a fraction. Fractions are divided by their sum when that is 1 or 100 within 2 %; else they are kept, with
    a flag.

    Raises:
        InstrumentError: when it is a phase table with a row that cannot be read.
    """
    if len(content.data) > _LARGEST or not content.is_text:
        return None
    text = content.text.strip()
    rows = _json_rows(text) if text[:1] in "{[" else _text_rows(content)
    if not rows:
        return None
    if len(rows) > _MOST_PHASES:
        raise InstrumentError(
            f"{len(rows)} phases are too many", f"list at most {_MOST_PHASES}", content.name
        )
    return _table(rows)


def _table(rows: Sequence[tuple[str, str, float]]) -> PhaseTable:
    total = sum(weight for _, _, weight in rows)
    flags: list[Flag] = []
    scale = 1.0
    if abs(total / 100.0 - 1.0) <= _SUM_AGREES or abs(total - 1.0) <= _SUM_AGREES:
        scale = total
    else:
        scale = 100.0 if max(weight for _, _, weight in rows) > 1.0 else 1.0
        words = f"the fractions sum to {total:g}, neither 1 nor 100: they were not normalised"
        flags.append(Flag("fractions_do_not_sum", words, "doubt"))
    names = [f"{name}_{group}".lower() for name, group, _ in rows]
    if len(set(names)) < len(names):
        flags.append(
            Flag("phase_listed_twice", "a phase is listed more than once; its fractions count together")
        )
    return PhaseTable(tuple((name, group, weight / scale) for name, group, weight in rows), tuple(flags))


def _text_rows(content: Content) -> list[tuple[str, str, float]]:
    lines = [
        (number, line.strip())
        for number, line in enumerate(content.lines, 1)
        if line.strip() and not line.lstrip().startswith(("#", "//"))
    ]
    if not lines or len(lines) > 5 * _MOST_PHASES or any(len(line) > _LONGEST_LINE for _, line in lines):
        return []
    delimiter = next(
        (one for one in ("\t", ";", ",", "|", ":") if all(one in line for _, line in lines)), None
    )
    cells = [(number, _cells(line, delimiter)) for number, line in lines]
    columns = _columns(cells[0][1])
    if _OF_SAMPLES & {cell.lower().replace("_", " ") for cell in cells[0][1]}:
        return []
    if columns is not None:
        return _headed(cells[1:], *columns, content.name)
    rows = []
    for _, row in cells:
        found = _row(row)
        if found is None:
            return []
        rows.append(found)
    return rows


def _cells(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        parts = re.split(r"\s{2,}", line) if re.search(r"\s{2,}", line) else line.rsplit(None, 1)
    else:
        parts = line.split(delimiter)
    return [part.strip().strip("\"'").strip() for part in parts]


def _columns(headings: Sequence[str]) -> tuple[int, int | None, int] | None:
    """The columns of name, space group and weight that headings name."""
    plain = [one.lower().replace("-", " ").strip() for one in headings]
    names = [i for i, one in enumerate(plain) if one in _NAME_HEADINGS]
    weights = [i for i, one in enumerate(plain) if _WEIGHT_HEADING.search(one) and i not in names]
    if not names or not weights:
        return None
    groups = [i for i, one in enumerate(plain) if "group" in one and i not in names]
    return names[0], groups[0] if groups else None, weights[0]


def _headed(
    cells: Sequence[tuple[int, list[str]]], name: int, group: int | None, weight: int, file: str
) -> list[tuple[str, str, float]]:
    rows = []
    for number, row in cells:
        value = _weight(row[weight]) if weight < len(row) else None
        if value is None or not row[name]:
            raise InstrumentError(
                f"the row {', '.join(row)[:80]!r} has no phase or no weight",
                "write a phase and a number",
                f"{file}, line {number}",
            )
        phase, stated = _split(row[name])
        rows.append((phase, row[group] if group is not None and group < len(row) else stated, value))
    return rows


def _row(cells: Sequence[str]) -> tuple[str, str, float] | None:
    """A row without headings: a phase, perhaps its space group, and a number."""
    if not 2 <= len(cells) <= 3:
        return None
    value = _weight(cells[-1])
    # H8 or C3 alone is the name of a well, not a phase.
    if value is None or _WELL.match(cells[0]) or not _is_formula(_split(cells[0])[0]):
        return None
    phase, group = _split(cells[0])
    return phase, cells[1] if len(cells) == 3 else group, value


def _is_formula(text: str) -> bool:
    from alloop.chemistry import parse_formula
    from alloop.errors import FormulaError

    try:
        parse_formula(text)
    except FormulaError:
        return False
    return True


def _split(text: str) -> tuple[str, str]:
    """A formula and the space group behind an underscore or in brackets."""
    name, _, group = (
        text.replace("(", "_", 1).rstrip(")").partition("_") if re.search(r"\s\(|_", text) else (text, "", "")
    )
    return name.strip(), group.strip()


def _weight(text: str) -> float | None:
    found = _NUMBER.match(text.strip())
    if found is None:
        return None
    value = float(found[1].replace(",", "."))
    return value if 0.0 <= value <= 1000.0 else None


def _json_rows(text: str) -> list[tuple[str, str, float]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return _from_json(data)


def _from_json(data: Any) -> list[tuple[str, str, float]]:
    """Rows of a mapping from phase to weight, of a list of records, or of parallel lists of phases and weights."""
    if isinstance(data, list):
        if data and all(isinstance(one, list) and len(one) == 2 for one in data):
            data = {str(name): weight for name, weight in data}
        elif data and all(isinstance(one, dict) for one in data):
            rows = [_record(one) for one in data]
            return [row for row in rows if row is not None] if all(rows) else []
    if not isinstance(data, dict) or not data:
        return []
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in data.values()):
        pairs = [(str(name), float(weight)) for name, weight in data.items()]
        if not all(_is_formula(_split(name)[0]) and 0.0 <= weight <= 1000.0 for name, weight in pairs):
            return []
        return [(*_split(name), weight) for name, weight in pairs]
    lists = {key: value for key, value in data.items() if isinstance(value, list)}
    names = next(
        (value for key, value in lists.items() if _PHASE_KEY.search(key) and not _WEIGHT_KEY.search(key)),
        None,
    )
    weights = next((value for key, value in lists.items() if _WEIGHT_KEY.search(key)), None)
    if names and weights and len(names) == len(weights):
        return _from_json(dict(zip(map(str, names), weights, strict=True)))
    inner = [
        rows
        for value in data.values()
        if isinstance(value, dict | list)
        for rows in [_from_json(value)]
        if rows
    ]
    return inner[0] if len(inner) == 1 else []


def _record(one: dict[str, Any]) -> tuple[str, str, float] | None:
    keys = {key.lower(): value for key, value in one.items()}
    name = next(
        (value for key, value in keys.items() if key in _NAME_HEADINGS and isinstance(value, str)), None
    )
    weight = next(
        (
            value
            for key, value in keys.items()
            if _WEIGHT_HEADING.search(key) and isinstance(value, int | float)
        ),
        None,
    )
    if name is None or weight is None or not 0.0 <= weight <= 1000.0:
        return None
    group = next(
        (str(value) for key, value in keys.items() if "group" in key and key not in _NAME_HEADINGS), None
    )
    phase, stated = _split(name)
    return phase, group or stated, float(weight)
