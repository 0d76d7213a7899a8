"""Diffraction files: which format it is by its content, and its pattern."""

from __future__ import annotations

from alloop.instruments.readers.content import Content
from alloop.instruments.readers.xrd_archives import is_archive, read_archive
from alloop.instruments.readers.xrd_bruker_raw import is_bruker_raw, read_bruker_raw
from alloop.instruments.readers.xrd_panalytical import is_xrdml, read_xrdml
from alloop.instruments.readers.xrd_text import read_text_pattern
from alloop.instruments.recording import Recording


def read_diffraction(content: Content) -> Recording | None:
    """The pattern of a diffraction file; None for any other file.

    Read are PANalytical .xrdml, Bruker .raw (version 4) and .brml, Rigaku .rasx, and text in two or three columns (.xy,
    .xye, .dat).

    Raises:
        InstrumentError: when it is a diffraction file that is damaged, too large or of an unsupported kind.
    """
    if is_archive(content):
        return read_archive(content)
    if is_bruker_raw(content):
        return read_bruker_raw(content)
    if is_xrdml(content):
        return read_xrdml(content)
    return read_text_pattern(content) if content.is_text else None
