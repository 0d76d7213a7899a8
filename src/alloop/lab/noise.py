"""What stands between a sample and its number: offsets, scatter, accidents, instrument limits, waiting.

Every draw has its own random generator, seeded by the laboratory's seed and the names of what it concerns, so
that a value depends neither on the order in which wells are measured nor on which of them are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from alloop.properties import get_property


@dataclass(frozen=True)
class Scatter:
    """Standard deviations on the property's modelled scale (decades where that is log10, else its unit).

    `plate` is shared by all wells of a plate, `pellet` belongs to one well.
    """

    plate: float
    pellet: float


# Impedance repeats within 0.1 to 0.15 decades from pellet to pellet and 0.1 to 0.3 from batch to batch of one
# laboratory; between laboratories 0.4 to 0.5 are usual, which one simulated laboratory does not show. The
# other figures are the repeatability of an Arrhenius fit, a polarisation, a slow sweep, a Rietveld
# refinement and a calliper.
_SCATTER = {
    "ionic_conductivity": Scatter(0.15, 0.12),
    "activation_energy": Scatter(0.004, 0.010),
    "electronic_conductivity": Scatter(0.12, 0.20),
    "oxidation_limit": Scatter(0.02, 0.04),
    "reduction_limit": Scatter(0.02, 0.04),
    "target_phase_fraction": Scatter(0.0, 0.03),
    "amorphous_fraction": Scatter(0.0, 0.04),
    "relative_density": Scatter(0.006, 0.012),
    "critical_current_density": Scatter(0.05, 0.20),
    "li_stability": Scatter(0.05, 0.25),
}
_DETECTION = {
    "ionic_conductivity": (1e-9, None),
    "electronic_conductivity": (1e-11, None),
    "oxidation_limit": (None, 5.5),
    "critical_current_density": (None, 10.0),
}
_LATE = {
    "activation_energy": 0.1,
    "electronic_conductivity": 0.2,
    "oxidation_limit": 0.3,
    "critical_current_density": 1.0,
    "li_stability": 1.0,
}


@dataclass(frozen=True)
class NoiseModel:
    """How a simulated laboratory errs.

    `scatter` holds the layered noise per property; a property without an entry gets `other_scatter` times
    the spread of its true values. `detection` gives what an instrument can tell at least and at most, in
    canonical units. `late` is the chance that a property's result comes a plate later than the first ones.
    `cracked`, `shorted` and `lost` are chances per well; `outlier` is the chance of a bad contact, which
    costs `outlier_decades` (a scale) of conductivity.
    """

    scatter: Mapping[str, Scatter] = field(default_factory=lambda: MappingProxyType(_SCATTER))
    other_scatter: Scatter = Scatter(0.04, 0.08)
    detection: Mapping[str, tuple[float | None, float | None]] = field(
        default_factory=lambda: MappingProxyType(_DETECTION)
    )
    late: Mapping[str, float] = field(default_factory=lambda: MappingProxyType(_LATE))
    cracked: float = 0.02
    shorted: float = 0.01
    lost: float = 0.01
    outlier: float = 0.02
    outlier_decades: float = 0.5

    def of(self, name: str, spread: float) -> Scatter:
        """The scatter of property `name`, whose true values spread by `spread` on the modelled scale."""
        own = self.scatter.get(name)
        return own or Scatter(self.other_scatter.plate * spread, self.other_scatter.pellet * spread)


QUIET = NoiseModel(
    scatter=MappingProxyType({name: Scatter(0.0, 0.0) for name in _SCATTER}),
    other_scatter=Scatter(0.0, 0.0),
    detection=MappingProxyType({}),
    late=MappingProxyType({}),
    cracked=0.0,
    shorted=0.0,
    lost=0.0,
    outlier=0.0,
)
"""A laboratory that measures the truth of whatever forms."""


def generator(seed: int, *names: str) -> np.random.Generator:
    """The random generator that belongs to these names, whatever else has been drawn before."""
    digest = hashlib.blake2b("\x1f".join((str(seed), *names)).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def status_of(noise: NoiseModel, seed: int, plate: str, well: str, formed: float) -> str:
    """What became of a well whose chance to form is `formed`: ok, not_formed, cracked, shorted or lost."""
    draws = generator(seed, plate, well, "status").random(4)
    for status, draw, chance in zip(
        ("lost", "not_formed", "cracked", "shorted"),
        draws,
        (noise.lost, 1.0 - formed, noise.cracked, noise.shorted),
        strict=True,
    ):
        if draw < chance:
            return status
    return "ok"


def is_late(noise: NoiseModel, seed: int, plate: str, well: str, name: str) -> bool:
    """Whether this well's result for property `name` comes a plate later."""
    return bool(generator(seed, plate, well, name, "late").random() < noise.late.get(name, 0.0))


def measured(
    truth: float, name: str, scatter: Scatter, noise: NoiseModel, seed: int, plate: str, well: str
) -> float:
    """One noisy reading of `truth` (canonical unit, as the result).

    The offset of the plate and the scatter of the pellet add on the property's usual scale; a reading never
    leaves the range of what is physically plausible.
    """
    entry = get_property(name)
    offset = scatter.plate * generator(seed, plate, name, "plate").standard_normal()
    own = generator(seed, plate, well, name, "pellet")
    error = offset + scatter.pellet * own.standard_normal()
    if name == "ionic_conductivity" and own.random() < noise.outlier:
        error -= abs(noise.outlier_decades * own.standard_normal())
    value = truth * 10.0**error if entry.scale == "log10" else truth + error
    return float(min(max(value, entry.low), entry.high))


def cell_text(value: float, name: str, noise: NoiseModel) -> str:
    """The reading as a table cell: four figures, or a bound such as `<1e-9` beyond what can be measured."""
    low, high = noise.detection.get(name, (None, None))
    if low is not None and value < low:
        return f"<{_figures(low)}"
    if high is not None and value > high:
        return f">{_figures(high)}"
    return _figures(value)


def _figures(value: float) -> str:
    return f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e+")
