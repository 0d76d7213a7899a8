"""Quality gates: what makes a spectrum, a fit or a pellet size unfit to be believed, each with a named reason."""

from __future__ import annotations

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.instruments.evaluation import Flag, Severity
from alloop.instruments.impedance.choosing import Candidate, Estimate
from alloop.instruments.impedance.circuits import ComplexArray
from alloop.instruments.impedance.fitting import Fit
from alloop.instruments.impedance.kramers_kronig import KramersKronig
from alloop.instruments.impedance.reading import Reading
from alloop.instruments.impedance.sweep import Sweep

# Leads and contacts of a laboratory cell have a few tenths of an ohm to two ohms.
_LEADS_OHM = 2.0
# Three times the best conductivity known: 3.2e-2 S/cm, a high-entropy LGPS (doi:10.1126/science.add7138).
_BEYOND_ANY_ELECTROLYTE_S_PER_CM = 0.1
_NO_CAPACITANCE = 0.05
_KK_LARGEST, _KK_RMS = 0.05, 0.02
_DRIFT_STEP, _DRIFT_POINTS, _DRIFT_BY_NOISES = 0.03, 3, 5.0
_NOISY, _TOO_NOISY = 0.02, 0.1
_POOR_FIT = 0.03
_OUTLIER, _RUN = 0.05, 3
_UNDETERMINED_FACTOR = 10.0
# A blocking electrode holds more than this in a cell of 1 per cm; below, the sample itself is charged.
_SAMPLE_BELOW_F_PER_CM = 1e-9


def short_flag(sweep: Sweep, cell_constant_per_cm: float | None) -> Flag | None:
    """Whether the spectrum is that of leads and contacts: resistive or inductive all over, and too small."""
    capacitive = -sweep.impedance_ohm.imag / np.abs(sweep.impedance_ohm)
    limit = max(_NO_CAPACITANCE, 4.0 * (sweep.noise if np.isfinite(sweep.noise) else 0.0))
    if np.sum(capacitive > limit) > 0.05 * len(capacitive):
        return None
    lowest = sweep.impedance_ohm[-max(len(capacitive) // 4, 3) :]
    resistance = float(np.median(lowest.real))
    conductivity = cell_constant_per_cm / resistance if cell_constant_per_cm and resistance > 0 else 0.0
    if resistance < _LEADS_OHM or conductivity > _BEYOND_ANY_ELECTROLYTE_S_PER_CM:
        words = f"{resistance:.3g} ohm without any capacitance: the cell is shorted"
        return Flag("shorted", words, "refusal")
    words = (
        f"{resistance:.3g} ohm without any capacitance: ions cannot be told from electrons; "
        "a soft short or a reversible electrode looks the same"
    )
    return Flag("no_capacitance", words, "doubt")


def open_resistance(sweep: Sweep, cell_constant_per_cm: float | None) -> float | None:
    """What the resistance of a sample that is only charged is certainly above, in ohm; None if it is not such a one.

    For any network of resistors and capacitors the real part of 1/Z falls with frequency, so that the conductance
    at rest is below the one at the lowest frequencies; 1.645 standard errors are added.
    """
    low = sweep.frequency_Hz <= 10.0 * sweep.frequency_Hz[-1]
    admittance = 1.0 / sweep.impedance_ohm[low]
    capacitance = np.median(admittance.imag / (2.0 * np.pi * sweep.frequency_Hz[low]))
    phase = np.median(np.degrees(np.angle(sweep.impedance_ohm[low])))
    if capacitance * (cell_constant_per_cm or 1.0) > _SAMPLE_BELOW_F_PER_CM or phase > -45.0:
        return None
    noise = max(sweep.noise if np.isfinite(sweep.noise) else 0.01, 0.003)
    last = admittance[-max(len(admittance) // 3, 3) :]
    error = noise * float(np.median(np.abs(last))) / np.sqrt(len(last))
    return float(1.0 / (max(np.median(last.real), 0.0) + 1.645 * error))


def undetermined(total: Estimate | None) -> bool:
    """Whether the interval of a resistance is so wide that only a bound can be stated."""
    return total is None or total.high90 / total.low90 > _UNDETERMINED_FACTOR


def inliers(fit: Fit) -> BoolArray:
    """(n,) points that do not stand out of a fit; three or more in a row are no outliers but something real."""
    out = np.abs(fit.residual) > max(_OUTLIER, 5.0 * fit.misfit)
    runs = np.asarray(np.lib.stride_tricks.sliding_window_view(out, _RUN).all(axis=1))
    in_run = np.zeros_like(out)
    for offset in range(_RUN):
        in_run[offset : offset + len(runs)] |= runs
    return np.asarray(~out | in_run)


def consistency_flags(sweep: Sweep, kept: BoolArray, kk: KramersKronig) -> list[Flag]:
    """Noise, outliers, and whether the sample was the same from the first point to the last.

    Args:
        sweep: the spectrum.
        kept: (n,) its points without outliers.
        kk: the test of those.
    """
    flags = []
    noise = sweep.noise if np.isfinite(sweep.noise) else 0.0
    if not kept.all():
        where = ", ".join(f"{one:.3g}" for one in sweep.frequency_Hz[~kept][:5])
        flags.append(Flag("outliers", f"{np.sum(~kept)} points stand out and count less: {where} Hz"))
    if noise > _NOISY:
        severity: Severity = "refusal" if noise > _TOO_NOISY else "doubt"
        words = f"random error of {100 * noise:.1f} % of |Z|; raise the amplitude or average longer"
        flags.append(Flag("noisy", words, severity))
    if kk.largest > _KK_LARGEST + 4.0 * noise or kk.rms > _KK_RMS + 2.0 * noise:
        words = f"Kramers-Kronig residuals up to {100 * kk.largest:.1f} % of |Z| (rms {100 * kk.rms:.1f} %)"
        flags.append(Flag("not_stationary", f"{words}: the sample changed, or the leads speak", "doubt"))
    fall = _fall_of_real_part(sweep.impedance_ohm[kept], noise)
    if fall > _DRIFT_STEP:
        words = (
            f"the real part falls by {100 * fall:.0f} % towards low frequency: the sample changed meanwhile"
        )
        flags.append(Flag("not_stationary", words, "doubt"))
    return flags


def _fall_of_real_part(impedance_ohm: ComplexArray, noise: float) -> float:
    """By what share, beyond noise, the real part stays below a value that it had at a higher frequency.

    In a passive sample it can only rise towards low frequency.
    """
    half = len(impedance_ohm) // 2  # leads and stray capacitance disturb the upper half
    real, size = impedance_ohm.real[half:], np.abs(impedance_ohm[half:])
    if len(real) < _DRIFT_POINTS:
        return 0.0
    highest = np.maximum.accumulate(real)
    fall = (highest - real - _DRIFT_BY_NOISES * noise * size) / np.maximum(highest, 1e-300)
    runs = np.lib.stride_tricks.sliding_window_view(fall, _DRIFT_POINTS)
    return float(runs.min(axis=1).max())


def fit_flags(sweep: Sweep, best: Candidate, total: Estimate | None) -> list[Flag]:
    """Whether the circuit fits, and whether its arcs were seen."""
    flags = []
    noise = sweep.noise if np.isfinite(sweep.noise) else 0.0
    fit = best.reading.fit
    if fit.misfit > max(_POOR_FIT, 3.0 * noise):
        words = f"{best.circuit} misses |Z| by {100 * fit.misfit:.1f} %; no usual circuit comes closer"
        flags.append(Flag("poor_fit", words, "doubt"))
    if best.objection and total is not None:
        flags.append(Flag("odd_circuit", f"{best.circuit}: {best.objection}", "doubt"))
    if total is not None and total.value < _LEADS_OHM:
        words = f"{total.value:.2g} ohm is no more than leads and contacts have: take a blank from it"
        flags.append(Flag("low_resistance", words))
    flags += _window_flags(best.reading, sweep.frequency_Hz)
    flags += _process_flags(best.reading)
    return flags


def _window_flags(reading: Reading, frequency_Hz: FloatArray) -> list[Flag]:
    top, bottom = float(frequency_Hz[0]), float(frequency_Hz[-1])
    flags = []
    peaks = [one.peak_Hz for one in reading.electrolyte]
    slow = [peak for peak in peaks if peak is not None and peak < bottom]
    if slow:
        words = f"an arc peaks at {min(slow):.2g} Hz, below the window: its resistance is extrapolated"
        flags.append(Flag("arc_outside_window", f"{words}; measure lower or warmer", "doubt"))
    fast = [peak for peak in peaks if peak is not None and peak > top]
    if fast:
        words = f"an arc peaks at {max(fast):.2g} Hz, above the window: the total holds, its parts do not"
        flags.append(Flag("arc_outside_window", words))
    elif peaks and all(peak is None for peak in peaks):
        words = f"no arc up to {top:.2g} Hz: only the total resistance is seen, leads included"
        flags.append(Flag("arc_outside_window", words))
    return flags


def _process_flags(reading: Reading) -> list[Flag]:
    flags = []
    arcs = [one for one in reading.electrolyte if one.capacitance_F is not None]
    if len(arcs) == 1 and len(reading.electrolyte) == 1:
        whose = "the grains" if arcs[0].is_bulk else "grain boundaries or a second phase"
        words = f"one arc with {arcs[0].capacitance_F:.2g} F, as {whose} have: bulk and boundary are not told apart"
        flags.append(Flag("one_arc", words))
    if reading.electrolyte and reading.electrolyte[-1].is_unclear and len(reading.electrolyte) > 1:
        last = reading.electrolyte[-1]
        words = f"an arc of {last.resistance_ohm:.3g} ohm with {last.capacitance_F:.2g} F may be boundary or contact"
        flags.append(Flag("unclear_arc", f"{words}: the interval holds both"))
    return flags
