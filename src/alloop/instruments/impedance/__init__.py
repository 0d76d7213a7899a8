"""Impedance spectra to resistances and conductivities."""

from alloop.instruments.impedance.arrhenius import ArrheniusBreak, ArrheniusFit, find_break, fit_arrhenius
from alloop.instruments.impedance.evaluate import evaluate_impedance
from alloop.instruments.impedance.temperature_series import evaluate_series

__all__ = [
    "ArrheniusBreak",
    "ArrheniusFit",
    "evaluate_impedance",
    "evaluate_series",
    "find_break",
    "fit_arrhenius",
]
