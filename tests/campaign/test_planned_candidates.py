"""A planned well gives back the candidate that it was made from, without a look into the space."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from alloop.campaign.plan_document import well_row
from alloop.campaign.planned_candidates import candidate_of, candidates_of, ranks_of_wells
from alloop.campaign_file import load_campaign
from alloop.planning import PlannedWell
from alloop.space import Candidate

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
HEAD = """
campaign: {name}
title: A test
mobile_ion: Li+
objectives: [{{property: ionic_conductivity, goal: maximize, unit: S/cm}}]
space:
"""
MIXTURE = (
    HEAD.format(name="glass")
    + """\
  mixture:
    basis: mole
    step: 0.05
    end_members: [{formula: Li2S, min: 0.5, max: 0.8}, {formula: P2S5, min: 0.15}, {formula: LiI, max: 0.3}]
  process: [{name: time, unit: h, levels: [none, 1, 2.5]}]
"""
)
POOL = (
    HEAD.format(name="pool")
    + """\
  pool: {table: pool.csv, process: {route: route}}
  process: [{name: route}]
"""
)


@pytest.mark.parametrize("kind", ["argyrodite", "garnet", "halide_spinel", "mixture", "pool"])
def test_wells_give_back_their_candidates(kind: str, tmp_path: Path) -> None:
    path = CAMPAIGNS / f"{kind}.yaml"
    if not path.is_file():
        path = tmp_path / "file.yaml"
        path.write_text(MIXTURE if kind == "mixture" else POOL)
        (tmp_path / "pool.csv").write_text("formula,route\nLi6PS5Cl,milled\nLi5.5PS4.5Cl1.5,solution\n")
    space = load_campaign(path).space
    ranks = space.sample(min(30, space.size), np.random.default_rng(0)).tolist()
    wanted = [space.candidate(rank) for rank in ranks]
    wells = [
        well_row("P-001", PlannedWell("A01", "candidate", one, rank, {}, None, None, ""))
        for one, rank in zip(wanted, ranks, strict=True)
    ]
    assert candidates_of(wells, space) == wanted
    assert [one.key for one in candidates_of(wells, space)] == [one.key for one in wanted]
    assert ranks_of_wells(wells, space).tolist() == ranks


def test_what_the_space_does_not_hold_stays_what_it_is() -> None:
    space = load_campaign(CAMPAIGNS / "halide_spinel.yaml").space
    strange = Candidate(
        parts=(("atoms", (("Li", Fraction(3)), ("Y", Fraction(1)), ("Cl", Fraction(6)))),),
        settings=(("milling_time", Fraction(7)),),
        elements=(("Cl", Fraction(6)), ("Li", Fraction(3)), ("Y", Fraction(1))),
        formula="Li3YCl6",
        dopants=(),
        charge=Fraction(0),
    )
    well = well_row("P-001", PlannedWell("A01", "control", strange, None, {}, None, None, ""))
    assert candidate_of(well, space).key == strange.key
    assert candidate_of(well, space).elements == strange.elements
