"""A wrong unit in one cell: said at once, left out of the plan, not the best so far, and taken back by `trust`."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from campaign_shell import WELLS, Shell, Write, wide

FIRST, SECOND = "SMALL-SPINEL-001", "SMALL-SPINEL-002"
WRONG = f"{SECOND}-B03"
NAME = "ionic_conductivity"


def table(plate: str, factors: dict[str, float] | None = None) -> str:
    """Conductivities around 0.05 mS/cm, some of them times a factor."""
    factors = factors or {}
    values = {w: 0.05 * (1 + 0.2 * math.sin(7.0 * n)) * factors.get(w, 1.0) for n, w in enumerate(WELLS)}
    return wide(plate, {well: (f"{value:.4g}", 95, "ok") for well, value in values.items()})


@pytest.fixture
def slipped(approved: Shell, results: Write) -> Shell:
    """Two measured plates; one value of the second is a thousand times too large."""
    approved.ok("made", FIRST)
    approved.ok("upload", "small-spinel", results("one.csv", table(FIRST)))
    approved.ok("plan", "small-spinel")
    approved.ok("approve", SECOND)
    approved.ok("made", SECOND)
    return approved


def test_a_wrong_unit_is_said_left_out_and_taken_back(slipped: Shell, results: Write) -> None:
    shell, file = slipped, results("two.csv", table(SECOND, {"B03": 1000.0}))
    report = shell.json("upload", "small-spinel", file)
    assert any(WRONG in str(line) and "1,000 times too large" in str(line) for line in report["warnings"])

    plan = shell.json("plan", "small-spinel")
    (suspect,) = plan["suspects"]
    assert (suspect["sample"], suspect["property"]) == (WRONG, NAME)
    assert suspect["value"] > 100 * suspect["expected"]
    assert any(line.startswith(f"{WRONG}: {NAME}") and "alloop trust" in line for line in plan["warnings"])
    assert all(well["predictions"][NAME]["median"] < 1e-3 for well in plan["wells"])

    status = shell.json("status", "small-spinel")
    assert [one["sample"] for one in status["suspects"]] == [WRONG]
    assert status["best"][NAME]["sample"] != WRONG
    code, _, err = shell("status", "small-spinel")
    assert code == 0
    assert WRONG in err
    assert status["model"][NAME]["by_plate"][SECOND]["n"] == 8

    assert shell.ok("trust", WRONG, NAME, "--why", "measured again: it is true")
    status = shell.json("status", "small-spinel")
    assert status["suspects"] == []
    assert status["best"][NAME]["sample"] == WRONG
    again = shell.json("plan", "small-spinel", "--replace")
    assert again["suspects"] == []
    assert again["data_hash"] != plan["data_hash"]
    assert "ok already" in shell.fails("trust", WRONG, NAME, "--why", "once more")[0]


def test_a_retracted_suspect_is_no_longer_listed(slipped: Shell, results: Write) -> None:
    slipped.ok("upload", "small-spinel", results("two.csv", table(SECOND, {"B03": 1000.0})))
    slipped.ok("plan", "small-spinel")
    slipped.ok("retract", WRONG, NAME, "--why", "S/m, not S/cm")
    assert slipped.json("status", "small-spinel")["suspects"] == []


def test_a_plate_in_the_wrong_unit_is_named_as_a_whole(slipped: Shell, results: Write) -> None:
    slipped.ok("upload", "small-spinel", results("two.csv", table(SECOND, dict.fromkeys(WELLS, 1000.0))))
    plan = slipped.json("plan", "small-spinel")
    assert len(plan["suspects"]) == 8
    (line,) = [line for line in plan["warnings"] if "alloop trust" in line]
    assert line.startswith(f"8 values of {NAME} of {SECOND} look 1,000 times too large: check the unit")


def test_plausible_results_are_not_suspected(slipped: Shell, results: Write) -> None:
    report = slipped.json("upload", "small-spinel", results("two.csv", table(SECOND, {"B03": 8.0})))
    assert not any("looks" in str(line) for line in report["warnings"])
    assert slipped.json("plan", "small-spinel")["suspects"] == []


def test_a_surprise_is_repeated_on_the_next_plate(slipped: Shell, results: Write) -> None:
    (document,) = (path for path in slipped.home.rglob("plan.json") if path.parent.name == SECOND)
    wells = json.loads(document.read_text())["wells"]
    well = next(one["well"] for one in wells if one["role"] == "candidate")
    slipped.ok("upload", "small-spinel", results("two.csv", table(SECOND, {well: 30.0})))
    plan = slipped.json("plan", "small-spinel")
    assert plan["suspects"] == []
    (again,) = (one for one in plan["wells"] if one["role"] == "replicate")
    print([(w["well"], w["predictions"][NAME]) for w in wells][:3], again["reason"])
    assert again["replicate_of"] == f"{SECOND}-{well}"


def test_files_are_where_they_were(slipped: Shell, results: Write) -> None:
    path: Path = results("two.csv", table(SECOND, {"B03": 1000.0}))
    slipped.ok("upload", "small-spinel", path)
    first = slipped.json("plan", "small-spinel", "--dry-run")
    assert slipped.json("plan", "small-spinel", "--dry-run")["suspects"] == first["suspects"]
