"""What stands behind a well: neighbours, drivers, lessons; and what a plate is expected to bring."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_builders import CONDUCTIVITY, OXIDATION, dopants_of, problem, some, spinel, truth
from space_builders import end_member

from alloop.planning import plan_plate
from alloop.planning.attribution import baseline_of, drivers
from alloop.planning.because import Known, Measured
from alloop.planning.teaching import lessons
from alloop.space import Candidate, FeatureMap, Mixture, MixtureSpace, Process, Space


class Truth:
    """A model that knows a function of the features."""

    def __init__(self, weights: dict[str, float], features: FeatureMap, twist: float = 0.0) -> None:
        self.weights = np.array([weights.get(name, 0.0) for name in features.names])
        self.twist = twist

    def latent(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        level = features @ self.weights
        return level + self.twist * level**2, np.ones(len(level))


def explain(space: Space, candidates: list[Candidate], twist: float = 0.0) -> list[dict[str, float]]:
    features = FeatureMap(space)
    model = Truth({"In fraction": 70.0, "Zn fraction": -7.0, "milling_time": 0.1}, features, twist)
    rng = np.random.default_rng(0)
    found = drivers({"p": model}, features, baseline_of(space, rng), candidates, rng)  # type: ignore[dict-item]
    return [{driver.what: driver.effects["p"] for driver in own} for own in found]


def test_dopants_and_settings_get_what_they_do() -> None:
    space = spinel()
    levels = {"anneal_temperature": Fraction(400), "milling_time": Fraction(5)}
    one = space.resolve("Li1.8Mg0.6Zn0.2In0.2Cl4", levels)
    (found,) = explain(space, [one])
    assert next(iter(found)) == "0.2 In3+ on M"
    assert found["0.2 In3+ on M"] == pytest.approx(70.0 * 0.2 / 6.8, rel=0.02)
    assert found["0.2 Zn2+ on M"] == pytest.approx(-7.0 * 0.2 / 6.8, rel=0.02)
    assert found["milling time 5 h"] == pytest.approx(0.1 * (5 - 3), rel=0.02)
    assert found["anneal temperature 400 °C"] == pytest.approx(0.0, abs=1e-9)
    (bare,) = explain(space, [space.resolve("Li2MgCl4", levels)])
    assert set(bare) == {"milling time 5 h", "anneal temperature 400 °C"}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), twist=st.sampled_from([0.0, 1.0]))
def test_shares_sum_to_the_difference(seed: int, twist: float) -> None:
    space = spinel(max_dopants=4)
    features = FeatureMap(space)
    candidates = [space.candidate(int(rank)) for rank in some(space, 4, seed)]
    model = Truth({"In fraction": 3.0, "Zn fraction": -2.0, "Zr fraction": 5.0}, features, twist)
    host = features.of_compositions([{"Li": 2, "Mg": 1, "Cl": 4}], [{}])  # type: ignore[list-item,dict-item]
    own = features.of_compositions([c.amounts for c in candidates], [c.process for c in candidates])
    gaps = model.latent(own)[0] - model.latent(host)[0]
    rng = np.random.default_rng(0)
    found = drivers({"p": model}, features, baseline_of(space, rng), candidates, rng)  # type: ignore[dict-item]
    for gap, wells in zip(gaps, found, strict=True):
        assert sum(driver.effects["p"] for driver in wells) == pytest.approx(gap, abs=1e-6)


def test_end_members_are_told_apart_in_a_mixture() -> None:
    members = (end_member("Li2S", "0.5", "0.8"), end_member("P2S5", "0.1"), end_member("LiI", "0", "0.3"))
    space = MixtureSpace(Mixture("mole", Fraction(1, 20), members), Process(()), "Li+")
    features = FeatureMap(space)
    model = Truth({"I fraction": 10.0}, features)
    rng = np.random.default_rng(0)
    rich = max((space.candidate(r) for r in range(space.size)), key=lambda c: c.amounts.get("I", 0))
    (found,) = drivers({"p": model}, features, baseline_of(space, rng), [rich], rng)  # type: ignore[dict-item]
    assert found[0].what.endswith(" LiI")
    assert found[0].effects["p"] > 0


def test_a_measurement_teaches_what_goes_along_with_it() -> None:
    rng = np.random.default_rng(0)
    base = rng.standard_normal((2000, 2))
    sample = np.stack([base[:, i // 20] for i in range(40)], axis=1) * 3.0
    wells = np.stack([base[:, 0] * 3.0, rng.standard_normal(2000)], axis=1)
    first = np.arange(40) < 20
    groups = [[("first", first), ("second", ~first)]] * 2
    near, far = lessons(wells[..., None], sample[..., None], groups)
    assert near.about == "first"
    assert near.share == pytest.approx(1 - np.sqrt(0.1), abs=0.03)
    assert near.overall == pytest.approx(1 - np.sqrt(0.55), abs=0.03)
    assert far.overall < 0.01


def test_a_plan_says_neighbours_drivers_and_lessons() -> None:
    space = spinel()
    asked = problem(space, some(space, 30), wells=8, rules={"random": 1})
    values = truth(space, some(space, 30))["ionic_conductivity"]
    known = tuple(
        Known(made.sample, made.candidate.formula, {"ionic_conductivity": Measured(10.0**value, "S/cm")})
        for made, value in zip(asked.made, values, strict=True)
    )
    plan = plan_plate(replace(asked, known=known), 0)
    for well in plan.wells:
        assert len(well.neighbours) == 3
        distances = [one.distance for one in well.neighbours]
        assert distances == sorted(distances)
        named = {driver.what.split(" on ")[0].split()[-1] for driver in well.drivers if " on " in driver.what}
        assert named == dopants_of(well.candidate)
        assert well.teaches is not None
        assert 0 <= well.teaches.overall <= well.teaches.share <= 1
    top = max(
        plan.wells, key=lambda well: well.predictions["ionic_conductivity"].median if well.predictions else 0
    )
    assert " In3+ on " in top.drivers[0].what
    silent = plan_plate(replace(asked, known=()), 0)
    assert [well.neighbours for well in silent.wells] == [()] * 8


def test_a_plates_gain_has_an_interval_and_beats_random_plates() -> None:
    space = spinel()
    asked = problem(space, some(space, 24), wells=8, objectives=(CONDUCTIVITY, OXIDATION))
    gain = plan_plate(asked, 0).gain_detail
    assert gain is not None
    assert gain.unit == "hypervolume"
    assert gain.low90 is not None
    assert gain.high90 is not None
    assert gain.random is not None
    assert 0 <= gain.low90 <= gain.mean <= gain.high90
    assert gain.random < gain.mean
    one = plan_plate(replace(asked, objectives=(CONDUCTIVITY,), gain_in="objective"), 0)
    assert one.gain_detail is not None
    assert one.gain_detail.unit == "decades"
    assert one.gain == one.gain_detail.mean
    targets = (CONDUCTIVITY, replace(OXIDATION, target=3.9))
    found = plan_plate(replace(asked, objectives=targets, gain_in="hits"), 0)
    hits = found.gain_detail
    assert hits is not None
    assert hits.unit == "hits"
    assert hits.low90 is not None
    assert hits.high90 is not None
    assert 0 <= hits.low90 <= hits.mean <= hits.high90 <= 8
    chances = [w.p_hit or 0.0 for w in found.wells if w.role in ("candidate", "random")]
    assert hits.mean == pytest.approx(sum(chances), abs=1.0)
    assert hits.random is not None
    assert hits.random < hits.mean
