"""Properties that follow from the composition: known of every candidate, without a model and without a doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.chemistry import Shelf
from alloop.chemistry.formula import molar_mass
from alloop.scales import Scale, on_model_scale
from alloop.space import FeatureMap, Space
from alloop.surrogate import Observations, observations
from alloop.surrogate.cross_validation import Check

_TINY_NOISE = 1e-6
_SAMPLE = 2000
_SMALL = 1e-12
_CHUNK = 65_536


def computed_values(
    name: str, amounts: FloatArray, elements: Sequence[str], shelf: Shelf | None
) -> FloatArray:
    """Values (n,) of a computed property in its canonical unit; nan where they are not defined.

    `cost` counts the powders that are weighed for a gram of product, with purity and the precursors' own excess.

    Args:
        name: ``"li_mass_fraction"`` or ``"cost"``.
        amounts: (n, n_elements) atoms, on any scale.
        elements: of the columns.
        shelf: the priced precursors, for `cost`.
    """
    masses = np.array([molar_mass({element: 1.0}) for element in elements])
    total = np.maximum(amounts @ masses, _SMALL)
    if name == "li_mass_fraction":
        lithium = list(elements).index("Li") if "Li" in elements else None
        return np.zeros(len(amounts)) if lithium is None else amounts[:, lithium] * masses[lithium] / total
    if name != "cost" or shelf is None:
        return np.full(len(amounts), np.nan)
    prices = np.array(
        [
            (entry.price_per_g or 0.0)
            * molar_mass({element: float(n) for element, n in entry.elements.items()})
            * (1.0 + entry.excess)
            / entry.purity
            for entry in shelf.precursors
        ]
    )
    return np.asarray(shelf.portions(amounts, list(elements)) @ prices / total)


@dataclass(frozen=True)
class Computed:
    """A `PropertyModel` of a computed property.

    Features hold the atomic fractions of what varies in the space, so that the composition, and with it the value,
    follows from them. Compositions with other elements (literature) are seen without those.
    """

    name: str
    scale: Scale
    space: Space
    features: FeatureMap
    shelf: Shelf | None
    background: FloatArray

    kind = "computed"
    check = Check(0, float("nan"), float("nan"), float("nan"), 1.0)

    @cached_property
    def _columns(self) -> IntArray:
        return np.flatnonzero(self.features.blocks == 1)

    @cached_property
    def _fixed(self) -> FloatArray:
        """(n_elements,) atoms per formula unit of what does not vary."""
        one = self.space.element_amounts(self.space.decode(np.zeros(1, dtype=np.int64)))[0]
        varying = set(self.space.varying_elements)
        return np.array(
            [0.0 if e in varying else amount for e, amount in zip(self.space.elements, one, strict=True)]
        )

    def values(self, features: FloatArray) -> FloatArray:
        """Values (n,) on the model scale."""
        starts = range(0, len(features), _CHUNK)
        found = [self._values(features[i : i + _CHUNK]) for i in starts]
        return np.asarray(np.concatenate(found or [np.zeros(0)]), dtype=float)

    def _values(self, features: FloatArray) -> FloatArray:
        elements = list(self.space.elements)
        fractions = np.clip(np.asarray(features, dtype=float)[:, self._columns], 0.0, 1.0)
        fixed = float(self._fixed.sum())
        total = fixed / np.maximum(1.0 - fractions.sum(axis=1), 1e-9) if fixed else np.ones(len(fractions))
        amounts = np.tile(self._fixed, (len(fractions), 1))
        places = [elements.index(name) for name in self.space.varying_elements]
        amounts[:, places] = fractions * total[:, None]
        if self.name == "cost":
            masses = np.array([molar_mass({element: 1.0}) for element in elements])
            values = amounts @ self._price[0] / np.maximum(amounts @ masses, _SMALL)
        else:
            values = computed_values(self.name, amounts, elements, self.shelf)
        return on_model_scale(np.maximum(values, _SMALL) if self.scale == "log10" else values, self.scale)

    @cached_property
    def _price(self) -> tuple[FloatArray, float]:
        """Cost of a mole of each element (n_elements,), and the largest error of that in cost per gram.

        Where each element comes from one powder, whatever else it brings, the cost of a composition is the sum over
        its elements: exact, and no matter for the noise of single precision that no shelf could balance. Elements with
        a choice of powders make it approximate, and the error is then the doubt.
        """
        space = self.space
        drawn = space.decode(space.sample(min(_SAMPLE, space.size), np.random.default_rng(0)))
        amounts = space.element_amounts(drawn)
        masses = amounts @ np.array([molar_mass({element: 1.0}) for element in space.elements])
        costs = computed_values("cost", amounts, space.elements, self.shelf)
        known = np.isfinite(costs)
        if not known.any():
            return np.full(len(space.elements), np.nan), 0.0
        shares = amounts[known] / masses[known, None]
        prices = np.linalg.lstsq(shares, costs[known], rcond=None)[0]
        return prices, float(np.abs(shares @ prices - costs[known]).max())

    @cached_property
    def data(self) -> Observations:
        """The values over a sample of the space: what references and spans follow from, as nobody's measurements."""
        values = self.values(self.background)
        return observations(self.background, values, sources=np.ones(len(values), dtype=np.int64))

    def latent(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The values (n,), and next to no doubt."""
        values = self.values(features)
        return values, np.full(len(values), self.noise_sd())

    def hope(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """As :meth:`latent`."""
        return self.latent(features)

    def predict(self, features: FloatArray, source: int = 0) -> tuple[FloatArray, FloatArray]:
        """As :meth:`latent`: nothing is measured."""
        return self.latent(features)

    def sample(self, features: FloatArray, n_samples: int, rng: np.random.Generator) -> FloatArray:
        """The same values in each of `n_samples` draws: (n_samples, n)."""
        return np.tile(self.values(features), (n_samples, 1))

    def noise_sd(self, source: int = 0) -> float:
        """Next to nothing on the scale of the space's values, or the error with which a cost is known."""
        error = 0.0
        if self.name == "cost":
            error = self._price[1]
            if self.scale == "log10":
                error /= max(10.0 ** float(np.median(self.data.values)), _SMALL) * np.log(10.0)
        return float(max(_TINY_NOISE * self._spread, error, _SMALL))

    @cached_property
    def _spread(self) -> float:
        return float(self.values(self.background).std())

    def leave_out(self, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Nothing is learned, so nothing is left out; nobody is surprised."""
        return self.data.values[rows], np.full(len(rows), np.inf)


__all__ = ["Computed", "computed_values"]
