"""The synthetic laboratory on glasses and pools, and on properties it has no equation for."""

from pathlib import Path

import numpy as np
import pytest

from alloop.campaign_file import CampaignFile, parse_campaign
from alloop.lab import QUIET, SyntheticLaboratory
from alloop.properties import get_property

GLASS = """
campaign: glass
mobile_ion: Li+
atmosphere: inert
space:
  mixture:
    basis: mole
    step: 0.02
    end_members: [{formula: Li2S, min: 0.5, max: 0.8}, {formula: P2S5, min: 0.1}, {formula: LiI, max: 0.3}]
  process:
    - {name: route, levels: [milled, quenched], shared_by: plate}
    - {name: anneal_temperature, unit: degC, levels: [none, 180, 220, 260, 300], shared_by: well}
    - {name: anneal_time, unit: h, levels: [0.5, 2, 8], shared_by: well, unless: {anneal_temperature: none}}
objectives:
  - {property: ionic_conductivity, goal: maximize, unit: S/cm, reference: 1.0e-5, target: 1.0e-3}
  - {property: critical_current_density, goal: maximize, unit: mA/cm^2, reference: 0.1}
constraints:
  - {property: amorphous_fraction, min: 0.2, max: 0.9}
"""

POOL = """
campaign: pool
mobile_ion: Li+
atmosphere: inert
space: {pool: pool.csv}
objectives:
  - {property: score, goal: minimize, reference: 5, target: 1}
  - {property: cost, goal: minimize, reference: 10}
precursors:
  - {formula: LiCl, price_per_g: 1}
  - {formula: MgCl2, price_per_g: 1}
  - {formula: ZnCl2, price_per_g: 1}
"""


@pytest.fixture
def glass() -> CampaignFile:
    return parse_campaign(GLASS, Path("."))


@pytest.fixture
def pool(tmp_path: Path) -> CampaignFile:
    rows = [f"Li2Mg{1 - x / 40:.3f}Zn{x / 40:.3f}Cl4" for x in range(1, 40)]
    (tmp_path / "pool.csv").write_text("\n".join(["formula", *rows]), encoding="utf-8")
    return parse_campaign(POOL, tmp_path)


def test_a_glass_has_an_inner_optimum(glass: CampaignFile) -> None:
    lab = SyntheticLaboratory(glass.space, glass.objectives, glass.constraints, seed=3, noise=QUIET)
    block = glass.space.decode(np.arange(glass.space.size))
    truth = lab.truth(block)
    assert set(truth) == {"ionic_conductivity", "critical_current_density", "amorphous_fraction", "formed"}
    best = block.amounts[np.argmax(truth["ionic_conductivity"])]
    assert np.all(best > block.amounts.min(axis=0) - 1e-9)
    assert 0.001 < np.mean(truth["ionic_conductivity"] >= 1e-3) < 0.6
    between = (truth["amorphous_fraction"] >= 0.2) & (truth["amorphous_fraction"] <= 0.9)
    assert between.mean() > 0.3


def test_conditional_settings_and_names_are_measured(glass: CampaignFile) -> None:
    lab = SyntheticLaboratory(glass.space, glass.objectives, glass.constraints, seed=3)
    wells = {
        f"A{i + 1}": glass.space.candidate(int(r))
        for i, r in enumerate(glass.space.sample(30, np.random.default_rng(0)))
    }
    table = lab.measure("GLASS-001", wells, "all")
    assert (table["ionic_conductivity [S/cm]"] != "").sum() > 10
    assert lab.measure("GLASS-001", wells, "first")["critical_current_density [mA/cm^2]"].eq("").all()


def test_a_pool_is_measured_by_its_composition(pool: CampaignFile) -> None:
    lab = SyntheticLaboratory(pool.space, pool.objectives, pool.constraints, seed=0)
    assert lab.properties == ("score",)
    truth = lab.truth(pool.space.decode(np.arange(pool.space.size)))
    assert np.ptp(truth["score"]) > 0
    assert (truth["score"] <= 1).any()
    table = lab.measure("POOL-001", {"A1": pool.space.candidate(0), "B1": pool.space.candidate(5)})
    assert list(table.columns) == [
        "sample",
        f"score [{get_property('score').unit}]",
        "temperature_C",
        "kind",
        "status",
        "note",
    ]
