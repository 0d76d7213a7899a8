"""What stands behind a well, in sentences: from the structured reasons of plan.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alloop.properties import get_property, is_property
from alloop.synthesis.numbers import shown_value

_MOST_DRIVERS = 2
_MOST_NEIGHBOURS = 2
_MOST_VALUES = 2
_SMALL_SHARE = 0.2
_SMALL_SD = 0.3
_LEAST_TAUGHT = 0.01


def because(entry: Mapping[str, Any], effect_units: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences on the drivers, neighbours and lesson of a well of plan.json; what it does not have is left out.

    Args:
        entry: of `wells` in plan.json.
        effect_units: in what the drivers' effects are, by property.
    """
    return tuple(filter(None, (_drivers(entry, effect_units), _neighbours(entry), _teaches(entry))))


def _drivers(entry: Mapping[str, Any], units: Mapping[str, str]) -> str:
    """The strongest effects on each property, the properties one after another."""
    drivers = entry.get("drivers") or []
    texts = []
    for name in drivers[0]["effects"] if drivers else ():
        effects = [(float(driver["effects"].get(name) or 0.0), str(driver["what"])) for driver in drivers]
        least = max(_SMALL_SHARE * max(abs(effect) for effect, _ in effects), _SMALL_SD * _sd(entry, name))
        own = [pair for pair in sorted(effects, key=lambda p: -abs(p[0])) if abs(pair[0]) >= least > 0]
        if own:
            shown = ", ".join(
                f"{what} {_effect(effect, units.get(name, ''))}" for effect, what in own[:_MOST_DRIVERS]
            )
            texts.append(f"{_symbol(name)}: {shown}")
    if not drivers:
        return ""
    return f"Driven by: {'; '.join(texts) or 'nothing that stands out from the doubt'}."


def _sd(entry: Mapping[str, Any], name: str) -> float:
    """The standard deviation of the prediction: what is far below it is not worth a word."""
    return float(((entry.get("predictions") or {}).get(name) or {}).get("sd") or 0.0)


def _effect(effect: float, unit: str) -> str:
    if unit in ("decades", "logits"):
        factor = 10.0 ** abs(effect) if unit == "decades" else math.exp(abs(effect))
        what = "" if unit == "decades" else "odds "
        return f"{what}{'×' if effect >= 0 else '÷'}{factor:.{0 if factor >= 9.95 else 1}f}"
    return f"{'+' if effect >= 0 else '−'}{shown_value(abs(effect), unit)}"


def _neighbours(entry: Mapping[str, Any]) -> str:
    texts = []
    for one in (entry.get("neighbours") or [])[:_MOST_NEIGHBOURS]:
        values = ["did not form"] if one.get("failed") else []
        for name, value in list((one.get("values") or {}).items())[:_MOST_VALUES]:
            bound = {"below": "<", "above": ">"}.get(value.get("bound", ""), "")
            values.append(f"{_symbol(name)} {bound}{shown_value(value['value'], value['unit'])}")
        what = f" {one['formula']}" if one.get("formula") and one["formula"] != one["name"] else ""
        far = f"{one['distance']:.1f}" if one["distance"] >= 0.05 else "0"
        texts.append(f"{one['name']}{what} at {far}: {', '.join(values) or 'no value'}")
    return f"Near: {'; '.join(texts)}." if texts else ""


def _teaches(entry: Mapping[str, Any]) -> str:
    lesson = entry.get("teaches")
    if not lesson:
        return ""
    if lesson["share"] < _LEAST_TAUGHT:
        return "Teaches: hardly anything that is not known."
    overall = f"{lesson['overall']:.0%} narrower over the whole space"
    if not lesson["about"]:
        return f"Teaches: intervals {overall}."
    about = f"Teaches: intervals {lesson['share']:.0%} narrower for {lesson['about']}"
    return f"{about}, {overall}." if lesson["overall"] >= _LEAST_TAUGHT else f"{about}."


def _symbol(name: str) -> str:
    return get_property(name).symbol if is_property(name) else name.replace("_", " ")


__all__ = ["because"]
