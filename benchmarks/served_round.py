"""Overhead of a round on a running server: from results in the inbox to the next plan, without planning and reading.

    python benchmarks/served_round.py --rounds 5
    python benchmarks/served_round.py --rounds 5 --campaign campaigns/garnet.yaml

A synthetic laboratory drops the results of each plate into the inbox of a campaign that `alloop serve` keeps. The clock
starts when the table has its name in the inbox and stops when the next plate's plan.html is there; what the round
itself says it spent in the planner and on reading files is taken off. The two seconds for which an inbox waits until a
file is settled are in it. The server is this machine's own, on free ports and in a temporary home. Run it alone on a
quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from alloop.campaign import Campaign
from alloop.campaign.closed_loop import synthetic_laboratory
from alloop.campaign.planned_candidates import candidate_of
from alloop.upkeep.inbox import inbox_folder

_ROOT = Path(__file__).parents[1]
_RUNNING = """
schedule: {cron: "0 6 1 1 *", timezone: UTC}
approval: automatic
stopping: {}
"""
_PATIENCE_S = 600.0


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, found: Callable[[], Any], pause_s: float = 0.02) -> Any:
    """What `found` gives, once that is true."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(pause_s)
    raise TimeoutError(f"{what} did not come within {_PATIENCE_S:.0f} s")


def register(
    source: Path, folder: Path, home: Path, running: str = _RUNNING, url: str | None = None
) -> Campaign:
    """The campaign of a file, running by itself as `running` says; `url` is a database as `Campaign.open` takes it."""
    keys = re.findall(r"^(\w+):", running, re.MULTILINE)
    text = re.sub(
        rf"^(?:{'|'.join(keys)}):.*\n(?:[ \t]+.*\n)*", "", source.read_text(encoding="utf-8"), flags=re.M
    )
    text = re.sub(r"(?m)^literature:.*\n(?:[ \t]+.*\n)*", "", text)
    text = re.sub(r"(?m)^target_phase:.*\n(?:[ \t]+.*\n)*", "", text)
    path = folder / source.name
    path.write_text(text + running, encoding="utf-8")
    return Campaign.open(path, home, database_url=url)


def is_well(port: int) -> bool:
    """Whether /health says so."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def seconds_of_round(api: str, campaign: str, plate: str) -> dict[str, float] | None:
    """What the round that planned a plate says it spent, from the text that its flow left; None until it is there."""
    wanted = {"artifacts": {"key": {"any_": [f"{campaign}-round"]}}, "sort": "CREATED_DESC", "limit": 5}
    request = urllib.request.Request(
        f"{api}/artifacts/filter", json.dumps(wanted).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        texts = [one["data"] for one in json.load(answer)]
    for text in texts:
        if f"**{plate}**" in text:
            return {
                name: float(value) for name, value in re.findall(r"^\| (\w+) \| ([\d.]+) \|$", text, re.M)
            }
    return None


def measure(rounds: int, source: Path) -> list[dict[str, Any]]:
    """Serve a campaign for some rounds; what each took."""
    found = []
    with tempfile.TemporaryDirectory(prefix="served-round-") as name:
        folder, home = Path(name), Path(name) / "home"
        campaign = register(source, folder, home)
        laboratory = synthetic_laboratory(campaign, seed=0)
        port, prefect_port = free_port(), free_port()
        api = f"http://127.0.0.1:{prefect_port}/api"
        log = (folder / "serve.log").open("wb")
        command = [sys.executable, "-m", "alloop_flows.tied", str(os.getpid())]  # it dies with this process
        command += [sys.executable, "-m", "alloop", "--home", str(home), "serve"]
        command += ["--port", str(port), "--prefect-port", str(prefect_port)]
        serving = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            started = time.perf_counter()
            wait_for("health", lambda: is_well(port), 0.2)
            ready, dropped, dropped_at = time.perf_counter() - started, 0.0, 0.0
            for number in range(1, rounds + 2):
                plate = wait_for("a plate", lambda n=number: plate_of(campaign, n))
                wait_for("plan.html", (campaign.desk.folder(plate) / "plan.html").is_file)
                if number > 1:
                    taken, published_at = time.perf_counter() - dropped, time.time()
                    seconds = wait_for(
                        "the round's text", lambda p=plate: seconds_of_round(api, campaign.name, p), 0.2
                    )
                    overhead = taken - seconds["planner"] - seconds["reading"]
                    run = newest_round(api, campaign.name)
                    found.append(
                        {
                            "plate": plate,
                            "from_inbox_to_plan_s": round(taken, 2),
                            "planner_s": seconds["planner"],
                            "reading_s": seconds["reading"],
                            "overhead_s": round(overhead, 2),
                            "overhead_within_round_s": seconds["overhead"],
                            "until_ordered_s": round(run["created"] - dropped_at, 2),
                            "until_started_s": round(run["start_time"] - run["created"], 2),
                            "until_published_s": round(published_at - run["start_time"], 2),
                            "server_ready_s": round(ready, 1),
                        }
                    )
                    print(json.dumps(found[-1]), flush=True)
                if number <= rounds:
                    time.sleep(5)  # what the last round left to do, its release for one, is done
                    wells = {
                        row.well: candidate_of(row, campaign.space) for row in campaign.records.wells(plate)
                    }
                    table = laboratory.measure(plate, wells, "all")
                    partial = folder / f"{plate}.csv"
                    table.to_csv(partial, index=False)
                    inbox = inbox_folder(home, campaign.name)
                    inbox.mkdir(parents=True, exist_ok=True)
                    dropped, dropped_at = time.perf_counter(), time.time()
                    os.replace(partial, inbox / partial.name)
                    wait_for("the table to be taken", lambda p=inbox / partial.name: not p.exists())
                    wait_for("the plate to be complete", lambda n=plate: is_complete(campaign, n))
        except BaseException:
            print((folder / "serve.log").read_text(errors="replace")[-5000:], file=sys.stderr)
            raise
        finally:
            serving.send_signal(signal.SIGTERM)
            serving.wait(60)
            log.close()
    return found


def newest_round(api: str, campaign: str) -> dict[str, float]:
    """When the newest run of a campaign's round was ordered and when it started, in seconds since 1970."""
    wanted = {"flow_runs": {"name": {"any_": [f"{campaign}: round"]}}, "sort": "START_TIME_DESC", "limit": 5}
    request = urllib.request.Request(
        f"{api}/flow_runs/filter", json.dumps(wanted).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        run = next(one for one in json.load(answer) if one["start_time"])
    return {name: datetime.fromisoformat(run[name]).timestamp() for name in ("created", "start_time")}


def is_complete(campaign: Campaign, plate: str) -> bool:
    """Whether all results of a plate are in."""
    return campaign.records.plate(plate).state == "complete"


def plate_of(campaign: Campaign, number: int) -> str | None:
    """The plate of that number, once it is planned."""
    return next((row.id for row in campaign.records.plates(campaign.name) if row.number == number), None)


def main() -> None:
    """Measure, and print one JSON document at the end."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--campaign", type=Path, default=_ROOT / "campaigns" / "halide_spinel.yaml")
    options = parser.parse_args()
    load = os.getloadavg()
    rounds = measure(options.rounds, options.campaign)
    worst = max(one["overhead_s"] for one in rounds)
    document = {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}",
        "prefect": version("prefect"),
        "load_before": [round(one, 1) for one in load],
        "rounds": rounds,
        "overhead_worst_s": worst,
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
