"""The distribution of critical currents from few cells."""

from __future__ import annotations

import itertools
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import InstrumentError
from alloop.instruments.cells import critical_current_of_cells
from alloop.instruments.cells.small_samples import (
    calibrated_critical,
    cells_for_precision,
    staircase,
    zero_failure_cells,
)
from alloop.instruments.cells.weibull import WeibullFit, fit_weibull, quantile_with_bounds
from alloop.instruments.evaluation import Bound, DerivedValue

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import instruments_cells


def cell(
    value: float, low: float | None = None, bound: Bound = "exact", **conditions: float | str
) -> DerivedValue:
    return DerivedValue(
        "critical_current_density", value, "mA/cm^2", low, value if low is not None else None, bound, 25.0,
        conditions=conditions,
    )  # fmt: skip


def test_the_textbook_example() -> None:
    """Bearing cages: W. Q. Meeker and L. A. Escobar (1998), example 8.16."""
    found = instruments_cells.textbook_figures()
    assert found["shape"] == pytest.approx(2.035, abs=0.001)
    assert found["b10"] == pytest.approx(3903, rel=0.001)
    assert found["b10_low"] == pytest.approx(2093, rel=0.002)
    assert found["b10_high"] == pytest.approx(22144, rel=0.002)


def test_complete_samples_against_scipy() -> None:
    from scipy.stats import weibull_min

    x = np.random.default_rng(0).weibull(2.5, 40) * 0.7
    shape, _, scale = weibull_min.fit(x, floc=0)
    fit = fit_weibull(x, x)
    assert fit.shape == pytest.approx(shape, rel=1e-3)
    assert fit.scale == pytest.approx(scale, rel=1e-3)
    assert fit.log_likelihood == pytest.approx(weibull_min.logpdf(x, shape, 0, scale).sum(), rel=1e-6)


def test_fine_steps_are_as_good_as_exact_values() -> None:
    x = np.random.default_rng(1).weibull(3.0, 30)
    exact, fine = fit_weibull(x, x), fit_weibull(*staircase(x, 1e-3, np.inf))
    assert fine.shape == pytest.approx(exact.shape, rel=0.01)
    assert fine.scale == pytest.approx(exact.scale, rel=0.01)


@settings(max_examples=20, deadline=None)
@given(st.floats(-3, 3), st.integers(0, 10_000), st.integers(3, 15))
def test_scaling_the_currents_scales_the_answer(decades: float, seed: int, n: int) -> None:
    low, high = staircase(np.random.default_rng(seed).weibull(2.0, n), 0.1, np.inf)
    factor = 10.0**decades
    one, other = fit_weibull(low, high), fit_weibull(factor * low, factor * high)
    assert other.shape == pytest.approx(one.shape, rel=1e-3)
    assert other.quantile(0.05) == pytest.approx(factor * one.quantile(0.05), rel=1e-3)
    bounds = quantile_with_bounds(low, high)
    assert bounds.lower <= bounds.estimate <= bounds.upper


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_survivor_never_lowers_the_estimate_of_its_likeness(seed: int) -> None:
    """A cell that passed more than all others failed at can only speak for the sample."""
    low, high = staircase(np.random.default_rng(seed).weibull(2.0, 6), 0.1, np.inf)
    more = np.append(low, high.max() * 1.5), np.append(high, np.inf)
    assert fit_weibull(*more).quantile(0.5) >= fit_weibull(low, high).quantile(0.5) * (1 - 1e-6)


def test_staircases() -> None:
    low, high = staircase(np.array([0.05, 0.2, 0.31, 2.0]), 0.1, 1.0)
    assert low == pytest.approx([0.0, 0.1, 0.3, 1.0])
    assert high == pytest.approx([0.1, 0.2, 0.4, np.inf])


def test_the_corrected_bound_holds_what_it_states_and_the_usual_does_not() -> None:
    """Coverage of the 95 % bound with four cells, by simulation; both known to about 4 %."""
    rng = np.random.default_rng(2)
    true, critical = WeibullFit(1.0, 3.0, 0.0, 4, 4, False).quantile(0.05), calibrated_critical(4)
    usual = corrected = 0
    for _ in range(100):
        low, high = staircase(rng.weibull(3.0, 4), 0.1, np.inf)
        usual += quantile_with_bounds(low, high).lower <= true
        corrected += quantile_with_bounds(low, high, critical=critical).lower <= true
    assert corrected / 100 >= 0.9
    assert usual / 100 <= 0.9


def test_critical_values_come_down_to_chi_squared() -> None:
    lower = [calibrated_critical(n)[0] for n in (3, 5, 10, 30)]
    assert all(a > b for a, b in itertools.pairwise(lower))
    assert 2.71 < lower[-1] < 3.6
    assert calibrated_critical(100) == calibrated_critical(30)


def test_success_run() -> None:
    assert zero_failure_cells(0.05, 0.95) == 59
    assert zero_failure_cells(0.1, 0.9) == 22
    assert 0.95**59 <= 0.05 < 0.95**58
    with pytest.raises(InstrumentError):
        zero_failure_cells(1.0, 0.95)


def test_cells_for_a_precision_follow_the_textbook_variance() -> None:
    """Without steps and top: n = c / (ln 0.8 shape)^2 (1.109 - 0.514 u + 0.608 u^2), u = ln(-ln 0.95)."""
    u = math.log(-math.log(0.95))
    variance = (1.1087 - 0.5140 * u + 0.6079 * u * u) / 9.0
    expected = calibrated_critical(100)[0] / math.log(0.8) ** 2 * variance
    fit = WeibullFit(1.0, 3.0, 0.0, 10, 10, False)
    assert cells_for_precision(fit, 0.2, 0.0) == pytest.approx(expected, abs=1.5)
    assert cells_for_precision(fit, 0.2, 0.0, top=0.8) > expected
    assert cells_for_precision(fit, 0.4, 0.0) < expected / 3


def test_several_cells() -> None:
    values = [
        cell(1.1, 1.0),
        cell(0.8, 0.7),
        cell(1.2, 1.1),
        cell(0.6, 0.5),
        cell(1.2, bound="above"),
        cell(0.9, 0.8),
    ]
    found = critical_current_of_cells(values)
    quantile = next(one for one in found.values if one.property.startswith("critical_current_density"))
    assert not any(one.is_measurement for one in found.values)
    assert quantile.low90 is not None
    assert quantile.high90 is not None
    assert 0.0 < quantile.low90 < quantile.value < quantile.high90
    assert quantile.value < 0.6
    assert found.details["failed"] == 5
    more = found.details["more_cells"]
    assert more["without_failure"]["cells"] == 53
    assert more["for_bound_within"]["cells"] > 10
    assert found.figure is not None
    assert "<svg" in found.figure


def test_more_cells_of_the_same_kind_raise_the_bound() -> None:
    values = [cell(1.1, 1.0), cell(0.8, 0.7), cell(1.2, 1.1), cell(0.6, 0.5), cell(0.9, 0.8)]
    few, many = (critical_current_of_cells(values * times).values[0] for times in (1, 4))
    assert many.value == pytest.approx(few.value, rel=0.01)
    assert few.low90 is not None
    assert many.low90 is not None
    assert many.low90 > 1.3 * few.low90


def test_without_failures_there_is_no_distribution_but_an_answer() -> None:
    found = critical_current_of_cells([cell(1.0, bound="above")] * 5)
    assert not found.values
    (flag,) = found.flags
    assert flag.severity == "refusal"
    assert "54 more cells" in flag.words
    assert found.details["more_cells"]["without_failure"]["reliability_shown"] == pytest.approx(
        0.05 ** (1 / 5)
    )


def test_failures_in_one_step_leave_the_width_open() -> None:
    found = critical_current_of_cells([cell(0.5, 0.4)] * 4)
    assert "one_step" in {flag.name for flag in found.flags}


def test_a_cell_that_failed_at_once_lies_between_nothing_and_the_first_step() -> None:
    found = critical_current_of_cells([cell(0.1, bound="below"), cell(0.5, 0.4), cell(0.6, 0.5)])
    assert found.details["low_mA_per_cm2"][0] == 0.0
    assert found.details["high_mA_per_cm2"][0] == 0.1


def test_different_conditions_are_doubted() -> None:
    values = [
        cell(0.5, 0.4, pressure_MPa=5.0),
        cell(0.6, 0.5, pressure_MPa=50.0),
        cell(0.8, 0.7, pressure_MPa=5.0),
    ]
    assert "pressures" in next(
        f.words for f in critical_current_of_cells(values).flags if f.name == "mixed_conditions"
    )


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InstrumentError, match="no cells"):
        critical_current_of_cells([])
    with pytest.raises(InstrumentError, match="ionic_conductivity"):
        critical_current_of_cells([DerivedValue("ionic_conductivity", 1e-3, "S/cm")])
    with pytest.raises(InstrumentError, match="needs 2"):
        fit_weibull(np.array([1.0, 1.0]), np.array([np.inf, 1.2]))
    with pytest.raises(InstrumentError, match="0 <= low <= high"):
        fit_weibull(np.array([1.0, 2.0]), np.array([1.2, 1.0]))


def test_the_benchmark_in_small() -> None:
    found = instruments_cells.cell_figures(cases=12, samples=4, seed=3)
    assert found["polarisation"]["median_error_decades"] < 0.05
    assert sum(found["voltammetry"]["outcomes"].values()) == 12
    right = sum(n for call, n in found["cycling"]["calls"].items() if len(set(call.split(" -> "))) == 1)
    assert right >= 9
    assert len(found["weibull"]["bounds"]) == 15
