"""What a campaign file says about its space, as plain values; the checks are in `checks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from alloop.chemistry.species import Species
from alloop.space.types import Level


@dataclass(frozen=True)
class Substituent:
    """A species that may replace the host of a site, in one of `levels` atoms per formula unit.

    `dopant` is False for what belongs to the parent compound; it is counted by no limit on dopants.
    """

    species: Species
    levels: tuple[Fraction, ...]
    dopant: bool = True


@dataclass(frozen=True)
class Site:
    """A sublattice of `amount` atoms per formula unit, filled by its host where no substituent sits.

    `max_substituents` bounds how many different dopants share the site.
    """

    name: str
    amount: Fraction
    host: Species
    substituents: tuple[Substituent, ...] = ()
    max_substituents: int | None = None


@dataclass(frozen=True)
class Compensation:
    """The species whose amount follows from neutrality, within inclusive bounds in atoms per formula unit."""

    species: Species
    min: Fraction
    max: Fraction


@dataclass(frozen=True)
class AmountLimit:
    """Inclusive bounds on a weighted sum of amounts, in atoms per formula unit.

    `weights` are (species symbol, site or None for all sites, weight); in a mixture the end member's formula
    stands in the place of the symbol.
    """

    weights: tuple[tuple[str, str | None, Fraction], ...]
    min: Fraction | None = None
    max: Fraction | None = None


@dataclass(frozen=True)
class DistinctLimit:
    """Inclusive bounds on how many of `species` are present, on one site or on any; present hosts count."""

    species: tuple[str, ...]
    site: str | None = None
    min: int | None = None
    max: int | None = None


@dataclass(frozen=True)
class Limits:
    """Bounds on the whole composition.

    `max_dopants` counts (species, site) pairs over all sites; a candidate with one of `exclude_elements` is
    none.
    """

    max_dopants: int | None = None
    exclude_elements: tuple[str, ...] = ()
    amounts: tuple[AmountLimit, ...] = ()
    distinct: tuple[DistinctLimit, ...] = ()


@dataclass(frozen=True)
class EndMember:
    """A compound of a mixture; its share lies within inclusive bounds, `max` None for as much as fits."""

    formula: str
    elements: Mapping[str, Fraction] = field(hash=False)
    min: Fraction = Fraction(0)
    max: Fraction | None = None


@dataclass(frozen=True)
class Mixture:
    """End members in multiples of `step`, by mole or weight, that sum to one.

    With `per`, only the members named there sum to one; the others are ratios to them.
    """

    basis: Literal["mole", "weight"]
    step: Fraction
    end_members: tuple[EndMember, ...]
    per: tuple[str, ...] = ()


@dataclass(frozen=True)
class PoolRow:
    """One row of a pool: a composition (atoms per formula unit) with the settings that its table gives."""

    formula: str
    amounts: Mapping[str, Fraction] = field(hash=False)
    settings: tuple[tuple[str, Level], ...] = ()
