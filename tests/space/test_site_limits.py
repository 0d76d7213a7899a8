"""Limits of a site space: sums, places, numbers of species, excluded elements."""

from fractions import Fraction

import pytest
from space_builders import (
    CHLORIDE,
    amount_limit,
    distinct,
    held,
    make_space,
    site,
    substituent,
)

from alloop.errors import SpaceError
from alloop.space import AmountLimit, Limits


def test_weighted_sums_couple_species() -> None:
    """Two oxygens come with each tungsten, as WO2Cl4 units do."""
    limit = AmountLimit((("W6+", None, Fraction(2)), ("O2-", None, Fraction(-1))), Fraction(0), Fraction(0))
    sites = (
        site("M", "1", "Zr4+", substituent("W6+", "0.1 0.2 0.3")),
        site("X", "6", "Cl-", substituent("O2-", "0.2 0.4")),
    )
    space = make_space(*sites, limits=Limits(amounts=(limit,)))
    assert held(space, "W6+ on M") == {Fraction(0), Fraction(1, 10), Fraction(1, 5)}
    assert space.size == 3
    ends = [rank for rank in range(space.size) if len(space.candidate(rank).dopants) == 2]
    assert [other for rank in ends for other in space.neighbours(rank) if other in ends] == ends[::-1]


def test_amounts_can_be_bound_to_a_site() -> None:
    entry = substituent("Y3+", "0.2 0.4")
    sites = (site("La", "1", "La3+", entry), site("Zr", "1", "Zr4+", entry), site("O", "6", "O2-"))
    limits = Limits(amounts=(amount_limit("Y3+", high="0.2", on="Zr"),))
    space = make_space(*sites, limits=limits)
    assert held(space, "Y3+ on Zr") == {Fraction(0), Fraction(1, 5)}
    assert held(space, "Y3+ on La") == {Fraction(0), Fraction(1, 5), Fraction(2, 5)}


def test_limits_see_hosts_and_the_compensator() -> None:
    sites = (site("M", "1", "Mg2+", substituent("In3+", "0.25 0.5 0.75")), CHLORIDE)
    assert make_space(*sites, limits=Limits(amounts=(amount_limit("Mg2+ Li+", high="2"),))).size == 2


def test_distinct_counts_a_present_host() -> None:
    entries = [substituent(symbol, "0.25 0.5") for symbol in ("Er3+", "Yb3+", "In3+")]
    sites = (site("M", "1", "Y3+", *entries), site("X", "6", "Cl-"))
    space = make_space(*sites, limits=Limits(distinct=(distinct("Y3+ Er3+ Yb3+ In3+", low=3),)))
    parts = [dict(space.candidate(rank).parts)["M"] for rank in range(space.size)]
    assert min(len(part) for part in parts) == 3
    # Two substituents beside the host, all four, or three that leave the host nothing.
    assert space.size == 3 * 3 + 1 + 3


def test_distinct_counts_a_species_on_two_sites_once() -> None:
    entries = (substituent("Y3+", "0.1"), substituent("Sc3+", "0.1"))
    sites = (site("La", "1", "La3+", *entries), site("Zr", "1", "Zr4+", *entries), site("O", "6", "O2-"))
    space = make_space(*sites, limits=Limits(distinct=(distinct("Y3+ Sc3+", 1, 1),)))
    assert space.size == 6


def test_excluded_elements_are_in_no_candidate() -> None:
    sites = (site("M", "1", "Mg2+", substituent("Zn2+", "0.5 1"), substituent("Cd2+", "0.5 1")), CHLORIDE)
    without = make_space(*sites, limits=Limits(exclude_elements=("Cd",)))
    assert without.size == 3
    assert "Cd" not in without.elements
    no_host = make_space(*sites, limits=Limits(exclude_elements=("Mg",)))
    assert no_host.size == 3
    assert all("Mg" not in no_host.candidate(rank).amounts for rank in range(3))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            Limits(amounts=(amount_limit("Ni2+", high="1"),)),
            "Ni2\\+ is not in the space; choose from Cl-, Mg2\\+",
        ),
        (Limits(amounts=(amount_limit("Mg2+", high="1", on="Q"),)), "no site 'Q'"),
        (Limits(amounts=(amount_limit("Mg2+", low="2", high="1"),)), "min 2 is above max 1"),
        (Limits(amounts=(amount_limit("Mg2+"),)), "neither min nor max"),
        (Limits(amounts=(amount_limit("Li+", high="1", on="M"),)), "not tied to a site"),
        (Limits(distinct=(distinct("Li+", 1),)), "may be absent"),
        (Limits(max_dopants=-1), "below zero"),
        (Limits(exclude_elements=("Li",)), "excluded element"),
    ],
)
def test_limits_that_cannot_be_meant(limits: Limits, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        make_space(site("M", "1", "Mg2+", substituent("Zn2+", "0.5")), CHLORIDE, limits=limits)
