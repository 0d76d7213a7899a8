"""Mixtures of end members."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from space_builders import NO_PROCESS, amount_limit, compositions, distinct, end_member, make_shelf

from alloop.chemistry.formula import molar_mass
from alloop.errors import SpaceError
from alloop.space import EndMember, Limits, Mixture, MixtureSpace

GLASS = (end_member("Li2S", "0.5", "0.8"), end_member("P2S5", "0.15"), end_member("LiI", "0", "0.3"))


def mixture(*members: EndMember, step: str = "0.01", basis: str = "mole", per: str = "") -> Mixture:
    return Mixture("weight" if basis == "weight" else "mole", Fraction(step), members, tuple(per.split()))


def space_of(made: Mixture, limits: Limits | None = None, shelf: object = None) -> MixtureSpace:
    return MixtureSpace(made, NO_PROCESS, "Li+", shelf, limits)


def test_the_glass_of_the_interface() -> None:
    space = space_of(mixture(*GLASS))
    grid = [(a, c) for a in range(50, 81) for c in range(31) if 100 - a - c >= 15]
    assert space.size == len(grid)
    assert space.summary().by_dopant_count == {2: 31, 3: len(grid) - 31}
    shares = space.decode(np.arange(space.size)).amounts
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-12)
    assert space.resolve("Li3PS4").key == "mole=Li2S:3/4,P2S5:1/4|"


def test_ratios_to_the_formers() -> None:
    made = mixture(
        end_member("TaCl5"), end_member("HfCl4"), end_member("Li2O", "1", "2"), step="0.1", per="TaCl5 HfCl4"
    )
    space = space_of(made)
    assert space.size == 11 * 11
    assert space.resolve("Li3.4Ta0.8Hf0.2O1.7Cl4.8").key == "mole=HfCl4:1/5,Li2O:17/10,TaCl5:4/5|"


def test_by_weight() -> None:
    space = space_of(mixture(end_member("Li7La3Zr2O12"), end_member("Li3InCl6"), step="0.05", basis="weight"))
    assert space.size == 21
    candidate = space.resolve("weight=Li3InCl6:3/10,Li7La3Zr2O12:7/10|")
    assert molar_mass(candidate.amounts) == pytest.approx(100, rel=1e-6)  # a formula unit is 100 g
    assert space.resolve(candidate.formula) == candidate


def test_by_weight_with_a_shelf() -> None:
    formulas = ("Li7La3Zr2O12", "Li3InCl6", "Li6PS5Cl", "LiBr")
    made = mixture(*(end_member(f, "0", "0.8") for f in formulas), step="0.1", basis="weight")
    everything = space_of(made)
    same = space_of(made, shelf=make_shelf(" ".join(formulas)))
    assert same.size == everything.size
    pieces = space_of(made, shelf=make_shelf("Li7La3Zr2O12 LiCl InCl3 Li6PS5Cl"))
    assert {label for column in pieces.never_used for label in [column.label]} == {"LiBr"}
    candidate = same.candidate(same.size // 2)
    assert same.resolve(candidate.formula).key == candidate.key


def test_dependent_end_members_reach_one_recipe_twice() -> None:
    space = space_of(mixture(end_member("Li2S"), end_member("P2S5"), end_member("Li3PS4"), step="1/4"))
    recipes: dict[str, set[str]] = {}
    for rank in range(space.size):
        candidate = space.candidate(rank)
        recipes.setdefault(candidate.recipe_key, set()).add(candidate.key)
    assert recipes["Li3P1S4|"] == {"mole=Li2S:3/4,P2S5:1/4|", "mole=Li3PS4:1|"}


def test_limits_name_end_members() -> None:
    limits = Limits(amounts=(amount_limit("Li2S LiI", high="0.75"),), distinct=(distinct("LiI P2S5", 2),))
    space = space_of(mixture(*GLASS, step="0.05"), limits)
    grid = [(a, c) for a in range(10, 17) for c in range(1, 7) if 20 - a - c >= 3 and a + c <= 15]
    assert space.size == len(grid)
    assert space_of(mixture(*GLASS), Limits(exclude_elements=("I",))).size == 31


def test_a_shelf_restricts_mixtures() -> None:
    space = space_of(mixture(*GLASS, step="0.05"), shelf=make_shelf("Li2S P2S5"))
    assert {len(composition) for composition in compositions(space)} == {2}
    with pytest.raises(SpaceError, match="no precursor brings P"):
        space_of(mixture(*GLASS, step="0.05"), shelf=make_shelf("Li2S LiI"))


@st.composite
def mixtures(draw: st.DrawFn) -> Mixture:
    parts = draw(st.sampled_from([4, 5, 6]))
    formulas = draw(
        st.lists(st.sampled_from(["Li2S", "P2S5", "LiI", "Li3PS4", "SiS2"]), min_size=1, unique=True)
    )
    per = draw(st.sets(st.sampled_from(formulas), max_size=2))
    members = []
    for formula in formulas:
        low = draw(st.integers(0, 2))
        high = draw(st.integers(max(low, 1), parts))
        members.append(end_member(formula, f"{low}/{parts}", f"{high}/{parts}"))
    return Mixture("mole", Fraction(1, parts), tuple(members), tuple(sorted(per)))


@settings(max_examples=50, deadline=None)
@given(mixtures(), st.sampled_from([None, "Li2S P2S5 LiI", "Li2S Li3PS4 LiI SiS2", "Li4P2S7 Li2S LiI SiS2"]))
def test_count_equals_brute_force(made: Mixture, formulas: str | None) -> None:
    shelf = make_shelf(formulas) if formulas else None
    ladders = []
    for member in made.end_members:
        ladders.append(
            [
                n * made.step
                for n in range(int(1 / made.step) + 1)
                if member.min <= n * made.step <= member.max
            ]
        )
    expected = set()
    summed = [not made.per or member.formula in made.per for member in made.end_members]
    for shares in product(*ladders):
        if sum(x for x, counts in zip(shares, summed, strict=True) if counts) != 1:
            continue
        totals: dict[str, Fraction] = {}
        for member, share in zip(made.end_members, shares, strict=True):
            for element, n in member.elements.items():
                totals[element] = totals.get(element, Fraction(0)) + n * share
        if shelf is None or shelf.reachable(np.array([[float(x) for x in totals.values()]]), list(totals))[0]:
            expected.add(
                frozenset(
                    ("mole", member.formula, x)
                    for member, x in zip(made.end_members, shares, strict=True)
                    if x
                )
            )
    if not expected:
        with pytest.raises(SpaceError):
            space_of(made, shelf=shelf)
        return
    space = space_of(made, shelf=shelf)
    assert compositions(space) == expected
    assert space.size == len(expected)
    ranks = np.arange(space.size)
    assert (space.rank_block(space.decode(ranks)) == ranks).all()
    for rank in (0, space.size - 1):
        candidate = space.candidate(rank)
        assert space.find(candidate) == rank
        assert space.resolve(candidate.formula).recipe_key == candidate.recipe_key


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (mixture(*GLASS, step="0.3"), "step 0.3 does not divide 1; the nearest that does is 1/3"),
        (mixture(*GLASS, step="0.02"), "0.15 is no multiple of the step 0.02; the nearest is 0.16"),
        (mixture(end_member("Li2S", "0.6"), end_member("P2S5", "0.5")), "minima add up to 1.1"),
        (mixture(end_member("Li2S", "0", "0.4"), end_member("P2S5", "0", "0.5")), "maxima add up to 0.9"),
        (mixture(end_member("Li2S"), end_member("Li2S")), "listed twice"),
        (mixture(end_member("TaCl5"), end_member("Li2O"), per="TaCl5"), "needs a max"),
        (mixture(end_member("TaCl5"), per="HfCl4"), "no end member"),
        (mixture(end_member("Li2S", "0.6", "0.5")), "min 0.6 is above max 0.5"),
        (mixture(), "no end members"),
    ],
)
def test_mixtures_that_cannot_be_meant(made: Mixture, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        space_of(made)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(max_dopants=2), "a mixture has no dopants"),
        (Limits(amounts=(amount_limit("LiBr", high="1"),)), "LiBr is no end member; choose from Li2S"),
        (Limits(exclude_elements=("P",)), "must be present but holds the excluded P"),
        (
            Limits(amounts=(amount_limit("LiI", low="0.2"), amount_limit("LiI", high="0.1"))),
            "LiI is 0 to 0.1",
        ),
    ],
)
def test_limits_that_leave_nothing(limits: Limits, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        space_of(mixture(*GLASS), limits)
