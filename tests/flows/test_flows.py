"""Each flow by itself, on Prefect's server for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect import task
from prefect.client.orchestration import SyncPrefectClient
from serving import artifacts_of, runs_of
from upkeep_lab import PLATE, SLUG, Lab

from alloop.errors import OutdatedError, RecordsError, StateError, TryAgainError
from alloop_flows.alert import alert
from alloop_flows.backtest import backtest
from alloop_flows.ingest import ingest
from alloop_flows.rederive import rederive
from alloop_flows.release import release
from alloop_flows.report import report
from alloop_flows.review import carry_out
from alloop_flows.rounds import campaign_round
from alloop_flows.work import may_pass


@pytest.fixture(autouse=True)
def home(lab: Lab, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flows find the home by the environment, as on a worker."""
    monkeypatch.setenv("ALLOOP_HOME", str(lab.home))


def test_a_round_plans_and_leaves_what_a_person_can_read(
    lab: Lab, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOOP_DASHBOARD_URL", "http://dashboard.example/")
    before = len(artifacts_of(client, "small-spinel-001-map"))
    said = campaign_round(SLUG, seed=3)
    assert said["plate"] == PLATE
    assert lab.states() == {PLATE: "proposed"}
    assert lab.campaign.records.plate(PLATE).seed == 3
    assert runs_of(client, "campaign-round", "Completed")[-1].name == f"{SLUG}: round"
    maps = artifacts_of(client, "small-spinel-001-map")
    assert len(maps) == before + 1
    assert "| **A** |" in maps[0]["data"]
    assert (
        "[SMALL-SPINEL-001 on the dashboard](http://dashboard.example/plates/SMALL-SPINEL-001)"
        in maps[0]["data"]
    )
    assert "dashboard.example" in artifacts_of(client, "small-spinel-001-dashboard")[0]["data"]
    # a second round finds the proposal and waits
    assert campaign_round(SLUG)["step"] == {
        "kind": "wait",
        "why": f"{PLATE} waits for approval",
        "plate": PLATE,
    }
    assert list(lab.states()) == [PLATE]


def test_ingest_records_what_it_can_and_says_what_it_cannot(lab: Lab, client: SyncPrefectClient) -> None:
    campaign_round(SLUG)
    lab.campaign.approve(PLATE, by="bo")
    lab.drop("bad.csv", "sample,ionic_conductivity [bananas]\nSMALL-SPINEL-001-A01,1\n")
    lab.drop_well("good.csv", "A02")
    outcomes = {thing["name"]: thing["outcome"] for thing in ingest(SLUG)["things"]}
    assert outcomes == {"bad.csv": "refused", "good.csv": "recorded"}
    text = artifacts_of(client, f"{SLUG}-inbox")[0]["data"]
    assert "bananas" in text
    assert "| good.csv | recorded | 2 values, 1 statuses |" in text
    assert artifacts_of(client, f"{SLUG}-progress")[0]["data"] == pytest.approx(12.5)


def test_only_an_approved_plate_is_released_and_once(lab: Lab, client: SyncPrefectClient) -> None:
    campaign_round(SLUG)
    with pytest.raises(StateError, match="nothing of it is released"):
        release(SLUG, PLATE)
    assert not lab.events("released")
    lab.campaign.approve(PLATE, by="bo")
    (lab.home / "plates" / PLATE / "weigh_list.csv").unlink()
    assert any(path.endswith("weigh_list.csv") for path in release(SLUG, PLATE)["files"])
    release(SLUG, PLATE)
    assert (lab.home / "plates" / PLATE / "weigh_list.csv").is_file()
    assert len(lab.events("released")) == 1
    assert "sheet.html" in artifacts_of(client, "small-spinel-001-released")[0]["data"]


def test_a_form_is_carried_out_as_a_whole_or_refused(lab: Lab) -> None:
    campaign_round(SLUG)
    wells = lab.campaign.records.wells(PLATE)
    well = next(one for one in wells if one.role == "candidate")
    good = {"well": well.well, "composition": "Li2MgCl4", "settings": {"milling_time": "1"}}
    verdict: dict[str, Any] = {"decision": "only swap wells", "by": "Ada", "reason": "", "swaps": []}
    with pytest.raises(StateError, match="Z99"):
        carry_out(SLUG, PLATE, verdict | {"swaps": [good, {**good, "well": "Z99"}]})
    assert lab.campaign.records.wells(PLATE) == wells
    assert carry_out(SLUG, PLATE, verdict | {"swaps": [good]}) == "proposed"
    swapped = next(one for one in lab.campaign.records.wells(PLATE) if one.well == well.well)
    assert swapped.formula == "Li2MgCl4"
    with pytest.raises(StateError, match="needs a reason"):
        carry_out(SLUG, PLATE, verdict | {"decision": "reject"})
    assert carry_out(SLUG, PLATE, verdict | {"decision": "reject", "reason": "too dear"}) == "rejected"
    (event,) = lab.events("plate rejected")
    assert (event.recorded_by, event.why) == ("Ada", "too dear")


def test_alerts_are_recorded_once(lab: Lab, client: SyncPrefectClient) -> None:
    campaign_round(SLUG)
    lab.campaign.approve(PLATE, by="bo")
    lab.drop("bad.csv", "sample,ionic_conductivity [bananas]\nSMALL-SPINEL-001-A01,1\n")
    ingest(SLUG)
    (found,) = alert(SLUG)
    assert found["kind"] == "inbox"
    assert alert(SLUG) == []
    assert "bad.csv" in artifacts_of(client, f"{SLUG}-alerts")[0]["data"]


def test_report_and_derivation(lab: Lab, client: SyncPrefectClient) -> None:
    path = Path(report(SLUG))
    assert path == lab.home / f"{SLUG}.html"
    assert "<svg" in path.read_text() or "small-spinel" in path.read_text()
    assert rederive(SLUG, dry_run=True) == {"campaign": SLUG, "files": 0, "changes": 0, "dry_run": True}
    assert artifacts_of(client, f"{SLUG}-rederived")[0]["data"].startswith("0 files were evaluated again")


def test_backtest_runs_each_strategy_from_each_seed(lab: Lab, client: SyncPrefectClient) -> None:
    rows = [f"Li{2 - x}Mg{1 - x}In{x}Cl4,{10.0 ** (-6 + 4 * x)}" for x in (n / 100 for n in range(1, 41))]
    table = lab.folder / "pool.csv"
    table.write_text("\n".join(["formula,ionic_conductivity [S/cm]", *rows]) + "\n")
    sizes = {"initial": 4, "batch": 3, "rounds": 2, "seeds": 2}
    said = backtest(str(table), str(lab.folder / "small.yaml"), ["random"], {}, **sizes)
    runs = said["strategies"]["random"]
    assert [run["seed"] for run in runs] == [0, 1]
    assert [[one["measured"] for one in run["rounds"]] for run in runs] == [[4, 7, 10]] * 2
    from alloop.campaign.replaying import replay

    direct = replay(table, lab.folder / "small.yaml", {}, ["random"], **sizes).as_json()
    hits = [[one["hits"] for one in run["rounds"]] for run in direct["strategies"]["random"]]
    assert [[one["hits"] for one in run["rounds"]] for run in runs] == hits
    assert "| random | 2 |" in artifacts_of(client, "backtest")[0]["data"]
    # elsewhere it gives the same, in tasks of the run
    elsewhere = backtest(str(table), str(lab.folder / "small.yaml"), ["random"], {}, runner="dask:2", **sizes)
    there = elsewhere["strategies"]["random"]
    assert [[one["hits"] for one in run["rounds"]] for run in there] == hits
    assert [name for name in task_names(client) if name.startswith("scores_of")]


def task_names(client: SyncPrefectClient) -> list[str]:
    return [run.name for run in client.read_task_runs(limit=200)]


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (TryAgainError("the database does not answer"), 2),
        (OutdatedError("something changed meanwhile"), 2),
        (OSError("the disk is away"), 2),
        (RecordsError("the records are damaged"), 1),
        (StateError("there is no such plate"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_may_pass_is_tried_again(error: Exception, tries: int) -> None:
    calls = []

    @task(retries=1, retry_delay_seconds=0, retry_condition_fn=may_pass)
    def work() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        work()
    assert len(calls) == tries
