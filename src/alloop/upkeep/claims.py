"""Taking things out of an inbox so that no two processes, here or elsewhere, are ever at work on the same one.

A process has a folder of its own below `taken`, and holds a lock beside it for as long as it lives. A thing is taken by
renaming it into that folder, which only one can do. When a process dies its lock is free, and the next one takes over
what it left.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from alloop.upkeep.inbox import DONE, REFUSED, TAKEN, cannot

MOST_TRIES = 10
"""A thing at which so many processes died is refused: it is likely what kills them."""
PROBLEMS = ".problems.txt"
"""Ends the name of the file with the reasons."""
_LONGEST_NAME = 200
_LOCK = ".lock"
_LOCK_SECONDS = 10


@dataclass(frozen=True)
class Held:
    """A thing that this process holds, alone in the folder `around`; `tries` counts the processes that died at it."""

    around: Path
    path: Path
    tries: int = 0

    @property
    def is_gone(self) -> bool:
        """Whether somebody else has it after all: some network shares hold no locks between machines."""
        return not os.path.lexists(self.path)

    @property
    def name(self) -> str:
        """What it was called when it was dropped."""
        return self.path.name


class Claim:
    """What this process has taken out of an inbox. Open one with :func:`claim`."""

    def __init__(self, inbox: Path, folder: Path) -> None:
        self.inbox = inbox
        self._folder = folder
        self._count = 0

    def take(self, path: Path) -> Held | None:
        """Take a thing; None when somebody else was quicker.

        Raises:
            PermissionError: when this thing cannot be moved, though others may.
            RecordsError: when the inbox cannot be written.
        """
        around = self._next(0)
        try:
            around.mkdir()
        except OSError as error:
            raise cannot(self.inbox, f"{path.name} cannot be taken", error) from error
        try:
            os.rename(path, around / path.name)
        except OSError as error:
            with suppress(OSError):
                around.rmdir()
            if not os.path.lexists(path):
                return None
            if isinstance(error, PermissionError):
                raise
            raise cannot(self.inbox, f"{path.name} cannot be taken", error) from error
        return Held(around, around / path.name)

    def take_over(self) -> list[Held]:
        """Take what dead processes left.

        Raises:
            RecordsError: when the inbox cannot be written.
        """
        taken: list[Held] = []
        locks = {path if path.suffix == _LOCK else _lock_of(path) for path in self._folder.parent.iterdir()}
        for lock_file in sorted(locks):
            folder = lock_file.with_suffix("")
            lock = FileLock(lock_file)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            except OSError as error:
                raise cannot(self.inbox, f"{lock_file.name} cannot be opened", error) from error
            try:
                if folder.is_dir():
                    taken += self._adopt(folder)
                    folder.rmdir()
                lock_file.unlink(missing_ok=True)
            except OSError as error:
                raise cannot(self.inbox, f"{folder.name} cannot be taken over", error) from error
            finally:
                lock.release()
        return taken

    def finish(self, held: Held, upload: int) -> Path:
        """Put a recorded thing to the others that are done; returns where it lies now.

        Raises:
            RecordsError: when the inbox cannot be written.
        """
        return self._move(held, DONE, f"upload-{upload}")

    def refuse(self, held: Held, reasons: str) -> Path:
        """Put a thing to those refused, with the reasons beside it; returns where it lies now.

        Raises:
            RecordsError: when the inbox cannot be written.
        """
        stem = held.name if len(os.fsencode(held.name)) <= _LONGEST_NAME else "reasons"
        try:
            path = held.around / f"{stem}{PROBLEMS}"
            path.write_text(reasons, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise cannot(
                self.inbox, f"the reasons why {held.name} is refused cannot be written", error
            ) from error
        return self._move(held, REFUSED, held.path.stem or held.name)

    def _adopt(self, folder: Path) -> Iterator[Held]:
        for around in sorted(folder.glob("*-*")):
            inside = sorted(os.listdir(around), key=lambda name: name.endswith(PROBLEMS))
            if not inside:
                around.rmdir()  # its process died before it took anything
                continue
            tries = int(around.name.partition("-")[2]) + 1
            mine = self._next(tries)
            os.rename(around, mine)
            yield Held(mine, mine / inside[0], tries)

    def _move(self, held: Held, kind: str, label: str) -> Path:
        """Move a thing's folder as a whole, in one step, under a name that is free."""
        parent = self.inbox / kind
        number = 1
        try:
            parent.mkdir(exist_ok=True)
            while True:
                target = parent / (label if number == 1 else f"{label}-{number}")
                number += 1
                if target.exists():
                    continue
                try:
                    os.rename(held.around, target)
                except OSError:
                    if target.exists():  # somebody else's, since a moment ago
                        continue
                    raise
                return target / held.name
        except OSError as error:
            raise cannot(self.inbox, f"{held.name} cannot be moved to {kind}", error) from error

    def _next(self, tries: int) -> Path:
        self._count += 1
        return self._folder / f"{self._count}-{tries}"


@contextmanager
def claim(inbox: Path) -> Iterator[Claim]:
    """A claim on things of an inbox, held as long as the block runs and this process lives.

    What is neither finished nor refused when the block ends is left for the next claim.

    Raises:
        RecordsError: when the inbox cannot be written.
    """
    folder = inbox / TAKEN / f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    lock = FileLock(_lock_of(folder))
    try:
        folder.parent.mkdir(exist_ok=True)
        lock.acquire(timeout=_LOCK_SECONDS)  # somebody who cleans up may hold it for a moment
        folder.mkdir()  # after the lock, so that nobody takes it for a dead one's
    except OSError as error:
        raise cannot(inbox, "nothing can be taken out of it", error) from error
    try:
        yield Claim(inbox, folder)
    finally:
        with suppress(OSError):  # what is left in it is found by the next one
            folder.rmdir()
            _lock_of(folder).unlink(missing_ok=True)
        lock.release()


def abandoned(inbox: Path) -> list[Path]:
    """The folders of claims whose processes are dead; things lie in them."""
    found = []
    for folder in sorted(path for path in (inbox / TAKEN).glob("*") if path.is_dir()):
        lock = FileLock(_lock_of(folder))
        with suppress(Timeout):
            lock.acquire(timeout=0)
            lock.release()
            found.append(folder)
    return found


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}{_LOCK}")


__all__ = ["MOST_TRIES", "PROBLEMS", "Claim", "Held", "abandoned", "claim"]
