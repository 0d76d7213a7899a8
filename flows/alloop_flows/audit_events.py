"""Every line of the audit becomes an event in Prefect, so that automations can listen to it.

An event is called `alloop.VERB` (`alloop.upload`, `alloop.alert`…) and is about the plate or campaign. Its id follows
from the line: sent twice, it is there once.
"""

from __future__ import annotations

import json
import logging
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect.client.orchestration import SyncPrefectClient

from alloop.records import EventRow, Records

_log = logging.getLogger("alloop.watch")
_MOST = 200
"""Of what happened before the first look, so many lines are sent at most."""


class AuditEvents:
    """Sends what is new in the audit."""

    def __init__(self, records: Records, client: SyncPrefectClient) -> None:
        self._records = records
        self._client = client
        self._last: int | None = None

    def send_new(self) -> int:
        """Send the lines that came since the last look; how many those were.

        Raises:
            httpx.HTTPError: when the server does not take them; they are sent the next time.
        """
        rows = self._records.events(after=self._last or 0)
        if self._last is None:
            rows = rows[-_MOST:]
        if not rows:
            self._last = self._last or 0
            return 0
        # the client has no method for events of others
        answer = self._client.request("POST", "/events", json=[event_of(row) for row in rows])
        answer.raise_for_status()
        self._last = rows[-1].id
        return len(rows)


def event_of(row: EventRow) -> dict[str, Any]:
    """A line of the audit as an event of Prefect."""
    campaign = f"alloop.campaign.{row.campaign}" if row.campaign else "alloop.records"
    resource, name = (
        (f"alloop.plate.{row.plate}", row.plate) if row.plate else (campaign, row.campaign or "records")
    )
    related = [{"prefect.resource.id": campaign, "prefect.resource.role": "campaign"}] if row.plate else []
    return {
        "id": str(id_of(row)),
        "event": f"alloop.{row.verb.replace(' ', '-')}",
        "occurred": row.recorded_at.isoformat(),
        "resource": {"prefect.resource.id": resource, "prefect.resource.name": name},
        "related": related,
        "payload": {
            "verb": row.verb,
            "words": _in_words(row),
            "by": row.recorded_by,
            "subject": row.subject,
            "why": row.why,
            "campaign": row.campaign,
            "plate": row.plate,
            "details": json.loads(json.dumps(dict(row.details), default=str)),
        },
    }


def _in_words(row: EventRow) -> str:
    said = row.why or f"{row.plate or row.campaign or 'records'}: {row.verb} {row.subject}".strip()
    mend = row.details.get("mend")
    return f"{said}; {mend}" if mend else f"{said} (by {row.recorded_by})"


def id_of(row: EventRow) -> UUID:
    """The id of a line's event."""
    return uuid5(NAMESPACE_URL, f"alloop:{row.id}:{row.recorded_at.isoformat()}:{row.verb}:{row.subject}")
