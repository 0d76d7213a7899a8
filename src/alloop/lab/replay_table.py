"""A table of measured materials as a pool of candidates whose answers are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.chemistry import charge_excess, parse_formula, parse_species
from alloop.chemistry.charge import ERROR
from alloop.errors import FormulaError, Problem, UnitError, UploadError
from alloop.ingest import Columns, NotANumberError, fold, read_columns, read_file, read_number, split_unit
from alloop.planning import Objective
from alloop.properties import get_property
from alloop.scales import to_model_scale
from alloop.space import Candidate, Level, PoolRow, PoolSpace, Process, Setting

FORMULA, STATUS = "formula", "status"
_DIGITS = 4
_FAILED, _VOID = ("not_formed", "cracked"), ("shorted", "lost", "not_measured")
_ANYTHING = {"H": Fraction(1)}
"""The composition of every row where a table names none: only its settings then tell candidates apart."""
_SIDE = {"exact": 0, "below": -1, "above": 1}
_NONE = (float("nan"), 0)
_NO_LEVEL = ("", "none", "nan")


@dataclass(frozen=True)
class ReplayTable:
    """A pool and what was measured of each of its candidates.

    Attributes:
        name: of the file.
        space: the pool; candidates are distinct compositions (atomic fractions to 4 decimals) with settings.
        objectives: those of the campaign that the table has values for.
        values: per objective, (n,) on its model scale: the median of the rows of one candidate; nan where it
            never formed.
        bounds: per objective, (n,) -1, 0 or 1: a bound where more than half of the rows are bounds.
        formed: (n,) whether at least half of the rows of a candidate formed; all of them without a status column.
        warnings: what was left out, and formulas that are not neutral (kept, as `suspect`).
    """

    name: str
    space: PoolSpace
    objectives: tuple[Objective, ...]
    values: Mapping[str, FloatArray]
    bounds: Mapping[str, IntArray]
    formed: BoolArray
    warnings: tuple[str, ...]

    def __len__(self) -> int:
        return self.space.size

    def find(self, candidate: Candidate) -> int | None:
        """The rank of the entry with a candidate's composition and those of its settings that the table has."""
        return self._ranks.get(_content(candidate.amounts, candidate.process, self.space.process.settings))

    @cached_property
    def _ranks(self) -> dict[tuple[object, ...], int]:
        candidates = [self.space.candidate(rank) for rank in range(self.space.size)]
        settings = self.space.process.settings
        return {_content(c.amounts, c.process, settings): rank for rank, c in enumerate(candidates)}


def load_replay(
    path: Path,
    columns: Mapping[str, str],
    objectives: Sequence[Objective],
    settings: Sequence[Setting],
    mobile_ion: str | None,
) -> ReplayTable:
    """Read a table of measured materials.

    Args:
        path: CSV or XLSX.
        columns: heading of the formula (`formula`), of the status (`status`: ok, not_formed, …), of objectives and
            of process settings by their names; a name that is missing here is looked for among the headings
            as it stands, with or without a unit. The formula may be missing where settings are given.
        objectives: of the campaign; those without a column are left out.
        settings: process settings that may be columns; their levels come from the table.
        mobile_ion: such as `Li+`, or None; left aside where no formula holds it (alloys, tables of settings).

    Raises:
        UploadError: with every cell or heading that cannot be used.
    """
    names = list(
        dict.fromkeys([FORMULA, *(o.property for o in objectives), *(s.name for s in settings), STATUS])
    )
    unknown = sorted(set(columns) - set(names))
    if unknown:
        mend = f"use one of {', '.join(names)}; inputs of another name are declared under space.process"
        problems = [Problem(f"--column {name}=…", f"{name!r} is no column to map", mend) for name in unknown]
        raise UploadError(problems)
    content = read_file(path)
    headings = _headings(content, path.name)
    mapping = _mapped(columns, names, headings)
    known = tuple(entry for entry in objectives if entry.property in mapping)
    inputs = [s for s in settings if s.name in mapping]
    missing = None if known else " or ".join(o.property for o in objectives)
    if FORMULA not in mapping and not inputs:
        missing = FORMULA
        if settings:
            missing += f" and none for the settings {', '.join(s.name for s in settings)}"
    if missing is not None:
        mend = f"add --column {missing.split(' ')[0]}=HEADING; headings are: {', '.join(headings[:30])}"
        if missing == FORMULA:
            mend += "; without formulas declare the inputs, such as space: {process: [{name: speed}]}"
        raise UploadError(f"no column for {missing}", mend, path.name)
    table = read_columns(content, mapping, path.name)
    found = _pool(path.name, table, known, inputs, mobile_ion, STATUS in columns)
    left_out = [o.property for o in objectives if o not in known]
    note = f"no column for {', '.join(left_out)}: replayed without" if left_out else ""
    return replace(found, warnings=(*found.warnings, note)) if note else found


def _headings(content: bytes, name: str) -> list[str]:
    from alloop.ingest import read_table

    first = read_table(content, name)[0]
    return [first.rows[0].text(i) for i in range(len(first.rows[0].cells))]


def _mapped(columns: Mapping[str, str], names: Sequence[str], headings: Sequence[str]) -> dict[str, str]:
    """The heading of each of `names`: as the caller says, or else the one that bears the name."""
    mapping = dict(columns)
    for name in names:
        near = [h for h in headings if fold(h) == fold(name)] or [
            h for h in headings if fold(split_unit(h)[0]) == fold(name) and h not in mapping.values()
        ]
        if name not in mapping and near:
            mapping[name] = near[0]
    return mapping


def _pool(
    name: str,
    table: Columns,
    objectives: tuple[Objective, ...],
    settings: list[Setting],
    mobile_ion: str | None,
    must_be_status: bool,
) -> ReplayTable:
    n = len(table.rows)
    formulas = table.texts(FORMULA) if FORMULA in table.positions else None
    numbers = {o.property: table.numbers(o.property, get_property(o.property).unit) for o in objectives}
    problems: list[Problem] = []
    places = {s.name: _read_levels(table, s, problems) for s in settings}
    outcome = _outcomes(table, problems, must_be_status) if STATUS in table.positions else ["ok"] * n
    rows: dict[tuple[object, ...], list[int]] = {}
    pool: dict[tuple[object, ...], PoolRow] = {}
    suspects, empty = 0, 0
    for row in range(n):
        where = f"{name}, row {table.rows[row]}"
        complete = all(np.isfinite(values[row]) for values, _ in numbers.values())
        if outcome[row] in _VOID or not (complete or outcome[row] in _FAILED):
            empty += 1
            continue
        problems += [
            Problem(
                f"{where}, column '{table.headings[entry.property]}'",
                f"{numbers[entry.property][0][row]:g} has no logarithm",
                "write what was below detection as a bound, such as <1e-10, or leave the cell empty",
            )
            for entry in objectives
            if entry.scale == "log10" and numbers[entry.property][0][row] <= 0
        ]
        try:
            amounts = dict(_ANYTHING) if formulas is None else parse_formula(formulas[row])
        except FormulaError as error:
            problems += [replace(p, where=where) for p in error.problems]
            continue
        suspects += formulas is not None and bool(mobile_ion) and abs(charge_excess(amounts)) > ERROR
        levels = {s.name: places[s.name][row] for s in settings}
        content = _content(amounts, levels, settings)
        rows.setdefault(content, []).append(row)
        pool.setdefault(content, PoolRow(formulas[row] if formulas else "", amounts, tuple(levels.items())))
    if problems:
        raise UploadError(problems)
    if len(pool) < 2:
        inputs = "a formula" if formulas is not None else "different settings"
        raise UploadError(f"fewer than two rows have {inputs} and every objective", "check --column", name)
    ion = mobile_ion if mobile_ion and _holds(pool.values(), mobile_ion) else None
    process = Process(
        tuple(replace(s, levels=_distinct(places[s.name]), shared_by="well", unless=()) for s in settings)
    )
    space = PoolSpace(list(pool.values()), process, ion)
    formed = np.array([2 * sum(outcome[r] in _FAILED for r in m) <= len(m) for m in rows.values()])
    values: dict[str, FloatArray] = {}
    bounds: dict[str, IntArray] = {}
    for entry in objectives:
        column, sides = numbers[entry.property]
        merged = [
            _merge(column, sides, [r for r in members if outcome[r] not in _FAILED], entry)
            if is_formed
            else _NONE
            for members, is_formed in zip(rows.values(), formed, strict=True)
        ]
        values[entry.property] = np.array([value for value, _ in merged])
        bounds[entry.property] = np.array([side for _, side in merged], dtype=np.int64)
    notes = _notes(name, empty, suspects if ion else 0, formed)
    return ReplayTable(name, space, objectives, values, bounds, formed, notes)


def _holds(rows: Iterable[PoolRow], ion: str) -> bool:
    carrier = parse_species(ion).elements
    return any(carrier.keys() <= row.amounts.keys() for row in rows)


def _outcomes(table: Columns, problems: list[Problem], must_be_status: bool) -> list[str]:
    """The status of every row; an empty cell is ok, and so is all in a column that says something else."""
    known = ("ok", *_FAILED, *_VOID)
    texts = [text.strip().lower() or "ok" for text in table.texts(STATUS)]
    if not must_be_status and not set(texts) <= set(known):
        return ["ok"] * len(texts)
    mend = f"use one of {', '.join(known)}"
    problems += [
        Problem(f"{table.table.name}, row {number}", f"{text!r} is no status", mend)
        for number, text in zip(table.rows, texts, strict=True)
        if text not in known
    ]
    return texts


def _content(
    amounts: Mapping[str, Fraction], levels: Mapping[str, Level], settings: Sequence[Setting]
) -> tuple[object, ...]:
    """What makes two rows the same candidate: atomic fractions to 4 decimals, and the settings."""
    total = sum(amounts.values())
    fractions = sorted((element, round(float(a / total), _DIGITS)) for element, a in amounts.items() if a)
    return (*fractions, *(levels.get(setting.name) for setting in settings))


def _merge(
    column: FloatArray, sides: Sequence[str], members: Sequence[int], objective: Objective
) -> tuple[float, int]:
    """Median on the model scale, and the side of a bound where most of the rows are one."""
    scaled = [to_model_scale(float(column[row]), objective.scale) for row in members]
    signs = [_SIDE[sides[row]] for row in members]
    side = max(set(signs), key=signs.count)
    return float(np.median(scaled)), side if signs.count(side) * 2 > len(signs) else 0


def _read_levels(table: Columns, setting: Setting, problems: list[Problem]) -> list[Level]:
    """The level of each row, None where the cell is empty; numbers in the setting's unit."""
    texts = [text.strip() for text in table.texts(setting.name)]
    try:
        read = [
            read_number(text, table.table.decimal) if text.lower() not in _NO_LEVEL else None
            for text in texts
        ]
    except NotANumberError:
        return [None if text.lower() in _NO_LEVEL else text for text in texts]
    slope, intercept = Fraction(1), Fraction(0)
    try:
        slope, intercept = table.conversion(setting.name, setting.unit)
    except UnitError as error:
        problems += error.problems
    return [None if number is None else number.value * slope + intercept for number in read]


def _distinct(levels: Sequence[Level]) -> tuple[Level, ...]:
    return tuple(
        sorted(dict.fromkeys(levels), key=lambda level: (isinstance(level, str), level is None, level or 0))
    )


def _notes(name: str, empty: int, suspects: int, formed: BoolArray) -> tuple[str, ...]:
    notes = [f"{name}: {len(formed)} distinct candidates"]
    if not formed.all():
        notes.append(f"{int((~formed).sum())} of them never formed")
    if empty:
        notes.append(f"{empty} rows without a value of every objective are left out")
    if suspects:
        notes.append(
            f"{suspects} rows have a formula that is not neutral by more than {ERROR} e; they are kept"
        )
    return tuple(notes)
