"""The `phases` column: which phases were found, and how much of each by weight."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from alloop.ingest.cells import fold

_PART = re.compile(
    r"^(?P<name>.*?\S)(?:\s*[:(]\s*|\s+)(?P<amount>\d+(?:[.,]\d+)?)\s*(?:wt\.?[\s-]*)?%?\s*\)?$"
)
_AMORPHOUS = ("amorphous", "glass", "glassy")
_TOLERANCE = 2.0


class PhasesError(ValueError):
    """A list of phases that cannot be read; the message says why."""


def read_phases(text: str) -> dict[str, float]:
    """Weight fractions by phase, from ``name wt%; name wt%``; empty when only names are given.

    Raises:
        PhasesError: when only some phases have an amount, one occurs twice, or they do not add up to 100 %.
    """
    parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    found: dict[str, float] = {}
    for part in parts:
        match = _PART.match(part)
        if match is None:
            continue
        if match["name"] in found:
            raise PhasesError(f"the phase {match['name']} occurs twice")
        found[match["name"]] = float(match["amount"].replace(",", ".")) / 100
    if not found:
        return {}
    if len(found) < len(parts):
        raise PhasesError(f"{text!r} gives amounts for some phases only")
    total = 100 * sum(found.values())
    if abs(total - 100) > _TOLERANCE:
        raise PhasesError(f"the phases add up to {total:.4g} wt%, not to 100")
    return found


def phase_fractions(
    phases: Mapping[str, float], target: Sequence[str], amorphous_target: bool
) -> dict[str, float]:
    """The properties that weight fractions of phases give: amorphous_fraction and target_phase_fraction.

    The target's fraction is among the crystalline phases; where glass is the target it is the amorphous one
    of all. A phase is the target when its name is one of `target`, or the beginning of one before a space
    (``spinel`` for ``spinel Fd-3m``).
    """
    total = sum(phases.values())
    amorphous = (
        sum(part for name, part in phases.items() if fold(name) in _AMORPHOUS) / total if total else 0.0
    )
    found = {"amorphous_fraction": amorphous} if any(fold(name) in _AMORPHOUS for name in phases) else {}
    crystalline = {name: part for name, part in phases.items() if fold(name) not in _AMORPHOUS}
    if amorphous_target:
        found["target_phase_fraction"] = amorphous
    elif target and phases:
        wanted = sum(part for name, part in crystalline.items() if is_target(name, target))
        found["target_phase_fraction"] = wanted / sum(crystalline.values()) if wanted else 0.0
    return found


def is_target(name: str, target: Sequence[str]) -> bool:
    """Whether a phase called `name` is one of the `target` phases."""
    plain = fold(name)
    return any(plain == fold(one) or fold(one).startswith(f"{plain} ") for one in target)
