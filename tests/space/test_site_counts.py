"""The count of a site space against trying everything, on every small space that hypothesis thinks of."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from space_builders import NO_PROCESS, brute_force, compositions, make_shelf, make_space, site, substituent

from alloop.chemistry.shelf import Shelf
from alloop.chemistry.species import parse_species
from alloop.errors import SpaceError
from alloop.space import (
    AmountLimit,
    Compensation,
    DistinctLimit,
    Limits,
    Site,
    SiteSpace,
    Substituent,
)

CATIONS = ["Mg2+", "Zn2+", "Fe2+", "Fe3+", "In3+", "Y3+", "Zr4+", "Va"]
ANIONS = ["Cl-", "Br-", "S2-", "O2-", "BH4-"]
SHELVES = [
    "LiCl MgCl2 ZnCl2 FeCl2 FeCl3 InCl3 YCl3 ZrCl4 LiBr Li2S Li2O LiBH4",
    "LiCl LiBr MgCl2 ZnBr2 FeCl3 Fe InCl3 ZrCl4",
    "Li2S LiCl MgS ZnS Li3InCl6 YCl3 Fe2O3 FeCl2 Li2O",
    "LiCl LiBr MgCl2 ZrCl4 Li2ZrCl6 Li2S Y2S3 FeBr2 FeBr3",
    "MgO ZnO Fe2O3 Y2O3 ZrO2 In2O3 Li2CO3>Li2O LiCl",
]


@st.composite
def a_site(draw: st.DrawFn, name: str, species: list[str], hosts: list[str], amounts: list[str]) -> Site:
    host = draw(st.sampled_from(hosts))
    chosen = draw(st.lists(st.sampled_from([s for s in species if s != host]), min_size=1, max_size=3))
    amount = Fraction(draw(st.sampled_from(amounts)))
    step = Fraction(1, draw(st.sampled_from([3, 6]))) * amount
    flags = {symbol: draw(st.booleans()) for symbol in sorted(set(chosen))}
    entries = []
    for symbol in chosen:  # a species may come twice
        levels = sorted(draw(st.sets(st.integers(1, 3), min_size=1, max_size=3)))
        entries.append(Substituent(parse_species(symbol), tuple(step * n for n in levels), flags[symbol]))
    most = draw(st.sampled_from([None, None, None, 0, 1, 2]))
    return Site(name, amount, parse_species(host), tuple(entries), most)


@st.composite
def some_limits(draw: st.DrawFn, sites: tuple[Site, ...], own: Compensation | None) -> Limits:
    follows = None if own is None else own.species.symbol
    on_site = [
        (species.symbol, s.name)
        for s in sites
        for species in (s.host, *(e.species for e in s.substituents))
        if species.symbol != follows
    ]
    symbols = sorted({symbol for symbol, _ in on_site})
    amounts, counts = [], []
    if draw(st.booleans()):
        offered = [*symbols, follows] if follows else symbols
        chosen = draw(st.lists(st.sampled_from(offered), min_size=1, max_size=3, unique=True))
        weights = tuple((symbol, None, Fraction(draw(st.integers(-2, 2)), 2)) for symbol in chosen)
        low = Fraction(draw(st.integers(-12, 1)), 3)
        amounts.append(AmountLimit(weights, low, low + Fraction(draw(st.integers(6, 30)), 3)))
    if draw(st.integers(0, 3)) == 3:
        symbol, where = draw(st.sampled_from(on_site))
        most = Fraction(draw(st.integers(0, 6)), 3)
        amounts.append(AmountLimit(((symbol, where, Fraction(1)),), None, most))
    for _ in range(draw(st.integers(0, 2))):
        chosen = draw(st.lists(st.sampled_from(symbols), min_size=1, max_size=4))
        low = draw(st.sampled_from([0, 0, 1, 2]))
        counts.append(DistinctLimit(tuple(chosen), None, low, low + draw(st.integers(1, 3))))
    if draw(st.integers(0, 3)) == 3:
        symbol, where = draw(st.sampled_from(on_site))
        counts.append(DistinctLimit((symbol,), where, draw(st.integers(0, 1)), 1))
    excluded = draw(st.sampled_from([(), (), (), (), ("Mg",), ("Fe", "Br"), ("B",)]))
    return Limits(draw(st.sampled_from([None, None, 0, 1, 2, 3])), excluded, tuple(amounts), tuple(counts))


@st.composite
def definitions(draw: st.DrawFn) -> tuple[tuple[Site, ...], Compensation | None, Limits]:
    sites = [draw(a_site("M", CATIONS, ["Mg2+", "In3+", "Li+", "Va", "Zr4+"], ["1", "2", "2/3"]))]
    if draw(st.booleans()):
        sites.append(draw(a_site("N", CATIONS, ["Mg2+", "Va", "Y3+"], ["1/2", "1"])))
    sites.append(draw(a_site("X", ANIONS, ["Cl-", "S2-"], ["6", "4", "3"])))
    kind = draw(st.sampled_from(["Li+"] * 8 + ["none", "I-", "Ca2+"]))
    own = None
    if kind != "none":
        low = Fraction(draw(st.integers(0, 4)), 2)
        own = Compensation(parse_species(kind), low, low + Fraction(draw(st.integers(2, 24)), 2))
    return tuple(sites), own, draw(some_limits(tuple(sites), own))


def check_against_brute_force(
    sites: tuple[Site, ...], own: Compensation | None, limits: Limits, shelf: Shelf | None
) -> None:
    expected = dict(brute_force(sites, own, limits, shelf))
    if not expected:
        with pytest.raises(SpaceError):
            SiteSpace(sites, own, limits, NO_PROCESS, "Li+", shelf)
        return
    space = SiteSpace(sites, own, limits, NO_PROCESS, "Li+", shelf)
    assert space.size == len(expected)
    assert compositions(space) == set(expected)
    assert space.summary().by_dopant_count == dict(sorted(Counter(expected.values()).items()))
    ranks = np.arange(space.size)
    block = space.decode(ranks)
    assert (space.rank_block(block) == ranks).all()
    charges = np.array([column.species.charge for column in space.columns])
    assert np.abs(block.amounts @ charges).max() < 1e-9
    assert block.amounts.min() >= 0
    used = {(group, label) for composition in expected for group, label, _ in composition}
    declared = {(s.name, e.species.symbol) for s in space.sites for e in s.substituents}
    assert {(column.group, column.label) for column in space.never_used} == declared - used
    for rank in (0, space.size - 1):
        candidate = space.candidate(rank)
        assert space.find(candidate.key) == rank
        assert candidate.charge == 0
        # Nothing but vacancies has no formula, and 'B0.5H2O' may be a decimal or a hydrate.
        if candidate.formula and "H2O" not in candidate.formula:
            assert space.resolve(candidate.formula).recipe_key == candidate.recipe_key


@settings(max_examples=60, deadline=None)
@given(definitions())
def test_count_equals_brute_force(definition: tuple[tuple[Site, ...], Compensation | None, Limits]) -> None:
    check_against_brute_force(*definition, None)


@settings(max_examples=40, deadline=None)
@given(definitions(), st.sampled_from(SHELVES), st.sampled_from(["inert", "inert", "air"]))
def test_count_equals_brute_force_with_a_shelf(
    definition: tuple[tuple[Site, ...], Compensation | None, Limits], formulas: str, atmosphere: str
) -> None:
    check_against_brute_force(*definition, make_shelf(formulas, atmosphere))


def test_the_reference_count() -> None:
    """One site of amount 1, 56 substituents of 8 levels, at most 3, loose bounds: sum of C(56, k) 8^k."""
    symbols = [
        "Mg",
        "Zn",
        "Ni",
        "Mn",
        "Fe",
        "Cu",
        "Ca",
        "Sr",
        "Ba",
        "Cd",
        "Al",
        "Ga",
        "In",
        "Sc",
        "Y",
        "La",
        "Ce",
        "Pr",
        "Nd",
        "Sm",
        "Eu",
        "Gd",
        "Tb",
        "Dy",
        "Ho",
        "Er",
        "Tm",
        "Yb",
        "Lu",
        "Cr",
        "V",
        "Ti",
        "Bi",
        "Sb",
        "Zr",
        "Hf",
        "Sn",
        "Ge",
        "Si",
        "Nb",
        "Ta",
        "W",
        "Mo",
        "Te",
        "K",
        "Na",
        "Rb",
        "Cs",
        "Ag",
        "Pb",
        "Tl",
        "Th",
        "U",
        "Ru",
        "Rh",
        "Pd",
    ]
    assert len(symbols) == 56
    levels = " ".join(f"{n}/100" for n in range(1, 9))
    entries = [substituent(f"{symbol}{1 + i % 5}+", levels) for i, symbol in enumerate(symbols)]
    space = make_space(
        site("Co", "1", "Co2+", *entries),
        site("P", "1", "P5+"),
        site("O", "4", "O2-"),
        limits=Limits(max_dopants=3),
    )
    assert space.size == 14_291_649


def test_many_levels_and_no_limit_on_dopants_are_counted_without_listing_them() -> None:
    levels = " ".join(f"{n}/50" for n in range(1, 21))
    halides = [substituent(symbol, levels, False) for symbol in ("Cl-", "Br-", "I-", "F-")]
    dopants = [
        substituent(symbol, levels) for symbol in ("Si4+", "Ge4+", "Sn4+", "Sb5+", "As5+", "Al3+", "Ga3+")
    ]
    space = make_space(site("P", "1", "P5+", *dopants), site("X", "6", "S2-", *halides), li=("5", "6.5"))
    ranks = space.sample(2000, np.random.default_rng(1))
    assert space.size > 10**10
    assert (space.rank_block(space.decode(ranks)) == ranks).all()


def test_more_than_can_be_numbered_is_an_error() -> None:
    symbols = [
        "Mg",
        "Zn",
        "Ni",
        "Mn",
        "Fe",
        "Cu",
        "Ca",
        "Sr",
        "Ba",
        "Cd",
        "Al",
        "Ga",
        "In",
        "Sc",
        "Y",
        "La",
        "Ce",
        "Pr",
        "Nd",
        "Sm",
    ]
    entries = [substituent(f"{symbol}2+", " ".join(f"{n}/1000" for n in range(1, 51))) for symbol in symbols]
    with pytest.raises(SpaceError, match="max_dopants"):
        make_space(site("Co", "1", "Co2+", *entries), site("X", "4", "Cl-"))
