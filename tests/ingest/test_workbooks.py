"""Excel workbooks as people make them: merged cells, dates, percentages, formulas, several sheets."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_builders import CONTEXT, results, said, warned, workbook
from openpyxl import Workbook

from alloop.errors import Problem, UploadError
from alloop.ingest import parse_results, read_table

S = "HALIDE-SPINEL-003"
GOOD = workbook([["sample", "activation_energy [eV]"], [f"{S}-A01", 0.3]])  # holds the time: made once


def test_a_plain_sheet_with_numbers_and_dates() -> None:
    data = workbook(
        [
            ["sample", "ionic_conductivity [mS/cm]", "temperature_C", "measured_at"],
            [f"{S}-A01", 1.5, 25, datetime(2026, 3, 1, 9, 30)],
            [f"{S}-A02", "<1e-6", 25, date(2026, 3, 2)],
            [None, None, None, None],
            [f"{S}-A03", "0,25", 60, None],
        ]
    )
    rows = [one.row for one in results(data, name="r.xlsx").checked().measurements]
    assert [(row.value, row.bound, row.temperature_C) for row in rows] == [
        (0.0015, "exact", 25.0),
        (1e-9, "below", 25.0),
        (0.00025, "exact", 60.0),
    ]
    assert rows[0].measured_at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert rows[1].measured_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert rows[2].place == "r.xlsx, row 5, column 'ionic_conductivity [mS/cm]'"


def test_a_title_and_a_heading_merged_over_two_temperatures() -> None:
    data = workbook(
        [
            ["Plate 3, measured by Ada", None, None],
            [None, None, None],
            ["sample", "ionic_conductivity [mS/cm]", None],
            [None, "25 °C", "60 °C"],
            [f"{S}-A01", 1.5, 4.5],
        ],
        merge=["A1:C1", "A3:A4", "B3:C3"],
    )
    rows = [one.row for one in results(data, name="r.xlsx").checked().measurements]
    assert [(row.value, row.temperature_C) for row in rows] == [(0.0015, 25.0), (0.0045, 60.0)]


def test_a_group_heading_above_full_headings_and_a_line_of_units() -> None:
    grouped = workbook(
        [
            ["sample", "Conductivity", None, "XRD"],
            [None, "ionic_conductivity [S/cm]", "temperature_C", "target_phase_fraction"],
            [f"{S}-A01", 1e-3, 25, 0.9],
        ],
        merge=["A1:A2", "B1:C1"],
    )
    with_units = workbook(
        [
            ["sample", "ionic_conductivity", "temperature", "target_phase_fraction"],
            [None, "mS/cm", "K", "[%]"],
            [f"{S}-A01", 1, 298.15, 90],
        ]
    )
    for data in (grouped, with_units):
        rows = [one.row for one in results(data, name="r.xlsx").checked().measurements]
        assert [(row.property, row.value, row.temperature_C) for row in rows] == [
            ("ionic_conductivity", 1e-3, 25.0),
            ("target_phase_fraction", 0.9, 25.0),
        ]


def test_the_same_layout_without_merge_information_in_a_text_file() -> None:
    text = f"sample,ionic_conductivity [mS/cm],,Ea\n,25 °C,60 °C,[eV]\n{S}-A1,1.5,4.5,0.3\n"
    rows = [one.row for one in results(text).checked().measurements]
    assert [(row.property, row.value, row.temperature_C) for row in rows] == [
        ("ionic_conductivity", 0.0015, 25.0),
        ("ionic_conductivity", 0.0045, 60.0),
        ("activation_energy", 0.3, None),
    ]


def test_merged_plate_cells_hold_for_all_their_rows_and_merged_values_are_unclear() -> None:
    rows = [
        ["plate", "well", "ionic_conductivity [S/cm]"],
        [S, "A1", 1e-3],
        [None, "A2", 2e-3],
        [None, "A3", None],
    ]
    merged = results(workbook(rows, merge=["A2:A4"]), name="r.xlsx").checked()
    assert [one.row.sample for one in merged.measurements] == [f"{S}-A01", f"{S}-A02"]
    unclear = results(workbook(rows, merge=["A2:A4", "C3:C4"]), name="r.xlsx")
    assert "row 4, column 'ionic_conductivity [S/cm]': the cell is merged with another" in said(unclear)


def test_a_percentage_format_is_what_the_person_sees() -> None:
    for heading in ("target_phase_fraction [%]", "target_phase_fraction"):
        data = workbook([["sample", heading], [f"{S}-A01", 0.85]], formats={"B2": "0.0%"})
        (one,) = results(data, name="r.xlsx").checked().measurements
        assert one.row.value == 0.85


def test_dates_made_by_the_spreadsheet_program_are_named() -> None:
    data = workbook([["sample", "activation_energy [eV]"], [f"{S}-A01", datetime(2026, 3, 1)]])
    text = said(results(data, name="r.xlsx"))
    assert (
        "r.xlsx, row 2, column 'activation_energy [eV]': '2026-03-01' is a date where a number belongs"
        in text
    )


def test_formulas_without_results_are_named_with_their_cell() -> None:
    data = workbook([["sample", "activation_energy [eV]"], [f"{S}-A01", "=0.1+0.2"], [f"{S}-A02", "=B2"]])
    with pytest.raises(UploadError) as caught:
        read_table(data, "r.xlsx")
    assert [problem.where for problem in caught.value.problems] == ["r.xlsx, cell B2", "r.xlsx, cell B3"]


def test_sheets_without_samples_are_left_out_with_a_warning() -> None:
    data = workbook(
        [["sample", "activation_energy [eV]"], [f"{S}-A01", 0.3]],
        sheets={"Remarks": [["all measured in the glovebox"]], "Empty": []},
    )
    parsed = results(data, name="r.xlsx").checked()
    assert len(parsed.measurements) == 1
    assert "r.xlsx, sheet 'Remarks': the sheet is not read" in warned(parsed)
    assert parsed.measurements[0].row.place.startswith("r.xlsx, sheet 'Results', row 2")


def test_an_empty_workbook_is_refused() -> None:
    target = io.BytesIO()
    Workbook().save(target)
    with pytest.raises(UploadError, match="the file is empty"):
        read_table(target.getvalue(), "r.xlsx")


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damaged_workbooks_are_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(GOOD) - 1))
    bad = bytearray(GOOD)
    bad[at : at + data.draw(st.integers(1, 40))] = data.draw(st.binary(max_size=40))
    refusals: tuple[Problem, ...] = ()
    try:
        parse_results(read_table(bytes(bad), "r.xlsx"), CONTEXT)
    except UploadError as error:
        refusals = error.problems
    assert all(problem.where.startswith("r.xlsx") for problem in refusals)
