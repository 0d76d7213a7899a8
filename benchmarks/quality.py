"""Are alloop's plates better than its peers'? Measured pools replayed, everyone from the same random starts.

    python benchmarks/quality.py                                    what is recorded: the table; missing runs are made
    python benchmarks/quality.py --pools oer,agnp --strategies alloop --seeds 5 --rerun alloop
    python benchmarks/quality.py --show --json                      nothing is run
    python benchmarks/quality.py --show --write docs/benchmarks.md  puts the tables between the marks in that file

Runs are kept in benchmarks/results, one file per pool and strategy, scores only: a run that is there is not made
again unless named in `--rerun`. `--into FOLDER` keeps new runs elsewhere and reads the other strategies from
benchmarks/results, for trying things out. Pools whose table is not there are skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from kept_runs import RESULTS, Kept, code_of_alloop
from peers import PEERS, SEVERAL_OBJECTIVES, versions
from pools import POOLS, MissingData, Pool
from summary import summarise, verdicts, write_table

from alloop.lab.backtest import STRATEGIES, Bench, Choice, Situation
from alloop.scales import to_model_scale

ALL = ("alloop", *PEERS)


def one_run(pool: Pool, bench: Bench, strategy: str, seed: int) -> dict[str, Any]:
    """One strategy from one start: per round hits, best value, hypervolume, coverage, and seconds of processor time.

    `best` is the mean over the objectives of the best value found as a fraction of the pool's range on the
    model's scale. `covered` is per property (inside, of) per round.
    """
    spent = []

    def timed(now: Situation) -> Choice:
        started = time.process_time()
        choice = (PEERS.get(strategy) or STRATEGIES[strategy])(now)
        spent.append(round(time.process_time() - started, 3))
        return choice

    initial, batch, rounds = pool.sizes
    scores, ranks = bench.run(timed, pool.aim, initial, batch, rounds, seed)
    best = [_best(pool, ranks[: initial + batch * number]) for number in range(rounds + 1)]
    return {
        "hits": [score.hits for score in scores],
        "best": best,
        "volume": [round(score.hypervolume_fraction, 5) for score in scores],
        "covered": [score.covered for score in scores[1:]],
        "seconds": spent,
    }


def _best(pool: Pool, ranks: Any) -> float:
    import numpy as np

    fractions = []
    for entry in pool.table.objectives:
        sign = 1.0 if entry.goal == "maximize" else -1.0
        values = sign * pool.table.values[entry.property]
        low, high = np.nanmin(values), np.nanmax(values)
        if entry.reference is not None:
            low = max(low, sign * to_model_scale(entry.reference, entry.scale))
        found = values[ranks][pool.table.formed[ranks]]
        reached = float(found.max()) if len(found) else float(low)
        fractions.append((max(reached, low) - low) / (high - low))
    return round(float(np.mean(fractions)), 5)


def fill(
    pools: Sequence[str], strategies: Sequence[str], seeds: Sequence[int], rerun: Sequence[str], into: Path
) -> list[str]:
    """Make the runs that are missing, one after the other; the pools without a table are returned."""
    missing = []
    for name in pools:
        try:
            pool = POOLS[name]()
        except MissingData as error:
            missing.append(name)
            _tell(f"SKIPPED {name}: {error}")
            continue
        bench = None
        for strategy in strategies:
            if strategy in SEVERAL_OBJECTIVES and len(pool.table.objectives) == 1:
                continue
            kept = Kept(into, name, strategy, pool.fingerprint)
            for seed in seeds:
                if kept.has(seed) and strategy not in rerun:
                    continue
                if bench is None:
                    bench = Bench(pool.table)
                run = one_run(pool, bench, strategy, seed)
                used = {"alloop": code_of_alloop()} if strategy == "alloop" else versions(strategy)
                kept.add(seed, run, used, {"candidates": len(pool.table), "sizes": pool.sizes})
                _tell(f"{name}, {strategy}, seed {seed}: {run['hits'][-1]} hits, {sum(run['seconds']):.0f} s")
    return missing


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _write(path: Path, report: dict[str, Any], machine: dict[str, Any]) -> None:
    """Replace what stands between the marks in `path`."""
    before, begin, rest = path.read_text(encoding="utf-8").partition("<!-- quality: begin -->\n")
    _, end, after = rest.partition("<!-- quality: end -->")
    if not begin or not end:
        raise SystemExit(f"error: {path} lacks the marks <!-- quality: begin --> and <!-- quality: end -->")
    scores = [scores for entry in report["pools"].values() for scores in entry["strategies"].values()]
    made_with = sorted({word for one in scores for line in one["made_with"] for word in line.split("; ")})
    head = (
        f"{machine['cores']} cores ({machine['machine']}), Python {machine['python']}, {machine['date']}; made with "
        f"{', '.join(made_with)} (alloop: the hash of the code that decides a plan)."
    )
    path.write_text(
        f"{before}{begin}{head}\n\n{verdicts(report)}\n\n{write_table(report)}\n{end}{after}",
        encoding="utf-8",
    )


def _names(text: str, offered: Sequence[str]) -> list[str]:
    names = list(offered) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in offered]
    if unknown:
        raise SystemExit(f"error: {unknown[0]!r} is none of {', '.join(offered)}")
    return names


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what is missing, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pools", default="all", help=f"of {', '.join(POOLS)}")
    parser.add_argument("--strategies", default="all", help=f"of {', '.join(ALL)}")
    parser.add_argument("--seeds", default="20", help="how many, or from:to (to excluded)")
    parser.add_argument("--rerun", default="", help="strategies to run again though they are recorded")
    parser.add_argument("--show", action="store_true", help="only what is recorded; run nothing")
    parser.add_argument("--into", type=Path, default=RESULTS, help="folder for new runs")
    parser.add_argument("--write", type=Path, help="Markdown file whose marked passage the tables replace")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    pools, strategies = _names(chosen.pools, tuple(POOLS)), _names(chosen.strategies, ALL)
    first, _, last = chosen.seeds.rpartition(":")
    seeds = range(int(first or 0), int(last))
    missing = [] if chosen.show else fill(pools, strategies, seeds, _names(chosen.rerun, ALL), chosen.into)
    report = summarise(chosen.into, pools, ALL, seeds)
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "botorch": version("botorch"),
        "date": date.today().isoformat(),
    }
    if chosen.write:
        _write(chosen.write, report, machine)
    if chosen.json:
        print(json.dumps({"benchmark": "quality", "skipped": missing, **report, **machine}))
    else:
        print(write_table(report))


if __name__ == "__main__":
    main()
