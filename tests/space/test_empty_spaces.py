"""An empty space says which bound makes it so, and what is within reach."""

import pytest
from space_builders import amount_limit, distinct, make_shelf, make_space, site, substituent

from alloop.errors import SpaceError
from alloop.space import Limits, Site

CHLORIDE = site("X", "4", "Cl-")
SPINEL = (site("M", "1", "Mg2+", substituent("In3+", "0.2 0.4")), CHLORIDE)


def reasons(*sites: Site, **definition: object) -> list[str]:
    with pytest.raises(SpaceError) as caught:
        make_space(*sites, **definition)
    return [str(problem) for problem in caught.value.problems]


def test_compensation_out_of_reach() -> None:
    assert reasons(*SPINEL, li=("3", "4")) == [
        "space: no candidate is left: charge_compensation allows 3 to 4, but Li+ is 1.6 to 2; change the bound"
    ]


def test_compensation_that_would_be_negative() -> None:
    (reason,) = reasons(site("M", "1", "Zr4+"), site("X", "2", "Cl-"), li=("0", "3"))
    assert "Li+ is always -2" in reason


def test_values_on_both_sides_of_the_bound() -> None:
    (reason,) = reasons(*SPINEL, li=("1.7", "1.75"))
    assert "Li+ is 1.6 to 2, never a value in between" in reason


def test_two_bounds_that_exclude_each_other_are_both_named() -> None:
    limits = Limits(amounts=(amount_limit("In3+", low="0.4"),))
    lines = reasons(*SPINEL, li=("1.8", "2"), limits=limits)
    assert len(lines) == 2
    assert "charge_compensation allows 1.8 to 2, but Li+ is always 1.6" in lines[0]
    assert "limits.amounts[0] allows at least 0.4, but In3+ is 0 to 0.2" in lines[1]


def test_too_few_different_species() -> None:
    (reason,) = reasons(*SPINEL, limits=Limits(distinct=(distinct("Mg2+ In3+", low=3),)))
    assert "limits.distinct[0] allows at least 3" in reason
    assert "is 1 to 2" in reason


def test_an_excluded_host_that_nothing_can_replace() -> None:
    (reason,) = reasons(*SPINEL, limits=Limits(exclude_elements=("Mg",)))
    assert "limits.exclude_elements rules out Mg2+" in reason
    assert "substituents on M is 0 to 0.4" in reason


def test_many_bounds_that_leave_nothing_together() -> None:
    ends = [{"low": "0.4"}, {"low": "0.3"}, {"high": "0.2"}, {"high": "0.1"}]
    limits = Limits(amounts=tuple(amount_limit("In3+", **end) for end in ends))
    (reason,) = reasons(*SPINEL, limits=limits)
    assert reason.startswith("space: nothing satisfies all of it at once")
    assert "limits.amounts[0] allows at least 0.4" in reason


def test_a_shelf_that_makes_nothing_names_the_element() -> None:
    lines = reasons(*SPINEL, shelf=make_shelf("LiCl InCl3"))
    assert lines[0] == "precursors: the precursors can make none of the candidates; add what is missing"
    assert any("no precursor brings Mg" in line for line in lines)


def test_no_sites() -> None:
    assert reasons() == ["space.sites: is empty; declare at least one site"]
