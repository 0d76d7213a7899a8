"""`--runner`: other processes compute, and what is recorded is the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from campaign_shell import WELLS, Shell
from spectrum_builders import THICKNESS_MM, pellets, spectrum

import alloop.instruments.evaluate as evaluating
from alloop.campaign import Campaign
from alloop.runner import ENVIRONMENT, Runner

PLATE = "SMALL-SPINEL-001"


def plans(home: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in sorted(home.glob("plates/*/plan.json"))}


@pytest.mark.sqlite("it copies the home with its database")
def test_a_rehearsal_on_other_processes_plans_the_same_plates(
    approved: Shell, tmp_path: Path, database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = Shell(tmp_path / "elsewhere", capsys, database.new(approved.url))
    shutil.copytree(approved.home, elsewhere.home)
    for shell, more in ((approved, ()), (elsewhere, ("--runner", "processes:2"))):
        shell.ok("cancel", PLATE, "--why", "a rehearsal begins")
        shell.ok("run", "small-spinel", "--rounds", "3", "--by", "ada", *more)
    here, there = plans(approved.home), plans(elsewhere.home)
    assert len(here) == 4
    assert here == there


def test_values_derived_again_elsewhere_are_the_same(
    approved: Shell, tmp_path: Path, cluster: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    for n, well in enumerate(WELLS):
        (folder / f"{PLATE}_{well}_25C.csv").write_text(spectrum(10.0 ** (-6 + 0.3 * n), n))
    (folder / "pellets.csv").write_text(pellets({f"{PLATE}-{well}": THICKNESS_MM for well in WELLS}))
    real = evaluating.evaluate

    def older(*arguments: Any) -> Any:
        found = real(*arguments)
        return replace(found, values=tuple(replace(one, value=one.value * 1.1) for one in found.values))

    with monkeypatch.context() as patch:
        patch.setattr(evaluating, "evaluate", older)
        approved.ok("upload", "small-spinel", folder)
    here = approved.json("rederive", "small-spinel", "--dry-run")
    assert len(here["changes"]) >= len(WELLS)
    campaign = Campaign.open("small-spinel", approved.home)
    there = campaign.rederive(by="ada", runner=cluster)
    assert [vars(one) for one in there.changes] == here["changes"]
    assert approved.json("rederive", "small-spinel")["changes"] == []


def test_a_runner_that_is_not_there_is_told_in_one_line(
    approved: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = approved.fails("plan", "small-spinel", "--runner", "grid")
    assert "there is no runner 'grid'" in line
    monkeypatch.setenv(ENVIRONMENT, "dask://nobody")
    (line,) = approved.fails("rederive", "small-spinel")
    assert "there is no runner 'dask://nobody'" in line
