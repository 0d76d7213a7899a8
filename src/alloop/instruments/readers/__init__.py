"""Instrument files: bytes to recordings."""

from alloop.instruments.readers.content import Content
from alloop.instruments.readers.recognise import is_recording, read_recording

__all__ = ["Content", "is_recording", "read_recording"]
