"""What the shelf leaves of a site space."""

from space_builders import (
    compositions,
    make_shelf,
    make_space,
    site,
    substituent,
)

CHLORIDE = site("X", "4", "Cl-")


def test_the_shelf_can_hang_on_amounts() -> None:
    """Bromine comes only with lithium, so a candidate holds no more bromine than lithium."""
    sites = (
        site("M", "1", "Mg2+", substituent("Zr4+", "0.5")),
        site("X", "4", "Cl-", substituent("Br-", "0.5 1 1.5 2 2.5")),
    )
    space = make_space(*sites, shelf=make_shelf("LiCl LiBr MgCl2 ZrCl4"))
    assert space.size == 5 + 3
    assert [str(column) for column in space.never_used] == []


def test_one_precursor_serves_two_valences_in_air_only() -> None:
    sites = (
        site("M", "1", "Zr4+", substituent("Ce4+", "0.5"), substituent("Ce3+", "0.5")),
        site("O", "3", "O2-"),
    )
    formulas = "Li2CO3>Li2O ZrO2 CeO2"
    assert make_space(*sites, shelf=make_shelf(formulas, "air")).size == 4
    inert = make_space(*sites, shelf=make_shelf("Li2O ZrO2 CeO2"))
    assert inert.size == 2
    assert [str(column) for column in inert.never_used] == ["Ce3+ on M"]


def test_vacancies_need_no_precursor() -> None:
    sites = (site("M", "1", "Mg2+", substituent("Va", "0.5")), CHLORIDE)
    assert make_space(*sites, shelf=make_shelf("LiCl MgCl2")).size == 2


def test_a_substituent_without_precursor_is_never_used() -> None:
    sites = (site("M", "1", "Mg2+", substituent("Zn2+", "0.5"), substituent("Ni2+", "0.5")), CHLORIDE)
    space = make_space(*sites, shelf=make_shelf("LiCl MgCl2 ZnCl2"))
    assert space.size == 2
    assert [str(column) for column in space.never_used] == ["Ni2+ on M"]


def test_a_volatile_element_that_the_candidate_holds_must_balance() -> None:
    """In air nitrogen leaves, but a candidate that keeps some needs a precursor that brings it."""
    sites = (site("M", "1", "Zr4+"), site("X", "2", "O2-", substituent("N3-", "0.5 1")))
    everything = compositions(make_space(*sites))
    assert compositions(make_space(*sites, shelf=make_shelf("LiNO3>Li2O ZrO2 ZrN", "air"))) == everything
    only_oxide = make_space(*sites, shelf=make_shelf("LiNO3>Li2O ZrO2", "air"))
    assert [only_oxide.candidate(rank).formula for rank in range(only_oxide.size)] == ["ZrO2"]
