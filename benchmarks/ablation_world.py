"""A small space with a hidden truth, and a laboratory that measures it with its troubles: for `ablation.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from alloop.chemistry import parse_species
from alloop.lab import SyntheticLaboratory
from alloop.planning import Objective
from alloop.space import Compensation, FeatureMap, Limits, Process, Setting, Site, SiteSpace, Substituent

PROPERTY = "ionic_conductivity"
GOAL = Objective(PROPERTY, "maximize", "log10", "S/cm")
DOPANTS = "Zn2+ Mn2+ Fe2+ In3+ Sc3+ Y3+ Er3+ Zr4+ Hf4+"
HIT_SHARE = 0.02
POCKET = 40
_PELLET, _PLATE = 0.15, 0.15  # decades: usual within one laboratory


@dataclass(frozen=True)
class World:
    """A space of N candidates and what is true in it.

    Attributes:
        space, features: of the candidates.
        x: (N, d) their features.
        values: (N,) true log10 of the conductivity in S/cm.
        forms: (N,) chance that a well forms.
        hits: (N,) whether a candidate forms and belongs to the best.
    """

    space: SiteSpace
    features: FeatureMap
    x: np.ndarray
    values: np.ndarray
    forms: np.ndarray
    hits: np.ndarray

    def nearest(self, rank: int) -> np.ndarray:
        """All candidates (N,), the nearest to `rank` first."""
        scale = self.features.distance_scale(self.x[::7])
        return np.argsort(np.linalg.norm((self.x - self.x[rank]) * scale, axis=1), kind="stable")


Mischief = Callable[[int, int, np.random.Generator], np.ndarray]
"""What is added by mistake to the values (n,) of plate `number`, in decades, given n, number and a generator."""


@dataclass(frozen=True)
class Laboratory:
    """How results come about, in decades.

    Attributes:
        plate, pellet: standard deviations of the plates' offsets and of a measurement.
        limit: log10 of the detection limit.
        fails: whether wells may fail to form.
        late: whether a plate's results come after the next plate was planned.
        mischief: mistakes in the results tables.
    """

    plate: float = _PLATE
    pellet: float = _PELLET
    limit: float = -np.inf
    fails: bool = False
    late: bool = False
    mischief: Mischief | None = None


@dataclass(frozen=True)
class Results:
    """Of the n wells of a plate: log10 values (below the limit too), which formed, and which value is a mistake."""

    values: np.ndarray
    formed: np.ndarray
    wrong: np.ndarray


def make_world(seed: int, failing: float = 0.08, dopants: str = DOPANTS, max_dopants: int = 2) -> World:
    """The world of `seed`: a doped chloride spinel whose landscape the synthetic laboratory draws.

    `failing` is the share of the space that more often fails than forms: where too much is dissolved or the powder is
    fired wrongly.
    """
    levels = tuple(Fraction(i, 20) for i in range(1, 9))
    species = tuple(Substituent(parse_species(name), levels, True) for name in dopants.split())
    space = SiteSpace(
        (
            Site("M", Fraction(1), parse_species("Mg2+"), species),
            Site("X", Fraction(4), parse_species("Cl-")),
        ),
        Compensation(parse_species("Li+"), Fraction(0), Fraction(4)),
        Limits(max_dopants=max_dopants),
        Process((Setting("milling_time", "h", (Fraction(1), Fraction(5), Fraction(20)), "well"),)),
        "Li+",
    )
    block = space.decode(np.arange(space.size))
    features = FeatureMap(space)
    truth = SyntheticLaboratory(space, (GOAL,), (), seed).truth(block)
    values = np.log10(truth[PROPERTY])
    odds = np.log(np.clip(truth["formed"], 1e-9, 1.0 - 1e-9) / np.clip(1.0 - truth["formed"], 1e-9, 1.0))
    forms = 1.0 / (1.0 + np.exp(-2.0 * (odds - np.quantile(odds, failing))))
    able = np.flatnonzero(forms > 0.5)
    best = able[np.argsort(-values[able])[: max(1, int(HIT_SHARE * space.size))]]
    hits = np.zeros(space.size, dtype=bool)
    hits[best] = True
    return World(space, features, np.asarray(features.of_block(block), dtype=float), values, forms, hits)


def with_pocket(world: World, centre: int, above: float) -> World:
    """The world with a pocket of `POCKET` candidates around `centre` that rises `above` decades over all others.

    Only what lies in the pocket and above everything else is a hit then.
    """
    order = world.nearest(centre)
    scale = world.features.distance_scale(world.x[::7])
    far = np.linalg.norm((world.x[order] - world.x[centre]) * scale, axis=1)
    height = world.values.max() + above - world.values[centre]
    values = world.values.copy()
    inside = order[:POCKET]
    values[inside] += height * np.exp(-((far[:POCKET] / (far[POCKET] / 1.5)) ** 2))
    hits = np.zeros(len(values), dtype=bool)
    hits[inside[values[inside] > world.values.max()]] = True
    return replace(world, values=values, hits=hits)


def measure(world: World, laboratory: Laboratory, ranks: list[int], number: int, seed: int) -> Results:
    """The results of plate `number`; its offset and the noise of a well are the same in every campaign of the seed."""
    rng = np.random.default_rng([seed, number, 7])
    offset = laboratory.plate * rng.standard_normal()
    noise = laboratory.pellet * rng.standard_normal(len(ranks))
    luck = rng.random(len(ranks))
    slip = np.zeros(len(ranks))
    if laboratory.mischief is not None:
        slip = laboratory.mischief(len(ranks), number, rng)
    formed = (luck < world.forms[ranks]) | (not laboratory.fails)
    return Results(world.values[ranks] + offset + noise + slip, formed, slip != 0.0)
