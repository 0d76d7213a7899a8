"""What the models learn from: measured values of one property, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alloop.arrays import FloatArray, IntArray

EXACT, BELOW, ABOVE = 0, -1, 1
_OWN_VALUES = 8


@dataclass(frozen=True)
class Observations:
    """Measured values of one property on the scale it is modelled on.

    Attributes:
        features: (n, d) descriptors of composition and process, in any units.
        values: (n,) the value, or the limit where `bounds` is not `EXACT`.
        bounds: (n,) `EXACT`, `BELOW` (the true value is lower) or `ABOVE`.
        groups: (n,) plate or publication that shares an offset; -1 for none.
        recipes: (n,) identity of composition and process: rows with the same number are repeats.
        sources: (n,) 0 for the own laboratory, 1 for literature and history; each source has its own noise.
    """

    features: FloatArray
    values: FloatArray
    bounds: IntArray
    groups: IntArray
    recipes: IntArray
    sources: IntArray

    def __post_init__(self) -> None:
        n = len(self.values)
        columns = (self.bounds, self.groups, self.recipes, self.sources)
        if self.features.shape[0] != n or any(len(column) != n for column in columns):
            raise ValueError(f"{n} values need {n} rows in every column")
        if not (np.isfinite(self.features).all() and np.isfinite(self.values).all()):
            raise ValueError("features and values must be finite")

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, index: IntArray) -> Observations:
        """The observations at `index`."""
        return Observations(*(getattr(self, name)[index] for name in self.__dataclass_fields__))

    def with_values(self, values: FloatArray) -> Observations:
        """The same rows, all exact, with other values."""
        return replace(self, values=values, bounds=np.zeros(len(values), dtype=np.int64))


def observations(
    features: FloatArray,
    values: FloatArray,
    *,
    bounds: IntArray | None = None,
    groups: IntArray | None = None,
    recipes: IntArray | None = None,
    sources: IntArray | None = None,
) -> Observations:
    """Observations with defaults: exact values, no groups, every row its own recipe, one source."""
    n = len(values)
    return Observations(
        np.asarray(features, dtype=float),
        np.asarray(values, dtype=float),
        np.zeros(n, dtype=np.int64) if bounds is None else np.asarray(bounds, dtype=np.int64),
        np.full(n, -1, dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64),
        np.arange(n, dtype=np.int64) if recipes is None else np.asarray(recipes, dtype=np.int64),
        np.zeros(n, dtype=np.int64) if sources is None else np.asarray(sources, dtype=np.int64),
    )


@dataclass(frozen=True)
class Scaling:
    """Centre and spread of features and values; constant features are dropped (`used`)."""

    used: IntArray
    centre: FloatArray
    spread: FloatArray
    value_centre: float
    value_spread: float

    def features(self, x: FloatArray) -> FloatArray:
        """Standardised features, (n, number of used features)."""
        scaled: FloatArray = (x[:, self.used] - self.centre) / self.spread
        return scaled

    def values(self, y: FloatArray) -> FloatArray:
        """Standardised values."""
        return (y - self.value_centre) / self.value_spread


def scaling_of(data: Observations, background: FloatArray | None = None) -> Scaling:
    """Scaling from the data and, for the features, a sample of the candidates (`background`, (m, d)).

    With few measurements the spread of a feature among them says little about the space in which it must
    tell candidates apart; a background sample does. Values are scaled by the own laboratory's once there are
    `_OWN_VALUES` of them: literature from everywhere would make its differences look like nothing.
    """
    everything = data.features if background is None else np.vstack([data.features, background])
    spread = everything.std(axis=0)
    used = np.flatnonzero(spread > 1e-9 * (1.0 + np.abs(everything).max(axis=0)))
    centre = everything.mean(axis=0)[used]
    own = data.values[data.sources == 0]
    values = own if len(own) >= _OWN_VALUES and np.ptp(own) > 0.0 else data.values
    middle = float(np.median(values))
    value_spread = float(values.std()) if len(values) > 1 else 1.0
    return Scaling(used, centre, spread[used], middle, value_spread if value_spread > 1e-9 else 1.0)
