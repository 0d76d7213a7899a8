"""Impedance spectra with a known answer, some of them from circuits that the evaluation does not know.

Every spectrum comes from a pellet of random size, permittivity and resistance (log-uniform, 1 ohm to 1 Gohm) between
blocking electrodes, measured over a random window with random error proportional to |Z|. The kinds:

    none            no arc in the window: resistance and tail, with the inductance of the leads
    one, two        one or two depressed arcs (ZARC), blocking tail
    truncated       one arc whose top lies above the window
    free            one arc and an interface arc between reversible electrodes: no blocking tail
    distributed     two arcs as log-normal distributions of relaxation times
    skewed          Havriliak-Negami arcs: steeper on one side
    gerischer       a ZARC and a Gerischer element (ends at a finite resistance)
    porous          one arc, and a tail that is a finite transmission line: two slopes
    outliers        one arc, three points wrong by 20-60 %
    drifting        two arcs whose resistance grows by 2-10 % during the sweep (the truth is its mean)

Not to be believed: `short` (leads only), `open` (capacitance without a plateau), `swapped` (Z'' with the wrong sign).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alloop.instruments.recording import Geometry, Spectrum

GOOD_KINDS = ("none", "one", "two", "truncated", "free")
STRANGE_KINDS = ("distributed", "skewed", "gerischer", "porous", "outliers", "drifting")
BAD_KINDS = ("short", "open", "swapped")
_VACUUM_F_PER_CM = 8.854e-14


@dataclass(frozen=True)
class Truth:
    """A spectrum and what is known of it: resistances in ohm, nan where there is none to be found."""

    kind: str
    spectrum: Spectrum
    total_ohm: float
    bulk_ohm: float = float("nan")
    grain_boundary_ohm: float = float("nan")
    noise: float = 0.0


def make_spectrum(kind: str, seed: int, noise: float | None = None) -> Truth:
    """One spectrum of a kind; the random error is 0.2 to 1 % unless it is given."""
    draw = np.random.default_rng([seed, sum(map(ord, kind))])
    thickness_mm, area_cm2 = draw.uniform(0.4, 2.5), np.pi / 4 * draw.uniform(0.5, 1.3) ** 2
    geometry = Geometry(float(thickness_mm), float(area_cm2))
    noise = float(np.exp(draw.uniform(np.log(0.002), np.log(0.01)))) if noise is None else noise
    top, bottom = draw.choice([1e6, 1e6, 3e6, 7e6]), draw.choice([0.01, 0.1, 0.1, 1.0])
    per_decade = draw.integers(6, 13)
    frequency = np.logspace(np.log10(top), np.log10(bottom), int(np.log10(top / bottom) * per_decade) + 1)
    s = 2j * np.pi * frequency
    pellet = _Pellet(draw, thickness_mm / 10 / area_cm2, area_cm2, top, bottom)
    impedance, total, bulk, boundary = _PARTS[kind](pellet, s)
    impedance = impedance * (1 + noise * (draw.normal(size=len(s)) + 1j * draw.normal(size=len(s))))
    if kind == "outliers":
        wrong = draw.choice(len(s), 3, replace=False)
        impedance[wrong] *= 1 + draw.choice([-1, 1], 3) * draw.uniform(0.2, 0.6, 3)
    return Truth(kind, Spectrum(frequency, impedance, 25.0, geometry=geometry), total, bulk, boundary, noise)


class _Pellet:
    """Random properties of one pellet; resistances are drawn so that what a kind promises is in the window."""

    def __init__(
        self, draw: np.random.Generator, cell_constant: float, area: float, top: float, bottom: float
    ):
        self.draw, self.top, self.bottom = draw, top, bottom
        self.bulk_F = draw.uniform(8, 60) * _VACUUM_F_PER_CM / cell_constant + draw.uniform(0, 5e-12)
        self.boundary_F = self.bulk_F * 10 ** draw.uniform(1.3, 2.7)
        self.electrode_F = 10 ** draw.uniform(-6.5, -4.8) * area
        self.tail_n = draw.uniform(0.7, 0.98)

    def resistance(self, capacitance: float, low_Hz: float, high_Hz: float) -> float:
        """Log-uniform in 1 ohm to 1 Gohm such that an arc with this capacitance peaks between two frequencies."""
        low, high = 1 / (2 * np.pi * high_Hz * capacitance), 1 / (2 * np.pi * low_Hz * capacitance)
        low, high = max(low, 1.0), min(high, 1e9)
        return float(10 ** self.draw.uniform(*np.log10([low, max(high, low)])))

    def exponent(self) -> float:
        return float(self.draw.uniform(0.7, 1.0))

    def tail(self, s: np.ndarray) -> np.ndarray:
        # The CPE of a blocking electrode has its capacitance at 1 rad/s.
        return 1 / (self.electrode_F * s**self.tail_n)

    def lead(self, s: np.ndarray) -> np.ndarray:
        return s * self.draw.uniform(5e-8, 2e-6)

    @property
    def arc_window(self) -> tuple[float, float]:
        return 30 * self.bottom, self.top / 3


def zarc(s: np.ndarray, resistance: float, capacitance: float, n: float) -> np.ndarray:
    """A depressed arc with τ = RC."""
    return resistance / (1 + (s * resistance * capacitance) ** n)


def _none(p: _Pellet, s: np.ndarray):
    total = float(10 ** p.draw.uniform(0, np.log10(min(1 / (2 * np.pi * 20 * p.top * p.bulk_F), 3e4))))
    return total / (1 + s * total * p.bulk_F) + p.tail(s) + p.lead(s), total, np.nan, np.nan


def _one(p: _Pellet, s: np.ndarray):
    total = p.resistance(p.bulk_F, *p.arc_window)
    return zarc(s, total, p.bulk_F, p.exponent()) + p.tail(s) + p.lead(s), total, np.nan, np.nan


def _pair(p: _Pellet) -> tuple[float, float]:
    bulk = p.resistance(p.bulk_F, 3e4 * p.bottom, p.top / 2)
    return bulk, bulk * 10 ** p.draw.uniform(-0.7, 0.7)


def _two(p: _Pellet, s: np.ndarray):
    bulk, boundary = _pair(p)
    z = zarc(s, bulk, p.bulk_F, p.draw.uniform(0.85, 1)) + zarc(s, boundary, p.boundary_F, p.exponent())
    return z + p.tail(s) + p.lead(s), bulk + boundary, bulk, boundary


def _truncated(p: _Pellet, s: np.ndarray):
    total = p.resistance(p.bulk_F, p.top, 10 * p.top)
    return zarc(s, total, p.bulk_F, p.exponent()) + p.tail(s) + p.lead(s), total, np.nan, np.nan


def _free(p: _Pellet, s: np.ndarray):
    total = p.resistance(p.bulk_F, 1e4 * p.bottom, p.top / 3)
    interface = total * 10 ** p.draw.uniform(-1, 0.5)
    z = zarc(s, total, p.bulk_F, p.exponent()) + zarc(s, interface, p.electrode_F, p.draw.uniform(0.75, 1))
    return z + p.lead(s), total, np.nan, np.nan


def _distributed(p: _Pellet, s: np.ndarray):
    bulk, boundary = _pair(p)
    z = p.tail(s) + p.lead(s)
    for total, tau in ((bulk, bulk * p.bulk_F), (boundary, boundary * p.boundary_F)):
        width = p.draw.uniform(0.2, 1.2)  # of ln τ
        steps = np.linspace(-4, 4, 81)
        share = np.exp(-0.5 * steps**2)
        times = tau * np.exp(width * steps)
        z = z + total * (share / share.sum() / (1 + s[:, None] * times)).sum(axis=1)
    return z, bulk + boundary, bulk, boundary


def _skewed(p: _Pellet, s: np.ndarray):
    bulk, boundary = _pair(p)
    z = p.tail(s) + p.lead(s)
    for total, tau in ((bulk, bulk * p.bulk_F), (boundary, boundary * p.boundary_F)):
        z = z + total / (1 + (s * tau) ** p.draw.uniform(0.8, 1)) ** p.draw.uniform(0.5, 0.9)
    return z, bulk + boundary, bulk, boundary


def _gerischer(p: _Pellet, s: np.ndarray):
    bulk, boundary = _pair(p)
    z = zarc(s, bulk, p.bulk_F, p.draw.uniform(0.85, 1)) + boundary / np.sqrt(1 + s * boundary * p.boundary_F)
    return z + p.tail(s) + p.lead(s), bulk + boundary, bulk, boundary


def _porous(p: _Pellet, s: np.ndarray):
    total = p.resistance(p.bulk_F, *p.arc_window)
    inner = np.sqrt(s * p.electrode_F * total * 10 ** p.draw.uniform(-1.5, -0.3))
    line = inner / np.tanh(inner) / (s * p.electrode_F)  # pores that fill: slope 1/2, then blocking
    return zarc(s, total, p.bulk_F, p.exponent()) + line + p.lead(s), total, np.nan, np.nan


def _drifting(p: _Pellet, s: np.ndarray):
    bulk, boundary = _pair(p)
    growth = 1 + p.draw.uniform(0.02, 0.1) * np.linspace(-0.5, 0.5, len(s))
    n = p.draw.uniform(0.85, 1), p.exponent()
    z = np.array(
        [
            zarc(one, bulk * g, p.bulk_F, n[0]) + zarc(one, boundary * g, p.boundary_F, n[1])
            for one, g in zip(s, growth, strict=True)
        ]
    )
    return z + p.tail(s) + p.lead(s), bulk + boundary, bulk, boundary


def _short(p: _Pellet, s: np.ndarray):
    return p.draw.uniform(0.02, 0.8) + p.lead(s), np.nan, np.nan, np.nan


def _open(p: _Pellet, s: np.ndarray):
    total = 10 ** p.draw.uniform(1, 4) / (2 * np.pi * p.bottom * p.bulk_F)
    return zarc(s, total, p.bulk_F, p.draw.uniform(0.93, 1)), float(total), np.nan, np.nan


def _swapped(p: _Pellet, s: np.ndarray):
    z, _, _, _ = _one(p, s)
    return z.conj(), np.nan, np.nan, np.nan


_PARTS = {
    "none": _none, "one": _one, "two": _two, "truncated": _truncated, "free": _free, "distributed": _distributed,
    "skewed": _skewed, "gerischer": _gerischer, "porous": _porous, "outliers": _one, "drifting": _drifting,
    "short": _short, "open": _open, "swapped": _swapped,
}  # fmt: skip
