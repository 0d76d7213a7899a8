"""A small campaign in a home of its own, its clock, its inbox, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from campaign_shell import LITERATURE, TEXT, WELLS, all_wells, wide

from alloop.campaign import Campaign
from alloop.campaign.registration import register
from alloop.records import EventRow, Records

SLUG = "small-spinel"
PLATE = "SMALL-SPINEL-001"
SECOND = "SMALL-SPINEL-002"
SCHEDULE = 'schedule: {cron: "0 6 * * *", timezone: UTC}\n'


@dataclass
class Clock:
    """A clock that a test sets; until then it is the machine's."""

    at: datetime | None = None

    def __call__(self) -> datetime:
        return self.at or datetime.now(UTC)

    def go(self, **steps: float) -> datetime:
        """Go further, or back."""
        self.at = self() + timedelta(**steps)
        return self.at


@dataclass
class Lab:
    """A home with the small campaign in it."""

    folder: Path
    url: str | None
    clock: Clock = field(default_factory=Clock)
    opened: list[Records] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def inbox(self) -> Path:
        return self.home / "inbox" / SLUG

    @property
    def campaign(self) -> Campaign:
        """The campaign, opened anew."""
        return Campaign(self.records(), SLUG)

    def records(self) -> Records:
        self.opened.append(Records.open(self.home, url=self.url, clock=self.clock))
        return self.opened[-1]

    def says(self, extra: str, change: Callable[[str], str] = lambda text: text) -> None:
        """Register a new version of the campaign file, with some keys added."""
        (self.folder / "table.csv").write_text(LITERATURE)
        path = self.folder / "small.yaml"
        path.write_text(change(TEXT) + extra)
        records = self.records()
        records.close()
        register(path, self.home, self.url, "ada")

    def drop(self, name: str, text: str) -> Path:
        """Put a file into the inbox."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def drop_well(self, name: str, well: str, value: float = 0.1, plate: str = PLATE) -> Path:
        """Put a table with one well's results into the inbox."""
        return self.drop(name, wide(plate, {well: (value, 90, "ok")}))

    def drop_all(self, name: str = "all.csv", plate: str = PLATE, base: float = 0.1) -> Path:
        """Put the results of all wells of a plate into the inbox."""
        return self.drop(name, all_wells(plate, base))

    def files(self, kind: str = "") -> list[str]:
        """What lies below the inbox, or below one of its folders; locks are no things."""
        top = self.inbox / kind
        return sorted(
            path.relative_to(top).as_posix()
            for path in top.rglob("*")
            if path.is_file() and path.suffix != ".lock"
        )

    def values(self) -> list[tuple[str | None, str, float]]:
        """The laboratory's values: sample, property, value."""
        rows = self.campaign.records.measurements(SLUG, include_superseded=True)
        return sorted((row.sample, row.property, row.value) for row in rows if row.origin == "laboratory")

    def events(self, *verbs: str) -> list[EventRow]:
        """The events of some kinds."""
        return [event for event in self.campaign.records.events(SLUG) if event.verb in verbs]

    def states(self) -> dict[str, str]:
        """The plates' states by name."""
        return {plate.id: plate.state for plate in self.campaign.records.plates(SLUG)}

    def close(self) -> None:
        for records in self.opened:
            records.close()


def values_of(wells: Iterable[str] = WELLS, plate: str = PLATE) -> list[tuple[str, str]]:
    """Sample and property of all that `wide` says of some wells."""
    names = ("ionic_conductivity", "target_phase_fraction")
    return sorted((f"{plate}-{well}", name) for well in wells for name in names)
