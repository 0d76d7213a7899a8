"""XML and zip archives that come from outside, opened with limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from alloop.errors import InstrumentError
from alloop.file_kinds import look_into

LARGEST_PART_MB, LARGEST_ARCHIVE_MB, MOST_PARTS = 60, 150, 2000


class _Forbidden(Exception):
    """A document type or entity, which no instrument writes."""


def parse_xml(data: bytes, name: str) -> ElementTree.Element:
    """The root of an XML document, with tags freed of their namespaces.

    Document types and entities are refused before anything is expanded.

    Raises:
        InstrumentError: when it is not well-formed, cut off, or declares a document type.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    builder = ElementTree.TreeBuilder()

    def forbid(*_: object) -> Any:
        raise _Forbidden

    def local(tag: str) -> str:
        return tag.rsplit("}", 1)[-1]

    parser.StartDoctypeDeclHandler = forbid
    parser.EntityDeclHandler = forbid
    parser.ExternalEntityRefHandler = forbid
    parser.StartElementHandler = lambda tag, attributes: builder.start(
        local(tag), {local(key): value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda tag: builder.end(local(tag))
    parser.CharacterDataHandler = builder.data
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
        return builder.close()
    except _Forbidden:
        raise InstrumentError(
            "the XML declares a document type or entities, which no instrument writes",
            "export the file again",
            name,
        ) from None
    except (expat.ExpatError, AssertionError, ValueError, LookupError) as error:
        raise InstrumentError(
            f"the XML is damaged or cut off ({error})", "export or copy the file again", name
        ) from error


def open_archive(data: bytes, name: str) -> zipfile.ZipFile:
    """A zip archive in memory whose stated contents are not too large.

    Raises:
        InstrumentError: when it is damaged, or unpacked would be too large or of too many parts.
    """
    try:
        packed = look_into(data)
    except zipfile.BadZipFile as error:
        raise InstrumentError(f"the archive is damaged ({error})", "copy the file again", name) from error
    if len(packed.names) > MOST_PARTS or packed.unpacked > LARGEST_ARCHIVE_MB * 1_000_000:
        raise InstrumentError(
            f"the archive would unpack to {packed.unpacked / 1e6:.0f} MB in {len(packed.names)} parts",
            f"at most {LARGEST_ARCHIVE_MB} MB in {MOST_PARTS} parts are read",
            name,
        )
    return zipfile.ZipFile(io.BytesIO(data))


def read_part(archive: zipfile.ZipFile, part: str, name: str) -> bytes:
    """The bytes of one part of an archive, never more than the limit whatever the archive states.

    Raises:
        InstrumentError: when the part is damaged or too large.
    """
    limit = LARGEST_PART_MB * 1_000_000
    try:
        with archive.open(part) as stream:
            data = stream.read(limit + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as error:
        raise InstrumentError(
            f"the part {part!r} is damaged ({error})", "copy the file again", name
        ) from error
    if len(data) > limit:
        raise InstrumentError(
            f"the part {part!r} is larger than {LARGEST_PART_MB} MB", "export a single scan", name
        )
    return data
