"""A campaign of years: how long its commands, an upload's turn and a round take beside what they are about.

    python benchmarks/operations.py
    python benchmarks/operations.py --plates 100 --measurements 6400 --no-round
    ALLOOP_DATABASE_URL=postgresql://alloop@127.0.0.1/empty python benchmarks/operations.py

Builds (some minutes) a campaign of 1,500 plates and 10^5 measurements, or uses what it built in `--home` before.
Commands are timed from the shell, as a person waits for them, the best and the worst of five, and the processor's time,
which depends less on what else runs. A status that was told since the last event is kept; one after something was
recorded is not. The turn is the time for which an upload keeps other writers waiting: of 64 values
in a table, and of 64 spectra. The round is whole, with its plan; its overhead is what it spends outside the planner and
outside reading files. The limits are those that alloop aims at.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))

from operations_world import SLUG, build
from speed import machine
from synthetic_spectra import make_spectrum

from alloop import Campaign
from alloop.campaign.home import EMBEDDED, status_file
from alloop.upkeep import run_round

REPEATS = 5
LIMITS = {"help": 0.5, "status of a small campaign": 1.5, "status": 2.0, "round overhead": 10.0}


def command(
    arguments: Sequence[str], environment: dict[str, str] | None = None, forget: Path | None = None
) -> dict[str, float]:
    """Seconds of an alloop command, started like a person does; `cpu` are the processor's, the best of all.

    A file to `forget` is deleted before each.
    """
    seconds, cpu = [], []
    for _ in range(REPEATS):
        if forget is not None:
            forget.unlink(missing_ok=True)
        started, before = time.perf_counter(), os.times()
        subprocess.run(
            [sys.executable, "-m", "alloop", *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | (environment or {}),
        )
        seconds.append(time.perf_counter() - started)
        after = os.times()
        cpu.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
    return {"best": round(min(seconds), 2), "worst": round(max(seconds), 2), "cpu": round(min(cpu), 2)}


@contextmanager
def turns(engine: sa.Engine) -> Iterator[list[float]]:
    """Notes for how many seconds each transaction of this process kept others from writing."""
    held: list[float] = []
    since: dict[int, float] = {}

    def begun(connection: sa.Connection) -> None:  # called after ours, which waits for the turn
        if connection.get_execution_options().get("alloop_writer"):
            since[id(connection)] = time.perf_counter()

    def ended(connection: sa.Connection) -> None:
        started = since.pop(id(connection), None)
        if started is not None:
            held.append(time.perf_counter() - started)

    sa.event.listen(engine, "begin", begun)
    sa.event.listen(engine, "commit", ended)
    try:
        yield held
    finally:
        sa.event.remove(engine, "begin", begun)
        sa.event.remove(engine, "commit", ended)


def table(campaign: Campaign, plate: str, folder: Path) -> Path:
    """A results table with 64 conductivities of a plate; new bytes each time."""
    now = time.time_ns()
    lines = ["sample,ionic_conductivity [mS/cm],temperature_C,kind,note"]
    lines += [
        f"{row.id},{0.01 * (number + 1):.4f},25,total,at {now}"
        for number, row in enumerate(campaign.records.samples(SLUG, plate))
    ]
    path = folder / f"results {now}.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def spectra(samples: Sequence[str], folder: Path) -> Path:
    """A folder with a spectrum of each sample and a table of the pellets."""
    place = folder / f"spectra {time.time_ns()}"
    place.mkdir()
    pellets = ["sample,thickness [mm],diameter [mm]"]
    for number, sample in enumerate(samples):
        spectrum = make_spectrum("one", time.time_ns() % 10**6 + number).spectrum
        lines = ["freq [Hz],Re(Z) [Ohm],-Im(Z) [Ohm]"]
        lines += [
            f"{f:.6g},{z.real:.6g},{-z.imag:.6g}"
            for f, z in zip(spectrum.frequency_Hz, spectrum.impedance_ohm, strict=True)
        ]
        (place / f"{sample}_25C.csv").write_text("\n".join(lines) + "\n")
        pellets.append(f"{sample},1.0,6.5")
    (place / "pellets.csv").write_text("\n".join(pellets) + "\n")
    return place


def upload(campaign: Campaign, path: Path) -> dict[str, float]:
    """Seconds of an upload and of its turn."""
    with turns(campaign.records.engine) as held:
        started, before = time.perf_counter(), time.process_time()
        report = campaign.upload([path], by="benchmark")
        seconds, cpu = time.perf_counter() - started, time.process_time() - before
    if not report.accepted:
        raise SystemExit("\n".join(str(problem) for problem in report.problems))
    return {
        "values": report.measurements,
        "seconds": round(seconds, 2),
        "cpu": round(cpu, 2),
        "turn": round(max(held), 3),
    }


def small_home(folder: Path) -> Path:
    """The bundled campaign with one plate, on SQLite."""
    home = folder / "small"
    source = Path(__file__).parents[1] / "campaigns" / "halide_spinel.yaml"
    campaign = Campaign.open(source, home, by="benchmark", database_url=EMBEDDED)
    campaign.approve(campaign.plan(by="benchmark").id, by="benchmark")
    return home


def measure(home: Path, plates: int, measurements: int, with_round: bool) -> dict[str, Any]:
    """Build what is not there, and time everything."""
    found: dict[str, Any] = {"plates": plates, "measurements": measurements}
    if not (home / "source").is_dir():
        started = time.perf_counter()
        build(home, plates, measurements)
        found["building"] = round(time.perf_counter() - started, 1)
    campaign = Campaign.open(SLUG, home)
    found["database"] = campaign.records.engine.dialect.name
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        found["help"] = command(["--help"])
        small = ["--home", str(small_home(folder)), "status", SLUG]
        found["status of a small campaign"] = command(small, {"ALLOOP_DATABASE_URL": EMBEDDED})
        told = ["--home", str(home), "status", SLUG]
        found["status after something was recorded"] = command(told, forget=status_file(home, SLUG))
        found["status"] = command(told)
        plates_now = campaign.status().plates
        for plate in plates_now:  # of an earlier run
            if plate.state == "proposed":
                campaign.reject(plate.plate, by="benchmark", why="a new round is measured")
        newest = next(plate for plate in reversed(plates_now) if plate.samples)
        last = newest.plate
        samples = [row.id for row in campaign.records.samples(SLUG, last)]
        found["table of 64 values"] = upload(campaign, table(campaign, last, folder))
        found["64 spectra"] = upload(campaign, spectra(samples, folder))
    if with_round:
        if newest.state != "complete":
            campaign.close(last, by="benchmark")
        report = run_round(campaign, by="benchmark", progress=lambda text: print(text, file=sys.stderr))
        seconds = {name: round(value, 2) for name, value in report.seconds.items()}
        found["round"] = {"plate": report.plate, "why": report.step.why, "seconds": seconds}
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what was measured, with the machine's load before and after."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plates", type=int, default=1500)
    parser.add_argument("--measurements", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help="where it lies; by default in a folder that vanishes")
    parser.add_argument(
        "--no-round", action="store_true", help="leave the round out, which plans for minutes"
    )
    given = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    home = given.home or Path(tempfile.mkdtemp(prefix="alloop-operations-"))
    try:
        found = measure(home, given.plates, given.measurements, not given.no_round)
    finally:
        if given.home is None:
            shutil.rmtree(home, ignore_errors=True)
    found |= {"limits": LIMITS, "load": [round(load, 1), round(os.getloadavg()[0], 1)], "machine": machine()}
    print(json.dumps(found, indent=1, default=str))


if __name__ == "__main__":
    main()
