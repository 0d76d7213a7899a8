"""Values that the last plan did not believe because they cannot be what was measured, in words and as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log10
from typing import Any

from alloop.campaign.evidence import is_confirmed
from alloop.campaign.observations import Learned
from alloop.planning import PlatePlan
from alloop.planning.aims import Constraint, Objective
from alloop.planning.goals import from_model_scale
from alloop.properties import get_property
from alloop.records import ShortValue
from alloop.surrogate.doubts import looks_like_a_unit


@dataclass(frozen=True)
class Doubted:
    """A value that was left out of the models, or of which only its difference from its plate's others counts.

    Attributes:
        sample, property: what it belongs to.
        value, unit: as recorded, in the canonical unit.
        expected: what was expected instead, in the same unit.
        z: how far off it is, in standard deviations of that expectation.
        together: how many values of its plate are off by the same factor; 0 for a value by itself.
        what: the same in a sentence.
    """

    sample: str
    property: str
    value: float
    unit: str
    expected: float
    z: float
    together: int
    what: str


def doubted(plan: PlatePlan, learned: Learned, aims: Sequence[Objective | Constraint]) -> tuple[Doubted, ...]:
    """The values that a plan left out, by property and sample."""
    scales = {aim.property: aim.scale for aim in reversed(aims)}
    found = []
    for name, suspects in sorted(plan.suspects.items()):
        unit = get_property(name).unit
        for suspect in suspects:
            row = learned.rows[name][suspect.row]
            expected = float(f"{from_model_scale(suspect.expected, scales[name]):.3g}")
            factor = wrong_factor(row.value, expected) if scales[name] == "log10" else None
            shown = "" if unit == "1" else f" {unit}"
            what = f"{row.sample}: {name} {row.value:.3g}{shown} "
            what += (
                f"looks {factor} (expected about {expected:.3g}): check its unit"
                if factor
                else f"is {suspect.z:.0f} standard deviations from what is expected (about {expected:.3g}): check it"
            )
            if suspect.siblings:
                what += f"; so do {suspect.siblings} values of its plate together"
            z = float(f"{suspect.z:.4g}")
            found.append(
                Doubted(row.sample or "", name, row.value, unit, expected, z, suspect.siblings, what)
            )
    return tuple(sorted(found, key=lambda one: (one.property, one.sample)))


def wrong_factor(value: float, expected: float) -> str | None:
    """ "1000 times too large" where a value differs from the expected one by what a wrong prefix makes; else None."""
    if value <= 0 or expected <= 0:
        return None
    decades = log10(value / expected)
    if not looks_like_a_unit(decades):
        return None
    return f"{10 ** abs(3 * round(decades / 3)):,} times too {'large' if decades > 0 else 'small'}"


def summary(values: Iterable[Doubted]) -> list[str]:
    """A line for every value that is doubted by itself, and one for every plate that is off as a whole."""
    lines: dict[str, str] = {}
    for one in values:
        mend = "it is left out of the models until you confirm it: alloop trust"
        if not one.together:
            lines[f"{one.property} {one.sample}"] = (
                f"{one.what}; {mend} {one.sample} {one.property} --why ..."
            )
            continue
        plate = one.sample.rpartition("-")[0]
        factor = wrong_factor(one.value, one.expected)
        how = f"look {factor}: check the unit of that table" if factor else "are far from what is expected"
        lines[f"{one.property} {plate}"] = (
            f"{one.together} values of {one.property} of {plate} {how}; until then only their differences among "
            f"each other count (if they are right: alloop trust SAMPLE {one.property} --why ...)"
        )
    return list(lines.values())


def as_json(values: Iterable[Doubted]) -> list[dict[str, Any]]:
    """For plan.json and the records."""
    return [asdict(one) for one in values]


def still_doubted(content: Mapping[str, Any], counted: Iterable[ShortValue]) -> tuple[Doubted, ...]:
    """What a plan's snapshot left out and nobody has confirmed, corrected or retracted since."""
    listed = [Doubted(**entry) for entry in content.get("suspects", ())]
    if not listed:
        return ()
    open_values = {(row.sample, row.property, row.value) for row in counted if not is_confirmed(row)}
    return tuple(one for one in listed if (one.sample, one.property, one.value) in open_values)
