"""The benchmarks of speed and scaling in small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import rounds
import scaling
import speed


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one document that a benchmark prints with --json."""
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize("candidates", [1e4, 1e6, 2e7, 1e10])
def test_spaces_have_about_the_size_asked_for(candidates: float) -> None:
    space = rounds.space_of(candidates)
    assert 0.7 * candidates < space.size < 1.4 * candidates
    block = space.decode(space.sample(50, np.random.default_rng(0)))
    most = 2 if candidates < 2e4 else 3 if candidates < 1e9 else 4
    dopants = [i for i, column in enumerate(space.columns) if column.is_dopant]
    assert (block.amounts[:, dopants] > 0).sum(axis=1).max() == most


def test_speed_in_small(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class TooSlow:
        """A peer that has not finished when its time is over."""

        def __init__(self, *_: Any, **__: Any) -> None: ...

        def communicate(self, timeout: float | None = None) -> tuple[str, str]:
            if timeout is not None:
                raise subprocess.TimeoutExpired("peer", timeout)
            return "", ""

        def kill(self) -> None: ...

    monkeypatch.setattr(speed.subprocess, "Popen", TooSlow)
    speed.main(
        ["--candidates", "2e3", "--measurements", "20", "--peers", "botorch", "--time-limit", "9", "--json"]
    )
    found = printed(capsys)
    assert found["screened"] == found["candidates"] > 1000
    assert found["measurements"] == 20
    assert 40 < found["wells"] <= 64
    assert found["seconds"] > 0
    assert found["peak_memory_MB"] > 50
    assert found["peers"]["botorch"]["finished"] == "not finished"
    assert found["ratios"]["botorch"].startswith("> ")


def test_search_against_the_full_screen_in_small(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from alloop.planning import guided, screen, sieving

    monkeypatch.setattr(screen, "DIRECT", 1000)
    monkeypatch.setattr(screen, "EXHAUSTIVE", screen.EXHAUSTIVE)
    monkeypatch.setattr(guided, "POPULATION", 500)
    monkeypatch.setattr(guided, "CHILDREN", 300)
    monkeypatch.setattr(sieving, "_EXAMPLES", 500)
    speed.main(["--candidates", "4e3", "--measurements", "20", "--guided", "--seeds", "1", "--json"])
    found = printed(capsys)
    assert 0.5 < found["mean_ratio"] < 2.0


def test_scaling_in_small(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scaling.USUAL, "candidates", 2e3)
    scaling.main(["--over", "measurements", "--sizes", "16,24", "--json"])
    found = printed(capsys)["over"]["measurements"]
    assert [row["measurements"] for row in found["rows"]] == [16, 24]
    assert set(found["slopes"]) == {"fit", "screen", "select", "total"}


def test_slopes() -> None:
    assert scaling.slope([1, 10, 100], [2.0, 20.0, 200.0]) == 1.0
