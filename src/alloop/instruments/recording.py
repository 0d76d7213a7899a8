"""What a reader gives: the numbers of an instrument file, in SI-like units, and what the file says beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from alloop.arrays import FloatArray, IntArray


@dataclass(frozen=True)
class Geometry:
    """Size of a pellet as a file or a person states it; what is not stated is None."""

    thickness_mm: float | None = None
    area_cm2: float | None = None

    @staticmethod
    def of_disc(thickness_mm: float | None, diameter_mm: float | None) -> Geometry:
        """The geometry of a round pellet."""
        area = None if diameter_mm is None else float(np.pi / 4.0 * (diameter_mm / 10.0) ** 2)
        return Geometry(thickness_mm, area)

    def over(self, other: Geometry) -> Geometry:
        """This geometry, with what it does not state taken from another."""
        return Geometry(
            self.thickness_mm if self.thickness_mm is not None else other.thickness_mm,
            self.area_cm2 if self.area_cm2 is not None else other.area_cm2,
        )


UNKNOWN_SIZE = Geometry()
"""Of a pellet nobody measured."""


@dataclass(frozen=True)
class Spectrum:
    """One impedance spectrum.

    Attributes:
        frequency_Hz: (n,), as recorded (any order), all positive.
        impedance_ohm: (n,) complex, Z' + iZ''; a capacitive response has a negative imaginary part.
        temperature_C: of the sample, where it is stated.
        name: what tells it from others of the same file ("cycle 2"), "" for the only one.
        geometry: what the file states of this spectrum's pellet.
    """

    frequency_Hz: FloatArray
    impedance_ohm: np.ndarray[tuple[int], np.dtype[np.complex128]]
    temperature_C: float | None = None
    name: str = ""
    geometry: Geometry = UNKNOWN_SIZE


@dataclass(frozen=True)
class Trace:
    """Voltage and current over time: polarisation, voltammetry, or the cycling of a cell.

    Attributes:
        time_s: (n,), non-decreasing; NaN throughout where the file has no times.
        voltage_V: (n,), working against reference (or counter) electrode.
        current_A: (n,).
        cycle: (n,) whole numbers as the file counts cycles or steps; zeros where it does not.
    """

    time_s: FloatArray
    voltage_V: FloatArray
    current_A: FloatArray
    cycle: IntArray


@dataclass(frozen=True)
class Pattern:
    """One powder diffraction pattern.

    Attributes:
        two_theta_deg: (n,), increasing.
        counts: (n,), as recorded: counts, or counts per second where the file says so.
        wavelength_angstrom: of the K-alpha-1 (or the only) line; None where the file does not state it.
        has_k_alpha_2: whether the K-alpha-2 line is in the beam.
        sigma: (n,) standard uncertainties of the counts, where the file gives them.
    """

    two_theta_deg: FloatArray
    counts: FloatArray
    wavelength_angstrom: float | None = None
    has_k_alpha_2: bool = True
    sigma: FloatArray | None = None


@dataclass(frozen=True)
class Recording:
    """One instrument file as read; exactly one of `spectra`, `trace` and `pattern` is there.

    Attributes:
        format: the file format in words ("BioLogic .mpt").
        spectra: impedance spectra, one per cycle or temperature.
        trace: voltage and current over time.
        pattern: a powder diffraction pattern.
        geometry: the pellet's size where the file states it, whether or not it is believable.
        temperature_C: of the whole measurement, where it is stated.
        measured_at: when, where it is stated.
        metadata: what else the file says and an evaluation may need ("reference_electrode": "Li+/Li").
        remarks: what a person should know about how the file was read (units that were assumed, rows left out).
    """

    format: str
    spectra: tuple[Spectrum, ...] = ()
    trace: Trace | None = None
    pattern: Pattern | None = None
    geometry: Geometry = UNKNOWN_SIZE
    temperature_C: float | None = None
    measured_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`impedance`, `current-voltage` or `diffraction`."""
        return (
            "impedance" if self.spectra else "diffraction" if self.pattern is not None else "current-voltage"
        )
