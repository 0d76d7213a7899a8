"""`alloop serve`: one machine's Prefect server, worker, standby process and watch, on loopback, kept running.

Everything of it lies in the folder `prefect` of the home. Parts that die are started again; when this process dies,
however, its parts die with it, and the next start takes over.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from alloop.errors import StateError
from alloop_flows.health import health_served
from alloop_flows.parts import Part, Place, environment_of, parts_of
from alloop_flows.standby_client import connect

_STEADY_S = 60.0
"""A part that ran for so long is started again at once when it ends."""
_LONGEST_PAUSE_S = 30.0
_TO_STOP_S = 30.0
_OLD_NOTE_S = 60.0
_LOOK_S = 15.0
_HANGS_S = 300.0
"""A server or watch that is silent for so long hangs: it is killed and started again."""
_log = logging.getLogger("alloop.serve")


class Kept:
    """A part that is kept running."""

    def __init__(self, part: Part, environment: Mapping[str, str]) -> None:
        self.part = part
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = 0.0
        self._next = 0.0
        self._quick_ends = 0
        self.starts = 0
        self.since: datetime | None = None

    @property
    def pid(self) -> int | None:
        """Its process, while it has one."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def see_to(self) -> None:
        """Start it where it does not run and may; call it often, from the main thread."""
        if self._process is not None and self._process.poll() is None:
            return
        now = time.monotonic()
        if self._process is not None:
            ran = now - self._begun
            self._quick_ends = 0 if ran > _STEADY_S else self._quick_ends + 1
            pause = 0.0 if ran > _STEADY_S else min(_LONGEST_PAUSE_S, 0.5 * 2**self._quick_ends)
            _log.warning(
                "%s ended with %s after %.0f s; again in %.0f s",
                self.part.name,
                self._process.returncode,
                ran,
                pause,
            )
            self._process, self._next = None, now + pause
        if now >= self._next:
            self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "alloop_flows.tied", str(os.getpid()), *self.part.command]
        self._process = subprocess.Popen(  # noqa: S603 our own commands
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
        )
        self._begun, self.since = time.monotonic(), datetime.now(UTC)
        self.starts += 1
        _log.info("%s starts as process %d", self.part.name, self._process.pid)

    @property
    def age_s(self) -> float:
        """For how long it has been running; 0 when it does not."""
        return time.monotonic() - self._begun if self.pid else 0.0

    def kill(self, why: str) -> None:
        """Kill it, so that it is started again."""
        if self._process is not None and self._process.poll() is None:
            _log.error("%s %s: it is killed", self.part.name, why)
            self._process.kill()

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end_by(self, deadline: float) -> None:
        """Wait until it ended; kill it at the deadline (of the monotonic clock)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _log.warning("%s does not end by itself", self.part.name)
            self._process.kill()
            self._process.wait()

    def as_json(self) -> dict[str, Any]:
        """For `/health`."""
        since = self.since.isoformat() if self.since and self.pid else None
        return {"process": self.pid, "since": since, "restarts": max(0, self.starts - 1)}


class Served:
    """All parts of one `alloop serve`."""

    def __init__(self, place: Place, runs: int) -> None:
        self.place = place
        environment = environment_of(place)
        self.parts = [Kept(part, environment) for part in parts_of(place, runs)]
        self._answers = False
        self._answered_at = self._next_look = time.monotonic()

    def see_to(self) -> None:
        """Start what does not run."""
        server = self.parts[0]
        if server.pid is None:
            self._answers = False
        elif not self._answers:
            self._answers = server_answers(self.place.api)
            self._answered_at = time.monotonic()
        for kept in self.parts:
            if self._answers or not kept.part.needs_server:
                kept.see_to()
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_S
            self._end_what_hangs()

    def _end_what_hangs(self) -> None:
        """Kill a server that stopped answering and a watch that stopped looking; they are started again."""
        by_name = {kept.part.name: kept for kept in self.parts}
        if self._answers and server_answers(self.place.api):
            self._answered_at = time.monotonic()
        if self._answers and time.monotonic() - self._answered_at > _HANGS_S:
            by_name["server"].kill("does not answer")
            self._answered_at = time.monotonic()
        watch, age = by_name["watch"], last_look(self.place.note)["age_s"]
        if watch.age_s > _HANGS_S and (age is None or age > _HANGS_S):
            watch.kill("has not looked for long")

    def end(self) -> None:
        """End all parts, those first that need the others."""
        deadline = time.monotonic() + _TO_STOP_S
        for kept in reversed(self.parts):
            kept.ask_to_end()
            kept.end_by(deadline)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether all is well, and what each part does."""
        said: dict[str, Any] = {"home": str(self.place.home), "prefect": self.place.api.removesuffix("/api")}
        said["parts"] = {kept.part.name: kept.as_json() for kept in self.parts}
        said["server_answers"] = server_answers(self.place.api)
        said["standby_listens"] = _listens(self.place.socket)
        said["watch"] = last_look(self.place.note)
        looks = said["watch"]
        is_well = (
            all(kept.pid is not None for kept in self.parts)
            and said["server_answers"]
            and said["standby_listens"]
            and not looks["trouble"]
            and looks["age_s"] is not None
            and looks["age_s"] < _OLD_NOTE_S
        )
        return is_well, said


def server_answers(api: str, timeout_s: float = 5.0) -> bool:
    """Whether a Prefect server is well at an address."""
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=timeout_s) as answer:  # noqa: S310 our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _listens(path: Path) -> bool:
    try:
        connect(str(path)).close()
    except OSError:
        return False
    return True


def last_look(note: Path) -> dict[str, Any]:
    """How the last look of the watch went: its age in seconds, what was due, what was wrong."""
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        age = (datetime.now(UTC) - datetime.fromisoformat(said["time"])).total_seconds()
        return {"age_s": round(abs(age), 1), "due": len(said["due"]), "trouble": said["trouble"]}
    except (OSError, ValueError, KeyError):
        return {"age_s": None, "due": None, "trouble": ""}


def serve(home: Path, port: int, prefect_port: int, host: str = "127.0.0.1", runs: int | None = None) -> None:
    """Serve a home until SIGTERM or SIGINT.

    Args:
        home: the home folder, with records in it.
        port: where `/health` answers.
        prefect_port: of Prefect's server and pages, on loopback.
        host: the address on which `/health` answers.
        runs: how many flow runs may work side by side; by default one for each core, and at least two.

    Raises:
        StateError: when the home has no records, is served already, a port is in use, or on Windows.
    """
    if not hasattr(os, "fork"):
        raise StateError("alloop serve needs Linux or macOS", "call alloop round from a timer instead")
    place = Place(home.absolute(), prefect_port)
    _check_records(place.home)
    place.folder.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(place.folder / "serve.lock")
    try:
        lock.acquire(timeout=5)
    except Timeout:
        raise StateError("it is served already", "end the other alloop serve first", str(home)) from None
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        _wait_for_port(prefect_port)
        place.note.unlink(missing_ok=True)
        place.socket.unlink(missing_ok=True)
        served = Served(place, runs or max(2, os.cpu_count() or 1))
        with health_served(host, port, served.health) as bound:
            _log.info("health: http://%s:%d/health; Prefect: http://127.0.0.1:%d", host, bound, prefect_port)
            try:
                while not stop.is_set():
                    served.see_to()
                    stop.wait(0.5)
            finally:
                _log.info("ending")
                served.end()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        lock.release()


def _check_records(home: Path) -> None:
    from alloop.campaign.home import open_records

    open_records(home).close()


def _wait_for_port(port: int, seconds: float = 10.0) -> None:
    """Wait until a port of loopback is free: what an earlier server held is given back soon after its end.

    Raises:
        StateError: when it stays in use.
    """
    deadline = time.monotonic() + seconds
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    what = f"port {port} cannot be used ({error.strerror})"
                    mend = "end what uses it, or choose another with --prefect-port"
                    raise StateError(what, mend) from error
        time.sleep(0.2)


__all__: Sequence[str] = ("Kept", "Served", "last_look", "serve", "server_answers")
