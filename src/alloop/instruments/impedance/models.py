"""The usual circuits of a solid electrolyte between two electrodes, and which of them a fit has disqualified."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.impedance.circuits import ComplexArray, Element, Node, Parallel, Series
from alloop.instruments.impedance.reading import Reading

# Leads of a laboratory cell are below this; their impedance matters only where the sample's is small.
_LONGEST_LEAD_H = 1e-5
_LEAD_MATTERS_FROM = 0.01
_LEAST_ARC_EXPONENT = 0.45
_LEAST_TAIL_EXPONENT = 0.35
# A blocking electrode holds at least this much, in a cell of 1 per cm; less is the sample's own capacitance.
_LEAST_TAIL_F_PER_CM = 1e-9
_CLOSEST_ARCS = 1.2
_FAR_OUTSIDE = 10.0
# An electrode's arc of which only this early part is seen is a blocking tail with a parameter too many.
_A_TAIL = 1e3
_LEAST_SHARE = 1e-3


@dataclass(frozen=True)
class Model:
    """A chain: a lead, a resistor for what is faster than the window, arcs, a blocking tail."""

    arcs: int
    has_resistor: bool
    has_tail: bool
    has_lead: bool = False

    @property
    def circuit(self) -> Node:
        """Its circuit: `L0-R0-p(R1,CPE1)-…-CPE0`."""
        parts: list[Node] = [Element("L", "L0")] if self.has_lead else []
        parts += [Element("R", "R0")] if self.has_resistor else []
        parts += [
            Parallel((Element("R", f"R{number}"), Element("CPE", f"CPE{number}")))
            for number in range(1, self.arcs + 1)
        ]
        parts += [Element("CPE", "CPE0")] if self.has_tail else []
        return Series(tuple(parts)) if len(parts) > 1 else parts[0]


def models_with(arcs: int, has_lead: bool) -> list[Model]:
    """The models of so many arcs: with and without a resistor, with and without a tail."""
    return [
        Model(arcs, has_resistor, has_tail, has_lead)
        for has_tail in (True, False)
        for has_resistor in (True, False)
        if arcs or has_resistor
    ]


def lead_matters(frequency_Hz: FloatArray, impedance_ohm: ComplexArray) -> bool:
    """Whether the inductance of ordinary leads could be seen in this spectrum."""
    top = int(np.argmax(frequency_Hz))
    lead = 2.0 * np.pi * frequency_Hz[top] * _LONGEST_LEAD_H
    return bool(lead > _LEAD_MATTERS_FROM * abs(impedance_ohm[top]))


def objection(reading: Reading, frequency_Hz: FloatArray, cell_constant_per_cm: float | None) -> str:
    """Why a fitted chain is not believed, in a few words; "" where nothing speaks against it."""
    fit = reading.fit
    arcs = [one for one in (*reading.electrolyte, *reading.electrode) if one.peak_Hz is not None]
    if not reading.electrolyte:
        return "no resistance but the electrodes'"
    for one in reading.electrolyte:
        if one.resistance_ohm < _LEAST_SHARE * reading.total_ohm:
            return f"{one.name} is next to nothing"
    for arc in arcs:
        if arc.exponent < _LEAST_ARC_EXPONENT:
            return f"the arc of {arc.name} is flatter than any process (n = {arc.exponent:.2f})"
        assert arc.peak_Hz is not None
        if arc.peak_Hz > _FAR_OUTSIDE * frequency_Hz.max():
            return f"the arc of {arc.name} lies far above the window"
        if arc in reading.electrolyte and arc.peak_Hz < frequency_Hz.min() / _FAR_OUTSIDE:
            return f"the arc of {arc.name} lies far below the window"
        if arc.peak_Hz < frequency_Hz.min() / _A_TAIL:
            return f"the arc of {arc.name} is a tail"
    peaks = sorted(arc.peak_Hz or 0.0 for arc in arcs)
    if any(later < _CLOSEST_ARCS * earlier for earlier, later in pairwise(peaks)):
        return "two arcs at the same frequency"
    tail = fit.parameters.get("CPE0_n")
    if tail is not None:
        omega = 2.0 * np.pi * frequency_Hz.min()
        capacitance = fit.parameters["CPE0_Q"] * omega ** (tail - 1.0) * (cell_constant_per_cm or 1.0)
        if tail < _LEAST_TAIL_EXPONENT:
            return f"the tail is no electrode (n = {tail:.2f})"
        if capacitance < _LEAST_TAIL_F_PER_CM:
            return f"the tail holds {capacitance:.1e} F: that is the sample, not an electrode"
    return ""
