"""What each answer to a laboratory's reality is worth: the planner with it and without it, seed by seed.

    python benchmarks/ablation.py                       all of them, 10 paired seeds
    python benchmarks/ablation.py --only offsets,units --seeds 20 --json

Each ablation sets up one trouble (plate offsets, values below a limit, failures, late results, misleading literature,
wrong units, surprises) in a small space with a known truth, and lets two habits that differ in one thing meet it with
the same truth, plates' offsets and noise. A difference counts where its 90 % interval leaves out zero.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from ablation_cases import ABLATIONS, BETTER_HIGH
from scipy.stats import t as student

LEVEL = 0.90


def paired(with_it: list[float], without: list[float], name: str) -> dict[str, Any]:
    """Means, mean difference with its interval over seeds, and what it says; positive is in favour of `with_it`."""
    sign = 1.0 if BETTER_HIGH[name] else -1.0
    difference = sign * (np.array(with_it) - np.array(without))
    n = len(difference)
    half = float("inf")  # one seed says nothing
    if n > 1:
        half = float(student.ppf(0.5 + LEVEL / 2, n - 1) * difference.std(ddof=1) / np.sqrt(n))
    middle = float(difference.mean())
    verdict = "pays" if middle - half > 0 else "costs" if middle + half < 0 else "no effect shown"
    return {
        "metric": name,
        "with": round(float(np.mean(with_it)), 3),
        "without": round(float(np.mean(without)), 3),
        "gain": round(middle, 3),
        "interval90": [round(middle - half, 3), round(middle + half, 3)] if n > 1 else None,
        "verdict": verdict,
    }


def run(name: str, seeds: int, tell: Callable[[str], None], tiny: bool = False) -> dict[str, Any]:
    """One ablation: its question, and every comparison it makes."""
    ablation = ABLATIONS[name]
    found: list[dict[str, dict[str, float]]] = []
    started = time.process_time()
    for seed in range(seeds):
        found.append(ablation.case(seed, tiny))
        tell(f"{name}: seed {seed + 1} of {seeds}, {time.process_time() - started:.0f} s")
    comparisons = []
    for with_it, without in ablation.pairs:
        for metric in ablation.metrics:
            if all(metric in case[with_it] and metric in case[without] for case in found):
                one = paired(
                    [case[with_it][metric] for case in found],
                    [case[without][metric] for case in found],
                    metric,
                )
                comparisons.append({"compared": [with_it, without], **one})
    means = {
        variant: {
            m: round(float(np.mean([case[variant][m] for case in found])), 3) for m in found[0][variant]
        }
        for variant in found[0]
    }
    return {
        "question": ablation.question,
        "seeds": seeds,
        "comparisons": comparisons,
        "means": means,
        "cpu_seconds": round(time.process_time() - started, 1),
    }


def table(name: str, found: dict[str, Any]) -> str:
    """The comparisons of one ablation as lines for people."""
    lines = [f"{name}: {found['question']} ({found['seeds']} seeds, {found['cpu_seconds']} s)"]
    for one in found["comparisons"]:
        low, high = one["interval90"] or ("?", "?")
        lines.append(
            f"  {one['compared'][0]} against {one['compared'][1]}: {one['metric']} {one['with']:g} / "
            f"{one['without']:g}, gain {one['gain']:+g} [{low}, {high}]  {one['verdict']}"
        )
    return "\n".join([*lines, ""])


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the ablations that were asked for and print what they found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(ABLATIONS), help="names, with commas between")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tiny", action="store_true", help="a smoke run: a small space, one short campaign")
    options = parser.parse_args(arguments)
    names = options.only.split(",")
    if unknown := [name for name in names if name not in ABLATIONS]:
        parser.error(f"no ablation {', '.join(unknown)}; there are {', '.join(ABLATIONS)}")
    results = {}
    for name in names:
        results[name] = run(name, options.seeds, _tell, options.tiny)
        if not options.json:
            print(table(name, results[name]), flush=True)
    machine = {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
    }
    if options.json:
        print(json.dumps({"benchmark": "ablation", "level": LEVEL, "ablations": results, **machine}))


if __name__ == "__main__":
    main()
