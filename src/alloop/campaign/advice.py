"""Whether another plate is worth making, in words and in the units that the campaign file chose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from alloop.campaign.progress import Standing, course_of, passing_samples
from alloop.campaign_file import CampaignFile
from alloop.records import SnapshotRow

GAIN_KEYS = ("gain", "gain_low90", "gain_high90", "gain_random", "gain_unit", "gain_before", "advice")
"""What plan.json and the model snapshots say of a plate's gain."""


_NOTHING = 0.005


def advice(file: CampaignFile, plate: str, entries: Mapping[str, Any]) -> str | None:
    """What a plate is expected to bring and whether to make it; None while nothing is known.

    Args:
        file: the campaign file, for `stopping` and the objectives.
        plate: its name.
        entries: `gain` with its interval, what random candidates would bring, and the unit, as in plan.json.
    """
    gain, unit = entries.get("gain"), entries.get("gain_unit") or "hypervolume"
    if gain is None:
        return None
    low, high, random = entries.get("gain_low90"), entries.get("gain_high90"), entries.get("gain_random")
    single = file.objectives[0].property.replace("_", " ")
    if unit == "doubt":
        does, much = "take", f"{gain_text(gain, unit)} off the doubt that the map is about"
    elif unit == "hits":
        does, much = "bring", gain_text(gain, unit)
    elif unit != "hypervolume":
        does, much = "improve", f"the best {single} by {gain_text(gain, unit)}"
    elif len(file.objectives) == 1:
        does, much = "raise", f"the best {single} above its reference by {gain_text(gain, unit)}"
    else:
        does, much = "raise", f"the hypervolume of the front by {gain_text(gain, unit)}"
    text = f"{plate} is expected to {does} {much}"
    if low is not None and high is not None:
        text += f" (nine times in ten {_number(low, unit)} to {gain_text(high, unit)})"
    if random is not None:
        by = "by " if does in ("improve", "raise") else ""
        text += f", a plate of random candidates {by}{gain_text(random, unit)}"
    least = file.stopping.min_gain
    if least is None:
        return text
    text += f"; you stop below {gain_text(least, unit)}: "
    if gain < least:
        return text + (
            "stop, or widen the space" if high is None or high < least else "stop, though it may bring more"
        )
    return text + ("go on" if low is None or low >= least else "go on, though it may bring less")


def gain_text(value: float, unit: str) -> str:
    """A gain with its unit: `4.2 %`, `0.05 decades`, `0.12 V`, `3.1 hits`."""
    number = _number(value, unit)
    if unit in ("hypervolume", "doubt"):
        return f"{number} %"
    return f"{number} {unit[:-1] if number == '1' and unit in ('hits', 'decades') else unit}"


def _number(value: float, unit: str) -> str:
    """A gain without its unit: percent, or two digits of it; `0` for what is next to nothing."""
    number = 100 * value if unit in ("hypervolume", "doubt") else value
    return "0" if abs(number) < _NOTHING else f"{number:.2g}" if abs(number) < 99.5 else f"{number:.0f}"


def gain_before(
    file: CampaignFile, standing: Standing, measured: Collection[str], snapshots: Sequence[SnapshotRow]
) -> dict[str, Any] | None:
    """What the last plate with results was expected to bring, and what it brought as measured.

    `brought` is measured, noise and luck included; `expected` was about the property itself. None before two plates.

    Args:
        file: the campaign's.
        standing: what it has reached.
        measured: the plates with values that count.
        snapshots: of the plans, oldest first.
    """
    said = {one.plate: one.content for one in snapshots if one.content.get("gain") is not None}
    last = next((name for name in reversed(standing.plates) if name in measured and name in said), None)
    if last is None:
        return None
    place, unit = standing.plates.index(last), said[last].get("gain_unit") or "hypervolume"
    brought: float | None = None
    if unit == "hypervolume":
        volumes = course_of(file, standing, str).hypervolume
        reached = volumes[place - 1] if place else 0.0
        brought = (volumes[place] - reached) / reached if reached > 0 else None
    elif unit == "hits":
        found = course_of(file, standing, str).hits
        brought = float(found[place] - (found[place - 1] if place else 0)) if found else None
    elif unit != "doubt":
        brought = _growth_of_best(file, standing, place)
    about = {
        "plate": last,
        "expected": said[last]["gain"],
        "brought": None if brought is None else float(f"{brought:.6g}"),
        "unit": unit,
    }
    return {**about, "words": before_text(about)}


def _growth_of_best(file: CampaignFile, standing: Standing, place: int) -> float | None:
    """By how much a plate improved the best measured value of the first objective, on its model scale."""
    aim = file.objectives[0]
    way, values = 1.0 if aim.goal == "maximize" else -1.0, standing.values[aim.property]
    own = [
        (standing.plate_of[name], way * values[name])
        for name in passing_samples(file, standing)
        if name in values
    ]
    before, until = set(standing.plates[:place]), set(standing.plates[: place + 1])
    earlier = [value for plate, value in own if plate in before]
    if not earlier:
        return None
    return max(0.0, max(value for plate, value in own if plate in until) - max(earlier))


def before_text(before: Mapping[str, Any]) -> str:
    """What :func:`gain_before` found, in a sentence."""
    unit = before.get("unit") or "hypervolume"
    text = f"{before['plate']} was expected to bring {gain_text(before['expected'], unit)}"
    if before["brought"] is None:
        return text
    return f"{text} and brought {gain_text(before['brought'], unit)} as measured"


__all__ = ["GAIN_KEYS", "advice", "before_text", "gain_before", "gain_text"]
