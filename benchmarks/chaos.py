"""Crash safety: a whole campaign on `alloop serve` whose processes are killed, against an undisturbed one.

    python benchmarks/chaos.py --kills 50 --plates 6 --seed 1
    python benchmarks/chaos.py --kills 50 --plates 6 --seed 1 --database postgresql

A synthetic laboratory drops the results of each plate into the inbox, four files each, and a person approves what is
planned. Flow runs, Prefect's server, the worker, the standby process, the watch and `alloop serve` itself are killed by
SIGKILL at random moments, each while something is due; what was killed comes back by itself, `alloop serve` is started
again at once, and every second time all that belongs to Prefect is deleted before. In the end plans, plates, files
and measurements must be those of a campaign with the same seed that nobody disturbed, byte for byte, and the audit must
tell of one plan, one approval by the person and one release for each plate, in that order. Prints JSON; ends with 1
where a promise was broken. `--database postgresql` makes two databases on the server of `--server` and drops them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from chaos_campaign import Told, differences, disturbed, runs_under_way
from chaos_service import Service
from chaos_world import World, undisturbed
from served_round import register

_ROOT = Path(__file__).parents[1]
_RUNNING = """
schedule: {cron: "0 6 1 1 *", timezone: UTC}
approval: by_person
"""
_TO_REST_S = 300.0


@contextmanager
def databases(server: str | None, count: int) -> Iterator[list[str | None]]:
    """New databases on a server, gone in the end; without a server the embedded ones."""
    if server is None:
        yield [None] * count
        return
    address = sa.make_url(server)
    engine = sa.create_engine(
        address.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT"
    )
    names = [f"alloop_chaos_{uuid.uuid4().hex[:12]}" for _ in range(count)]
    with engine.connect() as connection:
        for name in names:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield [address.set(database=name).render_as_string(hide_password=False) for name in names]
    finally:
        with engine.connect() as connection:
            for name in names:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def compare(calm: World, wild: World, service: Service, kills: int, seed: int) -> dict[str, Any]:
    """Run both; what happened, and which promises held."""
    undisturbed(calm)
    started = time.monotonic()
    told: Told = disturbed(wild, service, kills, seed)
    seconds = time.monotonic() - started
    rests_by = time.monotonic() + _TO_REST_S
    while (under_way := runs_under_way(service.api)) and time.monotonic() < rests_by:
        time.sleep(1.0)
    ended = service.end()
    odd = differences(wild.story(), calm.story())
    return {
        "kills": len(told.kills),
        "killed": told.by_kind(),
        "prefect_forgot": sum(one.forgot for one in told.kills),
        "seconds": round(seconds, 1),
        "longest_recovery_s": round(max(told.recoveries.values(), default=0.0), 1),
        "longest_unhealthy_s": round(service.longest_ill_s, 1),
        "recoveries_s": {name: round(value, 1) for name, value in told.recoveries.items()},
        "plates": len(wild.story()["plans"]),
        "values": len(wild.story()["values"]),
        "promises": {
            "as many kills as asked for": len(told.kills) == kills,
            "each kill while something was due": all(one.due for one in told.kills),
            "the same as undisturbed": not odd,
            **wild.promises(),
            "no run under way for ever": not under_way,
            "serve never ended by itself": service.unasked_ends == 0,
            "nothing left running": ended and service.left_behind == 0,
        },
        "differences": odd[:20],
    }


def main() -> None:
    """Run it, and print one JSON document."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--plates", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--campaign", type=Path, default=_ROOT / "campaigns" / "halide_spinel.yaml")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--server", default="postgresql://postgres@127.0.0.1:5432/postgres")
    parser.add_argument("--keep", type=Path, help="an empty folder for homes and log, which stays")
    options = parser.parse_args()
    load = [round(one, 1) for one in os.getloadavg()]
    server = options.server if options.database == "postgresql" else None
    running = _RUNNING + f"stopping: {{max_plates: {options.plates}}}\n"
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, databases(server, 2) as urls:
        folder = options.keep or Path(name)
        worlds = []
        for kind, url in zip(("calm", "wild"), urls, strict=True):
            campaign = register(options.campaign, folder, folder / kind, running, url or "sqlite")
            worlds.append(World(campaign, options.plates, options.seed))
        service = Service(folder / "wild", folder / "serve.log", urls[1])
        found = compare(*worlds, service, options.kills, options.seed)
        for world in worlds:
            world.campaign.records.close()
    document = {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}",
        "prefect": version("prefect"),
        "database": options.database,
        "seed": options.seed,
        "load": {"before": load, "after": [round(one, 1) for one in os.getloadavg()]},
        **found,
    }
    print(json.dumps(document, indent=1))
    sys.exit(0 if all(found["promises"].values()) else 1)


if __name__ == "__main__":
    main()
