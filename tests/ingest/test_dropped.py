"""Folders and archives: every file by name, nothing that leads out, nothing without limits."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from alloop.ingest import dropped
from alloop.ingest.dropped import collect


def packed(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_folders_and_archives_are_opened(tmp_path: Path) -> None:
    folder = tmp_path / "plate 3"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "B07.txt").write_bytes(b"one")
    (folder / "A01.txt").write_bytes(b"two")
    (folder / ".DS_Store").write_bytes(b"left behind")
    archive = tmp_path / "more.zip"
    archive.write_bytes(packed({"x/C03.txt": b"three", "__MACOSX/._C03.txt": b"left behind"}))
    found = collect([folder, archive])
    assert found.files == (
        ("plate 3/A01.txt", b"two"),
        ("plate 3/deep/B07.txt", b"one"),
        ("more.zip/x/C03.txt", b"three"),
    )
    assert not found.problems


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"not yours")
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.txt").symlink_to(secret)
    (folder / "all").symlink_to(tmp_path, target_is_directory=True)
    (folder / "B07.txt").write_bytes(b"one")
    found = collect([folder])
    assert found.files == (("drop/B07.txt", b"one"),)
    assert [str(one) for one in found.left_out] == [
        "drop/a.txt: it is a link, and not followed; copy the file itself",
        "drop/all: it is a link, and not followed; copy the file itself",
    ]


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("B07.txt")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("C01.txt", "one")
    (tmp_path / "a.zip").write_bytes(buffer.getvalue())
    found = collect([tmp_path / "a.zip"])
    assert [name for name, _ in found.files] == ["a.zip/C01.txt"]
    assert "link" in str(found.left_out[0])


@pytest.mark.parametrize(
    "name", ["../B07.txt", "/etc/B07.txt", "x/../../B07.txt", "C:/B07.txt", "..\\B07.txt"]
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.zip").write_bytes(packed({name: b"one", "B08.txt": b"two"}))
    found = collect([tmp_path / "a.zip"])
    assert not found.files
    assert "leads out of the archive" in str(found.problems[0])


def test_a_bomb_stops_while_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dropped, "LARGEST_FILE_MB", 1)
    monkeypatch.setattr(dropped, "LARGEST_TOTAL_MB", 2)
    (tmp_path / "one.zip").write_bytes(packed({"B07.txt": bytes(1_500_000)}))
    assert "unpacks to more than 1 MB" in str(collect([tmp_path / "one.zip"]).problems[0])
    (tmp_path / "many.zip").write_bytes(packed({f"{i}.txt": bytes(900_000) for i in range(4)}))
    assert "unpacks to more than 2 MB" in str(collect([tmp_path / "many.zip"]).problems[0])


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dropped, "MOST_FILES", 3)
    (tmp_path / "a.zip").write_bytes(packed({f"{i}.txt": b"x" for i in range(4)}))
    assert "holds 4 files; 3 are the most" in str(collect([tmp_path / "a.zip"]).problems[0])
    for i in range(5):
        (tmp_path / "drop").mkdir(exist_ok=True)
        (tmp_path / "drop" / f"{i}.txt").write_bytes(b"x")
    found = collect([tmp_path / "drop", tmp_path / "drop"])
    assert not found.files
    assert "more than 3 files" in str(found.problems[0])


@pytest.mark.parametrize("cut", [10, 30, 60, -30, -5])
def test_damaged_archives_are_named(tmp_path: Path, cut: int) -> None:
    data = packed({"B07.txt": b"some spectrum" * 20, "B08.txt": b"x"})
    broken = bytearray(data)
    broken[cut : cut + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.zip").write_bytes(bytes(broken))
    found = collect([tmp_path / "a.zip"])
    # refused, or (where only a date was hit) read as it was, or bytes that are no archive any more
    whole = (("a.zip/B07.txt", b"some spectrum" * 20), ("a.zip/B08.txt", b"x"))
    assert found.problems or found.files in (whole, (("a.zip", bytes(broken)),))


def test_archives_within_archives_and_empty_ones_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"inner.zip": packed({"B07.txt": b"x"})}))
    assert "archive within an archive" in str(collect([tmp_path / "a.zip"]).problems[0])
    (tmp_path / "b.zip").write_bytes(packed({".hidden": b"x"}))
    assert "holds no file" in str(collect([tmp_path / "b.zip"]).problems[0])
    (tmp_path / "empty").mkdir()
    assert "holds no file" in str(collect([tmp_path / "empty"]).problems[0])


def test_a_document_that_is_packed_is_one_file(tmp_path: Path) -> None:
    book = packed({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})
    (tmp_path / "results.xlsx").write_bytes(book)
    assert collect([tmp_path / "results.xlsx"]).files == (("results.xlsx", book),)
