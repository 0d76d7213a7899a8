"""Impedance evaluation against known answers: published spectra, synthetic ones, and bad ones.

    python benchmarks/instruments_impedance.py
    python benchmarks/instruments_impedance.py --spectra 100 --json

Published: the EISFitpython example (7 temperatures) with the published circuit and with alloop's own, and Li6PS5Cl at
-25 °C. Synthetic: `synthetic_spectra.py`, of each kind `--spectra`, with seeds (20,000 and up) that were not used to
set anything. Bad: spectra and pellet sizes that must be refused, by the name of the reason. Time: CPU seconds of a
spectrum, and 64 spectra on two processes by the clock. Data are taken from ../shared/data/eis; without them that part
is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))

from synthetic_spectra import BAD_KINDS, GOOD_KINDS, STRANGE_KINDS, Truth, make_spectrum

from alloop.instruments.evaluation import Evaluation, Given
from alloop.instruments.impedance import evaluate_impedance, find_break, fit_arrhenius
from alloop.instruments.impedance.arrhenius import BOLTZMANN_EV_PER_K
from alloop.instruments.readers import read_recording
from alloop.instruments.recording import Geometry, Recording

EIS = Path(__file__).parents[1].parent / "shared" / "data" / "eis"
FIRST_SEED = 20_000
_ENERGY_EV = 0.35
REASONS = {"short": "shorted", "open": "open", "swapped": "sign_of_imaginary"}
KINDS = {"Bulk": "bulk", "Gb": "grain_boundary", "Total": "total"}


def impedance_figures(spectra: int = 40) -> dict[str, Any]:
    """All figures: `published`, `synthetic`, `noise_3_percent`, `refused`, `arrhenius`, `seconds`; JSON values only."""
    with threadpool_limits(1):  # small matrices: threads only wait for each other
        return _figures(spectra)


def _figures(spectra: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "synthetic": {kind: _synthetic(kind, spectra) for kind in (*GOOD_KINDS, *STRANGE_KINDS)},
        "noise_3_percent": {
            kind: _synthetic(kind, spectra // 2, 0.03) for kind in ("none", "one", "two", "gerischer")
        },
        "refused": {kind: _refused(kind, spectra // 2) for kind in BAD_KINDS} | _sizes(),
        "arrhenius": arrhenius_figures(25 * spectra),
        "seconds": _seconds(),
    }
    if EIS.exists():
        found["published"] = {
            "published_circuit": _series("(R1|Q1)+(R2|Q1)+Q2"),
            "own_circuits": _series(None),
            "li6ps5cl_ohm": _sulfide(),
        }
    return found


def _evaluate(truth: Truth) -> Evaluation:
    return evaluate_impedance(Recording("synthetic", (truth.spectrum,)), Given())


def _synthetic(kind: str, count: int, noise: float | None = None) -> dict[str, Any]:
    """Error of log10 R, coverage of the 90 % intervals, and how many were doubted or refused, for one kind."""
    errors: dict[str, list[float]] = {}
    held: dict[str, list[bool]] = {}
    widths, seconds, doubted, missing = [], [], 0, 0
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        truth = make_spectrum(kind, seed, noise)
        started = time.process_time()
        evaluation = _evaluate(truth)
        seconds.append(time.process_time() - started)
        doubted += any(flag.severity == "doubt" for flag in evaluation.flags)
        values = {v.kind: v for v in evaluation.values if v.property == "resistance" and v.bound == "exact"}
        missing += "total" not in values
        parts = {"total": truth.total_ohm, "bulk": truth.bulk_ohm, "grain_boundary": truth.grain_boundary_ohm}
        for part, ohm in parts.items():
            if part in values and np.isfinite(ohm):
                value = values[part]
                errors.setdefault(part, []).append(abs(np.log10(value.value / ohm)))
                held.setdefault(part, []).append(value.low90 <= ohm <= value.high90)
                if part == "total":
                    widths.append(np.log10(value.high90 / value.low90))
    return {
        "spectra": count,
        "without_value": missing,
        "doubted": doubted,
        "median_width_log10": float(np.median(widths)),
        "cpu_seconds_median": float(np.median(seconds)),
        "cpu_seconds_most": float(np.max(seconds)),
        **{
            part: {
                "spectra": len(errors[part]),
                "median_error_log10": float(np.median(errors[part])),
                "p90_error_log10": float(np.quantile(errors[part], 0.9)),
                "most_error_log10": float(np.max(errors[part])),
                "coverage": float(np.mean(held[part])),
            }
            for part in errors
        },
    }


def _refused(kind: str, count: int) -> dict[str, Any]:
    """How many bad spectra were refused (or, for open cells, given as a bound that holds) for the right reason."""
    right = believed = bounds_hold = 0
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        truth = make_spectrum(kind, seed)
        evaluation = _evaluate(truth)
        right += REASONS[kind] in {flag.name for flag in evaluation.flags}
        exact = [v for v in evaluation.values if v.bound == "exact"]
        believed += bool(exact)
        bounds_hold += any(
            v.property == "resistance" and v.bound == "above" and v.value < truth.total_ohm
            for v in evaluation.values
        )
    result = {"spectra": count, "right_reason": right, "believed": believed}
    return result | ({"bounds_that_hold": bounds_hold} if kind == "open" else {})


def _sizes() -> dict[str, Any]:
    """Pellet sizes that must not be believed."""
    spectrum = replace(make_spectrum("one", FIRST_SEED).spectrum, geometry=Geometry())
    cases = {
        "no size": (Geometry(), "geometry_missing"),
        "default area of 0.001 cm2": (Geometry(1.0, 0.001), "geometry_implausible"),
        "thickness of 25 mm": (Geometry(25.0, 0.5), "geometry_implausible"),
        "thickness of 0": (Geometry(0.0, 0.5), "geometry_implausible"),
    }
    right = 0
    for geometry, reason in cases.values():
        evaluation = evaluate_impedance(Recording("synthetic", (spectrum,), geometry=geometry), Given())
        refused = {flag.name for flag in evaluation.flags if flag.severity == "refusal"}
        right += reason in refused and not any(v.is_measurement for v in evaluation.values)
    return {"pellet size": {"spectra": len(cases), "right_reason": right, "believed": len(cases) - right}}


def arrhenius_figures(series: int = 1000) -> dict[str, Any]:
    """Coverage of 90 % intervals by number of temperatures, and how often a bend is found; 3 % scatter."""
    draw = np.random.default_rng(FIRST_SEED)
    coverage: dict[str, Any] = {}
    for count in (3, 4, 5, 7):
        temperature = np.linspace(30.0, 30.0 + 15.0 * (count - 1), count)
        energy = at_25 = 0
        for _ in range(series):
            fit = fit_arrhenius(temperature, _line(temperature, 0.0) * np.exp(0.03 * draw.normal(size=count)))
            low, high = fit.interval90()
            energy += low <= _ENERGY_EV <= high
            _, low, high = fit.predict(25.0)
            at_25 += low <= _line(np.array([25.0]), 0.0)[0] <= high
        coverage[str(count)] = {"activation_energy": energy / series, "conductivity_at_25": at_25 / series}
    breaks: dict[str, Any] = {}
    for count in (6, 8, 10):
        temperature = np.linspace(0.0, 100.0, count)
        for bend in (0.0, 0.1, 0.2):
            found = [
                find_break(temperature, _line(temperature, bend) * np.exp(0.03 * draw.normal(size=count)))
                for _ in range(series)
            ]
            share = sum(one is not None for one in found) / series
            breaks.setdefault(f"bend of {bend:g} eV", {})[f"{count} temperatures"] = share
    return {"series": series, "coverage": coverage, "breaks_found": breaks}


def _line(temperature_C: np.ndarray, bend_eV: float) -> np.ndarray:
    """Conductivities on an Arrhenius line that bends by so much at 50 °C."""
    kelvin = temperature_C + 273.15
    hot = np.minimum(1.0 / kelvin - 1.0 / 323.15, 0.0)
    return 1e5 / kelvin * np.exp(-(_ENERGY_EV / kelvin + bend_eV * hot) / BOLTZMANN_EV_PER_K)


def published() -> dict[str, tuple[float, float, dict[int, tuple[float, float]]]]:
    """By kind: activation energy, its error, and by temperature in K conductivity and its error, as published."""
    text = (EIS / "eisfitpython" / "EXPECTED_Example3_Arrhenius_Analysis_Report.txt").read_text(
        encoding="utf-8"
    )
    found = {}
    for heading, kind in KINDS.items():
        part = text.split(f"{heading} Analysis:")[1].split("Analysis:")[0]
        energy = next(line for line in part.splitlines() if "Activation Energy" in line).split(":")[1].split()
        rows = [line.split() for line in part.splitlines()]
        rows = [row for row in rows if len(row) == 4 and row[0].replace(".", "").isdigit()]
        by_kelvin = {round(float(row[0])): (float(row[1]), float(row[2])) for row in rows}
        found[kind] = (float(energy[0]), float(energy[2]), by_kelvin)
    return found


def _series(circuit: str | None) -> dict[str, Any]:
    """The EISFitpython example against its published conductivities and activation energies."""
    spectra = []
    for celsius in range(140, 201, 10):
        path = EIS / "eisfitpython" / f"s04147-{celsius}deg.txt"
        spectrum = read_recording(path.read_bytes(), path.name).spectra[0]
        spectra.append(replace(spectrum, temperature_C=float(celsius)))
    given = Given(Geometry.of_disc(2.1, 8.0), circuit=circuit)
    evaluation = evaluate_impedance(Recording("text", tuple(spectra)), given)
    result = {}
    for kind, (energy, error, by_kelvin) in published().items():
        values = {
            round((v.temperature_C or 0.0) + 273.0): v
            for v in evaluation.values
            if v.property == "ionic_conductivity" and v.kind == kind and (v.temperature_C or 0.0) > 100
        }
        own = next(v for v in evaluation.values if v.property == "activation_energy" and v.kind == kind)
        overlaps = [
            values[k].low90 <= s + 1.645 * sd and values[k].high90 >= s - 1.645 * sd
            for k, (s, sd) in by_kelvin.items()
            if k in values
        ]
        result[kind] = {
            "temperatures": len(values),
            "largest_error_percent": 100
            * max(abs(values[k].value / s - 1) for k, (s, _) in by_kelvin.items()),
            "intervals_that_overlap": sum(overlaps),
            "activation_energy_eV": own.value,
            "activation_energy_90": [own.low90, own.high90],
            "published_eV": energy,
            "published_error_eV": error,
        }
    return result


def _sulfide() -> dict[str, float]:
    path = EIS / "hybriddrt_PEIS_LPSCl_IonBlocking_-25C.txt"
    evaluation = evaluate_impedance(read_recording(path.read_bytes(), path.name), Given())
    value = next(v for v in evaluation.values if v.property == "resistance" and v.kind == "total")
    return {"value": value.value, "low90": value.low90 or 0.0, "high90": value.high90 or 0.0}


def _seconds() -> dict[str, float]:
    """64 spectra of all kinds on two processes, start of the processes included."""
    kinds = (*GOOD_KINDS, *STRANGE_KINDS)
    truths = [make_spectrum(kinds[i % len(kinds)], FIRST_SEED + i) for i in range(64)]
    started = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_evaluate, truths, chunksize=4))
    return {"spectra": 64, "two_processes": time.perf_counter() - started}


def _print(found: dict[str, Any]) -> None:
    for name, group in (("0.2-1 % noise", "synthetic"), ("3 % noise", "noise_3_percent")):
        print(
            f"\n{name:13s}    n  none doubt | total, |dlog10 R|: half  90 %   most   held |  bulk          | boundary"
        )
        for kind, one in found[group].items():
            line = f"{kind:13s} {one['spectra']:4d} {one['without_value']:5d} {one['doubted']:5d} |"
            total = one["total"]
            line += f"                    {total['median_error_log10']:.4f} {total['p90_error_log10']:.4f} "
            line += f"{total['most_error_log10']:.4f}    {100 * total['coverage']:3.0f} % |"
            for part in ("bulk", "grain_boundary"):
                if part in one:
                    line += (
                        f" {one[part]['median_error_log10']:.3f}   {100 * one[part]['coverage']:3.0f} %  |"
                    )
            print(line)
    print("\nto be refused:", json.dumps(found["refused"]))
    for name, one in found.get("published", {}).items():
        print(f"\n{name}:")
        print(
            json.dumps(one, indent=1) if "value" in one else "\n".join(f"  {k}: {v}" for k, v in one.items())
        )
    print("\nArrhenius lines:", json.dumps(found["arrhenius"]))
    seconds = [one["cpu_seconds_median"] for one in found["synthetic"].values()]
    print(f"\nCPU seconds per spectrum: {np.median(seconds):.2f}; by the clock: {found['seconds']}")


def main(arguments: list[str] | None = None) -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spectra", type=int, default=40, help="of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    found = impedance_figures(options.spectra)
    print(json.dumps(found, indent=2)) if options.json else _print(found)


if __name__ == "__main__":
    main()
