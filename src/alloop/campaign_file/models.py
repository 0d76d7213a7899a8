"""The shape of everything beside `space:`, one small model for each mapping of the file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from alloop.campaign_file.fields import (
    AmountFloat,
    CandidateCount,
    Columns,
    Count,
    Flag,
    Float,
    FormulaField,
    LevelField,
    Name,
    Number,
    PositiveCount,
    PositiveFloat,
    PropertyName,
    Rows,
    Section,
    Slug,
    SpeciesField,
    Words,
    as_list,
)

Kind = Literal["total", "bulk", "grain_boundary"]


class TopModel(Section):
    """The keys of a campaign file; sections are read on their own."""

    campaign: Slug | None = None
    title: Words | None = None
    mobile_ion: SpeciesField | None = None
    atmosphere: Literal["air", "inert"] = "inert"
    device: Literal["cpu", "cuda"] = "cpu"
    screen_up_to: CandidateCount | None = None
    schedule: Any = None
    approval: Literal["by_person", "automatic"] = "by_person"
    rounds: Any = None
    alerts: Any = None
    literature: Annotated[tuple[Words, ...], BeforeValidator(as_list)] = ()
    observe: Annotated[tuple[PropertyName, ...], BeforeValidator(as_list)] = ()
    target_phase: Any = None
    space: Any = None
    precursors: Any = None
    pellet: Any = None
    objectives: Any = None
    constraints: Any = None
    plate: Any = None
    role: Literal["separator", "catholyte", "anolyte"] | None = None
    aim: Any = None
    map: Any = None
    hits: Any = None
    stopping: Any = None


class TargetPhaseModel(Section):
    """What diffraction should show: named phases with a folder of references, or no crystal at all."""

    names: Annotated[tuple[Words, ...], BeforeValidator(as_list), Field(min_length=1)] | None = None
    references: Words | None = None
    amorphous: Flag = False


class PrecursorModel(Section):
    """One powder on the shelf."""

    formula: FormulaField
    gives: FormulaField | None = None
    purity: Float = 1.0
    excess: Float = 0.0
    price_per_g: Float | None = None
    stock_g: Float | None = None
    atmosphere: Literal["air", "inert"] = "air"


class PelletModel(Section):
    """The pellets on which conductivities are measured."""

    diameter_mm: PositiveFloat | None = None
    area_cm2: PositiveFloat | None = None
    thickness_mm: PositiveFloat | None = None


class ObjectiveModel(Section):
    """One property to push."""

    property: PropertyName
    goal: Literal["maximize", "minimize"]
    scale: Literal["linear", "log10"] | None = None
    unit: Words | None = None
    reference: Number | None = None
    target: Number | None = None
    temperature_C: Float | None = None
    kind: Kind | None = None


class ConstraintModel(Section):
    """One property that must pass a threshold."""

    property: PropertyName
    min: Number | None = None
    max: Number | None = None
    scale: Literal["linear", "log10"] | None = None
    unit: Words | None = None
    temperature_C: Float | None = None
    kind: Kind | None = None


class PlateModel(Section):
    """The plate: its wells, their roles and what a laboratory can weigh."""

    rows: Rows = 8
    columns: Columns = 8
    controls: Any = None
    replicates: Count = 3
    random: Count = 3
    max_precursors: PositiveCount | None = None
    max_wells_per_dopant: PositiveCount | None = None
    max_wells_per_composition: PositiveCount | None = None
    min_distance: AmountFloat | None = None
    blocks: Any = None
    stations: Any = None
    skip: Annotated[tuple[Words, ...], BeforeValidator(as_list)] = ()
    sample_mass_g: PositiveFloat = 0.5
    balance_resolution_mg: PositiveFloat = 0.1
    min_portion_mg: AmountFloat = 2.0


class ControlsModel(Section):
    """Wells with a known material on each plate."""

    count: PositiveCount
    formula: FormulaField
    process: dict[Name, LevelField] = Field(default_factory=dict)


class BlocksModel(Section):
    """Blocks of so many rows or columns."""

    by: Literal["rows", "columns"]
    size: PositiveCount


class NamedBlockModel(Section):
    """A block with its wells, such as `A1-D8`."""

    name: Words
    wells: Annotated[tuple[Words, ...], BeforeValidator(as_list), Field(min_length=1)]


class StationModel(Section):
    """A place where wells are made, and how many of a plate it can make."""

    name: Words
    atmosphere: Literal["air", "inert"]
    wells: PositiveCount


class AimModel(Section):
    """The weights of what makes a plate worth making."""

    front: AmountFloat = 0.0
    hits: AmountFloat = 0.0
    best: AmountFloat = 0.0
    map: AmountFloat = 0.0


class MapModel(Section):
    """What the aim `map` is to learn."""

    property: Words | None = None
    boundary: Number | None = None
    unit: Words | None = None
    where: dict[Words, tuple[Number, ...]] = Field(default_factory=dict)


class HitsModel(Section):
    """What counts as a hit where no target is stated."""

    fraction: Number | None = None


class StoppingModel(Section):
    """When the campaign has done enough."""

    max_plates: PositiveCount | None = None
    min_gain: AmountFloat | None = None
    gain_unit: Literal["relative", "objective", "hits"] = "relative"


class ScheduleModel(Section):
    """When scheduled rounds run."""

    cron: Words
    timezone: Words | None = None


class RoundsModel(Section):
    """When a round plans, and what starts one."""

    plates_ahead: Count = 0
    on_results: Flag | None = None


class AlertsModel(Section):
    """What a person is told of without asking."""

    overdue_days: AmountFloat = 14.0
    calibration: Flag = True
