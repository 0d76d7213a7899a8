"""Several cells of one sample: the distribution of their critical current densities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from alloop.arrays import FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.cells.pictures import picture_of_cells
from alloop.instruments.cells.small_samples import (
    calibrated_critical,
    cells_for_precision,
    zero_failure_cells,
)
from alloop.instruments.cells.weibull import FEWEST_FAILURES, fit_weibull, quantile_with_bounds
from alloop.instruments.evaluation import DerivedValue, Evaluation, Flag

PROPERTY = "critical_current_density"
_UNIT = "mA/cm^2"
_PRECISION = 0.2  # the bound a fifth below the estimate: what "how many more cells" asks for
_SAME_TEMPERATURE_C = 3.0
_SAME_STEP = 0.2  # relative difference in step time, and in pressure


def critical_current_of_cells(
    values: Sequence[DerivedValue], share: float = 0.05, confidence: float = 0.95
) -> Evaluation:
    """The current density at which no more than a share of the cells of one sample fails.

    Args:
        values: of single cells, as :func:`alloop.instruments.cells.evaluate_trace` gives them: an exact one failed
            between `low90` (or zero) and its value; one `above` passed its value; one `below` failed in its first
            step.
        share: of the cells that may fail.
        confidence: of the bound.

    Returns:
        Values that are shown and not recorded (the single cells are what was measured): the quantile with its bounds
        as `low90` and `high90` (at 95 % confidence each they enclose 90 %), scale and shape. `details["more_cells"]`
        says how many further cells a statement would take.

    Raises:
        InstrumentError: with no values, or values of another property.
    """
    if not values:
        raise InstrumentError("no cells", "give the critical current densities of single cells")
    if wrong := [one for one in values if one.property != PROPERTY or one.unit != _UNIT]:
        raise InstrumentError(f"{wrong[0].property} in {wrong[0].unit}", f"give {PROPERTY} in {_UNIT}")
    low, high = _limits(values)
    flags = _differing(values)
    n_failed = int(np.isfinite(high).sum())
    details: dict[str, Any] = {
        "cells": len(values),
        "failed": n_failed,
        "low_mA_per_cm2": low.tolist(),
        "high_mA_per_cm2": [one if np.isfinite(one) else None for one in high.tolist()],
        "share": share,
        "confidence": confidence,
    }
    n_pass = zero_failure_cells(share, confidence)
    passed_by_all = float(low.min())
    details["more_cells"] = {
        "without_failure": {
            "current_mA_per_cm2": passed_by_all,
            "cells": max(n_pass - len(values), 0),
            "reliability_shown": float((1.0 - confidence) ** (1.0 / len(values))),
        }
    }
    temperature = values[0].temperature_C
    if n_failed < FEWEST_FAILURES:
        flags += (
            Flag(
                "too_few_failures",
                f"{n_failed} of {len(values)} cells failed: no distribution can be fitted; all passed "
                f"{passed_by_all:.3g} {_UNIT}, and {max(n_pass - len(values), 0)} more cells passing it would show "
                f"that at most {100 * share:g} % fail there ({100 * confidence:g} % confidence)",
                "refusal",
            ),
        )
        return Evaluation("several cells", "critical current", flags=flags, details=details)
    fit = fit_weibull(low, high)
    critical = calibrated_critical(len(values), share, confidence)
    quantile = quantile_with_bounds(low, high, share, confidence, critical)
    step = float(np.median((high - low)[np.isfinite(high)]))
    top = float(low[np.isinf(high)].max()) if np.isinf(high).any() else float("inf")
    needed = cells_for_precision(fit, _PRECISION, step, top, share, confidence)
    details["more_cells"]["for_bound_within"] = {
        "relative_distance": _PRECISION,
        "cells": max(needed - len(values), 0),
    }
    if fit.shape_at_limit:
        flags += (
            Flag(
                "one_step",
                "the failures lie in one step: the width of the distribution is not known; take finer steps",
            ),
        )
    if quantile.lower < 0.5 * quantile.estimate:
        flags += (
            Flag(
                "few_cells",
                f"{len(values)} cells leave the bound at {100 * quantile.lower / quantile.estimate:.2g} % of the "
                f"estimate; {max(needed - len(values), 0)} more would bring it to about {100 * (1 - _PRECISION):.0f} %",
            ),
        )
    name = f"{PROPERTY}_{100 * share:g}_percent"
    method = f"Weibull, {n_failed} of {len(values)} cells failed"
    shown = (
        DerivedValue(
            name, quantile.estimate, _UNIT, quantile.lower, quantile.upper, "exact", temperature,
            conditions={"confidence": confidence, "share": share}, method=method, is_measurement=False,
        ),
        DerivedValue("weibull_scale", fit.scale, _UNIT, temperature_C=temperature, method=method, is_measurement=False),
        DerivedValue("weibull_shape", fit.shape, "1", temperature_C=temperature, method=method, is_measurement=False),
    )  # fmt: skip
    figure = picture_of_cells(high, low, fit, quantile.lower, share)
    return Evaluation(
        "several cells", "critical current", shown, flags, "two-parameter Weibull", details, figure
    )


def _limits(values: Sequence[DerivedValue]) -> tuple[FloatArray, FloatArray]:
    """Between which currents each cell failed."""
    low = [
        one.value if one.bound == "above" else 0.0 if one.bound == "below" or one.low90 is None else one.low90
        for one in values
    ]
    high = [float("inf") if one.bound == "above" else one.value for one in values]
    # what is stated without a step is taken as it is
    low = [
        one.value if one.bound == "exact" and one.low90 is None else least
        for one, least in zip(values, low, strict=True)
    ]
    return np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)


def _differing(values: Sequence[DerivedValue]) -> tuple[Flag, ...]:
    """Whether the cells were tested under conditions that cannot be put together."""
    temperatures = [one.temperature_C for one in values if one.temperature_C is not None]
    different = ["temperatures"] if temperatures and np.ptp(temperatures) > _SAME_TEMPERATURE_C else []
    for name, words in (("step_time_h", "step times"), ("pressure_MPa", "pressures")):
        numbers = [
            float(one.conditions[name])
            for one in values
            if isinstance(one.conditions.get(name), (int, float))
        ]
        if numbers and np.ptp(numbers) > _SAME_STEP * max(numbers):
            different.append(words)
    if not different:
        return ()
    words = f"the cells were tested at different {' and '.join(different)}: this is no single distribution"
    return (Flag("mixed_conditions", words, "doubt"),)
