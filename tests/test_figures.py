"""Figures are well-formed, escaped, and hold every point inside their frame."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.figures import Axis, Series, figure

VALUE = st.floats(-1e6, 1e6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=30), st.booleans(), st.booleans())
def test_every_point_lies_inside_the_figure(
    points: list[tuple[float, float]], whole: bool, diagonal: bool
) -> None:
    text = figure("a < b", Axis("x", whole=whole), Axis("y & z"), [Series("s", points)], diagonal=diagonal)
    root = ET.fromstring(text)
    circles = [one for one in root.iter() if one.tag.endswith("circle") and one.get("r") == "3"]
    assert len(circles) == len(points)
    for circle in circles:
        assert 0 <= float(circle.get("cx", "-1")) <= 460
        assert 0 <= float(circle.get("cy", "-1")) <= 300


def test_nothing_to_show_is_said() -> None:
    assert "nothing to show" in figure("empty", Axis("x"), Axis("y"), [Series("s", [])])


def test_logarithms_are_labelled_as_powers() -> None:
    text = figure("t", Axis("x"), Axis("y", "log10"), [Series("", [(0, -6), (1, -2)])], [("target", -3)])
    assert "1e-4" in text
    assert "target" in text


@pytest.mark.parametrize("value", [0.0, 1.0, -4.5e15, 4.5e15, 1e300])
def test_a_single_point_of_any_size_is_drawn(value: float) -> None:
    drawn = figure("one", Axis("x"), Axis("y"), [Series("", [(value, value)])])
    assert "nan" not in drawn
    assert drawn.count("<circle") >= 1


def test_a_figure_brings_the_style_of_every_class_it_uses() -> None:
    drawn = figure(
        "t", Axis("x"), Axis("y"), [Series("s", [(0, 1), (1, 2)], "line")], [("target", 1.5)], diagonal=True
    )
    root = ET.fromstring(drawn)
    (style,) = [one.text or "" for one in root.iter() if one.tag.endswith("style")]
    used = {name for one in root.iter() for name in (one.get("class") or "").split()}
    assert {"frame", "grid", "tick", "level"} <= used
    assert not [name for name in used if f".{name}{{" not in style]
