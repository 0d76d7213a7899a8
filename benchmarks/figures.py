"""The figures that the README quotes, each by one command.

    python benchmarks/figures.py space           count, decode and describe a space of 69 million candidates
    python benchmarks/figures.py plan            one plate of 64 wells out of 1.8 million candidates
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
from fractions import Fraction
from pathlib import Path
from typing import Any

OBELIX_COLUMNS = {"formula": "True Composition", "ionic_conductivity": "Ionic conductivity (S cm-1)"}


def sixty_dopants() -> Any:
    """A host with 60 dopants over two sites, at most three at a time, ten levels each."""
    from alloop.chemistry import parse_species
    from alloop.space import Compensation, Limits, Process, Setting, Site, SiteSpace, Substituent

    on_metal = (
        "Be2+ Ca2+ Sr2+ Ba2+ Zn2+ Cd2+ Cu2+ Ni2+ Co2+ Mn2+ Fe2+ Cr2+ V2+ Al3+ Ga3+ In3+ Sc3+ Y3+ La3+ Ce3+ "
        "Pr3+ Nd3+ Sm3+ Eu3+ Gd3+ Tb3+ Dy3+ Ho3+ Er3+ Tm3+ Yb3+ Lu3+ Fe3+ Cr3+ V3+ Bi3+ Sb3+ Ti4+ Zr4+ Hf4+ "
        "Sn4+ Ge4+ Ce4+ Mo4+ W4+ Nb5+ Ta5+ Sb5+ V5+ Mo6+ W6+"
    )
    on_anion = "F- Br- I- O2- S2- Se2- Te2- N3- P3-"
    levels = tuple(Fraction(i, 100) for i in range(1, 11))

    def site(name: str, amount: int, host: str, species: str) -> Any:
        substituents = tuple(Substituent(parse_species(s), levels, True) for s in species.split())
        return Site(name, Fraction(amount), parse_species(host), substituents)

    return SiteSpace(
        (site("M", 1, "Mg2+", on_metal), site("X", 4, "Cl-", on_anion)),
        Compensation(parse_species("Li+"), Fraction(1), Fraction(3)),
        Limits(max_dopants=3),
        Process((Setting("anneal_temperature", "degC", (Fraction(300), Fraction(400)), "plate"),)),
        "Li+",
    )


def space(_: argparse.Namespace) -> dict[str, Any]:
    """Seconds to count the space, and to decode a million candidates with their features."""
    from alloop.space import FeatureMap

    started = time.perf_counter()
    built = sixty_dopants()
    counted = time.perf_counter() - started
    features = FeatureMap(built)
    started = time.perf_counter()
    done = 0
    for ranks in built.stream():
        features.of_block(built.decode(ranks))
        done += len(ranks)
        if done >= 1_000_000:
            break
    per_million = (time.perf_counter() - started) / done * 1e6
    return {
        "candidates": built.size,
        "count_seconds": counted,
        "decode_and_features_seconds_per_million": per_million,
        "features": len(features.names),
    }


def plan(arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds and memory for one plate: a million candidates, three objectives, a constraint, plate rules on."""
    import numpy as np

    from alloop.planning import Constraint, Objective, PlanningProblem, PlateRules, plan_plate
    from alloop.space import FeatureMap
    from alloop.surrogate import observations

    built = _million()
    features = FeatureMap(built)
    rng = np.random.default_rng(0)
    x = features.of_block(built.decode(built.sample(arguments.measurements, rng)))
    z = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    names = ("ionic_conductivity", "oxidation_limit", "density", "target_phase_fraction")
    data = {}
    for name in names:
        truth = np.sin(z @ rng.normal(size=z.shape[1]) / 6) - (z @ rng.normal(size=z.shape[1]) / 12) ** 2
        noisy = truth + 0.15 * rng.standard_normal(len(z))
        groups = np.arange(len(z)) // 64
        data[name] = observations(x, noisy, groups=groups)
    objectives = tuple(Objective(name, "maximize", "linear", "1", reference=-2.0) for name in names[:3])
    wells = tuple(f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 9))
    problem = PlanningProblem(
        space=built,
        features=features,
        objectives=objectives,
        constraints=(Constraint(names[3], -1.0, None, "linear", "1"),),
        rules=PlateRules(wells, random=3, max_wells_per_dopant=24, min_distance=0.002),
        aim={"front": 0.5, "hits": 0.5},
        observations=data,
        formed=None,
        measured=x,
    )
    made = plan_plate(problem, 0)
    return {
        "candidates": built.size,
        "measurements": arguments.measurements,
        "features": len(features.names),
        "seconds": {name: round(value, 2) for name, value in made.seconds.items()},
        "peak_memory_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _million() -> Any:
    """About a million candidates: thirteen dopants, three at a time, ten levels, six process combinations."""
    from alloop.chemistry import parse_species
    from alloop.space import Compensation, Limits, Process, Setting, Site, SiteSpace, Substituent

    levels = tuple(Fraction(i, 25) for i in range(1, 11))
    dopants = "Zn2+ Mn2+ Fe2+ Co2+ In3+ Sc3+ Y3+ Er3+ Yb3+ Al3+ Zr4+ Hf4+ Nb5+"
    substituents = tuple(Substituent(parse_species(s), levels, True) for s in dopants.split())
    settings = (
        Setting("anneal_temperature", "degC", (Fraction(300), Fraction(400)), "plate"),
        Setting("milling_time", "h", (Fraction(1), Fraction(5), Fraction(20)), "well"),
    )
    return SiteSpace(
        (
            Site("M", Fraction(2), parse_species("Mg2+"), substituents),
            Site("X", Fraction(8), parse_species("Cl-")),
        ),
        Compensation(parse_species("Li+"), Fraction(0), Fraction(8)),
        Limits(max_dopants=3),
        Process(settings),
        "Li+",
    )


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
        "space": space,
        "plan": plan,
        "obelix": obelix,
        "demo": demo,
    }
    for name, function in functions.items():
        command = commands.add_parser(name, help=function.__doc__)
        command.add_argument("--json", action="store_true")
        if name == "plan":
            command.add_argument("--measurements", type=int, default=512)
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
