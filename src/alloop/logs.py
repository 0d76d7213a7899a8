"""Log lines of what alloop does by itself: text for people, or one JSON object a line for machines.

`ALLOOP_LOG_FORMAT` is `text` (the default) or `json`, `ALLOOP_LOG_LEVEL` is debug, info, warning or error. Lines go to
stderr. Each carries the campaign, plate and upload that it is about, as far as :func:`about` said so.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TextIO

from alloop.errors import StateError

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
IDS = ("campaign", "plate", "upload")

_ABOUT: ContextVar[Mapping[str, str | int]] = ContextVar("alloop_about", default=MappingProxyType({}))


@contextmanager
def about(
    *, campaign: str | None = None, plate: str | None = None, upload: int | None = None
) -> Iterator[None]:
    """Say what the log lines within the block are about; what is None stays as it was."""
    given = {"campaign": campaign, "plate": plate, "upload": upload}
    said = {name: value for name, value in given.items() if value is not None}
    token = _ABOUT.set({**_ABOUT.get(), **said})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def set_up(level: str = "error", stream: TextIO | None = None) -> None:
    """Send alloop's log lines to `stream` (stderr), from `level` on where the environment does not say.

    Calling it again replaces what an earlier call set up.

    Raises:
        StateError: when the environment asks for a level or format that does not exist.
    """
    wanted = _choice("ALLOOP_LOG_LEVEL", level, LEVELS)
    form = _choice("ALLOOP_LOG_FORMAT", "text", FORMATS)
    handler = _Handler(stream or sys.stderr)
    handler.addFilter(_add_ids)
    handler.setFormatter(_json_formatter() if form == "json" else _TextFormatter())
    logger = logging.getLogger("alloop")
    for old in [one for one in logger.handlers if isinstance(one, _Handler)]:
        logger.removeHandler(old)
    logger.addHandler(handler)
    logger.setLevel(wanted.upper())


class _Handler(logging.StreamHandler[TextIO]):
    """The handler that :func:`set_up` made."""


def _choice(variable: str, usual: str, known: tuple[str, ...]) -> str:
    text = os.environ.get(variable, "").strip().lower() or usual
    if text not in known:
        raise StateError(f"{text!r} is not known", f"use one of {', '.join(known)}", variable)
    return text


def _add_ids(record: logging.LogRecord) -> bool:
    for name, value in _ABOUT.get().items():
        if not hasattr(record, name):
            setattr(record, name, value)
    return True


class _TextFormatter(logging.Formatter):
    """`2026-03-01T06:00:00Z warning [halide-spinel HALIDE-SPINEL-003] what happened`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(level)s%(about)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback where there is one."""
        words = [str(value) for name in IDS if (value := getattr(record, name, None)) is not None]
        record.about = f" [{' '.join(words)}]" if words else ""
        record.level = record.levelname.lower()
        return super().format(record)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """In UTC, to the second."""
        return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json_formatter() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    class Formatter(JsonFormatter):
        def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
            log_data["level"] = str(log_data["level"]).lower()
            return super().process_log_record(log_data)

        def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
            return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    renamed = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "traceback"}
    return Formatter("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=renamed)


__all__ = ["about", "set_up"]
