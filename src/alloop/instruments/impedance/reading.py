"""What the parts of a fitted circuit are: bulk, grain boundary, electrode.

A process is told by its capacitance (Irvine, Sinclair, West, Adv. Mater. 2, 132 (1990)).
Their table holds for a cell with thickness / area = 1 per cm; a capacitance is brought to that cell by multiplying
it with the sample's own thickness / area.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

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

# F in a cell of 1 per cm: grain boundaries reach to 1e-8; surface layers and electrodes of pellets lie above.
ELECTRODE_FROM_F_PER_CM = 3e-8
UNCLEAR_FROM_F_PER_CM = 1e-8
BULK_UP_TO_F_PER_CM = 2e-11
# Peaks at least this factor apart are two processes and not one that is spread out.
_APART = 3.0
# An arc of exponent n holds about (f/peak)^-n of itself at a distant frequency f; with n between 0.7 and 1 this is the
# share of the total that cannot be told to belong to one of two neighbours.
_FLANK, _FLANK_SLOPE = 0.6, 0.65
_SKEWED = 3.0
_WORST_LOG_ERROR = 1.0


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
        is_unclear: whether its capacitance fits a grain boundary as well as a contact.
        is_bulk: whether its capacitance is that of grains.
    """

    name: str
    resistance_ohm: float
    gradient: FloatArray
    capacitance_F: float | None
    peak_Hz: float | None
    exponent: float
    is_electrode: bool = False
    is_unclear: bool = False
    is_bulk: bool = False


@dataclass(frozen=True)
class Resistance:
    """A resistance in ohm, the standard error of its logarithm, and the share of belief in this way to read it."""

    ohm: float
    log_error: float
    belief: float = 1.0


@dataclass(frozen=True)
class Reading:
    """What a fitted circuit says of the sample.

    Attributes:
        fit: the fitted circuit.
        electrolyte: its electrolyte processes from the fastest to the slowest.
        electrode: its electrode processes.
        is_chosen: whether alloop chose the circuit; a person who gave one has said what its arcs are.
    """

    fit: Fit
    electrolyte: tuple[Process, ...]
    electrode: tuple[Process, ...]
    is_chosen: bool = True

    @property
    def total_ohm(self) -> float:
        """The resistance of the electrolyte."""
        return sum(process.resistance_ohm for process in self.electrolyte)

    def totals(self) -> list[Resistance]:
        """The electrolyte's resistance, once for each way to read the circuit.

        A slow arc whose capacitance fits a grain boundary as well as a contact is counted in with half the belief;
        fully where a person gave the circuit.
        """
        if not self.electrolyte:
            return []
        if len(self.electrolyte) > 1 and self.electrolyte[-1].is_unclear and self.is_chosen:
            return [self._sum(self.electrolyte, 0.5), self._sum(self.electrolyte[:-1], 0.5)]
        return [self._sum(self.electrolyte)]

    def bulk(self) -> list[Resistance]:
        """The resistance of the grains, where faster and slower processes lie apart; else nothing."""
        return self._groups()[:1]

    def grain_boundary(self) -> list[Resistance]:
        """The resistance of the grain boundaries, where faster and slower processes lie apart; else nothing."""
        return self._groups()[1:]

    def _groups(self) -> list[Resistance]:
        """The processes on both sides of the widest gap between the frequencies of the electrolyte's arcs."""
        known = self.electrolyte
        if self.is_chosen and len(known) > 2:
            known = tuple(one for one in known if not one.is_unclear)
        peaks = [one.peak_Hz if one.peak_Hz is not None else np.inf for one in known]
        if len(known) > 1 and known[0].peak_Hz is None and known[1].is_bulk:
            peaks[0] = peaks[1]  # the arc is the grains'; what is faster is part of them, or the leads
        gaps = [earlier / later for earlier, later in pairwise(peaks)]
        if not gaps or max(gaps) < _APART:
            return []
        at = int(np.argmax(gaps)) + 1
        groups = [self._sum(known[:at]), self._sum(known[at:])]
        if self.is_chosen:
            # The flank that an arc still has at its neighbour's peak may be counted to either of them.
            # Needing a third part shows that they are not of the symmetric shape that two arcs are taken to have.
            skewed = _SKEWED if len(known) > 2 else 1.0
            flank = skewed * _FLANK * max(gaps) ** -_FLANK_SLOPE * sum(one.ohm for one in groups)
            groups = [
                replace(one, log_error=float(np.hypot(one.log_error, flank / one.ohm))) for one in groups
            ]
        return groups if max(one.log_error for one in groups) < _WORST_LOG_ERROR else []

    def _sum(self, processes: tuple[Process, ...], belief: float = 1.0) -> Resistance:
        value = sum(process.resistance_ohm for process in processes)
        relative = np.sum([process.gradient for process in processes], axis=0) / value
        variance = float(relative @ self.fit.covariance @ relative)
        return Resistance(value, float(np.sqrt(max(variance, 0.0))), belief)


def read_fit(fit: Fit, cell_constant_per_cm: float | None, is_chosen: bool = True) -> Reading:
    """Tell the parts of a fitted circuit apart.

    Args:
        fit: of any circuit; parts that pass no direct current (a blocking electrode) are nobody's resistance.
        cell_constant_per_cm: thickness / area; None where it is not known, then 1 is taken.
        is_chosen: whether alloop chose the circuit.
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
        is_chosen,
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
        return Process(name, resistance, gradient, None, None, 1.0)
    arc = arc_of(part)
    if arc is None:
        # Arcs within arcs: the sum is known, a single capacitance is not.
        return Process(name, resistance, gradient, None, None, 1.0)
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
        UNCLEAR_FROM_F_PER_CM <= capacitance * factor < ELECTRODE_FROM_F_PER_CM,
        capacitance * factor < BULK_UP_TO_F_PER_CM,
    )
