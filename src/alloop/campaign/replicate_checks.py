"""New values against other samples of the same recipe: a pellet that is far off its replicates is worth a look."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from statistics import median

from alloop.campaign.evidence import aims_of, fits
from alloop.campaign_file import CampaignFile
from alloop.errors import Problem
from alloop.planning.aims import Constraint, Objective
from alloop.properties import get_property
from alloop.records import MeasurementRow, ShortValue
from alloop.scales import from_model_scale, model_value

Value = MeasurementRow | ShortValue

_FAR = 5.0
_FEWEST_PAIRS = 4
_SD_OF_MAD = 1.4826


def unlike_replicates(
    file: CampaignFile, counted: Iterable[Value], recipe_of: Mapping[str, str], samples: Collection[str]
) -> tuple[Problem, ...]:
    """A warning for each value of `samples` that is far off the median of other samples of the same recipe.

    How far is far is told by the replicates themselves: `_FAR` times the spread (from the median absolute deviation)
    of all samples about the medians of their recipes, over the whole campaign. Fewer than `_FEWEST_PAIRS` replicated
    values tell nothing.

    Args:
        file: the campaign's.
        counted: the values that are believed, of the whole campaign.
        recipe_of: the planned recipe of each sample.
        samples: whose values are in question.
    """
    found = []
    rows: dict[str, list[Value]] = {}
    for row in counted:
        rows.setdefault(row.property, []).append(row)
    for aim in {aim.property: aim for aim in reversed(aims_of(file))}.values():
        groups = _groups(rows.get(aim.property, ()), recipe_of, aim)
        away = [abs(y - _centre(group, name)) for group in groups.values() for name, (y, _) in group.items()]
        if len(away) < _FEWEST_PAIRS:
            continue
        spread = _SD_OF_MAD * median(away)
        for group in groups.values():
            for name, (y, row) in group.items():
                centre = _centre(group, name)
                if name in samples and spread > 0 and abs(y - centre) > _FAR * spread:
                    found.append(_problem(row, aim, centre, abs(y - centre) / spread, len(group) - 1))
    return tuple(found)


def _groups(
    rows: Iterable[Value], recipe_of: Mapping[str, str], aim: Objective | Constraint
) -> dict[str, dict[str, tuple[float, Value]]]:
    """By recipe, of recipes that were made more than once: by sample, the value on the model's scale."""
    groups: dict[str, dict[str, tuple[float, Value]]] = {}
    for row in rows:
        if not row.sample or row.bound != "exact" or not fits(row, aim):
            continue
        value = model_value(row.value, aim.scale)
        if value is not None and math.isfinite(value):
            groups.setdefault(recipe_of[row.sample], {})[row.sample] = (value, row)
    return {recipe: group for recipe, group in groups.items() if len(group) > 1}


def _centre(group: Mapping[str, tuple[float, Value]], name: str) -> float:
    return median(y for other, (y, _) in group.items() if other != name)


def _problem(row: Value, aim: Objective | Constraint, centre: float, far: float, others: int) -> Problem:
    unit = get_property(aim.property).unit
    expected = from_model_scale(centre, aim.scale)
    shown = "" if unit == "1" else f" {unit}"
    what = (
        f"its {aim.property} {row.value:.3g}{shown} is {far:.0f} times the usual spread away from "
        f"{'another sample' if others == 1 else f'{others} other samples'} of the same recipe ({expected:.3g}{shown})"
    )
    mend = f"if the measurement is wrong: alloop suspect {row.sample} {aim.property} --why ..."
    return Problem(f"sample {row.sample}", what, mend)


__all__ = ["unlike_replicates"]
