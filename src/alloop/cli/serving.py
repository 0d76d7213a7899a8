"""Commands that keep campaigns going without a person: serve, watch."""

from __future__ import annotations

import importlib.util
import logging
import threading
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from alloop.cli import options as o
from alloop.cli.terminal import say
from alloop.errors import StateError

Host = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Where /health answers; by default this machine only.")
]


def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of /health; 0 takes a free one.")] = 8000,
    prefect_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Of Prefect's server and pages, on this machine only.")
    ] = 4200,
    host: Host = "127.0.0.1",
    runs: Annotated[
        int | None, typer.Option(min=1, help="Flow runs side by side; by default one per core, at least two.")
    ] = None,
) -> None:
    """Keep campaigns going on this machine: inbox, schedules, rounds, releases, alerts, with what they need."""
    _check_installed()
    from alloop.campaign.home import home_folder
    from alloop.logs import set_up
    from alloop_flows.serve import serve as run

    set_up("info")
    run(home_folder(o.PLACE.home), port, prefect_port, host, runs)


def watch(
    pool: Annotated[
        str, typer.Option(metavar="NAME", help="Prefect work pool whose workers do the runs.")
    ] = "alloop",
    every: Annotated[float, typer.Option(min=0.2, metavar="SECONDS", help="Pause between two looks.")] = 2.0,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Answer /health there; by default nowhere.")
    ] = None,
    host: Host = "127.0.0.1",
) -> None:
    """Start flow runs for what is due, on the Prefect server that PREFECT_API_URL names."""
    _check_installed()
    import os
    import signal

    from alloop.logs import set_up

    if not os.environ.get("PREFECT_API_URL"):
        raise StateError(
            "it is not known where Prefect's server is", "set PREFECT_API_URL, or use alloop serve"
        )
    from alloop_flows.parts import NO_TELEMETRY

    for name, value in NO_TELEMETRY.items():
        os.environ.setdefault(name, value)
    set_up("info")
    logging.getLogger("alloop").propagate = False  # Prefect's handlers would say everything again
    from alloop_flows.health import health_served
    from alloop_flows.watch import health_of
    from alloop_flows.watch import watch as run

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    state: dict[str, Any] = {}
    answering = nullcontext() if port is None else health_served(host, port, lambda: health_of(state))
    with answering:
        run(o.PLACE.home, pool=pool, every_s=every, stop=stop, state=state)
    say("ended")


def _check_installed() -> None:
    missing = [name for name in ("prefect", "alloop_flows") if importlib.util.find_spec(name) is None]
    if missing:
        raise StateError(f"{missing[0]} is not installed", 'pip install "alloop[flows]"')
