"""Blocks and stations: who gets how many wells."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.planning import Station
from alloop.planning.blocks import deal
from alloop.planning.places import assign_stations


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 30), sizes=st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_reserved_wells_spread_evenly_over_blocks(count: int, sizes: list[int]) -> None:
    taken = [0] * len(sizes)
    own = deal(count, sizes, taken, range(len(sizes)))
    assert own == taken
    assert sum(own) == min(count, sum(sizes))
    assert all(n <= size for n, size in zip(own, sizes, strict=True))
    if len(set(sizes)) == 1:
        assert max(own) - min(own) <= 1


@settings(max_examples=60, deadline=None)
@given(needs=st.lists(st.booleans(), max_size=20), inert=st.integers(0, 12), air=st.integers(0, 12))
def test_wells_that_need_inert_gas_get_it_first(needs: list[bool], inert: int, air: int) -> None:
    stations = [Station("bench", "air", air), Station("box", "inert", inert)]
    names = assign_stations(needs, stations)
    assert Counter(names)["box"] <= inert
    assert Counter(names)["bench"] <= air
    assert all(name in ("box", None) for need, name in zip(needs, names, strict=True) if need)
    if sum(needs) <= inert and len(needs) <= inert + air:
        assert None not in names
