"""The retrospective benchmark."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.cli.app import run
from alloop.errors import UserError
from alloop.lab.backtest import STRATEGIES, Bench, Choice, RoundScore, Situation, backtest, hits_of
from alloop.lab.replay_table import ReplayTable, load_replay
from alloop.planning import Objective
from alloop.planning.goals import hypervolume
from alloop.runner import Runner
from alloop.space import Setting

SHARED = Path(__file__).parents[2].parent / "shared"
OBELIX = SHARED / "data" / "conductivity" / "obelix_all.csv"
CONDUCTIVITY = Objective("ionic_conductivity", "maximize", "log10", "S/cm", 1e-7)
OXIDATION = Objective("oxidation_limit", "maximize", "linear", "V")
CAMPAIGN = """
campaign: old-results
objectives:
  - {property: ionic_conductivity, temperature_C: 25, goal: maximize, scale: log10, unit: S/cm}
"""


def chlorides() -> str:
    """60 doped spinels with an invented conductivity that peaks at In 0.3."""
    lines = ["formula,ionic_conductivity [S/cm],oxidation_limit [V]"]
    for i in range(12):
        for k, dopant in enumerate(("In", "Sc", "Y", "Er", "Al")):
            x = (i + 1) / 20
            sigma = -7.0 + 3.0 * np.exp(-(((x - 0.3) / 0.15) ** 2)) / (1 + k)
            mark = "<" if sigma < -6.9 else ""
            formula = f"Li2Mg{1 - 1.5 * x:.3f}{dopant}{x:.2f}Cl4"
            lines.append(f"{formula},{mark}{10**sigma:.4g},{4.0 + 0.3 * k - x:.3f}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("replay") / "old.csv"
    path.write_text(chlorides())
    return path


@pytest.fixture(scope="module")
def table(file: Path) -> ReplayTable:
    return load_replay(file, {}, (CONDUCTIVITY,), (), "Li+")


def test_every_strategy_runs_from_the_same_start(table: ReplayTable) -> None:
    runs = backtest(table, {"hits": 1.0}, list(STRATEGIES), 8, 4, 2, [0, 1])
    assert set(runs) == set(STRATEGIES)
    for name, seeds in runs.items():
        for (seed, scores), (same, random) in zip(seeds, runs["random"], strict=True):
            assert seed == same
            assert scores[0] == random[0]
            assert [score.measured for score in scores] == [8, 12, 16]
            for before, after in pairwise(scores):
                assert after.hits >= before.hits
                assert after.best >= before.best
                assert after.hypervolume_fraction >= before.hypervolume_fraction
            assert 0 < scores[-1].hypervolume_fraction <= 1
            assert (scores[1].coverage90 is not None) == (name == "alloop")
    assert sum(s[-1].hits for _, s in runs["alloop"]) > sum(s[-1].hits for _, s in runs["random"])


def test_failures_are_learned_from_and_no_hits(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    lines = ["x,y,score,density [g/cm^3],status"]
    for x, y in rng.uniform(size=(160, 2)).round(3):
        lines.append(f"{x},{y},{y},{5 - y - x / 5}," if x < 0.7 else f"{x},{y},,,not_formed")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines))
    aims = (
        Objective("score", "maximize", "linear", "1", 0.2),
        Objective("density", "minimize", "linear", "g/cm^3", 5.0),
    )
    table = load_replay(path, {}, aims, (Setting("x", "", ()), Setting("y", "", ())), None)
    bench = Bench(table)
    assert bench.judge.hits.sum() == 16
    assert table.formed[bench.judge.hits].all()
    seen = []

    def strategy(now: Situation) -> Choice:
        assert now.formed is not None
        seen.append((len(now.formed), len(now.data["score"])))
        return STRATEGIES["alloop"](now)

    scores, ranks = bench.run(strategy, {"front": 0.5, "hits": 0.5}, 20, 10, 4, 0)
    assert len(set(ranks.tolist())) == 60
    assert seen == [(k, int(table.formed[ranks[:k]].sum())) for k in (20, 30, 40, 50)]
    assert scores[1].covered["score"][1] == table.formed[ranks[20:30]].sum()
    assert (~table.formed[ranks[30:]]).mean() < 0.8 * (~table.formed).mean()


def test_volume_is_measured_from_stated_references(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x,score,density [g/cm^3]\n1,1,1\n2,3,3\n3,2,5\n4,0,9\n")
    aims = (
        Objective("score", "maximize", "linear", "1", 1.0),
        Objective("density", "maximize", "linear", "g/cm^3", 1.0),
    )
    judge = Bench(load_replay(path, {}, aims, (Setting("x", "", ()),), None)).judge
    fractions = [judge.score(np.array(m), 0.0, {}).hypervolume_fraction for m in ([0], [3], [1], [2], [1, 2])]
    np.testing.assert_allclose(fractions, [0, 0, 4 / 6, 4 / 6, 1])


def test_the_same_seed_gives_the_same_run(table: ReplayTable) -> None:
    def scores() -> list[tuple[int, float]]:
        run = backtest(table, {"front": 1.0, "hits": 1.0}, ["alloop"], 6, 5, 1, [3])["alloop"][0][1]
        return [(score.hits, score.best) for score in run]

    assert scores() == scores()


def test_runs_on_other_processes_score_the_same(
    table: ReplayTable, processes: Runner, cluster: Runner
) -> None:
    def scores(runner: Runner | None) -> dict[str, list[tuple[int, list[RoundScore]]]]:
        told: list[str] = []
        asked = (table, {"hits": 1.0}, ["alloop", "forest"], 8, 4, 2, [0, 1, 2])
        runs = backtest(*asked, told.append, runner)
        assert told == [f"{name}, seed {seed}" for name in runs for seed in (0, 1, 2)]
        return {
            name: [(seed, [replace(score, seconds=0.0) for score in run]) for seed, run in seeds]
            for name, seeds in runs.items()
        }

    here = scores(None)
    assert scores(processes) == here
    assert scores(cluster) == here


def test_the_whole_pool_can_be_measured(table: ReplayTable) -> None:
    last: RoundScore = backtest(table, {"hits": 1.0}, ["alloop"], 50, 5, 2, [0])["alloop"][0][1][-1]
    assert last.measured == len(table) == 60
    assert last.hits == 6
    assert last.hypervolume_fraction == pytest.approx(1.0)


def test_two_objectives(file: Path) -> None:
    table = load_replay(file, {}, (CONDUCTIVITY, OXIDATION), (), "Li+")
    runs = backtest(table, {"front": 0.5, "hits": 0.5}, list(STRATEGIES), 10, 5, 1, [0])
    for scores in (seeds[0][1] for seeds in runs.values()):
        assert scores[-1].measured == 15
        assert 0 < scores[-1].hypervolume_fraction <= 1


def test_a_pool_without_any_difference(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    rows = [f"Li2Mg{10 - i}Zn{i}Cl22,1e-5" for i in range(1, 9)]
    path.write_text("\n".join(["formula,ionic_conductivity [S/cm]", *rows]))
    table = load_replay(path, {}, (CONDUCTIVITY,), (), "Li+")
    scores = backtest(table, {"hits": 1.0}, ["alloop", "forest"], 3, 2, 1, [0])["alloop"][0][1]
    assert scores[-1].hypervolume_fraction == 1.0


@pytest.mark.parametrize(
    ("strategies", "sizes", "says"),
    [
        (
            ["luck"],
            (8, 4, 2),
            "--strategies: unknown strategy 'luck'; use one of alloop, random, forest, greedy",
        ),
        ([], (8, 4, 2), "--strategies: no strategy is named"),
        (["random"], (8, 20, 3), "8 \\+ 3 × 20 candidates do not fit into a pool of 60"),
        (["random"], (1, 1, 1), "start with at least 2"),
    ],
)
def test_what_is_wrong_is_said(table: ReplayTable, strategies: list[str], sizes: tuple, says: str) -> None:
    with pytest.raises(UserError, match=says):
        backtest(table, {"hits": 1.0}, strategies, *sizes, [0])


def test_hits_of_one_objective_are_the_best_tenth() -> None:
    values = np.random.default_rng(0).permutation(499).astype(float)
    hits = hits_of(values[:, None])
    assert hits.sum() == 50
    assert values[hits].min() == 449
    assert hits_of(np.zeros((11, 1))).sum() == 2


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 60), k=st.integers(2, 3))
def test_hits_of_several_objectives_come_front_by_front(seed: int, n: int, k: int) -> None:
    goodness = np.round(np.random.default_rng(seed).normal(size=(n, k)), 1)
    hits = hits_of(goodness)
    assert hits.sum() == -(-n // 10)
    left, fronts = set(range(n)), []
    while left:
        front = {
            i for i in left
            if not any((goodness[j] >= goodness[i]).all() and (goodness[j] > goodness[i]).any() for j in left)
        }  # fmt: skip
        fronts.append(front)
        left -= front
    found = set(np.flatnonzero(hits).tolist())
    for front in fronts:
        if not front <= found:
            kept = front & found
            assert found - kept == set().union(*fronts[: fronts.index(front)])
            floor, members = goodness.min(axis=0), sorted(front)
            whole = hypervolume(goodness[members], floor)
            adds = {i: whole - hypervolume(goodness[[j for j in members if j != i]], floor) for i in members}
            assert all(adds[i] >= adds[j] - 1e-9 for i in kept for j in front - kept)
            break


def test_the_command_prints_the_document(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = tmp_path / "old.yaml"
    campaign.write_text(CAMPAIGN)
    asked = ["replay", str(file), "--campaign", str(campaign), "--strategies", "alloop,random,random"]
    asked += ["--initial", "6", "--batch", "4", "--rounds", "1", "--seeds", "2"]
    assert run([*asked, "--json"]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert list(document["strategies"]) == ["alloop", "random"]
    assert document["hits_total"] == 6
    assert document["objectives"] == ["ionic_conductivity"]
    assert [entry["seed"] for entry in document["strategies"]["random"]] == [0, 1]
    assert set(document["strategies"]["alloop"][0]["rounds"][1]) == {
        "measured", "hits", "best", "hypervolume_fraction", "seconds", "coverage90", "covered"
    }  # fmt: skip
    assert run(asked) == 0
    assert "6 hits to find" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--strategies", ","], "no strategy is named"),
        (["--column", "ionic_conductivity=sigma"], "there is no column 'sigma'"),
        (["--column", "sigma"], "--column"),
        (["--batch", "100"], "do not fit into a pool of 60"),
    ],
)
def test_the_command_says_what_is_wrong(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    campaign = tmp_path / "old.yaml"
    campaign.write_text(CAMPAIGN)
    assert run(["replay", str(file), "--campaign", str(campaign), *more]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


@pytest.mark.skipif(not OBELIX.exists(), reason="../shared is not there: no measured electrolytes to replay")
def test_a_round_among_measured_electrolytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = tmp_path / "obelix.yaml"
    campaign.write_text(CAMPAIGN)
    columns = ["--column", "formula=True Composition"]
    columns += ["--column", "ionic_conductivity=Ionic conductivity (S cm-1)"]
    asked = [
        "replay",
        str(OBELIX),
        "--campaign",
        str(campaign),
        *columns,
        "--rounds",
        "1",
        "--seeds",
        "1",
        "--json",
    ]
    assert run(asked) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["hits_total"] == 50
    rounds = document["strategies"]["alloop"][0]["rounds"]
    assert [score["measured"] for score in rounds] == [16, 32]
    assert rounds[1]["hits"] > rounds[0]["hits"]
