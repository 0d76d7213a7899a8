"""The standby process: everything a flow needs is imported here once; each flow run is a fork of it.

A run starts within tens of milliseconds instead of the ten seconds that importing takes, in a process of its own: it
can be killed, and what it held is given back when it ends. The process listens on a socket in a folder that only its
owner may enter. See `standby_client` for who calls. It computes nothing and starts no thread itself, so that forking it
is safe.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import logging
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alloop.logs import set_up
from alloop_flows.tied import tie_to

IMPORTED = (
    "prefect.main",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.artifacts",
    "prefect.events",
    "prefect.concurrency.sync",
    "prefect.deployments",
    "pandas",
    "pymatgen.core",
    "torch",
    "botorch",
    "alloop.campaign",
    "alloop.ingest",
    "alloop.planning",
    "alloop.lab",
    "alloop.upkeep",
    "alloop_flows.all_flows",
)
RUN = "prefect.engine"
"""The module that a run is."""
_GRACE_S = 15.0
"""How long a run whose caller is gone may take to report its end before it is killed."""
_LONGEST_ORDER = 4 << 20
_log = logging.getLogger("alloop.standby")


@dataclass
class Run:
    """A run: the connection of its caller, what was received of its order, its process once it has one."""

    caller: socket.socket
    received: bytearray = field(default_factory=bytearray)
    streams: list[int] = field(default_factory=list)
    pid: int | None = None
    kill_at: float | None = None


class Standby:
    """Listens on a socket and forks a process for each run that is handed over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._selector = selectors.DefaultSelector()
        self._runs: list[Run] = []
        self._stopping = False
        self._listener = _listen(path)
        self._wake, self._waker = socket.socketpair()
        for end in (self._wake, self._waker):
            end.setblocking(False)

    def serve(self) -> None:
        """Fork runs until SIGTERM; then end those that are left."""
        signal.set_wakeup_fd(self._waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        _log.info("%d modules are imported, flow runs may come", len(sys.modules))
        while not (self._stopping and not self._runs):
            for key, _ in self._selector.select(1.0 if self._runs else None):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake:
                    with contextlib.suppress(BlockingIOError):
                        self._wake.recv(4096)
                else:
                    self._hear(key.data)
            self._reap()
        self.path.unlink(missing_ok=True)

    def _stop(self, *_: Any) -> None:
        self._stopping = True
        for run in self._runs:
            self._end(run)

    def _accept(self) -> None:
        caller, _ = self._listener.accept()
        run = Run(caller)
        self._runs.append(run)
        self._selector.register(caller, selectors.EVENT_READ, run)

    def _hear(self, run: Run) -> None:
        """Take in what a caller says: its order, or that it is gone."""
        try:
            data, control, _, _ = run.caller.recvmsg(1 << 16, socket.CMSG_SPACE(3 * 4))
        except ConnectionError:
            data, control = b"", []
        for level, kind, content in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                found = array.array("i")
                found.frombytes(content[: len(content) - len(content) % found.itemsize])
                run.streams.extend(found)
        if not data:
            self._selector.unregister(run.caller)
            if run.pid is None:
                self._forget(run)
            else:
                self._end(run)
            return
        run.received += data
        if run.pid is None and len(run.received) >= 4:
            (length,) = struct.unpack(">I", run.received[:4])
            if length > _LONGEST_ORDER:
                self._refuse(run, "the order is too long")
            elif len(run.received) >= 4 + length:
                self._take(run, bytes(run.received[4 : 4 + length]))

    def _take(self, run: Run, text: bytes) -> None:
        """Fork for an order, if it is one and this may be."""
        try:
            order = json.loads(text)
            order = {"environment": dict(order["environment"]), "folder": str(order["folder"])}
        except (ValueError, KeyError, TypeError):
            return self._refuse(run, "the order is not understood")
        if self._stopping:
            return self._refuse(run, "it is stopping")
        if len(run.streams) != 3:
            return self._refuse(run, "its output was not handed over")
        if threading.active_count() > 1:
            return self._refuse(run, "a thread runs here, which forbids to fork")
        here = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(order, run.streams, self._descriptors(), here)
        run.pid = pid
        for stream in run.streams:
            os.close(stream)
        run.streams.clear()
        self._say(run, {"pid": pid})

    def _descriptors(self) -> list[int]:
        """What is open for the work of this process only."""
        sockets = [self._listener, self._wake, self._waker, *(run.caller for run in self._runs)]
        streams = [stream for run in self._runs for stream in run.streams]
        own = [one.fileno() for one in sockets]
        return [*own, *streams, *filter(None, [getattr(self._selector, "fileno", int)()])]

    def _refuse(self, run: Run, why: str) -> None:
        _log.warning("a run was not taken: %s", why)
        self._say(run, {"refused": why})
        self._selector.unregister(run.caller)
        self._forget(run)

    def _end(self, run: Run) -> None:
        """Ask a run to end, and note when it is to be killed."""
        if run.pid is not None and run.kill_at is None:
            run.kill_at = time.monotonic() + _GRACE_S
            with contextlib.suppress(ProcessLookupError):
                os.kill(run.pid, signal.SIGTERM)

    def _reap(self) -> None:
        """Tell the callers of ended runs, and kill those that take too long to end."""
        for run in list(self._runs):
            if run.pid is None:
                continue
            pid, status = os.waitpid(run.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self._say(run, {"status": code if code >= 0 else 128 - code})
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(run.caller)
                self._forget(run)
            elif run.kill_at is not None and time.monotonic() > run.kill_at:
                os.kill(run.pid, signal.SIGKILL)

    def _say(self, run: Run, what: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the caller is gone: nobody to tell
            run.caller.sendall(json.dumps(what).encode() + b"\n")

    def _forget(self, run: Run) -> None:
        for stream in run.streams:
            os.close(stream)
        run.caller.close()
        self._runs.remove(run)


def _listen(path: Path) -> socket.socket:
    """A listening socket that only its owner can reach; one left by a process that is gone is replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def _become(order: dict[str, Any], streams: list[int], to_close: list[int], parent: int) -> None:
    """Be the process of a run: its environment, folder and output; then what `python -m prefect.engine` does."""
    from prefect.context import refresh_global_settings_context

    status = 1
    try:
        tie_to(parent)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
        for descriptor in to_close:
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["folder"])
        refresh_global_settings_context()  # the settings were read with this process's environment
        sys.argv = [RUN]
        sys.modules.pop(RUN, None)  # it is run, not imported
        runpy.run_module(RUN, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        _leave(status)


def _leave(status: int) -> None:
    """End this process with what it has to say said: log records and events that wait to be sent, and output."""
    import atexit

    try:
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does before it calls atexit's
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def main() -> None:
    """Import what flows need, then wait for runs."""
    set_up("info")
    logging.getLogger("alloop").propagate = False  # Prefect's handlers would say everything again
    path = Path(sys.argv[1]).absolute()
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # the forks share these pages as long as nobody writes to them
    Standby(path).serve()


if __name__ == "__main__":
    main()
