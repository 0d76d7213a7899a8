"""`alloop serve` as systemd would keep it, and its processes, to be killed one by one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
from served_round import free_port

KINDS = ("flow", "server", "serve", "watch", "worker", "standby")
"""What is killed: a flow run's process, and the long-lived ones."""
_SAYS = {
    "server": "alloop_flows.server",
    "standby": "alloop_flows.standby",
    "watch": "alloop_flows.watch",
    "worker": "worker start",
}


class Service:
    """One `alloop serve` of a home; start it, and call `see_to` often: it is started again when it is gone."""

    def __init__(self, home: Path, log: Path, url: str | None) -> None:
        self.home = home
        self.log = log
        self.port, self.prefect_port = free_port(), free_port()
        self.unasked_ends = self.left_behind = 0
        self.longest_ill_s = 0.0
        self._environment = {**os.environ, "ALLOOP_DATABASE_URL": url or "sqlite"}
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    @property
    def api(self) -> str:
        """The address of its Prefect server."""
        return f"http://127.0.0.1:{self.prefect_port}/api"

    def start(self) -> None:
        """Start it, dying with this process."""
        command = [
            sys.executable,
            "-m",
            "alloop_flows.tied",
            str(os.getpid()),
            sys.executable,
            "-m",
            "alloop",
        ]
        command += ["--home", str(self.home), "serve", "--port", str(self.port)]
        command += ["--prefect-port", str(self.prefect_port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)
        if not self._looking.is_alive():
            self._looking.start()

    def see_to(self) -> None:
        """Start it again if it ended by itself; it should not."""
        if self._process is not None and self._process.poll() is not None:
            self.unasked_ends += 1
            self.start()

    def find(self, kind: str) -> psutil.Process | None:
        """A process of a kind, if there is one now."""
        assert self._process is not None
        try:
            top = psutil.Process(self._process.pid)
            if kind == "serve":
                return top if _is_alive(top) and "serve" in top.cmdline() else None
            parts = [one for one in top.children() if _is_alive(one)]
            of_kind = "standby" if kind == "flow" else kind
            part = next((one for one in parts if _SAYS[of_kind] in " ".join(one.cmdline())), None)
            if kind != "flow" or part is None:
                return part
            return next((one for one in part.children() if _is_alive(one)), None)
        except psutil.Error:
            return None

    def kill(self, kind: str, process: psutil.Process, forget: bool) -> bool:
        """Kill a process of a kind; `forget` deletes all that belongs to Prefect before `serve` starts again.

        False where it had ended a moment before.
        """
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            return False
        if kind == "serve":
            assert self._process is not None
            parts = [one for one in psutil.process_iter(["cmdline"]) if self._is_own(one)]
            self._process.wait()
            self.left_behind += len(psutil.wait_procs(parts, timeout=60)[1])
            if forget:
                shutil.rmtree(self.home / "prefect")
            self.start()
        return True

    def is_well(self) -> bool:
        """Whether /health says so."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self) -> bool:
        """End it as systemd does; whether it ended well and left no process behind."""
        assert self._process is not None
        self._stop.set()
        self._process.send_signal(signal.SIGTERM)
        try:
            is_well = self._process.wait(120) == 0
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            is_well = False
        _, left = psutil.wait_procs(
            [p for p in psutil.process_iter(["cmdline"]) if self._is_own(p)], timeout=60
        )
        return is_well and not left

    def _is_own(self, process: psutil.Process) -> bool:
        """Whether a process works for this home, whoever its parent is now."""
        if process.pid == os.getpid():
            return False
        try:
            said = (
                process.environ().get("ALLOOP_HOME") == str(self.home) or str(self.home) in process.cmdline()
            )
            return said and _is_alive(process)
        except psutil.Error:
            return False

    def _look(self) -> None:
        """Note for how long /health did not say that all is well; the first start does not count."""
        ill_since: float | None = None
        was_well = False
        while not self._stop.wait(0.5):
            if self.is_well():
                ill_since, was_well = None, True
            elif was_well:
                ill_since = ill_since or time.monotonic()
                self.longest_ill_s = max(self.longest_ill_s, time.monotonic() - ill_since)


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
