"""What can only be checked once the space is built: that it holds something, and the controls."""

from __future__ import annotations

from collections.abc import Sequence

from alloop.campaign_file.plate import CONTROLS, Controls
from alloop.campaign_file.precursors import PRECURSORS
from alloop.campaign_file.process import level_text
from alloop.campaign_file.report import Report
from alloop.campaign_file.space_parts import SPACE, SpaceParts
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.shelf import Shelf
from alloop.chemistry.species import parse_species
from alloop.errors import SpaceError
from alloop.space import MixtureSpace, SiteSpace, Space
from alloop.space.types import Level

MOBILE_ION: Path = ("mobile_ion",)
MANY_SUBSTITUENTS = 12
"""Substituents beyond which a space without `max_dopants` deserves a warning."""


def check_space(report: Report, parts: SpaceParts, controls: Controls | None, shelf: Shelf | None) -> None:
    """Build the space and note when it is empty or does not hold the controls."""
    if not report.clean(SPACE, PRECURSORS):
        return
    space: Space | None = None
    with report.catching(SPACE):  # an empty space says itself what makes it so
        space = parts.build()
    if space is None:
        return
    unobtainable = [] if shelf is None else _unobtainable(parts, shelf)
    for member, element in unobtainable:
        what = f"no precursor brings {element}: candidates with {member} are not counted"
        report.warn(PRECURSORS, what, "add one, or remove the species")
    explained = {member for member, _ in unobtainable}
    for column in space.never_used if isinstance(space, SiteSpace | MixtureSpace) else ():
        if column.label not in explained:
            mend = "check precursors, limits and charge compensation, or remove it"
            report.warn(SPACE, f"no candidate holds {column}", mend)
    if parts.uncounted > MANY_SUBSTITUENTS:
        what = f"{parts.uncounted} substituents without max_dopants make {space.size:,} candidates"
        report.warn(SPACE, what, "add limits.max_dopants")
    carrier = parse_species(parts.mobile_ion).elements
    if parts.members and not set(carrier) <= set(space.elements):
        what = f"the mobile ion {parts.mobile_ion} is in no candidate"
        report.warn(MOBILE_ION, what, "set mobile_ion to the ion that conducts")
    if controls is not None and report.clean(CONTROLS):
        _check_controls(report, space, controls)


def _unobtainable(parts: SpaceParts, shelf: Shelf) -> list[tuple[str, str]]:
    """Members of the space with an element that no precursor leaves and no air brings."""
    free = {"O"} if shelf.atmosphere == "air" else set()
    return [
        (member, element)
        for member, elements in parts.members.items()
        for element in elements
        if element not in shelf.elements and element not in free
    ]


def _check_controls(report: Report, space: Space, controls: Controls) -> None:
    settings = _some_settings(space, controls.settings)
    place = (*CONTROLS, "process")
    if settings is None:
        chosen = ", ".join(f"{name} {level_text(level)}" for name, level in controls.settings)
        report.say(place, f"no well can have {chosen}", "check the conditions (unless) of these settings")
        return
    try:
        space.resolve(controls.formula, settings)
    except SpaceError as error:
        for problem in error.problems:
            what = f"the control {controls.formula} is no candidate of the space: {problem.what}"
            report.say((*CONTROLS, "formula"), what, problem.mend)


def _some_settings(space: Space, chosen: Sequence[tuple[str, Level]]) -> dict[str, Level] | None:
    """The first combination of all settings in which a well has those chosen, where they apply."""
    for row in space.process.combinations:
        values = dict(space.process.values(row))
        if all(values.get(name, level) == level for name, level in chosen):
            return values
    return None
