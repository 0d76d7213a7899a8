"""What the watch starts, on Prefect's server for tests: no worker is there, so that runs stay where they are put."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Completed, Crashed, Failed, Paused, Pending, Running, Scheduled
from serving import events_of, runs_of, wait_for
from upkeep_lab import PLATE, SLUG, Lab

from alloop.upkeep import run_round
from alloop_flows.audit_events import AuditEvents, event_of
from alloop_flows.deployments import Deployments
from alloop_flows.notices import BLOCK, WEBHOOK, set_up_notices
from alloop_flows.occasions import Occasions, Order, is_stranded, pause_after
from alloop_flows.orphans import TO_BEGIN, report_orphans
from alloop_flows.watch import Watch, health_of


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def pool(client: SyncPrefectClient, request: pytest.FixtureRequest) -> str:
    """A work pool of the test's own, with no runs of others under way."""
    for flow in ("campaign-round", "review", "release", "ingest", "alert"):
        for run in runs_of(client, flow):
            client.delete_flow_run(run.id)
    return "alloop"


def under_way(client: SyncPrefectClient, flow: str) -> list[Any]:
    return [run for run in runs_of(client, flow) if run.state and not run.state.is_final()]


def test_what_is_due_is_started_once(lab: Lab, client: SyncPrefectClient, pool: str) -> None:
    records = lab.records()
    (due,) = Watch(records, client, pool, alone=True).look(now())
    assert due.kind == "round"
    (run,) = under_way(client, "campaign-round")
    assert run.parameters == {"campaign": SLUG}
    assert {"alloop", f"campaign:{SLUG}"} <= set(run.tags)
    assert run.idempotency_key == due.occasion
    # neither the next look nor another watch starts it again; nor does other news while a round is under way
    watching = Watch(records, client, pool)
    watching.look(now())
    lab.says('schedule: {cron: "30 6 * * *", timezone: UTC}\n')
    watching.look(now())
    assert [one.id for one in under_way(client, "campaign-round")] == [run.id]
    # the deployment takes one run at a time, whoever starts it
    deployment = client.read_deployment_by_name(f"campaign-round/{SLUG}")
    assert deployment.global_concurrency_limit is not None
    assert deployment.global_concurrency_limit.limit == 1
    # when the round is done nothing is due
    run_round(lab.campaign)
    client.set_flow_run_state(run.id, Completed(), force=True)
    assert watching.look(now()) == ()
    assert not under_way(client, "campaign-round")
    # approval makes a release due
    lab.campaign.approve(PLATE, by="bo")
    watching.look(now())
    (release,) = under_way(client, "release")
    assert release.parameters == {"campaign": SLUG, "plate": PLATE}
    assert f"plate:{PLATE}" in release.tags


def test_a_server_that_lost_its_memory_is_told_anew(lab: Lab, client: SyncPrefectClient, pool: str) -> None:
    watching = Watch(lab.records(), client, pool)
    watching.look(now())
    (run,) = under_way(client, "campaign-round")
    client.delete_flow_run(run.id)
    client.delete_deployment(client.read_deployment_by_name(f"campaign-round/{SLUG}").id)
    with pytest.raises(ObjectNotFound):
        watching.look(now())
    watching.look(now())
    (again,) = under_way(client, "campaign-round")
    assert again.id != run.id


def test_a_crashed_run_is_followed_by_another_after_a_pause(client: SyncPrefectClient, pool: str) -> None:
    deployments = Deployments(client, pool)
    deployments.all_flows()
    order = Order("an occasion", deployments.of_flow("alert"), {"campaign": SLUG}, f"{SLUG}: alert")
    occasions = Occasions(client)
    first = occasions.start(order, now())
    assert first is not None
    again = Occasions(client).start(order, now())  # another watch, or the same after a restart
    assert again is not None
    assert again.id == first.id
    client.set_flow_run_state(first.id, Crashed(), force=True)
    assert occasions.start(order, now()) is None
    later = now() + timedelta(seconds=3)
    second = occasions.start(order, later)
    assert second is not None
    assert second.id != first.id
    restarted = Occasions(client).start(order, later)
    assert restarted is not None
    assert restarted.id == second.id


def test_pauses_grow_and_a_form_opens_again_at_once() -> None:
    assert pause_after(Crashed(), 1) == timedelta(seconds=2)
    assert pause_after(Crashed(), 4) == timedelta(seconds=16)
    assert pause_after(Failed(), 1) == timedelta(seconds=20)
    assert pause_after(Completed(), 100) == pause_after(Cancelled(), 1) == timedelta(minutes=30)
    assert pause_after(Failed(), 1, form=True) == timedelta(0)
    assert pause_after(Cancelled(), 1, form=True) == timedelta(minutes=30)


def test_a_clock_set_back_holds_up_no_run(client: SyncPrefectClient, pool: str) -> None:
    deployments = Deployments(client, pool)
    deployments.all_flows()
    order = Order("another occasion", deployments.of_flow("alert"), {"campaign": SLUG}, f"{SLUG}: alert")
    occasions = Occasions(client)
    first = occasions.start(order, now())
    assert first is not None
    client.set_flow_run_state(first.id, Crashed(), force=True)
    second = occasions.start(order, now() - timedelta(days=3))
    assert second is not None
    assert second.id != first.id
    # what was ordered for a time that is far off now is ordered again, after a while
    far, minute = Scheduled(scheduled_time=now() + timedelta(days=3)), timedelta(minutes=1)
    assert not is_stranded(far, now(), 1, minute / 2)
    assert is_stranded(far, now(), 1, minute)
    assert not is_stranded(far, now(), 3, 3 * minute)
    assert is_stranded(far, now(), 20, 30 * minute)
    assert not is_stranded(Scheduled(scheduled_time=now() + minute), now(), 1, 60 * minute)
    assert not is_stranded(Running(), now(), 1, 60 * minute)


def test_forms_are_there_as_long_as_a_plate_waits(lab: Lab, client: SyncPrefectClient, pool: str) -> None:
    run_round(lab.campaign)
    Watch(lab.records(), client, pool).look(now())
    (form,) = under_way(client, "review")
    assert form.parameters == {"campaign": SLUG, "plate": PLATE}
    client.set_flow_run_state(form.id, Failed(message="there is no well Z99"), force=True)
    Watch(lab.records(), client, pool).look(now())
    (second,) = under_way(client, "review")
    assert "there is no well Z99" in second.parameters["note"]
    client.set_flow_run_state(second.id, Paused(name="Suspended"), force=True)
    lab.campaign.reject(PLATE, "too dear", by="bo")
    Watch(lab.records(), client, pool).look(now())
    state = client.read_flow_run(second.id).state
    assert state is not None
    assert (state.name, state.message) == ("Cancelled", f"{PLATE} is rejected")
    # where plates are approved without a person, nobody is asked
    lab.says('schedule: {cron: "0 6 * * *", timezone: UTC}\napproval: automatic\n')
    lab.campaign.plan(by="bo")
    Watch(lab.records(), client, pool).look(now())
    assert not under_way(client, "review")


def test_runs_without_a_process_are_reported(client: SyncPrefectClient, pool: str) -> None:
    deployments = Deployments(client, pool)
    deployments.all_flows()
    deployment = deployments.of_flow("ingest")
    runs = {
        name: client.create_flow_run_from_deployment(deployment, parameters={"campaign": SLUG}, name=name)
        for name in ("lives", "gone", "waits", "taken", "resumed")
    }
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    over = subprocess.Popen([sys.executable, "-c", ""])
    over.wait()
    try:
        for name, pid in (("lives", process.pid), ("gone", over.pid), ("resumed", over.pid)):
            client.update_flow_run(runs[name].id, infrastructure_pid=str(pid))
            client.set_flow_run_state(runs[name].id, Running(), force=True)
        client.set_flow_run_state(runs["taken"].id, Running(), force=True)
        # a form that was filled in: it waits for a process, and names the one that showed it
        client.set_flow_run_state(runs["resumed"].id, Pending(), force=True)
        assert report_orphans(client, pool, now(), alone=True) == 1
        states = {name: client.read_flow_run(run.id).state for name, run in runs.items()}
        assert {name: state.name for name, state in states.items() if state} == {
            "lives": "Running",
            "gone": "Crashed",
            "waits": "Scheduled",
            "taken": "Running",
            "resumed": "Pending",
        }
        # one that was taken and never named a process is given some time, also by a clock that was set back
        assert report_orphans(client, pool, now() + TO_BEGIN / 2, alone=True) == 0
        assert report_orphans(client, pool, now() - TO_BEGIN / 2, alone=True) == 0
        assert report_orphans(client, pool, now() - 2 * TO_BEGIN, alone=True) == 2
        # elsewhere silence alone says nothing of a run that never gave a sign of life
        assert report_orphans(client, pool, now() + timedelta(days=1), alone=False) == 0
    finally:
        process.kill()
        process.wait()


def test_a_run_whose_heartbeat_stopped_is_reported(client: SyncPrefectClient, pool: str) -> None:
    deployments = Deployments(client, pool)
    deployments.all_flows()
    run = client.create_flow_run_from_deployment(deployments.of_flow("ingest"), parameters={"campaign": SLUG})
    client.set_flow_run_state(run.id, Running(), force=True)
    beat = {
        "event": "prefect.flow-run.heartbeat",
        "occurred": now().isoformat(),
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run.id}"},
        "id": str(run.id),
    }
    client.request("POST", "/events", json=[beat])
    wait_for("the heartbeat", lambda: [e for e in events_of(client, beat["event"]) if e["id"] == str(run.id)])
    assert report_orphans(client, pool, now() + timedelta(minutes=4), alone=False) == 0
    assert report_orphans(client, pool, now() + timedelta(minutes=6), alone=False) == 1


def test_every_line_of_the_audit_is_an_event_once(lab: Lab, client: SyncPrefectClient) -> None:
    run_round(lab.campaign)
    lab.campaign.approve(PLATE, by="Ada")
    rows = lab.campaign.records.events()
    sender = AuditEvents(lab.records(), client)
    assert sender.send_new() == len(rows)
    assert sender.send_new() == 0
    lab.campaign.cancel(PLATE, "spilt", by="Ada")
    assert sender.send_new() == 1
    AuditEvents(lab.records(), client).send_new()  # another watch sends the same
    (row,) = lab.events("plate cancelled")
    own = event_of(row)

    def sent() -> list[Any]:
        return [event for event in events_of(client, "alloop.plate-cancelled") if event["id"] == own["id"]]

    (event,) = wait_for("the event", sent)
    assert event["payload"]["why"] == "spilt"
    assert event["resource"]["prefect.resource.id"] == f"alloop.plate.{PLATE}"
    assert event["related"] == [
        {"prefect.resource.id": f"alloop.campaign.{SLUG}", "prefect.resource.role": "campaign"}
    ]


def test_notices_are_set_up_where_they_are_asked_for(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names() -> list[str]:
        return sorted(one["name"] for one in client.request("POST", "/automations/filter", json={}).json())

    assert set_up_notices(client) == 0
    assert names() == []
    monkeypatch.setenv(BLOCK, "slack-webhook/lab")
    with pytest.raises(Exception, match="there is no notification block slack-webhook/lab"):
        set_up_notices(client)
    monkeypatch.delenv(BLOCK)
    monkeypatch.setenv(WEBHOOK, "http://127.0.0.1:9/hook")
    assert set_up_notices(client) == 3
    monkeypatch.setenv(WEBHOOK, "http://127.0.0.1:9/another")
    assert set_up_notices(client) == 3
    assert names() == ["alloop: a flow failed", "alloop: flows crash", "alloop: what people should know"]


def test_health_of_a_watch_is_that_of_its_last_look() -> None:
    assert health_of({}) == (False, {"watch": "has not looked yet"})
    good = {"time": now().isoformat(), "due": [], "trouble": ""}
    assert health_of(good)[0]
    assert not health_of(good | {"trouble": "the database does not answer"})[0]
    assert not health_of(good | {"time": (now() - timedelta(minutes=2)).isoformat()})[0]
