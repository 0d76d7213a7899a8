"""Figures of whole campaigns, each by one command.

    python benchmarks/figures.py obelix TABLE    hits among measured electrolytes, 20 starts
    python benchmarks/figures.py demo            the demo against an all-random campaign, 10 seeds
    python benchmarks/figures.py arrangement     plates measured upside down, shifted or swapped: are they noticed?

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
from dataclasses import replace
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


def arrangement(arguments: argparse.Namespace) -> dict[str, Any]:
    """Which wrong arrangements of a plate are recognised, and how often a right one is doubted."""
    from alloop.campaign.arrangement import TURNED, misplaced, true_wells
    from alloop.campaign.closed_loop import run_rounds, synthetic_laboratory
    from alloop.campaign.demo import bundled_campaign
    from alloop.campaign.evidence import gather, modelled_in
    from alloop.campaign.facade import Campaign
    from alloop.campaign.ledger import compare
    from alloop.campaign_file import all_wells

    rows, columns = 8, 8
    labels = all_wells(rows, columns)
    places = [labels[start : start + columns] for start in range(0, len(labels), columns)]
    found: dict[str, dict[str, list[int]]] = {}
    for seed in range(arguments.seeds):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            campaign = Campaign.open(
                bundled_campaign(arguments.campaign), home=home / "records", by="benchmark"
            )
            laboratory = synthetic_laboratory(campaign, seed)
            run_rounds(campaign, laboratory, 3, home / "results", by="benchmark", seed=1000 * seed)
            with campaign.records.reading() as reader:
                evidence = gather(reader, campaign.name)
                predictions = reader.campaign_predictions(campaign.name)
            entries = compare(evidence, predictions, modelled_in(campaign.file))
        values = {(entry.plate, entry.well, entry.name): entry for entry in entries}
        plates = sorted({entry.plate for entry in entries})
        for number, plate in enumerate(plates, 1):
            others = [other for other in plates[1:] if other != plate and number > 1]
            for how in ("as labelled", *TURNED, *others):
                belongs = None
                if how != "as labelled":
                    belongs = true_wells({plate: how}, places, plates)[plate]
                came = []
                for entry in entries:
                    place = belongs(entry.well) if belongs is not None else (plate, entry.well)
                    source = None if place is None else values.get((*place, entry.name))
                    if entry.plate == plate and source is not None:
                        came.append(replace(entry, value=source.value, bound=source.bound))
                noticed = misplaced(came, predictions, places)
                said = noticed[0].how if noticed else "as labelled"
                name = "another plate's" if how in plates else how
                counts = found.setdefault(f"plate {number}", {}).setdefault(name, [0, 0])
                counts[0] += said == how
                counts[1] += 1
        _tell(f"seed {seed} done")
    return {"campaign": arguments.campaign, "seeds": arguments.seeds, "recognised_of": found}


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
        "arrangement": arrangement,
    }
    for name, function in functions.items():
        command = commands.add_parser(name, help=function.__doc__)
        command.add_argument("--json", action="store_true")
        if name == "obelix":
            command.add_argument("table")
        command.add_argument("--seeds", type=int, default=20 if name == "obelix" else 10)
        if name != "obelix":
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
