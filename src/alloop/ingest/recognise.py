"""What kind of file some bytes are, whatever their name says."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Literal

from alloop.errors import UploadError
from alloop.file_kinds import foreign_kind, look_into

LARGEST_FILE_MB = 50
LARGEST_UNPACKED_MB = 150

# Office documents, Bruker .brml, Rigaku .rasx: what their archives hold.
_PACKED_DOCUMENTS = (
    "[Content_Types].xml",
    "xl/",
    "word/",
    "ppt/",
    "content.xml",
    "Experiment0/",
    "Data0/",
    "DataContainer.xml",
)
_JSON = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:\{\s*[\"}]|\[\s*[\[\]{\"\d-])")
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|svg|table)", re.IGNORECASE)


def read_file(path: Path, name: str | None = None) -> bytes:
    """The bytes of a file that is small enough to be a table; the size is looked up before reading.

    Raises:
        UploadError: when the file is missing, a folder, unreadable, or too large.
    """
    where = name or path.name
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise UploadError("this is a folder, not a file", "name the files in it", where)
        if not path.is_file():
            raise UploadError("this is not a plain file", "copy the table into a file", where)
        if size > LARGEST_FILE_MB * 1_000_000:
            raise _too_large(size, where)
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UploadError(f"the file cannot be read ({reason})", "check the path", where) from None


def check_size(data: bytes, where: str) -> None:
    """Refuse bytes that are too many to be a table, or none at all.

    Raises:
        UploadError: when there are none or too many.
    """
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UploadError("the file is empty", "export the table again", where)
    if len(data) > LARGEST_FILE_MB * 1_000_000:
        raise _too_large(len(data), where)


def _too_large(size: int, where: str) -> UploadError:
    return UploadError(
        f"the file has {size / 1e6:.0f} MB; {LARGEST_FILE_MB} MB are the most",
        "upload only the sheet with the results",
        where,
    )


def is_archive(data: bytes) -> bool:
    """Whether some bytes are a zip archive of files, and not a document or measurement that is packed as one."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        packed = look_into(data)
    except zipfile.BadZipFile:
        return False
    return not any(name.startswith(_PACKED_DOCUMENTS) for name in packed.names)


def table_kind(data: bytes, where: str) -> Literal["text", "xlsx"]:
    """Whether `data` is a text table or an Excel workbook, judged by its content.

    Raises:
        UploadError: naming what it is when it is neither.
    """
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        return _packed_kind(data, where)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UploadError(
            "this is an old Excel workbook (.xls) or one with a password",
            "save it as .xlsx without a password, or as CSV",
            where,
        )
    found = foreign_kind(data)
    if found is None and _MARKUP.match(data[:300]):
        found = "a web page or XML file"
    if found is None and _JSON.match(data[:300]):
        found = "a JSON document"
    if found is not None:
        raise UploadError(f"this is {found}, not a table", "export the results as CSV or XLSX", where)
    return "text"


def _packed_kind(data: bytes, where: str) -> Literal["xlsx"]:
    try:
        packed = look_into(data)
    except zipfile.BadZipFile:
        raise UploadError(
            "the file is damaged: it begins like an Excel workbook but cannot be unpacked",
            "save or copy it again",
            where,
        ) from None
    names = packed.names
    if "xl/workbook.xml" not in names:
        what = (
            "a Word document" if any(name.startswith("word/") for name in names)
            else "a presentation" if any(name.startswith("ppt/") for name in names)
            else "a binary Excel workbook (.xlsb)" if "xl/workbook.bin" in names
            else "an OpenDocument file" if "mimetype" in names and "content.xml" in names
            else "a zip archive"
        )  # fmt: skip
        mend = (
            "unpack it and upload the files in it" if what == "a zip archive" else "save it as .xlsx or CSV"
        )
        raise UploadError(f"this is {what}, not a table", mend, where)
    if packed.unpacked > LARGEST_UNPACKED_MB * 1_000_000:
        raise UploadError(
            f"the workbook unpacks to {packed.unpacked / 1e6:.0f} MB; it may unpack to {LARGEST_UNPACKED_MB} MB",
            "upload only the sheet with the results",
            where,
        )
    return "xlsx"
