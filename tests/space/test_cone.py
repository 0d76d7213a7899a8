"""The planes of a shelf's cone against linear programming."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from alloop.space.cone import bounding_planes, dual_cone

ELEMENTS = ["A", "B", "C", "D", "E"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(ELEMENTS), st.integers(1, 3), min_size=1, max_size=3),
        min_size=0,
        max_size=7,
    ),
    st.lists(st.tuples(*[st.integers(0, 4)] * 5), min_size=1, max_size=20),
)
def test_planes_hold_exactly_for_what_can_be_combined(
    rays: list[dict[str, int]], points: list[tuple[int, ...]]
) -> None:
    planes = bounding_planes([{e: Fraction(n) for e, n in ray.items()} for ray in rays], ELEMENTS)
    matrix = np.array([[ray.get(e, 0) for ray in rays] for e in ELEMENTS], dtype=float).reshape(5, len(rays))
    for point in points:
        inside = True
        for plane in planes:
            value = sum(plane.weights.get(e, Fraction(0)) * n for e, n in zip(ELEMENTS, point, strict=True))
            inside &= value == 0 if plane.is_equality else value >= 0
        distance = nnls(matrix, np.array(point, dtype=float))[1] if rays else float(np.abs(point).sum())
        assert inside == (distance < 1e-8)


def test_a_square_cone_has_four_sides() -> None:
    lines, sides = dual_cone([(1, 1, 1), (1, -1, 1), (-1, 1, 1), (-1, -1, 1)], 3)
    assert lines == []
    assert sides == [(-1, 0, 1), (0, -1, 1), (0, 1, 1), (1, 0, 1)]


def test_like_elements_share_their_planes() -> None:
    rays = [{"Li": 1, "Cl": 1}] + [{metal: 1, "Cl": 2} for metal in ("Mg", "Zn", "Mn", "Fe", "Co", "Ni")]
    exact = [{e: Fraction(n) for e, n in ray.items()} for ray in rays]
    planes = bounding_planes(exact, ["Li", "Cl", "Mg", "Zn", "Mn", "Fe", "Co", "Ni"])
    (balance,) = [plane for plane in planes if plane.is_equality]
    assert {abs(w / balance.weights["Li"]) for e, w in balance.weights.items() if e not in ("Li", "Cl")} == {
        2
    }
    assert len(planes) == 3
