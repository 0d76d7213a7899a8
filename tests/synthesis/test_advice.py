from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.synthesis.advice import advise_portions, master_batches, small_portions
from alloop.synthesis.rounding import balance_decimals, round_to_balance, write_mass

WELLS = {
    "A01": {"La2O3": 280.0, "ZrO2": 130.0, "Al2O3": 0.9},
    "A02": {"La2O3": 280.0, "ZrO2": 120.0, "Al2O3": 8.0},
    "A03": {"La2O3": 270.0, "ZrO2": 140.0, "Al2O3": 1.5, "CaCO3": 0.3},
}


def test_no_advice_where_nothing_is_small() -> None:
    wells = {"A02": WELLS["A02"]}
    assert master_batches(wells, 2.0, 0.1) == ()
    assert advise_portions(wells, (), 0.5, 2.0, 0.1) == []


def test_says_how_large_samples_must_be() -> None:
    lines = advise_portions(WELLS, (), 0.5, 2.0, 0.1)
    assert lines[0].startswith("3 portions are below 2 mg; samples of 3.4 g instead of 0.5 g")
    factor = 3.4 / 0.5
    assert all(
        mass * factor >= 2 for masses in small_portions(WELLS, 2.0).values() for mass in masses.values()
    )
    assert lines[1].startswith("CaCO3: 0.30 mg in A03")
    assert lines[2].startswith("Al2O3: 0.90 mg in 2 wells, the least in A01")


def test_batches_bring_the_same_masses_in_portions_that_can_be_weighed() -> None:
    batches = master_batches(WELLS, 2.0, 0.1)
    assert [(batch.precursor, batch.carrier, batch.parts) for batch in batches] == [
        ("CaCO3", "La2O3", 9),
        ("Al2O3", "La2O3", 3),
    ]
    by_well = {
        (batch.precursor, portion.well): (batch, portion) for batch in batches for portion in batch.portions
    }
    assert by_well.keys() == {("CaCO3", "A03"), ("Al2O3", "A03"), ("Al2O3", "A01")}
    brought = 0.0
    for (precursor, well), (batch, portion) in by_well.items():
        assert portion.batch_mg >= 2.0
        assert portion.batch_mg / (batch.parts + 1) == pytest.approx(WELLS[well][precursor], abs=0.05)
        if well == "A03":
            brought += portion.batch_mg * batch.parts / (batch.parts + 1)
            left = portion.carrier_mg
    assert left + brought == pytest.approx(WELLS["A03"]["La2O3"], abs=0.2)
    for batch in batches:
        assert batch.carrier_mg == pytest.approx(batch.parts * batch.precursor_mg, abs=0.1)
        assert batch.precursor_mg + batch.carrier_mg > sum(portion.batch_mg for portion in batch.portions)


def test_without_a_plentiful_carrier_only_larger_samples_help() -> None:
    wells = {"A01": {"Al2O3": 0.1, "ZrO2": 3.0}, "A02": {"Al2O3": 0.1, "La2O3": 100.0}}
    assert master_batches(wells, 2.0, 0.1) == ()
    assert "make larger samples" in advise_portions(wells, (), 0.5, 2.0, 0.1)[1]


@given(st.floats(0, 1e4), st.sampled_from([0.001, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 2.0]))
@settings(max_examples=50, deadline=None)
def test_rounding_gives_multiples_of_the_step(mass: float, step: float) -> None:
    rounded = round_to_balance(mass, step)
    assert abs(rounded - mass) <= step / 2 * (1 + 1e-9)
    assert Fraction(str(rounded)) % Fraction(str(step)) == 0
    assert float(write_mass(rounded, step)) == rounded


def test_masses_are_written_with_the_balances_decimals() -> None:
    assert [balance_decimals(step) for step in (1.0, 0.1, 0.05, 0.001, 5.0, 10.0)] == [0, 1, 2, 3, 0, 0]
    assert write_mass(12.3, 0.01) == "12.30"
