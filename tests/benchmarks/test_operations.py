"""The campaign of years in small: sound records, and uploads whose turn is noted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import operations
from operations_world import SLUG, build


def test_a_campaign_of_years_in_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOOP_DATABASE_URL", "sqlite")
    campaign = build(tmp_path / "home", 3, 140)
    records = campaign.records
    assert records.doctor().findings == ()
    status = campaign.status()
    assert [plate.state for plate in status.plates] == ["complete", "complete", "approved"]
    assert [plate.measured for plate in status.plates] == [64, 64, 0]
    own = [row for row in records.measurements(SLUG) if row.origin == "laboratory"]
    assert len(own) == 140
    assert {row.property for row in own} == {"ionic_conductivity", "oxidation_limit"}
    assert status.trust["ionic_conductivity"].n == 128
    last = status.plates[-1].plate
    told = operations.upload(campaign, operations.table(campaign, last, tmp_path))
    assert told["values"] == 64
    assert 0 < told["turn"] < told["seconds"]
    assert campaign.status().plates[-1].state == "measuring"


def test_more_values_than_wells_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOOP_DATABASE_URL", "sqlite")
    with pytest.raises(SystemExit, match="too few wells for 1000 values"):
        build(tmp_path / "home", 3, 1000)
