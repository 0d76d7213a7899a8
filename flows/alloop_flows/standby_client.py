"""The command of a flow run: hands it to the standby process, where everything is imported; else does it itself.

`python -m alloop_flows.standby_client` stands where a Prefect worker would call `python -m prefect.engine`, with the
same environment, working directory, output and exit status. Without a standby process it becomes
`python -m prefect.engine`.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import signal
import socket
import sys
from types import FrameType
from typing import Any

SOCKET = "ALLOOP_STANDBY"
"""The environment variable that names the socket of the standby process."""
LOST = 137
"""The exit status where the standby process is gone: as after SIGKILL."""


def connect(path: str) -> socket.socket:
    """A connection to the socket at `path`.

    Raises:
        OSError: when nobody listens there.
    """
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.connect(path)
    except OSError:
        client.close()
        raise
    return client


def hand_over(path: str) -> int | None:
    """Have this run done by the standby process; its exit status, or None where it is not done there."""
    try:
        client = connect(path)
    except OSError:
        return None
    with client:
        order = json.dumps({"environment": dict(os.environ), "folder": os.getcwd()}).encode()
        streams = array.array("i", [0, 1, 2])
        head = len(order).to_bytes(4, "big")
        client.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
        client.sendall(order)
        with client.makefile("rb") as answers:
            return _follow(answers)


def _follow(answers: Any) -> int | None:
    first = answers.readline()
    if not first:
        return LOST
    said = json.loads(first)
    if "refused" in said:
        print(f"no standby process for this run: {said['refused']}", file=sys.stderr)
        return None

    def forward(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(said["pid"], number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    last = answers.readline()
    return int(json.loads(last)["status"]) if last else LOST


def main() -> int:
    """Do the run that the environment names."""
    from alloop_flows.tied import tie_to

    tie_to(os.getppid())  # also as prefect.engine, which would first try for minutes to reach its server
    path = os.environ.get(SOCKET)
    status = hand_over(path) if path else None
    if status is None:
        os.execv(sys.executable, [sys.executable, "-m", "prefect.engine"])  # noqa: S606 no shell
    return status


if __name__ == "__main__":
    sys.exit(main())
