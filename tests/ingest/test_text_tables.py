"""Text tables in the dialects that instruments and spreadsheet programs write."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_builders import results, table

from alloop.errors import Problem, UploadError
from alloop.ingest import read_table

ENGLISH = (
    "sample,ionic_conductivity [mS/cm],note\nHALIDE-SPINEL-003-A1,1.25,warm\nHALIDE-SPINEL-003-B2,<1e-6,µ é\n"
)
GERMAN = ENGLISH.replace(",", ";").replace(".", ",")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("text", [ENGLISH, GERMAN, ENGLISH.replace(",", "\t"), "sep=;\n" + GERMAN])
def test_encodings_line_ends_and_delimiters(encoding: str, newline: str, text: str) -> None:
    parsed = results(text.replace("\n", newline).encode(encoding)).checked()
    values = [(one.row.sample, one.row.value, one.row.bound) for one in parsed.measurements]
    assert values == [
        ("HALIDE-SPINEL-003-A01", 1.25e-3, "exact"),
        ("HALIDE-SPINEL-003-B02", 1e-9, "below"),
    ]
    assert parsed.measurements[1].row.conditions["note"] == "µ é"


def test_rows_are_numbered_as_a_spreadsheet_program_shows_them() -> None:
    found = table('title\n\na,b\n"x\ny",1\n,\nz,2\n')
    assert [row.number for row in found.rows] == [1, 3, 4, 6]
    assert found.rows[2].text(0) == "x\ny"


def test_a_delimiter_inside_cells_does_not_win() -> None:
    found = table("sample,phases\nA,x 90; y 10\nB,x 80; y 20\nC,x 70; z 30\n")
    assert found.width == 2
    assert table("a;b\n1,5;2,5\n3,5;4,5\n").width == 2
    assert table("formula\nLi3InCl6\nLi3YCl6\n").width == 1


@pytest.mark.parametrize("data", [b"", b"  \n\n ", b"\xef\xbb\xbf", b"\xff\xfe", b",,,\n;;\n"[:4]])
def test_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(UploadError, match=r"r\.csv: the file is empty"):
        read_table(data, "r.csv")


def test_an_open_quotation_mark_is_named_with_its_row() -> None:
    with pytest.raises(UploadError, match=r"r\.csv, row 3.*check the quotation marks"):
        read_table(b'a,b\n1,2\n"open,3\n4,5\n', "r.csv")


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(
        st.lists(
            st.text(alphabet="abc123 ;,'µ\u2013", min_size=1, max_size=6).map(str.strip),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=6,
    ),
    delimiter=st.sampled_from(";,\t|"),
)
def test_quoted_cells_come_back(cells: list[list[str]], delimiter: str) -> None:
    rows = [["one", "two", "three"], *[row for row in cells if any(row)]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    found = table(text)
    assert [[row.cell(i) for i in range(3)] for row in found.rows] == rows


@settings(max_examples=150, deadline=None)
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode)))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    refusals: tuple[Problem, ...] = ()
    try:
        assert all(one.rows for one in read_table(data, "r.csv"))
    except UploadError as error:
        refusals = error.problems
    assert all(problem.where.startswith("r.csv") for problem in refusals)
