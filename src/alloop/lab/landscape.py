"""The hidden truth of a simulated laboratory: from what a candidate is to what it would show without noise.

The forms are those that reviews of solid electrolytes agree on (carrier optimum inside the range, cost of
size mismatch, solubility limits, process optima, the exchange of activation energy against prefactor, softer
anions that oxidise earlier); the coefficients are drawn from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.chemistry.species import parse_species
from alloop.lab.field import Basis, Field, draw_field
from alloop.lab.makeup import Makeup
from alloop.lab.noise import generator
from alloop.lab.traits import Traits, read_traits
from alloop.properties import get_property

if TYPE_CHECKING:
    from alloop.space import Space

_ANION_ONSET = {
    "F": 6.0, "Cl": 4.3, "Br": 3.4, "I": 2.7, "O": 3.7, "S": 2.4, "Se": 2.1, "N": 1.0, "P": 1.0, "H": 2.0,
}  # fmt: skip
"""Rounded onset of oxidation (V against Li+/Li) of lithium conductors with that anion: chlorides 4.2 to 4.3,
sulfides about 2.5, fluorides highest, nitrides and phosphides about 1."""

_ANIONS = frozenset(_ANION_ONSET) - {"H", "N", "P"}

_FOLLOWS_CONDUCTION = frozenset(
    {"ionic_conductivity", "activation_energy", "critical_current_density", "li_stability"}
)
_TYPICAL = {
    "li_stability": (2.0, 1.0), "density": (3.0, 0.5), "lattice_parameter": (10.3, 0.1),
    "hardness": (300.0, 100.0), "crystallization_temperature": (250.0, 40.0),
    "yield_strength": (500.0, 150.0), "elongation": (0.3, 0.1), "overpotential": (0.4, 0.05),
    "amorphous_fraction": (-1.5, 2.0),
}  # fmt: skip
"""Centre and width on the inner scale of properties that have no equation of their own here; else 0 and 1."""

_DOPANT_DECADES, _PROCESS_DECADES = 0.22, 0.45
_CEILING, _BEND_WIDTH = -1.4, 0.15  # log10 of S/cm: the best lithium conductor known has 32 mS/cm
_EV_PER_DECADE = 0.075
"""eV by which the barrier falls per decade of conductivity: kT ln 10 = 0.059 at 25 °C, and a quarter more for
the prefactor, which falls with the barrier."""


@dataclass(frozen=True)
class Landscape:
    """Hidden truth over one space; draw it with :func:`draw_landscape`.

    Values come on each property's inner scale: log10 of the canonical unit for properties of scale log10,
    the logit for fractions of 1, the canonical unit else. `shift` moves a property so that its target is
    neither trivial nor out of reach (see :mod:`alloop.lab.calibrate`); above `bend` (log10 of S/cm)
    conductivity rises only half as fast.
    """

    traits: Traits
    fields: dict[str, Field]
    elements: tuple[str, ...]
    mobile: BoolArray
    carrier_range: tuple[float, float]
    carrier_optimum: float
    carrier_weight: float
    strain_limit: float
    glass_centre: FloatArray
    load_limit: float
    shift: dict[str, float]
    bend: float = _CEILING

    def basis(self, makeup: Makeup) -> Basis:
        """The shares, responses, carriers and load of these candidates."""
        traits = self.traits
        shares = traits.shares(makeup)
        ratio = shares / traits.solubility
        response = np.where(traits.foreign, ratio * np.exp(1.0 - ratio), 0.0)
        low, high = self.carrier_range
        ratio_to_anions = _carriers(makeup, self.elements, self.mobile)
        carriers = (ratio_to_anions - low) / (high - low) if high > low else np.full(len(shares), 0.5)
        carriers = np.clip(carriers, 0.0, 1.0)
        if traits.host.any():
            load = ratio[:, traits.foreign].sum(axis=1)
        else:  # a mixture forms around an inner composition
            width = np.maximum(traits.solubility, 1e-9)
            load = (((shares - self.glass_centre) / width) ** 2)[:, traits.foreign].sum(axis=1)
        return Basis(makeup, shares, response, carriers, load)

    def decades(self, basis: Basis) -> dict[str, FloatArray]:
        """What each mechanism adds to log10 of the ionic conductivity, (n,) each."""
        traits, field = self.traits, self.fields["ionic_conductivity"]
        strain, mixing = _strain_and_mixing(traits, basis)
        strain = strain / self.strain_limit
        blocked = basis.shares[:, traits.mobile_site] / traits.solubility[traits.mobile_site]
        purity = self.values("target_phase_fraction", basis)
        return {
            "carriers": self.carrier_weight * _occupation(basis.carriers, self.carrier_optimum),
            "mismatch": -0.8 * strain / (1.0 + strain),
            "disorder": np.log10(0.15 + 0.85 * (1.0 - np.exp(-mixing / 0.4))) + 0.1 * mixing,
            "dopants": field.chemistry(basis),
            "blocking": -0.12 * blocked.sum(axis=1),
            "process": field.process(basis),
            "second phases": 1.5 * np.log10(0.05 + 0.95 * purity),
        }

    def formation(self, basis: Basis) -> FloatArray:
        """Chance that the well forms at all, (n,): small where too much is dissolved or fired wrongly."""
        field = self.fields["formation"]
        margin = -basis.load / self.load_limit + 0.3 * field.chemistry(basis) + field.process(basis)
        return _logistic(4.0 * (margin + self.shift.get("formation", 0.0)))

    def inner(self, name: str, basis: Basis) -> FloatArray:
        """Truth of property `name` on its inner scale, (n,), before the shift."""
        field = self.fields[name]
        own = field.chemistry(basis) + field.process(basis)
        if name == "target_phase_fraction":
            return 3.0 - 3.0 * basis.load / self.load_limit + own
        if name == "relative_density":
            return 2.0 + 1.5 * own
        if name == "reduction_limit":
            return 0.6 + 0.5 * _leakiness(self.traits, basis) - 0.2 * own
        if name == "electronic_conductivity":
            return -9.3 + 1.5 * _leakiness(self.traits, basis) + 0.8 * own
        if name == "oxidation_limit":
            return self._oxidation(basis) + 0.25 * own
        centre, width = _TYPICAL.get(name, (0.0, 1.0))
        if name not in _FOLLOWS_CONDUCTION:
            return centre + width * own
        conduction = -3.5 + sum(self.decades(basis).values(), np.zeros(len(basis.load)))
        if name == "ionic_conductivity":
            return conduction
        above = conduction + self.shift.get("ionic_conductivity", 0.0) + 3.0  # decades above 1 mS/cm
        if name == "activation_energy":
            return 0.32 - _EV_PER_DECADE * above + 0.02 * own
        return centre + width * (0.4 * above + own)

    def values(self, name: str, basis: Basis) -> FloatArray:
        """Noise-free values of property `name` in its canonical unit, (n,), within its plausible range."""
        entry = get_property(name)
        inner = self.inner(name, basis) + self.shift.get(name, 0.0)
        if name == "ionic_conductivity":
            for slope, level in ((0.5, self.bend), (1.0, _CEILING)):
                inner = inner - slope * _BEND_WIDTH * np.logaddexp(0.0, (inner - level) / _BEND_WIDTH)
        return np.clip(from_inner(inner, name), entry.low, entry.high)

    def _oxidation(self, basis: Basis) -> FloatArray:
        """Onset of oxidation in V: the softest anions go first, high-valent metals hold them tighter."""
        atoms = basis.makeup.atoms
        onset = np.array([_ANION_ONSET.get(element, np.nan) for element in self.elements])
        anions = np.isfinite(onset)
        if not anions.any():
            return np.full(len(atoms), 3.0)
        weight = atoms[:, anions] * np.exp(-(onset[anions] - onset[anions].min()) / 1.5)
        total = np.maximum(weight.sum(axis=1), 1e-12)
        traits = self.traits
        cations = basis.shares * np.where(traits.charge > 0, traits.charge, 0.0)
        held = cations[:, traits.foreign].sum(axis=1)
        conduction = self.decades(basis)["dopants"]
        return np.asarray(weight @ onset[anions] / total + 0.15 * np.sqrt(held) - 0.2 * conduction)


def draw_landscape(space: Space, names: tuple[str, ...], reference: Makeup, seed: int) -> Landscape:
    """The landscape that `seed` hides over `space`, for the properties `names`, not yet shifted.

    `reference` is the makeup of a uniform sample of the space; ranges and solubility limits are read off it.
    """
    rng = generator(seed, "landscape")
    traits = read_traits(space, reference, rng)
    needed = sorted({*names, "ionic_conductivity", "target_phase_fraction", "formation"})
    fields = {
        name: draw_field(
            traits, space.process, generator(seed, "field", name), _DOPANT_DECADES, _PROCESS_DECADES
        )
        for name in needed
    }
    named = parse_species(space.mobile_ion).elements if space.mobile_ion else {}
    mobile = np.array([element in named for element in space.elements])
    carriers = _carriers(reference, tuple(space.elements), mobile)
    landscape = Landscape(
        traits=traits,
        fields=fields,
        elements=tuple(space.elements),
        mobile=mobile,
        carrier_range=(float(carriers.min()), float(carriers.max())),
        carrier_optimum=float(rng.uniform(0.35, 0.65)),
        carrier_weight=float(rng.uniform(0.7, 1.1)),
        strain_limit=1.0,
        glass_centre=traits.shares(reference).mean(axis=0)
        + 0.3 * traits.solubility * rng.uniform(-1, 1, len(traits.names)),
        load_limit=1.0,
        shift={},
    )
    basis = landscape.basis(reference)
    strain = float(np.median(_strain_and_mixing(traits, basis)[0])) * rng.uniform(1.0, 2.5)
    return replace(
        landscape,
        load_limit=max(float(np.median(basis.load)), 1e-6),
        strain_limit=max(strain, 1e-6),
    )


def from_inner(inner: FloatArray, name: str) -> FloatArray:
    """Values in the canonical unit from values on the inner scale of property `name`."""
    entry = get_property(name)
    if entry.scale == "log10":
        return np.asarray(10.0 ** np.clip(inner, -30.0, 30.0))
    return _logistic(inner) if _is_fraction(name) else inner


def to_inner(value: float, name: str) -> float:
    """A value in the canonical unit on the inner scale of property `name`."""
    entry = get_property(name)
    if entry.scale == "log10":
        return float(np.log10(value))
    if _is_fraction(name):
        inside = min(max(value, 1e-3), 1.0 - 1e-3)
        return float(np.log(inside / (1.0 - inside)))
    return float(value)


def _is_fraction(name: str) -> bool:
    entry = get_property(name)
    return entry.unit == "1" and entry.low >= 0.0 and 1.0 <= entry.high < 1.1


def _logistic(x: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))))


def _leakiness(traits: Traits, basis: Basis) -> FloatArray:
    """Decades of electronic conductivity from elements that change their valence, (n,)."""
    return np.asarray(np.sqrt(np.maximum(basis.shares, 0.0)) @ np.where(traits.group >= 0, traits.leak, 0.0))


def _strain_and_mixing(traits: Traits, basis: Basis) -> tuple[FloatArray, FloatArray]:
    """Summed over the sites: relative variance of the radii, and entropy of mixing in units of k, (n,) each."""
    strain, mixing = np.zeros(len(basis.load)), np.zeros(len(basis.load))
    for index in range(len(traits.group_amount)):
        inside = traits.group == index
        share = basis.shares[:, inside]
        share = share / np.maximum(share.sum(axis=1), 1e-12)[:, None]
        radius = share @ traits.radius[inside]
        spread = share @ traits.radius[inside] ** 2 - radius**2
        strain += np.maximum(spread, 0.0) / np.maximum(radius, 0.2) ** 2
        mixing -= (share * np.log(np.maximum(share, 1e-12))).sum(axis=1)
    return strain, mixing


def _carriers(makeup: Makeup, elements: tuple[str, ...], mobile: BoolArray) -> FloatArray:
    """Mobile ions per anion, (n,): in a given host, how full their places are."""
    anions = np.array([element in _ANIONS for element in elements])
    rest = makeup.atoms[:, anions] if anions.any() else makeup.atoms
    return np.asarray(makeup.atoms[:, mobile].sum(axis=1) / np.maximum(rest.sum(axis=1), 1e-12))


def _occupation(filling: FloatArray, best: float) -> FloatArray:
    """Decades lost by filling the mobile ions' places to `filling` (0 to 1) instead of to `best`, (n,).

    A hop takes an ion and an empty place, so the conductivity goes with the product of powers of both; a
    hundredth of it remains in a full or an empty lattice.
    """
    ions, places = 2.0 * best, 2.0 * (1.0 - best)
    product = (filling / best) ** ions * ((1.0 - filling) / (1.0 - best)) ** places
    return np.asarray(np.log10(0.01 + 0.99 * product))
