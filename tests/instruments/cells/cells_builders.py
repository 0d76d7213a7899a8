"""Cells with known answers, and how they are evaluated, for the tests of files as instruments write them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alloop.instruments.cells import evaluate_trace
from alloop.instruments.evaluation import DerivedValue, Evaluation, Given
from alloop.instruments.recording import Geometry, Recording, Trace

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from instruments_cells_world import (
    Fate,
    onset_at,
    polarisation,
    symmetric_cell,
    voltammogram,
)

PELLET = Geometry(1.0, 0.5)
TRUE_S = 1e-9
PER_CM = 0.1 / 0.5
HOLD = 360  # samples of a hold
HOLDS = (0.1, 0.2, 0.3)
KINETICS = {"exchange_A": 1e-9, "slope_V": 0.06, "limit_A": 5e-4}
OXIDATION = onset_at(10e-6 * 0.5, e0_V=4.0, sign=1, **KINETICS)
REDUCTION = onset_at(10e-6 * 0.5, e0_V=1.0, sign=-1, **KINETICS)


def evaluate(trace: Trace, **stated: float | str) -> Evaluation:
    stated = {"reference_electrode": "Li+/Li"} | stated
    return evaluate_trace(Recording("simulated", trace=trace), Given(PELLET, 25.0, conditions=stated))


def only(found: Evaluation, name: str) -> DerivedValue:
    assert found.values, [flag.words for flag in found.flags]
    (value,) = (one for one in found.values if one.property == name)
    return value


def names(found: Evaluation) -> set[str]:
    return {flag.name for flag in found.flags}


def pellet(seed: int = 0, **settings_of_cell: Any) -> Trace:
    return polarisation(
        np.random.default_rng(seed), electronic_S=TRUE_S, **({"voltages_V": HOLDS} | settings_of_cell)
    )


def sweep(seed: int = 0, **settings_of_sweep: Any) -> Trace:
    return voltammogram(np.random.default_rng(seed), **(KINETICS | settings_of_sweep))


def cell(currents: np.ndarray, fate: Fate, half_cycle_h: float = 1.0, **settings_of_cell: Any) -> Trace:
    return symmetric_cell(np.random.default_rng(3), currents, half_cycle_h, fate, **settings_of_cell)


def is_right(value: DerivedValue, true: float = TRUE_S * PER_CM) -> bool:
    assert value.bound == "exact"
    assert value.low90 is not None
    assert value.high90 is not None
    return value.low90 <= true <= value.high90 and value.value == pytest.approx(true, rel=0.02)
