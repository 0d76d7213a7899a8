"""Process settings: combinations, conditions and what cannot be meant."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import SpaceError
from alloop.space import Process, Setting


def setting(name: str, *levels: object, unless: tuple = ()) -> Setting:
    return Setting(name, "", tuple(Fraction(x) if isinstance(x, int) else x for x in levels), unless=unless)


def test_without_settings_there_is_one_combination() -> None:
    assert Process().combinations.shape == (1, 0)


def test_a_condition_collapses_combinations() -> None:
    anneal = setting("anneal", None, 300, 400)
    time = setting("time", 1, 5, unless=(("anneal", None),))
    assert len(Process((anneal, time)).combinations) == 1 + 2 * 2
    assert len(Process((time, anneal)).combinations) == 5


def test_what_depends_on_a_setting_that_does_not_apply_does_not_apply() -> None:
    anneal = setting("anneal", None, 300)
    time = setting("time", 1, 5, unless=(("anneal", None),))
    gas = setting("gas", "Ar", "N2", unless=(("time", Fraction(1)),))
    rows = [
        dict(Process((gas, anneal, time)).values(row)) for row in Process((gas, anneal, time)).combinations
    ]
    assert {"anneal": None} in rows
    assert len(rows) == 1 + 1 + 2


@st.composite
def processes(draw: st.DrawFn) -> Process:
    counts = draw(st.lists(st.integers(1, 3), max_size=4))
    result = []
    for i, count in enumerate(counts):
        unless = ()
        if i and draw(st.booleans()):
            other = draw(st.integers(0, i - 1))
            unless = ((f"s{other}", Fraction(draw(st.integers(0, counts[other] - 1)))),)
        result.append(setting(f"s{i}", *range(count), unless=unless))
    return Process(tuple(draw(st.permutations(result))))


@settings(max_examples=50, deadline=None)
@given(processes())
def test_combinations_are_what_trying_all_gives(process: Process) -> None:
    expected = set()
    by_name = {entry.name: entry for entry in process.settings}
    for choice in product(*(entry.levels for entry in process.settings)):
        values = dict(zip(by_name, choice, strict=True))
        for name in sorted(by_name):  # a setting depends on earlier names only
            if any(values[other] in (level, "absent") for other, level in by_name[name].unless):
                values[name] = "absent"
        expected.add(tuple(sorted((n, v) for n, v in values.items() if v != "absent")))
    rows = process.combinations
    assert {tuple(sorted(process.values(row))) for row in rows} == expected
    assert len(rows) == len(expected)
    assert process.find(rows).tolist() == list(range(len(rows)))
    for row in rows:
        values = process.values(row)
        assert (process.row_of(dict(values)) == row).all()
        assert (process.row_of_key({name: str(level) for name, level in values}) == row).all()
    for place in range(len(rows)):
        assert all(place in process.neighbours(int(other)) for other in process.neighbours(place))


def test_neighbours_step_numbers_and_exchange_names() -> None:
    process = Process((setting("t", 1, 20, 5), setting("route", "a", "b", "c")))
    start = int(process.find(process.row_of({"t": Fraction(1), "route": "a"})[None, :])[0])
    near = [dict(process.values(process.combinations[place])) for place in process.neighbours(start)]
    assert {"t": 5, "route": "a"} in near
    assert {"t": 20, "route": "a"} not in near
    assert {"t": 1, "route": "c"} in near


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((setting("t"),), "has no levels"),
        ((setting("t", 1, 1),), "lists the level 1 twice"),
        ((setting("t", 1), setting("t", 2)), "declared twice"),
        ((setting("t", "a;b"),), "cannot be a name or level"),
        ((setting("t", 1, unless=(("u", None),)),), "no other setting"),
        ((setting("u", 1), setting("t", 1, unless=(("u", Fraction(2)),))), "no level of it; choose one of 1"),
        (
            (setting("u", 1, unless=(("t", Fraction(1)),)), setting("t", 1, unless=(("u", Fraction(1)),))),
            "depend on each other in a circle",
        ),
        (
            (Setting("t", "K", (Fraction(5),), "plate", relative_to="crystallization_temperature"),),
            "shared_by: well",
        ),
    ],
)
def test_settings_that_contradict_themselves(bad: tuple[Setting, ...], message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        Process(bad)


def test_a_setting_that_does_not_apply_cannot_be_given() -> None:
    process = Process((setting("anneal", None, 300), setting("time", 1, 5, unless=(("anneal", None),))))
    assert process.row_of({"anneal": None}).tolist() == [0, -1]
    with pytest.raises(SpaceError, match="does not apply where anneal is none"):
        process.row_of({"anneal": None, "time": Fraction(1)})


def test_too_many_combinations() -> None:
    with pytest.raises(SpaceError, match="combinations"):
        _ = Process(tuple(setting(f"s{i}", *range(20)) for i in range(5))).combinations


def test_level_counts() -> None:
    process = Process((setting("anneal", None, 300), setting("time", 1, 5, unless=(("anneal", None),))))
    assert process.level_counts() == {"anneal": {None: 1, 300: 2}, "time": {1: 1, 5: 1}}
    assert np.array_equal(process.combinations, [[0, -1], [1, 0], [1, 1]])
