"""`alloop serve` as a person starts it, in a home of its own, and what it does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient

T = TypeVar("T")
PATIENCE_S = 300.0
"""What a busy machine may need; waiting ends as soon as there is what is waited for."""


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, found: Callable[[], T | None], log: Path | None = None) -> T:
    """What `found` gives, once that is true."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.1)
    said = log.read_text(errors="replace")[-6000:] if log else ""
    raise AssertionError(f"{what} did not come within {PATIENCE_S:.0f} s\n{said}")


def get_json(url: str) -> tuple[int, Any]:
    """The status and content of a page; status 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, None


def start_tied(args: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a command that dies with this process, so that tests that are killed leave no server behind."""
    return subprocess.Popen([sys.executable, "-m", "alloop_flows.tied", str(os.getpid()), *args], **options)


@contextmanager
def server_of_tests() -> Iterator[None]:
    """Prefect's test harness; its server dies with this process, whatever ends that."""
    from prefect.server.api import server
    from prefect.settings import PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DO_NOT_TRACK", "1")
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        # the harness ends its server when the interpreter ends, which a kill does not let it do
        tied = SimpleNamespace(Popen=start_tied, TimeoutExpired=subprocess.TimeoutExpired)
        patch.setattr(server, "subprocess", tied)
        quiet = {PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW: "ignore"}
        with prefect_test_harness(server_startup_timeout=300), temporary_settings(quiet):
            yield


class Embedded:
    """The kind of database that is in the home itself, as a saved home asks for."""

    def new(self, template: str | None = None) -> None:
        assert template is None


@dataclass
class Serving:
    """One `alloop serve`, started and ended as often as a test wants."""

    home: Path
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    prefect_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.prefect_port}/api"

    def start(self) -> None:
        """Start it, and wait until all is well."""
        command = [sys.executable, "-m", "alloop", "--home", str(self.home), "serve"]
        command += ["--port", str(self.port), "--prefect-port", str(self.prefect_port)]
        with self.log.open("ab") as log:
            environment = {**os.environ, **self.environment}
            self.process = start_tied(command, stdout=log, stderr=log, env=environment)
        self.wait_until_well()

    def health(self) -> tuple[int, Any]:
        """What /health says."""
        return get_json(f"http://127.0.0.1:{self.port}/health")

    def wait_until_well(self) -> Any:
        """Wait until /health says that all is well; what it says."""

        def well() -> Any:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text(errors="replace")[-6000:]
            status, said = self.health()
            return said if status == 200 else None

        return wait_for("health", well, self.log)

    def processes(self) -> list[psutil.Process]:
        """It and all that belongs to it."""
        assert self.process is not None
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal; its exit status, once nothing of it is left."""
        assert self.process is not None
        if self.process.poll() is not None:
            return self.process.returncode
        own = self.processes()
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_S)
        _, left = psutil.wait_procs(own, timeout=60)
        assert not left, [one.cmdline() for one in left]
        return status

    def wait_for(self, what: str, found: Callable[[], T | None]) -> T:
        """What `found` gives, once that is true."""
        return wait_for(what, found, self.log)


def runs_of(client: SyncPrefectClient, flow: str, *states: str) -> list[Any]:
    """The runs of a flow, or those in some states (by name), oldest first."""
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName

    runs = client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])))
    chosen = [run for run in runs if not states or (run.state and run.state.name in states)]
    return sorted(chosen, key=lambda run: run.created)


def artifacts_of(client: SyncPrefectClient, key: str) -> list[Any]:
    """The artifacts with a key, newest first."""
    wanted = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC"}
    return list(client.request("POST", "/artifacts/filter", json=wanted).json())


def events_of(client: SyncPrefectClient, name: str) -> list[Any]:
    """The events of a name."""
    wanted = {"filter": {"event": {"name": [name]}}, "limit": 50}
    return list(client.request("POST", "/events/filter", json=wanted).json()["events"])
