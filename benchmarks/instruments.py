"""Instrument files against known answers: errors, time per file, how many bad files are refused for the right reason.

    python benchmarks/instruments.py                    all parts, about a quarter of an hour
    python benchmarks/instruments.py --parts impedance,bad_files --json

Each part has a command of its own with more settings: `instruments_impedance.py`, `instruments_diffraction.py`,
`instruments_cells.py`, `instruments_bad_files.py`; `fuzz.py` damages files by the thousand. Measured files are taken
from ../shared/data; parts that need them say so when they are not there.
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
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # small matrices: threads only wait for each other

sys.path.insert(0, str(Path(__file__).parent))


def _impedance() -> dict[str, Any]:
    from instruments_impedance import impedance_figures

    return impedance_figures()


def _diffraction() -> dict[str, Any]:
    from instruments_diffraction import diffraction_figures

    return diffraction_figures()


def _cells() -> dict[str, Any]:
    from instruments_cells import cell_figures

    return cell_figures()


def _bad_files() -> dict[str, Any]:
    from instruments_bad_files import bad_file_figures

    return bad_file_figures()


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "impedance": _impedance,
    "diffraction": _diffraction,
    "cells": _cells,
    "bad_files": _bad_files,
}


def main() -> None:
    """Measure the parts and print what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    wanted = [one.strip() for one in arguments.parts.split(",")]
    unknown = [one for one in wanted if one not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    found: dict[str, Any] = {"benchmark": "instruments"}
    for name in wanted:
        started = time.perf_counter()
        found[name] = PARTS[name]()
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    found |= {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "date": date.today().isoformat(),
    }
    print(json.dumps(found, indent=None if arguments.json else 1, ensure_ascii=False))


if __name__ == "__main__":
    main()
