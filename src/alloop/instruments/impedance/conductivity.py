"""Conductivities from resistances and the pellet's size: σ = L / (R A)."""

from __future__ import annotations

from collections.abc import Mapping

from alloop.instruments.evaluation import DerivedValue, Flag
from alloop.instruments.impedance.analysis import Analysis
from alloop.instruments.impedance.choosing import Estimate
from alloop.instruments.recording import Geometry
from alloop.properties import get_property

_LIKELY_AT_MOST_S_PER_CM = 0.1
_POORLY_RESOLVED_FACTOR = 4.0


def cell_constant(geometry: Geometry) -> float | None:
    """Thickness / area in 1/cm; None where one of them is not there."""
    if geometry.thickness_mm is None or geometry.area_cm2 is None:
        return None
    return geometry.thickness_mm / 10.0 / geometry.area_cm2


def resistance_values(
    analysis: Analysis, temperature_C: float | None, conditions: Mapping[str, float | str]
) -> list[DerivedValue]:
    """Resistances in ohm, which are shown and not recorded."""
    values = [
        DerivedValue(
            "resistance",
            one.value,
            "ohm",
            one.low90,
            one.high90,
            temperature_C=temperature_C,
            kind=kind,
            conditions=conditions,
            method=_method(analysis),
            is_measurement=False,
        )
        for kind, one in analysis.resistances.items()
    ]
    if analysis.above_ohm is not None:
        values.append(
            DerivedValue(
                "resistance",
                analysis.above_ohm,
                "ohm",
                bound="above",
                temperature_C=temperature_C,
                kind="total",
                conditions=conditions,
                method="conductance at the lowest frequencies",
                is_measurement=False,
            )
        )
    return values


def conductivity_values(
    analysis: Analysis,
    cell_constant_per_cm: float,
    temperature_C: float | None,
    conditions: Mapping[str, float | str],
) -> list[DerivedValue]:
    """Conductivities in S/cm; the interval is that of the resistance, the pellet's size is taken as exact.

    The conductivity of the grain boundaries is that of a layer with the size of the pellet (it is no property of
    the material) and so is shown and not recorded.
    """
    known = get_property("ionic_conductivity")
    values = []
    for kind, one in analysis.resistances.items():
        turned = Estimate(*(cell_constant_per_cm / ohm for ohm in (one.value, one.high90, one.low90)))
        values.append(
            DerivedValue(
                "ionic_conductivity",
                turned.value,
                known.unit,
                turned.low90,
                turned.high90,
                temperature_C=temperature_C,
                kind=kind,
                conditions=conditions,
                method=_method(analysis),
                is_measurement=kind != "grain_boundary" and known.low <= turned.value <= known.high,
                flags=(*_resolution(one), *_plausibility(turned.value, known.low, known.high)),
            )
        )
    if analysis.above_ohm is not None:
        value = cell_constant_per_cm / analysis.above_ohm
        values.append(
            DerivedValue(
                "ionic_conductivity",
                value,
                known.unit,
                bound="below",
                temperature_C=temperature_C,
                kind="total",
                conditions=conditions,
                method="conductance at the lowest frequencies",
                is_measurement=known.low <= value <= known.high,
                flags=_plausibility(value, known.low, known.high),
            )
        )
    return values


def _plausibility(value: float, low: float, high: float) -> tuple[Flag, ...]:
    if not low <= value <= high:
        words = f"{value:.3g} S/cm is outside what is possible ({low:g} to {high:g}): check the pellet's size"
        return (Flag("implausible_value", words, "refusal"),)
    if value > _LIKELY_AT_MOST_S_PER_CM:
        words = (
            f"{value:.3g} S/cm is above any known solid electrolyte: a short, or the pellet's size is wrong"
        )
        return (Flag("implausible_value", words, "doubt"),)
    return ()


def _resolution(resistance: Estimate) -> tuple[Flag, ...]:
    factor = resistance.high90 / resistance.low90
    if factor < _POORLY_RESOLVED_FACTOR:
        return ()
    return (Flag("poorly_resolved", f"known within a factor of {factor:.2g} only", "doubt"),)


def _method(analysis: Analysis) -> str:
    return f"impedance, {analysis.candidates[0].circuit}"
