"""A whole campaign on `alloop serve` each kind of whose processes is killed once: the benchmark of crashes in small."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serving import Embedded
from upkeep_lab import SCHEDULE, Lab

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from chaos import compare
from chaos_campaign import differences, shared_out
from chaos_service import KINDS, Service
from chaos_world import World

ENOUGH = "as many kills as asked for"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="parts die with alloop serve on Linux only")


def world(folder: Path, saved_home: Callable[[str, str], Any]) -> World:
    """The small campaign, two plates of it."""
    saved_home("sqlite", "registered").copy_to(folder / "home", Embedded())
    lab = Lab(folder, None)
    lab.says(SCHEDULE + "stopping: {max_plates: 2}\n")
    return World(lab.campaign, plates=2, seed=0)


def test_a_campaign_whose_processes_are_killed_ends_like_an_undisturbed_one(
    tmp_path: Path, saved_home: Callable[[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("calm", "wild"):
        (tmp_path / name).mkdir()
    calm, wild = (world(tmp_path / name, saved_home) for name in ("calm", "wild"))
    service = Service(wild.home, tmp_path / "serve.log", None)
    found = compare(calm, wild, service, kills=len(KINDS) + 2, seed=1)
    # a step may be done before its kill comes: how many hit depends on the machine's pace
    promises = {name: kept for name, kept in found["promises"].items() if name != ENOUGH}
    assert found["kills"] >= 5, found
    assert all(promises.values()), found
    assert found["plates"] == 2


def test_kills_are_shared_out_whole() -> None:
    assert shared_out(50, [3, 1] * 6 + [2]) == [6, 2, 5, 2, 6, 2, 6, 2, 6, 1, 6, 2, 4]
    assert sum(shared_out(5, [3, 1, 3, 1, 2])) == 5


def test_a_difference_is_told_by_name() -> None:
    calm = {"plans": {"A-001": "1", "A-002": "2"}, "values": ["a", "b"]}
    assert differences({"plans": dict(calm["plans"]), "values": ["a", "b"]}, calm) == []
    wild = {"plans": {"A-001": "1", "A-002": "3", "A-003": "4"}, "values": ["a", "b", "b"]}
    assert differences(wild, calm) == ["plans: A-002", "plans: A-003", "values: b 2 times instead of 1"]
