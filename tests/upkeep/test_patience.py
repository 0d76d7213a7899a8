"""How long a database that is away is waited for: told by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from alloop.errors import RecordsError, TryAgainError
from alloop.upkeep import patience
from alloop.upkeep.patience import PATIENCE_SECONDS, patiently


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """The seconds that went by while nothing but waiting was done."""
    passed = [0.0]

    def sleep(seconds: float) -> None:
        assert seconds > 0
        passed[0] += seconds

    clock = SimpleNamespace(sleep=sleep, monotonic=lambda: 1000.0 + passed[0])
    monkeypatch.setattr(patience, "time", clock)
    return lambda: passed[0]


@pytest.mark.parametrize("away_s", [1.0, 60.0, 80.0])
def test_a_database_that_is_gone_for_a_minute_is_waited_for(at: Callable[[], float], away_s: float) -> None:
    def work() -> str:
        if at() < away_s:
            raise TryAgainError("the database does not answer")
        return "done"

    assert patiently(work) == "done"
    assert away_s <= at() <= away_s + 10.0  # not much longer than it was away


def test_one_that_stays_away_is_given_up_after_a_while(at: Callable[[], float]) -> None:
    def work() -> None:
        raise TryAgainError("the database does not answer")

    with pytest.raises(TryAgainError):
        patiently(work)
    assert PATIENCE_SECONDS - 10.0 <= at() <= PATIENCE_SECONDS


def test_other_errors_are_not_waited_out(at: Callable[[], float]) -> None:
    def broken() -> None:
        raise RecordsError("the disk is full")

    with pytest.raises(RecordsError, match="the disk is full"):
        patiently(broken)
    assert at() == 0
