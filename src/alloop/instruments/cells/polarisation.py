"""Electronic conductance from DC polarisation with electrodes that block the ions.

At rest only electrons flow (M. H. Hebb, J. Chem. Phys. 20 (1952) 185; C. Wagner, Z. Elektrochem. 60 (1956) 4):
G = I / V. Several steps give the slope of a line, free of the instrument's zero error. The slower the ions leave, the
longer it takes; what still drifts is an upper bound of the electrons' share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.cells.relaxation import Rest, last_share, rest_of
from alloop.instruments.cells.segments import pauses
from alloop.instruments.cells.signals import Plateau, digital_step, noise_of
from alloop.instruments.cells.technique import Programme
from alloop.instruments.evaluation import Bound, Flag
from alloop.instruments.recording import Trace

_FEWEST_SAMPLES = 12  # of a step
_NORMAL_90 = 1.645
_DETECTED = 3.0  # standard uncertainties above zero: what is less is not detected
_NOT_OHMIC = 0.1  # deviation from the line, relative to the response
_ZERO_OF_RANGE = 1e-3  # zero error, relative to the range; makers state 0.03 to 0.3 %
_AGAINST = Flag(
    "current_against_voltage",
    "current flows against the voltage: the instrument's sign convention, or a zero error; check it",
    "doubt",
)


@dataclass(frozen=True)
class Step:
    """One setting and what the cell came to: volts and amperes, or amperes and volts where the current was set.

    Attributes:
        setting: held.
        rest: what the response came to.
        seconds: for how long.
        zero_error: standard uncertainty of the instrument's zero at that response, as assumed: the largest of its
            noise, its digit, and a thousandth of the range, which is taken as the next decade. Where the current was
            set, the voltage at open circuit is no less a zero error: up to the first voltages under current.
    """

    setting: float
    rest: Rest
    seconds: float
    zero_error: float


@dataclass(frozen=True)
class Conductance:
    """An electronic conductance.

    Attributes:
        value_S: the estimate, or the limit where `bound` is not `exact`.
        low90_S, high90_S: its 90 % interval; None for a bound.
        bound: whether the true one is this, below or above.
        steps: what it comes from.
        zero_error: response at a setting of zero, in A (V where the current was set); None with one setting.
        flags: what was found.
    """

    value_S: float
    low90_S: float | None
    high90_S: float | None
    bound: Bound
    steps: tuple[Step, ...]
    zero_error: float | None
    flags: tuple[Flag, ...]


def electronic_conductance(trace: Trace, programme: Programme) -> Conductance:
    """The conductance that is left when the ions have come to rest.

    Args:
        trace: without gaps.
        programme: a polarisation, as `technique.recognise` gives it.

    Raises:
        InstrumentError: when the cell does not come to rest in a way that bounds anything, or when no voltage (no
            current) was applied.
    """
    sets_voltage = programme.technique == "potentiostatic polarisation"
    response = trace.current_A if sets_voltage else trace.voltage_V
    if not response.any():
        raise InstrumentError(
            "what was measured is exactly zero throughout",
            "check the current range and whether a cell was connected",
        )
    held = [one for one in programme.plateaus if one.stop - one.start >= _FEWEST_SAMPLES]
    steps = _steps(trace, held, programme.rests if sets_voltage else (), sets_voltage)
    _check(steps, sets_voltage, trace)
    flags = _flags_of_steps(steps, sets_voltage)
    line = _line(steps)
    flags += line.flags
    slope, low, high = line.slope, line.low90, line.high90
    if slope < 0:
        slope, low, high = -slope, -high, -low
    resolved = slope > _DETECTED / _NORMAL_90 * (slope - low)
    if resolved and line.slope < 0:
        flags += (_AGAINST,)
    lacking = any(step.rest.state == "drifting" for step in steps)
    if not resolved:
        # not even the sign is known
        high = max(abs(low), abs(high))
        flags += (_below_resolution(slope, (line.high90 - line.low90) / 2.0, sets_voltage),)
    zero_error = line.at_zero
    if sets_voltage:
        if lacking or not resolved:
            return Conductance(high, None, None, "below", steps, zero_error, flags)
        return Conductance(slope, low, high, "exact", steps, zero_error, flags)
    # the slope is a resistance
    if not resolved:
        return Conductance(1.0 / high, None, None, "above", steps, zero_error, flags)
    if lacking:
        return Conductance(1.0 / low, None, None, "below", steps, zero_error, flags)
    return Conductance(1.0 / slope, 1.0 / high, 1.0 / low, "exact", steps, zero_error, flags)


def _steps(
    trace: Trace, held: list[Plateau], rests: tuple[slice, ...], sets_voltage: bool
) -> tuple[Step, ...]:
    """Each plateau with what it comes to.

    The ions' current has the sign of the voltage's last change and dies away; a voltage follows the last change of the
    current. So it is known which way each relaxation goes, up to the instrument's sign convention. A rest changes
    the voltage as well; one that was not recorded is taken to have discharged the cell.
    """
    time_s, response = trace.time_s, trace.current_A if sets_voltage else trace.voltage_V
    digit, paused = digital_step(response), set(pauses(time_s).tolist())
    medians = [float(np.median(response[one.rows])) for one in held]
    convention = -1.0 if sum(one.level * y for one, y in zip(held, medians, strict=True)) < 0 else 1.0
    found, before = [], 0.0
    since = 0
    for one in held:
        rested = [rest for rest in rests if since < rest.stop <= one.start]
        if rested:
            before = float(np.median(trace.voltage_V[rested[-1]][-_FEWEST_SAMPLES:]))
        elif one.start in paused:
            before = 0.0
        change = convention * (one.level - before or one.level)
        clock, values = time_s[one.rows], response[one.rows]
        rest = rest_of(clock, values, (change > 0) == sets_voltage, digit)
        zero = _zero_error(values[last_share(clock, 1.0 / 3.0, _FEWEST_SAMPLES)], digit)
        if not sets_voltage:
            # the open circuit may be all of the first voltage: the 90 % interval reaches that far
            zero = max(zero, float(np.abs(values[:3]).max()) / _NORMAL_90)
        found.append(Step(one.level, rest, float(np.ptp(clock)), zero))
        before, since = one.level, one.stop
    return tuple(found)


def _zero_error(values: FloatArray, digit: float) -> float:
    """See `Step.zero_error`."""
    largest = float(np.abs(values).max())
    span = 10.0 ** np.ceil(np.log10(largest)) if largest > 0.0 else 0.0
    return max(noise_of(values), digit, _ZERO_OF_RANGE * float(span))


def _check(steps: tuple[Step, ...], sets_voltage: bool, trace: Trace) -> None:
    what = "voltage" if sets_voltage else "current"
    largest = max((abs(step.setting) for step in steps), default=0.0)
    if largest == 0.0:
        raise InstrumentError(
            f"no {what} was applied long enough", f"hold a {what} until the response is steady"
        )
    for step in steps:
        if step.rest.state == "reversed" and abs(step.setting) > 1e-3 * largest:
            grows = "the current grows" if sets_voltage else "the voltage falls"
            raise InstrumentError(
                f"{grows} while {step.setting:.4g} {'V' if sets_voltage else 'A'} is held "
                f"(by {100 * abs(step.rest.drift):.0f} % over its last third)",
                "the sample reacts or metal grows into it: use a lower voltage or other electrodes",
            )
    if not sets_voltage and len({round(step.setting / largest, 3) for step in steps}) == 1:
        first, last = abs(float(np.median(trace.voltage_V[:3]))), abs(float(np.median(trace.voltage_V[-9:])))
        if first > 0.9 * last:
            raise InstrumentError(
                "one current and no rest: the voltage without current is not known (a battery looks like this)",
                "record the open circuit first, or use a second current",
            )


def _flags_of_steps(steps: tuple[Step, ...], sets_voltage: bool) -> tuple[Flag, ...]:
    flags: tuple[Flag, ...] = ()
    lacking = [step for step in steps if step.rest.state == "drifting"]
    if lacking:
        worst = max(lacking, key=lambda step: abs(step.rest.drift))
        flags += (
            Flag(
                "not_steady",
                f"{len(lacking)} of {len(steps)} steps still drift (by {100 * abs(worst.rest.drift):.0f} % over the "
                f"last third of {worst.seconds:.0f} s): the value is an upper limit; hold longer",
            ),
        )
    far = [step for step in steps if step.rest.state == "extrapolated"]
    if far:
        flags += (
            Flag(
                "extrapolated", f"the limit of {len(far)} of {len(steps)} steps comes from the law of decay"
            ),
        )
    if len({round(step.setting, 12) for step in steps}) == 1:
        zero = f"{max(step.zero_error for step in steps):.2g} {'A' if sets_voltage else 'V'}"
        flags += (
            Flag(
                "one_setting",
                f"one setting only: a zero error cannot be told from the sample, {zero} is assumed (noise, digit"
                f"{'' if sets_voltage else ', first voltage'} or 0.1 % of the range); use two or more",
            ),
        )
    return flags


@dataclass(frozen=True)
class _Line:
    """Response over setting: slope with its 90 % interval, response at zero (None with one setting)."""

    slope: float
    low90: float
    high90: float
    at_zero: float | None
    flags: tuple[Flag, ...] = ()


def _line(steps: tuple[Step, ...]) -> _Line:
    x = np.array([step.setting for step in steps])
    y = np.array([step.rest.level for step in steps])
    down = y - np.array([step.rest.low90 for step in steps])
    up = np.array([step.rest.high90 for step in steps]) - y
    errors = (down + up) / 2.0 / _NORMAL_90
    if np.ptp(x) < 0.05 * np.abs(x).max():
        # one setting, held once or several times: the most certain one, widened by what the others differ
        unknown = _NORMAL_90 * np.array([step.zero_error for step in steps])
        down, up = np.hypot(down, unknown), np.hypot(up, unknown)
        best = int(np.argmin(down + up))
        slope = float(y[best] / x[best])
        low, high = sorted(((y[best] - down[best]) / x[best], (y[best] + up[best]) / x[best]))
        others = y / x
        return _Line(slope, min(float(low), float(others.min())), max(float(high), float(others.max())), None)
    # no step may rule: an error of a tenth of the largest is as small as errors get
    weights = 1.0 / np.maximum(errors / (float(errors.max()) or 1.0), 0.1) ** 2
    matrix = np.stack([x, np.ones_like(x)], axis=1)
    inverse = np.linalg.inv(matrix.T @ (weights[:, None] * matrix))
    slope, zero = (float(one) for one in inverse @ (matrix.T @ (weights * y)))
    pull = (inverse @ (matrix.T * weights))[0]  # d slope / d y
    lower = float(np.sqrt(np.sum((pull * np.where(pull > 0, down, up)) ** 2)))
    upper = float(np.sqrt(np.sum((pull * np.where(pull > 0, up, down)) ** 2)))
    away = y - slope * x - zero
    if len(x) > 2:
        from scipy.special import stdtrit

        free = len(x) - 2
        misfit = float(np.sqrt(inverse[0, 0] * (weights @ away**2) / free) * stdtrit(free, 0.95))
        lower, upper = max(lower, misfit), max(upper, misfit)
    return _Line(slope, slope - lower, slope + upper, zero, _ohmic_flags(away, errors, y))


def _ohmic_flags(away: FloatArray, errors: FloatArray, y: FloatArray) -> tuple[Flag, ...]:
    worst = int(np.argmax(np.abs(away)))
    share = float(abs(away[worst]) / max(np.ptp(y), 1e-300))
    if share < _NOT_OHMIC or abs(away[worst]) < 3.0 * errors[worst]:
        return ()
    return (
        Flag(
            "not_ohmic",
            f"current is not proportional to voltage (a step lies {100 * share:.0f} % of the response off the line): "
            "use lower voltages",
            "doubt",
        ),
    )


def _below_resolution(slope: float, half: float, sets_voltage: bool) -> Flag:
    what, unit = ("current", "S") if sets_voltage else ("voltage", "ohm")
    return Flag(
        "below_resolution",
        f"the {what} at rest cannot be told from zero ({slope:.2g} ± {half:.2g} {unit}): the value is a limit",
    )
