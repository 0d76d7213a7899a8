"""The shape of the `space:` section, one small model for each of its mappings.

Models hold single values; what several of them must agree on is checked where the parts are put together.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from alloop.campaign_file.fields import (
    AmountNumber,
    Count,
    ElementField,
    Flag,
    FormulaField,
    LevelField,
    Name,
    Number,
    PositiveNumber,
    PropertyName,
    Section,
    SiteName,
    SpeciesField,
    Words,
    as_list,
)


class SpaceModel(Section):
    """The keys of `space:`; its parts are read on their own."""

    sites: Any = None
    mixture: Any = None
    pool: Any = None
    charge_compensation: Any = None
    limits: Any = None
    process: Any = None


class SiteModel(Section):
    """One sublattice: its amount per formula unit, what sits there undoped and what may replace it."""

    name: SiteName
    amount: PositiveNumber
    host: SpeciesField
    max_substituents: Count | None = None
    substituents: Any = None


class SubstituentModel(Section):
    """Species that may replace the host, all with the same levels (atoms per formula unit)."""

    species: Annotated[tuple[SpeciesField, ...], BeforeValidator(as_list), Field(min_length=1)]
    max: PositiveNumber | None = None
    step: PositiveNumber | None = None
    levels: tuple[PositiveNumber, ...] | None = None
    dopant: Flag = True


class CompensationModel(Section):
    """The species whose amount follows from neutrality, within bounds (atoms per formula unit)."""

    species: SpeciesField
    min: AmountNumber
    max: AmountNumber


class LimitsModel(Section):
    """What holds over all sites together; the lists are read on their own."""

    max_dopants: Count | None = None
    exclude_elements: Annotated[tuple[ElementField, ...], BeforeValidator(as_list)] = ()
    amounts: Any = None
    distinct: Any = None


class WeightModel(Section):
    """How often one species (or end member of a mixture) counts in a sum."""

    species: Words
    weight: Number = Fraction(1)


def _as_weights(value: object) -> object:
    """`[Cl-, Br-]` counts each species once; `{Mo4+: 2, O2-: -1}` says how often."""
    if isinstance(value, str):
        return [{"species": value}]
    if isinstance(value, Mapping):
        return [{"species": species, "weight": weight} for species, weight in value.items()]
    if isinstance(value, list):
        return [{"species": species} for species in value]
    return value


class AmountLimitModel(Section):
    """Bounds on a weighted sum of amounts, on one site or over all."""

    species: Annotated[tuple[WeightModel, ...], BeforeValidator(_as_weights), Field(min_length=1)]
    site: SiteName | None = None
    min: Number | None = None
    max: Number | None = None


class DistinctLimitModel(Section):
    """Bounds on how many of the listed species (or end members) are present."""

    species: Annotated[tuple[Words, ...], BeforeValidator(as_list), Field(min_length=1)]
    site: SiteName | None = None
    min: Count | None = None
    max: Count | None = None


class MixtureModel(Section):
    """Amounts of end members in multiples of a step that sum to 1, or to 1 over the `per` members."""

    basis: Literal["mole", "weight"] = "mole"
    step: PositiveNumber
    end_members: Any
    per: Annotated[tuple[FormulaField, ...], BeforeValidator(as_list)] = ()


class EndMemberModel(Section):
    """A component of a mixture with the bounds of its amount."""

    formula: FormulaField
    min: AmountNumber | None = None
    max: AmountNumber | None = None


class PoolModel(Section):
    """A table whose rows are the candidates; `formula` and `process` name its columns."""

    table: Words
    formula: Words = "formula"
    process: dict[Name, Words] = Field(default_factory=dict)
    measured: Annotated[tuple[Words, ...], BeforeValidator(as_list)] = ()


class SettingModel(Section):
    """One process setting with its levels."""

    name: Name
    unit: Words | None = None
    levels: Annotated[tuple[LevelField, ...], BeforeValidator(as_list), Field(min_length=1)] | None = None
    shared_by: Literal["plate", "well", "block"] = "well"
    unless: dict[Name, LevelField] = Field(default_factory=dict)
    relative_to: PropertyName | None = None
    excess_of: FormulaField | None = None
