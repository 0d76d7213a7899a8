"""A synthetic space of triple doping with regions that never form, as a table that every planner can be given."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

SIZE, SEED = 2000, 1
SCATTER = {"ionic_conductivity": 0.1, "oxidation_limit": 0.03}
"""Standard deviation of a measurement: in decades, in V."""


def synthetic_rows() -> list[dict[str, Any]]:
    """2000 uniformly random candidates of a doped chloride with what the synthetic laboratory measures of each.

    Three of twelve dopants, two settings. A candidate whose chance to form is below one half never forms.
    """
    from alloop.chemistry import parse_species
    from alloop.lab.synthetic import SyntheticLaboratory
    from alloop.planning import Objective
    from alloop.space import Compensation, Limits, Process, Setting, Site, SiteSpace, Substituent

    levels = tuple(Fraction(i, 20) for i in range(1, 9))
    names = "Zn2+ Mn2+ Fe2+ Co2+ In3+ Sc3+ Y3+ Er3+ Yb3+ Al3+ Zr4+ Hf4+"
    dopants = tuple(Substituent(parse_species(name), levels) for name in names.split())
    space = SiteSpace(
        (
            Site("M", Fraction(2), parse_species("Mg2+"), dopants),
            Site("X", Fraction(8), parse_species("Cl-")),
        ),
        Compensation(parse_species("Li+"), Fraction(1), Fraction(6)),
        Limits(max_dopants=3),
        Process((
            Setting("anneal_temperature", "degC", tuple(Fraction(t) for t in (300, 350, 400, 450))),
            Setting("milling_time", "h", tuple(Fraction(t) for t in (1, 5, 20))),
        )),
        "Li+",
    )  # fmt: skip
    objectives = (
        Objective("ionic_conductivity", "maximize", "log10", "S/cm"),
        Objective("oxidation_limit", "maximize", "linear", "V"),
    )
    laboratory = SyntheticLaboratory(space, objectives, seed=SEED)
    rng = np.random.default_rng(SEED)
    block = space.decode(space.sample(SIZE, rng))
    truth = laboratory.truth(block)
    sigma = 10.0 ** (
        np.log10(truth["ionic_conductivity"]) + SCATTER["ionic_conductivity"] * rng.standard_normal(SIZE)
    )
    limit = truth["oxidation_limit"] + SCATTER["oxidation_limit"] * rng.standard_normal(SIZE)
    rows = []
    for place, rank in enumerate(block.ranks):
        candidate = space.candidate(int(rank))
        formed = bool(truth["formed"][place] >= 0.5)
        rows.append(
            {
                "formula": candidate.formula,
                "anneal_temperature [degC]": str(candidate.process["anneal_temperature"]),
                "milling_time [h]": str(candidate.process["milling_time"]),
                "ionic_conductivity [S/cm]": f"{sigma[place]:.6g}" if formed else "",
                "oxidation_limit [V]": f"{limit[place]:.6g}" if formed else "",
                "status": "ok" if formed else "not_formed",
            }
        )
    return rows
