"""The three campaign files: they load, their spaces are large and makeable, their chemistry is real."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from alloop.campaign_file import CampaignFile, load_campaign
from alloop.chemistry import format_formula, parse_formula
from alloop.chemistry.charge import charge_excess
from alloop.properties import PROPERTIES

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
NAMES = ("argyrodite", "garnet", "halide_spinel")


@cache
def campaign(name: str) -> CampaignFile:
    return load_campaign(CAMPAIGNS / f"{name}.yaml")


def test_these_are_all() -> None:
    assert sorted(path.stem for path in CAMPAIGNS.glob("*.yaml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
class TestEachCampaign:
    def test_loads_without_a_warning(self, name: str) -> None:
        assert campaign(name).warnings == ()

    def test_holds_a_large_but_streamable_space(self, name: str) -> None:
        assert 10**5 < campaign(name).space.size < 2 * 10**7

    def test_candidates_are_neutral_and_made_from_the_shelf(self, name: str) -> None:
        file = campaign(name)
        assert file.shelf is not None
        for rank in file.space.sample(40, np.random.default_rng(0)):
            candidate = file.space.candidate(int(rank))
            assert candidate.charge == 0
            assert abs(charge_excess(dict(candidate.elements))) < 0.01, candidate.formula
            moles = file.shelf.solve(dict(candidate.elements))
            assert all(amount >= 0 for amount in moles.values())

    def test_every_species_of_the_file_occurs(self, name: str) -> None:
        space = campaign(name).space
        block = space.decode(space.sample(20_000, np.random.default_rng(0)))
        missing = [
            str(column)
            for column, used in zip(space.columns, (block.amounts > 0).any(axis=0), strict=True)
            if not used
        ]
        assert missing == []

    def test_objectives_have_reference_and_target_in_range(self, name: str) -> None:
        for objective in campaign(name).objectives:
            entry = PROPERTIES[objective.property]
            assert objective.reference is not None
            assert objective.target is not None
            better = objective.target - objective.reference
            assert better > 0 if objective.goal == "maximize" else better < 0
            assert entry.low < min(objective.reference, objective.target)
            assert max(objective.reference, objective.target) < entry.high

    def test_precursors_are_priced_and_all_needed(self, name: str) -> None:
        file = campaign(name)
        assert file.shelf is not None
        used: set[str] = set()
        for rank in file.space.sample(3000, np.random.default_rng(1)):
            if len(used) == len(file.shelf.precursors):
                break
            used |= set(file.shelf.solve(dict(file.space.candidate(int(rank)).elements)))
        assert used == {precursor.formula for precursor in file.shelf.precursors}
        assert all(precursor.price_per_g for precursor in file.shelf.precursors)

    def test_controls_and_literature_are_there(self, name: str) -> None:
        file = campaign(name)
        assert file.plate.controls is not None
        assert file.plate.controls.count >= 2
        assert all(path.exists() for path in file.literature)
        assert len(file.literature) == 1


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("halide_spinel", "Li1.6Mg1.2Cl4"),
        ("argyrodite", "Li5.5PS4.5Cl1.5"),
        ("argyrodite", "Li5.5PS4.5Cl0.8Br0.7"),
        ("argyrodite", "Li6PS5Br"),
        ("garnet", "Li7La3Zr2O12"),
        ("garnet", "Li6.4La3Zr1.4Ta0.6O12"),
        ("garnet", "Li6.25Al0.25La3Zr2O12"),
        ("garnet", "Li6.75La3Zr1.75Nb0.25O12"),
    ],
)
def test_known_materials_are_candidates(name: str, formula: str) -> None:
    space = campaign(name).space
    settings = dict(space.process.values(space.process.combinations[0]))
    candidate = space.resolve(formula, settings)
    assert dict(candidate.elements) == parse_formula(formula), format_formula(dict(candidate.elements))
    assert space.find(candidate) is not None
