"""The drawn part of a landscape: what each dopant, pair of dopants and process level does to one property."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloop.arrays import FloatArray
from alloop.lab.makeup import Makeup
from alloop.lab.traits import Traits

if TYPE_CHECKING:
    from alloop.space import Process


@dataclass(frozen=True)
class Basis:
    """What every property is made of, for n candidates.

    `response` (n, m) rises with a column's share up to its solubility and falls beyond (1 at the peak, 0 for
    hosts and vacancies), `carriers` (n,) are the mobile ions per anion between the least (0) and the most (1)
    that the space holds, `load` (n,) the share of the solubility limit that is used up.
    """

    makeup: Makeup
    shares: FloatArray
    response: FloatArray
    carriers: FloatArray
    load: FloatArray


@dataclass(frozen=True)
class Field:
    """Hidden coefficients of one property over one space; m columns, s settings.

    `effects` (m,) and `pairs` (m, m) act on the responses; `optimum` and `drift` (s,) say where each numeric
    setting is best and how that moves with the carriers, `cost` (s,) what being half the range away costs;
    `named` holds the effect of each level of a named setting.
    """

    effects: FloatArray
    pairs: FloatArray
    optimum: FloatArray
    drift: FloatArray
    cost: FloatArray
    named: tuple[FloatArray, ...]

    def chemistry(self, basis: Basis) -> FloatArray:
        """Effects of the dopants and of their pairs, (n,)."""
        h = basis.response
        return np.asarray(h @ self.effects + 0.5 * np.einsum("ij,ij->i", h @ self.pairs, h))

    def process(self, basis: Basis) -> FloatArray:
        """What the process costs, (n,): 0 at the best setting, falling to both sides."""
        positions = basis.makeup.positions
        best = self.optimum + self.drift * (basis.carriers[:, None] - 0.5)
        away = ((positions - best) / 0.5) ** 2
        total: FloatArray = -(self.cost * np.where(np.isnan(positions), 0.5, away)).sum(axis=1)
        for column, effect in enumerate(self.named):
            index = basis.makeup.named[:, column]
            if len(effect):
                total = total + np.where(index >= 0, effect[index], 0.0)
        return total


def draw_field(
    traits: Traits, process: Process, rng: np.random.Generator, effect: float, cost: float
) -> Field:
    """A field with dopant effects of standard deviation `effect` and process costs of `cost` on average.

    Four fifths of an effect (by amplitude) follow from size, electronegativity, charge and hardness, so that
    dopants alike behave alike; the rest is each dopant's own. An element on a second site does the opposite
    of what it does on the first.
    """
    m, width = traits.descriptors.shape
    direction = rng.standard_normal((width,))
    direction = direction / np.linalg.norm(direction)
    effects = effect * (0.8 * traits.descriptors @ direction + 0.6 * rng.standard_normal(m))
    for index in np.flatnonzero(traits.twin >= 0):
        effects[index] = -0.7 * effects[traits.twin[index]]
    weight = rng.standard_normal((width, width))
    pairs = 0.3 * effect * np.tanh(traits.descriptors @ (weight + weight.T) @ traits.descriptors.T / width)
    np.fill_diagonal(pairs, 0.0)
    effects[~traits.foreign] = 0.0
    settings = process.settings
    count = len(settings)
    is_numeric = np.array(
        [any(not isinstance(level, str) and level is not None for level in s.levels) for s in settings],
        dtype=bool,
    )
    named = tuple(
        effect * rng.standard_normal(len(setting.levels)) if not numeric else np.zeros(0)
        for setting, numeric in zip(settings, is_numeric, strict=True)
    )
    return Field(
        effects=effects,
        pairs=pairs,
        optimum=rng.uniform(0.3, 0.7, count),
        drift=rng.uniform(-0.25, 0.25, count),
        cost=np.where(is_numeric, cost * rng.uniform(0.6, 1.4, count), 0.0),
        named=named,
    )
