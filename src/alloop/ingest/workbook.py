"""Excel workbooks: every sheet, as values, with merged cells filled in and uncomputed formulas refused."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

from alloop.errors import Problem, UploadError
from alloop.ingest.cells import Cell, decimal_mark, from_spreadsheet
from alloop.ingest.grid import Row, Table, check_shape

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


def read_workbook(data: bytes, name: str) -> list[Table]:
    """One table per sheet that holds something.

    Raises:
        UploadError: when the workbook is damaged, or cells hold formulas that were never computed (files
            written by a program carry formulas without results until a spreadsheet program has saved them).
    """
    shown = _load(data, name, values=True)
    written = _load(data, name, values=False) if _has_formulas(data) else None
    tables: list[Table] = []
    problems: list[Problem] = []
    for sheet in shown.worksheets:
        where = name if len(shown.worksheets) == 1 else f"{name}, sheet '{sheet.title}'"
        if written is not None:
            problems += _uncomputed(sheet, written[sheet.title], where)
        table = _read_sheet(sheet, where)
        if table.rows:
            tables.append(table)
    if problems:
        raise UploadError(problems)
    return tables


def _load(data: bytes, name: str, values: bool) -> Any:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # styles and validations that openpyxl does not know carry no values
        try:
            return openpyxl.load_workbook(io.BytesIO(data), data_only=values)
        except Exception as error:
            # openpyxl lets through whatever its XML, zip and value readers raise; all of it means the same.
            raise UploadError(
                f"the workbook is damaged ({type(error).__name__})",
                "open it in a spreadsheet program and save it again",
                name,
            ) from error


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return any(
            b"<f>" in sheet or b"<f " in sheet or b":f>" in sheet
            for sheet in (archive.read(one) for one in archive.namelist() if one.startswith("xl/worksheets/"))
        )


def _uncomputed(sheet: Worksheet, written: Worksheet, where: str) -> list[Problem]:
    found = []
    for cells in written.iter_rows():
        for cell in cells:
            if cell.data_type == "f" and sheet[cell.coordinate].value is None:
                found.append(
                    Problem(
                        f"{where}, cell {cell.coordinate}",
                        "the cell holds a formula without a computed result",
                        "open the file in a spreadsheet program and save it, or paste the values",
                    )
                )
    return found


def _read_sheet(sheet: Worksheet, where: str) -> Table:
    check_shape(sheet.max_row, sheet.max_column, where)
    filled = _merged_from(sheet)
    rows = []
    for number, cells in enumerate(sheet.iter_rows(min_row=1, min_col=1), start=1):
        values: list[Cell] = []
        merged = set()
        for position, cell in enumerate(cells):
            anchor = filled.get((number, position + 1))
            source = cell if anchor is None else sheet.cell(*anchor)
            values.append(from_spreadsheet(source.value, source.number_format))
            if anchor is not None:
                merged.add(position)
        row = Row(number, tuple(values), frozenset(merged))
        if not row.is_blank:
            rows.append(row)
    return Table(where, tuple(rows), decimal_mark((cell for row in rows for cell in row.cells), ""))


def _merged_from(sheet: Worksheet) -> dict[tuple[int, int], tuple[int, int]]:
    """The cells covered by a merged range, each with the first cell of the range."""
    return {
        (row, column): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, min(area.max_row, sheet.max_row) + 1)
        for column in range(area.min_col, min(area.max_col, sheet.max_column) + 1)
        if (row, column) != (area.min_row, area.min_col)
    }
