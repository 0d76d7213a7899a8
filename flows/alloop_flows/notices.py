"""Notices to people by Prefect's own automations: a webhook, or a notification block (e-mail, chat) of its pages.

`ALLOOP_NOTIFY_WEBHOOK` is the address of a webhook, which gets `{"text": …}` as chat services take it.
`ALLOOP_NOTIFY_BLOCK` names a notification block as `TYPE/NAME`, such as `sendgrid-email/lab`. Without either nothing is
sent anywhere. Told are plates that wait for approval, released plates, alerts, and flow runs that failed.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture

from alloop.errors import StateError
from alloop_flows.deployments import TAG

WEBHOOK = "ALLOOP_NOTIFY_WEBHOOK"
BLOCK = "ALLOOP_NOTIFY_BLOCK"
WORTH_TELLING = ("plate-proposed", "released", "alert")
"""The verbs of the audit that somebody is told of."""
_WEBHOOK_BLOCK = "alloop-webhook"
_log = logging.getLogger("alloop.watch")


def set_up_notices(client: SyncPrefectClient) -> int:
    """See that the automations which the environment asks for are there; how many those are.

    Raises:
        StateError: when it names a block that does not exist.
    """
    block = _block(client)
    if block is None:
        return 0
    wanted = automations(block)
    for automation in wanted:
        try:
            there = cast(Automation, Automation.read(name=automation.name))
        except ValueError:  # there is none
            automation.create()
            _log.info("automation %r", automation.name)
            continue
        if there.actions != automation.actions or there.trigger != automation.trigger:
            there.actions, there.trigger = automation.actions, automation.trigger
            there.update()
    return len(wanted)


def _block(client: SyncPrefectClient) -> UUID | None:
    name, url = os.environ.get(BLOCK, "").strip(), os.environ.get(WEBHOOK, "").strip()
    if name:
        kind, _, own = name.partition("/")
        found = client.read_block_documents_by_type(kind) if own else []
        for document in found:
            if document.name == own and document.id is not None:
                return document.id
        raise StateError(
            f"there is no notification block {name}", "make it in Prefect's pages, under Blocks", BLOCK
        )
    if not url:
        return None
    from prefect.blocks.notifications import CustomWebhookNotificationBlock  # slow and large

    text = {"text": "{{subject}}\n{{body}}"}
    hook = CustomWebhookNotificationBlock.model_validate({"name": "alloop", "url": url, "json_data": text})
    return cast(UUID, hook.save(_WEBHOOK_BLOCK, overwrite=True))


def automations(block: UUID) -> tuple[Automation, ...]:
    """The automations that tell people by a notification block."""
    told = SendNotification(
        block_document_id=block,
        subject="alloop: {{ event.payload.plate or event.payload.campaign }}: {{ event.payload.verb }}",
        body="{{ event.payload.words }}",
    )
    failed = SendNotification(
        block_document_id=block,
        subject="alloop: the run {{ flow_run.name }} failed",
        body="{{ flow_run.state.message }}\n{{ flow_run|ui_url }}",
    )
    of_ours: dict[str, str | list[str]] = {
        "prefect.resource.role": "tag",
        "prefect.resource.id": f"prefect.tag.{TAG}",
    }
    return (
        Automation(
            name="alloop: what people should know",
            description="Plates that wait for approval, released plates, alerts.",
            trigger=EventTrigger(
                expect={f"alloop.{verb}" for verb in WORTH_TELLING}, posture=Posture.Reactive, threshold=1
            ),
            actions=[told],
        ),
        Automation(
            name="alloop: a flow failed",
            description="A run failed; where the cause is gone the next one will do.",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Failed"},
                match_related=of_ours,
                posture=Posture.Reactive,
                threshold=1,
            ),
            actions=[failed],
        ),
        Automation(
            name="alloop: flows crash",
            description="Runs crashed three times within an hour; a single one is started again without a word.",
            trigger=EventTrigger(
                expect={"prefect.flow-run.Crashed"},
                match_related=of_ours,
                posture=Posture.Reactive,
                threshold=3,
                within=timedelta(hours=1),
            ),
            actions=[failed],
        ),
    )
