"""Conductivities at several temperatures to activation energies and the conductivity at 25 °C."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alloop.arrays import FloatArray
from alloop.figures import COLOURS, Axis, Series, figure
from alloop.instruments.evaluation import DerivedValue, Evaluation, Flag, Given
from alloop.instruments.impedance.arrhenius import (
    ZERO_CELSIUS_K,
    ArrheniusBreak,
    ArrheniusFit,
    find_break,
    fit_arrhenius,
)
from alloop.properties import get_property

REFERENCE_C = 25.0
_KINDS = ("total", "bulk", "grain_boundary")
_AT_REFERENCE_K = 1.0
_FAR_K = 20.0
_SCATTERED = 0.2
_METHOD = "Arrhenius, ln(σT) against 1/T"


@dataclass(frozen=True)
class _Line:
    """The fits of one kind of conductivity; `stated_sd` is the rms relative error that its points state."""

    kind: str
    temperature_C: FloatArray
    conductivity: FloatArray
    stated_sd: float
    whole: ArrheniusFit
    broken: ArrheniusBreak | None

    @property
    def at_reference(self) -> ArrheniusFit:
        """The line that holds at the reference temperature."""
        return self.broken.branch_at(REFERENCE_C) if self.broken else self.whole

    @property
    def fits(self) -> list[ArrheniusFit]:
        """One line, or the two beside a break."""
        return [self.broken.cold, self.broken.hot] if self.broken else [self.whole]


def temperatures_of(points: Sequence[DerivedValue]) -> set[float]:
    """The different temperatures at which there is an exact conductivity."""
    return {
        one.temperature_C
        for one in points
        if one.property == "ionic_conductivity" and one.bound == "exact" and one.temperature_C is not None
    }


def evaluate_series(points: Sequence[DerivedValue], given: Given) -> Evaluation:
    """Activation energies, prefactors and conductivities at 25 °C, one of each per kind of conductivity.

    Args:
        points: conductivities with their temperatures and intervals; other values are passed over, bounds too.
        given: what is known of the sample; nothing of it is needed here.
    """
    del given
    flags: list[Flag] = []
    values: list[DerivedValue] = []
    lines = []
    bounds = sum(one.property == "ionic_conductivity" and one.bound != "exact" for one in points)
    if bounds:
        flags.append(Flag("bounds_left_out", f"{bounds} bounds of the conductivity are no part of the line"))
    for kind in _KINDS:
        chosen = [one for one in points if _is_usable(one, kind)]
        if len(temperatures_of(chosen)) < 2:
            continue
        line = _fit(kind, chosen)
        lines.append(line)
        flags += _flags(line)
        values += _energies(line)
        values += _at_reference(line)
    if not lines:
        words = f"conductivities at {len(temperatures_of(points))} temperatures; an activation energy needs 3"
        flags.append(Flag("too_few_temperatures", words, "refusal"))
    details = {"arrhenius": {line.kind: _details(line) for line in lines}}
    return Evaluation(
        "temperature series",
        "impedance",
        tuple(values),
        tuple(flags),
        _METHOD if lines else "",
        details,
        _figure(lines),
    )


def _is_usable(one: DerivedValue, kind: str) -> bool:
    return (
        one.property == "ionic_conductivity"
        and one.kind == kind
        and one.bound == "exact"
        and one.temperature_C is not None
        and one.value > 0
        and not any(flag.severity == "refusal" for flag in one.flags)
    )


def _fit(kind: str, points: Sequence[DerivedValue]) -> _Line:
    temperature = np.array([one.temperature_C for one in points], dtype=float)
    conductivity = np.array([one.value for one in points])
    errors = np.array([_log_sd(one) for one in points])
    whole = fit_arrhenius(temperature, conductivity, errors)
    broken = find_break(temperature, conductivity, errors)
    return _Line(kind, temperature, conductivity, float(np.sqrt(np.mean(errors**2))), whole, broken)


def _log_sd(one: DerivedValue) -> float:
    if one.low90 is None or one.high90 is None or one.low90 <= 0:
        return 0.0
    return float(np.log(one.high90 / one.low90)) / (2 * 1.645)


def _energies(line: _Line) -> list[DerivedValue]:
    """Activation energy and prefactor of each branch; the one at the reference temperature is recorded."""
    known = get_property("activation_energy")
    values = []
    for fit in line.fits:
        value = fit.activation_energy_eV
        flags = [_two_temperatures()] if fit.freedom == 0 else []
        possible = known.low <= value <= known.high
        if not possible:
            words = f"{value:.3g} eV is outside what is possible ({known.low:g} to {known.high:g} eV)"
            flags.append(Flag("implausible_value", words, "refusal"))
        low, high = fit.interval90() if fit.freedom else (None, None)
        low_C, high_C = fit.temperature_range_C
        conditions: Mapping[str, float | str] = {"from_C": low_C, "to_C": high_C}
        values.append(
            DerivedValue(
                "activation_energy",
                value,
                known.unit,
                low,
                high,
                kind=line.kind,
                conditions=conditions,
                method=_METHOD,
                is_measurement=possible and line.kind != "grain_boundary" and fit is line.at_reference,
                flags=tuple(flags),
            )
        )
        half = 1.645 * float(np.sqrt(fit.covariance[1, 1])) if fit.freedom else None
        values.append(
            DerivedValue(
                "arrhenius_prefactor",
                float(np.exp(fit.ln_prefactor)),
                "S*K/cm",
                None if half is None else float(np.exp(fit.ln_prefactor - half)),
                None if half is None else float(np.exp(fit.ln_prefactor + half)),
                kind=line.kind,
                conditions=conditions,
                method=_METHOD,
                is_measurement=False,
            )
        )
    return values


def _at_reference(line: _Line) -> list[DerivedValue]:
    """The conductivity at 25 °C on the line, unless it was measured there."""
    if np.any(np.abs(line.temperature_C - REFERENCE_C) <= _AT_REFERENCE_K):
        return []
    known = get_property("ionic_conductivity")
    fit = line.at_reference
    value, low, high = fit.predict(REFERENCE_C)
    # Scatter tells nothing of an error that all points share; the stated ones may be of that sort.
    widening = np.hypot(np.log(high / low) / 2, 1.645 * line.stated_sd)
    low, high = float(value * np.exp(-widening)), float(value * np.exp(widening))
    flags = [_two_temperatures()] if fit.freedom == 0 else []
    distance = fit.distance_K(REFERENCE_C)
    if distance > 0:
        words = f"extrapolated by {distance:.0f} K to {REFERENCE_C:g} °C"
        flags.append(Flag("extrapolated", words, "doubt" if distance > _FAR_K else "note"))
    possible = known.low <= value <= known.high
    if not possible:
        words = f"{value:.3g} S/cm is outside what is possible ({known.low:g} to {known.high:g} S/cm)"
        flags.append(Flag("implausible_value", words, "refusal"))
    return [
        DerivedValue(
            "ionic_conductivity",
            value,
            known.unit,
            low if fit.freedom else None,
            high if fit.freedom else None,
            temperature_C=REFERENCE_C,
            kind=line.kind,
            method=_METHOD,
            is_measurement=possible and line.kind != "grain_boundary",
            flags=tuple(flags),
        )
    ]


def _two_temperatures() -> Flag:
    return Flag("two_temperatures", "a line through two temperatures: no interval can be stated", "doubt")


def _flags(line: _Line) -> list[Flag]:
    flags = []
    if line.broken:
        cold, hot = line.broken.cold, line.broken.hot
        words = (
            f"{line.kind}: the line breaks at {line.broken.temperature_C:.0f} °C, "
            f"Ea {cold.activation_energy_eV:.3f} eV below and {hot.activation_energy_eV:.3f} eV above"
        )
        flags.append(Flag("break", words))
    worst = max((fit.residual_sd for fit in line.fits if fit.freedom), default=0.0)
    if worst > _SCATTERED:
        words = f"{line.kind}: points scatter by {100 * worst:.0f} % about the line"
        flags.append(Flag("scattered", words, "doubt"))
    return flags


def _details(line: _Line) -> dict[str, Any]:
    found: dict[str, Any] = {"branches": [_fit_details(fit) for fit in line.fits]}
    if line.broken:
        found["break"] = {"temperature_C": line.broken.temperature_C, "chance": line.broken.chance}
        found["one_line"] = _fit_details(line.whole)
    return found


def _fit_details(fit: ArrheniusFit) -> dict[str, Any]:
    return {
        "activation_energy_eV": fit.activation_energy_eV,
        "ln_prefactor": fit.ln_prefactor,
        "covariance": fit.covariance.tolist() if fit.freedom else None,
        "residual_sd": fit.residual_sd if fit.freedom else None,
        "temperatures_C": list(fit.temperature_range_C),
        "points": fit.points,
    }


def _figure(lines: Sequence[_Line]) -> str | None:
    if not lines:
        return None
    series = []
    for line, colour in zip(lines, COLOURS, strict=False):
        kelvin = line.temperature_C + ZERO_CELSIUS_K
        dots = [(1e3 / t, float(np.log10(s * t))) for t, s in zip(kelvin, line.conductivity, strict=True)]
        series.append(Series(line.kind.replace("_", " "), dots, "dots", colour))
        for fit in line.fits:
            ends = np.array(fit.temperature_range_C) + ZERO_CELSIUS_K
            heights = [float(np.log10(fit.predict(t - ZERO_CELSIUS_K)[0] * t)) for t in ends]
            series.append(
                Series("", [(1e3 / t, h) for t, h in zip(ends, heights, strict=True)], "curve", colour)
            )
    return figure("Arrhenius", Axis("1000 / T (1/K)"), Axis("σT (S K/cm)", "log10"), series)
