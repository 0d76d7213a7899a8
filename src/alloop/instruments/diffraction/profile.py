"""The calculated pattern of one phase: line positions, intensities and shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.diffraction.crystal import Crystal, lattice_freedoms, reciprocal_metric, strained
from alloop.instruments.diffraction.lines import Lines

FULL_REACH, SHORT_REACH = 14.0, 6.0
_TAIL_END = 2e-4
_LARGEST_REACH_DEG = 4.0
_NARROWEST_DEG = 0.005
# Intensity of K-alpha-2 over K-alpha-1 (Hölzer et al., 1997, doi:10.1103/PhysRevA.56.4554).
K_ALPHA_2_SHARE = 0.5


@dataclass(frozen=True)
class Beam:
    """The radiation.

    Attributes:
        wavelength_angstrom: of K-alpha-1 or the only line.
        second_angstrom: of K-alpha-2, None where it is not in the beam.
        polarised: a synchrotron's beam, whose polarisation takes nothing off in the vertical plane.
    """

    wavelength_angstrom: float
    second_angstrom: float | None
    polarised: bool = False


@dataclass(frozen=True)
class Instrument:
    """What all phases of a pattern share.

    Attributes:
        zero_deg: added to every 2θ.
        displacement_deg: the sample's height error, −2s/R in degrees; shifts 2θ by its product with cosθ.
        gauss_deg: the Gaussian width (FWHM) of the instrument.
        gauss_slope_deg: the part of it that grows with tanθ.
        asymmetry: axial divergence: how much wider a line is on its low-angle side, times tan(2θ) at small angles.
        overflow: sinθ at which the beam is as long as the sample; below it part of the beam misses the sample.
    """

    zero_deg: float = 0.0
    displacement_deg: float = 0.0
    gauss_deg: float = 0.05
    gauss_slope_deg: float = 0.03
    asymmetry: float = 0.0
    overflow: float = 0.0


@dataclass(frozen=True, eq=False)
class PhaseShape:
    """What one phase has of its own.

    Attributes:
        lattice: changes of the cell along its freedoms (see `lattice_freedoms`).
        size_deg: Lorentzian width times cosθ: small crystallites.
        strain_deg: Lorentzian width over tanθ: microstrain.
        texture: the March-Dollase parameter r; 1 is a random powder, below 1 platelets lying flat.
        axis: (3,) hkl of the plane that they lie on.
    """

    lattice: FloatArray
    size_deg: float = 0.04
    strain_deg: float = 0.03
    texture: float = 1.0
    axis: tuple[int, int, int] = (0, 0, 1)


def phase_cell(crystal: Crystal, shape: PhaseShape) -> tuple[float, float, float, float, float, float]:
    """The cell after the changes that a fit found."""
    return strained(crystal.cell, shape.lattice @ lattice_freedoms(crystal.cell))


def line_angles(
    crystal: Crystal, lines: Lines, shape: PhaseShape, instrument: Instrument, wavelength: float
) -> FloatArray:
    """2θ in degrees of each line as it is seen; NaN where the wavelength does not reach it."""
    metric = reciprocal_metric(phase_cell(crystal, shape))
    sine = wavelength / 2.0 * np.sqrt(np.einsum("ni,ij,nj->n", lines.hkl, metric, lines.hkl))
    theta = np.arcsin(np.where(sine < 0.9999, sine, np.nan))
    return np.asarray(
        np.degrees(2.0 * theta) + instrument.zero_deg + instrument.displacement_deg * np.cos(theta)
    )


def line_intensities(
    crystal: Crystal,
    lines: Lines,
    shape: PhaseShape,
    angles_deg: FloatArray,
    polarised: bool,
    overflow: float = 0.0,
) -> FloatArray:
    """Relative integrated intensities: Σ|F|² × Lorentz-polarisation factor × texture.

    LP = (1 + cos²2θ)/(2 sin²θ cosθ) for an unpolarised beam in reflection from a flat sample (International Tables for
    Crystallography C, 6.2). Below `overflow` the part of the beam that meets the sample falls as sinθ (a fixed slit and
    a sample of limited length), with a soft corner. Texture after Dollase (1986), doi:10.1107/S0021889886089458,
    averaged over the line's reflections.
    """
    theta = np.radians(angles_deg) / 2.0
    polarisation = 1.0 if polarised else (1.0 + np.cos(2.0 * theta) ** 2) / 2.0
    intensity = lines.strength * polarisation / (np.sin(theta) ** 2 * np.cos(theta))
    if overflow:
        intensity = intensity / (1.0 + (overflow / np.sin(theta)) ** 4) ** 0.25
    if shape.texture != 1.0:
        intensity = intensity * _texture(crystal, lines, shape)
    return np.asarray(intensity)


def _texture(crystal: Crystal, lines: Lines, shape: PhaseShape) -> FloatArray:
    metric = reciprocal_metric(crystal.cell)
    axis = np.array(shape.axis, dtype=float)
    along = lines.members @ metric @ axis
    squares = np.einsum("ni,ij,nj->n", lines.members, metric, lines.members) * (axis @ metric @ axis)
    cosine_square = np.clip(along**2 / squares, 0.0, 1.0)
    march = (shape.texture**2 * cosine_square + (1.0 - cosine_square) / shape.texture) ** -1.5
    return np.bincount(lines.line_of, weights=lines.share * march, minlength=len(lines.strength)).astype(
        float
    )


def phase_pattern(
    two_theta_deg: FloatArray,
    crystal: Crystal,
    lines: Lines,
    shape: PhaseShape,
    instrument: Instrument,
    beam: Beam,
    reach: float = FULL_REACH,
) -> FloatArray:
    """The pattern of one phase of scale 1 at the angles of a measurement, (n,); tails end after `reach` widths."""
    total = np.zeros(len(two_theta_deg))
    parts = [(beam.wavelength_angstrom, 1.0)]
    if beam.second_angstrom is not None:
        parts = [
            (beam.wavelength_angstrom, 1.0 / (1.0 + K_ALPHA_2_SHARE)),
            (beam.second_angstrom, K_ALPHA_2_SHARE / (1.0 + K_ALPHA_2_SHARE)),
        ]
    centres, areas = [], []
    for wavelength, part in parts:
        angles = line_angles(crystal, lines, shape, instrument, wavelength)
        intensities = part * line_intensities(
            crystal, lines, shape, angles, beam.polarised, instrument.overflow
        )
        inside = (
            np.isfinite(angles)
            & (angles > max(two_theta_deg[0] - _LARGEST_REACH_DEG, 1.0))
            & (angles < two_theta_deg[-1] + _LARGEST_REACH_DEG)
        )
        centres.append(angles[inside])
        areas.append(intensities[inside])
    centre, area = np.concatenate(centres), np.concatenate(areas)
    if len(centre) == 0:
        return total
    gauss, lorentz = line_widths(centre, shape, instrument)
    return add_lines(two_theta_deg, centre, area, gauss, lorentz, instrument.asymmetry, reach)


def line_widths(
    angles_deg: FloatArray, shape: PhaseShape, instrument: Instrument
) -> tuple[FloatArray, FloatArray]:
    """Gaussian and Lorentzian widths (FWHM, degrees) of lines, the terms of Caglioti, Paoletti & Ricci (1958,
    doi:10.1016/0369-643X(58)90029-X) without the mixed one, and of size and strain."""
    theta = np.radians(angles_deg) / 2.0
    gauss = np.sqrt(instrument.gauss_deg**2 + (instrument.gauss_slope_deg * np.tan(theta)) ** 2)
    lorentz = shape.size_deg / np.cos(theta) + shape.strain_deg * np.tan(theta)
    return gauss, lorentz


def pseudo_voigt(gauss: FloatArray, lorentz: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Width and Lorentzian share of the pseudo-Voigt nearest to a Voigt line.

    Thompson, Cox & Hastings (1987), doi:10.1107/S0021889887087090.
    """
    g, el = gauss, lorentz
    fifth = (
        g**5
        + 2.69269 * g**4 * el
        + 2.42843 * g**3 * el**2
        + 4.47163 * g**2 * el**3
        + 0.07842 * g * el**4
        + el**5
    )
    width = np.maximum(fifth**0.2, _NARROWEST_DEG)
    ratio = np.clip(el / width, 0.0, 1.0)
    return width, 1.36603 * ratio - 0.47719 * ratio**2 + 0.11116 * ratio**3


def add_lines(
    two_theta_deg: FloatArray,
    centre: FloatArray,
    area: FloatArray,
    gauss: FloatArray,
    lorentz: FloatArray,
    asymmetry: float,
    reach: float = FULL_REACH,
) -> FloatArray:
    """The sum of pseudo-Voigt lines at increasing angles, each up to `reach` widths off its centre.

    A line is wider on its low-angle side by the factor 1 + asymmetry/tan(2θ) below 90°, and narrower on the other: the
    usual approximation of axial divergence (Toraya, 1986, doi:10.1107/S0021889886088982, uses split lines like these).
    """
    width, mixing = pseudo_voigt(gauss, lorentz)
    half = width / 2.0
    # A tail ends where it is too low to be seen beside the highest line: weak lines need few points.
    highest = float(np.max(area / width))
    tail = np.sqrt(mixing * area * half / (np.pi * _TAIL_END * highest)) if highest > 0.0 else width
    away = np.minimum(np.clip(tail, 2.0 * width, reach * width), _LARGEST_REACH_DEG)
    first = np.searchsorted(two_theta_deg, centre - away)
    last = np.searchsorted(two_theta_deg, centre + away)
    lengths = last - first
    total = int(lengths.sum())
    if total == 0:
        return np.zeros(len(two_theta_deg))
    line = np.repeat(np.arange(len(centre)), lengths)
    place = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(first, lengths)
    offset = two_theta_deg[place] - centre[line]
    if asymmetry:
        skew = np.clip(asymmetry / np.tan(np.radians(np.clip(centre, 5.0, 85.0))), -0.8, 0.8)[line]
        scaled = offset / (half[line] * np.where(offset < 0, 1.0 + skew, 1.0 - skew))
    else:
        scaled = offset / half[line]
    square = scaled * scaled
    lorentzian = (mixing * area / (np.pi * half))[line] / (1.0 + square)
    gaussian = ((1.0 - mixing) * area * np.sqrt(np.log(2.0) / np.pi) / half)[line] * np.exp(
        -np.log(2.0) * square
    )
    return np.bincount(place, weights=lorentzian + gaussian, minlength=len(two_theta_deg)).astype(float)
