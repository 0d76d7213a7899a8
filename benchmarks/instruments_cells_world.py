"""Cells whose answer is known, as an instrument would record them: for `instruments_cells.py` and the tests.

Noise is white plus a slow random walk, readings are rounded to the instrument's digits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from alloop.instruments.recording import Trace

KT_OVER_E = 0.025693  # V at 25 degrees Celsius


@dataclass(frozen=True)
class Instrument:
    """How an instrument errs: relative to what it reads (white), absolute (white), zero error, digits."""

    relative: float = 1e-3
    absolute: float = 0.0
    offset: float = 0.0
    digit: float = 0.0
    walk: float = 0.0

    def read(self, true: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What it shows of a true signal."""
        noise = (self.relative * np.abs(true) + self.absolute) * rng.normal(size=len(true))
        drift = self.walk * np.cumsum(rng.normal(size=len(true))) / np.sqrt(len(true))
        shown = true + noise + drift + self.offset
        return np.round(shown / self.digit) * self.digit if self.digit > 0 else shown


def polarisation(
    rng: np.random.Generator,
    *,
    electronic_S: float,
    voltages_V: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4),
    hold_s: float = 3600.0,
    interval_s: float = 10.0,
    ionic_share: float = 100.0,
    decay: str = "exponential",
    tau_s: float = 300.0,
    power: float = 1.0,
    current: Instrument = Instrument(),
    voltage: Instrument = Instrument(1e-5, 2e-5, 0.0, 1e-5),
) -> Trace:
    """Steps of a constant voltage on a blocking cell: electrons plus what is left of the ions.

    The ions' current begins at `ionic_share` times the electrons' and decays as exp(-t / tau), or as the power
    (1 + t / tau)^-power that pellets with a range of charging times show.
    """
    t = np.arange(0.0, hold_s, interval_s)
    left = np.exp(-t / tau_s) if decay == "exponential" else (1.0 + t / tau_s) ** -power
    volts, amperes = [], []
    for number, setting in enumerate(voltages_V):
        change = setting - (voltages_V[number - 1] if number else 0.0)
        volts.append(np.full(len(t), setting))
        amperes.append(electronic_S * (setting + ionic_share * change * left))
    true_V, true_A = np.concatenate(volts), np.concatenate(amperes)
    time = np.arange(len(true_V)) * interval_s
    return Trace(time, voltage.read(true_V, rng), current.read(true_A, rng), _zeros(time))


def voltammogram(
    rng: np.random.Generator,
    *,
    start_V: float = 2.5,
    turns_V: tuple[float, ...] = (5.0,),
    rate_V_per_s: float = 1e-4,
    capacitance_F: float = 1e-3,
    leak_S: float = 0.0,
    exchange_A: float = 1e-9,
    oxidation_V: float = 4.0,
    reduction_V: float = 1.0,
    slope_V: float = 0.06,
    limit_A: float = 5e-4,
    points_per_V: int = 500,
    current: Instrument = Instrument(5e-3, 2e-8),
) -> Trace:
    """A sweep from `start_V` to each turn in order: capacitance, leak, two decompositions with Tafel slopes.

    A decomposition's current is exchange_A exp((E - E0) / slope_V), limited by what can be reached (limit_A).
    """
    corners = np.array([start_V, *turns_V])
    pieces = [
        np.linspace(a, b, max(int(abs(b - a) * points_per_V), 2), endpoint=False)
        for a, b in itertools.pairwise(corners)
    ]
    v = np.concatenate([*pieces, corners[-1:]])
    time = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(v)))]) / rate_V_per_s
    way = np.sign(np.gradient(v))
    charging = 1.0 - np.exp(-time * rate_V_per_s / 0.03)
    background = capacitance_F * rate_V_per_s * way * charging + leak_S * (v - start_V)
    faradaic = _limited(exchange_A * np.exp(np.minimum((v - oxidation_V) / slope_V, 60.0)), limit_A)
    faradaic = faradaic - _limited(
        exchange_A * np.exp(np.minimum((reduction_V - v) / slope_V, 60.0)), limit_A
    )
    return Trace(time, np.round(v, 5), current.read(background + faradaic, rng), _zeros(time))


def onset_at(
    threshold_A: float, *, exchange_A: float, e0_V: float, slope_V: float, limit_A: float, sign: int
) -> float:
    """The potential at which a decomposition of `voltammogram` alone reaches a current."""
    kinetic = 1.0 / (1.0 / threshold_A - 1.0 / limit_A)
    return e0_V + sign * slope_V * float(np.log(kinetic / exchange_A))


@dataclass(frozen=True)
class Fate:
    """What becomes of a symmetric cell: the time (h) of its end and how (`short`, `rise`, `alive`), soft shorts."""

    kind: str = "alive"
    hours: float = np.inf
    soft_hours: tuple[float, ...] = ()
    depth: float = 0.05
    soft_depth: float = 0.4
    soft_length_h: float = 0.5
    rise_factor: float = 6.0
    rise_length_h: float = 20.0


def symmetric_cell(
    rng: np.random.Generator,
    currents_A: np.ndarray,
    half_cycle_h: float,
    fate: Fate,
    *,
    resistance_ohm: float = 200.0,
    conditioning: float = 0.3,
    bending: float = 0.3,
    kinetic: float = 0.2,
    backward_share: float = 1.0,
    interval_s: float = 60.0,
    rest_s: float = 0.0,
    cutoff_V: float = np.inf,
    voltage: Instrument = Instrument(3e-3, 2e-5, 0.0, 1e-5, 1e-3),
) -> Trace:
    """A symmetric cell under currents of alternating sign.

    The resistance falls by `conditioning` over the first ten hours, bends up towards the end of each half-cycle
    (voids at the stripped side), and a `kinetic` part of it falls with current (asinh). A short leaves `depth` of
    it; a soft short leaves `soft_depth` for a while; a rise multiplies it smoothly. At `cutoff_V` a half-cycle ends.
    Those of negative current take `backward_share` of the time.
    """
    times, volts, amperes, clock = [], [], [], 0.0
    scale = float(np.abs(currents_A).mean())
    for number, level in enumerate(currents_A):
        t = np.arange(0.0, half_cycle_h * 3600.0 * (1.0 if level > 0 else backward_share), interval_s)
        hours = (clock + t) / 3600.0
        ratio = level / scale
        ohm = resistance_ohm * (1.0 - kinetic + kinetic * np.arcsinh(ratio) / ratio)
        ohm = ohm * (1.0 - conditioning * (1.0 - np.exp(-hours / 3.0)))
        ohm = ohm * (0.9 + 0.1 * (1 - np.exp(-t / 120.0)) + bending * (t / t[-1]) ** 4)
        ohm = ohm * _fate_factor(hours, fate)
        v = level * ohm
        beyond = np.flatnonzero(np.abs(v) > cutoff_V)
        if beyond.size:
            t, v = t[: beyond[0] + 1], v[: beyond[0] + 1]
        times.append(clock + t)
        volts.append(v)
        amperes.append(np.full(len(t), level))
        clock += t[-1] + interval_s
        if rest_s and number + 1 < len(currents_A):
            t = np.arange(0.0, rest_s, interval_s)
            times.append(clock + t)
            volts.append(np.zeros(len(t)))
            amperes.append(np.zeros(len(t)))
            clock += t[-1] + interval_s
    time, true = np.concatenate(times), np.concatenate(volts)
    setting = Instrument(2e-4, 1e-4 * scale)
    return Trace(time, voltage.read(true, rng), setting.read(np.concatenate(amperes), rng), _zeros(time))


def cycling_currents(level_A: float, half_cycles: int) -> np.ndarray:
    """The same current to and fro."""
    return level_A * np.where(np.arange(half_cycles) % 2 == 0, 1.0, -1.0)


def staircase_currents(step_A: float, steps: int, cycles_per_step: int = 1) -> np.ndarray:
    """Rising currents, each to and fro."""
    levels = step_A * np.repeat(np.arange(1, steps + 1), 2 * cycles_per_step)
    return levels * np.where(np.arange(len(levels)) % 2 == 0, 1.0, -1.0)


def with_rests(
    trace: Trace,
    rows: list[int],
    seconds: float,
    how: str,
    *,
    ocv_V: float = 0.0,
    tau_s: float = 600.0,
    interval_s: float = 10.0,
) -> Trace:
    """The same with a rest at open circuit before each of these rows (their number: after the last one).

    The voltage goes from what it was to `ocv_V`. The current is written as `zero` or `nan`; a `gap` is not recorded.
    """
    t = np.arange(interval_s, seconds, interval_s)
    columns: list[list[np.ndarray]] = [[], [], []]
    clock, edges = 0.0, [0, *rows, len(trace.time_s)]
    for number, (first, last) in enumerate(itertools.pairwise(edges)):
        if number:
            before = trace.voltage_V[first - 1] if first else ocv_V + 0.02
            at_begin = trace.time_s[first - 1] if first else trace.time_s[0]
            if how != "gap":
                columns[0].append(clock + at_begin + t)
                columns[1].append(ocv_V + (before - ocv_V) * np.exp(-t / tau_s))
                columns[2].append(np.full(len(t), 0.0 if how == "zero" else np.nan))
            clock += seconds
        for column, values in zip(columns, (trace.time_s, trace.voltage_V, trace.current_A), strict=True):
            column.append(values[first:last] + (clock if column is columns[0] else 0.0))
    time, volts, amperes = (np.concatenate(one) for one in columns)
    return Trace(time, volts, amperes, _zeros(time))


def unevenly_sampled(trace: Trace, rows: list[int], dense: int = 60, every: int = 40) -> Trace:
    """Of a densely sampled trace: `dense` samples after each of these rows, and from there on one of `every`."""
    at = np.arange(len(trace.time_s))
    begin = np.array([0, *rows])
    since = at - begin[np.searchsorted(begin, at, side="right") - 1]
    keep = (since < dense) | (since % every == 0)
    return Trace(trace.time_s[keep], trace.voltage_V[keep], trace.current_A[keep], trace.cycle[keep])


def _fate_factor(hours: np.ndarray, fate: Fate) -> np.ndarray:
    factor = np.ones(len(hours))
    for begin in fate.soft_hours:
        factor[(hours >= begin) & (hours < begin + fate.soft_length_h)] *= fate.soft_depth
    if fate.kind == "short":
        factor[hours >= fate.hours] *= fate.depth
    elif fate.kind == "rise":
        factor *= 1.0 + (fate.rise_factor - 1.0) / (
            1.0 + np.exp(np.clip(-(hours - fate.hours) / (fate.rise_length_h / 8.0), -60.0, 60.0))
        )
    return factor


def _limited(kinetic: np.ndarray, limit: float) -> np.ndarray:
    return kinetic * limit / (kinetic + limit)


def _zeros(time: np.ndarray) -> np.ndarray:
    return np.zeros(len(time), dtype=np.int64)
