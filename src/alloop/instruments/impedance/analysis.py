"""One spectrum from its points to the resistances of the sample, with everything that speaks for and against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alloop.instruments.evaluation import Flag
from alloop.instruments.impedance.choosing import Candidate, Estimate, estimate, soft_scale, try_circuits
from alloop.instruments.impedance.circuit_text import circuit_text, parse_circuit
from alloop.instruments.impedance.fitting import fit_circuit
from alloop.instruments.impedance.gates import (
    consistency_flags,
    fit_flags,
    inliers,
    open_resistance,
    short_flag,
    undetermined,
)
from alloop.instruments.impedance.kramers_kronig import KramersKronig, linear_kramers_kronig
from alloop.instruments.impedance.reading import Reading, read_fit
from alloop.instruments.impedance.starts import starting_points
from alloop.instruments.impedance.sweep import Sweep, make_sweep
from alloop.instruments.recording import Spectrum

# A person's circuit is fitted as persons' programs do: only gross outliers count less.
_GIVEN_SCALE = 0.1
_SHOWN_ALTERNATIVES = 6


@dataclass(frozen=True)
class Analysis:
    """What a spectrum says of its sample.

    Attributes:
        sweep: the points that were used.
        candidates: circuits that were tried, the best first; empty where none was.
        test: the Kramers-Kronig test of the points without outliers.
        total, bulk, grain_boundary: resistances in ohm, None where not determined.
        above_ohm: what the total is certainly above, where it could not be determined.
        flags: all that was found.
        status: `shorted` where it is.
    """

    sweep: Sweep
    candidates: tuple[Candidate, ...] = ()
    test: KramersKronig | None = None
    total: Estimate | None = None
    bulk: Estimate | None = None
    grain_boundary: Estimate | None = None
    above_ohm: float | None = None
    flags: tuple[Flag, ...] = ()
    status: str | None = None

    @property
    def resistances(self) -> dict[str, Estimate]:
        """Resistances by kind, those that were determined."""
        kinds = {"total": self.total, "bulk": self.bulk, "grain_boundary": self.grain_boundary}
        return {kind: found for kind, found in kinds.items() if found is not None}


def analyse(
    spectrum: Spectrum, cell_constant_per_cm: float | None = None, circuit: str | None = None, seed: int = 0
) -> Analysis:
    """Evaluate one spectrum.

    Args:
        spectrum: of any order of frequencies.
        cell_constant_per_cm: thickness / area; None where it is not known or not believed.
        circuit: to be fitted instead of the usual ones.
        seed: of starting values, where those are drawn.

    Raises:
        InstrumentError: when `circuit` is no circuit.
    """
    asked = parse_circuit(circuit) if circuit else None
    sweep = make_sweep(spectrum)
    flags = list(sweep.flags)
    if sweep.is_refused:
        return Analysis(sweep, flags=tuple(flags))
    frequency, impedance = sweep.frequency_Hz, sweep.impedance_ohm
    short = short_flag(sweep, cell_constant_per_cm)
    if short is not None:
        flags.append(short)
        if short.severity == "refusal":
            return Analysis(sweep, flags=tuple(flags), status="shorted")
    if asked is None:
        candidates = try_circuits(frequency, impedance, sweep.noise, cell_constant_per_cm, seed)
    else:
        starts = starting_points(asked, frequency, impedance, seed)
        fit = fit_circuit(asked, frequency, impedance, starts, max(_GIVEN_SCALE, soft_scale(sweep.noise)))
        candidates = (Candidate(read_fit(fit, cell_constant_per_cm, is_chosen=False), 1.0, ""),)
    kept = inliers(candidates[0].reading.fit)
    if kept.sum() < len(kept) / 2:
        kept[:] = True
    test = linear_kramers_kronig(frequency[kept], impedance[kept])
    flags += consistency_flags(sweep, kept, test)
    total = estimate(candidates, Reading.totals)
    if undetermined(total):
        return _bounded(sweep, candidates, test, cell_constant_per_cm, flags)
    flags += fit_flags(sweep, candidates[0], total)
    bulk, boundary = (estimate(candidates, part) for part in (Reading.bulk, Reading.grain_boundary))
    if any(flag.severity == "refusal" for flag in flags):
        total = bulk = boundary = None
    return Analysis(sweep, candidates, test, total, bulk, boundary, None, tuple(flags))


def _bounded(
    sweep: Sweep,
    candidates: tuple[Candidate, ...],
    test: KramersKronig,
    cell_constant_per_cm: float | None,
    flags: list[Flag],
) -> Analysis:
    """Without a resistance: a bound of it, where the sample is only charged, or the reason why there is none."""
    above = open_resistance(sweep, cell_constant_per_cm)
    if any(flag.severity == "refusal" for flag in flags):
        above = None
    elif above is not None:
        words = f"capacitive down to {sweep.frequency_Hz[-1]:.2g} Hz: the resistance is above {above:.2g} ohm"
        flags.append(Flag("open", f"{words}; measure lower or warmer, or check the contacts"))
    else:
        words = "no plateau and no arc between the leads and the electrodes: no resistance can be told"
        flags.append(Flag("arc_outside_window", words, "refusal"))
    return Analysis(sweep, candidates, test, above_ohm=above, flags=tuple(flags))


def details_of(analysis: Analysis) -> dict[str, Any]:
    """An analysis for machines: JSON values only."""
    sweep, test = analysis.sweep, analysis.test
    found: dict[str, Any] = {
        "points": len(sweep.frequency_Hz),
        "noise": _finite(sweep.noise),
        "resistance_above_ohm": analysis.above_ohm,
        "resistance_ohm": {
            kind: {"value": one.value, "low90": one.low90, "high90": one.high90}
            for kind, one in analysis.resistances.items()
        },
    }
    if test is not None:
        found["kramers_kronig"] = {"largest": test.largest, "rms": test.rms, "rc_elements": test.rc_elements}
    if analysis.candidates:
        best = analysis.candidates[0]
        fit = best.reading.fit
        found |= {
            "circuit": best.circuit,
            "parameters": {name: _finite(value) for name, value in fit.parameters.items()},
            "errors": {name: _finite(value) for name, value in fit.standard_errors.items()},
            "misfit": fit.misfit,
            "alternatives": [
                {
                    "circuit": circuit_text(one.reading.fit.circuit),
                    "weight": one.weight,
                    "misfit": one.reading.fit.misfit,
                    "total_ohm": one.reading.total_ohm,
                    "objection": one.objection,
                }
                for one in analysis.candidates[:_SHOWN_ALTERNATIVES]
            ],
        }
    return found


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
