from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import StateError
from alloop.records import plate_id, sample_id, split_sample_id, well_label
from alloop.records.codec import (
    decode_amounts,
    decode_settings,
    encode_amounts,
    encode_settings,
    exact_decimal,
)

NAMES = st.text(min_size=1, max_size=8)
LEVELS = st.one_of(st.none(), st.text(max_size=8), st.fractions())


def test_names_of_plates_and_samples() -> None:
    assert plate_id("halide-spinel", 3) == "HALIDE-SPINEL-003"
    assert plate_id("garnet", 1234) == "GARNET-1234"
    assert sample_id("HALIDE-SPINEL-003", "b7") == "HALIDE-SPINEL-003-B07"
    assert split_sample_id("halide-spinel-003-b7") == ("HALIDE-SPINEL-003", "B07")
    assert split_sample_id(" GARNET-1234-H12") == ("GARNET-1234", "H12")


@pytest.mark.parametrize("text", ["a1", "A01", "A1 ", "A001"])
def test_labels_of_wells_have_one_form(text: str) -> None:
    assert well_label(text) == "A01"


@pytest.mark.parametrize("text", ["", "7", "A0", "A", "1A", "A-1", "A100", "ABC1"])
def test_what_is_no_well_is_refused(text: str) -> None:
    with pytest.raises(StateError, match="is not a well; write its row letter"):
        well_label(text)


@pytest.mark.parametrize("text", ["GARNET-A01", "GARNET-1-A01", "A01"])
def test_what_is_no_sample_is_refused(text: str) -> None:
    with pytest.raises(StateError, match="is not a sample"):
        split_sample_id(text)


@given(amounts=st.dictionaries(NAMES, st.fractions(min_value=0)))
@settings(max_examples=50, deadline=None)
def test_amounts_are_kept_exactly(amounts: dict[str, Fraction]) -> None:
    assert decode_amounts(encode_amounts(amounts)) == amounts


@given(levels=st.dictionaries(NAMES, LEVELS))
@settings(max_examples=100, deadline=None)
def test_settings_are_kept_exactly_in_value_kind_and_order(levels: dict[str, Fraction | str | None]) -> None:
    back = decode_settings(encode_settings(levels))
    assert list(back.items()) == list(levels.items())
    assert [type(value) for value in back.values()] == [type(value) for value in levels.values()]


@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=9))
@settings(max_examples=50, deadline=None)
def test_decimals_are_written_as_decimals(value: object) -> None:
    exact = Fraction(str(value))
    assert Fraction(exact_decimal(exact) or "") == exact


@pytest.mark.parametrize(
    ("value", "text"), [("0", "0"), ("-1/20", "-0.05"), ("1/3", None), ("25/2", "12.5"), ("-7", "-7")]
)
def test_decimals_read_well(value: str, text: str | None) -> None:
    assert exact_decimal(Fraction(value)) == text


def test_settings_read_well() -> None:
    text = encode_settings(
        {"T": Fraction(400), "t": 2.5, "x": Fraction(1, 3), "route": "400", "second": None}
    )
    assert text == '{"T": 400, "t": 2.5, "x": {"fraction": "1/3"}, "route": "400", "second": null}'
