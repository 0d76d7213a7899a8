from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.chemistry import Shelf, make_precursor, molar_mass, parse_formula
from alloop.errors import PrecursorError
from alloop.synthesis import WeighPlan, WellRecipe, composition_error, weigh_plate, weighed_amounts

GARNET = Shelf(
    (
        make_precursor("Li2CO3", "Li2O", purity=0.99, excess=0.1),
        make_precursor("La2O3", purity=0.999),
        make_precursor("ZrO2"),
        make_precursor("Al(NO3)3·9H2O", "Al2O3", purity=0.98),
        make_precursor("Ta2O5"),
    ),
    "air",
)


def recipe(formula: str, well: str = "A01", excess: Mapping[str, float] | None = None) -> WellRecipe:
    return WellRecipe(well, f"P-001-{well}", formula, parse_formula(formula), excess or {})


def masses(plan: WeighPlan, well: int = 0) -> dict[str, float]:
    return {portion.precursor: portion.exact_mg for portion in plan.wells[well].portions}


amounts = st.integers(0, 12).map(lambda count: Fraction(count, 20))


@given(amounts, amounts, st.floats(0.05, 5), st.floats(0, 0.3), st.floats(0.5, 1))
@settings(max_examples=50, deadline=None)
def test_the_exact_portions_hold_the_product_atom_by_atom(
    al: Fraction, ta: Fraction, sample_g: float, excess: float, purity: float
) -> None:
    lithium = make_precursor("Li2CO3", "Li2O", purity=purity, excess=0.5)
    shelf = Shelf((lithium, *GARNET.precursors[1:]), "air")
    target = {"Li": 7 - 3 * al - ta, "Al": al, "La": Fraction(3), "Zr": 2 - ta, "Ta": ta, "O": Fraction(12)}
    target = {element: amount for element, amount in target.items() if amount}
    well = WellRecipe("A01", "P-001-A01", "a garnet", target, {"Li2CO3": excess})
    plan = weigh_plate([well], shelf, sample_g, 0.1)
    units = sample_g / molar_mass(target)
    by_formula = {entry.formula: entry for entry in shelf.precursors}
    for element in target:
        if element != "O":
            held = sum(
                portion.exact_mg / 1000 * by_formula[portion.precursor].purity
                / by_formula[portion.precursor].molar_mass
                / (1 + (excess if portion.precursor == "Li2CO3" else 0))
                * float(by_formula[portion.precursor].gives.get(element, 0))
                for portion in plan.portions
            )  # fmt: skip
            assert held == pytest.approx(units * float(target[element]), rel=1e-9)


@given(st.lists(st.integers(1, 20), min_size=4, max_size=4))
@settings(max_examples=50, deadline=None)
def test_under_argon_the_powder_weighs_what_the_product_weighs(parts: list[int]) -> None:
    shelf = Shelf(tuple(make_precursor(formula) for formula in ("LiCl", "MgCl2", "ZrCl4", "LiBr")))
    target: dict[str, Fraction] = {}
    for precursor, count in zip(shelf.precursors, parts, strict=True):
        for element, atoms in precursor.elements.items():
            target[element] = target.get(element, Fraction(0)) + atoms * Fraction(count, 3)
    plan = weigh_plate([WellRecipe("A01", "P-001-A01", "a spinel", target)], shelf, 0.5, 0.1)
    assert sum(portion.exact_mg for portion in plan.portions) == pytest.approx(500, rel=1e-9)


def test_known_masses_of_a_garnet() -> None:
    plan = weigh_plate([recipe("Li7La3Zr2O12")], GARNET, 1.0, 0.1)
    product = 7 * 6.94 + 3 * 138.905 + 2 * 91.224 + 12 * 15.999
    assert masses(plan)["ZrO2"] == pytest.approx(1000 / product * 2 * 123.222, rel=1e-4)
    assert masses(plan)["La2O3"] == pytest.approx(1000 / product * 1.5 * 325.808 / 0.999, rel=1e-4)
    assert masses(plan)["Li2CO3"] == pytest.approx(1000 / product * 3.5 * 73.888 * 1.1 / 0.99, rel=1e-4)
    assert plan.wells[0].product_mg == 1000
    assert plan.wells[0].powder_mg > 1200  # carbon dioxide and the excess leave


def test_a_hydrate_is_weighed_with_its_water() -> None:
    plan = weigh_plate([recipe("Li6.4Al0.2La3Zr2O12")], GARNET, 1.0, 0.1)
    units = 1000 / molar_mass(parse_formula("Li6.4Al0.2La3Zr2O12"))
    hydrate = molar_mass(parse_formula("AlN3O9·9H2O"))
    assert masses(plan)["Al(NO3)3·9H2O"] == pytest.approx(units * 0.2 * hydrate / 0.98, rel=1e-9)


def test_a_wells_own_excess_replaces_the_shelfs() -> None:
    plan = weigh_plate(
        [recipe("Li7La3Zr2O12"), recipe("Li7La3Zr2O12", "A02", {"Li2CO3": 0.0, "Ta2O5": 0.3})],
        GARNET,
        1.0,
        0.1,
    )
    assert masses(plan, 0)["Li2CO3"] == pytest.approx(1.1 * masses(plan, 1)["Li2CO3"])
    assert masses(plan, 0)["La2O3"] == pytest.approx(masses(plan, 1)["La2O3"])


def test_thirds_come_out_of_one_number() -> None:
    shelf = Shelf(tuple(make_precursor(formula) for formula in ("LiCl", "InCl3", "ScCl3")))
    plan = weigh_plate([recipe("Li2In1/3Sc1/3Cl4")], shelf, 0.5, 0.01)
    found = masses(plan)
    assert found["InCl3"] / found["ScCl3"] == pytest.approx(
        shelf.precursors[1].molar_mass / shelf.precursors[2].molar_mass, rel=1e-12
    )


@pytest.mark.parametrize("step", [0.01, 0.05, 0.1, 1.0])
def test_portions_are_what_the_balance_shows(step: float, weighed: Callable[..., WeighPlan]) -> None:
    plan = weighed(balance_resolution_mg=step)
    for portion in plan.portions:
        assert abs(portion.mass_mg - portion.exact_mg) <= step / 2 * (1 + 1e-9)
        assert Fraction(str(portion.mass_mg)) % Fraction(str(step)) == 0
    worst = max(well.composition_error for well in plan.wells)
    assert 0 < worst < 0.01 * step  # half a step of 500 mg is a thousandth for 1 mg
    for total in plan.totals:
        own = [p.mass_mg for p in plan.portions if p.precursor == total.precursor.formula]
        assert total.total_g == pytest.approx(sum(own) / 1000, rel=1e-12)
        assert (total.portions, total.smallest_mg) == (len(own), min(own))


def test_the_composition_error_is_the_largest_change_of_an_atomic_fraction() -> None:
    shelf = Shelf((make_precursor("LiCl"), make_precursor("MgCl2")))
    plan = weigh_plate([recipe("Li2MgCl4")], shelf, 0.01, 1.0)
    well = plan.wells[0]
    lithium = well.portions[0].mass_mg / shelf.precursors[0].molar_mass
    magnesium = well.portions[1].mass_mg / shelf.precursors[1].molar_mass
    total = 2 * lithium + 3 * magnesium
    made = {"Li": lithium / total, "Mg": magnesium / total, "Cl": (lithium + 2 * magnesium) / total}
    expected = max(abs(made[e] - share) for e, share in (("Li", 2 / 7), ("Mg", 1 / 7), ("Cl", 4 / 7)))
    assert well.composition_error == pytest.approx(expected, rel=1e-12)
    assert expected > 0.001
    assert parse_formula(well.weighed_formula).keys() == {"Li", "Mg", "Cl"}


@given(st.lists(st.floats(1, 500), min_size=3, max_size=3))
@settings(max_examples=50, deadline=None)
def test_weighed_amounts_invert_weighing(scale: list[float]) -> None:
    target = parse_formula("Li7La3Zr2O12")
    plan = weigh_plate([WellRecipe("A01", "P-001-A01", "LLZO", target)], GARNET, scale[0] / 100, 0.1)
    made = weighed_amounts(masses(plan), target, GARNET)
    assert made == pytest.approx({element: float(amount) for element, amount in target.items()}, rel=1e-9)
    assert composition_error(made, target, GARNET) < 1e-12
    other = {
        formula: mass * factor for (formula, mass), factor in zip(masses(plan).items(), scale, strict=True)
    }
    shifted = weighed_amounts(other, target, GARNET)
    assert shifted["O"] == 12  # oxygen follows from the air
    assert sum(shifted.values()) == pytest.approx(24, rel=1e-9)
    assert shifted["Li"] / shifted["Zr"] == pytest.approx(3.5 * scale[0] / scale[2], rel=1e-9)


def test_a_powder_that_does_not_belong_shows_in_what_was_weighed() -> None:
    target = parse_formula("Li7La3Zr2O12")
    plan = weigh_plate([recipe("Li7La3Zr2O12")], GARNET, 1.0, 0.1)
    made = weighed_amounts({**masses(plan), "Ta2O5": 50.0}, target, GARNET)
    assert made["Ta"] > 0.1
    assert composition_error(made, target, GARNET) == pytest.approx(made["Ta"] / 12, rel=0.01)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"NaCl": 3.0}, "NaCl: is not among the precursors"),
        ({"ZrO2": -1.0}, "-1 mg is not a mass"),
        ({"ZrO2": float("nan")}, "nan mg is not a mass"),
        ({"ZrO2": 0.0}, "nothing was weighed"),
        ({}, "nothing was weighed"),
    ],
)
def test_refuses_weights_that_are_none(weights: dict[str, float], message: str) -> None:
    with pytest.raises(PrecursorError, match=message):
        weighed_amounts(weights, parse_formula("Li7La3Zr2O12"), GARNET)


def test_every_well_out_of_reach_is_named_at_once() -> None:
    recipes = [
        recipe("Li7La3Zr2O12", "A01"),
        recipe("Li7La3Hf2O12", "A02"),
        recipe("Li6W0.5La3Zr1.5O12", "A03"),
        recipe("Li7La3Zr2O12", "A04", {"LiOH": 0.1}),
    ]
    with pytest.raises(PrecursorError) as caught:
        weigh_plate(recipes, GARNET, 1.0, 0.1)
    lines = [str(problem) for problem in caught.value.problems]
    assert len(lines) == 3
    assert lines[0].startswith("well A02 (Li7La3Hf2O12): no precursor brings Hf")
    assert lines[1].startswith("well A03 (Li6W0.5La3Zr1.5O12): no precursor brings W")
    assert "an excess of LiOH is asked for" in lines[2]


def test_a_portion_that_vanishes_is_a_composition_that_is_wrong() -> None:
    plan = weigh_plate([recipe("Li6.97Al0.01La3Zr2O12")], GARNET, 0.02, 1.0)
    assert 0.0 in [portion.mass_mg for portion in plan.portions]
    assert "Al" not in parse_formula(plan.wells[0].weighed_formula)
    assert any("cannot weigh at all" in line for line in plan.advice)
    nothing = weigh_plate([recipe("Li7La3Zr2O12")], GARNET, 0.0002, 1.0)
    assert nothing.wells[0].composition_error == 1.0


def test_stock_that_does_not_suffice_is_said() -> None:
    shelf = Shelf((make_precursor("LiCl", stock_g=0.2), make_precursor("MgCl2", stock_g=50)))
    plan = weigh_plate([recipe("Li2MgCl4"), recipe("Li2MgCl4", "A02")], shelf, 0.5, 0.1)
    assert [total.is_short for total in plan.totals] == [True, False]
    assert len(plan.advice) == 1
    assert plan.advice[0].startswith("LiCl: the plate takes 0.471 g, in stock are 0.2 g; get 0.271 g")


def test_a_plate_without_wells_needs_nothing() -> None:
    plan = weigh_plate([], GARNET, 0.5, 0.1)
    assert (plan.portions, plan.totals, plan.advice, plan.batches) == ((), (), (), ())


@pytest.mark.parametrize(("sample", "step"), [(0.0, 0.1), (0.5, 0.0), (-1.0, 0.1)])
def test_masses_must_be_above_zero(sample: float, step: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        weigh_plate([], GARNET, sample, step)
