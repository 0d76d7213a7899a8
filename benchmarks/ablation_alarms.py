"""How often the guard suspects values of measured tables in which nothing is wrong, and what it catches in them.

    python benchmarks/ablation_alarms.py                            all pools, 6 draws of 32, 64 and 112 rows
    python benchmarks/ablation_alarms.py --pools obelix,oer --json

Rows are drawn at random and taken for the values of one laboratory, sixteen to a plate. Pools come from many
laboratories and have longer tails than one laboratory would have: this is the guard's worst case. With
`--mistakes K`, the last K values of each draw are a thousand times too large (properties on a log10 scale only).
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import numpy as np
from pools import POOLS, MissingData

from alloop.lab.backtest import Bench
from alloop.surrogate import observations
from alloop.surrogate.gp import fit_gp
from alloop.surrogate.outliers import find_suspects

SIZES, PLATE = (32, 64, 112), 16


def alarms(name: str, seeds: int, mistakes: int = 0) -> dict[str, Any]:
    """Of one pool: right values, how many of them were suspected, mistakes, how many of them were suspected."""
    pool = POOLS[name]()
    bench = Bench(pool.table)
    blocks = bench.features.blocks
    found = {"values": 0, "suspected": 0, "mistakes": 0, "caught": 0}
    for entry in pool.table.objectives:
        decades = entry.scale == "log10"
        if mistakes and not decades:
            continue
        values = pool.table.values[entry.property]
        usable = np.flatnonzero(np.isfinite(values) & pool.table.formed)
        for n in (size for size in SIZES if size <= len(usable)):
            for seed in range(seeds):
                rows = np.random.default_rng(seed).choice(usable, n, replace=False)
                wrong = np.arange(n) >= n - mistakes
                data = observations(
                    bench.matrix[rows], values[rows] + 3.0 * wrong, groups=np.arange(n) // PLATE
                )
                process = fit_gp(data, bench.matrix, blocks)
                suspects = find_suspects(data, process, bench.matrix, blocks, decades=decades)
                caught = sum(bool(wrong[one.row]) for one in suspects)
                found["values"] += n - mistakes
                found["suspected"] += len(suspects) - caught
                found["mistakes"] += mistakes
                found["caught"] += caught
    return found


def main(arguments: list[str] | None = None) -> None:
    """Count and print, pool by pool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pools", default=",".join(POOLS), help="names, with commas between")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--mistakes", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    names = options.pools.split(",")
    if unknown := [name for name in names if name not in POOLS]:
        parser.error(f"no pool {', '.join(unknown)}; there are {', '.join(POOLS)}")
    results: dict[str, dict[str, Any]] = {}
    for name in names:
        try:
            results[name] = alarms(name, options.seeds, options.mistakes)
        except MissingData as error:
            print(f"SKIPPED {name}: {error}", file=sys.stderr)
            continue
        if not options.json:
            one = results[name]
            caught = f", caught {one['caught']} of {one['mistakes']}" if options.mistakes else ""
            share = one["suspected"] / max(one["values"], 1)
            print(
                f"{name}: suspected {one['suspected']} of {one['values']} ({share:.2%}){caught}", flush=True
            )
    if options.json:
        print(json.dumps({"benchmark": "ablation_alarms", "mistakes": options.mistakes, "pools": results}))


if __name__ == "__main__":
    main()
