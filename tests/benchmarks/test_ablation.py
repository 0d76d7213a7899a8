"""The ablations in small: every trouble happens, every variant is compared, and verdicts are what intervals say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import ablation
import ablation_alarms
import ablation_campaign
import ablation_plates
import pools
from ablation_cases import ABLATIONS, BETTER_HIGH
from ablation_world import Laboratory, make_world, measure, with_pocket


def test_one_of_them_in_small(capsys: pytest.CaptureFixture[str]) -> None:
    ablation.main(["--tiny", "--seeds", "2", "--only", "units,failures", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert list(document["ablations"]) == ["units", "failures"]
    for found in document["ablations"].values():
        assert found["seeds"] == 2
        for one in found["comparisons"]:
            assert one["verdict"] in ("pays", "costs", "no effect shown")
            low, high = one["interval90"]
            assert low <= one["gain"] <= high
    assert document["ablations"]["failures"]["means"]["failures ignored"]["hits"] >= 0


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_comparison_is_made(name: str) -> None:
    entry = ABLATIONS[name]
    found = entry.case(0, True)
    for pair in entry.pairs:
        shared = [m for m in entry.metrics if all(m in found[variant] for variant in pair)]
        assert shared, pair
        assert set(shared) <= set(BETTER_HIGH)
    assert {m for m in entry.metrics if any(m in figures for figures in found.values())} >= set(entry.metrics) - {
        "caught", "wrong best"  # the small campaign may end before the mistake
    }  # fmt: skip


def test_verdicts_are_what_intervals_say() -> None:
    low, high = [1.0, 2.0, 3.0, 2.0], [5.0, 6.5, 7.0, 6.0]
    assert ablation.paired(high, low, "hits")["verdict"] == "pays"
    assert ablation.paired(high, low, "failed")["verdict"] == "costs"
    assert ablation.paired([1.0, 5.0], [2.0, 2.0], "hits")["verdict"] == "no effect shown"
    assert ablation.paired([1.0], [2.0], "hits")["interval90"] is None
    with pytest.raises(SystemExit):
        ablation.main(["--only", "nothing"])


def test_the_troubles_are_as_large_as_they_say() -> None:
    world = make_world(0, 0.25, "In3+ Zr4+ Zn2+")
    assert np.mean(world.forms < 0.5) == pytest.approx(0.25, abs=0.02)
    ranks = list(range(0, 400, 4))
    plain, shifted = Laboratory(plate=0.0), Laboratory(plate=0.3)
    offsets = [
        measure(world, shifted, ranks, number, 1).values - measure(world, plain, ranks, number, 1).values
        for number in range(40)
    ]
    assert all(np.ptp(offset) < 1e-9 for offset in offsets)
    assert np.std([offset[0] for offset in offsets]) == pytest.approx(0.3, abs=0.1)
    pocket = with_pocket(world, 100, 0.5)
    assert pocket.values[100] == pytest.approx(world.values.max() + 0.5)
    assert (pocket.values != world.values).sum() <= 40
    assert pocket.hits[100]


def test_campaigns_that_differ_in_nothing_are_the_same() -> None:
    world = ablation_plates.world_of(0, True)
    one, two = (
        ablation_campaign.campaign(world, Laboratory(), ablation_campaign.Habit(), 0, 1, 12) for _ in "ab"
    )
    assert one == two


def test_alarms_are_counted_on_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "closed_loop").mkdir()
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(60, 3)).round(3)
    lines = ["a,b,c,Score", *(",".join(map(str, [*row, row.sum()])) for row in x)]
    (tmp_path / "closed_loop" / "pvlab_AutoAM_dataset.csv").write_text("\n".join(lines))
    monkeypatch.setattr(pools, "DATA", tmp_path)
    ablation_alarms.main(["--pools", "autoam,oer", "--seeds", "2", "--json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["pools"] == {
        "autoam": {"values": 64, "suspected": 0, "mistakes": 0, "caught": 0}
    }
    assert "SKIPPED oer" in said.err
