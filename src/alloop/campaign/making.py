"""`made`: the powders of a plate are weighed; as-weighed masses and actual settings, where they are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from alloop.campaign.desk import Desk
from alloop.campaign.evidence import SAME_COMPOSITION
from alloop.campaign.plate_files import weigh
from alloop.campaign_file import CampaignFile
from alloop.chemistry import Shelf, format_formula
from alloop.errors import AlloopError, Problem, StateError, UploadError, UserError
from alloop.ingest import Columns, read_columns, read_table
from alloop.ingest.cells import fold
from alloop.ingest.headings import split_unit
from alloop.ingest.recognise import read_file
from alloop.records import PlateRow, PreparationRow, WellRow, sample_id, well_label
from alloop.space import Level, Setting
from alloop.synthesis import composition_error, weighed_amounts

_HEADER_WITHIN = 30
_FROM_WEIGH_LIST = (
    "formula", "powder", "product", "composition_error", "weighed_formula", "role", "plate", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A plate whose powders are weighed: how many samples have a word on how they were made, and warnings."""

    plate: PlateRow
    preparations: int = 0
    warnings: tuple[str, ...] = ()


def made(desk: Desk, plate: str, by: str, path: Path | None = None, dry_run: bool = False) -> Made:
    """Record that a plate is being made, and how its samples really were, as a table says.

    The table has a row per well (`well` or `sample`), a column per precursor with its as-weighed mass
    (`LiCl [mg]`, as weigh_list.csv has them) and a column per process setting that was not as planned. Empty
    cells stay as planned; a row with masses has one for every precursor of its well. A plate that is made
    already takes corrections of such a table.

    Raises:
        StateError: when the plate is not approved.
        UploadError: with everything that is wrong with the table; nothing is recorded then.
    """
    row = desk.plate(plate)
    if row.state == "approved" or path is None:
        needs_step = True
    elif row.state in ("in_synthesis", "measuring", "complete"):
        needs_step = False
    else:
        raise StateError(f"it is {row.state}: nothing is made of it", "approve it first", f"plate {row.id}")
    file, wells = desk.file_of(row), desk.records.wells(row.id)
    preparations: list[PreparationRow] = []
    warnings: list[str] = []
    if path is not None:
        preparations, warnings = _read(file, row.id, wells, path)
    with desk.records.writing(by, dry_run) as tx:
        if needs_step:
            row = tx.set_plate_state(row.id, "in_synthesis")
        if preparations:
            tx.add_preparations(row.id, preparations)
    return Made(row, len(preparations), tuple(warnings))


def _read(
    file: CampaignFile, plate: str, wells: Sequence[WellRow], path: Path
) -> tuple[list[PreparationRow], list[str]]:
    columns, settings, warnings = _columns(file, path)
    problems: list[Problem] = []
    masses = _masses(columns, problems)
    levels = {setting.name: _levels(columns, setting, problems) for setting in settings}
    notes = columns.texts("note") if "note" in columns.positions else None
    planned = {well.well: well for well in wells}
    portions = _portions(file, wells)
    found: list[PreparationRow] = []
    seen: dict[str, int] = {}
    for index, data in enumerate(columns.data):
        where = columns.table.place(data)
        label = _label(columns, index, plate, where, problems)
        if label is None:
            continue
        well = planned.get(label)
        if well is None:
            problems.append(Problem(where, f"plate {plate} has no well {label}", "correct the well"))
            continue
        if label in seen:
            problems.append(Problem(where, f"well {label} stands in row {seen[label]} too", "keep one row"))
        seen[label] = columns.rows[index]
        weighed = {name: values[index] for name, values in masses.items() if not math.isnan(values[index])}
        actual = {name: values[index] for name, values in levels.items() if values[index] is not _SILENT}
        if weighed:
            missing = [name for name in portions.get(label, ()) if name not in weighed]
            if missing:
                what = f"the mass of {', '.join(missing)} is missing"
                problems.append(Problem(where, what, "write 0 for a powder that was left out"))
                continue
        note = notes[index] if notes else ""
        if weighed or actual or note:
            try:
                found.append(_preparation(file, well, weighed, actual, note, warnings))
            except UserError as error:
                problems += [Problem(where, problem.what, problem.mend) for problem in error.problems]
    if not problems and not found:
        problems.append(Problem(columns.table.name, "no row says how a sample was made", "fill in masses"))
    if problems:
        raise UploadError(problems)
    return found, warnings


class _Silent:
    """The cell says nothing: the setting is as planned."""


_SILENT = _Silent()


def _preparation(
    file: CampaignFile,
    well: WellRow,
    weighed: Mapping[str, float],
    actual: Mapping[str, Level | _Silent],
    note: str,
    warnings: list[str],
) -> PreparationRow:
    elements, formula = None, None
    if weighed:
        shelf = _shelf(file)
        used = {name: mass for name, mass in weighed.items() if mass}
        amounts = weighed_amounts(used, well.elements, shelf, _excess(file, well))
        elements = {name: Fraction(amount).limit_denominator(10**6) for name, amount in amounts.items()}
        formula = format_formula(elements)
        error = composition_error(amounts, well.elements, shelf)
        if error > SAME_COMPOSITION:
            warnings.append(
                f"well {well.well}: the masses give {formula} instead of {well.formula} "
                f"(an atomic fraction differs by {error:.3f})"
            )
    settings = None
    if actual:
        settings = {**well.settings, **{n: v for n, v in actual.items() if not isinstance(v, _Silent)}}
    return PreparationRow(
        sample=sample_id(well.plate, well.well),
        masses_mg=dict(weighed),
        settings=settings,
        formula=formula,
        elements=elements,
        note=note,
    )


def _columns(file: CampaignFile, path: Path) -> tuple[Columns, list[Setting], list[str]]:
    """The columns of the table that mean something, and warnings about the others."""
    content = read_file(path, path.name)
    table = read_table(content, path.name)[0]
    header = None
    for row in table.rows[:_HEADER_WITHIN]:
        texts = [fold(row.text(position)) for position in range(table.width)]
        if "well" in texts or "sample" in texts:
            header = row
            break
    if header is None:
        raise UploadError("no row of headings was found", "name a column 'well' or 'sample'", table.name)
    precursors = {entry.formula for entry in file.shelf.precursors} if file.shelf else set()
    settings = {setting.name: setting for setting in file.space.process.settings}
    mapping: dict[str, str] = {}
    warnings = []
    for position in range(table.width):
        heading = header.text(position)
        name = split_unit(heading)[0]
        if fold(name) in ("well", "sample"):
            mapping[fold(name)] = heading
        elif name in precursors:
            mapping[f"mass {name}"] = heading
        elif name in settings:
            mapping[name] = heading
        elif fold(name) == "note":
            mapping["note"] = heading
        elif heading and fold(name) not in _FROM_WEIGH_LIST:
            warnings.append(
                f"{table.name}: the column '{heading}' is not read; it is no precursor and no setting"
            )
    columns = read_columns(content, mapping, path.name)
    return columns, [settings[name] for name in mapping if name in settings], warnings


def _masses(columns: Columns, problems: list[Problem]) -> dict[str, list[float]]:
    """As-weighed mg by precursor, NaN where a cell is empty."""
    masses = {}
    for name in columns.positions:
        if not name.startswith("mass "):
            continue
        try:
            values, bounds = columns.numbers(name, "mg")
        except UserError as error:
            problems += error.problems
            continue
        for row, value, bound in zip(columns.data, values, bounds, strict=True):
            if bound != "exact" or value < 0:
                place = columns.table.place(row, columns.headings[name])
                problems.append(Problem(place, f"{row.text(columns.positions[name])!r} is no mass"))
        masses[name.removeprefix("mass ")] = values.tolist()
    return masses


def _levels(columns: Columns, setting: Setting, problems: list[Problem]) -> list[Level | _Silent]:
    """The actual values of a setting; what a table says need not be one of the levels."""
    texts = columns.texts(setting.name)
    if not setting.is_numeric:
        return [text if text else _SILENT for text in texts]
    try:
        numbers, bounds = columns.numbers(setting.name, setting.unit or None)
    except UserError as error:
        problems += error.problems
        return [_SILENT] * len(texts)
    for row, bound in zip(columns.data, bounds, strict=True):
        if bound != "exact":
            place = columns.table.place(row, columns.headings[setting.name])
            problems.append(Problem(place, "a setting is a number, not a bound"))
    return [_SILENT if math.isnan(value) else Fraction(repr(value)) for value in numbers.tolist()]


def _label(columns: Columns, index: int, plate: str, where: str, problems: list[Problem]) -> str | None:
    """The well that a row speaks of."""
    for name in ("well", "sample"):
        if name in columns.positions and (text := columns.texts(name)[index]):
            head, _, tail = text.rpartition("-")
            if head and head.upper() != plate:
                problems.append(Problem(where, f"{text} is not on plate {plate}", "correct the sample"))
                return None
            try:
                return well_label(tail, where)
            except StateError as error:
                problems += error.problems
                return None
    problems.append(Problem(where, "the row names no well", "fill the cell"))
    return None


def _portions(file: CampaignFile, wells: Sequence[WellRow]) -> dict[str, list[str]]:
    weighing = weigh(file, wells)
    if weighing is None:
        return {}
    return {well.well: [portion.precursor for portion in well.portions] for well in weighing.wells}


def _excess(file: CampaignFile, well: WellRow) -> dict[str, float]:
    found = {}
    for setting in file.space.process.settings:
        level = well.settings.get(setting.name)
        if setting.excess_of is not None and isinstance(level, Fraction):
            found[setting.excess_of] = float(level)
    return found


def _shelf(file: CampaignFile) -> Shelf:
    if file.shelf is None:
        raise AlloopError("masses were read without a shelf")
    return file.shelf
