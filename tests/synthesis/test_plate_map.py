import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from alloop.synthesis import plate_map_svg
from alloop.synthesis.planned import split_label, write_label

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_every_well_is_drawn_with_its_role_and_settings(plan: dict[str, Any]) -> None:
    svg = plate_map_svg(plan)
    found = texts(svg)
    for entry in plan["wells"]:
        row, column = split_label(entry["well"])
        assert write_label(row, column) in found
    assert found.count("control") == found.count("repeat") == found.count("random") == 4
    assert found.count("5 h · none") == 16
    assert {"4 candidate", "4 control", "4 repeat", "4 random"} <= set(found)
    assert svg.count("stroke-dasharray") == 2 * 9 - 16  # empty places


def test_text_is_escaped_and_carries_the_reason(plan: dict[str, Any]) -> None:
    plan["wells"][0]["reason"] = "<script>alert(1)</script>"
    svg = plate_map_svg(plan)
    assert "<script" not in svg
    titles = [node.text or "" for node in ElementTree.fromstring(svg).iter(f"{SVG}title")]
    assert any("<script>alert(1)</script>" in title for title in titles)
    assert "SPINEL-002-A01 (candidate)" in titles[1]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (8, 12), (16, 24), (32, 48), (12, 1)])
def test_any_plate_fits_on_the_page(rows: int, columns: int) -> None:
    wells = [
        {"well": write_label(row, column), "formula": "Li6.25Al0.25La3Zr2O12"}
        for row in range(rows)
        for column in range(columns)
    ]
    svg = plate_map_svg({"plate": "P-001", "rows": rows, "columns": columns, "wells": wells})
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    assert width <= 186.1
    assert height <= 220
    assert {write_label(rows - 1, columns - 1)} <= set(texts(svg))


def test_labels_go_both_ways() -> None:
    assert [write_label(*split_label(text)) for text in ("A1", "h12", "AA03", " B007 ")] == [
        "A01", "H12", "AA03", "B07",
    ]  # fmt: skip
    for row in (0, 7, 25, 26, 31):
        assert split_label(write_label(row, 4)) == (row, 4)
    for wrong in ("", "7", "A0", "A-1", "A1B"):
        with pytest.raises(ValueError, match="is not the label of a well"):
            split_label(wrong)
