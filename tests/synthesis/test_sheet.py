import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from alloop.chemistry import Shelf, make_precursor, parse_formula
from alloop.synthesis import WeighPlan, WellRecipe, plan_sheet_html, weigh_plate
from alloop.synthesis.markup import formula_html, text_width, value_html, wrap_formula
from alloop.synthesis.planned import read_plan, write_label
from alloop.synthesis.sheet_parts import expectation_blocks, well_blocks
from alloop.synthesis.sheet_style import STYLE

VOID = {"meta", "br", "wbr", "rect", "path"}


class Balanced(HTMLParser):
    """Fails when a tag is not closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def pages(html: str) -> list[str]:
    return html.split('<section class="page">')[1:]


def plain(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def test_is_whole_html_without_scripts_or_anything_from_outside(
    plan: dict[str, Any], weighed: Callable[..., WeighPlan]
) -> None:
    html = plan_sheet_html(plan, weighed(), proposed=True)
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert not parser.seen & {"script", "link", "img", "iframe"}
    assert "url(" not in html
    assert "Spinels &lt;b&gt;&amp;" in html
    assert "No controls &amp; no &lt;peace&gt;." in html
    assert "tells &lt;Zn&gt; &amp; Mn apart" in html


def test_every_page_says_which_plate_and_which_page_it_is(
    plan: dict[str, Any], weighed: Callable[..., WeighPlan]
) -> None:
    found = pages(plan_sheet_html(plan, weighed(), proposed=False))
    assert len(found) == 4
    for number, page in enumerate(found, start=1):
        assert '<b class="usual">SPINEL-002</b>' in page
        assert f"{number} / {len(found)}" in page
    assert "Wells A01 to A08" in found[2]


def test_one_tick_box_for_each_portion_and_its_mass(
    plan: dict[str, Any], weighed: Callable[..., WeighPlan]
) -> None:
    weigh = weighed()
    cards = re.findall(r'<div class="well">.*?</table></div>', plan_sheet_html(plan, weigh, False), re.DOTALL)
    assert len(cards) == len(weigh.wells)
    for card, well in zip(cards, weigh.wells, strict=True):
        assert card.count('class="box"') == len(well.portions)
        assert well.well in card
        assert "milling time 5 h<br>route none" in card
        for portion in well.portions:
            assert f'<td class="name">{formula_html(portion.precursor, True)}</td><td class="amount">' in card
            assert f"{portion.mass_mg:.1f}</td>" in card
        assert f"= {well.powder_mg:.1f}" in card


def test_only_a_proposal_is_marked_and_explained(
    plan: dict[str, Any], weighed: Callable[..., WeighPlan]
) -> None:
    proposal, released = (plan_sheet_html(plan, weighed(), proposed=mark) for mark in (True, False))
    assert "PROPOSED" not in released
    assert "tells &lt;Zn&gt;" not in re.sub(r"<title>.*?</title>", "", released, flags=re.DOTALL)
    assert all(page.count("PROPOSED") == 2 for page in pages(proposal))
    assert "ionic conductivity 3.2·10−4 S/cm (4.0·10−5 to 1.9·10−3)" in plain(proposal)
    assert "feasible 83 %" in plain(proposal)


def test_says_what_is_short_small_and_mended_by_a_batch() -> None:
    shelf = Shelf(tuple(make_precursor(f, stock_g=0.1) for f in ("LiCl", "MgCl2", "ZrCl4")))
    formulas = {"A01": "Li1.98MgZr0.005Cl4", "A02": "Li2MgCl4"}
    recipes = [WellRecipe(well, f"P-001-{well}", f, parse_formula(f)) for well, f in formulas.items()]
    weigh = weigh_plate(recipes, shelf, 0.1, 0.1)
    plan = {"plate": "P-001", "wells": [{"well": w.well, "formula": w.formula} for w in recipes]}
    html = plan_sheet_html(plan, weigh, False)
    assert "<b>only 0.1 g</b>" in html
    assert 'class="amount">* 0.6</td>' in html
    assert "Master batches" in html
    assert "Take care" in html


@pytest.mark.parametrize("count", [1, 63, 64, 384])
def test_pages_are_full_but_never_too_full(count: int, shelf: Shelf) -> None:
    formula = "Li1.9Mg0.55Zn0.15In0.1Zr0.1Cl3.75Br0.25"
    labels = [write_label(n // 24, n % 24) for n in range(count)]
    recipes = [WellRecipe(label, f"P-001-{label}", formula, parse_formula(formula)) for label in labels]
    weigh = weigh_plate(recipes, shelf, 0.5, 0.1)
    plan = {"plate": "P-001", "wells": [{"well": label, "formula": formula} for label in labels]}
    found = pages(plan_sheet_html(plan, weigh, False))
    cards = [page.count('<div class="well">') for page in found[2:]]
    assert sum(cards) == count
    assert all(number == 8 for number in cards[:-1])  # six precursors: eight wells a page
    printed = re.findall(r'<div class="label">([A-Z]+\d+)</div>', "".join(found[2:]))
    assert printed == labels


def test_blocks_know_the_wells_they_are_about(
    plan: dict[str, Any], weighed: Callable[..., WeighPlan]
) -> None:
    plate, weigh = read_plan(plan), weighed()
    cards = well_blocks(plate, weigh)
    assert [block.first for block in cards] == ["A01", "A03", "A05", "A07", "B01", "B03", "B05", "B07"]
    assert all(30 < block.height_mm < 90 for block in cards)
    assert [block.first for block in expectation_blocks(plate)] == [well.well for well in plate.wells]


def test_type_is_large_enough_for_gloves() -> None:
    sizes = [float(size) for size in re.findall(r"(?:font-size: |font: )([\d.]+)pt", STYLE)]
    assert min(sizes) >= 11
    card = re.search(r"\.well \.amount \{ font-size: (\d+)pt", STYLE)
    assert card is not None
    assert int(card[1]) >= 15


def test_formulas_break_before_elements_only() -> None:
    formula = "Li1.75Mg0.55Zn0.15(BH4)0.1Cl3.75"
    lines = wrap_formula(formula, 6.0)
    assert "".join(lines) == formula
    assert len(lines) > 2
    assert all(line[0].isupper() or line[0] == "(" for line in lines)
    assert all(text_width(line) <= 6.5 for line in lines)
    assert formula_html("Li2<O>") == "Li<sub>2</sub>&lt;O&gt;"
    assert formula_html("AlCl3·6H2O") == "AlCl<sub>3</sub>·6H<sub>2</sub>O"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4.25, "4.25"),
        (3.2e-4, "3.2·10−4"),
        (-1.5e-9, "−1.5·10−9"),
        (0.0, "0"),
        (1234.0, "1234"),
        (2e7, "2.0·107"),
    ],
)
def test_values_are_written_short(value: float, text: str) -> None:
    assert plain(value_html(value)) == text
