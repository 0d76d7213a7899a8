"""What an evaluation gives: values with intervals, flags with reasons, a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alloop.instruments.recording import UNKNOWN_SIZE, Geometry

Severity = Literal["note", "doubt", "refusal"]
Bound = Literal["exact", "below", "above"]


@dataclass(frozen=True)
class Given:
    """What is known of a sample besides its file; it goes before what the file states.

    Attributes:
        geometry: of the pellet.
        temperature_C: of the measurement.
        mobile_ion: against whose metal potentials are stated.
        elements: what the sample was made of; phases with others are not looked for. None where it is not known.
        circuit: an equivalent circuit to be fitted instead of the one that alloop would choose.
        conditions: what the laboratory's files do not say ("reference_electrode", "carbon_wt_percent"…).
    """

    geometry: Geometry = UNKNOWN_SIZE
    temperature_C: float | None = None
    mobile_ion: str = "Li+"
    elements: frozenset[str] | None = None
    circuit: str | None = None
    conditions: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Flag:
    """Something found wrong, or worth knowing.

    Attributes:
        name: one word for machines, such as `not_stationary`.
        words: one line for people: what was found, with its figure, and what would mend it.
        severity: a `note` changes nothing; a `doubt` lets the value be recorded as suspect; a `refusal` means that
            there is no value, for this reason.
    """

    name: str
    words: str
    severity: Severity = "note"


@dataclass(frozen=True)
class DerivedValue:
    """One value of one property, in the property's canonical unit (see `alloop.properties`).

    Attributes:
        property: its name, or a quantity that is shown and not recorded (`resistance`).
        value: the estimate, or the limit where `bound` is not `exact`.
        unit: its unit.
        low90, high90: the 90 % interval, the spread between plausible models included; None for a bound.
        bound: whether the true value is the value, `below` it or `above` it.
        temperature_C: at which it holds.
        kind: `total`, `bulk` or `grain_boundary`, where that matters.
        conditions: what else must be known with it (reference electrode, scan rate, current density…).
        method: how it was derived, in a few words.
        is_measurement: False for what is shown but not recorded.
        flags: what holds for this value only; its file's flags hold for it too.
    """

    property: str
    value: float
    unit: str
    low90: float | None = None
    high90: float | None = None
    bound: Bound = "exact"
    temperature_C: float | None = None
    kind: str | None = None
    conditions: Mapping[str, float | str] = field(default_factory=dict)
    method: str = ""
    is_measurement: bool = True
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """What was made of one file (or of the files of one temperature series).

    Attributes:
        format: of the file, in words.
        kind: `impedance`, `current-voltage`, `diffraction`, `phase table`…
        values: what was derived; empty where nothing is believed.
        flags: what holds for the whole file.
        model: the model chosen ("R0-p(R1,CPE1)-CPE0", the phases fitted).
        details: further figures for machines: JSON values only.
        figure: an SVG of the data with the fit; None where there is nothing to draw.
        status: what the file says of the sample itself (`shorted`), None where nothing.
    """

    format: str
    kind: str
    values: tuple[DerivedValue, ...] = ()
    flags: tuple[Flag, ...] = ()
    model: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    figure: str | None = None
    status: str | None = None
