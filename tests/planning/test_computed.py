"""Properties that follow from the composition."""

from dataclasses import replace

import numpy as np
import pytest
from planning_builders import CONDUCTIVITY, SHELF, problem, some, spinel

from alloop.chemistry import Shelf, make_precursor, molar_mass, parse_formula
from alloop.planning import Constraint, Objective, plan_plate
from alloop.planning.computed import Computed, computed_values
from alloop.space import FeatureMap

PRICES = {"LiCl": 1.0, "MgCl2": 2.0, "ZnCl2": 3.0, "MnCl2": 4.0, "InCl3": 50.0, "ZrCl4": 6.0}


def priced() -> Shelf:
    return Shelf(
        tuple(make_precursor(formula, price_per_g=PRICES[formula]) for formula in SHELF.split()), "inert"
    )


def test_costs_and_lithium_by_hand() -> None:
    amounts = np.array([[4.0, 2.0, 1.0]])
    elements = ["Cl", "Li", "Mg"]
    salt, magnesia = (molar_mass(parse_formula(formula)) for formula in ("LiCl", "MgCl2"))
    total = 2 * salt + magnesia
    assert computed_values("cost", amounts, elements, priced())[0] == pytest.approx(
        (2 * salt * 1.0 + magnesia * 2.0) / total
    )
    lithium = computed_values("li_mass_fraction", amounts, elements, None)[0]
    assert lithium == pytest.approx(2 * 6.94 / total, rel=1e-3)
    assert np.isnan(computed_values("cost", amounts, elements, None)).all()


@pytest.mark.parametrize("name", ["cost", "li_mass_fraction"])
def test_features_give_back_what_the_composition_says(name: str) -> None:
    space, shelf = spinel(), priced()
    features = FeatureMap(space)
    block = space.decode(some(space, 200))
    x = features.of_block(block)
    model = Computed(name, "linear", space, features, shelf, x)
    exact = computed_values(name, space.element_amounts(block), space.elements, shelf)
    for seen in (x, x.astype(np.float32)):
        np.testing.assert_allclose(model.latent(seen)[0], exact, rtol=1e-5)
    assert model.latent(x)[1].max() < 1e-3 * exact.std()
    draws = model.sample(x, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(draws[0], draws[2])
    logs = Computed(name, "log10", space, features, shelf, x)
    np.testing.assert_allclose(logs.latent(x)[0], np.log10(exact), rtol=1e-5)


def lithium(space, plan) -> float:
    block = space.decode(np.array([well.rank for well in plan.wells]))
    return float(
        computed_values("li_mass_fraction", space.element_amounts(block), space.elements, None).mean()
    )


def test_a_computed_objective_steers_and_is_no_prediction_to_score() -> None:
    space = spinel()
    plain = problem(space, some(space, 30), wells=10, rules={"replicates": 2})
    lean = Objective("li_mass_fraction", "minimize", "linear", "1", 0.09, 0.03)
    steered = replace(plain, objectives=(CONDUCTIVITY, lean))
    before, after = plan_plate(plain, 0), plan_plate(steered, 0)
    assert lithium(space, after) < lithium(space, before)
    assert "li_mass_fraction" not in after.models
    assert not any("li_mass_fraction" in line for line in after.warnings)
    assert after.wells[0].predictions["li_mass_fraction"].sd < 1e-5


def test_a_computed_constraint_is_met_or_not() -> None:
    space = spinel()
    bound = Constraint("cost", None, 6.0, "linear", "1/g")
    question = replace(problem(space, some(space, 30), wells=10), shelf=priced(), constraints=(bound,))
    plan = plan_plate(question, 0)
    block = space.decode(np.array([well.rank for well in plan.wells]))
    costs = computed_values("cost", space.element_amounts(block), space.elements, priced())
    for well, cost in zip(plan.wells, costs, strict=True):
        assert well.p_feasible == pytest.approx(1.0 if cost <= 6.0 else 0.0, abs=1e-6)
