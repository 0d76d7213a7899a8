"""The campaign of the crash benchmark: its laboratory and its person, an undisturbed run, and what became of either.

What the laboratory and the person do is drawn from a seed and is the same in a disturbed and in an undisturbed run: a
plate's results come in some files, in the same order, and each proposal is approved by a person.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alloop.campaign import Campaign
from alloop.campaign.closed_loop import synthetic_laboratory
from alloop.campaign.planned_candidates import candidate_of
from alloop.upkeep import due_things, release_plate, run_round
from alloop.upkeep.inbox import inbox_folder

PIECES, LAST_PIECES = 4, 32
"""In so many files do the results of a plate come, and those of the last plate, which nothing else follows."""
PERSON = "the benchmark's person"


@dataclass
class World:
    """A campaign in a home, and those who work for it by hand."""

    campaign: Campaign
    plates: int
    seed: int

    def __post_init__(self) -> None:
        self._laboratory = synthetic_laboratory(self.campaign, self.seed)
        self._sheets_before_approval: list[str] = []
        self._dropped: set[str] = set()

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.campaign.records.home

    @property
    def inbox(self) -> Path:
        """Where results are dropped."""
        return inbox_folder(self.home, self.campaign.name)

    def plate(self, number: int) -> str | None:
        """The plate of that number, once there is one."""
        rows = self.campaign.records.plates(self.campaign.name)
        return next((row.id for row in rows if row.number == number), None)

    def is_published(self, number: int) -> bool:
        """Whether a plate is planned and a person can read its plan."""
        plate = self.plate(number)
        return plate is not None and (self.campaign.desk.folder(plate) / "plan.html").is_file()

    def approve(self, number: int) -> None:
        """A person's say; what a laboratory could already make then was released without it."""
        plate = self._named(number)
        folder = self.campaign.desk.folder(plate)
        if any((folder / name).exists() for name in ("sheet.html", "weigh_list.csv", "worklist.csv")):
            self._sheets_before_approval.append(plate)
        self.campaign.approve(plate, by=PERSON)

    def is_released(self, number: int) -> bool:
        """Whether a plate is on record as released, and its sheet is there."""
        plate = self._named(number)
        events = self.campaign.records.events(self.campaign.name)
        is_told = any(event.verb == "released" and event.plate == plate for event in events)
        return is_told and (self.campaign.desk.folder(plate) / "sheet.html").is_file()

    def results(self, number: int) -> list[Callable[[], None]]:
        """What drops the results of a plate, one file each."""
        plate = self._named(number)
        rows = self.campaign.records.wells(plate)
        wells = {row.well: candidate_of(row, self.campaign.space) for row in rows}
        table = self._laboratory.measure(plate, wells, "all")
        lines = list(range(len(table)))
        random.Random(f"{self.seed} {plate}").shuffle(lines)
        pieces = min(len(lines), PIECES if number < self.plates else LAST_PIECES)
        parts = [table.iloc[sorted(lines[one::pieces])] for one in range(pieces)]
        return [
            lambda n=n, part=part: self._drop(f"{plate}-{n}.csv", part) for n, part in enumerate(parts, 1)
        ]

    def is_measured(self, number: int) -> bool:
        """Whether all results of a plate are in."""
        return self.campaign.records.plate(self._named(number)).state == "complete"

    def is_all_taken_in(self) -> bool:
        """Whether all that was dropped is recorded, and nothing is due."""
        return self._dropped <= self._done() and not self.due()

    def due(self) -> list[str]:
        """What is due now, as the records say."""
        return [one.kind for one in due_things(self.campaign.records, campaigns=[self.campaign.name])]

    def _named(self, number: int) -> str:
        plate = self.plate(number)
        assert plate is not None, f"there is no plate {number}"
        return plate

    def _drop(self, name: str, table: Any) -> None:
        """As a careful program writes: elsewhere first, then renamed."""
        self.inbox.mkdir(parents=True, exist_ok=True)
        partial = self.home / f".{name}.writing"
        table.to_csv(partial, index=False)
        os.replace(partial, self.inbox / name)
        self._dropped.add(name)

    def _done(self) -> set[str]:
        return {path.name for path in (self.inbox / "done").rglob("*.csv")}

    def story(self) -> dict[str, Any]:
        """All that must be the same whatever died meanwhile."""
        records, name = self.campaign.records, self.campaign.name
        plates = records.plates(name)
        values = records.measurements(name, include_superseded=True)
        return {
            "plans": {one.id: hashlib.sha256(records.plan(one.id).encode()).hexdigest() for one in plates},
            "states": {one.id: one.state for one in plates},
            "wells": {one.id: [[well.well, well.key] for well in records.wells(one.id)] for one in plates},
            "values": sorted(
                json.dumps([row.sample, row.property, row.value, row.bound, row.temperature_C, row.kind])
                for row in values
                if row.origin == "laboratory"
            ),
            "statuses": sorted([row.sample, row.status] for row in records.statuses(name)),
            "uploads": sorted(file.sha256 for row in records.uploads(name) for file in row.files),
            "files": self._files(),
        }

    def _files(self) -> dict[str, str]:
        """The hashes of all plate files; hidden ones are what a death left half written."""
        top = self.home / "plates"
        return {
            path.relative_to(top).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(top.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }

    def promises(self) -> dict[str, bool]:
        """What must hold besides, by itself."""
        records, name = self.campaign.records, self.campaign.name
        events = records.events(name)
        numbers = {
            verb: [(event.plate, event.id) for event in events if event.verb == verb]
            for verb in ("plate proposed", "plate approved", "released")
        }
        plates = sorted(one.id for one in records.plates(name))
        approved = dict(numbers["plate approved"])
        lying = sorted(path.name for path in self.inbox.iterdir())
        taken = [path for path in (self.inbox / "taken").rglob("*") if path.suffix != ".lock"]
        return {
            "one plan per plate": sorted(plate for plate, _ in numbers["plate proposed"]) == plates,
            "one release per plate": sorted(plate for plate, _ in numbers["released"]) == plates,
            "none released without approval": not self._sheets_before_approval
            and all(plate in approved and number > approved[plate] for plate, number in numbers["released"]),
            "approved by the person alone": {
                event.recorded_by for event in events if event.verb == "plate approved"
            }
            == {PERSON},
            "no dropped file lost": lying == ["done", "taken"]
            and not taken
            and self._done() == self._dropped,
            "records are sound": records.doctor().healthy,
        }


def undisturbed(world: World) -> None:
    """The whole campaign in this process, one step after the other."""
    for number in range(1, world.plates + 1):
        run_round(world.campaign)
        assert world.is_published(number), world.due()
        world.approve(number)
        release_plate(world.campaign, str(world.plate(number)))
        for drop in world.results(number):
            drop()
    run_round(world.campaign)
    assert world.is_measured(world.plates)
    assert not world.due()
