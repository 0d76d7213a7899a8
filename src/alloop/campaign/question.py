"""The question put to the planner: what is known, what is pending, what a plate must look like."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from alloop.arrays import IntArray
from alloop.campaign.evidence import Evidence, modelled_in, observed_in
from alloop.campaign.known import KnownThings
from alloop.campaign.observations import Learned, learn_from, recipe_key
from alloop.campaign.planned_candidates import candidates_of, ranks_of_wells
from alloop.campaign_file import CampaignFile, wells_named
from alloop.chemistry import charge_excess
from alloop.chemistry.charge import ERROR
from alloop.errors import PlanError, Problem
from alloop.planning import Control, MadeSample, PlannedWell, PlanningProblem, PlateRules
from alloop.planning.problem import MOST_REPEATABLE
from alloop.records import DROPPED_STATES, PENDING_STATES, WellRow
from alloop.space import Candidate, FeatureMap, Level, PoolSpace, Space
from alloop.space.types import write_level


@dataclass(frozen=True)
class Wish:
    """What a person asks of one plate beyond the campaign file.

    `wells` are the labels to fill; `keep` are wells (of a proposal that is being replaced) that stay as they
    are; `without` names plates that are treated as if they had never been planned; `settings` fixes shared
    settings; `beside` are the wells of plates that are planned in the same go and not recorded yet.
    """

    wells: tuple[str, ...]
    keep: tuple[WellRow, ...] = ()
    without: frozenset[str] = frozenset()
    settings: Mapping[str, Level] | None = None
    beside: tuple[tuple[PlannedWell, ...], ...] = ()


def plate_labels(file: CampaignFile, wells: int | str | None = None) -> tuple[str, ...]:
    """The wells of a plate that are to be filled, in reading order: A01, A02, …

    Args:
        file: the campaign file.
        wells: how many, from the first one on; or their names, such as `A1-B6,D3`; all without it. Wells that the
            file says to skip are never among them.

    Raises:
        PlanError: when the plate has no such wells.
    """
    labels = file.plate.labels
    if wells is None:
        return labels
    text = str(wells).strip()
    if not text.lstrip("+-").isdecimal():
        named = wells_named([text], file.plate.rows, file.plate.columns)
        if skipped := [label for label in named if label in file.plate.skip]:
            raise PlanError(f"the campaign file skips {', '.join(skipped)}", "leave it out of --wells")
        return named
    if not 1 <= int(text) <= len(labels):
        raise PlanError(
            f"a plate of this campaign has 1 to {len(labels)} wells, not {text}", "change --wells"
        )
    return labels[: int(text)]


def ask(
    file: CampaignFile, evidence: Evidence, wish: Wish, features: FeatureMap | None = None
) -> tuple[PlanningProblem, Learned]:
    """The planning problem of the campaign's next plate, and what it learns from.

    Args:
        file: the campaign file.
        evidence: the campaign's records.
        wish: what this plate should be.
        features: of the file's space, where they were made before.
    """
    space = file.space
    features = features or FeatureMap(space)
    learned = learn_from(evidence, modelled_in(file), features)
    closed, pending = _closed_and_pending(evidence, wish, space)
    closed |= {well.recipe_key for well in wish.keep}
    kept_candidates = candidates_of(wish.keep, space)
    pending += kept_candidates
    beside = {well.candidate.recipe_key: well.candidate for plate in wish.beside for well in plate}
    pending += [beside[key] for key in sorted(beside.keys() - closed)]
    closed |= beside.keys()
    layout = file.plate
    share = Fraction(len(wish.wells), max(layout.wells, 1))  # of a whole plate
    plate_settings, block_settings = _fixed(file, wish)
    taken = {well.well for well in wish.keep}
    kept = {role: sum(well.role == role for well in wish.keep) for role in ("control", "replicate", "random")}
    control = control_of(file)
    if control is not None:
        left = control.count - kept["control"]
        control = Control(control.candidate, left) if left > 0 else None
    made, closed_ranks = _repeatable(evidence, space)
    problem = PlanningProblem(
        space=space,
        features=features,
        objectives=file.objectives,
        constraints=file.constraints,
        rules=PlateRules(
            wells=tuple(label for label in wish.wells if label not in taken),
            control=control,
            replicates=max(0, ceil(layout.replicates * share) - kept["replicate"]),
            random=max(0, ceil(layout.random * share) - kept["random"]),
            max_precursors=layout.max_precursors,
            max_wells_per_dopant=layout.max_wells_per_dopant,
            min_distance=layout.min_distance,
            fixed_settings=plate_settings,
            filled=tuple(kept_candidates),
            max_wells_per_composition=layout.max_wells_per_composition,
            blocks=layout.blocks,
            fixed_in_block=block_settings,
            stations=layout.stations,
        ),
        aim=file.aim,
        map_goal=file.map_goal,
        best_share=file.best_share,
        gain_in=file.stopping.gain_unit,
        observations=learned.values,
        formed=learned.formed,
        measured=learned.measured,
        closed_recipes=frozenset(closed),
        pending=tuple(pending),
        made=made,
        closed_ranks=closed_ranks,
        plates_before=sum(
            plate.state not in DROPPED_STATES and plate.id not in wish.without for plate in evidence.plates
        )
        + len(wish.beside),
        excluded_elements=frozenset(row.target for row in evidence.exclusions if row.kind == "element"),
        excluded_keys=frozenset(row.target for row in evidence.exclusions if row.kind == "key")
        | unbalanced_rows(space),
        shelf=file.shelf,
        observed=observed_in(file),
        device=file.device,
        screen_up_to=file.screen_up_to,
        known=KnownThings(evidence, learned, modelled_in(file)),
        confirmed=learned.confirmed,
    )
    return problem, learned


def unbalanced_rows(space: Space) -> frozenset[str]:
    """Keys of a pool's candidates whose charges cannot balance: kept in the pool, never proposed.

    Candidates of other spaces are neutral by construction.
    """
    if not isinstance(space, PoolSpace):
        return frozenset()
    candidates = (space.candidate(rank) for rank in range(space.size))
    return frozenset(c.key for c in candidates if abs(charge_excess(c.amounts)) > ERROR)


def control_of(file: CampaignFile) -> Control | None:
    """The declared control; settings that the plate shares are any that go with its own."""
    controls = file.plate.controls
    if controls is None:
        return None
    space = file.space
    offered = [dict(space.process.values(row)) for row in space.process.combinations]
    fitting = [one for one in offered if all(one.get(n, level) == level for n, level in controls.settings)]
    if not fitting:
        raise PlanError(
            f"no well can be the control {controls.formula}", "check plate.controls in the campaign file"
        )
    # Where settings are conditional, one in which all that the file says of the control applies: a plate under
    # which some of it does not apply leaves it out.
    values = max(fitting, key=lambda values: sum(name in values for name, _ in controls.settings))
    return Control(space.resolve(controls.formula, values), controls.count)


def _fixed(file: CampaignFile, wish: Wish) -> tuple[dict[str, Level], dict[str, dict[str, Level]]]:
    """The shared settings that the person, or a well that is kept, decides: of the plate, and of each block by name.

    Raises:
        PlanError: naming every kept well that cannot stay beside another, or with what the person asks.
    """
    block_of = {well: block.name for block in file.plate.blocks for well in block.wells}
    whole = dict(wish.settings or {})
    blocks: dict[str, dict[str, Level]] = {}
    says = dict.fromkeys(whole, "--set")
    problems = []
    for setting in file.space.process.settings:
        for well in wish.keep if setting.shared_by != "well" else ():
            if setting.name not in well.settings:
                continue
            level, block = well.settings[setting.name], block_of.get(well.well)
            own, place = whole, setting.name
            if setting.shared_by == "block" and block is not None and setting.name not in whole:
                own, place = blocks.setdefault(block, {}), f"{setting.name} in block {block}"
            if own.setdefault(setting.name, level) != level:
                what = f"has {setting.name} {write_level(level)}, and {says[place]} {write_level(own[setting.name])}"
                problems.append(Problem(f"locked well {well.well}", what, "unlock one of them"))
            says.setdefault(place, f"locked well {well.well}")
    if problems:
        raise PlanError(problems)
    return whole, blocks


def _closed_and_pending(evidence: Evidence, wish: Wish, space: Space) -> tuple[set[str], list[Candidate]]:
    """Recipes that were measured, failed or are on their way; and the candidates on their way, each once.

    What was lost, never measured, or belongs to a plate that is closed, cancelled or rejected, is free again.
    """
    closed: set[str] = set()
    waiting: dict[str, WellRow] = {}
    for well in evidence.wells:
        if well.plate in wish.without:
            continue
        sample = evidence.sample_of_well.get((well.plate, well.well))
        outcome = evidence.outcome[sample.id] if sample else "waiting"
        if outcome in ("formed", "failed") and sample is not None:
            closed.add(well.recipe_key)
            if sample.elements != well.elements or sample.settings != well.settings:
                closed.add(recipe_key(sample.elements, sample.settings))
        elif outcome == "waiting" and evidence.state_of_plate[well.plate] in PENDING_STATES:
            closed.add(well.recipe_key)
            waiting.setdefault(well.recipe_key, well)
    closed |= {recipe_key(row.elements, row.settings) for row in evidence.counted if row.origin == "history"}
    for status in evidence.statuses:
        if status.origin == "history" and status.status in ("not_formed", "cracked"):
            closed.add(recipe_key(status.elements, status.settings))
    return closed, candidates_of([waiting[key] for key in sorted(waiting)], space)


def _process(well: WellRow) -> str:
    """The settings that a well was planned with, as its key says."""
    return (well.key or "").partition("|")[2]


def _repeatable(evidence: Evidence, space: Space) -> tuple[tuple[MadeSample, ...], IntArray]:
    """Samples that a replicate could repeat: formed, measured, and no controls; and ranks (n,) of too old ones."""
    measured: Collection[str] = {row.sample for row in evidence.counted if row.sample}
    found = []
    for sample in evidence.samples:
        well = evidence.well_of_sample[sample.id]
        if sample.id in measured and evidence.outcome[sample.id] == "formed" and well.role != "control":
            found.append((sample.id, well))
    older, newest = found[:-MOST_REPEATABLE], found[-MOST_REPEATABLE:]
    seen = {_process(well) for _, well in newest}
    firsts = {_process(well): (name, well) for name, well in older}
    shown = [one for process, one in firsts.items() if process not in seen] + newest
    candidates = candidates_of([well for _, well in shown], space)
    made = tuple(MadeSample(name, one) for (name, _), one in zip(shown, candidates, strict=True))
    ranks = ranks_of_wells([well for _, well in older], space)
    return made, np.unique(ranks[ranks >= 0])
