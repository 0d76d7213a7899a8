"""Flow runs for what is due: one for each occasion, another one where it crashed and the thing is still due.

An occasion's run is found again by its idempotency key, so that a watch that was restarted, or a second one, starts
nothing twice; a Prefect that lost its memory gets a new run, which the records make harmless.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

_log = logging.getLogger("alloop.watch")
_LONGEST = timedelta(minutes=30)
_FAR_OFF = timedelta(minutes=5)


@dataclass(frozen=True)
class Order:
    """A run that is wanted: for which occasion, of which deployment, with which parameters and name.

    A `form` waits for a person: where one ended and is still wanted, the next one opens at once, with the reason as
    the parameter `note`.
    """

    occasion: str
    deployment: UUID
    parameters: Mapping[str, Any]
    name: str
    tags: tuple[str, ...] = ()
    form: bool = False


@dataclass(frozen=True)
class _Try:
    """A run, and since when it has been looked at, by a clock that nobody sets."""

    number: int
    run: UUID
    since: float


class Occasions:
    """Starts runs, and knows those it started."""

    def __init__(self, client: SyncPrefectClient) -> None:
        self._client = client
        self._tries: dict[str, _Try] = {}

    def keep(self, occasions: set[str]) -> None:
        """Forget all occasions but these."""
        self._tries = {name: one for name, one in self._tries.items() if name in occasions}

    def start(self, order: Order, now: datetime) -> FlowRun | None:
        """Start a run for an occasion, unless one is on its way or ended a moment ago.

        Returns the run that is on its way; None while the next try has to wait.

        Raises:
            ObjectNotFound: when the server does not know the deployment.
            httpx.HTTPError: when the server does not answer.
        """
        known = self._tries.get(order.occasion)
        number, run = (1, None) if known is None else (known.number, self._look(known.run))
        note = ""
        while True:
            if run is None:
                run = self._create(order, number, note)
            if known is None or known.run != run.id:
                known = _Try(number, run.id, time.monotonic())
            self._tries[order.occasion] = known
            state = run.state
            looked_at = timedelta(seconds=time.monotonic() - known.since)
            if state is None or not (state.is_final() or is_stranded(state, now, number, looked_at)):
                return run
            # a clock that was set back tells nothing about a pause: it does not become longer by that
            if state.is_final() and abs(now - state.timestamp) < pause_after(state, number, order.form):
                return None
            _log.info("%s: its run is %s and it is still due: another one", order.name, state.name)
            number, run, note = number + 1, None, state.message or ""

    def is_busy(self, deployment: UUID, now: datetime) -> bool:
        """Whether a run of a deployment is under way, or about to be, whoever started it."""
        types = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
        runs = self._client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)),
            )
        )
        soon = now + timedelta(seconds=30)
        return any(
            run.next_scheduled_start_time is None or run.next_scheduled_start_time < soon for run in runs
        )

    def _look(self, run: UUID) -> FlowRun | None:
        try:
            return self._client.read_flow_run(run)
        except ObjectNotFound:  # Prefect's memory was lost, and the run with it
            return None

    def _create(self, order: Order, number: int, note: str) -> FlowRun:
        parameters = dict(order.parameters)
        if order.form and note:
            parameters["note"] = f"The last form could not be carried out: {note}"
        try:
            return self._client.create_flow_run_from_deployment(
                order.deployment,
                parameters=parameters,
                name=order.name,
                tags=order.tags,
                idempotency_key=order.occasion if number == 1 else f"{order.occasion} try {number}",
            )
        except PrefectHTTPStatusError as error:
            if error.response.status_code == 404:
                raise ObjectNotFound(error, f"the deployment of {order.name} is gone") from error
            raise


def is_stranded(state: State[Any], now: datetime, number: int, looked_at: timedelta) -> bool:
    """Whether a run waits for a time that is far off since the clock was set back: alloop orders all runs for at once.

    It is given a minute before, and ever longer from try to try, lest a server whose clock is ahead gets many.
    """
    due = state.state_details.scheduled_time
    is_far = state.is_scheduled() and due is not None and due - now > _FAR_OFF
    return is_far and looked_at >= min(_LONGEST, timedelta(minutes=2.0 ** min(number - 1, 12)))


def pause_after(state: State[Any], number: int, form: bool = False) -> timedelta:
    """How long to wait before the next try, after try `number` ended as `state` and the thing is still due.

    What crashed (its process was killed, the machine restarted) may begin again soon, what failed or did not help less
    so; what a person cancelled rests for half an hour.
    """
    if state.is_cancelled():
        return _LONGEST
    if form and not state.is_crashed():
        return timedelta(0)
    first_s = 2.0 if state.is_crashed() else 20.0
    return min(_LONGEST, timedelta(seconds=first_s * 2.0 ** min(number - 1, 12)))
