"""What a campaign wants: objectives to push and constraints to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alloop.scales import Scale

FEASIBILITY = "feasibility"
"""The name under which a map can ask where samples form."""

Goal = Literal["maximize", "minimize"]


@dataclass(frozen=True)
class Objective:
    """A property to maximise or minimise.

    `reference` (the worst value still acceptable) and `target` (the value that makes a hit) are numbers in
    the property's canonical unit, never logarithms; `unit` is that canonical unit. `scale` is the one on
    which the property is modelled and gains are measured: on log10 both numbers are positive. `reference`
    is None where the planner chooses it from what has been measured (one objective, or a replay).
    `temperature_C` and `kind` (bulk, grain_boundary or total) name the condition that is aimed at; None
    where the property does not depend on it or the campaign does not say.
    """

    property: str
    goal: Goal
    scale: Scale
    unit: str
    reference: float | None = None
    target: float | None = None
    temperature_C: float | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Constraint:
    """A property that must lie between `min` and `max` (inclusive, canonical unit).

    At least one is given, but for a property that is only observed.
    `scale`, `unit`, `temperature_C` and `kind` mean the same as in :class:`Objective`.
    """

    property: str
    min: float | None
    max: float | None
    scale: Scale
    unit: str
    temperature_C: float | None = None
    kind: str | None = None


@dataclass(frozen=True)
class MapGoal:
    """What the aim `map` is to learn, where the campaign says it.

    Attributes:
        property: a modelled property, or `FEASIBILITY`; None for all objectives.
        boundary: the value (canonical unit) at which something changes: learned is on which side of it candidates
            lie. None to learn the property itself; for `FEASIBILITY` it is always whether a sample forms.
        where: lowest and highest amount (per formula unit) of species, end members or elements, and lowest and highest
            level of settings, of the region to be learned; empty for the whole space.
    """

    property: str | None = None
    boundary: float | None = None
    where: Mapping[str, tuple[float, float]] = field(default_factory=dict)


_ENRICHED = 0.5


def well_shares(aim: Mapping[str, float]) -> dict[str, float]:
    """The share of the wells by which each of a campaign's aims is served; they add up to 1.

    They are the aim's weights, but that `hits` has at least half of what `front`, `best` and `hits` have together. Who
    only bets on improvements does not learn where the good ones are: on measured tables, plates of `front` or `best`
    alone found less of the very front, or best value, that they were after; see docs/planner.md.
    """
    total = sum(aim.values())
    share = {name: weight / total for name, weight in aim.items() if weight > 0}
    improving = share.get("front", 0.0) + share.get("best", 0.0)
    lacking = _ENRICHED * (improving + share.get("hits", 0.0)) - share.get("hits", 0.0)
    if lacking <= 0.0:
        return share
    kept = 1.0 - lacking / improving
    less = {name: part * (kept if name in ("front", "best") else 1.0) for name, part in share.items()}
    return {**less, "hits": share.get("hits", 0.0) + lacking}


__all__ = ["FEASIBILITY", "Constraint", "Goal", "MapGoal", "Objective", "well_shares"]
