"""`run`: a campaign without a person, its plates measured by a rehearsal laboratory, through the real upload path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from alloop.campaign.facade import Campaign
from alloop.campaign.home import EMBEDDED
from alloop.campaign.planned_candidates import candidate_of
from alloop.campaign.planning_round import Progress, Strategy
from alloop.campaign.stopping import stop_reason
from alloop.errors import AlloopError, StateError
from alloop.lab import SyntheticLaboratory
from alloop.lab.replay_lab import ReplayLaboratory
from alloop.lab.replay_table import load_replay
from alloop.records import DROPPED_STATES
from alloop.runner import Runner
from alloop.space import Candidate

if TYPE_CHECKING:
    import pandas as pd

Delivery = Literal["first", "late", "all"]

_NOTE = "results of the rehearsal laboratory"
"""Ends the note of every upload of a closed loop."""


class Laboratory(Protocol):
    """Whoever measures a plate and hands over results tables as a laboratory sends them."""

    def measure(
        self, plate: str, wells: Mapping[str, Candidate], delivery: Delivery = "first"
    ) -> pd.DataFrame:
        """The results of a plate: what comes `first`, what comes a plate `late`, or `all`."""


@dataclass(frozen=True)
class Round:
    """One round: the plate, how many wells it has and how many values came, and what planning it took."""

    plate: str
    wells: int
    measurements: int
    gain: float | None
    gain_unit: str | None
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Run:
    """What a closed loop did; `stopped` says why it ended before its last round."""

    rounds: tuple[Round, ...]
    stopped: str = ""

    def as_json(self) -> dict[str, Any]:
        """The document of `run --json`, without the campaign's status."""
        return {
            "rounds": [vars(one) | {"seconds": dict(one.seconds)} for one in self.rounds],
            "stopped": self.stopped,
        }


def synthetic_laboratory(campaign: Campaign, seed: int) -> SyntheticLaboratory:
    """The synthetic laboratory of a campaign: the same seed, space and aims make the same one."""
    file = campaign.file
    return SyntheticLaboratory(campaign.space, file.objectives, file.constraints, seed, observe=file.observe)


def run_rounds(
    campaign: Campaign,
    laboratory: Laboratory,
    rounds: int,
    folder: Path,
    *,
    by: str | None = None,
    seed: int | None = None,
    wells: int | None = None,
    strategy: Strategy = "alloop",
    progress: Progress | None = None,
    runner: Runner | None = None,
) -> Run:
    """Plan, approve, make, measure and upload `rounds` plates, one after the other.

    Results that take longer come after the next plate was planned, as in a real laboratory; the last plate's
    come at the end. Every table is left in `folder`. The loop ends early where the campaign file says to stop.

    Args:
        campaign: the campaign.
        laboratory: who measures.
        rounds: how many plates, at least 1.
        folder: where the results tables go.
        by: who approves and uploads.
        seed: of the plans; each plate adds its number. By default it follows from campaign and plate number.
        wells: fill only that many wells of each plate.
        strategy: `random` plans plates of random candidates, for comparison.
        progress: told in words what is going on.
        runner: who computes the plans; this process when None.

    Raises:
        StateError: when the campaign holds results of a real laboratory.
    """
    check_rehearsal(campaign)
    tell: Callable[[str], None] = progress or (lambda _: None)
    done: list[Round] = []
    waiting: str | None = None
    stopped = ""
    for number in range(rounds):
        stopped = _stop(campaign, done)
        if stopped:
            break
        tell(f"round {number + 1} of {rounds}: planning")
        plan_seed = None if seed is None else seed + campaign.records.next_plate_number(campaign.name)
        plate = campaign.plan(plan_seed, wells=wells, by=by, progress=tell, strategy=strategy, runner=runner)
        campaign.approve(plate.id, by=by)
        campaign.made(plate.id, by=by)
        tell(f"round {number + 1} of {rounds}: measuring {plate.id}")
        count = _deliver(campaign, laboratory, plate.id, "first", folder, by)
        if waiting is not None:
            _finish(campaign, laboratory, waiting, folder, by)
        waiting = plate.id
        said = plate.document
        gain, unit = said["gain"], said["gain_unit"]
        done.append(Round(plate.id, len(said["wells"]), count, gain, unit, dict(plate.seconds)))
    if waiting is not None:
        _finish(campaign, laboratory, waiting, folder, by)
    return Run(tuple(done), stopped)


def check_rehearsal(campaign: Campaign) -> None:
    """See that a campaign may be rehearsed: made-up results never go beside real ones.

    Raises:
        StateError: when the campaign holds results of a real laboratory.
    """
    uploads = campaign.records.uploads(campaign.name)
    if any(row.origin != "literature" and not row.note.endswith(_NOTE) for row in uploads):
        # Another home alone would still lead to the same server.
        command = "alloop --home rehearsal"
        if campaign.records.url is not None:
            command = f"ALLOOP_DATABASE_URL={EMBEDDED} {command}"
        raise StateError(
            "it holds results of a real laboratory, which a rehearsal would mix with made-up ones",
            f"rehearse elsewhere: {command} init FILE, then {command} run",
            f"campaign {campaign.name}",
        )


def _stop(campaign: Campaign, done: list[Round]) -> str:
    """Why the campaign file says to stop now; "" when it does not."""
    plates = [p for p in campaign.records.plates(campaign.name) if p.state not in DROPPED_STATES]
    gain, unit = (done[-1].gain, done[-1].gain_unit) if done else (None, None)
    return stop_reason(campaign.file, len(plates), gain, unit)


def _deliver(
    campaign: Campaign, laboratory: Laboratory, plate: str, delivery: Delivery, folder: Path, by: str | None
) -> int:
    """Measure a plate, save its table and upload it. Returns the number of values."""
    rows = campaign.records.wells(plate)
    wells = {row.well: candidate_of(row, campaign.space) for row in rows}
    table = laboratory.measure(plate, wells, delivery)
    if table.empty:
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plate}{'-late' if delivery == 'late' else ''}.csv"
    table.to_csv(path, index=False)
    # it mixes up no wells, and a question that nobody answers would end the rehearsal
    report = campaign.upload([path], by=by, note=f"{delivery} {_NOTE}", as_labelled=True)
    if report.problems:
        raise AlloopError("\n".join(str(problem) for problem in report.problems))
    return report.measurements


def _finish(campaign: Campaign, laboratory: Laboratory, plate: str, folder: Path, by: str | None) -> None:
    """The late results of a plate, after which no more come."""
    _deliver(campaign, laboratory, plate, "late", folder, by)
    try:
        campaign.close(plate, "the rehearsal laboratory has no more results", by=by)
    except StateError:
        if campaign.records.plate(plate).state != "complete":
            raise


def open_laboratory(
    campaign: Campaign, lab: str, seed: int, columns: Mapping[str, str] | None = None
) -> Laboratory:
    """The laboratory that `lab` names: `synthetic`, or `replay:TABLE` with a table of measured materials.

    Args:
        campaign: whose plates it measures.
        lab: its name.
        seed: of the synthetic laboratory.
        columns: headings of a replayed table by name, where they differ from the names.

    Raises:
        StateError: when it names none.
        UploadError: for a table that cannot be used.
    """
    kind, _, table = lab.partition(":")
    if lab == "synthetic":
        return synthetic_laboratory(campaign, seed)
    if kind == "replay" and table:
        file = campaign.file
        settings = file.space.process.settings
        return ReplayLaboratory(
            load_replay(Path(table), columns or {}, file.objectives, settings, file.mobile_ion)
        )
    raise StateError(f"there is no laboratory {lab!r}", "say --lab synthetic or --lab replay:TABLE", "--lab")
