"""Figures of traces and of what was found in them."""

from __future__ import annotations

import numpy as np

from alloop.arrays import FloatArray
from alloop.figures import COLOURS, Axis, Series, figure
from alloop.instruments.cells.half_cycles import Event
from alloop.instruments.cells.polarisation import Conductance
from alloop.instruments.cells.signals import thinned
from alloop.instruments.cells.voltammetry import Onset
from alloop.instruments.cells.weibull import WeibullFit
from alloop.instruments.recording import Trace

_HOUR = 3600.0


def picture_of_polarisation(trace: Trace, found: Conductance, sets_voltage: bool) -> str:
    """The response over time, with the levels at rest."""
    hours = (trace.time_s - trace.time_s[0]) / _HOUR
    response = trace.current_A if sets_voltage else trace.voltage_V
    if sets_voltage:
        # a rest has no current, and zero no logarithm
        hours, response = hours[response != 0.0], response[response != 0.0]
        floor = 1e-9 * float(np.abs(response).max())
        response = np.log10(np.maximum(np.abs(response), floor))
        axis = Axis("log10 of current / A")
    else:
        axis = Axis("voltage / V")
    levels = [step.rest.level for step in found.steps]
    if sets_voltage:
        levels = [float(np.log10(max(abs(one), floor))) for one in levels]
    lines = [(f"at rest {number}", level) for number, level in enumerate(levels[:4], 1)]
    title = "Polarisation at constant voltage" if sets_voltage else "Polarisation at constant current"
    measured = Series("", thinned(hours, response), "curve")
    return figure(title, Axis("time / h"), axis, [measured], levels=lines)


def picture_of_sweep(
    voltage_V: FloatArray, current: FloatArray, onsets: list[Onset], shift_V: float, scale: str, unit: str
) -> str:
    """The first sweeps with baseline and onset; `scale` names the potential scale."""
    factor = 1e6
    series = [Series("measured", thinned(voltage_V + shift_V, factor * current), "curve")]
    for onset in onsets:
        slope, offset = onset.baseline
        ends = [float(voltage_V.min()), float(voltage_V.max())]
        line = [(one + shift_V, factor * (slope * one + offset)) for one in ends]
        series.append(Series("baseline", line, "curve", COLOURS[2]))
        if onset.bound == "exact":
            at = onset.value_V
            sign = 1.0 if onset.reaction == "oxidation" else -1.0
            height = factor * (slope * at + offset + sign * onset.threshold)
            series.append(Series(onset.reaction, [(at + shift_V, height)], "dots", COLOURS[5]))
    return figure("Voltammetry", Axis(f"potential against {scale} / V"), Axis(f"current / µ{unit}"), series)


def picture_of_cell(trace: Trace, events: tuple[Event, ...], title: str) -> str:
    """The voltage of a symmetric cell over time, with what happened to it."""
    begin = float(trace.time_s[0])
    hours = (trace.time_s - begin) / _HOUR
    series = [Series("voltage", thinned(hours, trace.voltage_V), "curve")]
    for kind, colour in zip(("soft short", "short", "rise", "cut-off"), COLOURS[1:], strict=False):
        rows = [int(np.searchsorted(trace.time_s, one.before_s)) for one in events if one.kind == kind][:20]
        rows = [min(row, len(hours) - 1) for row in rows]
        points = [(float(hours[row]), float(trace.voltage_V[row])) for row in rows]
        series.append(Series(kind, points, "dots", colour))
    return figure(title, Axis("time / h"), Axis("voltage / V"), series)


def picture_of_trace(trace: Trace) -> str:
    """Voltage over time, or current over voltage where there are no times: for what is not evaluated."""
    if np.isfinite(trace.time_s).all():
        hours = (trace.time_s - trace.time_s[0]) / _HOUR
        curve = [Series("", thinned(hours, trace.voltage_V), "curve")]
        return figure("Not evaluated", Axis("time / h"), Axis("voltage / V"), curve)
    curve = [Series("", thinned(trace.voltage_V, trace.current_A), "curve")]
    return figure("Not evaluated", Axis("voltage / V"), Axis("current / A"), curve)


def picture_of_cells(high: FloatArray, low: FloatArray, fit: WeibullFit, lower: float, share: float) -> str:
    """Share of failed cells over current density: median ranks of the cells, the fit, the bound.

    Survivors move the ranks of those behind them (L. G. Johnson, The Statistical Treatment of Fatigue Experiments,
    Elsevier 1964); median ranks after A. Benard and E. C. Bos-Levenbach, Statistica Neerlandica 7 (1953) 163.
    """
    at = np.where(np.isfinite(high), high, low)
    order = np.lexsort((np.isinf(high), at))
    n, rank = len(at), 0.0
    points = []
    for place, cell in enumerate(order):
        if np.isfinite(high[cell]):
            rank += (n + 1 - rank) / (n - place + 1)
            points.append((float(np.log10(at[cell])), (rank - 0.3) / (n + 0.4)))
    x = np.linspace(np.log10(max(fit.quantile(0.005), fit.scale / 1e3)), np.log10(fit.quantile(0.995)), 80)
    y = -np.expm1(-((10.0**x / fit.scale) ** fit.shape))
    series = [
        Series("cells", points, "dots"),
        Series("Weibull", list(zip(x.tolist(), y.tolist(), strict=True)), "curve", COLOURS[5]),
    ]
    if lower > 10.0 ** x[0] / 10.0:
        series.append(Series("95 % bound", [(float(np.log10(lower)), share)], "dots", COLOURS[2]))
    return figure(
        "Critical current densities",
        Axis("current density / mA/cm²", "log10"),
        Axis("share of cells that failed"),
        series,
    )
