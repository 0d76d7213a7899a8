"""From formulas and keys to candidates, and the reasons why there is none."""

from fractions import Fraction

import numpy as np
import pytest
from space_builders import amount_limit, make_shelf, make_space, site, substituent

from alloop.errors import FormulaError, SpaceError
from alloop.space import Limits, Process, Setting, SiteSpace

TEMPERATURE = Setting("anneal", "degC", (Fraction(300), Fraction(400)), "plate")
ATMOSPHERE = Setting("gas", "", ("argon",))


@pytest.fixture(scope="module")
def space() -> SiteSpace:
    return make_space(
        site("M", "1", "Mg2+", substituent("In3+", "1/3 2/3"), substituent("Zn2+", "0.1 0.2")),
        site("X", "4", "Cl-", substituent("Br-", "1 2")),
        li=("1.5", "2"),
        limits=Limits(max_dopants=2),
        process=Process((TEMPERATURE, ATMOSPHERE)),
        shelf=make_shelf("LiCl LiBr MgCl2 InCl3 ZnCl2"),
    )


def why(space: SiteSpace, text: str, **settings: object) -> str:
    with pytest.raises(SpaceError) as caught:
        space.resolve(text, settings or {"anneal": Fraction(300)})
    return str(caught.value)


def test_printed_formulas_and_keys_come_back(space: SiteSpace) -> None:
    for rank in range(space.size):
        candidate = space.candidate(rank)
        assert space.resolve(candidate.formula, candidate.process).recipe_key == candidate.recipe_key
        assert space.resolve(candidate.key) == candidate


def test_a_formula_on_another_scale(space: SiteSpace) -> None:
    found = space.resolve("Li5 Mg2 In Cl12", {"anneal": Fraction(400)})
    assert found.key == "M=In3+:1/3,Mg2+:2/3;X=Cl-:4;+=Li+:5/3|anneal=400;gas=argon"


def test_settings_beside_a_key_replace_its_own(space: SiteSpace) -> None:
    key = "M=Mg2+:1;X=Cl-:4;+=Li+:2|anneal=300;gas=argon"
    assert space.resolve(key, {"anneal": Fraction(400)}).process == {"anneal": 400, "gas": "argon"}


def test_of_doubles_the_first_is_taken() -> None:
    entries = (substituent("Y3+", "0.1"), substituent("Sm3+", "0.1"))
    doubles = make_space(
        site("A", "1", "La3+", *entries), site("B", "1", "Lu3+", *entries), site("O", "3", "O2-")
    )
    found = doubles.resolve("La0.9Lu0.9Y0.1Sm0.1O3")
    ranks = [r for r in range(doubles.size) if doubles.candidate(r).recipe_key == found.recipe_key]
    assert len(ranks) == 2
    assert doubles.find(found) == ranks[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Li2FeCl4", "Fe is not in the space; its elements are Br, Cl, In, Li, Mg, Zn"),
        ("Li2Mg0.85Zn0.15Cl4", "no levels of the space give Zn 0.15; the nearest are 0.1 and 0.2"),
        ("Li1.3333Mg0.3333In0.6667Cl4", "Li+ would be 4/3, but charge_compensation allows 1.5 to 2"),
        ("Li2Mg0.9Zn0.1ClBr3", "Br 3; the nearest is 2"),
        ("Li1.6667Mg0.5667In0.3333Zn0.1Cl3Br", "dopants would be 3, but limits.max_dopants allows 2"),
        ("M=Mg2+:9/10,Zn2+:1/20;X=Cl-:4;+=Li+:2|", "0.05 is no level of Zn2+ on M; choose from 0.1, 0.2"),
        ("M=Mg2+:1;Q=Cl-:4;+=Li+:2|", "there is no Cl- on Q in the space"),
        ("M=Mg2+:1/2;X=Cl-:4;+=Li+:2|", "Mg2+ on M would be 1, not 0.5"),
    ],
)
def test_why_a_candidate_is_outside(space: SiteSpace, text: str, reason: str) -> None:
    assert reason in why(space, text)


def test_what_the_shelf_cannot_make() -> None:
    shelf = make_shelf("LiCl LiBr MgCl2 ZrCl4")
    sites = (
        site("M", "1", "Mg2+", substituent("Zr4+", "0.5")),
        site("X", "4", "Cl-", substituent("Br-", "1 2")),
    )
    space = make_space(*sites, shelf=shelf)
    assert "Li1Mg0.5Zr0.5Cl2Br2" not in {space.candidate(rank).formula for rank in range(space.size)}
    assert "Br" in why(space, "LiMg0.5Zr0.5Cl2Br2")


def test_several_limits_are_all_named() -> None:
    limits = Limits(max_dopants=0, amounts=(amount_limit("In3+", high="0"),))
    space = make_space(
        site("M", "1", "Mg2+", substituent("In3+", "0.5")), site("X", "4", "Cl-"), limits=limits
    )
    assert why(space, "Li1.5Mg0.5In0.5Cl4").count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"anneal": Fraction(350)}, "350 is none of its levels; choose one of 300, 400"),
        ({}, "process setting anneal: is not given; choose one of 300, 400"),
        ({"anneal": Fraction(300), "rpm": Fraction(5)}, "process setting rpm: does not exist"),
    ],
)
def test_settings_that_are_wrong(space: SiteSpace, settings: dict, reason: str) -> None:
    with pytest.raises(SpaceError, match=reason):
        space.resolve("Li2MgCl4", settings)


def test_a_misprinted_formula(space: SiteSpace) -> None:
    with pytest.raises(FormulaError):
        space.resolve("Li2MgCx4")


@pytest.mark.parametrize("text", ["nonsense", "M=Mg2+:1", "M=Mg2+:x|", "M=Mg2+:1/0;X=Cl-:4|", "|", "M|a=b=c"])
def test_what_is_no_key_is_not_found(space: SiteSpace, text: str) -> None:
    assert space.find(text) is None


def test_ranks_outside_the_space(space: SiteSpace) -> None:
    for rank in (-1, space.size):
        with pytest.raises(SpaceError, match="ranks run from 0"):
            space.candidate(rank)
        with pytest.raises(SpaceError, match="ranks run from 0"):
            space.decode(np.array([0, rank]))


def test_blocks_outside_the_space_have_no_rank(space: SiteSpace) -> None:
    block = space.decode(np.arange(4))
    block.amounts[0, 0] += 0.05  # no level
    block.amounts[1, -1] += 1.0  # not neutral
    block.settings[2, 0] = -1
    assert space.rank_block(block).tolist() == [-1, -1, -1, 3]
