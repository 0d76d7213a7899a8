"""Named columns of tables that others made: pools and tables for replays, as they are."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from ingest_builders import workbook

from alloop.errors import UnitError, UploadError
from alloop.ingest import read_columns

SHARED = Path(__file__).parents[3] / "shared" / "data"
TABLE = b"ID;Formula;sigma (S cm-1);T [K]\n1;Li3InCl6;1,5e-3;298,15\n2;Li3YCl6;<1e-10;\n\n3;Li2ZrCl6;;300\n"


def test_columns_are_found_by_heading_and_converted() -> None:
    found = read_columns(TABLE, {"formula": "formula", "sigma": "Sigma (S cm-1)", "T": "T [K]"}, "t.csv")
    assert found.rows == (2, 3, 5)
    assert found.texts("formula") == ("Li3InCl6", "Li3YCl6", "Li2ZrCl6")
    assert found.units == {"formula": "", "sigma": "S/cm", "T": "K"}
    values, bounds = found.numbers("sigma", "mS/cm")
    np.testing.assert_array_equal(values, [1.5, 1e-7, math.nan])
    assert bounds == ("exact", "below", "exact")
    temperatures, _ = found.numbers("T", "degC")
    assert temperatures[0] == 25.0
    raw, _ = found.numbers("sigma")
    assert raw[0] == 0.0015


def test_missing_and_double_headings_are_named_all_at_once() -> None:
    with pytest.raises(UploadError) as caught:
        read_columns(b"formula,a,a\nLi3InCl6,1,2\n", {"f": "Formulas", "x": "a", "y": "#9"}, "t.csv")
    assert [str(problem) for problem in caught.value.problems] == [
        "t.csv: there is no column 'Formulas'; did you mean 'formula'?",
        "t.csv: the heading 'a' occurs 2 times; address the column by its number, such as #3",
        "t.csv: there is no column #9; there are 3",
    ]


def test_cells_that_are_no_numbers_are_named_all_at_once() -> None:
    found = read_columns(b"formula,x\nA,1\nB,abc\nC,2 V\n", {"x": "x"}, "t.csv")
    with pytest.raises(UploadError) as caught:
        found.numbers("x")
    assert [problem.where for problem in caught.value.problems] == [
        "t.csv, row 3, column 'x'",
        "t.csv, row 4, column 'x'",
    ]


def test_a_wrong_unit_is_named_with_its_column() -> None:
    found = read_columns(b"x [cm2/s],y\n1,2\n", {"x": "x [cm2/s]"}, "t.csv")
    with pytest.raises(UnitError, match=r"t\.csv, column 'x \[cm2/s\]': cm\^2/s is an area per time"):
        found.numbers("x", "S/cm")


def test_tables_without_headings_are_addressed_by_number() -> None:
    found = read_columns(b"0.1,0.9,5\n0.2,0.8,6\n", {"a": "#1", "y": "#3"})
    assert found.numbers("y")[0].tolist() == [5.0, 6.0]
    headed = read_columns(b"a,b,y\n0.1,0.9,5\n", {"a": "#1", "y": "#3"})
    assert headed.numbers("y")[0].tolist() == [5.0]


def test_the_sheet_that_has_the_headings_is_taken() -> None:
    data = workbook([["about this file"]], sheets={"Data": [["formula", "x [%]"], ["Li3InCl6", 50]]})
    found = read_columns(data, {"formula": "formula", "x": "x [%]"}, "t.xlsx")
    assert found.numbers("x", "1")[0].tolist() == [0.5]
    assert found.table.name == "t.xlsx, sheet 'Data'"


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
def test_the_measured_electrolytes_are_read_as_they_are() -> None:
    mapping = {"formula": "True Composition", "sigma": "Ionic conductivity (S cm-1)", "doi": "DOI"}
    found = read_columns(SHARED / "conductivity" / "obelix_all.csv", mapping)
    values, bounds = found.numbers("sigma", "S/cm")
    assert len(found.rows) == 599
    assert bounds.count("below") == 37
    assert not np.isnan(values).any()
    assert values[0] == 1.58489e-06
    assert len(set(found.texts("doi"))) == 223 + ("" in found.texts("doi"))


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
@pytest.mark.parametrize(
    ("name", "mapping", "rows"),
    [
        ("MPEA_dataset.csv", {"formula": "FORMULA", "y": "PROPERTY: HV"}, 1545),
        ("olympus_oer_plate_4098_data.csv", {"a": "#1", "y": "#7"}, 2121),
        ("pvlab_AgNP_dataset.csv", {"a": "QAgNO3(%)", "y": "loss"}, 3295),
        ("pvlab_AutoAM_dataset.csv", {"a": "Prime Delay", "y": "Score"}, 100),
        ("pvlab_Crossed_barrel_dataset.csv", {"a": "n", "y": "toughness"}, 1800),
        ("pvlab_P3HT_dataset.csv", {"a": "D1 content (%)", "y": "Conductivity (measured) (S/cm)"}, 233),
        ("pvlab_Perovskite_dataset.csv", {"a": "CsPbI", "y": "Instability index"}, 139),
    ],
)
def test_tables_of_other_loops_are_read_as_they_are(name: str, mapping: dict[str, str], rows: int) -> None:
    found = read_columns(SHARED / "closed_loop" / name, mapping)
    assert len(found.rows) == rows
    values, bounds = found.numbers("y")
    assert values.shape == (rows,)
    assert set(bounds) == {"exact"}
    assert np.isfinite(values).any()
