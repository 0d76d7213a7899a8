"""Where heavy pieces are computed: threads, processes, the workers of a cluster. Knows nothing of what they compute."""

from alloop.runner.here import Threads
from alloop.runner.opening import ENVIRONMENT, open_runner
from alloop.runner.protocol import Runner
from alloop.runner.threads import n_workers, one_thread

__all__ = ["ENVIRONMENT", "Runner", "Threads", "n_workers", "one_thread", "open_runner"]
