"""Figures of whole campaigns, each by one command.

    python benchmarks/figures.py obelix TABLE    hits among measured electrolytes, 20 starts
    python benchmarks/figures.py demo            the demo against an all-random campaign, 10 seeds

Add `--json` for a machine. Run one at a time on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

OBELIX_COLUMNS = {"formula": "True Composition", "ionic_conductivity": "Ionic conductivity (S cm-1)"}


def obelix(arguments: argparse.Namespace) -> dict[str, Any]:
    """Hits of each strategy on measured Li electrolytes: 16 random, then 6 batches of 16."""
    from alloop.campaign.replaying import replay

    text = (
        "campaign: obelix\nobjectives:\n"
        "  - {property: ionic_conductivity, temperature_C: 25, goal: maximize, scale: log10, unit: S/cm}\n"
    )
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for aim in ("hits", "front and hits"):
            file = Path(folder) / "obelix.yaml"
            file.write_text(text + ("aim: {front: 0.5, hits: 0.5}\n" if aim != "hits" else ""))
            strategies = ["alloop", "forest", "greedy", "random"] if aim == "hits" else ["alloop"]
            done = replay(
                Path(arguments.table), file, OBELIX_COLUMNS, strategies,
                initial=16, batch=16, rounds=6, seeds=arguments.seeds, progress=_tell,
            )  # fmt: skip
            for name, runs in done.runs.items():
                hits = [scores[-1].hits for _, scores in runs]
                covered = [s.coverage90 for _, scores in runs for s in scores if s.coverage90 is not None]
                key = f"{name} (aim {aim})" if name == "alloop" else name
                found[key] = {
                    "mean_hits": round(sum(hits) / len(hits), 2),
                    "worst": min(hits),
                    "best": max(hits),
                    "of": done.hits_total,
                    "coverage90": round(sum(covered) / len(covered), 3) if covered else None,
                }
    return {"candidates": done.candidates, "starts": arguments.seeds, "strategies": found}


def demo(arguments: argparse.Namespace) -> dict[str, Any]:
    """The demo for several seeds: hits and hypervolume against the all-random campaign of the same seed."""
    from alloop.campaign.demo import run_demo

    rows = []
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            done = run_demo(Path(folder) / "demo", arguments.campaign, 3, seed, _tell)
            last = done.curve[-1]
            rows.append(
                {
                    "seed": seed,
                    "hits": [last.alloop.hits, last.random.hits],
                    "hypervolume": [round(last.alloop.hypervolume, 3), round(last.random.hypervolume, 3)],
                    "seconds": round(time.perf_counter() - started, 1),
                }
            )
            _tell(str(rows[-1]))
    return {
        "campaign": arguments.campaign,
        "seeds": rows,
        "ahead_in_hits": sum(row["hits"][0] > row["hits"][1] for row in rows),
        "ahead_in_hypervolume": sum(row["hypervolume"][0] > row["hypervolume"][1] for row in rows),
        "peak_memory_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run one benchmark and print what it found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    functions: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
        "obelix": obelix,
        "demo": demo,
    }
    for name, function in functions.items():
        command = commands.add_parser(name, help=function.__doc__)
        command.add_argument("--json", action="store_true")
        if name == "obelix":
            command.add_argument("table")
        if name in ("obelix", "demo"):
            command.add_argument("--seeds", type=int, default=20 if name == "obelix" else 10)
        if name == "demo":
            command.add_argument("--campaign", default="halide-spinel")
    arguments = parser.parse_args()
    found = functions[arguments.command](arguments)
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
    }
    document = {"benchmark": arguments.command, **found, **machine}
    if arguments.json:
        print(json.dumps(document))
    else:
        print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
