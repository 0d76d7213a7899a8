"""Units: every usual spelling is read, conversions are exact, mistakes are named."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.errors import UnitError
from alloop.units import conversion, convert, is_unit, is_usual, normalise_unit

GROUPS = (
    ("S/cm", "mS/cm", "uS/cm", "nS/cm", "S/m", "mS/m", "1e-4*S/cm", "1/ohm/m"),
    ("eV", "meV", "kJ/mol", "kcal/mol", "J"),
    ("degC", "K", "degF"),
    ("mA/cm^2", "uA/cm^2", "A/m^2"),
    ("h", "min", "s", "d", "week"),
    ("1", "%", "wt%"),
    ("g/cm^3", "kg/m^3"),
    ("angstrom", "nm", "pm", "mm"),
    ("MPa", "GPa", "bar", "torr"),
    ("K/min", "degC/h"),
)


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("S cm-1", "S/cm"),
        ("S cm^-1", "S/cm"),
        ("S·cm⁻¹", "S/cm"),
        ("S.cm-1", "S/cm"),
        ("S cm−1", "S/cm"),
        ("Scm-1", "S/cm"),
        ("Ω⁻¹cm⁻¹", "S/cm"),
        ("(Ω·cm)⁻¹", "S/cm"),
        ("ohm^-1 cm^-1", "S/cm"),
        ("mS cm-1", "mS/cm"),
        ("µS/cm", "uS/cm"),
        ("μS/cm", "uS/cm"),
        ("mA cm⁻²", "mA/cm^2"),
        ("mA/cm2", "mA/cm^2"),
        ("mA/cm**2", "mA/cm^2"),
        ("g cm-3", "g/cm^3"),
        ("kJ mol⁻¹", "kJ/mol"),
        ("°C", "degC"),
        ("℃", "degC"),
        ("° C", "degC"),
        ("deg C", "degC"),
        ("C", "degC"),
        ("°C/min", "degC/min"),
        ("Å", "angstrom"),
        ("\u212b", "angstrom"),  # the angstrom sign, not the letter
        ("wt.%", "wt%"),
        ("wt %", "wt%"),
        ("mol-%", "mol%"),
        ("", "1"),
        ("10⁻⁴ S/cm", "1e-4*S/cm"),
        ("×10^-4 S cm-1", "1e-4*S/cm"),
        ("1e-4 S/cm", "1e-4*S/cm"),
        ("1/g", "1/g"),
    ],
)
def test_dialects_have_one_spelling(written: str, spelling: str) -> None:
    assert normalise_unit(written) == spelling
    assert normalise_unit(spelling) == spelling


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (5, "mS/cm", "S/cm", 0.005),
        (5, "mS/m", "S/cm", 5e-5),
        (3, "10^-4 S/cm", "S/cm", 3e-4),
        (25, "degC", "K", 298.15),
        (298.15, "K", "degC", 25.0),
        (-40, "degF", "degC", -40.0),
        (85, "wt%", "1", 0.85),
        (3, "d", "h", 72.0),
        (2, "A/m2", "mA/cm^2", 0.2),
        (5, "K/min", "degC/min", 5.0),
        (0.3, "meV", "eV", 0.0003),
        (7, "drops", "drops", 7.0),
    ],
)
def test_conversions_are_exact_in_decimals(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == expected


def test_energies_per_mole_become_energies_per_particle() -> None:
    # 1 eV is 96.485332 kJ/mol (CODATA 2018: e times the Avogadro constant).
    assert convert(96.48533212, "kJ/mol", "eV") == pytest.approx(1.0, abs=1e-9)
    assert convert(1.0, "eV", "kJ/mol") == pytest.approx(96.48533212, abs=1e-7)


@pytest.mark.parametrize(
    ("unit", "to", "said"),
    [
        ("cm² s⁻¹", "S/cm", "cm^2/s is an area per time, not a conductivity (S/cm)"),
        ("ohm cm", "S/cm", "ohm*cm is a resistivity, not a conductivity (S/cm)"),
        ("ms/cm", "S/cm", "did you mean mS/cm? capitals matter"),
        ("furlongz", "S/cm", "unknown unit 'furlongz'"),
        ("dB", "1", "unknown unit 'dB'"),
        ("log(S/cm)", "S/cm", "is a logarithm"),
        ("S/cm K", "S/cm", "is not a unit"),
        ("S//cm", "S/cm", "is not a unit"),
        ("[S]", "S", "is not a unit"),
        ("vol%", "1", "is a volume percentage, not a bare number"),
        ("GPa", "HV", "is a pressure, not a Vickers hardness"),
    ],
)
def test_wrong_units_are_named(unit: str, to: str, said: str) -> None:
    with pytest.raises(UnitError) as caught:
        convert(1.0, unit, to, where="r.csv, column 'σ'")
    assert said in str(caught.value)
    assert str(caught.value).startswith("r.csv, column 'σ': ")


def test_usual_units_are_known_in_any_spelling() -> None:
    usual = ("S/cm", "mS/cm")
    assert is_usual("Ω⁻¹ cm⁻¹", usual)
    assert is_usual("1/(ohm*cm)", usual)
    assert not is_usual("mS/m", usual)
    assert is_unit("mS/cm")
    assert not is_unit("operator")


@settings(max_examples=60, deadline=None)
@given(
    group=st.sampled_from(GROUPS),
    first=st.integers(0, 10),
    second=st.integers(0, 10),
    value=st.floats(-1e6, 1e6, allow_subnormal=False),
)
def test_there_and_back_is_where_one_was(
    group: tuple[str, ...], first: int, second: int, value: float
) -> None:
    one, other = group[first % len(group)], group[second % len(group)]
    back = convert(convert(value, one, other), other, one)
    scale = max(abs(value), abs(float(conversion(other, one)[1])), 1e-12)
    assert math.isclose(back, value, rel_tol=1e-12, abs_tol=1e-12 * scale)


@settings(max_examples=60, deadline=None)
@given(group=st.sampled_from(GROUPS), picks=st.tuples(*[st.integers(0, 10)] * 3))
def test_conversions_compose(group: tuple[str, ...], picks: tuple[int, int, int]) -> None:
    one, two, three = (group[pick % len(group)] for pick in picks)
    slope, intercept = conversion(one, two)
    further, beyond = conversion(two, three)
    assert (further * slope, further * intercept + beyond) == conversion(one, three)


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="SmucMOhmgΩµ°C%/*^()-−⁻¹²³ .10eE[]{}|", max_size=14))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        spelling = normalise_unit(text)
    except UnitError:
        return
    assert normalise_unit(spelling) == spelling
    is_unit(text)


def test_infinite_and_missing_values_stay() -> None:
    assert convert(math.inf, "mS/cm", "S/cm") == math.inf
    assert math.isnan(convert(math.nan, "mS/cm", "S/cm"))
