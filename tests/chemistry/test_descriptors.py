from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.chemistry import (
    COMPOSITION_DESCRIPTORS,
    composition_descriptor_names,
    composition_descriptors,
    element_table,
    molar_mass,
    parse_formula,
)
from alloop.chemistry.elements import ELEMENT_FEATURES

SHARED = Path(__file__).parents[2].parent / "shared"
ELEMENTS = ["Li", "Na", "Mg", "La", "Zr", "Ta", "Al", "B", "H", "P", "N", "S", "O", "Cl", "Br"]


def describe(formula: str, mobile_ion: str | None = "Li+") -> dict[str, float]:
    amounts = parse_formula(formula)
    row = np.array([[float(amount) for amount in amounts.values()]])
    values = composition_descriptors(row, list(amounts), mobile_ion)
    return dict(zip(COMPOSITION_DESCRIPTORS, values[0], strict=True))


def test_argyrodite_by_hand() -> None:
    found = describe("Li6PS5Cl")
    p, s = 5 / 6, 1 / 6
    assert found["mobile_fraction"] == pytest.approx(6 / 13)
    assert found["mobile_charge_share"] == pytest.approx(6 / 11)
    assert found["framework_per_anion"] == pytest.approx(1 / 6)
    assert found["framework_entropy"] == 0.0
    assert found["anion_entropy"] == pytest.approx(-p * log(p) - s * log(s))
    assert found["mass_per_atom"] == pytest.approx(molar_mass(parse_formula("Li6PS5Cl")) / 13)
    assert found["anion_mean_ionic_radius"] == pytest.approx(p * 1.84 + s * 1.81)
    assert found["anion_spread_ionic_radius"] == pytest.approx(0.03 * (p * s) ** 0.5)
    assert found["anion_mean_electronegativity"] == pytest.approx(p * 2.58 + s * 3.16)
    assert found["electronegativity_difference"] == pytest.approx(p * 2.58 + s * 3.16 - 2.19)
    assert found["framework_mean_charge"] == 5.0
    assert found["framework_size_mismatch"] == 0.0


def test_doping_moves_the_descriptors_of_its_site() -> None:
    host, doped = describe("Li7La3Zr2O12"), describe("Li6.5La3Zr1.5Ta0.5O12")
    assert doped["framework_entropy"] > host["framework_entropy"]
    assert doped["mobile_charge_share"] < host["mobile_charge_share"]
    assert doped["framework_mean_charge"] > host["framework_mean_charge"]
    assert doped["framework_mean_ionic_radius"] < host["framework_mean_ionic_radius"]
    assert doped["anion_mean_ionic_radius"] == host["anion_mean_ionic_radius"]


def test_lesser_anions_stand_in_where_no_other_is() -> None:
    phosphide = describe("Li3P")
    assert phosphide["mobile_charge_share"] == pytest.approx(1.0)
    assert phosphide["anion_mean_ionic_radius"] == pytest.approx(2.12)
    assert phosphide["framework_per_anion"] == 0.0
    assert describe("LiBH4")["framework_mean_charge"] == 3.0
    assert describe("LiOH")["anion_mean_ionic_radius"] == pytest.approx(1.40)


def test_alloys_and_mobile_anions_have_descriptors() -> None:
    alloy = describe("CoCrFeNi", None)
    assert alloy["mobile_fraction"] == 0.0
    assert alloy["framework_entropy"] == pytest.approx(log(4))
    fluoride = describe("La0.9Ba0.1F2.9", "F-")
    assert fluoride["mobile_fraction"] == pytest.approx(2.9 / 3.9)
    assert fluoride["mobile_charge_share"] == pytest.approx(1.0)
    assert np.isfinite([*alloy.values(), *fluoride.values()]).all()


def test_names_carry_the_mobile_ion() -> None:
    names = composition_descriptor_names("Na+")
    assert names[0] == "Na_fraction"
    assert len(set(names)) == len(COMPOSITION_DESCRIPTORS)
    assert composition_descriptor_names() == COMPOSITION_DESCRIPTORS


rows = st.lists(
    st.floats(0.0, 20.0).map(lambda x: round(x, 3)), min_size=len(ELEMENTS), max_size=len(ELEMENTS)
)


@settings(max_examples=50, deadline=None)
@given(st.lists(rows.filter(any), min_size=1, max_size=4), st.floats(0.01, 100.0), st.randoms())
def test_scale_order_and_company_do_not_matter(rows_drawn: list[list[float]], scale: float, order) -> None:
    amounts = np.array(rows_drawn)
    expected = composition_descriptors(amounts, ELEMENTS, "Li+")
    assert np.isfinite(expected).all()
    assert np.allclose(composition_descriptors(amounts * scale, ELEMENTS, "Li+"), expected, atol=2e-5)
    columns = list(range(len(ELEMENTS)))
    order.shuffle(columns)
    shuffled = composition_descriptors(amounts[:, columns], [ELEMENTS[column] for column in columns], "Li+")
    assert np.allclose(shuffled, expected, atol=2e-5)
    alone = [composition_descriptors(row[None], ELEMENTS, "Li+")[0] for row in amounts]
    assert np.allclose(alone, expected, atol=2e-5)
    with_absent = composition_descriptors(np.pad(amounts, ((0, 0), (0, 1))), [*ELEMENTS, "I"], "Li+")
    assert np.allclose(with_absent, expected, atol=2e-5)


@settings(max_examples=50, deadline=None)
@given(rows.filter(any))
def test_means_and_spreads_agree_with_numpy(row: list[float]) -> None:
    amounts = np.array(row)
    found = dict(
        zip(COMPOSITION_DESCRIPTORS, composition_descriptors(amounts[None], ELEMENTS, "Li+")[0], strict=True)
    )
    x = element_table(ELEMENTS)[:, ELEMENT_FEATURES.index("electronegativity")]
    mean = np.average(x, weights=amounts)
    spread = np.average((x - mean) ** 2, weights=amounts) ** 0.5
    assert found["all_spread_electronegativity"] == pytest.approx(spread, abs=2e-5)


def test_many_rows_agree_with_few() -> None:
    rng = np.random.default_rng(0)
    amounts = rng.integers(0, 5, size=(40_000, len(ELEMENTS))).astype(float)
    amounts[:, 0] += 1.0
    many = composition_descriptors(amounts, ELEMENTS, "Li+")
    assert np.allclose(many[-7:], composition_descriptors(amounts[-7:], ELEMENTS, "Li+"), atol=2e-5)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
def test_descriptors_predict_measured_conductivity() -> None:
    import pandas as pd
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    table = pd.read_csv(SHARED / "data" / "conductivity" / "obelix_all.csv")
    sigma = pd.to_numeric(table["Ionic conductivity (S cm-1)"], errors="coerce")
    table = table.assign(y=np.log10(sigma.where(sigma > 0)).clip(lower=-10)).dropna(subset="y")
    table = table.groupby("Reduced Composition", as_index=False)["y"].median()
    formulas = [parse_formula(text) for text in table["Reduced Composition"]]
    elements = sorted({element for formula in formulas for element in formula})
    amounts = np.array([[float(formula.get(element, 0)) for element in elements] for formula in formulas])
    features = composition_descriptors(amounts, elements, "Li+")
    assert np.ptp(features, axis=0).min() > 0.0
    forest = ExtraTreesRegressor(100, random_state=0)
    predicted = cross_val_predict(forest, features, table["y"], cv=KFold(5, shuffle=True, random_state=0))
    error = np.abs(predicted - table["y"]).mean()
    spread = np.abs(table["y"] - table["y"].median()).mean()
    assert error < 0.6 * spread
