"""Tables of files and pellets: whose file it is, how large the pellet, what else an evaluation must know."""

from __future__ import annotations

import pytest
from ingest_builders import CONTEXT, PLATE, table

from alloop.errors import UploadError
from alloop.ingest.pellets import Pellet, is_named, pellet_layouts, read_pellets, unused_files


def pellets(text: str) -> list[Pellet]:
    return read_pellets(pellet_layouts([table(text)], CONTEXT), CONTEXT)


def test_sizes_by_sample_and_by_plate_and_well() -> None:
    first, second = pellets(
        f"sample,thickness [µm],diameter [cm]\n{PLATE}-A01,910,0.65\n{PLATE}-b7,1200,0.65\n"
    )
    assert (first.sample.id, second.sample.id) == (f"{PLATE}-A01", f"{PLATE}-B07")
    assert first.geometry.thickness_mm == pytest.approx(0.91)
    assert first.geometry.area_cm2 == pytest.approx(0.33183, rel=1e-4)
    (third,) = pellets("plate,well,thickness_mm\n3,C2,1.1\n")
    assert (third.sample.id, third.geometry.area_cm2) == (f"{PLATE}-C02", None)


def test_what_else_an_evaluation_must_know() -> None:
    head = "file,sample,temperature_C,reference electrode,carbon_wt_percent,pressure_MPa"
    (row,) = pellets(f"{head}\nlsv 3.txt,{PLATE}-A01,25,Li+/Li,30,80\n")
    assert row.file == "lsv 3.txt"
    assert row.temperature_C == 25.0
    assert row.conditions == {
        "reference_electrode": "Li+/Li",
        "carbon_wt_percent": 30.0,
        "pressure_MPa": 80.0,
    }


@pytest.mark.parametrize(
    "text",
    [
        f"sample,ionic_conductivity [S/cm],thickness_mm\n{PLATE}-A01,1e-4,1.2\n",
        f"sample,status,thickness_mm\n{PLATE}-A01,ok,1.2\n",
        f"sample,note\n{PLATE}-A01,dark\n",
        "freq,re,im\n1,2,3\n",
    ],
)
def test_tables_with_values_or_without_sizes_are_no_such_tables(text: str) -> None:
    assert pellet_layouts([table(text)], CONTEXT) == []


def test_everything_wrong_is_said_at_once() -> None:
    rows = [f"a.txt,{PLATE}-A01,x", f"b.txt,{PLATE}-Z09,1", f"c.txt,{PLATE}-A02,1", f"C.txt,{PLATE}-A03,1"]
    text = "\n".join(["file,sample,thickness_mm", *rows]) + "\n"
    with pytest.raises(UploadError) as caught:
        pellets(text)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 3
    assert "row 2" in said[0]
    assert "Z09" in said[1]
    assert f"named for {PLATE}-A02 and {PLATE}-A03" in said[2]


@pytest.mark.parametrize(
    ("written", "name", "same"),
    [
        ("scan 1.txt", "monday/scan 1.txt", True),
        ("Scan 1.TXT", "scan 1.txt", True),
        ("monday\\scan 1.txt", "drop/monday/scan 1.txt", True),
        ("can 1.txt", "scan 1.txt", False),
        ("scan 1", "scan 1.txt", False),
    ],
)
def test_files_are_named_by_path_or_last_part(written: str, name: str, same: bool) -> None:
    assert is_named(written, name) is same


def test_a_file_that_is_not_there_is_named() -> None:
    rows = pellets(f"file,sample\na.txt,{PLATE}-A01\nb.txt,{PLATE}-A02\n")
    (problem,) = unused_files(rows, ["x/a.txt"])
    assert "b.txt" in problem.what
