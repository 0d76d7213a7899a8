"""What a model sees of a candidate: numbers for its composition and its process settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property

import numpy as np

from alloop.arrays import FloatArray, IntArray, RealArray
from alloop.chemistry.descriptors import composition_descriptor_names, descriptor_rows
from alloop.chemistry.formula import Amounts
from alloop.space.base import Space
from alloop.space.process import Setting
from alloop.space.types import Block, Level, write_level

_UNKNOWN = ""  # stands for a level that is not known; no level is an empty name
_CACHED = 4096  # candidates whose numbers fit into a processor's cache together
_WIDE = 10  # a setting whose levels span at least this factor is seen on a logarithmic scale


class FeatureMap:
    """Features of a space's candidates, and of any composition with any settings, in the same columns.

    Features depend on the whole composition only, not on what sits where, so literature and histories have them
    too: descriptors of the composition, the atomic fraction of every element that varies in the space,
    and the process settings. Values are unscaled.

    A setting of numbers is one column (log10 where its levels are positive and span a factor of 10 or more),
    at the mean of its levels where it does not apply, is `none` or is not known; a second column tells
    where that can happen. A setting of names has one column per name. Settings with a single level are left
    out.

    Attributes:
        names: one per feature.
        blocks: (d,) 0 for descriptors, 1 for element fractions, 2 for settings: features that belong together.
        site_names: one per feature of :meth:`of_block_sites`.
        n_composition: how many of the first features depend on the composition alone; the others on the
            settings alone.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._varying = space.varying_elements
        self._settings = [
            _SettingFeatures(setting, place, setting.name in space.conditional_settings)
            for place, setting in enumerate(space.process.settings)
            if len(setting.levels) > 1 or setting.name in space.conditional_settings
        ]
        self._splits = _split_columns(space)
        self.names: tuple[str, ...] = (
            *composition_descriptor_names(space.mobile_ion),
            *(f"{element} fraction" for element in self._varying),
            *(name for setting in self._settings for name in setting.names),
        )
        n_settings = sum(len(setting.names) for setting in self._settings)
        n_descriptors = len(self.names) - len(self._varying) - n_settings
        self.blocks: IntArray = np.repeat([0, 1, 2], [n_descriptors, len(self._varying), n_settings])
        self.site_names: tuple[str, ...] = tuple(name for name, _, _ in self._splits)
        self.n_composition = len(self.names) - n_settings

    def of_block(self, block: Block) -> FloatArray:
        """Features (n, d) of candidates of the space."""
        result = np.empty((len(block), len(self.names)))
        for start in range(0, len(block), _CACHED):
            piece = slice(start, start + _CACHED)
            result[piece, : self.n_composition] = self.composition_rows(block.amounts[piece]).T
        result[:, self.n_composition :] = self.of_settings(block.settings)
        return result

    def composition_rows(self, amounts: RealArray) -> RealArray:
        """The features that depend on the composition, one row each, in the precision of `amounts`.

        Args:
            amounts: of the space's columns, as in a block; (n, n_columns). A few thousand at a time are fastest.

        Returns:
            (n_composition, n).
        """
        atoms = self._atoms_single if amounts.dtype == np.float32 else self._atoms
        return self._rows(atoms @ amounts.T, self._space.elements)

    def of_settings(self, settings: IntArray) -> FloatArray:
        """The features (n, d - n_composition) that depend on the settings, from level indices (n, n_settings)."""
        columns = [setting.of_indices(settings[:, setting.place]) for setting in self._settings]
        return np.hstack([np.zeros((len(settings), 0)), *columns])

    @cached_property
    def _atoms(self) -> FloatArray:
        """(n_elements, n_columns) atoms of each element in one unit of each column."""
        columns = self._space.columns
        rows = [[float(c.elements.get(element, 0)) for c in columns] for element in self._space.elements]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(columns))

    @cached_property
    def _atoms_single(self) -> RealArray:
        return self._atoms.astype(np.float32)

    def of_compositions(
        self, amounts: Sequence[Amounts], settings: Sequence[Mapping[str, Level]]
    ) -> FloatArray:
        """Features (n, d) of any compositions with the settings that are known of them.

        Args:
            amounts: atoms of each element, on any scale; elements outside the space are seen by the
                descriptors.
            settings: levels by name, any numbers and names.
        """
        elements = sorted({element for row in amounts for element in row} | set(self._space.elements))
        places = {element: place for place, element in enumerate(elements)}
        matrix = np.zeros((len(amounts), len(elements)))
        for number, row in enumerate(amounts):
            for element, amount in row.items():
                is_exact = type(amount) is Fraction  # whose own conversion takes several times as long
                matrix[number, places[element]] = (
                    amount.numerator / amount.denominator if is_exact else float(amount)
                )
        values = [
            setting.of_values([row.get(setting.name, _UNKNOWN) for row in settings])
            for setting in self._settings
        ]
        return np.hstack([self._rows(matrix.T, elements).T, *values])

    def distance_scale(self, sample: FloatArray) -> FloatArray:
        """Factors (d,) on features that make Euclidean distances fair between descriptors and settings.

        Each feature is measured in its spread over `sample` (m, d), a uniform part of the space, and each block
        counts as one feature. Element fractions are left out: descriptors tell compositions apart, and the
        fraction of an element that few candidates hold would drown them.
        """
        spread = sample.std(axis=0)
        varies = (spread > 1e-9 * (1.0 + np.abs(sample).max(axis=0, initial=0.0))) & (self.blocks != 1)
        scale = np.zeros(len(self.names))
        for block in np.unique(self.blocks[varies]):
            members = varies & (self.blocks == block)
            scale[members] = 1.0 / (spread[members] * np.sqrt(members.sum()))
        return scale

    def of_block_sites(self, block: Block) -> FloatArray:
        """Features (n, len(site_names)): how elements that can sit on several sites are split between them.

        Each is the number of atoms of the element on the site over all atoms; one site per element is left
        out, as it follows from the others.
        """
        total = self._space.element_amounts(block).sum(axis=1)
        result = np.zeros((len(block), len(self._splits)))
        for place, (_, columns, weights) in enumerate(self._splits):
            result[:, place] = block.amounts[:, columns] @ weights / np.where(total > 0, total, 1.0)
        return result

    def _rows(self, atoms: RealArray, elements: Sequence[str]) -> RealArray:
        """Descriptors and fractions of the elements that vary (n_composition, n) from atoms (n_elements, n)."""
        total = atoms.sum(axis=0)
        fractions = atoms / np.where(total > 0, total, total.dtype.type(1.0))
        places = [elements.index(element) for element in self._varying]
        return np.vstack([descriptor_rows(fractions, elements, self._space.mobile_ion), fractions[places]])


class _SettingFeatures:
    """The columns of one setting; `can_be_absent` says whether it may not apply in the space."""

    def __init__(self, setting: Setting, place: int, can_be_absent: bool) -> None:
        self.name = setting.name
        self.place = place
        self._numeric = setting.is_numeric
        numbers = [float(level) for level in setting.levels if isinstance(level, Fraction)]
        self._log = bool(numbers) and min(numbers) > 0 and max(numbers) >= _WIDE * min(numbers)
        self._indicator = self._numeric and (can_be_absent or None in setting.levels)
        self._words = [write_level(level) for level in setting.levels]
        self._varies = len(numbers) > 1
        self._mean = float(np.mean([self._scaled(number) for number in numbers])) if numbers else 0.0
        if self._numeric:
            label = f"log10 {setting.name}" if self._log else setting.name
            self.names = [label] * self._varies + [f"{setting.name} applies"] * self._indicator
        else:
            self.names = [f"{setting.name} = {word}" for word in self._words]
        self._by_index = self.of_values([*setting.levels, None] if self._numeric else list(setting.levels))
        if not self._numeric:  # no name at all where the setting does not apply
            self._by_index = np.vstack([self._by_index, np.zeros((1, len(self.names)))])

    def _scaled(self, number: float) -> float:
        return float(np.log10(number)) if self._log else number

    def of_indices(self, indices: IntArray) -> FloatArray:
        """(n, n_names) for level indices (n,), -1 where the setting does not apply."""
        return self._by_index[indices]

    def of_values(self, levels: Sequence[Level]) -> FloatArray:
        """(n, n_names) for levels, :data:`_UNKNOWN` where none is known."""
        if not self._numeric:
            chosen = [[write_level(level) == word for word in self._words] for level in levels]
            return np.array(chosen, dtype=np.float64).reshape(len(levels), len(self.names))
        columns = np.zeros((len(levels), 2))
        for row, level in enumerate(levels):
            if isinstance(level, Fraction) and (level > 0 or not self._log):
                columns[row] = (self._scaled(float(level)), 1.0)
            else:
                columns[row] = (self._mean, 0.0)
        return columns[:, [i for i, used in enumerate((self._varies, self._indicator)) if used]]


def _split_columns(space: Space) -> list[tuple[str, IntArray, FloatArray]]:
    """(name, columns, atoms per unit) for each site but the last of every element that sits on several.

    The compensating species counts to a site of its own.
    """
    splits = []
    for element in space.elements:
        holding = [i for i, column in enumerate(space.columns) if element in column.elements]
        groups = list(dict.fromkeys(space.columns[i].group for i in holding))
        if any(space.columns[i].species is None for i in holding):
            continue
        for group in groups[:-1]:
            columns = [i for i in holding if space.columns[i].group == group]
            weights = np.array([float(space.columns[i].elements[element]) for i in columns])
            splits.append((f"{element} on {group}", np.array(columns, dtype=np.int64), weights))
    return splits
