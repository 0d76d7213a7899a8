"""Files that are no tables, whatever their name says."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from alloop.errors import UploadError
from alloop.ingest import read_table

SHARED = Path(__file__).parents[3] / "shared" / "data"


def packed(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
        (b"\n\n%PDF-1.4 trailing", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n\x00", "a PNG image"),
        (b"\xff\xd8\xff\xe0\x00", "a JPEG image"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"PAR1\x15\x04", "a parquet file"),
        (b"<!DOCTYPE html><html>", "a web page or XML file"),
        (b"<html><table><tr><td>1", "a web page or XML file"),
        (b'{"sample": 1}', "a JSON document"),
        (packed("a.csv"), "a zip archive"),
        (packed("word/document.xml", "[Content_Types].xml"), "a Word document"),
        (packed("mimetype", "content.xml"), "an OpenDocument file"),
        (packed("xl/workbook.bin"), "a binary Excel workbook"),
        (b"PK\x03\x04 and then nothing", "cannot be unpacked"),
        (packed("xl/workbook.xml"), "the workbook is damaged"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00\x03", "a binary file"),
        (b"a,b\n\x01\x02,3\n", "a binary file"),
    ],
)
def test_other_files_are_recognised_by_content(data: bytes, said: str) -> None:
    with pytest.raises(UploadError) as caught:
        read_table(data, "results.csv")
    (problem,) = caught.value.problems
    assert problem.where == "results.csv"
    assert said in problem.what
    assert problem.mend


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 200_000_000)
    with pytest.raises(UploadError, match=r"huge\.csv: the file has 200 MB; 50 MB are the most"):
        read_table(path)


def test_a_workbook_that_unpacks_to_too_much_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "x")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(160):
                sheet.write(b"0" * 1_000_000)
    with pytest.raises(UploadError, match="unpacks to 160 MB"):
        read_table(target.getvalue(), "r.xlsx")


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="cannot be read"):
        read_table(tmp_path / "nothing.csv")
    with pytest.raises(UploadError, match="a folder, not a file"):
        read_table(tmp_path)


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(UploadError, match="more than 2000 columns"):
        read_table(b",".join([b"x"] * 3000), "wide.csv")


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("xrd/datalab_TiO2.raw", "a binary file"),
        ("xrd/datalab_Scan_C1.xrdml", "a web page or XML file"),
        ("xrd/datalab_TiOF.brml", "a zip archive"),
        ("eis/hybriddrt_PEIS_SSB.mpr", "a binary file"),
        ("conductivity/obelix_cifs.tar.gz", "a gzip archive"),
    ],
)
def test_real_instrument_files_are_no_tables(name: str, said: str) -> None:
    with pytest.raises(UploadError, match=said):
        read_table(SHARED / name)
