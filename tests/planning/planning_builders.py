"""A small spinel with an invented truth, and rounds that measured some of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from space_builders import make_shelf, make_space, numbers, site, substituent

from alloop.planning import (
    Constraint,
    Control,
    MadeSample,
    Objective,
    PlanningProblem,
    PlatePlan,
    PlateRules,
)
from alloop.space import FeatureMap, Limits, Process, Setting, SiteSpace, Space
from alloop.surrogate import ABOVE, BELOW, observations

CONDUCTIVITY = Objective("ionic_conductivity", "maximize", "log10", "S/cm", 1e-7, 1e-3)
OXIDATION = Objective("oxidation_limit", "maximize", "linear", "V", 3.0)
PURITY = Constraint("target_phase_fraction", 0.8, None, "linear", "1")
TEMPERATURE = Setting("anneal_temperature", "degC", (Fraction(300), Fraction(400)), "plate")
TIME = Setting("milling_time", "h", (Fraction(1), Fraction(5)), "well")
DOPANTS = "Zn2+ Mn2+ In3+ Zr4+"
SHELF = "LiCl MgCl2 ZnCl2 MnCl2 InCl3 ZrCl4"
FULL = {"replicates": 2, "random": 2}


def spinel(
    dopants: str = DOPANTS,
    levels: str = "0.1 0.2 0.3 0.4",
    settings: tuple[Setting, ...] = (TEMPERATURE, TIME),
    max_dopants: int = 2,
    shelf: bool = False,
) -> SiteSpace:
    """Li2MgCl4 with dopants on Mg; 452 candidates unless told otherwise."""
    metal = site("M", "1", "Mg2+", *(substituent(species, levels) for species in dopants.split()))
    return make_space(
        metal,
        site("X", "4", "Cl-"),
        limits=Limits(max_dopants=max_dopants),
        process=Process(settings),
        shelf=make_shelf(SHELF) if shelf else None,
    )


def truth(space: Space, ranks: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
    """Invented values of every property on its model scale: In conducts best at 0.3, and spoils the phase beyond."""
    block = space.decode(np.asarray(ranks, dtype=np.int64))
    atoms = dict(zip(space.elements, space.element_amounts(block).T, strict=True))
    zero = np.zeros(len(block))
    indium, zinc = atoms.get("In", zero), atoms.get("Zn", zero)
    hot = (block.settings == 1).mean(axis=1) if block.settings.shape[1] else zero
    return {
        "ionic_conductivity": -6.0 + 3.0 * np.exp(-(((indium - 0.3) / 0.12) ** 2)) - zinc + 0.5 * hot,
        "oxidation_limit": 4.0 - indium + 0.5 * zinc,
        "target_phase_fraction": np.where(indium > 0.25, 0.5, 0.95),
    }


def problem(
    space: Space,
    measured: Sequence[int] | np.ndarray = (),
    *,
    wells: int = 12,
    seed: int = 0,
    objectives: tuple[Objective, ...] = (CONDUCTIVITY,),
    constraints: tuple[Constraint, ...] = (),
    aim: Mapping[str, float] | None = None,
    failed: Sequence[int] = (),
    rules: Mapping[str, Any] | None = None,
    per_plate: int = 12,
    **changes: Any,
) -> PlanningProblem:
    """A round in which the candidates of rank `measured` have values and those of `failed` did not form."""
    rng = np.random.default_rng(seed)
    features = FeatureMap(space)
    measured = np.asarray(measured, dtype=np.int64)
    x = features.of_block(space.decode(measured))
    candidates = [space.candidate(int(rank)) for rank in measured]
    names = [entry.property for entry in (*objectives, *constraints)]
    values = truth(space, measured)
    data = {
        name: observations(
            x, values[name] + 0.02 * rng.standard_normal(len(x)), groups=np.arange(len(x)) // per_plate
        )
        for name in names
        if len(x)
    }
    formed = None
    lost = features.of_block(space.decode(np.asarray(failed, dtype=np.int64)))
    if len(lost):
        sides = np.array([ABOVE] * len(x) + [BELOW] * len(lost))
        formed = observations(np.vstack([x, lost]), np.zeros(len(sides)), bounds=sides)
    closed = {c.recipe_key for c in candidates} | {space.candidate(int(r)).recipe_key for r in failed}
    labels = tuple(f"{'ABCDEFGH'[i // 8]}{i % 8 + 1:02}" for i in range(wells))
    return PlanningProblem(
        space=space,
        features=features,
        objectives=objectives,
        constraints=constraints,
        rules=replace(PlateRules(labels), **(rules or {})),
        aim=aim or {"front": 0.5, "hits": 0.5},
        observations=data,
        formed=formed,
        measured=np.vstack([x, lost]),
        closed_recipes=frozenset(closed),
        made=tuple(MadeSample(f"P-001-{i}", candidate) for i, candidate in enumerate(candidates)),
        **changes,
    )


def some(space: Space, n: int, seed: int = 1) -> np.ndarray:
    """Ranks of `n` random candidates."""
    return space.sample(n, np.random.default_rng(seed))


def control(space: Space, count: int = 2) -> Control:
    """The undoped host, milled for five hours."""
    settings = {s.name: s.levels[-1] for s in space.process.settings}
    return Control(space.resolve("Li2MgCl4", settings), count)


def of_role(plan: PlatePlan, *roles: str) -> list[Any]:
    """The candidates of the wells with these roles."""
    return [well.candidate for well in plan.wells if well.role in roles]


def dopants_of(candidate: Any) -> set[str]:
    """The dopants of a candidate by label."""
    return {label for _, label, _ in candidate.dopants}


__all__ = [
    "CONDUCTIVITY", "DOPANTS", "OXIDATION", "PURITY", "SHELF", "TEMPERATURE", "TIME", "control", "dopants_of",
    "numbers", "of_role", "problem", "some", "spinel", "truth",
]  # fmt: skip
