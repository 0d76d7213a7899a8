"""The nonlinear parameters of a fit: which there are, where each is expected, what they make of a phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alloop.instruments.diffraction.model import Phase, isotropic
from alloop.instruments.diffraction.profile import Instrument, PhaseShape

# Widths of the normal distributions that parameters are expected in; they keep a fit of few lines from running away.
_ZERO_DEG, _DISPLACEMENT_DEG, _LATTICE, _LOG_WIDTH, _ASYMMETRY, _LOG_TEXTURE = (
    0.03,
    0.08,
    0.003,
    0.7,
    0.03,
    0.3,
)
_LIMITS = {
    "zero": 0.15,
    "displacement": 0.4,
    "lattice": 0.02,
    "log_width": 2.5,
    "asymmetry": 0.15,
    "log_texture": 1.0,
}


@dataclass(frozen=True)
class Parameter:
    """One nonlinear parameter: of which phase (-1: of the instrument), which kind, which number."""

    phase: int
    kind: str
    number: int
    start: float
    expected: float
    width: float
    limit: float


def parameters_of(
    phases: Sequence[Phase],
    instrument: Instrument,
    free_instrument: bool,
    free: Sequence[bool],
    whole_lattice: Sequence[bool],
    textured: Sequence[bool],
) -> tuple[Parameter, ...]:
    """The parameters of a fit, in a fixed order.

    Args:
        phases, instrument: with the values to begin with.
        free_instrument: whether the instrument has any.
        free, whole_lattice, textured: for each phase, whether its shape, all of its lattice (else only its size) and
            its texture are refined.
    """
    rows: list[Parameter] = []
    usual, log_limit = Instrument(), _LIMITS["log_width"]
    if free_instrument:
        rows += [
            Parameter(-1, "zero_deg", 0, instrument.zero_deg, 0.0, _ZERO_DEG, _LIMITS["zero"]),
            Parameter(
                -1,
                "displacement_deg",
                0,
                instrument.displacement_deg,
                0.0,
                _DISPLACEMENT_DEG,
                _LIMITS["displacement"],
            ),
            Parameter(
                -1, "gauss_deg", 0, *_log(instrument.gauss_deg, usual.gauss_deg), _LOG_WIDTH, log_limit
            ),
            Parameter(
                -1,
                "gauss_slope_deg",
                0,
                *_log(instrument.gauss_slope_deg, usual.gauss_slope_deg),
                _LOG_WIDTH,
                log_limit,
            ),
            Parameter(-1, "asymmetry", 0, instrument.asymmetry, 0.0, _ASYMMETRY, _LIMITS["asymmetry"]),
            Parameter(-1, "overflow", 0, instrument.overflow, 0.25, 0.25, 0.25),
        ]
    for index, phase in enumerate(phases):
        if not free[index]:
            continue
        shape, like = phase.shape, PhaseShape(phase.shape.lattice)
        along = isotropic(phase.crystal)
        if whole_lattice[index]:
            rows += [
                Parameter(index, "lattice", number, float(value), 0.0, _LATTICE, _LIMITS["lattice"])
                for number, value in enumerate(shape.lattice)
            ]
        else:
            size = float(shape.lattice @ along / (along @ along))
            rows.append(Parameter(index, "size", 0, size, 0.0, _LATTICE, _LIMITS["lattice"]))
        rows += [
            Parameter(index, "size_deg", 0, *_log(shape.size_deg, like.size_deg), _LOG_WIDTH, log_limit),
            Parameter(
                index, "strain_deg", 0, *_log(shape.strain_deg, like.strain_deg), _LOG_WIDTH, log_limit
            ),
        ]
        if textured[index]:
            rows.append(
                Parameter(
                    index,
                    "texture",
                    0,
                    float(np.log(shape.texture)),
                    0.0,
                    _LOG_TEXTURE,
                    _LIMITS["log_texture"],
                )
            )
    return tuple(rows)


def with_width(shape: PhaseShape, kind: str, number: float) -> PhaseShape:
    """A shape with another `size_deg`, `strain_deg` or `texture`."""
    if kind == "size_deg":
        return replace(shape, size_deg=number)
    if kind == "strain_deg":
        return replace(shape, strain_deg=number)
    return replace(shape, texture=number)


def _log(value: float, usual: float) -> tuple[float, float]:
    return float(np.log(value)), float(np.log(usual))
