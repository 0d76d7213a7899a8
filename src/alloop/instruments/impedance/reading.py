"""What the parts of a fitted circuit are: bulk, grain boundary, electrode.

A process is told by its capacitance (Irvine, Sinclair, West, Adv. Mater. 2, 132 (1990), doi:10.1002/adma.19900020304).
Their table holds for a cell with thickness / area = 1 per cm; a capacitance is brought to that cell by multiplying
it with the sample's own thickness / area.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.impedance.circuits import (
    Element,
    Node,
    elements_of,
    parameter_names,
    parts_of,
    resistance_at_rest,
)
from alloop.instruments.impedance.fitting import Fit
from alloop.instruments.impedance.starts import arc_of

# F in a cell of 1 per cm: grain boundaries reach to 1e-8, surface layers and electrodes lie from 1e-9 and 1e-7 up.
ELECTRODE_FROM_F_PER_CM = 1e-7
BULK_UP_TO_F_PER_CM = 2e-11


@dataclass(frozen=True)
class Process:
    """A resistive part of a fitted circuit.

    Attributes:
        name: of its first resistor.
        resistance_ohm: in direct current.
        gradient: (p,) derivatives of the resistance by the fit's coordinates.
        capacitance_F: of an arc, Q^(1/n) R^(1/n - 1) (Hsu, Mansfeld, Corrosion 57, 747 (2001),
            doi:10.5006/1.3280607); None for a bare resistor: faster than the window.
        peak_Hz: frequency at which the arc is highest.
        exponent: n of the arc's CPE, 1 for a capacitor.
        is_electrode: whether it belongs to the electrodes and not to the electrolyte.
    """

    name: str
    resistance_ohm: float
    gradient: FloatArray
    capacitance_F: float | None
    peak_Hz: float | None
    exponent: float
    is_electrode: bool

    def log_error(self, fit: Fit) -> float:
        """Standard error of ln R."""
        return _log_error(self.gradient, self.resistance_ohm, fit)


@dataclass(frozen=True)
class Reading:
    """A fitted circuit's electrolyte processes from the fastest to the slowest, and its electrode processes."""

    fit: Fit
    electrolyte: tuple[Process, ...]
    electrode: tuple[Process, ...]

    @property
    def total_ohm(self) -> float:
        """The resistance of the electrolyte."""
        return sum(process.resistance_ohm for process in self.electrolyte)

    @property
    def total_log_error(self) -> float:
        """Standard error of ln of the total."""
        if not self.electrolyte:
            return float("inf")
        gradient = np.sum([process.gradient for process in self.electrolyte], axis=0)
        return _log_error(gradient, self.total_ohm, self.fit)


def read_fit(fit: Fit, cell_constant_per_cm: float | None) -> Reading:
    """Tell the parts of a fitted circuit apart.

    Args:
        fit: of any circuit; parts that pass no direct current (a blocking electrode) are nobody's resistance.
        cell_constant_per_cm: thickness / area; None where it is not known, then 1 is taken.
    """
    factor = cell_constant_per_cm or 1.0
    processes, at = [], 0
    for part in parts_of(fit.circuit):
        behind = at + len(parameter_names(part))
        process = _process(part, fit, at, behind, factor)
        at = behind
        if process is not None:
            processes.append(process)
    processes.sort(key=lambda process: -(process.peak_Hz or np.inf))
    return Reading(
        fit,
        tuple(process for process in processes if not process.is_electrode),
        tuple(process for process in processes if process.is_electrode),
    )


def _process(part: Node, fit: Fit, at: int, behind: int, factor: float) -> Process | None:
    own = fit.coordinates[at:behind]
    resistance, inner = resistance_at_rest(part, own)
    if not np.isfinite(resistance) or resistance == 0.0:
        return None
    gradient = np.zeros(len(fit.coordinates))
    gradient[at:behind] = inner
    name = next(element.name for element in elements_of(part) if element.kind == "R")
    if isinstance(part, Element):
        return Process(name, resistance, gradient, None, None, 1.0, False)
    arc = arc_of(part)
    if arc is None:
        # Arcs within arcs: the sum is known, a single capacitance is not.
        return Process(name, resistance, gradient, None, None, 1.0, False)
    values = fit.parameters
    if arc[1].kind == "CPE":
        q, n = values[f"{arc[1].name}_Q"], values[f"{arc[1].name}_n"]
    else:
        q, n = values[arc[1].name], 1.0
    tau = (resistance * q) ** (1.0 / n)
    capacitance = tau / resistance
    return Process(
        name,
        resistance,
        gradient,
        capacitance,
        1.0 / (2.0 * np.pi * tau),
        n,
        capacitance * factor >= ELECTRODE_FROM_F_PER_CM,
    )


def _log_error(gradient: FloatArray, value: float, fit: Fit) -> float:
    relative = gradient / value
    return float(np.sqrt(max(relative @ fit.covariance @ relative, 0.0)))
