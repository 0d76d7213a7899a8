"""The store of raw files: each lies under the sha256 of its content and is never changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from alloop.errors import RecordsError

TEMPORARY_PREFIX = "incoming-"


def sha256_of(data: bytes) -> str:
    """The hexadecimal sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


class RawFiles:
    """A folder of files named by their content: `ab/abcdef…`.

    A file is written under a temporary name, flushed to disk and then renamed: it is there whole or not at
    all. One left over by a process that died is harmless.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the file with that hash lies (or would lie)."""
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Store some bytes, durably, and return their sha256. Bytes already there are left as they are.

        Raises:
            RecordsError: when a file of that name holds other bytes, or the folder cannot be written.
        """
        digest = sha256_of(data)
        target = self.path(digest)
        try:
            if target.exists():
                self.get(digest)
                return digest
            target.parent.mkdir(parents=True, exist_ok=True)
            self._write(target, data)
        except OSError as error:
            raise RecordsError(f"raw file {target}: cannot be written ({error.strerror or error})") from error
        return digest

    def get(self, sha256: str) -> bytes:
        """The bytes with that hash.

        Raises:
            RecordsError: when they are missing or damaged.
        """
        target = self.path(sha256)
        try:
            data = target.read_bytes()
        except OSError as error:
            raise RecordsError(f"raw file {target}: cannot be read ({error.strerror or error})") from error
        if sha256_of(data) != sha256:
            raise RecordsError(f"raw file {target}: its content is damaged; bring it back from a backup")
        return data

    def __iter__(self) -> Iterator[Path]:
        """Every file in the folder, in order of name, whether it belongs there or not."""
        if self.folder.exists():
            yield from sorted(path for path in self.folder.rglob("*") if path.is_file())

    def _write(self, target: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o444)
            os.replace(name, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        sync_folder(target.parent)
        sync_folder(self.folder)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a rename in it survives a power cut (on POSIX systems)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


__all__ = ["TEMPORARY_PREFIX", "RawFiles", "sha256_of", "sync_folder"]
