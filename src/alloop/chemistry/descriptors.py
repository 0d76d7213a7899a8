"""Physical descriptors of compositions: what a model of a solid electrolyte sees of its chemistry.

Atoms fall into three groups: the mobile ion, the anions and the framework cations (all others, so P in a
thiophosphate and B in a borate are cations). Means and spreads (standard deviations) over a group are
weighted by amount. All descriptors are intensive: they do not depend on the size of the formula unit.

The set was chosen on 500 measured lithium electrolytes (OBELiX, arXiv:2502.14234): with these 32 numbers a
cross-validated Gaussian process and a random forest do as well as with a hundred of their kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from alloop.arrays import FloatArray
from alloop.chemistry.elements import ELEMENT_FEATURES, element_table
from alloop.chemistry.species import parse_species

# Descriptors of the whole first, then means and spreads per group: (group, statistic, element feature).
_WHOLE: tuple[str, ...] = (
    "mobile_fraction",
    "mobile_charge_share",
    "framework_per_anion",
    "framework_entropy",
    "anion_entropy",
    "mass_per_atom",
    "ionic_volume_per_atom",
    "mobile_per_ionic_volume",
    "electronegativity_difference",
    "framework_size_mismatch",
)
_GROUPED: tuple[tuple[str, str, str], ...] = (
    ("all", "mean", "atomic_radius"),
    ("all", "mean", "hardness"),
    ("all", "spread", "charge"),
    ("all", "spread", "electronegativity"),
    ("all", "spread", "mendeleev_number"),
    ("all", "spread", "field_strength"),
    ("all", "spread", "ionization_energy"),
    ("framework", "mean", "electronegativity"),
    ("framework", "spread", "electronegativity"),
    ("framework", "mean", "ionic_radius"),
    ("framework", "mean", "charge"),
    ("framework", "spread", "charge"),
    ("framework", "mean", "field_strength"),
    ("framework", "mean", "molar_volume"),
    ("framework", "spread", "molar_volume"),
    ("framework", "mean", "mendeleev_number"),
    ("framework", "mean", "electron_affinity"),
    ("framework", "spread", "electron_affinity"),
    ("anion", "mean", "ionic_radius"),
    ("anion", "spread", "ionic_radius"),
    ("anion", "mean", "electronegativity"),
    ("anion", "mean", "hardness"),
)

COMPOSITION_DESCRIPTORS: tuple[str, ...] = (
    *_WHOLE,
    *(f"{group}_{statistic}_{feature}" for group, statistic, feature in _GROUPED),
)
"""Columns of :func:`composition_descriptors`, in words:

- `mobile_fraction`: mobile ions per atom; `mobile_charge_share`: their charge over the anions' charge;
  `framework_per_anion`: framework cations per anion
- `framework_entropy`, `anion_entropy`: configurational entropy of the group in units of R, -Σ p ln p
- `mass_per_atom` (g/mol); `ionic_volume_per_atom` (Å³, spheres of ionic radius); `mobile_per_ionic_volume`
  (mobile ions per Å³ of all ions)
- `electronegativity_difference`: anions' mean less framework's mean; `framework_size_mismatch`: spread of the
  framework's ionic radii over their mean
- the others: statistic of an element property (see `alloop.chemistry.elements`) over a group
"""

_ANIONS = frozenset(("N", "O", "F", "S", "Cl", "Se", "Br", "I"))

# Anions where none of the others is there, as in phosphides and borohydrides: charge (e) and radius (Å;
# Shannon 1976 for Te2-, a fluoride-like 1.40 for H-, else Pauling, The Nature of the Chemical Bond, 1960).
_LESSER_ANIONS: Mapping[str, tuple[int, float]] = {
    "H": (-1, 1.40),
    "C": (-4, 2.60),
    "P": (-3, 2.12),
    "As": (-3, 2.22),
    "Te": (-2, 2.21),
}

_USED: Mapping[str, tuple[str, ...]] = {
    group: tuple(dict.fromkeys(feature for member, _, feature in _GROUPED if member == group))
    for group in ("all", "framework", "anion")
}

_BLOCK = 32768
_ROUNDING = 1e-12


def composition_descriptor_names(mobile_ion: str | None = None) -> tuple[str, ...]:
    """Names of the columns of :func:`composition_descriptors`, the mobile ion by its own: `Li_fraction`."""
    if mobile_ion is None:
        return COMPOSITION_DESCRIPTORS
    mobile = parse_species(mobile_ion).formula
    return tuple(
        mobile + name.removeprefix("mobile") if name.startswith("mobile") else name
        for name in COMPOSITION_DESCRIPTORS
    )


def composition_descriptors(
    amounts: FloatArray, elements: Sequence[str], mobile_ion: str | None
) -> FloatArray:
    """Descriptors of many compositions at once.

    Args:
        amounts: atoms of each element, on any scale and not negative; (n, n_elements).
        elements: the symbols of the columns.
        mobile_ion: such as `Li+`; None when nothing moves (alloys).

    Returns:
        (n, n_descriptors), the columns named by :data:`COMPOSITION_DESCRIPTORS`. A statistic over
        an empty group is 0.
    """
    amounts = np.asarray(amounts, dtype=np.float64)
    result = np.empty((len(amounts), len(COMPOSITION_DESCRIPTORS)))
    usual, lesser = _weights(tuple(elements), mobile_ion, False), _weights(tuple(elements), mobile_ion, True)
    for start in range(0, len(amounts), _BLOCK):
        block = amounts[start : start + _BLOCK]
        total = block.sum(axis=1, keepdims=True)
        fractions = block / np.where(total > 0.0, total, 1.0)
        values = _describe(fractions, usual)
        without = fractions @ usual.is_anion == 0.0
        if without.any():
            values[without] = _describe(fractions[without], lesser)
        result[start : start + _BLOCK] = values
    return result


@dataclass(frozen=True)
class _Weights:
    """What turns atomic fractions into sums over groups.

    Arrays are (n_elements,), those in `features` (n_elements, n_features of the group).
    """

    is_mobile: FloatArray
    is_anion: FloatArray
    is_framework: FloatArray
    charge: FloatArray
    volume: FloatArray
    mass: FloatArray
    features: Mapping[str, FloatArray]


@lru_cache(maxsize=64)
def _weights(elements: tuple[str, ...], mobile_ion: str | None, lesser: bool) -> _Weights:
    mobile = parse_species(mobile_ion).elements if mobile_ion else {}
    anions = frozenset(_LESSER_ANIONS) if lesser else _ANIONS
    features = element_table(elements)
    column = {name: place for place, name in enumerate(ELEMENT_FEATURES)}
    if lesser:
        for row, element in enumerate(elements):
            if element in _LESSER_ANIONS:
                charge, radius = _LESSER_ANIONS[element]
                features[row, column["charge"]] = charge
                features[row, column["ionic_radius"]] = radius
                features[row, column["field_strength"]] = abs(charge) / radius**2
    is_mobile = np.array([element in mobile for element in elements], dtype=np.float64)
    is_anion = np.array([element in anions for element in elements], dtype=np.float64)
    return _Weights(
        is_mobile=is_mobile,
        is_anion=is_anion,
        is_framework=np.clip(1.0 - is_mobile - is_anion, 0.0, 1.0),
        charge=np.abs(features[:, column["charge"]]),
        volume=4.0 / 3.0 * np.pi * features[:, column["ionic_radius"]] ** 3,
        mass=features[:, column["atomic_mass"]].copy(),
        features={group: features[:, [column[name] for name in used]] for group, used in _USED.items()},
    )


def _describe(fractions: FloatArray, weights: _Weights) -> FloatArray:
    """The descriptors of compositions whose anions are those of `weights`: (n, n_descriptors)."""
    logs = np.log(fractions, out=np.zeros_like(fractions), where=fractions > 0.0)
    logs *= fractions
    masks = {
        "all": np.ones(len(weights.mass)),
        "framework": weights.is_framework,
        "anion": weights.is_anion,
    }
    simple = fractions @ np.column_stack(
        [
            weights.is_mobile,
            weights.is_anion,
            weights.is_framework,
            weights.is_mobile * weights.charge,
            weights.is_anion * weights.charge,
            weights.mass,
            weights.volume,
        ]
    )
    mobile, anion, framework, mobile_charge, anion_charge, mass, volume = simple.T
    entropy = logs @ np.column_stack([weights.is_framework, weights.is_anion])
    sizes = {"all": np.ones(len(fractions)), "framework": framework, "anion": anion}
    statistics: dict[tuple[str, str, str], FloatArray] = {}
    for group, used in _USED.items():
        mean, spread = _statistics(fractions, masks[group], weights.features[group], sizes[group])
        statistics |= {(group, "mean", name): mean[:, place] for place, name in enumerate(used)}
        statistics |= {(group, "spread", name): spread[:, place] for place, name in enumerate(used)}
    difference = (
        statistics["anion", "mean", "electronegativity"]
        - statistics["framework", "mean", "electronegativity"]
    )
    radius, radius_spread = (statistics["framework", kind, "ionic_radius"] for kind in ("mean", "spread"))
    return np.column_stack(
        [
            mobile,
            _ratio(mobile_charge, anion_charge),
            _ratio(framework, anion),
            _entropy(entropy[:, 0], framework),
            _entropy(entropy[:, 1], anion),
            mass,
            volume,
            _ratio(mobile, volume),
            np.where((framework > 0.0) & (anion > 0.0), difference, 0.0),
            _ratio(radius_spread, radius),
            *(statistics[grouped] for grouped in _GROUPED),
        ]
    )


def _statistics(
    fractions: FloatArray, mask: FloatArray, features: FloatArray, size: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and spread of each feature over a group of total fraction `size`: two arrays (n, n_features)."""
    # Centred features keep the difference of squares below from cancelling.
    centre = features.mean(axis=0)
    centred = features - centre
    sums = fractions @ (mask[:, None] * np.hstack([centred, centred**2]))
    sums /= np.where(size > 0.0, size, 1.0)[:, None]
    mean, square = np.hsplit(sums, 2)
    variance = square - mean**2
    variance[variance < _ROUNDING * (square + 1.0)] = 0.0
    return np.where(size[:, None] > 0.0, mean + centre, 0.0), np.sqrt(variance)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)


def _entropy(sum_of_logs: FloatArray, size: FloatArray) -> FloatArray:
    """-Σ p ln p of a group from its Σ x ln x and Σ x, where p = x / Σ x."""
    logarithm = np.log(size, out=np.zeros_like(size), where=size > 0.0)
    return np.maximum(0.0, logarithm - _ratio(sum_of_logs, size))
