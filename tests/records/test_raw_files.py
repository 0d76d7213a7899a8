from __future__ import annotations

import os
from pathlib import Path

import pytest

from alloop.errors import RecordsError
from alloop.records.raw_files import TEMPORARY_PREFIX, RawFiles, sha256_of


def test_a_file_lies_under_its_hash(tmp_path: Path) -> None:
    raw = RawFiles(tmp_path / "raw")
    digest = raw.put(b"spectrum")
    assert digest == sha256_of(b"spectrum")
    assert raw.path(digest) == tmp_path / "raw" / digest[:2] / digest
    assert raw.get(digest) == b"spectrum"
    assert raw.put(b"spectrum") == digest
    assert [path.name for path in raw] == [digest]


def test_a_damaged_file_is_noticed_and_not_overwritten(tmp_path: Path) -> None:
    raw = RawFiles(tmp_path)
    digest = raw.put(b"spectrum")
    raw.path(digest).chmod(0o644)
    raw.path(digest).write_bytes(b"spectrun")
    with pytest.raises(RecordsError, match="its content is damaged"):
        raw.get(digest)
    with pytest.raises(RecordsError, match="its content is damaged"):
        raw.put(b"spectrum")
    assert raw.path(digest).read_bytes() == b"spectrun"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be read"):
        RawFiles(tmp_path).get("0" * 64)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    raw = RawFiles(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordsError, match=r"cannot be written .No space left on device"):
        raw.put(b"spectrum")
    assert [path for path in raw if path.name.startswith(TEMPORARY_PREFIX)] == []
    assert list(raw) == []
