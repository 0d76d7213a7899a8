"""Forms for proposed plates: each waits in Prefect's pages as a suspended run of `review` as long as it has a point."""

from __future__ import annotations

import logging
from datetime import datetime

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelled

from alloop.campaign_file.running import Running, parse_running
from alloop.records import Records
from alloop_flows.deployments import Deployments
from alloop_flows.occasions import Occasions, Order

_log = logging.getLogger("alloop.watch")


class Forms:
    """Opens a form for each plate that waits for a person, and closes those whose plate was decided elsewhere."""

    def __init__(self, records: Records, client: SyncPrefectClient, deployments: Deployments) -> None:
        self._records = records
        self._client = client
        self._deployments = deployments
        self._occasions = Occasions(client)
        self._running: dict[tuple[str, int], Running] = {}

    def see_to(self, now: datetime) -> None:
        """Open the forms that are wanted and close the others."""
        wanted: dict[str, str] = {}
        for row in self._records.campaigns():
            if self._needs_person(row.slug):
                wanted |= {plate.id: row.slug for plate in self._records.plates(row.slug, ["proposed"])}
        occasions = {plate: f"review {plate}" for plate in wanted}
        self._occasions.keep(set(occasions.values()))
        for plate, campaign in wanted.items():
            parameters = {"campaign": campaign, "plate": plate}
            tags = ("alloop", f"campaign:{campaign}", f"plate:{plate}")
            deployment = self._deployments.of_flow("review")
            order = Order(occasions[plate], deployment, parameters, f"{plate}: approve?", tags, form=True)
            self._occasions.start(order, now)
        self._close_others(set(wanted))

    def _needs_person(self, campaign: str) -> bool:
        version = self._records.versions(campaign)[-1]
        found = (campaign, version.number)
        if found not in self._running:
            self._running[found] = parse_running(version.text)
        return self._running[found].approval == "by_person"

    def _close_others(self, wanted: set[str]) -> None:
        states = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED]))
        waiting = self._client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["review"])),
            flow_run_filter=FlowRunFilter(state=states),
        )
        for run in waiting:
            plate = str(run.parameters.get("plate", ""))
            if plate and plate not in wanted:
                state = self._records.plate(plate).state
                _log.info("the form for %s is closed: it is %s", plate, state)
                self._client.set_flow_run_state(run.id, Cancelled(message=f"{plate} is {state}"), force=True)
