"""Values in a wrong unit are found, tails and discoveries are kept, and what is left out is said."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.surrogate import Observations, observations
from alloop.surrogate.doubts import Suspect, looks_like_a_unit
from alloop.surrogate.gp import fit_gp
from alloop.surrogate.guards import learn_guarded, literature_misleads
from alloop.surrogate.outliers import find_suspects

PER_PLATE = 16


def plates(n_plates: int = 3, seed: int = 0, shift: np.ndarray | None = None) -> Observations:
    """Plates of a smooth property in decades, each with its offset; `shift` (n,) is added to the values."""
    rng = np.random.default_rng(seed)
    n = n_plates * PER_PLATE
    x = rng.uniform(-1.5, 1.5, (n, 3))
    groups = np.arange(n) // PER_PLATE
    values = -5.0 + truth(x) + 0.15 * rng.standard_normal(n) + 0.15 * rng.standard_normal(n_plates)[groups]
    return observations(x, values + (0.0 if shift is None else shift), groups=groups)


def truth(x: np.ndarray) -> np.ndarray:
    return np.sin(1.5 * x[:, 0]) + 0.5 * x[:, 1]


def only(n: int, rows: list[int], by: float = 3.0) -> np.ndarray:
    return by * np.isin(np.arange(n), rows)


def suspects(data: Observations, decades: bool = True, **more: np.ndarray) -> tuple[Suspect, ...]:
    return find_suspects(data, fit_gp(data), None, None, decades=decades, **more)


@pytest.mark.parametrize("rows", [[40], [35, 39, 44, 46], [3, 20, 40]])
@pytest.mark.parametrize("by", [3.0, -3.0])
def test_single_values_in_a_wrong_unit_are_found(rows: list[int], by: float) -> None:
    found = suspects(plates(shift=only(48, rows, by)))
    assert [one.row for one in found] == rows
    assert all(one.siblings == 0 and one.shift == 0.0 and one.z > 4.0 for one in found)
    clean = plates()
    assert all(abs(one.expected - clean.values[one.row]) < 1.0 for one in found)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_clean_values_are_hardly_ever_suspected(seed: int) -> None:
    assert len(suspects(plates(seed=seed))) <= 1


def test_a_whole_plate_in_a_wrong_unit_is_found_together() -> None:
    found = suspects(plates(shift=only(48, list(range(32, 48)))))
    assert [one.row for one in found] == list(range(32, 48))
    assert {one.siblings for one in found} == {16}
    assert found[0].shift == pytest.approx(3.0, abs=0.5)


def test_a_wide_tail_is_no_error() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1.5, 1.5, (60, 2))
    values = -6.0 + 3.0 * x[:, 0] + 0.2 * rng.standard_normal(60)  # nine decades
    assert suspects(observations(x, values)) == ()


def test_a_tail_of_insulators_is_hardly_suspected() -> None:
    found = 0
    for seed in range(6):
        rng = np.random.default_rng([seed, 2])
        is_poor = rng.random(48) < 0.25  # a quarter conducts worse, for reasons that no feature tells
        found += len(suspects(plates(seed=seed, shift=np.where(is_poor, -rng.exponential(2.5, 48), 0.0))))
    assert found <= 12  # of 288, 72 of them poor


def test_a_pocket_of_high_values_is_a_discovery_and_no_slip() -> None:
    data = plates()
    centre = np.array([1.2, 1.2, 1.2])
    x, values = data.features.copy(), data.values.copy()
    x[40:45] = centre + 0.05 * np.random.default_rng(3).standard_normal((5, 3))
    values[40:45] = values.max() + 1.5
    assert suspects(observations(x, values, groups=data.groups)) == ()


def test_mistakes_of_one_upload_do_not_vouch_for_each_other() -> None:
    data = plates(shift=only(48, [40, 41, 42]))
    x = data.features.copy()
    x[40:43] = x[40] + 0.02 * np.random.default_rng(4).standard_normal((3, 3))
    values = data.values.copy()
    values[40:43] = -5.0 + truth(x[40:43]) + 3.0
    assert [s.row for s in suspects(observations(x, values, groups=data.groups))] == [40, 41, 42]


def test_of_two_plates_the_newer_is_asked_about() -> None:
    for wrong in (range(16), range(16, 32)):
        found = suspects(plates(2, shift=only(32, list(wrong))))
        assert {one.row for one in found} <= set(range(16, 32))
    assert len(found) == 16


def test_a_repeat_on_another_plate_speaks_for_a_value() -> None:
    data = plates(shift=only(48, [20, 40]))
    x, recipes = data.features.copy(), np.arange(48)
    x[40], recipes[40] = x[20], 20
    values = data.values.copy()
    values[40] = values[20] + 0.1
    alone = {one.row for one in suspects(data)}
    repeated = {one.row for one in suspects(observations(x, values, groups=data.groups, recipes=recipes))}
    assert {20, 40} <= alone
    assert not {20, 40} & repeated


def test_what_a_person_has_confirmed_is_not_suspected() -> None:
    confirmed = np.zeros(48, dtype=bool)
    confirmed[40] = True
    data = plates(shift=only(48, [40, 44]))
    assert [one.row for one in suspects(data, confirmed=confirmed)] == [44]


def test_few_values_and_other_scales() -> None:
    data = plates(shift=only(48, [40]))
    assert suspects(data.rows(np.array([1, 2, 3, 4, 5, 40, 6]))) == ()
    volts = data.with_values(np.where(np.arange(48) == 40, 3900.0, 3.9 + 0.1 * data.features[:, 0]))
    assert [one.row for one in suspects(volts, decades=False)] == [40]


@pytest.mark.parametrize(
    ("deviation", "expected"), [(3.0, True), (-2.5, True), (6.3, True), (2.0, False), (0.1, False)]
)
def test_what_looks_like_a_unit(deviation: float, expected: bool) -> None:
    assert looks_like_a_unit(deviation) is expected


def test_a_suspect_is_left_out_and_a_plate_brought_to_its_level() -> None:
    fresh = np.random.default_rng(9).uniform(-1.4, 1.4, (100, 3))

    def error(data: Observations) -> float:
        guarded = learn_guarded(data, 0, decades=True)
        return float(np.sqrt(np.mean((guarded.belief.latent(fresh)[0] + 5.0 - truth(fresh)) ** 2)))

    clean = error(plates())
    assert error(plates(shift=only(48, [35, 39, 44]))) < clean + 0.1
    assert error(plates(shift=only(48, list(range(32, 48))))) < clean + 0.1


def with_literature(sign: float, seed: int = 0) -> Observations:
    """Two own plates and sixty values of others that agree with the truth, or say the opposite."""
    own = plates(2, seed)
    rng = np.random.default_rng([seed, 1])
    x = rng.uniform(-1.5, 1.5, (60, 3))
    papers = np.arange(60) % 5
    values = -4.6 + sign * truth(x) + 0.2 * rng.standard_normal(5)[papers] + 0.3 * rng.standard_normal(60)
    return Observations(
        np.vstack([own.features, x]),
        np.concatenate([own.values, values]),
        np.zeros(92, dtype=np.int64),
        np.concatenate([own.groups, 10 + papers]),
        np.arange(92),
        np.repeat([0, 1], [32, 60]),
    )


@pytest.mark.parametrize("seed", range(3))
def test_literature_stays_where_it_helps_and_goes_where_it_misleads(seed: int) -> None:
    for sign, expected in ((1.0, False), (-1.0, True)):
        data = with_literature(sign, seed)
        assert literature_misleads(data, fit_gp(data), 0) is expected
        guarded = learn_guarded(data, 0, decades=True)
        assert guarded.literature_left_out is expected
        assert bool((guarded.belief.process.data.sources > 0).any()) is not expected


@pytest.mark.parametrize("seed", range(3))
def test_misleading_literature_makes_no_own_value_suspect(seed: int) -> None:
    data = with_literature(-1.0, seed)
    values = data.values.copy()
    values[20] += 3.0
    order = np.roll(np.arange(92), 10)  # rows of literature before the own ones
    guarded = learn_guarded(replace(data, values=values).rows(order), 0, decades=True)
    assert guarded.literature_left_out
    assert [int(order[one.row]) for one in guarded.suspects] == [20]


def test_few_own_values_do_not_judge_literature() -> None:
    data = with_literature(-1.0).rows(np.concatenate([np.arange(7), np.arange(32, 92)]))
    assert not literature_misleads(data, fit_gp(data), 0)
