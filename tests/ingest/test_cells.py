"""Single cells: numbers in every dialect, bounds, dates."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.ingest.cells import NotANumberError, Number, decimal_mark, read_date, read_number


@pytest.mark.parametrize(
    ("text", "decimal", "value", "bound"),
    [
        ("0.5", ".", "0.5", "exact"),
        ("0,5", ",", "0.5", "exact"),
        ("0,5", ".", "0.5", "exact"),
        ("1,2e-4", ",", "0.00012", "exact"),
        ("1.2E-4", ",", "0.00012", "exact"),
        ("1,234", ",", "1.234", "exact"),
        ("1.234", ".", "1.234", "exact"),
        ("1.234,5", ",", "1234.5", "exact"),
        ("1,234.5", ".", "1234.5", "exact"),
        ("1 234,5", ",", "1234.5", "exact"),
        ("1'234.5", ".", "1234.5", "exact"),
        ("1.2×10⁻⁴", ".", "0.00012", "exact"),
        ("1.2 x 10^-4", ".", "0.00012", "exact"),
        ("1.2*10-4", ".", "0.00012", "exact"),
        ("−3", ".", "-3", "exact"),
        ("<1E-10", ".", "1e-10", "below"),
        ("< 1e-10", ".", "1e-10", "below"),
        ("≤1e-10", ".", "1e-10", "below"),
        (">700", ".", "700", "above"),
        (">= 700", ".", "700", "above"),
        (".5", ".", "0.5", "exact"),
        ("5.", ".", "5", "exact"),
        ("<10⁻⁴", ".", "1e-4", "below"),
    ],
)
def test_numbers_are_read_in_every_dialect(text: str, decimal: str, value: str, bound: str) -> None:
    assert read_number(text, decimal) == Number(Fraction(value), bound)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", " ", "-", "–", "n/a", "NaN", "#N/A"])
def test_empty_cells_are_no_numbers(text: str) -> None:
    assert read_number(text, ".") is None


@pytest.mark.parametrize(
    ("text", "decimal", "why"),
    [
        ("1,234", ".", "1234 or 1.234?"),
        ("1.234", "", "1234 or 1.234?"),
        ("abc", ".", "is not a number"),
        ("1.2.3", ".", "is not a number"),
        ("1 2", ".", "is not a number"),
        ("inf", ".", "is not a number"),
        ("1e999", ".", "beyond any number"),
        ("1.2 mS/cm", ".", "a unit belongs into the heading"),
        ("#DIV/0!", ".", "an error that the spreadsheet computed"),
        ("2026-05-01", ".", "is a date where a number belongs"),
        ("01.05.2026", ".", "is a date where a number belongs"),
        ("<1 ± 2", ".", "is not a number"),
        ("~1e-3", ".", "is not a number"),
        ("²", ".", "is not a number"),
        ("5²", ".", "is not a number"),
    ],
)
def test_anything_else_is_named(text: str, decimal: str, why: str) -> None:
    with pytest.raises(NotANumberError) as caught:
        read_number(text, decimal)
    assert why in str(caught.value)


def test_uncertainties_and_percent_signs_are_kept() -> None:
    assert read_number("1.2 ± 0.1", ".") == Number(Fraction("1.2"), uncertainty=Fraction("0.1"))
    assert read_number("(1.2 +/- 0.1)", ".") == Number(Fraction("1.2"), uncertainty=Fraction("0.1"))
    assert read_number("85 %", ".") == Number(Fraction(85), percent=True)


@pytest.mark.parametrize(
    ("cells", "delimiter", "mark"),
    [
        (["0,5", "1,2e-4"], ";", ","),
        (["0.5", "12"], ";", "."),
        (["0.5", "0,5"], ";", ""),
        (["1,234", "2,345"], ";", ","),
        (["1,234", "2,345"], ",", "."),
        (["1,234", "0.5"], ";", "."),
        (["1.234,5"], ";", ","),
        (["abc", "01.05.2026"], ";", "."),
    ],
)
def test_the_decimal_mark_follows_from_clear_numbers(cells: list[str], delimiter: str, mark: str) -> None:
    assert decimal_mark(cells, delimiter) == mark


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31", datetime(2026, 12, 31, tzinfo=UTC)),
        ("2026-12-31 14:30:00", datetime(2026, 12, 31, 14, 30, tzinfo=UTC)),
        ("2026-12-31T14:30:00+01:00", datetime(2026, 12, 31, 13, 30, tzinfo=UTC)),
        ("31.12.2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("5.6.2026 8:05", datetime(2026, 6, 5, 8, 5, tzinfo=UTC)),
        ("12/31/2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("31/12/2026", datetime(2026, 12, 31, tzinfo=UTC)),
        ("05/06/2026", None),
        ("46143", None),
        ("2026-13-01", None),
        ("31.02.2026", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_only_when_they_mean_one_day(text: str, moment: datetime | None) -> None:
    assert read_date(text) == moment


@settings(max_examples=100, deadline=None)
@given(value=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_every_printed_float_comes_back(value: float) -> None:
    for text, decimal in ((repr(value), "."), (repr(value).replace(".", ","), ",")):
        number = read_number(text, decimal)
        assert number is not None
        assert float(number.value) == value or math.isclose(float(number.value), value, rel_tol=1e-15)


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(alphabet="0123456789.,eE+-<>±%× '^*x()\u00b2\u207b\u0663n/a", max_size=12),
    decimal=st.sampled_from([".", ",", ""]),
)
def test_no_cell_breaks_the_reader(text: str, decimal: str) -> None:
    with suppress(NotANumberError):
        read_number(text, decimal)
