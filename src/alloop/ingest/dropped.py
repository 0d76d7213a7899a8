"""What a person drops: files, folders and zip archives, opened with care into named bytes."""

from __future__ import annotations

import io
import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from alloop.errors import Problem, UploadError
from alloop.ingest.recognise import LARGEST_FILE_MB, is_archive, read_file

MOST_FILES = 2000
LARGEST_TOTAL_MB = 1000
_READ_AT_ONCE = 1 << 20
_NOT_MEANT = ("thumbs.db", "desktop.ini", "__macosx")


@dataclass(frozen=True)
class Dropped:
    """Files with their names, what was left out and why, and what keeps the whole from being recorded.

    A name is the file's path below what was dropped, with strokes ("/"); it is a label and never used as a path.
    """

    files: tuple[tuple[str, bytes], ...] = ()
    left_out: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def collect(paths: Sequence[Path]) -> Dropped:
    """The files that were dropped, those in folders and archives one by one, in order of their names.

    Links are not followed, and what operating systems leave behind (`.DS_Store`, `Thumbs.db`) is not meant. At most
    `MOST_FILES` files with `LARGEST_TOTAL_MB` MB are taken.
    """
    files: list[tuple[str, bytes]] = []
    left_out: list[Problem] = []
    problems: list[Problem] = []
    total = 0
    for path, name in _listed(paths, left_out, problems):
        if len(files) > MOST_FILES or total > LARGEST_TOTAL_MB * 1_000_000:
            break
        try:
            data = read_file(path, name)
            found = list(_unpacked(data, name, left_out)) if is_archive(data) else [(name, data)]
        except UploadError as error:
            problems += error.problems
            continue
        files += found
        total += sum(len(one) for _, one in found)
    if len(files) > MOST_FILES or total > LARGEST_TOTAL_MB * 1_000_000:
        what = f"there are more than {MOST_FILES} files or {LARGEST_TOTAL_MB} MB"
        problems.append(Problem("upload", what, "upload a plate at a time"))
        files = []
    return Dropped(tuple(files), tuple(left_out), tuple(problems))


def _listed(
    paths: Sequence[Path], left_out: list[Problem], problems: list[Problem]
) -> Iterator[tuple[Path, str]]:
    """Each file with its name below what was dropped."""
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        is_empty = True
        for inner in _walk(path):
            name = f"{path.name}/{inner.relative_to(path).as_posix()}" if path.name else inner.name
            if inner.is_symlink():
                left_out.append(Problem(name, "it is a link, and not followed", "copy the file itself"))
            elif not _is_left_behind(name):
                is_empty = False
                yield inner, name
        if is_empty:
            problems.append(Problem(str(path), "the folder holds no file", "name the folder with the files"))


def _walk(folder: Path) -> Iterator[Path]:
    """Files and links below a folder in order of their names, found as they are asked for; links are not entered."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
        else:
            yield entry


def _is_left_behind(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.lower() in _NOT_MEANT or part.startswith((".", "~$")) for part in parts)


def _unpacked(data: bytes, archive_name: str, left_out: list[Problem]) -> Iterator[tuple[str, bytes]]:
    """The files of a zip archive; sizes are counted while unpacking, whatever the archive says of them.

    Raises:
        UploadError: when it is damaged, locked, too large, or holds names that lead out of it.
    """
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(entries, archive_name)
            for entry in sorted(entries, key=lambda one: one.filename):
                name = f"{archive_name}/{entry.filename}"
                if _is_left_behind(entry.filename):
                    continue
                if stat.S_ISLNK(entry.external_attr >> 16):
                    left_out.append(Problem(name, "it is a link, and not followed", "pack the file itself"))
                    continue
                content = _read_entry(archive, entry, name)
                unpacked += len(content)
                if unpacked > LARGEST_TOTAL_MB * 1_000_000:
                    what = f"the archive unpacks to more than {LARGEST_TOTAL_MB} MB"
                    raise UploadError(what, "upload a plate at a time", archive_name)
                if is_archive(content):
                    raise UploadError("an archive within an archive is not opened", "unpack it first", name)
                yield name, content
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, OSError, ValueError):
        raise UploadError("the archive is damaged", "pack or copy it again", archive_name) from None
    if not unpacked:
        raise UploadError("the archive holds no file", "pack the files themselves", archive_name)


def _check_entries(entries: Sequence[zipfile.ZipInfo], archive_name: str) -> None:
    problems = []
    if len(entries) > MOST_FILES:
        what = f"the archive holds {len(entries)} files; {MOST_FILES} are the most"
        problems.append(Problem(archive_name, what, "upload a plate at a time"))
    for entry in entries[:MOST_FILES]:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            what = f"the name {entry.filename[:80]!r} leads out of the archive"
            problems.append(Problem(archive_name, what, "pack it again without such names"))
        if entry.flag_bits & 0x1:
            problems.append(Problem(f"{archive_name}/{entry.filename}", "it is locked with a password"))
    if problems:
        raise UploadError(problems)


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    parts, size = [], 0
    try:
        with archive.open(entry) as stream:
            while part := stream.read(_READ_AT_ONCE):
                size += len(part)
                if size > LARGEST_FILE_MB * 1_000_000:
                    what = f"it unpacks to more than {LARGEST_FILE_MB} MB"
                    raise UploadError(what, "leave it out, or export it shorter", name)
                parts.append(part)
    except (zlib.error, lzma.LZMAError) as error:
        raise zipfile.BadZipFile(str(error)) from None
    except RuntimeError as error:  # what zipfile raises for a password
        raise UploadError(f"it cannot be unpacked ({error})", "pack it again", name) from None
    return b"".join(parts)


__all__ = ["LARGEST_TOTAL_MB", "MOST_FILES", "Dropped", "collect"]
