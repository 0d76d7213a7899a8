"""Runs whose process is gone without a word, after a kill or a restart of a machine: they are reported as crashed.

Otherwise they would stay `Running` for ever and keep their campaign's turn. Where all runs of a pool are processes of
this machine, process numbers tell at once; elsewhere it is told from heartbeats that stopped.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import psutil
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

HEARTBEAT = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
"""What has a run send a sign of life every 30 seconds."""
TO_BEGIN = timedelta(minutes=2)
"""How long a worker of this machine may take from taking a run to naming its process."""
TO_BEGIN_ELSEWHERE = timedelta(minutes=30)
SILENCE = timedelta(minutes=5)
"""A run whose last sign of life is older than that is lost."""
_UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
_log = logging.getLogger("alloop.watch")


def report_orphans(client: SyncPrefectClient, pool: str, now: datetime, alone: bool) -> int:
    """Report the lost runs of a pool as crashed; how many those were.

    `alone` says that all runs of the pool are processes of this machine.
    """
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))
    runs = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=states),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    lost = [run for run in runs if (has_no_process(run, now) if alone else is_silent(client, run, now))]
    for run in lost:
        _log.warning("%s: its process is gone", run.name)
        client.set_flow_run_state(run.id, Crashed(message="its process is gone"), force=True)
    return len(lost)


def has_no_process(run: FlowRun, now: datetime) -> bool:
    """Whether a run of this machine that is under way has no process any more."""
    since = run.state.timestamp if run.state else now
    # a form that was just filled in waits for a process, and names the one that showed it
    is_resumed = run.state is not None and run.state.is_pending() and run.run_count > 0
    if not run.infrastructure_pid or is_resumed:
        return abs(now - since) > TO_BEGIN  # also where the clock was set back meanwhile
    try:
        process = psutil.Process(int(run.infrastructure_pid))
        started = datetime.fromtimestamp(process.create_time(), tz=now.tzinfo)
        is_over = process.status() == psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, ValueError):
        return True
    # a number is given again: then it is that of a process that began much later, or long before the run
    is_another = abs(started - since) > TO_BEGIN or (
        run.created is not None and started < run.created - TO_BEGIN
    )
    return is_over or (is_another and not _is_ours(process))


def _is_ours(process: psutil.Process) -> bool:
    try:
        return any("alloop_flows" in part or "prefect" in part for part in process.cmdline())
    except psutil.Error:
        return False


def is_silent(client: SyncPrefectClient, run: FlowRun, now: datetime) -> bool:
    """Whether a run that is under way somewhere has stopped giving signs of life; one that never gave any runs on."""
    since = run.state.timestamp if run.state else now
    if run.state is not None and run.state.is_pending():
        return now - since > TO_BEGIN_ELSEWHERE
    if now - since < SILENCE:
        return False
    wanted = {
        "event": {"name": ["prefect.flow-run.heartbeat"]},
        "resource": {"id": [f"prefect.flow-run.{run.id}"]},
        "occurred": {"since": since.isoformat(), "until": (now + timedelta(hours=1)).isoformat()},
        "order": "DESC",
    }
    answer = client.request("POST", "/events/filter", json={"filter": wanted, "limit": 1})
    answer.raise_for_status()
    beats = answer.json()["events"]
    return bool(beats) and now - datetime.fromisoformat(beats[0]["occurred"]) > SILENCE
