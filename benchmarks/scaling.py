"""How the time of one plate grows with candidates, measurements, objectives and wells.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --over measurements --json

One thing varies, the others stay at 10⁵ candidates, 128 measurements, three objectives and 64 wells. The slope is that
of log seconds against log size, by least squares: 1 is linear growth. Run it alone on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from rounds import make_round, space_of
from speed import machine

USUAL = {"candidates": 1e5, "measurements": 128, "objectives": 3, "wells": 64}
SIZES: Mapping[str, tuple[float, ...]] = {
    "candidates": (1e4, 1e5, 1e6, 1e7),
    "measurements": (32, 64, 128, 256, 512, 1024),
    "objectives": (1, 2, 3, 4, 5),
    "wells": (16, 32, 64, 128, 256),
}


def planned(given: Mapping[str, float]) -> dict[str, Any]:
    """Plan one plate and tell how long each phase took."""
    from alloop.planning import plan_plate

    space = space_of(given["candidates"])
    problem = make_round(space, int(given["measurements"]), int(given["objectives"]), int(given["wells"]))
    plan = plan_plate(problem, 0)
    return {"candidates": space.size, **{name: round(value, 3) for name, value in plan.seconds.items()}}


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of log seconds against log size."""
    return round(float(np.polyfit(np.log(sizes), np.log(np.maximum(seconds, 1e-3)), 1)[0]), 2)


def scale(over: str, sizes: Sequence[float]) -> dict[str, Any]:
    """Times over one size, and the slope of each phase."""
    rows = []
    for size in sizes:
        found = planned({**USUAL, over: size})
        if over != "candidates":
            found = {over: size, **found}
        rows.append(found)
        print(f"{over} {size:g}: {found['total']:.2f} s", file=sys.stderr, flush=True)
    at = [row[over] for row in rows]
    phases = [name for name in rows[0] if name not in (over, "candidates")]
    return {"rows": rows, "slopes": {name: slope(at, [row[name] for row in rows]) for name in phases}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and print what it found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--over", default=",".join(SIZES), help="what varies, with commas between")
    parser.add_argument("--sizes", help="the sizes, with commas between; only with a single --over")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    wanted = given.over.split(",")
    if set(wanted) - set(SIZES) or (given.sizes and len(wanted) > 1):
        parser.error(f"--over: choose of {', '.join(SIZES)}; --sizes needs a single one")
    own = [float(size) for size in given.sizes.split(",")] if given.sizes else None
    results = {name: scale(name, own or SIZES[name]) for name in wanted}
    document = {"benchmark": "scaling", "usual": USUAL, "over": results, **machine()}
    print(json.dumps(document, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
