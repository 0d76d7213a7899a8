"""Run a command that dies with the process that started it, whatever kills that one.

`python -m alloop_flows.tied PARENT COMMAND…` becomes COMMAND. Linux ends it with SIGKILL when its parent dies;
elsewhere it runs as any child does and has to be ended by hand after such a death.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2); it outlives execve."""


def tie_to(parent: int) -> None:
    """Have this process killed when `parent`, the process that started it, dies; at once if it is dead already."""
    if not sys.platform.startswith("linux"):
        return
    done = ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
    if done != 0:
        raise OSError(ctypes.get_errno(), "this process cannot be tied to its parent")
    if os.getppid() != parent:  # it died before the call
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    tie_to(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 the command of the supervisor, no shell
