"""`ingest`: what lies in a campaign's inbox becomes uploads, one thing after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from alloop.campaign import Campaign
from alloop.errors import Problem

Outcome = Literal["recorded", "known", "refused"]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Thing:
    """What became of one thing of an inbox: a loose file, a folder or a zip.

    It was `recorded` as `upload`, its bytes were all `known` already (as `upload`), or it was `refused` and nothing
    of it was recorded: then `problems` say why. `place` is where it lies now. `measurements`, `statuses`, `started`
    and `completed` are as in the report of an upload.
    """

    name: str
    outcome: Outcome
    place: Path
    upload: int | None = None
    measurements: int = 0
    statuses: int = 0
    started: tuple[str, ...] = ()
    completed: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class IngestReport:
    """What was taken out of an inbox. `later` names what is still being written and was left for the next time."""

    campaign: str
    inbox: Path
    things: tuple[Thing, ...] = ()
    later: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def recorded(self) -> tuple[Thing, ...]:
        """The things that brought something new."""
        return tuple(one for one in self.things if one.outcome == "recorded")

    @property
    def refused(self) -> tuple[Thing, ...]:
        """The things of which nothing was recorded."""
        return tuple(one for one in self.things if one.outcome == "refused")

    def as_json(self) -> dict[str, Any]:
        """The document of `ingest --json`."""
        raise NotImplementedError


def ingest_inbox(
    campaign: Campaign,
    inbox: Path | None = None,
    *,
    by: str = "inbox",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Record what lies in an inbox: each loose file, folder or zip is one upload, whole or not at all.

    One that is refused never keeps the others from being recorded.
    """
    raise NotImplementedError
