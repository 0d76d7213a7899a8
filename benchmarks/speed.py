"""Time and memory for one plate of 64 wells: three objectives, one constraint, the plate's rules on.

    python benchmarks/speed.py --candidates 1e6 --measurements 512
    python benchmarks/speed.py --candidates 1e4 --measurements 128 --peers botorch,baybe --time-limit 300
    python benchmarks/speed.py --candidates 1e9 --device cuda --exhaustive
    python benchmarks/speed.py --candidates 2e7 --guided        the search against the full screen, several seeds

Seconds are those of planning, model weights by cross-validation included; imports and the making of space and data
are not counted. Peers get the same candidates and measurements, in a process of their own. One that is not done
within the limit is reported as not finished, with the least that the ratio can be. Run it alone on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from rounds import make_round, space_of, utilities

PEERS = ("botorch", "baybe")
PLATES = 6
"""Plates chosen from each list when the search is compared with the full screen."""


def alloop(
    candidates: float, measurements: int, device: str, exhaustive: bool, seed: int = 0
) -> dict[str, Any]:
    """Plan one plate; seconds by phase, and the peak memory of the process."""
    from alloop.planning import plan_plate, screen

    if exhaustive:
        screen.EXHAUSTIVE = 10**18
    problem = make_round(space_of(candidates), measurements, device=device, seed=seed)
    started = time.perf_counter()
    plan = plan_plate(problem, seed)
    seconds = time.perf_counter() - started
    return {
        "candidates": problem.space.size,
        "screened": plan.candidates_screened,
        "measurements": measurements,
        "features": len(problem.features.names),
        "wells": len(plan.wells),
        "seconds": round(seconds, 2),
        "seconds_by_phase": {name: round(value, 2) for name, value in plan.seconds.items()},
        "peak_memory_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def peer(name: str, candidates: float, measurements: int, limit: float, seconds: float) -> dict[str, Any]:
    """Seconds of a peer for the same plate, or how long it was given; and the ratio to alloop's `seconds`."""
    script = Path(__file__).with_name("speed_peers.py")
    command = [sys.executable, str(script), name, str(candidates), str(measurements)]
    with tempfile.TemporaryDirectory() as folder:
        # a peer that is killed while BoTorch compiles would leave a lock in the folder that all processes share
        env = {**os.environ, "TORCH_EXTENSIONS_DIR": folder}
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        try:
            output, errors = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return {
                "finished": "not finished",
                "seconds": f"> {limit:g}",
                "ratio": f"> {limit / seconds:.3g}",
            }
    if child.returncode:
        why = (errors.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
        return {"finished": "not finished", "why": why, "ratio": None}
    found = json.loads(output.strip().splitlines()[-1])
    ratio = round(found["seconds"] / seconds, 1)
    return {"finished": "finished", "seconds": round(found["seconds"], 1), "ratio": ratio}


def guided(candidates: float, measurements: int, seeds: int) -> dict[str, Any]:
    """The plates' utility after guided search over that after the full screen, for several rounds.

    Plates vary by chance more than the two lists do, so that several are chosen from each list.
    """
    from alloop.planning import chosen, plan_plate, screen

    space, limit, search = space_of(candidates), screen.EXHAUSTIVE, chosen.screen
    rows = []
    for seed in range(seeds):
        problem = make_round(space, measurements, seed=seed)
        plates, seconds = [], []
        for largest in (10**18, screen.DIRECT):
            screen.EXHAUSTIVE, chosen.screen = largest, remembered(search)
            for plate in range(PLATES):
                plan = plan_plate(problem, PLATES * seed + plate)
                plates.append([well.candidate for well in plan.wells])
                if not plate:
                    seconds.append(round(plan.seconds["screen"], 1))
        screen.EXHAUSTIVE, chosen.screen = limit, search
        found = np.reshape(utilities(problem, plates, seed), (2, PLATES))
        (full, searched), errors = found.mean(axis=1), found.std(axis=1, ddof=1) / PLATES**0.5
        rows.append(
            {
                "seed": seed,
                "full": round(float(full), 4),
                "guided": round(float(searched), 4),
                "standard_errors": errors.round(4).tolist(),
                "screen_seconds": seconds,
            }
        )
        print(rows[-1], file=sys.stderr, flush=True)
    ratios = [row["guided"] / row["full"] for row in rows]
    return {
        "candidates": space.size,
        "measurements": measurements,
        "plates_per_list": PLATES,
        "seeds": rows,
        "mean_ratio": round(
            float(np.mean([row["guided"] for row in rows]) / np.mean([row["full"] for row in rows])), 4
        ),
        "worst_ratio": round(min(ratios), 4),
    }


def remembered(search: Callable[..., Any]) -> Callable[..., Any]:
    """A screening that answers every time what the first one found."""
    found: list[Any] = []

    def once(*arguments: Any) -> Any:
        if not found:
            found.append(search(*arguments))
        return found[0]

    return once


def machine() -> dict[str, Any]:
    """What a figure depends on besides its command."""
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "date": date.today().isoformat(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--candidates", type=float, default=1e6)
    parser.add_argument("--measurements", type=int, default=512)
    parser.add_argument("--peers", default="", help=f"of {','.join(PEERS)}, with commas between")
    parser.add_argument("--time-limit", type=float, default=300.0, help="seconds for each peer")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--exhaustive", action="store_true", help="screen every candidate, however many")
    parser.add_argument("--guided", action="store_true", help="compare the search with the full screen")
    parser.add_argument("--seeds", type=int, default=3, help="rounds of --guided")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    peers = [name for name in given.peers.split(",") if name]
    if set(peers) - set(PEERS):
        parser.error(f"--peers: choose of {', '.join(PEERS)}")
    if given.guided:
        found = guided(given.candidates, given.measurements, given.seeds)
    else:
        found = alloop(given.candidates, given.measurements, given.device, given.exhaustive)
        found["device"] = given.device
        found["peers"] = {
            name: peer(name, given.candidates, given.measurements, given.time_limit, found["seconds"])
            for name in peers
        }
        found["ratios"] = {name: entry["ratio"] for name, entry in found["peers"].items()}
    document = {"benchmark": "speed", **found, **machine()}
    print(json.dumps(document, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
