"""The quality benchmark in small: runs are kept, found again and summed up; every peer chooses unmeasured wells."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alloop.campaign_file import parse_campaign
from alloop.lab.backtest import Bench, Situation
from alloop.lab.replay_table import ReplayTable, load_replay
from alloop.surrogate import ABOVE, BELOW, observations

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import peers
import pools
import quality
import summary

STRATEGIES = "alloop,random,space-filling,forest ucb"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with 40 rows of four inputs; the outcome is best in the middle."""
    folder = tmp_path / "data"
    (folder / "closed_loop").mkdir(parents=True)
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(40, 4)).round(3)
    y = 1.0 - ((x - 0.5) ** 2).sum(axis=1)
    lines = ["a,b,c,d,Score", *(",".join(map(str, [*row, value])) for row, value in zip(x, y, strict=True))]
    (folder / "closed_loop" / "pvlab_AutoAM_dataset.csv").write_text("\n".join(lines))
    monkeypatch.setattr(pools, "DATA", folder)
    return tmp_path


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, Any], str]:
    quality.main([*words, "--json"])
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_runs_are_made_once_and_summed_up(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "--pools",
        "autoam,oer",
        "--strategies",
        STRATEGIES,
        "--seeds",
        "1",
        "--into",
        str(data / "runs"),
    ]
    document, said = ask(capsys, *asked)
    assert "SKIPPED oer" in said
    assert document["skipped"] == ["oer"]
    entry = document["pools"]["autoam"]
    assert (entry["candidates"], entry["sizes"]) == (40, [8, 4, 6])
    assert set(STRATEGIES.split(",")) <= set(entry["strategies"])
    own = entry["strategies"]["alloop"]
    assert 0 < own["hits"]["mean"] <= 4
    assert len(own["hits"]["rounds"]) == 7
    assert set(own["coverage90"]) == {"score"}
    assert entry["against"]["random"]["hits"]["starts"] == 1
    again, said = ask(capsys, *asked)
    assert "alloop, seed 0" not in said
    assert again["pools"] == document["pools"]
    shown, _ = ask(capsys, "--show", *asked)
    assert shown["pools"] == document["pools"]
    anew, said = ask(capsys, *asked, "--rerun", "random")
    assert "random, seed 0" in said
    assert "alloop, seed 0" not in said
    assert anew["pools"]["autoam"]["strategies"]["random"]["hits"] == entry["strategies"]["random"]["hits"]


def test_an_unknown_name_is_refused(data: Path) -> None:
    with pytest.raises(SystemExit, match="'obelisk' is none of obelix"):
        quality.main(["--pools", "obelisk"])


def table_with_failures(tmp_path: Path) -> ReplayTable:
    rng = np.random.default_rng(1)
    lines = ["x,y,hardness [HV],density [g/cm^3],status"]
    for x, y in rng.uniform(size=(30, 2)).round(3):
        formed = x + y < 1.2
        lines.append(f"{x},{y},{100 + 50 * x},{5 - y}," if formed else f"{x},{y},,,not_formed")
    (tmp_path / "table.csv").write_text("\n".join(lines))
    text = (
        "campaign: small\nobjectives:\n  - {property: hardness, goal: maximize, reference: 100}\n"
        "  - {property: density, goal: minimize, reference: 5}\nspace: {process: [{name: x}, {name: y}]}\n"
    )
    file = parse_campaign(text, tmp_path, complete=False)
    return load_replay(tmp_path / "table.csv", {}, file.objectives, file.settings, file.mobile_ion)


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_every_peer_chooses_unmeasured_candidates(name: str, tmp_path: Path) -> None:
    if name == "baybe" and find_spec("baybe") is None:
        pytest.skip("BayBE is not installed: pip install 'alloop[benchmarks]'")
    table = table_with_failures(tmp_path)
    bench = Bench(table)
    measured = np.arange(10)
    known = measured[table.formed[measured]]
    assert 2 < len(known) < 10
    values = {o.property: table.values[o.property][known] for o in table.objectives}
    data = {key: observations(bench.matrix[known], column) for key, column in values.items()}
    sides = np.where(table.formed[measured], ABOVE, BELOW)
    formed = observations(bench.matrix[measured], np.zeros(10), bounds=sides)
    now = Situation(table, bench.features, bench.matrix, measured, data, formed, {"front": 1.0}, 3, 5)
    chosen = peers.PEERS[name](now).ranks
    assert len(set(chosen.tolist())) == 3
    assert not set(chosen.tolist()) & set(measured.tolist())
    assert set(chosen.tolist()) <= set(range(30))
    assert peers.versions(name)


def test_paired_tests_are_adjusted_over_all_comparisons(tmp_path: Path) -> None:
    from kept_runs import Kept

    rng = np.random.default_rng(2)
    luck = rng.normal(size=12)
    gains = {"alloop": 3.0, "random": 0.0, "baybe": 3.0}
    for strategy, gain in gains.items():
        kept = Kept(tmp_path, "oer", strategy, "x")
        for seed in range(12):
            final = 5 + gain + luck[seed] + 0.1 * rng.normal()
            row = {
                "hits": [1, final],
                "best": [0.1, 0.2],
                "volume": [0, 0.5],
                "covered": [{"p": [9, 10]}],
                "seconds": [1],
            }
            kept.add(seed, row, {"v": "1"}, {"candidates": 100, "sizes": [8, 4, 1]})
    report = summary.summarise(tmp_path, ["oer"], list(gains), range(12))
    entry = report["pools"]["oer"]
    assert entry["strategies"]["alloop"]["coverage90"] == {"p": 0.9}
    random, close = entry["against"]["random"]["hits"], entry["against"]["baybe"]["hits"]
    assert random["ahead"] == 12
    assert random["p_holm"] == pytest.approx(2 * random["p"], abs=1e-5)
    assert summary.verdict(random) == "ahead"
    assert close["p_holm"] >= random["p_holm"]
    assert summary.verdict(close) == "level"
    assert entry["best_peer"]["hits"]["peer"] == "baybe"
    assert summary.verdict(entry["against"]["random"]["best"]) == "level"
    assert "| oer |" in summary.write_table(report)
