"""The fuzz benchmark in small: repeatable, and it finds what it is there to find."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import fuzz

import alloop.instruments.readers
from alloop.errors import InstrumentError


def test_it_prints_one_document_and_says_that_nothing_crashed(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--files", "30", "--seed", "3", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert sum(document["outcomes"].values()) == 30
    assert document["crashes"] == []
    assert document["peak_memory_MB"] > 0


def test_the_same_number_makes_the_same_file() -> None:
    files = fuzz.corpus()
    for number in range(20):
        assert fuzz.damaged(files, 0, number) == fuzz.damaged(files, 0, number)
    assert len({fuzz.damaged(files, 0, number)[1] for number in range(20)}) > 15


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(InstrumentError("no", "mend"), "refused"), (IndexError("list index out of range"), "crash")],
)
def test_anything_but_a_refusal_is_a_crash(
    monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: str
) -> None:
    def broken(data: bytes, name: str) -> None:
        raise error

    monkeypatch.setattr(alloop.instruments.readers, "read_recording", broken)
    found = fuzz.fuzz(range(4), 0, {"one": b"1,2,3\n" * 10})
    assert found["outcomes"] == {outcome: 4}
    assert len(found["crashes"]) == (4 if outcome == "crash" else 0)
