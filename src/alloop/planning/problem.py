"""What the planner is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.chemistry import Shelf
from alloop.planning.aims import Constraint, MapGoal, Objective
from alloop.planning.because import Driver, Known, Lesson, Neighbour, PlateGain
from alloop.planning.places import Station, WellBlock
from alloop.space import Candidate, FeatureMap, Level, Space
from alloop.surrogate import Observations
from alloop.surrogate.doubts import Suspect
from alloop.surrogate.protocol import Learner

Role = Literal["candidate", "control", "replicate", "random"]


@dataclass(frozen=True)
class Control:
    """A reference made on every plate: `candidate` with the settings it fixes, in `count` wells.

    Settings shared by the plate take the plate's value, whatever `candidate` says.
    """

    candidate: Candidate
    count: int


@dataclass(frozen=True)
class PlateRules:
    """What a plate must look like.

    Attributes:
        wells: labels of the wells to fill, in reading order.
        control: the declared reference, or None.
        replicates: wells for new samples of earlier candidates.
        random: wells drawn uniformly from the feasible space.
        max_precursors: number of different precursors on the plate.
        max_wells_per_dopant: wells that may hold the same species on the same site as dopant.
        min_distance: smallest difference between two candidates with the same settings, as the largest
            difference of an element's atomic fraction.
        fixed_settings: values of shared settings that the caller has decided, for the plate and all its blocks.
        filled: what other wells of the same plate hold already (locked ones); it counts in every rule.
        max_wells_per_composition: wells that may hold the same composition with different settings.
        blocks: parts of the plate with settings of their own; none is one block without a name.
        fixed_in_block: values that the caller has decided for single blocks, by the block's name.
        stations: where wells are made; a well with a precursor that needs inert gas goes to an inert one. None
            says that any well can be made.
    """

    wells: tuple[str, ...]
    control: Control | None = None
    replicates: int = 0
    random: int = 0
    max_precursors: int | None = None
    max_wells_per_dopant: int | None = None
    min_distance: float = 0.0
    fixed_settings: Mapping[str, Level] = field(default_factory=dict)
    filled: tuple[Candidate, ...] = ()
    max_wells_per_composition: int | None = None
    blocks: tuple[WellBlock, ...] = ()
    fixed_in_block: Mapping[str, Mapping[str, Level]] = field(default_factory=dict)
    stations: tuple[Station, ...] = ()


MOST_REPEATABLE = 4000
"""Of more samples only the newest are looked at for something to repeat."""


@dataclass(frozen=True)
class MadeSample:
    """A sample of the own laboratory that a replicate could repeat.

    `surprise` is how far a value of an objective lay from what the sample's plan foretold, in predicted standard
    deviations; 0 where nothing was foretold.
    """

    sample: str
    candidate: Candidate
    surprise: float = 0.0


@dataclass(frozen=True)
class PlanningProblem:
    """Everything that decides a plate.

    Attributes:
        observations: for each objective and constraint property with any values, what was measured, on the
            model scale of the property, with features of `features`.
        formed: feasibility, as bounds at 0: `ABOVE` for a sample that formed, `BELOW` for one that did not;
            None while nothing has failed.
        measured: (n, d) features of every composition with a result (own laboratory and literature).
        closed_recipes: recipe keys that must not be proposed as candidates again: measured, failed or pending.
        pending: candidates of plates whose results are still to come.
        made: samples that may be repeated, oldest first: where there are very many, the newest `MOST_REPEATABLE`, and
            before them one for each combination of settings that only older ones have.
        closed_ranks: (n,) where known candidates lie that need not be offered again, beside those of `made` and
            `pending`: a list of the best is not to be filled with them. `closed_recipes` is what forbids.
        plates_before: number of earlier plates of the campaign, pending ones included.
        excluded_elements, excluded_keys: what a person has taken out of the campaign.
        observed: properties that are modelled and predicted but neither aimed at nor limited, as constraints without
            a bound.
        aim: weight of each of `front`, `hits`, `best`, `map`.
        confirmed: by property, (n,) which rows of its observations a person has vouched for.
        map_goal: what `map` is to learn; None for the objectives over the whole space.
        best_share: the share of the space that counts as the best, where no targets are stated.
        gain_in: whether the gain of a plate is told relative to what is reached, for one objective in its own unit, or
            where targets are stated as the number of new samples that meet them.
        known: what each row of `measured` is and gave, for the reasons; empty where nobody asks for them.
        device: where candidates are screened, `cpu` or `cuda`.
        screen_up_to: the largest space of which every candidate is scored, a larger one is searched; None for the
            usual limit, which one machine masters in a minute.
        models: by property, what learns it instead of alloop's own models (docs/botorch.md).
        foretold: by property, for each earlier plate (n,) how far exact values lay from what its plan foretold, in
            standard deviations of the model as it was then
            (:func:`alloop.surrogate.cross_validation.factor_from_experience`).
    """

    space: Space
    features: FeatureMap
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    rules: PlateRules
    aim: Mapping[str, float]
    observations: Mapping[str, Observations]
    formed: Observations | None
    measured: FloatArray
    closed_recipes: frozenset[str] = frozenset()
    pending: tuple[Candidate, ...] = ()
    made: tuple[MadeSample, ...] = ()
    closed_ranks: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    plates_before: int = 0
    excluded_elements: frozenset[str] = frozenset()
    excluded_keys: frozenset[str] = frozenset()
    shelf: Shelf | None = None
    observed: tuple[Constraint, ...] = ()
    confirmed: Mapping[str, BoolArray] = field(default_factory=dict)
    map_goal: MapGoal | None = None
    best_share: float = 0.1
    gain_in: Literal["relative", "objective", "hits"] = "relative"
    known: Sequence[Known] = ()
    device: str = "cpu"
    screen_up_to: int | None = None
    models: Mapping[str, Learner] = field(default_factory=dict)
    foretold: Mapping[str, Sequence[FloatArray]] = field(default_factory=dict)


@dataclass(frozen=True)
class Prediction:
    """A new measurement as the model expects it: canonical unit; `sd` on the model scale."""

    median: float
    low90: float
    high90: float
    unit: str
    sd: float


@dataclass(frozen=True)
class PlannedWell:
    """One well of a plan.

    `rank` is None for a control outside the space; `p_feasible`, `p_hit` and `teaches` are None while nothing is
    modelled, `neighbours` and `drivers` then empty.
    `block` and `station` name where it lies and where it is made, on a plate that has blocks or stations.
    """

    well: str
    role: Role
    candidate: Candidate
    rank: int | None
    predictions: Mapping[str, Prediction]
    p_feasible: float | None
    p_hit: float | None
    reason: str
    replicate_of: str | None = None
    neighbours: tuple[Neighbour, ...] = ()
    drivers: tuple[Driver, ...] = ()
    teaches: Lesson | None = None
    block: str | None = None
    station: str | None = None


@dataclass(frozen=True)
class BlockSettings:
    """A block of a planned plate: its wells, and the settings they share beside the plate's."""

    name: str
    wells: tuple[str, ...]
    settings: Mapping[str, Level]


@dataclass(frozen=True)
class RulePrice:
    """What a rule costs a plate.

    Attributes:
        rule: its name in the campaign file.
        setting: what it is set to, as text.
        utility_lost_percent: share of what the plate would be expected to bring without the rule.
        words: the same in a sentence, with what a looser rule would cost.
    """

    rule: str
    setting: str
    utility_lost_percent: float
    words: str


@dataclass(frozen=True)
class ModelReport:
    """Trust in one property's model, from cross-validation that never leaks repeats or plates.

    `kind` says who speaks: ``"gp 63 % + forest 37 %"``; `skill` is 1 - error variance / variance; `interval_factor` is
    by how much the plan's intervals are wider than the model's own, because of how those of earlier plates held.
    """

    kind: str
    n: int
    coverage90: float
    log_score: float
    skill: float
    predictable: bool
    interval_factor: float = 1.0


@dataclass(frozen=True)
class PlatePlan:
    """A planned plate.

    `gain` is what making it is expected to bring, `gain_detail` the same with its interval, its unit and what random
    candidates would bring; None for a first plate without any model. `suspects` are values that were not learned
    from, by property, with their rows in the problem's observations; `literature_left_out` names the properties
    whose literature predicts the own values worse than they predict each other.
    """

    wells: tuple[PlannedWell, ...]
    shared_settings: Mapping[str, Level]
    models: Mapping[str, ModelReport]
    gain: float | None
    warnings: tuple[str, ...]
    candidates_screened: int
    seconds: Mapping[str, float]
    gain_detail: PlateGain | None = None
    blocks: tuple[BlockSettings, ...] = ()
    rule_prices: tuple[RulePrice, ...] = ()
    suspects: Mapping[str, tuple[Suspect, ...]] = field(default_factory=dict)
    literature_left_out: tuple[str, ...] = ()
