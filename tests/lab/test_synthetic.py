"""The synthetic laboratory over the three campaigns: physics, noise, accidents, delivery, learnability."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from alloop.campaign_file import CampaignFile, load_campaign
from alloop.errors import SpaceError
from alloop.lab import QUIET, NoiseModel, SyntheticLaboratory
from alloop.lab.calibrate import keeps
from alloop.properties import get_property
from alloop.space import Block, Candidate

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
NAMES = ("argyrodite", "garnet", "halide_spinel")


@cache
def campaign(name: str) -> CampaignFile:
    return load_campaign(CAMPAIGNS / f"{name}.yaml")


@cache
def laboratory(name: str, seed: int = 0, quiet: bool = False) -> SyntheticLaboratory:
    file = campaign(name)
    noise = QUIET if quiet else None
    return SyntheticLaboratory(
        file.space, file.objectives, file.constraints, seed, observe=file.observe, noise=noise
    )


@cache
def drawn(name: str, count: int = 2000, seed: int = 1) -> Block:
    space = campaign(name).space
    return space.decode(space.sample(count, np.random.default_rng(seed)))


@cache
def wells(name: str, count: int = 64, seed: int = 2) -> dict[str, Candidate]:
    space = campaign(name).space
    ranks = space.sample(count, np.random.default_rng(seed))
    labels = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 9)]
    return {label: space.candidate(int(rank)) for label, rank in zip(labels, ranks, strict=False)}


def hits(name: str, seed: int) -> np.ndarray:
    file, truth = campaign(name), laboratory(name, seed).truth(drawn(name))
    met = truth["formed"] > 0.5
    for constraint in file.constraints:
        met &= keeps(truth[constraint.property], constraint)
    for objective in file.objectives:
        value = truth[objective.property]
        met &= value >= objective.target if objective.goal == "maximize" else value <= objective.target
    return met


class TestTruth:
    @pytest.mark.parametrize("name", NAMES)
    def test_values_are_plausible_and_formation_is_a_chance(self, name: str) -> None:
        truth = laboratory(name).truth(drawn(name))
        assert set(truth) == {*laboratory(name).properties, "formed"}
        for key, values in truth.items():
            low, high = (0.0, 1.0) if key == "formed" else (get_property(key).low, get_property(key).high)
            assert np.all((values >= low) & (values <= high))

    @pytest.mark.parametrize("name", NAMES)
    def test_a_block_and_its_candidates_have_the_same_truth(self, name: str) -> None:
        space, block = campaign(name).space, drawn(name, 20)
        single = laboratory(name).truth([space.candidate(int(rank)) for rank in block.ranks])
        for key, values in laboratory(name).truth(block).items():
            np.testing.assert_allclose(single[key], values, rtol=1e-9)

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("seed", range(3))
    def test_targets_are_hard_but_within_reach(self, name: str, seed: int) -> None:
        assert 0.002 < hits(name, seed).mean() < 0.03

    def test_each_seed_hides_another_truth(self) -> None:
        sigma = [
            np.log10(laboratory("halide_spinel", seed).truth(drawn("halide_spinel"))["ionic_conductivity"])
            for seed in range(3)
        ]
        correlation = np.corrcoef(sigma)
        assert np.all(np.abs(correlation[np.triu_indices(3, 1)]) < 0.9)

    def test_activation_energy_falls_as_conductivity_rises(self) -> None:
        truth = laboratory("halide_spinel").truth(drawn("halide_spinel"))
        assert np.corrcoef(np.log10(truth["ionic_conductivity"]), truth["activation_energy"])[0, 1] < -0.8

    @pytest.mark.parametrize("seed", range(4))
    def test_the_stoichiometric_spinel_conducts_poorly(self, seed: int) -> None:
        lab, space = laboratory("halide_spinel", seed), campaign("halide_spinel").space
        parent = [
            space.resolve("Li2MgCl4", {"anneal_temperature": temperature, "milling_time": 5})
            for temperature in (300, 400, 500)
        ]
        sigma = lab.truth(drawn("halide_spinel"))["ionic_conductivity"]
        assert lab.truth(parent)["ionic_conductivity"].max() < np.quantile(sigma, 0.9) / 10

    def test_bromide_oxidises_before_chloride_and_fluoride(self) -> None:
        space, block = campaign("halide_spinel").space, drawn("halide_spinel")
        limit = laboratory("halide_spinel").truth(block)["oxidation_limit"]
        amounts = {element: space.element_amounts(block)[:, i] for i, element in enumerate(space.elements)}
        bromide, fluoride = amounts["Br"] > 0, amounts["F"] > 0
        neither = ~bromide & ~fluoride
        assert limit[bromide & ~fluoride].mean() < limit[neither].mean() < limit[fluoride & ~bromide].mean()

    def test_heavier_doping_costs_purity(self) -> None:
        laboratory_ = laboratory("garnet")
        truth = laboratory_.truth(drawn("garnet"))
        dopants = np.array(
            [len(campaign("garnet").space.candidate(int(r)).dopants) for r in drawn("garnet").ranks[:500]]
        )
        purity = truth["target_phase_fraction"][:500]
        assert purity[dopants == 3].mean() < purity[dopants < 3].mean()

    @pytest.mark.parametrize("name", NAMES)
    def test_process_optimum_lies_inside(self, name: str) -> None:
        """The best level of some setting is neither the lowest nor the highest."""
        space, block = campaign(name).space, drawn(name)
        process = laboratory(name).mechanisms(block)["process"]
        inside = []
        for column, setting in enumerate(space.process.settings):
            means = [
                process[block.settings[:, column] == level].mean() for level in range(len(setting.levels))
            ]
            inside.append(0 < int(np.argmax(means)) < len(means) - 1)
        assert any(inside)

    def test_carrier_optimum_lies_inside(self) -> None:
        space, block = campaign("garnet").space, drawn("garnet")
        lithium = space.element_amounts(block)[:, space.elements.index("Li")]
        gain = laboratory("garnet").mechanisms(block)["carriers"]
        best = lithium[np.argmax(gain)]
        assert np.quantile(lithium, 0.02) < best < lithium.max()


class TestMeasuring:
    def test_the_table_is_in_the_upload_format(self) -> None:
        table = laboratory("halide_spinel").measure("HALIDE-SPINEL-001", wells("halide_spinel"))
        assert table["sample"].iloc[0] == "HALIDE-SPINEL-001-A01"
        assert {"ionic_conductivity [S/cm]", "temperature_C", "kind", "status", "note"} <= set(table.columns)
        assert len(table) == 64
        assert set(table["temperature_C"]) == {"25"}
        assert set(table["kind"]) == {"total"}
        assert set(table["status"]) <= {"ok", "not_formed", "cracked", "shorted", "lost"}
        for cell in table["ionic_conductivity [S/cm]"]:
            assert cell == "" or float(cell.lstrip("<>")) > 0

    def test_neither_order_nor_company_matters(self) -> None:
        lab, all_wells = laboratory("halide_spinel"), wells("halide_spinel")
        whole = lab.measure("P-001", all_wells, "all").set_index("sample")
        few = dict(reversed([(label, all_wells[label]) for label in ("C4", "A1", "H8")]))
        again = (
            SyntheticLaboratory(
                lab.space,
                campaign("halide_spinel").objectives,
                campaign("halide_spinel").constraints,
                0,
                observe=campaign("halide_spinel").observe,
            )
            .measure("P-001", few, "all")
            .set_index("sample")
        )
        assert list(again.index) == ["P-001-H08", "P-001-A01", "P-001-C04"]
        assert again.equals(whole.loc[again.index])

    def test_late_results_complete_the_first_ones(self) -> None:
        lab, plate = laboratory("halide_spinel"), wells("halide_spinel")
        first = lab.measure("P-001", plate, "first").set_index("sample")
        late = lab.measure("P-001", plate, "late").set_index("sample")
        whole = lab.measure("P-001", plate, "all").set_index("sample")
        assert 0 < len(late) < len(first)
        assert set(late["status"]) == {""}
        for column in (c for c in whole.columns if "[" in c):
            together = first[column].where(first[column] != "", late[column].reindex(first.index).fillna(""))
            assert list(together) == list(whole[column])

    def test_failed_wells_carry_no_values(self) -> None:
        lab, plate = laboratory("argyrodite"), wells("argyrodite")
        table = lab.measure("P-001", plate, "all")
        values = [column for column in table.columns if "[" in column]
        gone = table[table["status"].isin(["lost", "not_formed"])]
        assert len(gone) > 0
        assert (gone[values] == "").all(axis=None)
        cracked = table[table["status"] == "cracked"]
        assert (cracked["ionic_conductivity [S/cm]"] == "").all()

    def test_noise_is_layered(self) -> None:
        lab, candidate = laboratory("halide_spinel"), best_of("halide_spinel")
        true = np.log10(lab.truth([candidate])["ionic_conductivity"][0])
        labels = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 9)]
        means, spreads = [], []
        for number in range(12):
            table = lab.measure(f"P-{number:03d}", dict.fromkeys(labels, candidate), "all")
            cells = [
                float(cell) for cell in table["ionic_conductivity [S/cm]"] if cell and cell[0] not in "<>"
            ]
            means.append(np.median(np.log10(cells)) - true)
            spreads.append(1.4826 * np.median(np.abs(np.log10(cells) - np.median(np.log10(cells)))))
        assert 0.07 < np.std(means) < 0.30  # plates
        assert 0.08 < np.mean(spreads) < 0.18  # pellets

    def test_a_quiet_laboratory_measures_the_truth(self) -> None:
        lab, plate = laboratory("garnet", quiet=True), wells("garnet")
        table, truth = lab.measure("P-001", plate), lab.truth(list(plate.values()))
        for row, status in enumerate(table["status"]):
            if status == "ok":
                value = float(table["ionic_conductivity [S/cm]"][row])
                assert value == pytest.approx(truth["ionic_conductivity"][row], rel=1e-3)

    def test_what_lies_below_the_detection_limit_is_a_bound(self) -> None:
        file = campaign("halide_spinel")
        noise = NoiseModel(detection={"ionic_conductivity": (2e-4, 1e-3)})
        lab = SyntheticLaboratory(file.space, file.objectives, file.constraints, 0, noise=noise)
        cells = lab.measure("P-001", wells("halide_spinel"), "all")["ionic_conductivity [S/cm]"]
        assert {cell for cell in cells if cell.startswith(("<", ">"))} == {"<0.0002", ">0.001"}
        assert all(2e-4 <= float(cell) <= 1e-3 for cell in cells if cell and cell[0] not in "<>")

    def test_unknown_species_are_refused(self) -> None:
        with pytest.raises(SpaceError, match="no part of this space"):
            laboratory("garnet").truth(list(wells("argyrodite").values())[:1])


def best_of(name: str) -> Candidate:
    """A candidate that forms for certain and conducts well."""
    truth = laboratory(name).truth(drawn(name))
    score = np.where(truth["formed"] > 0.98, truth["ionic_conductivity"], 0.0)
    return campaign(name).space.candidate(int(drawn(name).ranks[int(np.argmax(score))]))


@pytest.mark.parametrize("name", NAMES)
def test_three_plates_teach_a_forest(name: str) -> None:
    """A forest on 192 noisy wells explains a good part of the truth, and by far not all of it."""
    from sklearn.ensemble import ExtraTreesRegressor

    from alloop.space import FeatureMap

    space, lab = campaign(name).space, laboratory(name)
    features = FeatureMap(space)
    train, test = drawn(name, 192, 5), drawn(name, 1500, 6)
    noise = np.random.default_rng(0).normal(0.0, 0.2, 192)
    seen = np.log10(lab.truth(train)["ionic_conductivity"]) + noise
    true = np.log10(lab.truth(test)["ionic_conductivity"])
    forest = ExtraTreesRegressor(100, random_state=0).fit(features.of_block(train), seen)
    explained = 1.0 - np.mean((forest.predict(features.of_block(test)) - true) ** 2) / true.var()
    assert 0.3 < explained < 0.95
