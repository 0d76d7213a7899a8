"""Rules, shared settings and places of a plate."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_builders import TEMPERATURE, TIME, control, problem, spinel

from alloop.errors import PlanError
from alloop.planning.layout import spread_over_wells
from alloop.planning.reasons import nearest, usual_distance
from alloop.planning.roles import with_plate_settings
from alloop.planning.rules import RuleBook, traits_of
from alloop.planning.settings import plate_settings
from alloop.space import Process, Setting


@settings(max_examples=60, deadline=None)
@given(
    reserved=st.integers(0, 20), others=st.integers(0, 40), spare=st.integers(0, 5), seed=st.integers(0, 99)
)
def test_every_entry_gets_a_well(reserved: int, others: int, spare: int, seed: int) -> None:
    wells = [f"W{i}" for i in range(reserved + others + spare)]
    kept, rest = [f"r{i}" for i in range(reserved)], [f"o{i}" for i in range(others)]
    placed = spread_over_wells(kept, rest, wells, np.random.default_rng(seed))
    assert [label for label, _ in placed] == wells[: reserved + others]
    assert Counter(entry for _, entry in placed) == Counter(kept + rest)


def test_reserved_wells_are_spread_and_move_from_plate_to_plate() -> None:
    wells = [f"W{i}" for i in range(60)]
    seen = set()
    for seed in range(5):
        placed = spread_over_wells(["r"] * 3, ["o"] * 57, wells, np.random.default_rng(seed))
        places = [i for i, (_, entry) in enumerate(placed) if entry == "r"]
        assert [place // 20 for place in places] == [0, 1, 2]
        seen.add(tuple(places))
    assert len(seen) == 5


def test_rules_count_as_the_plate_fills() -> None:
    space = spinel(settings=(), max_dopants=1, shelf=True)
    asked = problem(space, shelf=space.shelf, rules={"max_precursors": 4, "max_wells_per_dopant": 2})
    block = space.decode(np.arange(space.size))
    book = RuleBook(asked, traits_of(asked, block), block, np.ones(len(block), dtype=bool))
    labels = [next(iter(space.candidate(r).dopants), ("", "", 0))[1] for r in range(space.size)]
    zinc, indium = (np.flatnonzero(np.array(labels) == name) for name in ("Zn2+", "In3+"))
    book.add(int(zinc[0]))
    assert not book.allowed[zinc[0]]
    assert book.allowed[zinc[1]]
    book.add(int(zinc[1]))
    assert not book.allowed[zinc].any()
    book.add(int(indium[0]))
    others = [i for i, name in enumerate(labels) if name not in ("Zn2+", "In3+", "")]
    assert not book.allowed[others].any()
    assert book.allowed[indium[1]]


def test_reserved_wells_close_their_experiment() -> None:
    space = spinel()
    asked = problem(space, rules={"max_wells_per_dopant": 1})
    block = space.decode(np.arange(space.size))
    book = RuleBook(asked, traits_of(asked, block), block, np.ones(len(block), dtype=bool))
    made = control(space).candidate
    doped = space.resolve(
        "Li1.6Mg0.7In0.2Zr0.1Cl4", {"anneal_temperature": Fraction(300), "milling_time": Fraction(1)}
    )
    book.reserve([made, made, doped])
    assert not book.allowed[space.find(made)]
    assert not book.allowed[space.find(doped)]
    for rank in np.flatnonzero(book.allowed)[::17]:
        assert not {"In", "Zr"} & set(space.candidate(int(rank)).amounts)
    elsewhere = replace(made, elements=(("Br", Fraction(1)), ("K", Fraction(1))), settings=())
    before = book.allowed.sum()
    book.reserve([elsewhere])
    assert book.allowed.sum() == before


def test_min_distance_reaches_to_reserved_wells() -> None:
    space = spinel(settings=())
    asked = problem(space, rules={"min_distance": 0.02})
    block = space.decode(np.arange(space.size))
    book = RuleBook(asked, traits_of(asked, block), block, np.ones(len(block), dtype=bool))
    host = space.resolve("Li2MgCl4")
    book.reserve([host])
    near = space.find(space.resolve("Li2Mg0.9Zn0.1Cl4"))
    far = space.find(space.resolve("Li2Mg0.6Zn0.4Cl4"))
    assert not book.allowed[near]
    assert book.allowed[far]


def test_shared_settings_and_their_choices() -> None:
    process = Process((TEMPERATURE, TIME, Setting("route", "", ("a", "b"), "block")))
    found = plate_settings(process, {})
    assert len(found) == 4
    assert (found.choice_of(process.combinations) >= 0).all()
    assert found.values(0) == {"anneal_temperature": 300, "route": "a"}
    fixed = plate_settings(process, {"route": "b"})
    assert len(fixed) == 2
    assert set(fixed.choice_of(process.combinations)) == {-1, 0, 1}
    free = plate_settings(Process((TIME,)), {})
    assert len(free) == 1
    assert free.values(0) == {}
    assert (free.choice_of(np.array([[0], [1]])) == 0).all()


def test_settings_that_exclude_each_other_are_refused() -> None:
    route = Setting("route", "", ("solid", "solution"), "plate")
    heat = replace(TEMPERATURE, unless=(("route", "solution"),))
    process = Process((route, heat))
    assert [plate_settings(process, {}).values(i) for i in range(3)] == [
        {"route": "solid", "anneal_temperature": 300},
        {"route": "solid", "anneal_temperature": 400},
        {"route": "solution"},
    ]
    with pytest.raises(PlanError, match="no plate can have route = solution, anneal_temperature = 300"):
        plate_settings(process, {"route": "solution", "anneal_temperature": Fraction(300)})
    with pytest.raises(PlanError, match="setting pressure: is not shared by the wells of a plate"):
        plate_settings(process, {"pressure": Fraction(1)})


def test_a_candidate_takes_the_plates_settings() -> None:
    space = spinel()
    made = control(space).candidate
    moved = with_plate_settings(made, space.process, {"anneal_temperature": Fraction(300)})
    assert moved.settings == (("anneal_temperature", Fraction(300)), ("milling_time", Fraction(5)))
    assert space.find(moved) is not None
    assert moved.recipe_key != made.recipe_key


def test_neighbours_are_told_in_units_of_the_usual_distance() -> None:
    tried, scale = np.array([[0.0], [1.0], [2.0]]), np.ones(1)
    rows, distances = nearest(np.array([[5.0], [1.0]]), tried, scale, 2)
    assert rows[0].tolist() == [2, 1]
    assert rows[1, 0] == 1
    np.testing.assert_allclose(distances, [[3.0, 4.0], [0.0, 1.0]])
    assert usual_distance(tried[:1], scale) == 0.0
    assert usual_distance(np.arange(9000.0)[:, None], scale) == pytest.approx(4.5, rel=0.2)
