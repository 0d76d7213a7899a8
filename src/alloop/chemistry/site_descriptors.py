"""Descriptors of what sits on one site: how the substituents differ from the host they replace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.arrays import FloatArray
from alloop.chemistry.elements import ELEMENT_FEATURES, element_table, shannon_radius
from alloop.chemistry.species import Species

SITE_DESCRIPTORS: tuple[str, ...] = (
    "substituted_fraction",
    "radius_shift",
    "size_mismatch",
    "charge_shift",
    "spread_charge",
    "electronegativity_shift",
    "entropy",
    "vacancy_fraction",
)
"""Columns of :func:`site_descriptors`:

- `substituted_fraction`: share of the site that is not the host's
- `radius_shift`: mean ionic radius of the occupants over the host's, less 1
- `size_mismatch`: spread of the occupants' radii over their mean, sqrt(Σ p (1 - r/r_mean)²)
- `charge_shift`: mean charge of the site, vacancies included, less the host's (e); `spread_charge` (e)
- `electronegativity_shift`: occupants' mean Pauling electronegativity less the host's
- `entropy`: configurational entropy of the site in units of R, vacancies included
- `vacancy_fraction`: share of the site that is empty
"""

_ROUNDING = 1e-12


def site_descriptor_names(site: str) -> tuple[str, ...]:
    """Names of the columns of :func:`site_descriptors` for one site, such as `M_radius_shift`."""
    return tuple(f"{site}_{name}" for name in SITE_DESCRIPTORS)


def site_descriptors(amounts: FloatArray, species: Sequence[Species], amount: float) -> FloatArray:
    """Descriptors of many occupations of one site at once.

    Args:
        amounts: of each species on the site per formula unit, not negative; (n, n_species).
        species: of the columns; the first is the host. Radii and electronegativities are compared with the
            first species that is no vacancy, so that a site which is empty in the host is described too.
        amount: sites per formula unit; what the species leave of it is vacant.

    Returns:
        (n, n_descriptors), the columns named by :data:`SITE_DESCRIPTORS`. Without any occupant the shifts and
        the mismatch are 0.
    """
    shares = np.asarray(amounts, dtype=np.float64) / amount
    is_atom = np.array([not one.is_vacancy for one in species])
    atoms = [one for one in species if not one.is_vacancy]
    occupied = shares[:, is_atom]
    vacant = 1.0 - occupied.sum(axis=1)
    vacant[vacant < _ROUNDING] = 0.0
    everything = np.column_stack([occupied, vacant])

    charges = np.array([*(one.charge for one in atoms), 0], dtype=np.float64)
    radii = np.array([shannon_radius(one) for one in atoms])
    electronegativities = np.array([_electronegativity(one) for one in atoms])
    radius_shift, radius_spread = _moments(occupied, radii - radii[0])
    charge_shift, charge_spread = _moments(everything, charges - species[0].charge)
    electronegativity_shift, _ = _moments(occupied, electronegativities - electronegativities[0])
    mean_radius = radii[0] + radius_shift
    return np.column_stack(
        [
            np.clip(1.0 - (shares[:, 0] if is_atom[0] else vacant), 0.0, 1.0),
            radius_shift / radii[0] if radii[0] > 0.0 else radius_shift,
            np.divide(radius_spread, mean_radius, out=np.zeros_like(mean_radius), where=mean_radius > 0.0),
            charge_shift,
            charge_spread,
            electronegativity_shift,
            _entropy(everything),
            vacant,
        ]
    )


def _moments(shares: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and spread of the values, weighted by each row of shares; both 0 where a row is empty."""
    size = shares.sum(axis=1)
    weights = np.divide(shares, size[:, None], out=np.zeros_like(shares), where=size[:, None] > 0.0)
    mean, square = weights @ values, weights @ values**2
    variance = square - mean**2
    variance[variance < _ROUNDING * (square + 1.0)] = 0.0
    return mean, np.sqrt(variance)


def _entropy(shares: FloatArray) -> FloatArray:
    """-Σ p ln p of each row, where p are the shares over their sum."""
    weights = shares / shares.sum(axis=1, keepdims=True)
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0.0)
    entropy: FloatArray = np.abs((weights * logs).sum(axis=1))
    return entropy


def _electronegativity(species: Species) -> float:
    """Pauling electronegativity, for a molecular ion the mean over its atoms."""
    column = ELEMENT_FEATURES.index("electronegativity")
    values = element_table(list(species.elements))[:, column]
    return float(np.average(values, weights=list(species.elements.values())))
