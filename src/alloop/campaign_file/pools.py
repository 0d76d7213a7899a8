"""Pools: a table whose rows are the candidates."""

from __future__ import annotations

import pathlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from alloop.campaign_file.details import suggest_file
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.space_models import PoolModel
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.formula import composition_key, parse_formula
from alloop.errors import CampaignFileError, FormulaError, Problem, UnitError
from alloop.ingest.cells import NotANumberError, cell_text, fold, read_number
from alloop.ingest.grid import Table
from alloop.ingest.headings import split_unit
from alloop.ingest.tables import Columns, read_columns
from alloop.space.definition import PoolRow
from alloop.space.process import Setting
from alloop.space.types import Level

POOL: Path = ("space", "pool")
_MOST_PROBLEMS = 20
_NO_LEVEL = {"none"}


@dataclass(frozen=True)
class Pool:
    """Which table holds the candidates and which of its columns are inputs.

    `settings` are all settings of the campaign; those whose levels are empty take them from the table, from
    the column in `columns` or else the one that bears their name.
    """

    table: pathlib.Path
    formula: str
    columns: Mapping[str, str]
    measured: tuple[str, ...]
    settings: tuple[Setting, ...]


def read_pool(report: Report, base: pathlib.Path, must_exist: bool) -> PoolModel | None:
    """The pool section; None, with the problems noted, when it cannot be used."""
    model = report.section(PoolModel, POOL, short="table")
    if model is None:
        return None
    path = base / model.table
    if must_exist and not path.is_file():
        place = POOL if isinstance(report.at(POOL), str) else (*POOL, "table")
        report.say(place, f"there is no file {model.table}", suggest_file(path, base))
    for name, heading in model.process.items():
        if heading in model.measured:
            what = f"'{heading}' is both an input and measured"
            report.say((*POOL, "process", name), what, "remove it from one of the two")
    return model


def pool_rows(pool: Pool) -> tuple[tuple[PoolRow, ...], tuple[Setting, ...]]:
    """The candidates of a pool's table and the settings with the levels found in it.

    Rows that repeat a candidate (the same composition with the same settings) are one candidate.

    Raises:
        UploadError: when the file is no table or lacks a column.
        CampaignFileError: listing the cells that cannot be read.
    """
    columns = _find(pool)
    problems: list[Problem] = []
    values = {
        setting.name: _levels(columns, setting, problems)
        for setting in pool.settings
        if setting.name in columns.positions
    }
    rows, seen = [], set()
    for index, (row, formula) in enumerate(zip(columns.data, columns.texts("formula"), strict=True)):
        where = columns.table.place(row, columns.headings["formula"])
        if not formula:
            problems.append(Problem(where, "the formula is missing", "fill it in or remove the row"))
            continue
        try:
            amounts = parse_formula(formula, where)
        except FormulaError as error:
            problems += error.problems
            continue
        chosen = tuple((name, levels[index]) for name, levels in values.items())
        identity = (composition_key(amounts), chosen)
        if identity not in seen:
            seen.add(identity)
            rows.append(PoolRow(formula, amounts, chosen))
    if problems:
        rest = len(problems) - _MOST_PROBLEMS
        more = [Problem(columns.table.name, f"{rest} more cells cannot be read")] if rest > 0 else []
        raise CampaignFileError([*problems[:_MOST_PROBLEMS], *more])
    settings = tuple(
        replace(
            setting,
            levels=_distinct(values[setting.name]),
            unit=setting.unit or columns.units[setting.name],
        )
        if setting.name in values
        else setting
        for setting in pool.settings
    )
    return tuple(rows), settings


def _find(pool: Pool) -> Columns:
    """The columns that are inputs, and the measured ones to be sure that they exist."""
    first = read_columns(pool.table, {"formula": pool.formula})
    header = _header(first.table, pool.formula)
    mapping = {"formula": pool.formula}
    problems = []
    for setting in pool.settings:
        if setting.name in pool.columns:
            mapping[setting.name] = pool.columns[setting.name]
        elif not setting.levels:
            found = [heading for heading in header if fold(split_unit(heading)[0]) == fold(setting.name)]
            if len(found) == 1 and found[0] not in pool.measured:
                mapping[setting.name] = found[0]
            else:
                what = f"{len(found) or 'no'} columns hold the setting {setting.name!r}"
                mend = f"name its column in pool.process: {nearest(setting.name, header)}"
                problems.append(Problem(first.table.name, what, mend))
    if problems:
        raise CampaignFileError(problems)
    measured = {f"measured {number}": heading for number, heading in enumerate(pool.measured)}
    return read_columns(pool.table, mapping | measured)


def _header(table: Table, heading: str) -> list[str]:
    for row in table.rows:
        texts = [row.text(position) for position in range(len(row.cells))]
        if fold(heading) in [fold(text) for text in texts]:
            return [text for text in texts if text]
    return []


def _levels(columns: Columns, setting: Setting, problems: list[Problem]) -> Sequence[Level]:
    """The level of each row, in the setting's unit."""
    heading, position = columns.headings[setting.name], columns.positions[setting.name]
    slope, intercept = Fraction(1), Fraction(0)
    try:
        slope, intercept = columns.conversion(setting.name, setting.unit)
    except UnitError as error:
        problems += error.problems
    texts = [cell_text(row.cell(position)) for row in columns.data]
    levels: list[Level] = []
    kinds = Counter(_kind(text, columns.table.decimal) for text in texts if text)
    numeric = kinds["number"] > kinds["name"]
    for row, text in zip(columns.data, texts, strict=True):
        where = columns.table.place(row, heading)
        if not text:
            problems.append(Problem(where, f"the {setting.name} is missing", "fill it in, or write none"))
            levels.append(None)
        elif text.lower() in _NO_LEVEL:
            levels.append(None)
        elif not numeric:
            levels.append(text)
        else:
            levels.append(_number(text, columns.table.decimal, where, problems, slope, intercept))
    return levels


def _kind(text: str, decimal: str) -> str:
    if text.lower() in _NO_LEVEL:
        return "none"
    try:
        return "name" if read_number(text, decimal) is None else "number"
    except NotANumberError:
        return "name"


def _number(
    text: str, decimal: str, where: str, problems: list[Problem], slope: Fraction, intercept: Fraction
) -> Level:
    try:
        number = read_number(text, decimal)
    except NotANumberError as error:
        problems.append(Problem(where, str(error), "the other rows hold numbers"))
        return None
    if number is None or number.bound != "exact":
        problems.append(Problem(where, f"{text!r} is no setting", "write the number that was set"))
        return None
    return number.value * slope + intercept


def _distinct(levels: Sequence[Level]) -> tuple[Level, ...]:
    """The different levels in ascending order, none last."""
    present = {level for level in levels if level is not None}
    ordered: list[Level] = sorted(present, key=lambda level: (isinstance(level, str), level))
    return (*ordered, None) if None in levels else tuple(ordered)
