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

from alloop.arrays import FloatArray, RealArray
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

_BLOCK = 4096  # compositions whose numbers fit into a processor's cache
_ROUNDING = {8: 1e-12, 4: 1e-6}  # by bytes per number
_TINY = 1e-30


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
    for start in range(0, len(amounts), _BLOCK):
        block = amounts[start : start + _BLOCK].T
        total = block.sum(axis=0)
        fractions = block / np.where(total > 0.0, total, 1.0)
        result[start : start + _BLOCK] = descriptor_rows(fractions, elements, mobile_ion).T
    return result


def descriptor_rows(fractions: RealArray, elements: Sequence[str], mobile_ion: str | None) -> RealArray:
    """The descriptors of many compositions, one row per descriptor, in the precision of `fractions`.

    Args:
        fractions: of all atoms, one row per element; (n_elements, n). A few thousand columns at a time are
            fastest.
        elements, mobile_ion: see :func:`composition_descriptors`.

    Returns:
        (n_descriptors, n).
    """
    symbols, single = tuple(elements), fractions.dtype == np.float32
    usual = _weights(symbols, mobile_ion, False, single)
    values = _describe(fractions, usual)
    without = usual.simple[1] @ fractions <= 0.0
    if without.any():
        values[:, without] = _describe(fractions[:, without], _weights(symbols, mobile_ion, True, single))
    return values


@dataclass(frozen=True)
class _Weights:
    """What turns atomic fractions into sums over groups.

    Attributes:
        simple: (7, n_elements) mobile, anion and framework fractions, charge of the mobile ions and of the anions,
            mass, volume.
        sizes: (2, n_elements) framework and anions.
        sums: (n_sums, n_elements) for each group its features less `centre`, then their squares.
        centre: for each group (n_features, 1). Centred features keep differences of squares from cancelling.
    """

    simple: RealArray
    sizes: RealArray
    sums: RealArray
    centre: Mapping[str, RealArray]


@lru_cache(maxsize=64)
def _weights(elements: tuple[str, ...], mobile_ion: str | None, lesser: bool, single: bool) -> _Weights:
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
    is_framework = np.clip(1.0 - is_mobile - is_anion, 0.0, 1.0)
    charges = np.abs(features[:, column["charge"]])
    mass = features[:, column["atomic_mass"]]
    volume = 4.0 / 3.0 * np.pi * features[:, column["ionic_radius"]] ** 3
    simple = [is_mobile, is_anion, is_framework, is_mobile * charges, is_anion * charges, mass, volume]
    masks = {"all": np.ones(len(elements)), "framework": is_framework, "anion": is_anion}
    sums, centre = [], {}
    for group, used in _USED.items():
        values = features[:, [column[name] for name in used]]
        middle = values.mean(axis=0)
        sums += [masks[group] * (values - middle).T, masks[group] * ((values - middle) ** 2).T]
        centre[group] = middle[:, None].astype(np.float32 if single else np.float64)
    kind = np.float32 if single else np.float64
    return _Weights(
        np.array(simple, dtype=kind),
        np.array([is_framework, is_anion], dtype=kind),
        np.concatenate(sums).astype(kind),
        centre,
    )


def _describe(fractions: RealArray, weights: _Weights) -> RealArray:
    """The descriptors of compositions (n_elements, n) whose anions are those of `weights`: (n_descriptors, n)."""
    mobile, anion, framework, mobile_charge, anion_charge, mass, volume = weights.simple @ fractions
    logs = np.log(np.maximum(fractions, _TINY))
    logs *= fractions
    framework_logs, anion_logs = weights.sizes @ logs
    sums = weights.sums @ fractions
    statistics: dict[tuple[str, str, str], RealArray] = {}
    start = 0
    for group, size in (("all", None), ("framework", framework), ("anion", anion)):
        used = _USED[group]
        mean, spread = _statistics(sums[start : start + 2 * len(used)], weights.centre[group], size)
        start += 2 * len(used)
        statistics |= {(group, "mean", name): row for name, row in zip(used, mean, strict=True)}
        statistics |= {(group, "spread", name): row for name, row in zip(used, spread, strict=True)}
    difference = (
        statistics["anion", "mean", "electronegativity"]
        - statistics["framework", "mean", "electronegativity"]
    )
    radius, radius_spread = (statistics["framework", kind, "ionic_radius"] for kind in ("mean", "spread"))
    return np.stack(
        [
            mobile,
            _ratio(mobile_charge, anion_charge),
            _ratio(framework, anion),
            _entropy(framework_logs, framework),
            _entropy(anion_logs, anion),
            mass,
            volume,
            _ratio(mobile, volume),
            np.where((framework > 0.0) & (anion > 0.0), difference, fractions.dtype.type(0.0)),
            _ratio(radius_spread, radius),
            *(statistics[grouped] for grouped in _GROUPED),
        ]
    )


def _statistics(sums: RealArray, centre: RealArray, size: RealArray | None) -> tuple[RealArray, RealArray]:
    """Mean and spread of each feature over a group of fraction `size` (n,): two arrays (n_features, n).

    `sums` (2 n_features, n) is overwritten; without a size the group is everything.
    """
    if size is not None:
        sums *= 1.0 / np.where(size > 0.0, size, size.dtype.type(1.0))
    mean, variance = sums[: len(centre)], sums[len(centre) :]
    rounding = _ROUNDING[sums.itemsize] * (variance + 1.0)
    variance -= mean**2
    variance[variance < rounding] = 0.0
    np.sqrt(variance, out=variance)
    mean += centre
    if size is not None and not (size > 0.0).all():
        mean[:, ~(size > 0.0)] = 0.0
    return mean, variance


def _ratio(above: RealArray, below: RealArray) -> RealArray:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)


def _entropy(sum_of_logs: RealArray, size: RealArray) -> RealArray:
    """-Σ p ln p of a group from its Σ x ln x and Σ x, where p = x / Σ x."""
    entropy: RealArray = np.log(np.maximum(size, _TINY))
    entropy -= _ratio(sum_of_logs, size)
    entropy[~(size > 0.0)] = 0.0
    return np.maximum(entropy, 0.0, out=entropy)
