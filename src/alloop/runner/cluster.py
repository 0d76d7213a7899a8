"""The runner of several machines: workers of a Dask cluster, somebody's or one begun for the purpose.

What is shared goes to every worker once; then only items and results travel. Dask hands a piece to another worker when
the one that had it goes away. Messages hold pickled values, so whoever can reach a scheduler can have its workers run
anything: a cluster begun here listens on loopback and takes nobody without its own certificate.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from alloop.errors import RunnerError, WorkersLostError
from alloop.runner.likeness import likeness, require_likeness
from alloop.runner.pieces import Promise, Sendings, batches, compute, in_order
from alloop.runner.protocol import Item, Result, Shared
from alloop.runner.threads import n_workers

_PATIENCE_s = 30.0
_SETTINGS = {
    # else what is shared is dropped, and sent again, whenever no piece is waiting for it
    "distributed.scheduler.active-memory-manager.start": False,
    # without Dask's MALLOC_TRIM_THRESHOLD_: memory that goes back at once is cleared anew for every block of candidates
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    },
    "distributed.worker.profile.enabled": False,  # nobody looks at it
}
_MISSING = 'pip install "alloop[distributed]"'


class Cluster:
    """Pieces are computed by the workers of a Dask cluster.

    Args:
        address: of the scheduler, `tcp://HOST:PORT` or `tls://HOST:PORT` (certificates as Dask's own configuration
            names them); a cluster of processes is begun on this machine when None.
        workers: how many to begin, without an address; as many as there are cores when None.

    Raises:
        RunnerError: when Dask is not installed, nobody answers, there is no worker, or one has other versions.
    """

    is_here = False

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        _dask()  # it sets up its log when it is imported
        with ExitStack() as stack:
            stack.enter_context(_quiet())
            self._client = _begin(stack, workers or n_workers()) if address is None else _join(stack, address)
            _check(self._client, address or "the local cluster")
            self._sendings = Sendings(self._send, lambda _: None)  # what nobody speaks of is dropped by Dask
            self._ending = stack.pop_all()

    @property
    def workers(self) -> int:
        """How many pieces the workers that are there now compute side by side."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Iterable[Item],
        *,
        coarse: bool = False,
    ) -> Iterator[Result]:
        """As :meth:`Runner.map`."""
        held, workers, ours = self.hold(shared), self.workers, likeness()

        def hand(part: list[Item]) -> Promise:
            promise: Promise = self._client.submit(compute_alike, ours, function, held, part, pure=False)
            return promise

        with telling():
            yield from in_order(batches(items, workers, coarse), hand, workers)

    @property
    def address(self) -> str:
        """Of the scheduler, with the protocol."""
        address: str = self._client.scheduler.address
        return address

    @property
    def security(self) -> Any:
        """The certificates with which another client may come, as Dask has them."""
        return self._client.security

    def hold(self, shared: Any) -> Any:
        """A Dask future of a :class:`Box` with what pieces share; each object goes to every worker once."""
        with telling():
            return self._sendings.handle(shared)

    def _send(self, shared: Any) -> Any:
        return self._client.scatter(Box(shared), broadcast=True, hash=False)

    def close(self) -> None:
        """Leave the cluster; one that was begun here ends."""
        self._sendings = Sendings(self._send, lambda _: None)
        self._ending.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Box:
    """What pieces share, packed so that neither Dask nor anybody else takes it apart on the way."""

    def __init__(self, content: Any) -> None:
        self.content = content


@contextmanager
def telling() -> Iterator[None]:
    """Where scheduler or workers are lost, say it in one line.

    Raises:
        WorkersLostError: then.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except (CancelledError, KilledWorker, CommClosedError, TimeoutError) as error:
        raise WorkersLostError(
            "the cluster's scheduler or workers went away; nothing was recorded: try again when they are back"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """What Dask logs of lost connections stays out of sight: it is told as an error, once."""
    log = logging.getLogger("distributed")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _begin(stack: ExitStack, workers: int) -> Any:
    """A client of a cluster of `workers` processes with one thread each, on loopback, for this user alone."""
    Client, LocalCluster = _dask()
    import dask

    with dask.config.set(_SETTINGS):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            protocol="tls://",
            security=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # it cannot be left out
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )
    stack.enter_context(cluster)
    return stack.enter_context(Client(cluster))


def _join(stack: ExitStack, address: str) -> Any:
    Client, _ = _dask()
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # versions are compared here
        try:
            return stack.enter_context(Client(address, timeout=_PATIENCE_s, set_as_default=False))
        except (OSError, ValueError, TypeError) as error:
            what = f"no Dask scheduler answers at {address}"
            mend = "start one (dask scheduler), or check host, port and certificates"
            raise RunnerError(what, mend, "--runner") from error


def _dask() -> tuple[Any, Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise RunnerError("Dask is not installed", _MISSING, "--runner") from error
    return Client, LocalCluster


def _check(client: Any, name: str) -> None:
    """See that there are workers, and that they compute as this process does.

    Raises:
        RunnerError: when there is none, or one has no alloop or other versions.
    """
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_PATIENCE_s)
    if not client.nthreads():
        what = f"{name} has no workers"
        raise RunnerError(what, "start some: dask worker ADDRESS --nthreads 1 --nworkers auto", "--runner")
    try:
        client.run(likeness)
    except Exception as error:  # whatever a worker without alloop makes of it
        what = f"a worker of {name} cannot run alloop ({type(error).__name__}: {error})"
        mend = "install the same alloop in the workers' environment"
        raise RunnerError(" ".join(what.split()), mend, "--runner") from error
    client.run(require_likeness, likeness())


def compute_alike(
    ours: dict[str, str], function: Callable[[Any, Any], Any], box: Box, items: list[Any]
) -> list[Any]:
    """What a worker does with a batch; it may have come after the others were looked at."""
    require_likeness(ours)
    return compute(function, box.content, items)
