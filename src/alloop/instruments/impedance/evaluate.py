"""Impedance recordings to values: every spectrum, and the temperature series that they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alloop.figures import COLOURS, Axis, Series, figure
from alloop.instruments.evaluation import DerivedValue, Evaluation, Flag, Given
from alloop.instruments.impedance.analysis import Analysis, analyse, details_of
from alloop.instruments.impedance.circuits import impedance
from alloop.instruments.impedance.conductivity import cell_constant, conductivity_values, resistance_values
from alloop.instruments.impedance.temperature_series import evaluate_series, temperatures_of
from alloop.instruments.pellet_size import is_refused, size_flags
from alloop.instruments.recording import Recording, Spectrum

_MOST_SPECTRA = 256
_CURVE_POINTS = 200
# The tail of a blocking electrode would dwarf the arcs: what is drawn ends at these multiples of the resistance.
_DRAWN_REAL, _DRAWN_IMAGINARY = 2.5, 1.5


@dataclass(frozen=True)
class _One:
    """One spectrum of a recording with what was made of it."""

    name: str
    temperature_C: float | None
    analysis: Analysis
    values: tuple[DerivedValue, ...]
    flags: tuple[Flag, ...]


def evaluate_impedance(recording: Recording, given: Given) -> Evaluation:
    """Evaluate all spectra of a recording; spectra at two or more temperatures as a series, too.

    The thickness, area and temperature that a person gave go before those of the file; a temperature of their own
    that several spectra state goes before the one given for all.

    Args:
        recording: of kind `impedance`.
        given: what is known of the sample.

    Raises:
        InstrumentError: when `given.circuit` is no circuit.
    """
    distinct = _distinct(recording.spectra)
    shown = distinct[:_MOST_SPECTRA]
    several = len(recording.spectra) > 1
    done = [_evaluate_one(spectrum, recording, given, several) for spectrum in shown]
    values = [value for one in done for value in one.values]
    flags = _file_flags(done, several)
    if len(distinct) < len(recording.spectra):
        words = f"{len(recording.spectra) - len(distinct)} spectra repeat an earlier one to the last digit: left out"
        flags.append(Flag("spectra_repeated", words))
    if len(distinct) > _MOST_SPECTRA:
        words = f"{len(distinct)} spectra; only the first {_MOST_SPECTRA} were evaluated"
        flags.append(Flag("spectra_left_out", words, "doubt"))
    details = {
        "spectra": [
            {"name": one.name, "temperature_C": one.temperature_C} | details_of(one.analysis) for one in done
        ]
    }
    drawn = max(done, key=lambda one: one.analysis.total is not None, default=None)
    image = None if drawn is None else _nyquist(drawn)
    if len(temperatures_of(values)) > 1:
        series = evaluate_series(values, given)
        values += series.values
        flags += series.flags
        details |= series.details
        image = series.figure or image
    models = {one.analysis.candidates[0].circuit: None for one in done if one.analysis.candidates}
    return Evaluation(
        recording.format,
        "impedance",
        tuple(values),
        tuple(flags),
        "; ".join(models),
        details,
        image,
        next((one.analysis.status for one in done if one.analysis.status), None),
    )


def _distinct(spectra: Sequence[Spectrum]) -> list[Spectrum]:
    """The spectra without exact repetitions, which no measurement makes."""
    seen: dict[tuple[bytes, bytes, float | None], Spectrum] = {}
    for one in spectra:
        seen.setdefault((one.frequency_Hz.tobytes(), one.impedance_ohm.tobytes(), one.temperature_C), one)
    return list(seen.values())


def _evaluate_one(spectrum: Spectrum, recording: Recording, given: Given, several: bool) -> _One:
    stated = spectrum.geometry.over(recording.geometry)
    sizes = size_flags(given.geometry, stated)
    believed = not is_refused(sizes)
    constant = cell_constant(given.geometry.over(stated)) if believed else None
    analysis = analyse(spectrum, constant, given.circuit)
    temperature = _temperature(spectrum, recording, given, several)
    flags = [*analysis.flags, *sizes]
    if temperature is None and analysis.candidates:
        flags.append(Flag("temperature_missing", "no temperature stated; a conductivity needs one"))
    name = spectrum.name or ("" if temperature is None else f"{temperature:g} °C")
    conditions = {"spectrum": name} if several and name else {}
    values = resistance_values(analysis, temperature, conditions)
    if constant is not None:
        values += conductivity_values(analysis, constant, temperature, conditions)
    if several:
        # What was found for one spectrum holds for its own values, not for the whole file's.
        own = tuple(flag for flag in flags if flag.severity != "refusal")
        values = [replace(value, flags=(*value.flags, *own)) for value in values]
    return _One(name, temperature, analysis, tuple(values), tuple(flags))


def _temperature(spectrum: Spectrum, recording: Recording, given: Given, several: bool) -> float | None:
    own = (
        (spectrum.temperature_C, given.temperature_C)
        if several
        else (given.temperature_C, spectrum.temperature_C)
    )
    return next((one for one in (*own, recording.temperature_C) if one is not None), None)


def _file_flags(done: Sequence[_One], several: bool) -> list[Flag]:
    """What holds for the whole file: all flags of an only spectrum; of several, why some gave no value."""
    if not several:
        return [flag for one in done for flag in one.flags]
    anything = any(value.is_measurement for one in done for value in one.values)
    refused: dict[tuple[str, str], list[str]] = {}
    for number, one in enumerate(done, start=1):
        for flag in one.flags:
            if flag.severity == "refusal":
                refused.setdefault((flag.name, flag.words), []).append(one.name or f"spectrum {number}")
    flags = []
    for (name, words), names in refused.items():
        whose = "all spectra" if len(names) == len(done) else ", ".join(names[:5])
        whose += f" and {len(names) - 5} more" if 5 < len(names) < len(done) else ""
        flags.append(Flag(name, f"{whose}: {words}", "note" if anything else "refusal"))
    return flags


def _nyquist(one: _One) -> str | None:
    """-Z'' over Z' of the data and the circuit, as far as the arcs reach."""
    sweep = one.analysis.sweep
    if not len(sweep.frequency_Hz):
        return None
    total = one.analysis.total.value if one.analysis.total else None
    points = sweep.impedance_ohm
    series = [Series("measured", _shown(points, total), "dots", COLOURS[0])]
    if one.analysis.candidates:
        fit = one.analysis.candidates[0].reading.fit
        dense = np.geomspace(sweep.frequency_Hz[0], sweep.frequency_Hz[-1], _CURVE_POINTS)
        curve = impedance(fit.circuit, fit.coordinates, dense)
        series.append(Series("fitted", _shown(curve, total), "curve", COLOURS[5]))
    title = f"Impedance {one.name}".strip()
    return figure(title, Axis("Z' (ohm)"), Axis("-Z'' (ohm)"), series)


def _shown(impedance_ohm: np.ndarray, total: float | None) -> list[tuple[float, float]]:
    points = impedance_ohm[:: max(1, len(impedance_ohm) // _CURVE_POINTS)]
    if total is not None:
        inside = (points.real <= _DRAWN_REAL * total) & (np.abs(points.imag) <= _DRAWN_IMAGINARY * total)
        points = points[inside] if inside.any() else points
    return [(float(f"{one.real:.5g}"), float(f"{-one.imag:.5g}")) for one in points]
