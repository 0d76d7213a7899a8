"""Fixtures: empty records in a fresh folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from records_builders import PLATE, add_campaign, add_plate, approve

from alloop.records import Records


class Clock:
    """A clock that goes one second further each time it is asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def open_records(url: str | None, tmp_path: Path) -> Iterator[Callable[..., Records]]:
    """Opens the same home again and again."""
    opened: list[Records] = []

    def open_(**options: object) -> Records:
        opened.append(
            Records.open(tmp_path / "home", **{"create": True, "url": url, "clock": Clock(), **options})
        )
        return opened[-1]

    yield open_
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Callable[..., Records]) -> Records:
    """Empty records."""
    return open_records()


@pytest.fixture
def campaign(records: Records) -> Records:
    """Records of one campaign."""
    add_campaign(records)
    return records


@pytest.fixture
def plated(campaign: Records) -> Records:
    """Records of one campaign with an approved plate."""
    add_plate(campaign)
    approve(campaign, PLATE)
    return campaign
