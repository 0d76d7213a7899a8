"""The folder into which results are dropped: what lies in it, and what is still being written.

Beside what was dropped it has three folders of its own: `taken` (what a process is at work on), `done` (what was
recorded) and `refused` (what was not, with the reasons). Nothing is ever deleted from it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alloop.errors import RecordsError, StateError

TAKEN, DONE, REFUSED = "taken", "done", "refused"
SETTLE_SECONDS = 2.0
"""A file counts as written when nothing of it changed for so long."""
FOLDER_SETTLE_SECONDS = 5.0
"""The same for a folder: between two of its files there may be a pause."""

_PARTIAL = (".crdownload", ".download", ".filepart", ".opdownload", ".part", ".partial", ".swp", ".tmp")
_NOT_MEANT = ("desktop.ini", "thumbs.db", "__macosx")

State = tuple[tuple[str, int, int, int], ...]
"""Path, size, time of the last change of content and of anything (both in ns) of a file, or of all in a folder."""


@dataclass(frozen=True)
class Lying:
    """A thing that lies in an inbox: its name, what it looks like now, when it changed last (seconds of the epoch)."""

    path: Path
    is_folder: bool
    is_partial: bool
    state: State
    changed_at: float

    @property
    def name(self) -> str:
        """What it is called."""
        return self.path.name

    @property
    def settle_seconds(self) -> float:
        """How long it must not have changed."""
        return FOLDER_SETTLE_SECONDS if self.is_folder else SETTLE_SECONDS

    def is_settled(self, now: float) -> bool:
        """Whether it looks finished at `now`. One that changed in the future, by a wrong clock, does not tell."""
        return not self.is_partial and now - self.changed_at >= self.settle_seconds

    def may_be_settled(self, now: float) -> bool:
        """Whether it is worth a second look: finished, or changed in the future."""
        return self.is_settled(now) or (not self.is_partial and self.changed_at > now + 1)


def inbox_folder(home: Path, campaign: str) -> Path:
    """Where the results of a campaign are dropped."""
    return home / "inbox" / campaign


def open_inbox(folder: Path, make: bool) -> Path:
    """See that an inbox is there; a campaign's own one is made.

    Raises:
        StateError: when there is no such folder.
        RecordsError: when it cannot be made.
    """
    if make:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot(folder, "the folder cannot be made", error) from error
    if not folder.is_dir():
        raise StateError("there is no such folder", "name the folder where results are dropped", str(folder))
    return folder


def cannot(folder: Path, what: str, error: OSError) -> RecordsError:
    """The error for a folder or disk that does not do its part."""
    return RecordsError(f"inbox {folder}: {what} ({error.strerror or error}); nothing of it is lost")


def lying_in(folder: Path) -> tuple[Lying, ...]:
    """What was dropped into an inbox, in order of names; nothing where there is no inbox.

    Left out are links, what is no file or folder, hidden files and what operating systems leave behind.

    Raises:
        RecordsError: when the folder cannot be read.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise cannot(folder, "the folder cannot be read", error) from error
    return tuple(one for entry in entries if _is_meant(entry.name) and (one := look(Path(entry.path))))


def _is_meant(name: str) -> bool:
    own = name in (TAKEN, DONE, REFUSED)
    return not own and not name.startswith((".", "~$")) and name.lower() not in _NOT_MEANT


def look(path: Path) -> Lying | None:
    """A thing as it looks now; None when it is gone, a link, or neither file nor folder."""
    state: State
    try:
        found = os.lstat(path)
        if stat.S_ISREG(found.st_mode):
            state, is_folder = ((path.name, found.st_size, found.st_mtime_ns, found.st_ctime_ns),), False
        elif stat.S_ISDIR(found.st_mode):
            state, is_folder = tuple(_states_below(path)), True
        else:
            return None
    except FileNotFoundError:  # somebody took it, or is moving files in it
        return None
    except PermissionError:  # a folder that cannot be looked into is told when it is to be recorded
        state, is_folder = ((path.name, 0, found.st_mtime_ns, found.st_ctime_ns),), True
    partial = any(name.lower().endswith(_PARTIAL) for name, *_ in state)
    changed = max((max(entry[2:]) for entry in state), default=0) / 1e9
    return Lying(path, is_folder, partial, state, changed)


def _states_below(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    own = os.lstat(folder)
    yield (folder.name, 0, own.st_mtime_ns, own.st_ctime_ns)
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _states_below(Path(entry.path))
        else:
            found = entry.stat(follow_symlinks=False)
            yield (entry.path, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def wait_for(things: Iterable[Lying]) -> tuple[tuple[Lying, ...], tuple[Lying, ...]]:
    """Give things that changed a moment ago the time to settle: (those that did, those that did not).

    Waits a few seconds at most, and not at all for what is named as partial.
    """
    fresh = [one for one in things if not one.is_partial]
    if fresh:
        now = time.time()
        longest = max(one.settle_seconds for one in fresh)
        waits = [min(max(one.changed_at + one.settle_seconds - now, 0.0), longest) for one in fresh]
        time.sleep(max(waits) + 0.05)
    settled: list[Lying] = []
    later: list[Lying] = []
    for one in things:
        after = look(one.path)
        if after is None:
            continue
        # Unchanged over the wait is as good as old: the clock of the file's machine may be ahead of ours.
        same = after.state == one.state and not after.is_partial
        (settled if same or after.is_settled(time.time()) else later).append(after)
    return tuple(settled), tuple(later)


def mark_of(things: Iterable[Lying]) -> str:
    """A short text that is the same as long as the same things lie there unchanged."""
    content = repr([(one.name, one.state) for one in things])
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:12]


__all__ = [
    "DONE",
    "FOLDER_SETTLE_SECONDS",
    "REFUSED",
    "SETTLE_SECONDS",
    "TAKEN",
    "Lying",
    "cannot",
    "inbox_folder",
    "look",
    "lying_in",
    "mark_of",
    "open_inbox",
    "wait_for",
]
