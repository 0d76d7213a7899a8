"""Polarisation and voltammetry of cells that block the ions at one electrode: values, flags, figure."""

from __future__ import annotations

import re

import numpy as np

from alloop.arrays import BoolArray
from alloop.errors import InstrumentError
from alloop.instruments.cells.case import Case, Outcome
from alloop.instruments.cells.pictures import picture_of_polarisation, picture_of_sweep
from alloop.instruments.cells.polarisation import Conductance, electronic_conductance
from alloop.instruments.cells.references import shift_to_metal
from alloop.instruments.cells.signals import FEWEST_POINTS
from alloop.instruments.cells.sweeps import Sweep
from alloop.instruments.cells.technique import Programme
from alloop.instruments.cells.voltammetry import SHORTEST_V, THRESHOLD_A_PER_CM2, Onset, Reaction, find_onset
from alloop.instruments.evaluation import Bound, DerivedValue, Flag
from alloop.instruments.pellet_size import is_refused

_OPPOSITE: dict[Bound, Bound] = {"below": "above", "above": "below", "exact": "exact"}


def outcome_of_polarisation(case: Case, programme: Programme) -> Outcome:
    """Electronic resistance and conductivity.

    Raises:
        InstrumentError: when nothing can be said (see `polarisation.electronic_conductance`), or when the electrodes
            are said not to block the ions.
    """
    _check_blocking(case)
    found = electronic_conductance(case.trace, programme)
    sets_voltage = programme.technique == "potentiostatic polarisation"
    conditions = case.conditions(**_settings(found, sets_voltage))
    method = f"{programme.technique}, {len(found.steps)} settings"
    resistance = DerivedValue(
        "electronic_resistance", 1.0 / found.value_S, "ohm",
        None if found.high90_S is None else 1.0 / found.high90_S,
        None if found.low90_S is None else 1.0 / found.low90_S,
        _OPPOSITE[found.bound], case.temperature_C, None, conditions, method, is_measurement=False,
    )  # fmt: skip
    sizes = case.size_flags(thickness=True)
    values: tuple[DerivedValue, ...] = (resistance,)
    flags = found.flags + sizes
    if "electrodes" not in case.stated:
        flags += (Flag("blocking_assumed", "electrodes are taken to block the ions: say what they are"),)
    if not is_refused(sizes):
        thickness_mm, area_cm2 = case.geometry.thickness_mm, case.geometry.area_cm2
        assert thickness_mm is not None
        assert area_cm2 is not None
        per_cm = thickness_mm / 10.0 / area_cm2
        low, high = found.low90_S, found.high90_S
        value = DerivedValue(
            "electronic_conductivity", per_cm * found.value_S, "S/cm",
            None if low is None else per_cm * low, None if high is None else per_cm * high,
            found.bound, case.temperature_C, None, conditions, method,
        )  # fmt: skip
        values = (value, *values)
    details = {
        "steps": [
            {
                "setting": step.setting,
                "level": step.rest.level,
                "state": step.rest.state,
                "drift": step.rest.drift,
                "seconds": step.seconds,
            }
            for step in found.steps
        ],
        "zero_error": found.zero_error,
        "sets": "voltage" if sets_voltage else "current",
    }
    figure = picture_of_polarisation(case.trace, found, sets_voltage)
    return Outcome(
        "polarisation", values, flags, "I = G V + I0" if len(found.steps) > 1 else "I = G V", details, figure
    )


def outcome_of_voltammetry(case: Case, programme: Programme) -> Outcome:
    """Onsets of oxidation and reduction in the first sweep each way.

    Raises:
        InstrumentError: when the reference is not known, or the first sweep has no baseline.
    """
    first = _first_sweep(case, programme)
    shift, scale = shift_to_metal(case.stated, case.given.mobile_ion)
    sizes = case.size_flags(thickness=False)
    has_area = not is_refused(sizes)
    area = case.geometry.area_cm2 if has_area and case.geometry.area_cm2 else 1.0
    density = case.trace.current_A / area
    threshold = THRESHOLD_A_PER_CM2 if has_area else None
    flags = tuple(one for one in sizes if has_area)
    if not has_area:
        flags += (
            Flag(
                "geometry_missing",
                "no believable electrode area: onsets are read by the tangent, not at a current density",
                "doubt",
            ),
        )
    rate = _rate_mV_per_s(case, first)
    if rate is None:
        flags += (Flag("scan_rate_unknown", "the sweep rate is not known: state scan_rate_V_per_s", "doubt"),)
    if "carbon_wt_percent" not in case.stated:
        flags += (
            Flag(
                "carbon_unknown",
                "the carbon content of the electrode is not stated: little carbon hides reactions",
            ),
        )
    v = case.trace.voltage_V
    onsets = [find_onset(v[first.rows], density[first.rows], _reaction(first), threshold)]
    shown = first.rows
    second = _second_sweep(case, programme, first)
    if second is not None:
        sweep, fresh = second
        reaction, before = _reaction(sweep), _reaction(first)
        onsets.append(find_onset(v[sweep.rows][fresh], density[sweep.rows][fresh], reaction, threshold))
        words = f"the {reaction} was swept after the {before}: its products may react first; use a fresh cell"
        flags += (Flag("second_sweep", words, "doubt"),)
    if len(programme.sweeps) > programme.sweeps.index(first) + 1:
        shown = slice(first.start, programme.sweeps[programme.sweeps.index(first) + 1].stop)
    flags += tuple(flag for one in onsets for flag in one.flags)
    known: dict[str, float | str] = {} if rate is None else {"scan_rate_mV_per_s": rate}
    values = tuple(_limit(case, one, shift, scale, has_area, known) for one in onsets)
    details = {
        "onsets": [
            {
                "reaction": one.reaction,
                "threshold": one.threshold,
                "threshold_unit": "A/cm2" if has_area else "A",
                "by_threshold_V": one.value_V + shift,
                "by_tangent_V": None if one.tangent_V is None else one.tangent_V + shift,
                "bound": one.bound,
            }
            for one in onsets
        ],
        "shift_V": shift,
        "window_V": [float(v[first.rows].min()) + shift, float(v[first.rows].max()) + shift],
    }
    figure = picture_of_sweep(v[shown], density[shown], onsets, shift, scale, "A/cm²" if has_area else "A")
    return Outcome("voltammetry", values, flags, "threshold over a linear baseline", details, figure)


def _check_blocking(case: Case) -> None:
    stated = str(case.stated.get("electrodes", ""))
    metal = re.sub(r"[^A-Za-z]", "", case.given.mobile_ion)
    if metal in re.findall(r"[A-Z][a-z]?", stated) and "block" not in stated.lower():
        raise InstrumentError(
            f"the electrodes ({stated}) let {case.given.mobile_ion} pass: the current at rest is that of the ions",
            "measure electronic conductivity between blocking electrodes such as steel or gold",
        )


def _settings(found: Conductance, sets_voltage: bool) -> dict[str, float | str]:
    largest = max(abs(step.setting) for step in found.steps)
    hold = float(np.median([step.seconds for step in found.steps]))
    return {"voltage_V" if sets_voltage else "current_A": round(largest, 12), "hold_time_s": round(hold, 1)}


def _reaction(sweep: Sweep) -> Reaction:
    return "oxidation" if sweep.rate_V_per_s > 0 else "reduction"


def _rate_mV_per_s(case: Case, sweep: Sweep) -> float | None:
    if np.isfinite(case.trace.time_s).all():
        return float(f"{1e3 * abs(sweep.rate_V_per_s):.3g}")
    stated = case.stated.get("scan_rate_V_per_s", "")
    try:
        return 1e3 * float(stated) if stated != "" else None
    except ValueError:
        raise InstrumentError(f"scan_rate_V_per_s is {stated!r}", "give it in V/s") from None


def _first_sweep(case: Case, programme: Programme) -> Sweep:
    """The first sweep that is long enough for a baseline; the longest where none is."""
    heights = [float(np.ptp(case.trace.voltage_V[one.rows])) for one in programme.sweeps]
    long_enough = [one for one, height in zip(programme.sweeps, heights, strict=True) if height >= SHORTEST_V]
    return long_enough[0] if long_enough else programme.sweeps[int(np.argmax(heights))]


def _second_sweep(case: Case, programme: Programme, first: Sweep) -> tuple[Sweep, BoolArray] | None:
    """The first sweep the other way that reaches beyond the start of the first, and which rows of it do."""
    voltage = case.trace.voltage_V
    for sweep in programme.sweeps:
        if sweep.start <= first.start or _reaction(sweep) == _reaction(first):
            continue
        v = voltage[sweep.rows]
        fresh = v > voltage[first.start] if _reaction(sweep) == "oxidation" else v < voltage[first.start]
        if fresh.sum() > FEWEST_POINTS and np.ptp(v[fresh]) >= SHORTEST_V:
            return sweep, fresh
    return None


def _limit(
    case: Case, onset: Onset, shift: float, scale: str, has_area: bool, known: dict[str, float | str]
) -> DerivedValue:
    """The property that an onset is, on the scale of the mobile ion's metal."""
    if has_area or onset.bound != "exact" or onset.tangent_V is None:
        value, criterion = (
            onset.value_V,
            f"{1e6 * onset.threshold:.3g} uA{'/cm2' * has_area} over the baseline",
        )
    else:
        value, criterion = onset.tangent_V, "tangent"
    conditions = case.conditions(**known, criterion=criterion)
    conditions |= {"reference_electrode": scale}
    if shift:
        conditions["measured_against"] = str(case.stated.get("reference_electrode", f"{shift:g} V"))
    low, high = onset.low90_V, onset.high90_V
    return DerivedValue(
        "oxidation_limit" if onset.reaction == "oxidation" else "reduction_limit", value + shift, "V",
        None if low is None else low + shift, None if high is None else high + shift,
        onset.bound, case.temperature_C, None, conditions, "onset in the first sweep",
    )  # fmt: skip
