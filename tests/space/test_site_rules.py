"""The rules and traps of site spaces, one by one."""

from fractions import Fraction

import pytest
from space_builders import (
    CHLORIDE,
    NO_PROCESS,
    amount_limit,
    compensation,
    held,
    make_space,
    numbers,
    site,
    substituent,
)

from alloop.chemistry.species import parse_species
from alloop.errors import SpaceError
from alloop.space import Limits, Site, SiteSpace, Substituent


def test_the_undoped_host_is_a_candidate() -> None:
    space = make_space(site("M", "1", "Mg2+", substituent("Zn2+", "0.1 0.2")), CHLORIDE)
    assert space.find("M=Mg2+:1;X=Cl-:4;+=Li+:2|") is not None
    assert space.size == 3


def test_the_undoped_host_outside_the_limits_is_none() -> None:
    limits = Limits(amounts=(amount_limit("Zn2+", low="0.1"),))
    space = make_space(site("M", "1", "Mg2+", substituent("Zn2+", "0.1 0.2")), CHLORIDE, limits=limits)
    assert space.find("M=Mg2+:1;X=Cl-:4;+=Li+:2|") is None
    assert space.size == 2


def test_the_host_fills_down_to_zero_and_bounds_are_inclusive() -> None:
    space = make_space(site("M", "1", "Mg2+", substituent("In3+", "0.5 1")), CHLORIDE, li=("1", "2"))
    assert held(space, "Mg2+ on M") == {Fraction(1), Fraction(1, 2), Fraction(0)}
    assert held(space, "Li+") == {Fraction(2), Fraction(3, 2), Fraction(1)}


def test_thirds_are_exact() -> None:
    space = make_space(
        site("M", "1", "Mg2+", substituent("In3+", "1/3 2/3"), substituent("Zr4+", "1/3 2/3")), CHLORIDE
    )
    assert "M=In3+:1/3,Zr4+:2/3;X=Cl-:4;+=Li+:1/3|" in {space.candidate(r).key for r in range(space.size)}


def test_substituents_that_are_no_dopants_are_not_counted() -> None:
    halide = (substituent("Cl-", "1", dopant=False), substituent("Br-", "0.5", dopant=False))
    sites = (
        site("P", "1", "P5+", substituent("Si4+", "0.1"), most=1),
        site("X", "6", "S2-", *halide, most=0),
    )
    space = make_space(*sites, limits=Limits(max_dopants=1))
    assert space.size == 2 * 4
    assert space.summary().by_dopant_count == {0: 4, 1: 4}
    dopants = {space.candidate(rank).dopants for rank in range(space.size)}
    assert dopants == {(), (("P", "Si4+", Fraction(1, 10)),)}


def test_max_substituents_counts_per_site_and_max_dopants_pairs() -> None:
    first = site("A", "1", "La3+", substituent("Y3+", "0.1"), substituent("Sc3+", "0.1"), most=1)
    second = site("B", "1", "Zr4+", substituent("Y3+", "0.1"), substituent("Sc3+", "0.1"), most=2)
    oxide = site("O", "6", "O2-")
    assert make_space(first, second, oxide).size == 3 * 4
    assert make_space(first, second, oxide, limits=Limits(max_dopants=1)).size == 1 + 2 + 2


def test_a_species_listed_twice_on_a_site_is_one() -> None:
    twice = site("M", "1", "Mg2+", substituent("Zn2+", "0.1 0.2"), substituent("Zn2+", "0.2 0.3"))
    space = make_space(twice, CHLORIDE)
    assert space.size == 4
    assert len({space.candidate(rank).key for rank in range(space.size)}) == 4


def test_two_valences_of_one_element_are_two_candidates() -> None:
    space = make_space(
        site("M", "1", "Mg2+", substituent("Fe2+", "0.1"), substituent("Fe3+", "0.1")), CHLORIDE
    )
    assert space.size == 4
    assert held(space, "Li+") == {Fraction(2), Fraction(19, 10)}


def test_vacancies_are_substituents_without_charge() -> None:
    space = make_space(site("M", "1", "Mg2+", substituent("Va", "0.5")), CHLORIDE)
    candidate = space.candidate(1)
    assert candidate.key == "M=Mg2+:1/2,Va:1/2;X=Cl-:4;+=Li+:3|"
    assert candidate.amounts == {"Li": 3, "Mg": Fraction(1, 2), "Cl": 4}


def test_the_compensator_may_be_the_host_of_a_site() -> None:
    """Garnet: Al3+ on the lithium site leaves two vacancies each; lithium follows from neutrality."""
    garnet = (
        site("Li", "7", "Li+", substituent("Al3+", "0.1 0.2")),
        site("La", "3", "La3+"),
        site("Zr", "2", "Zr4+"),
    )
    space = make_space(*garnet, site("O", "12", "O2-"), li=("6", "7"))
    keys = {space.candidate(rank).key for rank in range(space.size)}
    assert "La=La3+:3;Li=Al3+:1/10;O=O2-:12;Zr=Zr4+:2;+=Li+:67/10|" in keys
    assert "La=La3+:3;O=O2-:12;Zr=Zr4+:2;+=Li+:7|" in keys
    assert len(keys) == 3


def test_what_exceeds_the_compensators_site_is_interstitial() -> None:
    sites = (
        site("Li", "2", "Li+"),
        site("M", "1", "Zr4+", substituent("In3+", "0.5")),
        site("X", "6", "Cl-"),
    )
    assert held(make_space(*sites, li=("2", "2.5")), "Li+") == {Fraction(2), Fraction(5, 2)}


def test_an_anion_compensates_upwards() -> None:
    fluorite = (site("M", "1", "Ba2+", substituent("La3+", "0.25 0.5")), site("X", "2", "F-"))
    space = SiteSpace(fluorite, compensation("F-", "2", "2.5"), Limits(), NO_PROCESS, "F-")
    assert held(space, "F-") == {Fraction(2), Fraction(9, 4), Fraction(5, 2)}


def test_a_divalent_compensator_comes_in_halves() -> None:
    sites = (site("M", "1", "Zr4+", substituent("In3+", "0.1 0.2")), site("O", "3", "O2-"))
    space = SiteSpace(sites, compensation("Mg2+", "0", "2"), Limits(), NO_PROCESS, "Mg2+")
    assert held(space, "Mg2+") == {Fraction(1), Fraction(21, 20), Fraction(11, 10)}


def test_without_compensation_only_what_is_neutral_by_itself_counts() -> None:
    sites = (
        site("M", "1", "Zr4+", substituent("Y3+", "0.2"), substituent("Nb5+", "0.2")),
        site("O", "2", "O2-"),
    )
    space = SiteSpace(sites, None, Limits(), NO_PROCESS, None)
    assert {space.candidate(rank).formula for rank in range(space.size)} == {"ZrO2", "Y0.2Zr0.6Nb0.2O2"}


def test_molecular_ions_are_units() -> None:
    cage = site("X", "1", "B12H12^2-", substituent("BH4-", "0.5"))
    space = make_space(cage, li=("0", "2"))
    formulas = {space.candidate(rank).formula for rank in range(space.size)}
    assert formulas == {"Li2B12H12", "Li1.5B6.5H8"}


def test_doubles_share_a_recipe_but_not_a_key() -> None:
    entry = substituent("Y3+", "0.1"), substituent("Sm3+", "0.1")
    sites = (site("La", "1", "La3+", *entry), site("Lu", "1", "Lu3+", *entry), site("O", "3", "O2-"))
    space = make_space(*sites)
    one = space.find("La=La3+:9/10,Y3+:1/10;Lu=Lu3+:9/10,Sm3+:1/10;O=O2-:3;+=Li+:0|")
    keys = {}
    for rank in range(space.size):
        candidate = space.candidate(rank)
        keys.setdefault(candidate.recipe_key, set()).add(candidate.key)
    assert one is None or one >= 0
    assert sorted(len(same) for same in keys.values())[-1] == 2
    assert sum(len(same) for same in keys.values()) == space.size


def test_another_step_does_not_rename_a_candidate() -> None:
    coarse = make_space(site("M", "1", "Mg2+", substituent("Zn2+", "0.5")), CHLORIDE)
    fine = make_space(CHLORIDE, site("M", "1", "Mg2+", substituent("Zn2+", "0.1 0.2 0.3 0.4 0.5")))
    assert {coarse.candidate(r).key for r in range(2)} <= {fine.candidate(r).key for r in range(6)}
    assert coarse.space_hash != fine.space_hash


def test_the_hash_names_the_definition() -> None:
    one = make_space(site("M", "1", "Mg2+", substituent("Zn2+", "0.5")), CHLORIDE)
    same = make_space(site("M", "1", "Mg2+", substituent("Zn2+", "1/2")), CHLORIDE)
    other = make_space(site("M", "1", "Mg2+", substituent("Zn2+", "0.5")), CHLORIDE, li=("0", "19"))
    assert one.space_hash == same.space_hash != other.space_hash


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (site("M", "1", "Mg2+", substituent("Mg2+", "0.1")), "own host"),
        (site("M", "1", "Mg2+", substituent("Li+", "0.1")), "charge-compensating"),
        (site("M", "1", "Mg2+", substituent("Zn2+", "0.5 1.5")), "goes up to 1.5, but the site holds 1"),
        (site("M", "1", "Mg2+", Substituent(parse_species("Zn2+"), ())), "no levels"),
        (site("M", "1", "Mg2+", substituent("Zn2+", "0 0.5")), "level 0"),
        (site("+", "1", "Mg2+"), "usable name"),
        (site("M", "0", "Mg2+"), "not above zero"),
        (Site("X", Fraction(1), parse_species("Mg2+"), (), None), "declared twice"),
        (
            site("M", "1", "Mg2+", substituent("Zn2+", "0.1"), substituent("Zn2+", "0.2", dopant=False)),
            "as a dopant and as none",
        ),
    ],
)
def test_definitions_that_contradict_themselves(bad: Site, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        make_space(bad, CHLORIDE)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(SpaceError) as caught:
        make_space(site("M", "1", "Mg2+", substituent("Mg2+", "0.1"), substituent("Zn2+", "2")), CHLORIDE)
    assert len(caught.value.problems) == 2


def test_numbers_are_read_exactly() -> None:
    assert numbers("0.3 1/3 1e-8") == (Fraction(3, 10), Fraction(1, 3), Fraction(1, 10**8))
