"""A spectrum made ready: sorted, without points that are no measurement, and what was found wrong on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.arrays import FloatArray
from alloop.instruments.evaluation import Flag
from alloop.instruments.impedance.circuits import ComplexArray
from alloop.instruments.impedance.kramers_kronig import linear_kramers_kronig, noise_level
from alloop.instruments.recording import Spectrum

_FEWEST, _FEW = 8, 15
_FEWEST_PER_DECADE = 3.0
# More points than any instrument takes for one spectrum would only make fits slow.
_MOST_POINTS = 2000
_NEGATIVE_BY_NOISES, _LEAST_NEGATIVE = 4.0, 0.02
_MOST_NEGATIVE_SHARE = 0.2
_WRONG_SIGN_FROM, _BETTER = 0.04, 0.4


@dataclass(frozen=True)
class Sweep:
    """A spectrum from its highest frequency to its lowest.

    Attributes:
        frequency_Hz: (n,) non-increasing.
        impedance_ohm: (n,) finite, none of them zero.
        noise: random error of real and imaginary parts as a share of |Z|; nan where n is below 6.
        flags: what was left out and why; a refusal where what is left cannot be evaluated.
    """

    frequency_Hz: FloatArray
    impedance_ohm: ComplexArray
    noise: float
    flags: tuple[Flag, ...]

    @property
    def is_refused(self) -> bool:
        """Whether there is no sense in going on."""
        return any(flag.severity == "refusal" for flag in self.flags)


def make_sweep(spectrum: Spectrum) -> Sweep:
    """Sort a spectrum, leave out what is no measurement, and judge whether the rest is one."""
    frequency = np.asarray(spectrum.frequency_Hz, dtype=float)
    impedance = np.asarray(spectrum.impedance_ohm, dtype=complex)
    flags: list[Flag] = []
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.abs(impedance)
        good = np.isfinite(frequency) & (frequency > 0) & np.isfinite(size) & (size > 0)
    # Beyond these limits nothing can be measured and squares overflow.
    good[good] &= (
        (size[good] > 1e-9) & (size[good] < 1e15) & (frequency[good] < 1e12) & (frequency[good] > 1e-9)
    )
    if not good.all():
        flags.append(Flag("points_left_out", f"{np.sum(~good)} points without a finite impedance left out"))
    order = np.argsort(-frequency[good], kind="stable")
    frequency, impedance = frequency[good][order], impedance[good][order]
    frequency, impedance = _without_repeats(frequency, impedance, flags)
    if len(frequency) > _MOST_POINTS:
        kept = np.linspace(0, len(frequency) - 1, _MOST_POINTS).astype(int)
        flags.append(Flag("points_left_out", f"{len(frequency)} points thinned to {_MOST_POINTS}"))
        frequency, impedance = frequency[kept], impedance[kept]
    noise = noise_level(frequency, impedance)
    frequency, impedance = _without_negative(frequency, impedance, noise, flags)
    _check_count(frequency, flags)
    if len(frequency) >= _FEWEST:
        _check_sign(frequency, impedance, flags)
    return Sweep(frequency, impedance, noise_level(frequency, impedance), tuple(flags))


def _without_repeats(
    frequency: FloatArray, impedance: ComplexArray, flags: list[Flag]
) -> tuple[FloatArray, ComplexArray]:
    if len(frequency) < 2:
        return frequency, impedance
    same = np.concatenate([[False], (np.diff(frequency) == 0) & (np.diff(impedance) == 0)])
    frequency, impedance = frequency[~same], impedance[~same]
    repeated = int(np.sum(np.diff(frequency) == 0))
    if same.any() or repeated:
        words = f"{same.sum()} points are there twice and count once"
        if repeated:
            words += f"; {repeated} frequencies were measured more than once, all of them count"
        flags.append(Flag("duplicate_frequencies", words))
    return frequency, impedance


def _without_negative(
    frequency: FloatArray, impedance: ComplexArray, noise: float, flags: list[Flag]
) -> tuple[FloatArray, ComplexArray]:
    """Leave out points whose real part is negative by more than noise."""
    limit = max(_LEAST_NEGATIVE, _NEGATIVE_BY_NOISES * noise if np.isfinite(noise) else 0.0)
    negative = impedance.real < -limit * np.abs(impedance)
    if not negative.any():
        return frequency, impedance
    lowest, highest = frequency[negative].min(), frequency[negative].max()
    where = f"{negative.sum()} of {len(frequency)} points, {lowest:.3g} to {highest:.3g} Hz"
    if negative.mean() > _MOST_NEGATIVE_SHARE:
        words = f"the real part is negative at {where}; check the leads, the reference lead and the columns"
        flags.append(Flag("negative_resistance", words, "refusal"))
        return frequency, impedance
    words = f"the real part is negative at {where}; left out"
    flags.append(Flag("negative_resistance", words, "doubt" if negative.sum() > 2 else "note"))
    return frequency[~negative], impedance[~negative]


def _check_count(frequency: FloatArray, flags: list[Flag]) -> None:
    count = len(frequency)
    if count < _FEWEST or frequency[0] == frequency[-1]:
        words = f"{count} points; at least {_FEWEST} at different frequencies are needed"
        flags.append(Flag("too_few_points", words, "refusal"))
        return
    decades = float(np.log10(frequency[0] / frequency[-1]))
    if count < _FEW or count / max(decades, 1.0) < _FEWEST_PER_DECADE:
        words = f"{count} points over {decades:.1f} decades; measure 6 or more per decade"
        flags.append(Flag("too_few_points", words, "doubt"))


def _check_sign(frequency: FloatArray, impedance: ComplexArray, flags: list[Flag]) -> None:
    """Whether the spectrum obeys the Kramers-Kronig relations only with the other sign of its imaginary part."""
    as_stated = linear_kramers_kronig(frequency, impedance).rms
    if as_stated < _WRONG_SIGN_FROM:
        return
    if linear_kramers_kronig(frequency, impedance.conj()).rms < _BETTER * as_stated:
        words = "the imaginary part has the wrong sign: the column is -Z'', not Z''"
        flags.append(Flag("sign_of_imaginary", words, "refusal"))
