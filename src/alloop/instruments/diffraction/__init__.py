"""Diffraction patterns: phases, their weight fractions, the lattice parameter of the target phase."""

from alloop.instruments.diffraction.evaluate import evaluate_diffraction
from alloop.instruments.diffraction.phase_table import PhaseTable, read_phase_table
from alloop.instruments.diffraction.references import References, load_references

__all__ = ["PhaseTable", "References", "evaluate_diffraction", "load_references", "read_phase_table"]
