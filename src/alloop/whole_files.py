"""Writing a file as a whole, so that nobody ever opens half of one, however many write it at once."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> Path:
    """Put `content` (text as UTF-8) in the place of the file at `path`, in one step; its folder is made.

    Returns the path.

    Raises:
        OSError: when it cannot be written; what was there before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of this writer's own: of two who write the same file at once, each finishes its own part.
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    return path


__all__ = ["write_whole"]
