"""A table of measured materials as a pool of candidates whose answers are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.chemistry import charge_excess, parse_formula
from alloop.chemistry.charge import ERROR
from alloop.errors import FormulaError, Problem, UploadError
from alloop.ingest import Columns, read_columns, read_file
from alloop.planning import Objective
from alloop.planning.goals import to_model_scale
from alloop.properties import get_property
from alloop.space import Candidate, Level, PoolRow, PoolSpace, Process, Setting

FORMULA = "formula"
_DIGITS = 4
_SIDE = {"exact": 0, "below": -1, "above": 1}


@dataclass(frozen=True)
class ReplayTable:
    """A pool and what was measured of each of its candidates.

    Attributes:
        name: of the file.
        space: the pool; candidates are distinct compositions (atomic fractions to 4 decimals) with settings.
        objectives: those of the campaign that the table has values for.
        values: per objective, (n,) on its model scale: the median of the rows of one candidate.
        bounds: per objective, (n,) -1, 0 or 1: a bound where more than half of the rows are bounds.
        warnings: what was left out, and formulas that are not neutral (kept, as `suspect`).
    """

    name: str
    space: PoolSpace
    objectives: tuple[Objective, ...]
    values: Mapping[str, FloatArray]
    bounds: Mapping[str, IntArray]
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
        columns: heading of the formula (`formula`), of objectives and of process settings by their names; a name
            that is missing here is looked for among the headings as it stands.
        objectives: of the campaign; those without a column are left out.
        settings: process settings that may be columns; their levels come from the table.
        mobile_ion: such as `Li+`, or None.

    Raises:
        UploadError: with every cell or heading that cannot be used.
    """
    mapping = dict(columns)
    unknown = set(mapping) - {FORMULA, *(o.property for o in objectives), *(s.name for s in settings)}
    if unknown:
        names = ", ".join([FORMULA, *(o.property for o in objectives), *(s.name for s in settings)])
        problems = [
            Problem(f"--column {name}=…", f"{name!r} is no column to map", f"use one of {names}")
            for name in sorted(unknown)
        ]
        raise UploadError(problems)
    content = read_file(path)
    headings = _headings(content, path.name)
    for name in (FORMULA, *(o.property for o in objectives), *(s.name for s in settings)):
        if name not in mapping:
            near = [h for h in headings if h == name or h.startswith(f"{name} [")]
            if near:
                mapping[name] = near[0]
    known = tuple(entry for entry in objectives if entry.property in mapping)
    if FORMULA not in mapping or not known:
        missing = FORMULA if FORMULA not in mapping else " or ".join(o.property for o in objectives)
        raise UploadError(
            f"no column for {missing}",
            f"add --column {missing.split(' ')[0]}=HEADING; headings are: " + ", ".join(headings[:30]),
            path.name,
        )
    table = read_columns(content, mapping, path.name)
    return _pool(path.name, table, known, [s for s in settings if s.name in mapping], mobile_ion)


def _headings(content: bytes, name: str) -> list[str]:
    from alloop.ingest import read_table

    first = read_table(content, name)[0]
    return [first.rows[0].text(i) for i in range(len(first.rows[0].cells))]


def _pool(
    name: str,
    table: Columns,
    objectives: tuple[Objective, ...],
    settings: list[Setting],
    mobile_ion: str | None,
) -> ReplayTable:
    formulas = table.texts(FORMULA)
    numbers = {o.property: table.numbers(o.property, get_property(o.property).unit) for o in objectives}
    places = {setting.name: table.texts(setting.name) for setting in settings}
    rows: dict[tuple[object, ...], list[int]] = {}
    pool: dict[tuple[object, ...], PoolRow] = {}
    problems: list[Problem] = []
    suspects, empty = 0, 0
    for row, formula in enumerate(formulas):
        if any(not np.isfinite(values[row]) for values, _ in numbers.values()):
            empty += 1
            continue
        problems += [
            Problem(
                f"{name}, row {table.rows[row]}, column '{table.headings[entry.property]}'",
                f"{numbers[entry.property][0][row]:g} has no logarithm",
                "write what was below detection as a bound, such as <1e-10, or leave the cell empty",
            )
            for entry in objectives
            if entry.scale == "log10" and numbers[entry.property][0][row] <= 0
        ]
        try:
            amounts = parse_formula(formula)
        except FormulaError as error:
            problems += [replace(p, where=f"{name}, row {table.rows[row]}") for p in error.problems]
            continue
        suspects += bool(mobile_ion) and abs(charge_excess(amounts)) > ERROR
        levels = {s.name: _level(places[s.name][row]) for s in settings}
        content = _content(amounts, levels, settings)
        rows.setdefault(content, []).append(row)
        pool.setdefault(content, PoolRow(formula, amounts, tuple(levels.items())))
    if problems:
        raise UploadError(problems)
    if len(pool) < 2:
        raise UploadError("fewer than two rows have a formula and every objective", "check --column", name)
    process = Process(
        tuple(replace(s, levels=_levels(places[s.name]), shared_by="well", unless=()) for s in settings)
    )
    space = PoolSpace(list(pool.values()), process, mobile_ion)
    values: dict[str, FloatArray] = {}
    bounds: dict[str, IntArray] = {}
    for entry in objectives:
        column, sides = numbers[entry.property]
        merged = [_merge(column, sides, members, entry) for members in rows.values()]
        values[entry.property] = np.array([value for value, _ in merged])
        bounds[entry.property] = np.array([side for _, side in merged], dtype=np.int64)
    return ReplayTable(name, space, objectives, values, bounds, _notes(name, empty, suspects, len(rows)))


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


def _level(text: str) -> Level:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return text or None


def _levels(texts: Sequence[str]) -> tuple[Level, ...]:
    found = dict.fromkeys(_level(text) for text in texts)
    return tuple(sorted(found, key=lambda level: (isinstance(level, str), level is None, level or 0)))


def _notes(name: str, empty: int, suspects: int, candidates: int) -> tuple[str, ...]:
    notes = [f"{name}: {candidates} distinct candidates"]
    if empty:
        notes.append(f"{empty} rows without a value of every objective are left out")
    if suspects:
        notes.append(
            f"{suspects} rows have a formula that is not neutral by more than {ERROR} e; they are kept"
        )
    return tuple(notes)
