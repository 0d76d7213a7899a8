"""Pools: the rows of a table are the candidates."""

from fractions import Fraction

import numpy as np
import pytest

from alloop.chemistry.formula import parse_formula
from alloop.errors import SpaceError
from alloop.space import FeatureMap, PoolRow, PoolSpace, Process, Setting

TEMPERATURE = Setting("anneal", "degC", (Fraction(300), Fraction(400), None))
HOURS = Setting("hours", "h", (Fraction(1), Fraction(10)))


def row(formula: str, **settings: object) -> PoolRow:
    chosen = tuple((name, Fraction(x) if isinstance(x, int) else x) for name, x in settings.items())
    return PoolRow(formula, parse_formula(formula), chosen)


@pytest.fixture(scope="module")
def pool() -> PoolSpace:
    rows = [
        row("Li6PS5Cl", anneal=300),
        row("Li6PS5Cl", anneal=400),
        row("Li3PS4", anneal=None),
        row("Li5.5PS4.5Cl1.5", anneal=300),
        row("Li6PS5Cl", anneal=300),
    ]
    return PoolSpace(rows, Process((TEMPERATURE, HOURS)), "Li+")


def test_rows_times_free_settings(pool: PoolSpace) -> None:
    assert pool.size == 4 * 2
    summary = pool.summary()
    assert summary.by_setting["anneal"] == {300: 4, 400: 2, None: 2}
    assert summary.by_setting["hours"] == {1: 4, 10: 4}
    assert summary.by_dopant_count == {0: 8}


def test_ranks_come_back(pool: PoolSpace) -> None:
    ranks = np.arange(pool.size)
    block = pool.decode(ranks)
    assert pool.rank_block(block).tolist() == ranks.tolist()
    assert [pool.find(pool.candidate(rank)) for rank in range(pool.size)] == ranks.tolist()
    assert pool.element_amounts(block)[0].tolist() == [1, 6, 1, 5]
    block.amounts[0, 0] = 2
    assert pool.rank_block(block)[0] == -1
    assert pool.find("atoms=Li:6,P:1,S:5|anneal=300;hours=1") is None


def test_candidates_say_what_their_row_says(pool: PoolSpace) -> None:
    candidate = pool.resolve("Li3PS4", {"hours": Fraction(10)})
    assert candidate.key == "atoms=Li:3,P:1,S:4|anneal=none;hours=10"
    assert candidate.formula == "Li3PS4"
    assert pool.resolve("Li6P2S8", {"hours": Fraction(10)}) == candidate
    assert pool.resolve(candidate.key) == candidate


def test_why_a_candidate_is_not_in_the_pool(pool: PoolSpace) -> None:
    with pytest.raises(SpaceError, match="Li7PS6: is no row of the pool"):
        pool.resolve("Li7PS6")
    with pytest.raises(SpaceError, match="is in the pool, but not with anneal 400"):
        pool.resolve("Li3PS4", {"anneal": Fraction(400)})
    with pytest.raises(SpaceError, match="is 4 candidates of the pool; say with which settings"):
        pool.resolve("Li6PS5Cl")


def test_neighbours_are_near(pool: PoolSpace) -> None:
    near = pool.neighbours(0)
    assert 0 not in near
    assert set(near.tolist()) == {1, 2, 4, 6}


def test_a_setting_that_a_row_lacks_does_not_apply() -> None:
    partial = PoolSpace([row("Li3PS4", anneal=300), row("Li7PS6")], Process((TEMPERATURE,)), "Li+")
    assert partial.candidate(1).settings == ()
    assert partial.conditional_settings == {"anneal"}
    features = FeatureMap(partial)
    assert features.names[-2:] == ("anneal", "anneal applies")
    assert features.of_block(partial.decode(np.arange(2)))[:, -2:].tolist() == [[300, 1], [350, 0]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([row("Li3PS4", anneal=500)], "anneal 500 is no level of the process"),
        ([row("Li3PS4", speed=1)], "speed 1 is no level"),
    ],
)
def test_pools_that_cannot_be_meant(rows: list[PoolRow], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        PoolSpace(rows, Process((TEMPERATURE,)), "Li+")


def test_the_hash_names_the_rows(pool: PoolSpace) -> None:
    same = PoolSpace([row("Li3PS4")], Process(), "Li+").space_hash
    assert same == PoolSpace([row("Li3PS4"), row("Li3PS4")], Process(), "Li+").space_hash
    assert same != PoolSpace([row("Li7PS6")], Process(), "Li+").space_hash
