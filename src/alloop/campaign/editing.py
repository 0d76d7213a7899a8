"""`swap`, `lock`, `exclude`: edits of a proposal and of what may be proposed at all, each audited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from alloop.campaign.desk import Desk
from alloop.campaign.evidence import gather
from alloop.campaign.excluded import excluded_wells
from alloop.campaign.ledger import interval_factors
from alloop.campaign.plan_document import plan_text, prediction_rows, well_entry, well_row
from alloop.campaign.plate_files import weigh, write_plate_files
from alloop.campaign.question import Wish, ask, plate_labels
from alloop.campaign.swap_checks import broken_rules, check_shared, stations_of
from alloop.chemistry import charge_excess, is_element
from alloop.chemistry.charge import ERROR
from alloop.errors import PlanError, Problem, SpaceError, StateError
from alloop.planning import PlannedWell, PlanningProblem
from alloop.records import ExclusionRow, WellRow, check_editable, well_label
from alloop.space import Candidate, Level, Space
from alloop.space.types import read_key, write_level

_BACKGROUND = 2000


if TYPE_CHECKING:
    from alloop.planning.outlook import Outlook


@dataclass(frozen=True)
class Swap:
    """A swapped well: what was in it and what is in it now, with its new predictions."""

    plate: str
    before: WellRow
    after: PlannedWell
    warnings: tuple[str, ...] = ()


def swap(
    desk: Desk,
    plate: str,
    well: str,
    composition: str,
    by: str,
    settings: Mapping[str, str] | None = None,
    why: str = "",
    dry_run: bool = False,
) -> Swap:
    """Put another candidate of the space into a well of a proposal, and lock it.

    The plan's models are asked again for the new candidate; its role becomes `candidate`. Settings that are
    neither given nor part of a key stay as they were in the well.

    Raises:
        StateError: when the plate is no proposal or has no such well.
        SpaceError: when the space does not hold the candidate, saying why.
        PlanError: when settings shared by the plate would differ.
    """
    row = desk.plate(plate)
    check_editable(row.id, row.state)
    before = find_well(desk, row.id, well)
    file = desk.file_of(row)
    candidate = _resolve(file.space, composition, read_settings(file.space, settings or {}), before)
    check_shared(file, candidate, before)
    excess = charge_excess(candidate.amounts)
    if abs(excess) > ERROR:
        raise PlanError(
            f"{candidate.formula} is not neutral: {excess:+.2f} e are left over", where=f"well {well}"
        )
    with desk.records.reading() as reader:
        evidence = gather(reader, desk.slug)
    wish = Wish(plate_labels(file), without=frozenset([row.id]))
    problem, _ = ask(file, evidence, wish)
    reason = f"put in by {by} instead of {before.formula}" + (f": {why}" if why else "")
    document = json.loads(desk.records.plan(row.id))
    outlook = foresee(problem, candidate, reason, row.seed, interval_factors(document))
    after = PlannedWell(
        well=before.well,
        role="candidate",
        candidate=candidate,
        rank=file.space.find(candidate),
        predictions=outlook.predictions,
        p_feasible=outlook.p_feasible,
        p_hit=outlook.p_hit,
        reason=outlook.reason,
        neighbours=outlook.neighbours,
        drivers=outlook.drivers,
        teaches=outlook.teaches,
    )
    new = well_row(row.id, after, locked=True)
    wells = [new if one.well == new.well else one for one in desk.records.wells(row.id)]
    weigh(file, wells)
    station = stations_of(file, wells, new.well)
    entries = {entry["well"]: entry for entry in document["wells"]}
    entries[new.well] = well_entry(row.id, after, locked=True) | {"block": entries[new.well].get("block")}
    document["wells"] = [entry | {"station": station[label]} for label, entry in entries.items()]
    for entry in document.get("stations", []):
        entry["wells"] = [label for label, name in station.items() if name == entry["name"]]
    text = plan_text(document)
    with desk.records.writing(by, dry_run) as tx:
        tx.update_well(new, "swapped", text, prediction_rows(file, row.id, after), why)
    if not dry_run:
        write_plate_files(desk.folder(row.id), file, text, row.state, wells)
    doubles = [one.well for one in wells if one.recipe_key == new.recipe_key and one.well != new.well]
    warnings = [f"wells {', '.join(doubles)} of the plate hold the same recipe"] if doubles else []
    if new.recipe_key in problem.closed_recipes:
        warnings.append(f"{candidate.formula} with these settings was measured before or is on its way")
    warnings += broken_rules(file, wells)
    warnings += excluded_wells([new], evidence.exclusions)
    return Swap(row.id, before, after, tuple(warnings))


def lock(desk: Desk, plate: str, well: str, by: str, unlock: bool = False, dry_run: bool = False) -> WellRow:
    """Lock a well of a proposal, so that `plan --replace` keeps it; or unlock it.

    Raises:
        StateError: when the plate is no proposal or has no such well.
    """
    row = desk.plate(plate)
    check_editable(row.id, row.state)
    before = find_well(desk, row.id, well)
    after = replace(before, locked=not unlock)
    document = json.loads(desk.records.plan(row.id))
    for entry in document["wells"]:
        if entry["well"] == before.well:
            entry["locked"] = after.locked
    text = plan_text(document)
    with desk.records.writing(by, dry_run) as tx:
        tx.update_well(after, "unlocked" if unlock else "locked", text)
    if not dry_run:
        wells = [after if one.well == after.well else one for one in desk.records.wells(row.id)]
        write_plate_files(desk.folder(row.id), desk.file_of(row), text, row.state, wells)
    return after


def exclude(
    desk: Desk, target: str, why: str, by: str, lift: bool = False, dry_run: bool = False
) -> ExclusionRow:
    """Leave an element, or a candidate by its key, out of all later plans; or lift that again.

    Raises:
        StateError: when the target is neither, no reason is given, or there is nothing to lift.
    """
    text = target.strip()
    if not why.strip():
        raise StateError("an exclusion needs a reason", "say --why", text)
    kind = "element" if is_element(text) else "key"
    if kind == "key":
        rank = desk.space.find(text)
        if rank is not None:
            text = desk.space.candidate(rank).key
        elif read_key(text) is None:
            mend = "give an element such as Cd, or a key as it stands in plate.csv"
            raise StateError("this is neither an element nor the key of a candidate", mend, text)
    elif text not in desk.space.elements:
        raise StateError(f"the space holds no {text}", f"it has {', '.join(desk.space.elements)}", text)
    row = ExclusionRow(campaign=desk.slug, kind=kind, target=text, why=why, active=not lift)  # type: ignore[arg-type]
    known = [(one.kind, one.target) for one in desk.records.exclusions(desk.slug)]
    if lift and (row.kind, row.target) not in known:
        raise StateError("this is not excluded", "alloop status lists the exclusions", text)
    if not lift and (row.kind, row.target) in known:
        raise StateError("this is excluded already", "", text)
    with desk.records.writing(by, dry_run) as tx:
        tx.add_exclusion(row)
    return row


def find_well(desk: Desk, plate: str, well: str) -> WellRow:
    """A well of a plate.

    Raises:
        StateError: when the plate has no such well.
    """
    label = well_label(well, f"plate {plate}")
    wells = desk.records.wells(plate)
    for row in wells:
        if row.well == label:
            return row
    raise StateError(
        f"there is no well {label}", f"its wells are {wells[0].well} to {wells[-1].well}", f"plate {plate}"
    )


def read_settings(space: Space, texts: Mapping[str, str]) -> dict[str, Level]:
    """Levels from their texts: `400`, `1/3`, `0.5`, `milled`, `none`.

    Raises:
        SpaceError: for settings and levels that the space does not have, all at once.
    """
    by_name = {setting.name: setting for setting in space.process.settings}
    problems: list[Problem] = []
    levels: dict[str, Level] = {}
    for name, text in texts.items():
        if name not in by_name:
            known = ", ".join(by_name) or "none"
            problems.append(Problem(f"setting {name}", "does not exist", f"the settings are {known}"))
            continue
        level = _level(text.strip())
        if level not in by_name[name].levels:
            offered = ", ".join(write_level(one) for one in by_name[name].levels)
            what = f"{text!r} is none of its levels"
            problems.append(Problem(f"setting {name}", what, f"choose one of {offered}"))
        levels[name] = level
    if problems:
        raise SpaceError(problems)
    return levels


def _level(text: str) -> Level:
    if text == "none":
        return None
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return text


def _resolve(space: Space, composition: str, given: Mapping[str, Level], before: WellRow) -> Candidate:
    """The candidate, with the well's own settings where nothing else is said."""
    if read_key(composition) is not None and "|" in composition:
        return space.resolve(composition, given)
    own = {**before.settings, **given}
    for row in space.process.combinations:
        values = dict(space.process.values(row))
        if all(own.get(name) == level for name, level in values.items() if name in own) and all(
            name in values for name in given
        ):
            return space.resolve(composition, values)
    return space.resolve(composition, own)


def foresee(
    problem: PlanningProblem, candidate: Candidate, why: str, seed: int, factors: Mapping[str, float]
) -> Outlook:
    """What is expected of a candidate, from all that is known now; intervals as wide as those of its plan."""
    from alloop.planning.beliefs import learn_all
    from alloop.planning.goals import make_yardstick
    from alloop.planning.outlook import describe

    rng = np.random.default_rng(seed)
    space = problem.space
    ranks = np.sort(space.sample(min(_BACKGROUND, space.size), rng))
    background = problem.features.of_block(space.decode(ranks))
    beliefs = replace(learn_all(problem, background, seed, lambda _: None), interval_factors=factors)
    yardstick = make_yardstick(
        problem.objectives, {name: belief.data for name, belief in beliefs.properties.items()}
    )
    return describe(problem, beliefs, yardstick, [candidate], [why], background, rng)[0]


__all__ = ["Swap", "exclude", "find_well", "foresee", "lock", "read_settings", "swap"]
