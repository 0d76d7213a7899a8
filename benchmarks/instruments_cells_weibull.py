"""How well the distribution of critical currents is known from few cells. Called by `instruments_cells.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from alloop.instruments.cells.small_samples import calibrated_critical, cells_for_precision, staircase
from alloop.instruments.cells.weibull import FEWEST_FAILURES, WeibullFit, fit_weibull, quantile_with_bounds

SHARE, CONFIDENCE = 0.05, 0.95


def weibull_figures(samples: int, seed: int) -> dict[str, Any]:
    """How often the 95 % lower bound of the current of 5 % failures lies below the truth, and how tight it is."""
    rng = np.random.default_rng([seed, 5])
    rows = []
    for n_cells in (3, 5, 8, 12, 20):
        critical = calibrated_critical(n_cells, SHARE, CONFIDENCE)
        for shape, step, top in ((1.5, 0.2, 1.5), (3.0, 0.1, np.inf), (6.0, 0.1, np.inf)):
            true = WeibullFit(1.0, shape, 0.0, n_cells, n_cells, False).quantile(SHARE)
            usual, corrected, ratios, unusable = [], [], [], 0
            for _ in range(samples):
                low, high = staircase(rng.weibull(shape, n_cells), step, top)
                if np.isfinite(high).sum() < FEWEST_FAILURES:
                    unusable += 1
                    continue
                usual.append(quantile_with_bounds(low, high, SHARE, CONFIDENCE).lower <= true)
                found = quantile_with_bounds(low, high, SHARE, CONFIDENCE, critical)
                corrected.append(found.lower <= true)
                ratios.append(found.lower / true)
            rows.append(
                {
                    "cells": n_cells, "shape": shape, "step": step, "top": None if np.isinf(top) else top,
                    "coverage_chi2": _mean(usual), "coverage": _mean(corrected),
                    "median_bound_over_truth": _median(ratios), "too_few_failures": unusable / samples,
                }
            )  # fmt: skip
    return {"bounds": rows, "planned": planned_figures(max(samples // 4, 20), rng)}


def planned_figures(samples: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Whether the number of cells that is said to bring the bound within a fifth of the estimate does so."""
    rows = []
    for shape, step in ((3.0, 0.1), (6.0, 0.05)):
        fit = WeibullFit(1.0, shape, 0.0, 10, 10, False)
        n_cells = cells_for_precision(fit, 0.2, step)
        critical = calibrated_critical(n_cells, SHARE, CONFIDENCE)
        ratios = []
        for _ in range(samples):
            low, high = staircase(rng.weibull(shape, n_cells), step, np.inf)
            found = quantile_with_bounds(low, high, SHARE, CONFIDENCE, critical)
            ratios.append(found.lower / found.estimate)
        rows.append(
            {"shape": shape, "cells": n_cells, "asked": 0.8, "median_bound_over_estimate": _median(ratios)}
        )
    return rows


def textbook_figures() -> dict[str, Any]:
    """The bearing cages of Meeker and Escobar (1998), example 8.16: shape 2.035, B10 3903 [2093, 22144]."""
    # fmt: off
    counts = [288, 148, 1, 124, 1, 111, 1, 106, 99, 110, 114, 119, 127, 1, 1, 123, 93, 47, 41, 27, 1, 11, 6, 1, 2]
    failed = [0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    hours = [50, 150, 230, 250, 334, 350, 423, 450, 550, 650, 750, 850, 950, 990, 1009, 1050, 1150, 1250, 1350, 1450,
             1510, 1550, 1650, 1850, 2050]
    # fmt: on
    low = np.repeat(np.array(hours, dtype=float), counts)
    high = np.where(np.repeat(failed, counts) == 1, low, np.inf)
    fit, b10 = fit_weibull(low, high), quantile_with_bounds(low, high, 0.10, 0.975)
    return {"shape": fit.shape, "b10": b10.estimate, "b10_low": b10.lower, "b10_high": b10.upper}


def _mean(values: list[bool]) -> float | None:
    return float(np.mean(values)) if values else None


def _median(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None
