from fractions import Fraction

import pytest
from campaign_texts import SMALL, parse, problems_of
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from alloop.campaign_file.fields import number_text, read_level, read_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.3", Fraction(3, 10)),
        ("1e-8", Fraction(1, 10**8)),
        ("1.0E-8", Fraction(1, 10**8)),
        ("1/3", Fraction(1, 3)),
        ("-2 / 6", Fraction(-1, 3)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("010", Fraction(10)),
        ("+4", Fraction(4)),
    ],
)
def test_numbers_are_read_exactly(text, value):
    assert read_number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "12:30",
        "No",
        "1,5",
        "50 %",
        "nan",
        ".inf",
        "1e",
        "1_000",
        "0x10",
        "1/0",
        "1e999999999",
        "9" * 100,
        "٣",
    ],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(PydanticCustomError):
        read_number(text)


@settings(max_examples=100, deadline=None)
@given(st.fractions(min_value=-1000, max_value=1000, max_denominator=1000))
def test_a_number_is_written_as_it_is_read(value):
    assert read_number(number_text(value)) == value


def test_levels_are_numbers_names_or_none():
    assert read_level("12:30") == "12:30"
    assert read_level("No") == "No"
    assert read_level("none") is None
    assert read_level(None) is None
    assert read_level("1/3") == Fraction(1, 3)


def amounts_on(campaign, group, label):
    space = campaign.space
    found = {
        dict(held).get(label)
        for rank in range(space.size)
        for name, held in space.candidate(rank).parts
        if name == group
    }
    return sorted(amount for amount in found if amount is not None)


def test_three_steps_of_a_tenth_are_three_tenths(tmp_path):
    campaign = parse(SMALL.replace("max: 0.2", "max: 0.3"), tmp_path)
    expected = [Fraction(1, 10), Fraction(2, 10), Fraction(3, 10)]
    assert amounts_on(campaign, "M", "Zn2+") == expected


@pytest.mark.parametrize("step", ['"1/3"', "1/3"])
def test_a_step_of_a_third_is_exact(tmp_path, step):
    campaign = parse(SMALL.replace("max: 0.2, step: 0.1", f'max: "2/3", step: {step}'), tmp_path)
    assert amounts_on(campaign, "M", "In3+") == [Fraction(1, 3), Fraction(2, 3)]


def test_a_level_keeps_its_words(tmp_path):
    process = "  process: [{name: route, levels: [milled, 12:30, No, none]}]\nobjectives"
    campaign = parse(SMALL.replace("objectives", process), tmp_path)
    assert campaign.space.process.settings[0].levels == ("milled", "12:30", "No", None)


def test_no_is_not_false(tmp_path):
    lines = problems_of(SMALL.replace("step: 0.1}", "step: 0.1, dopant: No}"), tmp_path)
    assert "'No' is neither true nor false" in lines[0]


def test_an_amount_of_two_thirds(tmp_path):
    campaign = parse(
        SMALL.replace("amount: 1,", 'amount: "2/3",')
        .replace("min: 1,", "min: 2,")
        .replace("max: 2}", "max: 8/3}"),
        tmp_path,
    )
    assert amounts_on(campaign, "M", "Mg2+")[-1] == Fraction(2, 3)
