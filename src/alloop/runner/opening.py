"""Runners by name, as the command line, the environment and flows give them."""

from __future__ import annotations

import os
import re

from alloop.errors import RunnerError
from alloop.runner.here import Threads
from alloop.runner.protocol import Runner

ENVIRONMENT = "ALLOOP_RUNNER"
_LOCAL = re.compile(r"(threads|processes|dask)(?::([1-9]\d{0,3}))?")
_ADDRESS = re.compile(r"dask(\+tls)?://(\S+:\d{1,5})")


def open_runner(name: str | None = None) -> Runner:
    """The runner of that name; by default the one that `ALLOOP_RUNNER` names, else the threads of this process.

    - `threads`: of this process.
    - `processes`, `processes:N`: of this machine, as many as there are cores, or N.
    - `dask`, `dask:N`: a Dask cluster of so many processes of this machine, begun for the purpose.
    - `dask://HOST:PORT`: the Dask cluster whose scheduler listens there; `dask+tls://HOST:PORT` with certificates.

    Raises:
        RunnerError: for any other name, and when a cluster cannot be used.
    """
    text = (name or os.environ.get(ENVIRONMENT) or "threads").strip()
    local, address = _LOCAL.fullmatch(text), _ADDRESS.fullmatch(text)
    if address is not None:
        from alloop.runner.cluster import Cluster

        return Cluster(f"{'tls' if address[1] else 'tcp'}://{address[2]}")
    if local is None or (local[1] == "threads" and local[2]):
        mend = "use threads, processes, processes:4, dask, dask:4, dask://HOST:PORT or dask+tls://HOST:PORT"
        raise RunnerError(f"there is no runner {text!r}", mend, "--runner" if name else ENVIRONMENT)
    workers = int(local[2]) if local[2] else None
    if local[1] == "threads":
        return Threads()
    if local[1] == "processes":
        from alloop.runner.processes import Processes

        return Processes(workers)
    from alloop.runner.cluster import Cluster

    return Cluster(None, workers)
