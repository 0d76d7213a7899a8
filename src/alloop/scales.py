"""The scales on which properties are modelled: as they are, by powers of ten, or, for fractions, by their odds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alloop.arrays import FloatArray

Scale = Literal["linear", "log10", "logit"]

_BLUR = 0.02
"""What a measured fraction cannot tell from nothing or all, on the scale logit: ln((x + blur) / (1 + blur - x)).

What pushes a phase out multiplies its odds. On a linear scale 0.99 and 0.95 look alike, and 0.3 looks like a mistake.
Without the blur a measured 1 would lie at infinity; between 0.01 and 0.1 its size hardly matters (docs/planner.md)."""


def to_model_scale(value: float, scale: Scale) -> float:
    """`value` in canonical units on the scale its property is modelled on; on log10 it must be positive."""
    if scale == "log10":
        return math.log10(value)
    if scale == "logit":
        inside = min(max(value, 0.0), 1.0)
        return math.log((inside + _BLUR) / (1.0 - inside + _BLUR))
    return float(value)


def from_model_scale(value: float, scale: Scale) -> float:
    """The inverse of :func:`to_model_scale`; a fraction stays within 0 and 1."""
    if scale == "log10":
        return float(10.0**value)
    if scale == "logit":
        share = (1.0 + 2.0 * _BLUR) / (1.0 + math.exp(-min(max(value, -50.0), 50.0))) - _BLUR
        return min(max(share, 0.0), 1.0)
    return float(value)


def on_model_scale(values: FloatArray, scale: Scale) -> FloatArray:
    """:func:`to_model_scale` of every value of an array."""
    import numpy as np  # the command line knows properties and their scales, and starts without it

    if scale == "log10":
        return np.asarray(np.log10(values))
    if scale == "logit":
        inside = np.clip(values, 0.0, 1.0)
        return np.asarray(np.log((inside + _BLUR) / (1.0 - inside + _BLUR)))
    return np.asarray(values, dtype=float)


def model_value(value: float, scale: Scale) -> float | None:
    """As :func:`to_model_scale`, but None where the scale has none (log10 of 0)."""
    return None if scale == "log10" and value <= 0 else to_model_scale(value, scale)


def unit_of_differences(scale: Scale, unit: str) -> str:
    """What differences on a scale are counted in, of a property with that canonical unit."""
    return {"log10": "decades", "logit": "logits"}.get(scale, unit)


__all__ = [
    "Scale",
    "from_model_scale",
    "model_value",
    "on_model_scale",
    "to_model_scale",
    "unit_of_differences",
]
