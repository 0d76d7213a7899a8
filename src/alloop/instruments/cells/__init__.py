"""Polarisation, voltammetry, cycling and critical currents."""

from alloop.instruments.cells.evaluate import evaluate_trace
from alloop.instruments.cells.several_cells import critical_current_of_cells

__all__ = ["critical_current_of_cells", "evaluate_trace"]
