"""Runs whose process is gone without a word, after a kill or a restart of the machine: they are reported as crashed.

Otherwise they would stay `Running` for ever and keep their campaign's turn. Only where all runs of the pool are
processes of this machine can that be told from process numbers.
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

_log = logging.getLogger("alloop.watch")
_TO_BEGIN = timedelta(minutes=2)
"""How long a worker may take from taking a run to naming its process."""
_UNDER_WAY = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]


def report_orphans(
    client: SyncPrefectClient, pool: str, now: datetime, worker_since: datetime | None = None
) -> int:
    """Report the runs of a pool whose process is gone; how many those were.

    `worker_since` is when this machine's worker started: what was taken before and has no process is an orphan
    whatever its age.
    """
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDER_WAY))
    runs = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=states),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
    )
    found = [run for run in runs if is_orphan(run, now, worker_since)]
    for run in found:
        _log.warning("%s: its process is gone", run.name)
        client.set_flow_run_state(run.id, Crashed(message="its process is gone"), force=True)
    return len(found)


def is_orphan(run: FlowRun, now: datetime, worker_since: datetime | None = None) -> bool:
    """Whether a run that is under way has no process any more."""
    since = run.state.timestamp if run.state else now
    if not run.infrastructure_pid:
        return now - since > _TO_BEGIN or (worker_since is not None and since < worker_since)
    try:
        process = psutil.Process(int(run.infrastructure_pid))
        started = datetime.fromtimestamp(process.create_time(), tz=now.tzinfo)
    except (psutil.NoSuchProcess, ValueError):
        return True
    created = run.created or since
    return process.status() == psutil.STATUS_ZOMBIE or started < created - timedelta(seconds=5)
