"""One trace with everything that is stated about it, and what an evaluation of it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alloop.instruments.evaluation import DerivedValue, Flag, Given
from alloop.instruments.pellet_size import size_flags
from alloop.instruments.recording import Geometry, Recording, Trace

_PASSED_ON = ("pressure_MPa", "carbon_wt_percent", "electrodes", "reference_electrode")


@dataclass(frozen=True)
class Case:
    """A trace and what is stated about it; what a person gives goes before what the file says.

    Attributes:
        trace: without gaps.
        recording: it comes from.
        given: what a person says.
    """

    trace: Trace
    recording: Recording
    given: Given

    @property
    def stated(self) -> Mapping[str, float | str]:
        """All statements by name."""
        return {**self.recording.metadata, **self.given.conditions}

    @property
    def technique(self) -> str:
        """What the measurement is called, "" where nobody says."""
        return str(self.stated.get("technique", ""))

    @property
    def temperature_C(self) -> float | None:
        """Of the measurement."""
        known = self.given.temperature_C
        return known if known is not None else self.recording.temperature_C

    @property
    def geometry(self) -> Geometry:
        """Of the pellet."""
        return self.given.geometry.over(self.recording.geometry)

    def size_flags(self, *, thickness: bool) -> tuple[Flag, ...]:
        """Why a resistance or a current cannot be put per size; empty where it can."""
        return size_flags(self.given.geometry, self.recording.geometry, thickness=thickness)

    def conditions(self, **more: float | str) -> dict[str, float | str]:
        """What to keep with a value: what was measured and those statements that bear on it."""
        return {name: self.stated[name] for name in _PASSED_ON if name in self.stated} | more


@dataclass(frozen=True)
class Outcome:
    """What was made of a trace, before it is put beside its file.

    Attributes:
        kind: of measurement.
        values, flags, model, details, figure, status: as in an evaluation.
    """

    kind: str
    values: tuple[DerivedValue, ...] = ()
    flags: tuple[Flag, ...] = ()
    model: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    figure: str | None = None
    status: str | None = None
