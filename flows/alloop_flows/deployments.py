"""Deployments: what can be started in Prefect. One of each flow, and a round of its own for each campaign.

A campaign's round has a limit of one run at a time, whoever starts it: the watch, a person, or a schedule made in
Prefect's pages. That no plate is planned twice is held by the records all the same.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.types.entrypoint import EntrypointType

from alloop_flows.all_flows import FLOWS
from alloop_flows.orphans import HEARTBEAT
from alloop_flows.rounds import campaign_round

NAME = "alloop"
"""What the work pool and the deployment of each flow are called."""
TAG = "alloop"
COMMAND = f"{sys.executable} -m alloop_flows.standby_client"
"""What a worker calls for a run: the standby process does it where there is one."""
_log = logging.getLogger("alloop.watch")


class Deployments:
    """The deployments on a Prefect server, made where they are missing.

    `renew` says that existing ones are brought up to date too, as fits a server that serves this installation alone;
    on a group's server those of `prefect.yaml` stay as they are.
    """

    def __init__(self, client: SyncPrefectClient, pool: str, renew: bool = False) -> None:
        self._client = client
        self._pool = pool
        self._renew = renew
        self._known: dict[str, UUID] = {}

    def forget(self) -> None:
        """Look anew next time, as the server may have lost them."""
        self._known.clear()

    def all_flows(self) -> None:
        """See that the work pool is there and each flow has its deployment."""
        try:
            self._client.create_work_pool(WorkPoolCreate(name=self._pool, type="process"))
        except ObjectAlreadyExists:
            _log.debug("the work pool %s is there", self._pool)
        for flow in FLOWS:
            if flow is not campaign_round:  # that has a deployment for each campaign
                self._find(flow, NAME)

    def of_flow(self, flow: str) -> UUID:
        """The deployment of a flow by its name."""
        return self._find(next(one for one in FLOWS if one.name == flow), NAME)

    def of_round(self, campaign: str) -> UUID:
        """The deployment of a campaign's round."""
        return self._find(
            campaign_round,
            campaign,
            parameters={"campaign": campaign},
            tags=[f"campaign:{campaign}"],
            description=(
                f"A round of {campaign}: take in what came, learn, plan and publish the next plate where it is time. "
                "Started by `alloop watch` when results came or the campaign file's schedule says so; one at a time."
            ),
            concurrency_limit=1,
        )

    def _find(self, flow: Flow[..., Any], name: str, tags: Iterable[str] = (), **options: Any) -> UUID:
        full_name = f"{flow.name}/{name}"
        if full_name not in self._known:
            found = None if self._renew else self._look(full_name)
            self._known[full_name] = found or self._make(flow, name, [TAG, *tags], **options)
        return self._known[full_name]

    def _look(self, full_name: str) -> UUID | None:
        try:
            return self._client.read_deployment_by_name(full_name).id
        except ObjectNotFound:
            return None

    def _make(self, flow: Flow[..., Any], name: str, tags: list[str], **options: Any) -> UUID:
        _log.info("deployment %s/%s", flow.name, name)
        deployment = flow.to_deployment(
            name,
            tags=tags,
            work_pool_name=self._pool,
            job_variables={"command": COMMAND, "env": dict(HEARTBEAT)},
            entrypoint_type=EntrypointType.MODULE_PATH,
            **options,
        )
        made = cast(RunnerDeployment, deployment).apply()  # both have a form for asynchronous code too
        return cast(UUID, made)
