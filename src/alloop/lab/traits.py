"""What the hidden landscape knows of each column of a space: size, charge, softness and how much fits in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.chemistry.elements import ELEMENT_FEATURES, element_table, shannon_radius
from alloop.lab.makeup import Makeup
from alloop.space import SiteSpace
from alloop.space.types import COMPENSATION

if TYPE_CHECKING:
    from alloop.space import Column, Space

_LEAKY = {
    "V": 1.5, "Cr": 0.6, "Mn": 0.7, "Fe": 1.6, "Co": 1.5, "Ni": 1.4, "Cu": 1.5, "Mo": 0.9, "W": 0.5,
    "Ti": 0.8, "Nb": 0.4, "Ce": 0.7, "Sn": 0.6, "Sb": 0.7, "Bi": 0.9, "Ge": 0.3, "Te": 0.6, "Se": 0.5,
    "I": 0.3, "Ag": 1.0, "In": 0.2, "Pb": 0.7,
}  # fmt: skip
"""Decades of electronic conductivity that a full share of an element with several valences (or of a soft
anion) brings; the order is that of how easily they change valence or narrow the gap, the figures are
guesses."""


@dataclass(frozen=True)
class Traits:
    """The columns of a space; m columns, g groups (sites, or one for a mixture).

    `group` is the group's index per column, -1 for the compensator; `group_amount` (g,) what a full group
    holds. `host` marks what sits there undoped (nothing, in a mixture), `empty` vacancies, `mobile_site` the
    columns that share a site with the mobile ion. `radius` is in Å (a vacancy has its host's), `charge` in e,
    `descriptors` (m, 4) are radius, electronegativity, charge and hardness relative to the host,
    standardised. `solubility` is the share of its group at which a column's effect peaks, `leak` in decades.
    """

    names: tuple[str, ...]
    group: IntArray
    group_amount: FloatArray
    host: BoolArray
    empty: BoolArray
    mobile_site: BoolArray
    radius: FloatArray
    charge: FloatArray
    descriptors: FloatArray
    solubility: FloatArray
    leak: FloatArray
    twin: IntArray

    @property
    def foreign(self) -> BoolArray:
        """Columns whose share is chosen: neither host, vacancy nor compensator."""
        return ~self.host & ~self.empty & (self.group >= 0)

    def shares(self, makeup: Makeup) -> FloatArray:
        """Share of each column in its group, (n, m); the compensator's is 0."""
        inside = self.group >= 0
        shares = np.zeros_like(makeup.amounts)
        shares[:, inside] = makeup.amounts[:, inside] / self.group_amount[self.group[inside]]
        return shares


def read_traits(space: Space, reference: Makeup, rng: np.random.Generator) -> Traits:
    """The traits of the columns of `space`, with solubilities drawn so that they lie inside what it allows.

    `reference` is the makeup of a uniform sample of the space: it shows how much of each column occurs.
    """
    columns = space.columns
    names = [column.group for column in columns]
    order = sorted({name for name in names if name != COMPENSATION})
    group = np.array([order.index(name) if name in order else -1 for name in names], dtype=np.int64)
    amount = np.array([_full(reference.amounts[:, group == index]) for index in range(len(order))])
    host, mobile_site = _hosts(space)
    raw = np.array([_descriptors(column) for column in columns])
    empty = np.array([column.species is not None and column.species.is_vacancy for column in columns])
    for index in range(len(columns)):
        same = host & (group == group[index])
        if empty[index]:  # an empty place strains its surroundings as little as the host
            raw[index] = raw[same].mean(axis=0) if same.any() else 0.0
    centred = raw.copy()
    for index in range(len(order)):
        inside = group == index
        centre = raw[inside & host] if (inside & host).any() else raw[inside]
        centred[inside] -= centre.mean(axis=0)
    free = ~host & ~empty & (group >= 0)
    spread = centred[free].std(axis=0) if free.any() else np.ones(raw.shape[1])
    standard = np.clip(centred / np.where(spread > 1e-9, spread, 1.0), -2.5, 2.5)
    largest = np.ones(len(columns))
    inside = group >= 0
    largest[inside] = reference.amounts[:, inside].max(axis=0) / amount[group[inside]]
    return Traits(
        names=tuple(f"{column.label} on {column.group}" for column in columns),
        group=group,
        group_amount=amount,
        host=host,
        empty=empty,
        mobile_site=mobile_site,
        radius=raw[:, 0],
        charge=raw[:, 2],
        descriptors=np.where(free[:, None], standard, 0.0),
        solubility=_solubility(raw, centred, largest, rng),
        leak=np.array([_leak(column) for column in columns]),
        twin=_twins(columns, group),
    )


def _full(amounts: FloatArray) -> float:
    return max(float(amounts.sum(axis=1).max(initial=0.0)), 1e-9)


def _hosts(space: Space) -> tuple[BoolArray, BoolArray]:
    """Which columns are hosts, and which share the site of the mobile ion."""
    if not isinstance(space, SiteSpace):
        none = np.zeros(len(space.columns), dtype=bool)
        return none, none.copy()
    hosts = {site.name: site.host.symbol for site in space.sites}
    host = np.array([hosts.get(column.group) == column.label for column in space.columns])
    mobile = np.array([hosts.get(column.group) == space.mobile_ion for column in space.columns])
    return host, mobile & ~host


def _descriptors(column: Column) -> FloatArray:
    """Radius (Å), electronegativity, charge (e) and hardness (eV) of one column."""
    if not column.elements:
        return np.zeros(4)
    elements = sorted(column.elements)
    weights = np.array([float(column.elements[element]) for element in elements])
    weights /= weights.sum()
    table = element_table(elements)
    mean = {name: float(weights @ table[:, index]) for index, name in enumerate(ELEMENT_FEATURES)}
    species = column.species
    radius = mean["ionic_radius"] if species is None else shannon_radius(species)
    charge = mean["charge"] if species is None else float(species.charge)
    return np.array([radius, mean["electronegativity"], charge, mean["hardness"]])


def _solubility(
    raw: FloatArray, centred: FloatArray, largest: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """The share at which each column has its strongest effect.

    After Hume-Rothery and Goldschmidt: what differs by more than 15 % in size or in charge dissolves less.
    Scaled to what the space allows, so that the optimum lies inside it.
    """
    misfit = centred[:, 0] / np.maximum(raw[:, 0], 0.3)
    ease = np.exp(-((misfit / 0.15) ** 2) / 4.0 - 0.1 * np.abs(centred[:, 2]))
    drawn = np.exp(0.25 * rng.standard_normal(len(ease)))
    return np.maximum(largest, 1e-9) * np.clip((0.3 + 0.5 * ease) * drawn, 0.25, 1.0)


def _leak(column: Column) -> float:
    atoms = sum(float(amount) for amount in column.elements.values()) or 1.0
    return sum(float(count) / atoms * _LEAKY.get(element, 0.0) for element, count in column.elements.items())


def _twins(columns: tuple[Column, ...], group: IntArray) -> IntArray:
    """For each column the first column with the same elements on another site, or -1."""
    first: dict[tuple[str, ...], int] = {}
    twins = np.full(len(columns), -1, dtype=np.int64)
    for index, column in enumerate(columns):
        if group[index] < 0 or not column.elements:
            continue
        twins[index] = first.setdefault(tuple(sorted(column.elements)), index)
        if twins[index] == index:
            twins[index] = -1
    return twins
