"""Scales on which properties are modelled: there and back, and their order kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alloop.scales import from_model_scale, model_value, on_model_scale, to_model_scale, unit_of_differences


@given(value=st.floats(1e-12, 1e3))
def test_linear_and_log10_go_both_ways(value: float) -> None:
    for scale in ("linear", "log10"):
        assert from_model_scale(to_model_scale(value, scale), scale) == pytest.approx(value)


@given(value=st.floats(0.0, 1.0))
def test_fractions_go_both_ways_and_their_ends_are_finite(value: float) -> None:
    scaled = to_model_scale(value, "logit")
    assert np.isfinite(scaled)
    assert from_model_scale(scaled, "logit") == pytest.approx(value, abs=1e-12)


@given(value=st.floats(-1e3, 1e3))
def test_whatever_is_believed_of_a_fraction_it_stays_one(value: float) -> None:
    assert 0.0 <= from_model_scale(value, "logit") <= 1.0


@given(values=st.lists(st.floats(1e-9, 1.0), min_size=2, max_size=9))
def test_arrays_are_scaled_as_their_values_are_and_keep_their_order(values: list[float]) -> None:
    ordered = np.sort(values)
    for scale in ("linear", "log10", "logit"):
        scaled = on_model_scale(ordered, scale)
        np.testing.assert_allclose(
            scaled, [to_model_scale(value, scale) for value in ordered], rtol=1e-12, atol=1e-12
        )
        assert (np.diff(scaled) >= 0).all()


def test_what_has_no_logarithm_has_no_value_on_that_scale() -> None:
    assert model_value(0.0, "log10") is None
    assert model_value(0.0, "linear") == 0.0
    assert model_value(0.0, "logit") is not None


def test_differences_are_counted_in_what_people_say() -> None:
    assert unit_of_differences("log10", "S/cm") == "decades"
    assert unit_of_differences("linear", "V") == "V"
    assert unit_of_differences("logit", "1") == "logits"
