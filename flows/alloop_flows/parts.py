"""The parts of `alloop serve`: their commands, the environment they share, how each shows that it works."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alloop_flows.server import PLUGIN
from alloop_flows.standby_client import SOCKET

POOL = "alloop"
_LONGEST_SOCKET = 100
"""Bytes of a socket's path that every system takes."""
NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
}
"""Nothing about what runs here is sent anywhere."""


@dataclass(frozen=True)
class Place:
    """Where everything of one `alloop serve` is: the home folder, and the port of Prefect's server on loopback."""

    home: Path
    prefect_port: int

    @property
    def folder(self) -> Path:
        """What belongs to Prefect and to serving; it may be deleted while nothing is served, and no science is lost."""
        return self.home / "prefect"

    @property
    def api(self) -> str:
        """The address of Prefect's API."""
        return f"http://127.0.0.1:{self.prefect_port}/api"

    @property
    def socket(self) -> Path:
        """The socket of the standby process: in the home, or where that has too long a name for a socket, elsewhere."""
        usual = self.folder / "standby" / "socket"
        if len(os.fsencode(usual)) <= _LONGEST_SOCKET:
            return usual
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"alloop-{mark}" / "socket"

    @property
    def note(self) -> Path:
        """Where the watch notes how its last look went."""
        return self.folder / "watch.json"


@dataclass(frozen=True)
class Part:
    """A process to be kept running; `needs_server` says that it can start only when Prefect's server answers."""

    name: str
    command: tuple[str, ...]
    needs_server: bool = True


def parts_of(place: Place, runs: int) -> tuple[Part, ...]:
    """The parts in the order in which they start; `runs` is how many flow runs may work side by side."""
    python = (sys.executable, "-m")
    worker = (
        *python,
        "prefect",
        "worker",
        "start",
        "--pool",
        POOL,
        "--type",
        "process",
        "--limit",
        str(runs),
    )
    return (
        Part("server", (*python, "alloop_flows.server", str(place.prefect_port)), needs_server=False),
        Part("standby", (*python, "alloop_flows.standby", str(place.socket)), needs_server=False),
        Part("worker", (*worker, "--name", f"alloop-{socket.gethostname()}")),
        Part("watch", (*python, "alloop_flows.watch", str(place.home), POOL, str(place.note))),
    )


def environment_of(place: Place, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of all parts; what is given for Prefect stands, but for where its server is."""
    database = place.folder / "prefect.db"
    usual = {
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}?plugin={PLUGIN}",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_WORKER_QUERY_SECONDS": "0.5",
        "PREFECT_WORKER_PREFETCH_SECONDS": "0",
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "true",  # runs older than ninety days go
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "alloop",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        **NO_TELEMETRY,
    }
    settled = {
        "ALLOOP_HOME": str(place.home),
        "PREFECT_HOME": str(place.folder),
        "PREFECT_PROFILES_PATH": str(place.folder / "profiles.toml"),
        "PREFECT_API_URL": place.api,
        "PREFECT_UI_API_URL": place.api,
        "PREFECT_SERVER_UI_API_URL": place.api,
        SOCKET: str(place.socket),
    }
    if given.get("ALLOOP_LOG_FORMAT", "").strip().lower() == "json":
        usual["PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"] = "json"
    secret = given.get("PREFECT_SERVER_API_AUTH_STRING")
    if secret is not None:  # what the server asks for, its clients have to know
        settled["PREFECT_API_AUTH_STRING"] = secret
    return {**usual, **given, **settled}
