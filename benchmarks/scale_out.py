"""What other workers bring: seconds and processor time, bytes that travel, and that the result stays the same.

    python benchmarks/scale_out.py --parts screening,backtests,rederivations --candidates 2e7 --workers 1,2,4
    python benchmarks/scale_out.py --parts screening --candidates 2e7 --runner processes --workers 2

Each part is done by one thread of this process first, then by as many workers as `--workers` says, one count after the
other. Workers are begun before the clock starts. *Efficiency* is the seconds of the one thread over those of the
workers times their number (times the cores, where they are fewer). *Extra work* is how much more processor time all
processes took together: what handing out costs, whatever else the machine does. *Bytes* are those of the pickled
values: to each worker what pieces share, to and from all workers together the items and the results; Dask's own
messages are not counted. Run it on a quiet machine: the load before each run is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import psutil
from rounds import make_round, space_of
from speed import machine
from synthetic_pool import synthetic_rows
from synthetic_spectra import GOOD_KINDS, make_spectrum

ROWS = 300
FILES = 64
STRATEGIES, SEEDS = ("alloop", "forest"), 6


class Counting:
    """A runner that counts what its pieces would weigh on the way; the seconds that takes are kept apart."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self.is_here, self.workers = runner.is_here, runner.workers
        self.shared: dict[int, tuple[Any, int]] = {}
        self.items = self.results = 0
        self.counting_s = 0.0

    def map(self, function: Any, shared: Any, items: Iterable[Any], *, coarse: bool = False) -> Iterator[Any]:
        """As `Runner.map`."""
        items = items if isinstance(items, Sequence) else list(items)
        if not self.is_here:
            if id(shared) not in self.shared:
                self.shared[id(shared)] = (shared, self._weigh(shared))
            self.items += sum(self._weigh(item) for item in items)
        for result in self._runner.map(function, shared, items, coarse=coarse):
            if not self.is_here:
                self.results += self._weigh(result)
            yield result

    def _weigh(self, value: Any) -> int:
        started = time.perf_counter()
        size = len(pickle.dumps(value, protocol=5))
        self.counting_s += time.perf_counter() - started
        return size

    def close(self) -> None:
        """Leave that to whoever opened the runner."""


def screening(candidates: float) -> Callable[[Any], Any]:
    """A plate out of so many candidates, 128 measured: models, screening of all of them, choice of wells."""
    from alloop.planning import plan_plate, screen

    screen.EXHAUSTIVE = 10**18
    problem = make_round(space_of(candidates), 128)
    return lambda runner: _untimed(plan_plate(problem, 0, runner=runner))


def _untimed(plan: Any) -> Any:
    return replace(plan, seconds={})


def backtests(folder: Path) -> Callable[[Any], Any]:
    """Strategies and seeds on a made-up table of measured materials: 16 random ones and five batches of 16."""
    import csv

    from alloop.lab.backtest import backtest
    from alloop.lab.replay_table import load_replay
    from alloop.planning import Objective

    rows = [row for row in synthetic_rows() if row["status"] == "ok"][:ROWS]
    path = folder / "pool.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    objectives = (Objective("ionic_conductivity", "maximize", "log10", "S/cm"),)
    table = load_replay(path, {}, objectives, (), "Li+")

    def run(runner: Any) -> Any:
        found = backtest(table, {"hits": 1.0}, STRATEGIES, 16, 16, 5, range(SEEDS), runner=runner)
        return {
            name: [(seed, [replace(score, seconds=0.0) for score in scores]) for seed, scores in runs]
            for name, runs in found.items()
        }

    return run


def rederivations() -> Callable[[Any], Any]:
    """Impedance spectra of 64 samples, each evaluated with its fits and figure."""
    from alloop.ingest.context import Findings, ResultsContext
    from alloop.ingest.deriving import derive
    from alloop.ingest.sources import Source
    from alloop.instruments import Given, Recording
    from alloop.records import SampleRow

    sources = []
    for number in range(FILES):
        truth = make_spectrum(GOOD_KINDS[number % len(GOOD_KINDS)], number)
        well = f"{'ABCDEFGH'[number // 8]}{1 + number % 8}"
        sample = SampleRow(
            id=f"P-001-{well}", campaign="c", plate="P-001", well=well, formula="Li2MgCl4", elements={}
        )
        recording = Recording("made up", spectra=(replace(truth.spectrum, temperature_C=25.0),))
        sources.append(Source(f"{number}.csv", f"{number:064}", recording, sample, Given()))
    context = ResultsContext("c")
    return lambda runner: derive(sources, context, Findings(), None, runner)


def processor_s() -> float:
    """Processor time of this process and all that it began, in seconds."""
    me = psutil.Process()
    times = [one.cpu_times() for one in (me, *me.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def timed(run: Callable[[Any], Any], name: str) -> tuple[dict[str, Any], Any]:
    """One part done by the runner of that name: figures, and what came of it."""
    from alloop.runner import open_runner

    load = os.getloadavg()[0]
    with open_runner(name) as opened:
        list(opened.map(_ready, None, range(4 * opened.workers), coarse=True))
        runner = Counting(opened)
        before, started = processor_s(), time.perf_counter()
        result = run(runner)
        seconds = time.perf_counter() - started - runner.counting_s
        work = processor_s() - before - runner.counting_s
    figures = {
        "runner": name,
        "seconds": round(seconds, 2),
        "processor_s": round(work, 2),
        "to_each_worker_MB": round(sum(size for _, size in runner.shared.values()) / 1e6, 3),
        "items_MB": round(runner.items / 1e6, 3),
        "results_MB": round(runner.results / 1e6, 3),
        "load_before": round(load, 1),
    }
    return figures, result


def _ready(_: None, item: int) -> int:
    """Import what pieces need, before the clock starts."""
    for name in ("alloop.instruments.impedance", "alloop.lab.strategies"):
        import_module(name)
    return item


def part(run: Callable[[Any], Any], kind: str, workers: Sequence[int]) -> list[dict[str, Any]]:
    """One part by one thread of this process and by workers."""
    rows = []
    os.environ["ALLOOP_THREADS"] = "1"
    alone, expected = timed(run, "threads")
    alone["runner"] = "one thread of this process"
    rows.append(alone)
    print(alone, file=sys.stderr, flush=True)
    for count in workers:
        figures, result = timed(run, f"{kind}:{count}")
        at_once = min(count, os.cpu_count() or 1)
        figures["efficiency"] = round(alone["seconds"] / (figures["seconds"] * at_once), 2)
        figures["extra_work"] = round(figures["processor_s"] / alone["processor_s"] - 1.0, 2)
        figures["same_result"] = result == expected
        rows.append(figures)
        print(figures, file=sys.stderr, flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", default="screening,backtests,rederivations")
    parser.add_argument("--candidates", type=float, default=2e7, help="of the screening")
    parser.add_argument("--workers", default="1,2,4", help="how many, one after the other")
    parser.add_argument("--runner", choices=("dask", "processes"), default="dask")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    counts = [int(text) for text in given.workers.split(",")]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        makers: dict[str, Callable[[], Callable[[Any], Any]]] = {
            "screening": lambda: screening(given.candidates),
            "backtests": lambda: backtests(Path(folder)),
            "rederivations": rederivations,
        }
        names = [name for name in given.parts.split(",") if name]
        if unknown := sorted(set(names) - set(makers)):
            parser.error(f"--parts: there is no {unknown[0]}; choose of {', '.join(makers)}")
        for name in names:
            found[name] = part(makers[name](), given.runner, counts)
    document = {"benchmark": "scale_out", "candidates": given.candidates, **found, **machine()}
    print(json.dumps(document, indent=None if given.json else 1))
    if not all(row.get("same_result", True) for rows in found.values() for row in rows):
        sys.exit("a result differs from that of this process")


if __name__ == "__main__":
    main()
