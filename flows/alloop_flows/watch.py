"""The watch: asks every few seconds what is due, and starts flow runs for it.

What is due is told from alloop's records and inboxes alone, schedules too: a watch that was away for a week starts one
round, not seven, and a Prefect that lost its memory loses nothing. It computes nothing itself.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectException

from alloop.errors import AlloopError
from alloop.records import Records
from alloop.upkeep import Due, due_things
from alloop_flows.audit_events import AuditEvents
from alloop_flows.deployments import TAG, Deployments
from alloop_flows.forms import Forms
from alloop_flows.notices import set_up_notices
from alloop_flows.occasions import Occasions, Order
from alloop_flows.orphans import report_orphans

_FLOW_OF = {"ingest": "ingest", "release": "release", "alert": "alert"}
_SLOW_S = 4.0
"""Forms and orphans are looked after less often than what is due."""
OLD_S = 60.0
"""A watch that has not looked for so long is not well."""
_log = logging.getLogger("alloop.watch")


class Watch:
    """Looks after the campaigns of a home.

    `alone` says that this machine's worker is the only one of the pool, so that runs without a process are known to be
    lost and deployments are brought up to date.
    """

    def __init__(self, records: Records, client: SyncPrefectClient, pool: str, alone: bool = False) -> None:
        self._records = records
        self._client = client
        self._pool = pool
        self._alone = alone
        self.deployments = Deployments(client, pool, renew=alone)
        self._occasions = Occasions(client)
        self._forms = Forms(records, client, self.deployments)
        self._events = AuditEvents(records, client)
        self._slow_at = 0.0
        self._are_deployed = self._are_notices_set_up = False

    def look(self, now: datetime) -> tuple[Due, ...]:
        """Start what is due; returns what was found.

        Raises:
            RecordsError: when the records cannot be read.
            httpx.HTTPError: when the Prefect server does not answer.
        """
        due = due_things(self._records, now)
        self._occasions.keep({one.occasion for one in due})
        try:
            if not self._are_deployed:
                self.deployments.all_flows()
                self._are_deployed = True
            for one in due:
                order = self._order(one)
                # while a round works, what is due changes with what it does: whatever is left is for the next one
                if one.kind != "round" or not self._occasions.is_busy(order.deployment, now):
                    self._occasions.start(order, now)
            self._events.send_new()
            if time.monotonic() >= self._slow_at:
                self._slow_at = time.monotonic() + _SLOW_S
                self._look_slowly(now)
        except ObjectNotFound:  # the server lost its memory: made anew at the next look
            self.deployments.forget()
            self._are_deployed = self._are_notices_set_up = False
            raise
        return due

    def _look_slowly(self, now: datetime) -> None:
        for row in self._records.campaigns():
            self.deployments.of_round(row.slug)
        self._forms.see_to(now)
        report_orphans(self._client, self._pool, now, self._alone)
        if not self._are_notices_set_up:
            set_up_notices(self._client)
            self._are_notices_set_up = True

    def _order(self, due: Due) -> Order:
        tags = [TAG, f"campaign:{due.campaign}"]
        parameters = {"campaign": due.campaign}
        if due.plate is not None:
            tags.append(f"plate:{due.plate}")
        if due.kind == "round":
            deployment = self.deployments.of_round(due.campaign)
        else:
            deployment = self.deployments.of_flow(_FLOW_OF[due.kind])
        if due.kind == "release":
            parameters["plate"] = due.plate or ""
        name = f"{due.plate or due.campaign}: {due.kind}"
        return Order(due.occasion, deployment, parameters, name, tuple(tags))


def watch(
    home: Path | None,
    *,
    pool: str,
    every_s: float = 2.0,
    alone: bool = False,
    note: Path | None = None,
    stop: threading.Event,
    state: dict[str, Any] | None = None,
) -> None:
    """Look every `every_s` seconds until `stop` is set.

    Args:
        home: the home folder.
        pool: the work pool whose worker does the runs.
        every_s: pause between two looks.
        alone: as of :class:`Watch`.
        note: a file that says after each look how it went, for a supervisor.
        stop: ends it.
        state: gets the same.

    Raises:
        StateError: when there are no records.
    """
    from alloop.campaign.home import open_records

    records = open_records(home)
    trouble = ""
    with get_client(sync_client=True) as client:
        watching = Watch(records, client, pool, alone)
        while not stop.is_set():
            started = time.monotonic()
            said: dict[str, Any] = {"time": datetime.now(UTC).isoformat(), "due": [], "trouble": ""}
            try:
                said["due"] = [one.as_json() for one in watching.look(datetime.now(UTC))]
            except (AlloopError, PrefectException, httpx.HTTPError, OSError) as error:
                said["trouble"] = " ".join(f"{type(error).__name__}: {error}".split())[:500]
            if said["trouble"] != trouble:
                trouble = said["trouble"]
                _log.warning("cannot look: %s", trouble) if trouble else _log.info("looking again")
            said["seconds"] = round(time.monotonic() - started, 3)
            _tell(said, note, state)
            stop.wait(max(0.1, every_s - (time.monotonic() - started)))


def _tell(said: Mapping[str, Any], note: Path | None, state: dict[str, Any] | None) -> None:
    if state is not None:
        state.update(said)
    if note is not None:
        partial = note.with_name(f".{note.name}.{os.getpid()}")
        partial.write_text(json.dumps(said), encoding="utf-8")
        os.replace(partial, note)


def health_of(state: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
    """Whether the last look was lately and without trouble, for `/health`."""
    if not state:
        return False, {"watch": "has not looked yet"}
    age = abs((datetime.now(UTC) - datetime.fromisoformat(state["time"])).total_seconds())
    return not state["trouble"] and age < OLD_S, {"watch": {**state, "age_s": round(age, 1)}}


def main() -> None:
    """The watch as a part of `alloop serve`: home, pool and note file are its arguments."""
    import signal
    import sys

    from alloop.logs import set_up

    set_up("info")
    logging.getLogger("alloop").propagate = False  # Prefect's handlers would say everything again
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    home, pool, note = sys.argv[1:4]
    try:
        watch(Path(home), pool=pool, every_s=0.5, alone=True, note=Path(note), stop=stop)
    except AlloopError as error:  # the records cannot be opened: it is started again
        _log.error("%s", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
