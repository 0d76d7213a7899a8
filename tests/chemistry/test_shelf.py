from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from alloop.chemistry import Shelf, make_precursor, molar_mass, parse_formula
from alloop.errors import PrecursorError

CHLORIDES = ["LiCl", "LiBr", "MgCl2", "ZnCl2", "MnCl2", "InCl3", "ScCl3", "ZrCl4"]


def shelf(*formulas: str, atmosphere: str = "inert") -> Shelf:
    return Shelf(tuple(make_precursor(formula) for formula in formulas), atmosphere)  # type: ignore[arg-type]


def garnet_shelf() -> Shelf:
    others = [make_precursor(formula) for formula in ("La2O3", "ZrO2", "Al2O3", "Ta2O5")]
    return Shelf((make_precursor("Li2CO3", "Li2O", excess=0.1), *others), "air")


def as_row(formula: str, elements: list[str]) -> np.ndarray:
    amounts = parse_formula(formula)
    return np.array([[float(amounts.get(element, 0)) for element in elements]])


def total(portions: dict[str, Fraction], on: Shelf) -> dict[str, Fraction]:
    """Atoms that the portions leave."""
    made: dict[str, Fraction] = {}
    for entry in on.precursors:
        for element, amount in entry.gives.items():
            made[element] = made.get(element, Fraction(0)) + amount * portions.get(entry.formula, 0)
    return {element: amount for element, amount in made.items() if amount}


def test_thirds_stay_exact() -> None:
    on = shelf("LiCl", "InCl3", "ScCl3")
    amounts = parse_formula("Li2In1/3Sc1/3Cl4")
    assert on.solve(amounts) == {"LiCl": 2, "InCl3": Fraction(1, 3), "ScCl3": Fraction(1, 3)}


def test_garnet_in_air_ignores_oxygen_and_carbon() -> None:
    portions = garnet_shelf().solve(parse_formula("Li6.25Al0.25La3Zr2O12"))
    assert portions == {
        "Li2CO3": Fraction(25, 8), "La2O3": Fraction(3, 2), "ZrO2": 2, "Al2O3": Fraction(1, 8),
    }  # fmt: skip
    # a carbonate whose 'gives' is forgotten loses its carbon dioxide in air all the same, but not under argon
    plain = shelf("Li2CO3", "Al2O3", atmosphere="air")
    assert plain.solve(parse_formula("LiAlO2")) == {"Li2CO3": Fraction(1, 2), "Al2O3": Fraction(1, 2)}
    with pytest.raises(PrecursorError, match="Li2CO3 brings Li only together with C"):
        shelf("Li2CO3", "Al2O3").solve(parse_formula("LiAlO2"))


def test_two_valences_from_one_oxide() -> None:
    for_air = shelf("Li2CO3", "CeO2", "ZrO2", atmosphere="air")
    assert for_air.solve(parse_formula("LiCe0.5Zr0.5O2"))["CeO2"] == Fraction(1, 2)  # Ce(III) from Ce(IV)
    under_argon = shelf("Li2O", "CeO2", "ZrO2")
    assert under_argon.solve(parse_formula("Li2CeO3")) == {"Li2O": 1, "CeO2": 1}
    with pytest.raises(PrecursorError, match=r"O 1\.75 instead of"):
        under_argon.solve(parse_formula("Li0.5Ce0.5Zr0.25O1.7"))


def test_volatile_elements_count_where_the_composition_holds_them() -> None:
    on = shelf("LiOH", "LiCl", "Li2O", atmosphere="air")
    elements = ["Li", "O", "H", "Cl"]
    assert on.reachable(as_row("Li2OHCl", elements), elements).all()
    assert on.solve(parse_formula("Li2OHCl")) == {"LiOH": 1, "LiCl": 1}
    without = shelf("LiCl", "Li2O", atmosphere="air")
    assert not without.reachable(as_row("Li2OHCl", elements), elements).any()
    with pytest.raises(PrecursorError, match="no precursor brings H"):
        without.solve(parse_formula("Li2OHCl"))
    assert on.solve(parse_formula("Li2O")) == {"LiOH": 2}  # water leaves where no hydrogen is wanted


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Li2CdCl4", "no precursor brings Cd; add a compound of Cd"),
        ("Li2MgO4", "MgCl2 brings Mg only together with Cl"),
        ("Li2MgCl5", "Cl 4 instead of 5"),
        ("Li1.5MgBr2Cl1.5", "Br 1.5 instead of 2"),
    ],
)
def test_names_the_element_that_cannot_be_had(formula: str, message: str) -> None:
    with pytest.raises(PrecursorError, match=message) as caught:
        shelf(*CHLORIDES).solve(parse_formula(formula), where="well B07")
    assert all(problem.where == "well B07" for problem in caught.value.problems)


def test_every_missing_element_is_its_own_problem() -> None:
    with pytest.raises(PrecursorError) as caught:
        shelf(*CHLORIDES).solve(parse_formula("Li2Cd0.5Hg0.5Cl4"))
    assert [problem.what for problem in caught.value.problems] == [
        "no precursor brings Cd", "no precursor brings Hg",
    ]  # fmt: skip


def test_a_forgotten_gives_is_the_advice_for_a_hydrate_under_argon() -> None:
    with pytest.raises(PrecursorError, match="say with 'gives' what AlCl3·6H2O leaves"):
        shelf("LiCl", "AlCl3·6H2O").solve(parse_formula("LiAlCl4"))


def test_later_precursors_are_avoided() -> None:
    amounts = parse_formula("Li6PS5Cl")
    assert shelf("Li2S", "P2S5", "LiCl", "Li3PS4").solve(amounts) == {
        "Li2S": Fraction(5, 2), "P2S5": Fraction(1, 2), "LiCl": 1,
    }  # fmt: skip
    assert shelf("Li3PS4", "Li2S", "LiCl", "P2S5").solve(amounts) == {"Li3PS4": 1, "Li2S": 1, "LiCl": 1}
    # bromine comes from LiBr everywhere, not from a bromide of each metal
    mixed = shelf("LiCl", "LiBr", "MgCl2", "MgBr2", "ZnCl2", "ZnBr2")
    assert set(mixed.solve(parse_formula("Li2Mg0.5Zn0.5Cl3Br"))) == {"LiCl", "LiBr", "MgCl2", "ZnCl2"}


def test_the_cheaper_way_wins_whatever_the_order() -> None:
    for order in (1, -1):
        entries = [
            make_precursor("Li2CO3", "Li2O", price_per_g=0.3),
            make_precursor("LiOH", price_per_g=5.0),
            make_precursor("Al2O3"),
        ]
        on = Shelf(tuple(entries[::order]), "air")
        assert set(on.solve(parse_formula("LiAlO2"))) == {"Li2CO3", "Al2O3"}


def test_a_precursor_without_a_price_does_not_look_free() -> None:
    on = Shelf((make_precursor("LiOH"), make_precursor("Li2CO3", price_per_g=0.3)), "air")
    assert set(on.solve(parse_formula("Li2O"))) == {"LiOH"}  # lighter at the same price
    alumina = make_precursor("Al2O3", price_per_g=9)
    assert set(Shelf((*on.precursors, alumina), "air").solve(parse_formula("Li2O"))) == {"Li2CO3"}


def test_refuses_doubles_and_oxygen_from_argon() -> None:
    with pytest.raises(PrecursorError) as caught:
        Shelf((make_precursor("LiCl"), make_precursor("LiCl"), make_precursor("Sb2O3", "Sb2O5")), "inert")
    assert [problem.where for problem in caught.value.problems] == ["precursors", "precursor Sb2O3"]
    with pytest.raises(PrecursorError, match="neither 'air' nor 'inert'"):
        Shelf((), "vacuum")  # type: ignore[arg-type]


def test_bromine_beyond_the_lithium_is_out_of_reach() -> None:
    on = shelf(*CHLORIDES)
    elements = ["Li", "Mg", "Zr", "Cl", "Br"]
    rng = np.random.default_rng(0)
    lithium, zirconium = rng.integers(20, 49, 5000) / 20, rng.integers(0, 9, 5000) / 20
    halide = lithium + 2 + 2 * zirconium
    bromine = np.floor(rng.random(5000) * halide * 20) / 20
    rows = np.column_stack([lithium, 1 - zirconium, zirconium, halide - bromine, bromine])
    rows = np.where(rows[:, [1]] >= 0, rows, 0)
    rows[:, 3] = np.maximum(rows[:, 0] + 2 * rows[:, 1] + 4 * rows[:, 2] - rows[:, 4], 0)
    neutral = np.isclose(rows[:, 0] + 2 * rows[:, 1] + 4 * rows[:, 2], rows[:, 3] + rows[:, 4])
    assert (on.reachable(rows, elements) == (neutral & (rows[:, 4] <= rows[:, 0] + 1e-9))).all()


def test_nothing_and_no_compositions() -> None:
    on = shelf(*CHLORIDES)
    assert on.reachable(np.zeros((0, 2)), ["Li", "Cl"]).shape == (0,)
    assert on.reachable(np.zeros((1, 2)), ["Li", "Cl"]).all()
    assert not on.reachable(np.ones((1, 1)), ["Xe"]).any()
    assert on.solve({}) == {}
    assert not Shelf(()).reachable(np.ones((2, 1)), ["Li"]).any()


ELEMENTS = ["Li", "Mg", "Al", "P", "S", "Cl"]
POSSIBLE = [
    "Li2S", "LiCl", "MgS", "MgCl2", "Al2S3", "AlCl3", "P2S5", "PCl5", "PSCl3", "Li3PS4", "Li4P2S6", "S", "Mg",
    "LiAlS2", "LiAlCl4", "MgAl2S4",
]  # fmt: skip
small_shelves = st.lists(st.sampled_from(POSSIBLE), min_size=1, max_size=10, unique=True)
quarters = st.integers(0, 12).map(lambda count: Fraction(count, 4))


@given(small_shelves, st.lists(st.lists(quarters, min_size=10, max_size=10), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_is_mixed_from_the_shelf_is_reachable_and_solved_exactly(
    formulas: list[str], mixtures: list[list[Fraction]]
) -> None:
    on = shelf(*formulas)
    made = [total(dict(zip(formulas, mixture, strict=False)), on) for mixture in mixtures]
    rows = np.array([[float(amounts.get(element, 0)) for element in ELEMENTS] for amounts in made])
    assert on.reachable(rows, ELEMENTS).all()
    moles = on.portions(rows, ELEMENTS)
    for amounts, row in zip(made, moles, strict=True):
        exact = on.solve(amounts)
        assert total(exact, on) == amounts
        assert all(amount > 0 for amount in exact.values())
        if amounts:
            expected = [float(exact.get(formula, 0)) for formula in formulas]
            assert row == pytest.approx(expected, abs=1e-8)
            assert sum(row[i] * on.precursors[i].molar_mass for i in range(len(row))) == pytest.approx(
                molar_mass(amounts)
            )


@given(small_shelves, st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_reachable_agrees_with_linear_programming(formulas: list[str], wanted: list[list[int]]) -> None:
    on = shelf(*formulas)
    matrix = np.array(
        [[float(entry.gives.get(element, 0)) for entry in on.precursors] for element in ELEMENTS]
    )
    rows = np.array(wanted, dtype=float)
    answers = on.reachable(rows, ELEMENTS)
    for row, answer in zip(rows, answers, strict=True):
        program = linprog(np.zeros(len(formulas)), A_eq=matrix, b_eq=row)
        assert answer == (program.status == 0)
        amounts = {e: Fraction(int(count)) for e, count in zip(ELEMENTS, row, strict=True) if count}
        if answer:
            assert total(on.solve(amounts), on) == amounts
        else:
            with pytest.raises(PrecursorError):
                on.solve(amounts)
    assert (np.isnan(on.portions(rows, ELEMENTS)).any(axis=1) == ~answers).all()
    fresh = shelf(*formulas)  # answers do not depend on what was asked before
    assert (fresh.reachable(rows[::-1], ELEMENTS)[::-1] == answers).all()


@given(
    st.lists(st.sampled_from(POSSIBLE), min_size=4, max_size=10, unique=True),
    st.lists(st.integers(1, 40), min_size=10, max_size=10),
    st.lists(quarters, min_size=10, max_size=10),
)
@settings(max_examples=50, deadline=None)
def test_no_other_way_is_cheaper(formulas: list[str], prices: list[int], mixture: list[Fraction]) -> None:
    entries = [make_precursor(f, price_per_g=p / 10) for f, p in zip(formulas, prices, strict=False)]
    on = Shelf(tuple(entries))
    amounts = total(dict(zip(formulas, mixture, strict=False)), on)
    costs = np.array([entry.mass_g(1.0) * (entry.price_per_g or 0) for entry in entries])
    matrix = np.array([[float(entry.gives.get(element, 0)) for entry in entries] for element in ELEMENTS])
    program = linprog(costs, A_eq=matrix, b_eq=[float(amounts.get(element, 0)) for element in ELEMENTS])
    found = on.solve(amounts)
    paid = sum(cost * float(found.get(entry.formula, 0)) for cost, entry in zip(costs, entries, strict=True))
    assert paid == pytest.approx(program.fun, rel=1e-5, abs=1e-6)
