"""What all evaluations of voltage and current start from: the noise, digits, pieces at a constant level."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import BoolArray, FloatArray

FEWEST_POINTS = 20
_CURVE_POINTS = 300  # of a figure's curve
_COARSEST_DIGIT = 0.01  # of the largest value


@dataclass(frozen=True)
class Plateau:
    """Consecutive samples (start to stop, stop excluded) over which a controlled quantity is constant."""

    start: int
    stop: int
    level: float

    @property
    def rows(self) -> slice:
        """The samples."""
        return slice(self.start, self.stop)


def noise_of(values: FloatArray) -> float:
    """Standard deviation of the noise of a smooth signal; not under what its digital step makes."""
    return max(_white_noise(values), digital_step(values) / float(np.sqrt(12.0)))


def _white_noise(values: FloatArray) -> float:
    """From second differences: those of white noise have six times its variance; the median makes jumps harmless."""
    if len(values) < 3:
        return 0.0
    return 1.4826 * float(np.median(np.abs(np.diff(values, 2)))) / float(np.sqrt(6.0))


def digital_step(values: FloatArray) -> float:
    """The smallest difference between neighbouring samples where many of them are equal, else 0."""
    steps = np.abs(np.diff(values))
    if not len(steps) or (steps == 0).mean() < 0.2 or not steps.any():
        return 0.0
    # what a sum leaves in the last digits is no step
    real = steps[steps > 1e-9 * np.abs(values).max()]
    return float(real.min()) if real.size else 0.0


def plateaus(values: FloatArray, within: Sequence[slice] | None = None, fewest: int = 3) -> list[Plateau]:
    """The pieces between jumps over which a signal stays at one level, those under `fewest` samples left out.

    A jump exceeds eight standard deviations of the noise and a thousandth of the largest level; a piece is constant
    if nine tenths of its samples lie within twice that of its median. Pieces at the same level with nothing but a
    spike between them are one.

    Args:
        values: (n,).
        within: stretches of samples to look in; nothing reaches from one to the next. None looks everywhere.
        fewest: samples of a piece.
    """
    stretches = [slice(0, len(values))] if within is None else within
    if not stretches:
        return []
    jump = jump_size(np.concatenate([values[one] for one in stretches]))
    return [found for one in stretches for found in _plateaus(values[one], one.start, jump, fewest)]


def _plateaus(values: FloatArray, offset: int, jump: float, fewest: int) -> list[Plateau]:
    breaks = np.flatnonzero(np.abs(np.diff(values)) > jump) + 1
    found: list[Plateau] = []
    for start, stop in itertools.pairwise([0, *breaks.tolist(), len(values)]):
        if stop - start < fewest:
            continue
        piece = values[start:stop]
        level = float(np.median(piece))
        if np.quantile(np.abs(piece - level), 0.9) > 2.0 * jump:
            continue
        one = Plateau(offset + start, offset + stop, level)
        if found and one.start - found[-1].stop < fewest and abs(level - found[-1].level) <= jump:
            one = Plateau(found.pop().start, one.stop, level)
        found.append(one)
    return found


def jump_size(values: FloatArray) -> float:
    """The least difference between neighbouring samples that counts as a jump between two levels."""
    largest, digit = float(np.abs(values).max()), digital_step(values)
    # where levels are written exactly as they were set, the smallest difference is that between two of them
    digit = digit if digit < _COARSEST_DIGIT * largest else 0.0
    return max(8.0 * _white_noise(values), 3.0 * digit, 1e-3 * largest, 1e-15)


def blocks(n: int, count: int) -> list[slice]:
    """`count` consecutive blocks of about equal length, none of them empty; fewer where n is smaller."""
    edges = np.linspace(0, n, min(count, n) + 1).round().astype(int)
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def time_blocks(time_s: FloatArray, count: int) -> list[slice]:
    """Up to `count` consecutive blocks of equal duration; those without a sample are left out.

    Instruments record densely after a change and sparsely later: blocks of equal numbers would weigh the beginning.
    """
    edges = np.linspace(time_s[0], time_s[-1], count + 1)[1:-1]
    rows = [0, *np.searchsorted(time_s, edges).tolist(), len(time_s)]
    return [slice(a, b) for a, b in itertools.pairwise(rows) if b > a]


def level_with_error(time_s: FloatArray, values: FloatArray, digit: float) -> tuple[float, float]:
    """The mean of a signal over time and a standard error of it, from the medians of eight blocks.

    The error is the scatter of the blocks around a straight line, not divided by the root of their number: what
    makes long records of small currents uncertain is slow, and does not average out. Neither does the rounding to
    digits: its standard uncertainty is digit / sqrt(12) (JCGM 100:2008, F.2.2.1).
    """
    parts = time_blocks(time_s, 8)
    x = np.array([time_s[one].mean() for one in parts])
    means = np.array([np.median(values[one]) for one in parts])
    floor = max(_white_noise(values) / float(np.sqrt(len(values))), digit / float(np.sqrt(12.0)))
    if len(means) < 4:
        return float(np.mean(means)), max(float(np.ptp(values)), floor)
    places = x - x.mean()
    rest = means - means.mean() - places * float(places @ means / (places @ places))
    return float(means.mean()), max(float(np.sqrt(rest @ rest / (len(means) - 2))), floor)


def thinned(x: FloatArray, y: FloatArray, count: int = _CURVE_POINTS) -> list[tuple[float, float]]:
    """About `count` points of a curve, the lowest and the highest of each stretch, so that no spike is lost."""
    if len(x) <= count:
        return list(zip(x.tolist(), y.tolist(), strict=True))
    rows: list[int] = []
    for one in blocks(len(x), count // 2):
        piece = y[one]
        rows += sorted({one.start + int(piece.argmin()), one.start + int(piece.argmax())})
    return [(float(x[row]), float(y[row])) for row in rows]


def longest_run(mask: BoolArray) -> int:
    """The length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max()) if edges.size else 0
