"""Spaces of any size and rounds to plan in them, by construction."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

METALS = (
    *("Zn2+", "Mn2+", "Fe2+", "Co2+", "In3+", "Sc3+", "Y3+", "Er3+", "Yb3+", "Al3+", "Zr4+", "Hf4+", "Nb5+"),
    *("Ca2+", "Sr2+", "Ba2+", "Cd2+", "Cu2+", "Ni2+", "Cr2+", "V2+", "Be2+", "Ga3+", "La3+", "Ce3+", "Pr3+"),
    *("Nd3+", "Sm3+", "Eu3+", "Gd3+", "Tb3+", "Dy3+", "Ho3+", "Tm3+", "Lu3+", "Fe3+", "Cr3+", "V3+", "Bi3+"),
    *("Sb3+", "Ti4+", "Sn4+", "Ge4+", "Ce4+", "Mo4+", "W4+", "Ta5+", "Sb5+", "V5+", "Mo6+", "W6+"),
)
ANIONS = ("F-", "Br-", "I-", "O2-", "S2-", "Se2-", "Te2-", "N3-", "P3-")
OBJECTIVES = ("ionic_conductivity", "oxidation_limit", "density", "critical_current_density", "li_stability")
CONSTRAINT = "target_phase_fraction"

_SIXTY_FROM = 5e6
_FOUR_FROM = 1e9


def make_space(n_dopants: int, at_most: int, window: Fraction, milling: bool) -> Any:
    """Chlorides with `n_dopants` dopants on two sites, `at_most` together, ten levels each, two temperatures.

    `window` bounds how far lithium may stray from two per formula unit; `milling` adds three times of milling.
    """
    from alloop.chemistry import parse_species
    from alloop.space import Compensation, Limits, Process, Setting, Site, SiteSpace, Substituent

    levels = tuple(Fraction(i, 100) for i in range(1, 11))
    on_anion = ANIONS if n_dopants == len(METALS) + len(ANIONS) else ()
    on_metal = METALS[: n_dopants - len(on_anion)]

    def site(name: str, amount: int, host: str, species: tuple[str, ...]) -> Any:
        substituents = tuple(Substituent(parse_species(s), levels, True) for s in species)
        return Site(name, Fraction(amount), parse_species(host), substituents)

    settings = [Setting("anneal_temperature", "degC", (Fraction(300), Fraction(400)), "plate")]
    if milling:
        settings.append(Setting("milling_time", "h", (Fraction(1), Fraction(5), Fraction(20)), "well"))
    return SiteSpace(
        (site("M", 1, "Mg2+", on_metal), site("X", 4, "Cl-", on_anion)),
        Compensation(parse_species("Li+"), 2 - window, 2 + window),
        Limits(max_dopants=at_most),
        Process(tuple(settings)),
        "Li+",
    )


def space_of(candidates: float) -> Any:
    """A space of about as many candidates.

    Up to five million: as many dopants as it takes, two or three at a time, six combinations of settings. Beyond:
    sixty dopants, three at a time (from 10⁹ on four), two temperatures, and a window on the lithium content that
    makes the number.
    """
    if candidates < _SIXTY_FROM:
        at_most = 2 if candidates < 2e4 else 3
        sizes = {n: make_space(n, at_most, Fraction(1), True) for n in range(4, 22)}
        return min(sizes.values(), key=lambda space: abs(np.log(space.size / candidates)))
    at_most = 3 if candidates < _FOUR_FROM else 4
    low, high = 1, 100
    while low < high:  # the narrowest window, in hundredths of an atom, with at least as many
        middle = (low + high) // 2
        big = make_space(60, at_most, Fraction(middle, 100), False).size >= candidates
        low, high = (low, middle) if big else (middle + 1, high)
    return make_space(60, at_most, Fraction(low, 100), False)


def make_round(
    space: Any, measurements: int, n_objectives: int = 3, wells: int = 64, device: str = "cpu", seed: int = 0
) -> Any:
    """A round with smooth invented truths, measured on plates of 64 with noise: objectives and a constraint."""
    from alloop.planning import Constraint, Objective, PlanningProblem, PlateRules
    from alloop.space import FeatureMap
    from alloop.surrogate import observations

    features = FeatureMap(space)
    rng = np.random.default_rng(seed)
    x = features.of_block(space.decode(space.sample(measurements, rng)))
    z = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    names = (*OBJECTIVES[:n_objectives], CONSTRAINT)
    data = {}
    for name in names:
        truth = np.sin(z @ rng.normal(size=z.shape[1]) / 6) - (z @ rng.normal(size=z.shape[1]) / 12) ** 2
        noisy = truth + 0.15 * rng.standard_normal(len(z))
        data[name] = observations(x, noisy, groups=np.arange(len(z)) // 64)
    labels = tuple(f"{chr(65 + i // 16)}{1 + i % 16}" for i in range(wells))
    return PlanningProblem(
        space=space,
        features=features,
        objectives=tuple(Objective(name, "maximize", "linear", "1", reference=-2.0) for name in names[:-1]),
        constraints=(Constraint(CONSTRAINT, -1.0, None, "linear", "1"),),
        rules=PlateRules(
            labels, random=min(3, wells // 8), max_wells_per_dopant=max(wells * 3 // 8, 2), min_distance=0.002
        ),
        aim={"front": 0.5, "hits": 0.5},
        observations=data,
        formed=None,
        measured=x,
        device=device,
    )


def utilities(problem: Any, plates: list[list[Any]], seed: int = 0) -> list[float]:
    """What each of several plates (lists of candidates) is expected to bring: growth of the hypervolume, relative to
    what is reached, under common draws from the exact models.
    """
    from alloop.planning.beliefs import learn_all
    from alloop.planning.draws import draw
    from alloop.planning.gain import growth, known_points
    from alloop.planning.goals import make_yardstick, weight_directions
    from alloop.planning.roles import features_of

    rng = np.random.default_rng(seed)
    background = problem.features.of_block(problem.space.decode(problem.space.sample(1000, rng)))
    beliefs = learn_all(problem, background, 0, lambda _: None)
    data = {name: belief.process.data for name, belief in beliefs.properties.items()}
    yardstick = make_yardstick(problem.objectives, data)
    known = known_points(problem, beliefs, yardstick)
    parts = [known, *(features_of(problem, plate) for plate in plates)]
    draws = draw(beliefs, yardstick, np.vstack(parts), 1024, rng)
    directions = weight_directions(len(yardstick.objectives), 64, rng)
    ends = np.cumsum([len(part) for part in parts])
    rows = [np.arange(end - len(part), end) for end, part in zip(ends, parts, strict=True)]
    found = [growth(draws, rows[0], own, directions) for own in rows[1:]]
    return [float(grown.mean()) / before for grown, before in found]
