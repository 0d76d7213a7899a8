"""What a file is, told from its first bytes, and what a zip archive holds, told without unpacking it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

_BEGINNINGS = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"PAR1", "a parquet file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "a rich-text document"),
    (b"\x89HDF", "an HDF5 file"),
)
_PDF_WITHIN = 1024


def foreign_kind(data: bytes) -> str | None:
    """What kind of file some bytes begin, in words; None when they begin none of those that are listed here."""
    found = next((words for start, words in _BEGINNINGS if data.startswith(start)), None)
    return "a PDF document" if found is None and b"%PDF-" in data[:_PDF_WITHIN] else found


@dataclass(frozen=True)
class Packed:
    """What a zip archive states of itself: the names of its parts, and their size once unpacked, in bytes."""

    names: tuple[str, ...]
    unpacked: int


def look_into(data: bytes) -> Packed:
    """The table of contents of a zip archive.

    Raises:
        zipfile.BadZipFile: when it is damaged, in whatever way.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (OSError, ValueError, NotImplementedError, EOFError) as error:
        raise zipfile.BadZipFile(str(error)) from error
    return Packed(tuple(part.filename for part in parts), sum(part.file_size for part in parts))


__all__ = ["Packed", "foreign_kind", "look_into"]
