"""`ingest`: what lies in a campaign's inbox becomes uploads, one thing after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from alloop.campaign import Campaign
from alloop.campaign.results import UploadReport
from alloop.errors import AlloopError, Problem, RecordsError, UserError
from alloop.logs import about
from alloop.upkeep.claims import MOST_TRIES, Claim, Held, claim
from alloop.upkeep.inbox import Lying, cannot, inbox_folder, look, lying_in, open_inbox, wait_for
from alloop.upkeep.patience import patiently

Outcome = Literal["recorded", "known", "refused"]
Progress = Callable[[str], None]

_LOG = logging.getLogger(__name__)


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

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "place": shown(self.place),
            "upload": self.upload,
            "measurements": self.measurements,
            "statuses": self.statuses,
            "started": list(self.started),
            "completed": list(self.completed),
            "warnings": [str(one) for one in self.warnings],
            "problems": [str(one) for one in self.problems],
        }


@dataclass(frozen=True)
class IngestReport:
    """What was taken out of an inbox. `later` names what is still being written and was left for the next time.

    `seconds` are those spent `waiting` for files to be written, `recording`, and the `total`.
    """

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
        return {
            "campaign": self.campaign,
            "inbox": str(self.inbox),
            "things": [one.as_json() for one in self.things],
            "later": list(self.later),
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
        }


def ingest_inbox(
    campaign: Campaign,
    inbox: Path | None = None,
    *,
    by: str = "inbox",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Record what lies in an inbox: each loose file, folder or zip is one upload, whole or not at all.

    One that is refused never keeps the others from being recorded. What is still being written is given a few seconds
    and then left for the next time. While the database does not answer, it is waited for. Several processes, on several
    machines, may do this at once; killed at any point, the next call takes up what was left.

    Args:
        campaign: whose results they are.
        inbox: the folder; by default `inbox/<campaign>` in the home, which is made.
        by: who is on record as uploading.
        dry_run: check everything, record and move nothing.
        progress: told in words what is going on.

    Raises:
        StateError: when there is no such folder.
        TryAgainError: when the database does not answer for long.
        RecordsError: when folder, disk or database fail. What was taken and not recorded is recorded the next time.
    """
    started = time.perf_counter()
    folder = inbox or inbox_folder(campaign.records.home, campaign.name)
    with about(campaign=campaign.name):
        if dry_run:
            things, later, waited = _checked(campaign, folder, by, progress), _partial(lying_in(folder)), 0.0
        else:
            open_inbox(folder, make=inbox is None)
            things, later, waited = _ingested(campaign, folder, by, progress)
    total = time.perf_counter() - started
    seconds = {"waiting": waited, "recording": total - waited, "total": total}
    return IngestReport(campaign.name, folder, tuple(things), tuple(later), seconds)


def _checked(campaign: Campaign, folder: Path, by: str, progress: Progress | None) -> list[Thing]:
    """What would become of everything that lies there."""
    if not folder.is_dir():
        return []
    ready = [one for one in lying_in(folder) if not one.is_partial]
    return [_thing(_upload(campaign, one.path, by, True, progress), one.name, one.path) for one in ready]


def _ingested(
    campaign: Campaign, folder: Path, by: str, progress: Progress | None
) -> tuple[list[Thing], list[str], float]:
    now = time.time()
    lying = lying_in(folder)
    ready = [one for one in lying if one.is_settled(now)]
    fresh = [one for one in lying if not one.is_settled(now)]
    with claim(folder) as mine:
        things = [thing for one in ready if (thing := _taken(campaign, mine, one, by, progress))]
        waited = time.perf_counter()
        settled, later = wait_for(fresh)
        waited = time.perf_counter() - waited
        things += [thing for one in settled if (thing := _taken(campaign, mine, one, by, progress))]
        # Last, so that what killed a process does not stand before the others.
        for held in mine.take_over():
            if (thing := _record(campaign, mine, held, None, by, progress)) is not None:
                things.append(thing)
    return things, [shown(one.name) for one in later], waited


def _taken(campaign: Campaign, mine: Claim, lying: Lying, by: str, progress: Progress | None) -> Thing | None:
    try:
        held = mine.take(lying.path)
    except PermissionError as error:
        problem = Problem(
            shown(lying.name), f"it cannot be moved ({error.strerror})", "check who may write it"
        )
        _LOG.warning("%s", problem)
        return _thing(UploadReport(False, problems=(problem,)), lying.name, lying.path)
    return None if held is None else _record(campaign, mine, held, lying, by, progress)


def _record(
    campaign: Campaign, mine: Claim, held: Held, lying: Lying | None, by: str, progress: Progress | None
) -> Thing | None:
    """Record a thing that is held, and put it where it belongs; None when somebody else did."""
    if held.tries >= MOST_TRIES:
        what = f"alloop died {held.tries} times while it read this"
        return _refused(
            mine, held, UploadReport(False, problems=(Problem(shown(held.name), what, "upload it by hand"),))
        )
    if progress:
        progress(f"{campaign.name}: recording {shown(held.name)}")
    report = _upload(campaign, held.path, by, False, progress)
    if held.is_gone:
        _LOG.warning("%s was taken over by another process", shown(held.name))
        return None
    if not report.accepted:
        return _refused(mine, held, report)
    assert report.upload is not None
    if lying is not None and _changed(lying, held.path):
        what = f"it was still being written while it was read: upload {report.upload} holds what was there"
        mend = f"compare it with upload {report.upload}; retract what is wrong"
        return _refused(mine, held, UploadReport(False, problems=(Problem(shown(held.name), what, mend),)))
    with about(upload=report.upload):
        try:
            place = mine.finish(held, report.upload)
        except RecordsError as error:
            raise RecordsError(f"{error}; it is recorded as upload {report.upload}") from error
        what = "recorded" if report.is_new else "known already"
        _LOG.info("%s is %s as upload %d", shown(held.name), what, report.upload, extra={"place": str(place)})
    return _thing(report, held.name, place)


def _upload(
    campaign: Campaign, path: Path, by: str, dry_run: bool, progress: Progress | None
) -> UploadReport:
    """Upload one thing. What is wrong with it is in the report; what is wrong with disk or database is raised."""
    try:
        return patiently(campaign.upload, [path], by=by, dry_run=dry_run, progress=progress)
    except UserError as error:
        return UploadReport(False, problems=error.problems)
    except AlloopError:
        raise
    except OSError as error:
        raise cannot(path.parent, f"{path.name} cannot be recorded", error) from error
    except Exception as error:
        # A file that no reader foresaw must not keep the others from being recorded; the log says where it fails.
        name = shown(path.name)
        _LOG.exception("%s cannot be read: a fault of alloop", name)
        what = f"alloop failed: {type(error).__name__}: {' '.join(str(error).split())}"
        return UploadReport(False, problems=(Problem(name, what, "this is a fault of alloop"),))


def _refused(mine: Claim, held: Held, report: UploadReport) -> Thing:
    place = mine.refuse(held, "".join(f"{problem}\n" for problem in report.problems))
    extra = {"place": str(place), "problems": [str(problem) for problem in report.problems]}
    _LOG.warning("%s is refused: %s", shown(held.name), report.problems[0], extra=extra)
    return _thing(report, held.name, place)


def _thing(report: UploadReport, name: str, place: Path) -> Thing:
    outcome: Outcome = "refused" if not report.accepted else "recorded" if report.is_new else "known"
    return Thing(
        shown(name),
        outcome,
        place,
        upload=report.upload,
        measurements=report.measurements,
        statuses=report.statuses,
        started=report.started,
        completed=report.completed,
        warnings=report.warnings,
        problems=report.problems,
    )


def shown(name: str | Path) -> str:
    """A name that can be printed and sent, whatever bytes it has."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def _changed(before: Lying, path: Path) -> bool:
    """Whether a file was written to after it was taken; being renamed changes no content."""
    after = look(path)
    return after is None or [entry[1:3] for entry in after.state[before.is_folder :]] != [
        entry[1:3] for entry in before.state[before.is_folder :]
    ]


def _partial(lying: Iterable[Lying]) -> list[str]:
    return [shown(one.name) for one in lying if one.is_partial]


__all__ = ["IngestReport", "Outcome", "Progress", "Thing", "ingest_inbox", "shown"]
