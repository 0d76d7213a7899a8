"""Units as laboratories write them: read into one spelling and converted exactly.

A unit has one spelling inside alloop: symbols joined by ``*``, divisors behind ``/``, powers behind ``^``, no
spaces, plain letters (``S/cm``, ``uS/cm``, ``mA/cm^2``, ``degC``, ``%``, ``1`` for a bare number).
Conversions are carried out in exact fractions and rounded once at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from alloop.errors import UnitError
from alloop.unit_text import factors_of, normalise_unit

_PERCENT = {"%": "percent", "wt%": "weight_percent", "mol%": "mole_percent", "at%": "atom_percent",
            "vol%": "volume_percent"}  # fmt: skip
# Kelvins and degrees are the same step where a temperature is part of a larger unit (degC/min).
_INTERVALS = {
    "degC": "delta_degree_Celsius",
    "celsius": "delta_degree_Celsius",
    "degF": "delta_degree_Fahrenheit",
}
# fmt: off
_QUANTITIES = {
    "S/cm": "a conductivity", "ohm*cm": "a resistivity", "ohm": "a resistance", "S": "a conductance",
    "cm^2/s": "an area per time", "ohm*cm^2": "a resistance times an area", "eV": "an energy",
    "kJ/mol": "an energy per amount", "V": "a voltage", "A": "a current", "mA/cm^2": "a current density",
    "h": "a time", "degC": "a temperature", "1": "a bare number", "g/cm^3": "a density", "mm": "a length",
    "mm^2": "an area", "mm^3": "a volume", "mg": "a mass", "MPa": "a pressure", "HV": "a Vickers hardness",
    "mA*h/g": "a charge per mass", "1/g": "a number per mass", "g/mol": "a molar mass", "Hz": "a frequency",
    "mol": "an amount", "A*s": "a charge", "K/min": "a heating rate", "mol/cm^3": "a concentration",
    "mol%": "a mole percentage", "at%": "an atomic percentage", "vol%": "a volume percentage",
}
# fmt: on
_COMMON = dict.fromkeys(("mS/cm", "uS/cm", "S/m", "uA/cm^2", "meV", "mV", "GPa", "min"))


def convert(value: float, unit: str, to: str, where: str = "") -> float:
    """`value` in `unit`, expressed in `to`; temperatures with their zero point.

    Energies per mole become energies per particle where those are asked for (kJ/mol to eV). The result is
    the correctly rounded value of the exact conversion of the decimal number that `value` shows.

    Raises:
        UnitError: when a unit is unknown or the two measure different things.
    """
    slope, intercept = conversion(unit, to, where)
    if value != value or value in (float("inf"), float("-inf")):
        return value
    return float(Fraction(repr(float(value))) * slope + intercept)


def conversion(unit: str, to: str, where: str = "") -> tuple[Fraction, Fraction]:
    """The exact slope and intercept that take a number in `unit` to one in `to`.

    Raises:
        UnitError: as :func:`convert`.
    """
    try:
        return _conversion(normalise_unit(unit), normalise_unit(to))
    except UnitError as error:
        problem = error.problems[0]
        raise UnitError(problem.what, problem.mend, where) from None


def is_usual(unit: str, usual: Iterable[str]) -> bool:
    """Whether `unit` is one of the `usual` ones in another spelling, so that it needs no comment."""
    spelling = normalise_unit(unit)
    return any(spelling == normalise_unit(one) or _is_same(spelling, normalise_unit(one)) for one in usual)


def is_unit(text: str) -> bool:
    """Whether `text` is a unit that alloop can convert, such as ``"mS/cm"``."""
    try:
        _resolve(normalise_unit(text))
    except UnitError:
        return False
    return True


@lru_cache(maxsize=1)
def _registry() -> Any:
    # pint takes 0.2 s to import and as long again to read its definitions: only who converts pays for it.
    import pint

    registry: Any = pint.UnitRegistry(non_int_type=Fraction, cache_folder=None)
    registry.define("weight_percent = 0.01")
    for name in ("mole", "atom", "volume"):
        registry.define(f"{name}_part = [{name}_share]")
        registry.define(f"{name}_percent = 0.01 * {name}_part")
    registry.define("HV = [vickers_hardness]")
    return registry


@lru_cache(maxsize=1024)
def _resolve(spelling: str) -> Any:
    """The quantity 1 of a normalised unit; a temperature keeps its zero point only when it stands alone."""
    registry = _registry()
    factors = factors_of(spelling)
    alone = len(factors) == 1 and factors[0][1] == 1
    result = registry.Quantity(Fraction(1), "dimensionless")
    for symbol, power in factors:
        if symbol.startswith("1e"):
            result = result * Fraction(symbol) ** power
            continue
        name = _PERCENT.get(symbol, symbol)
        # pint takes "nan" for a number
        if name.lower() == "nan" or name not in registry or _is_logarithmic(name):
            within = "" if alone else f" in {spelling!r}"
            raise UnitError(f"unknown unit {symbol!r}{within}", _nearest(spelling))
        if alone:
            return registry.Quantity(Fraction(1), name)
        result = result * registry.Quantity(Fraction(1), _INTERVALS.get(name, name)) ** power
    return result


def _is_logarithmic(name: str) -> bool:
    try:
        _registry().Quantity(Fraction(1), name).to_base_units()
    except (
        TypeError
    ):  # pint takes the logarithm of the exact fraction, which has none: decibels and their like
        return True
    return False


@lru_cache(maxsize=1024)
def _conversion(unit: str, to: str) -> tuple[Fraction, Fraction]:
    if unit == to:
        return Fraction(1), Fraction(0)
    registry, source, target = _registry(), _resolve(unit), _resolve(to)
    mole = registry.Quantity(Fraction(1), "mole")
    if (source * mole if source.check("[energy]/[substance]") else source).check("[energy]"):
        particle = registry.Quantity(Fraction(1), "avogadro_constant").to("1/mole")
        source = source / particle if source.check("[energy]/[substance]") else source
        target = target / particle if target.check("[energy]/[substance]") else target
    if source.dimensionality != target.dimensionality:
        raise UnitError(f"{unit} is {_quantity(unit)}, not {_quantity(to)} ({to})", _nearest(unit, to))
    # The magnitudes hold the powers of ten that the units carry; only temperatures have an intercept.
    units, scale = source.units, Fraction(target.magnitude)
    at_zero = Fraction(registry.Quantity(Fraction(0), units).to(target.units).magnitude)
    at_one = Fraction(registry.Quantity(Fraction(source.magnitude), units).to(target.units).magnitude)
    return (at_one - at_zero) / scale, at_zero / scale


def _is_same(unit: str, other: str) -> bool:
    try:
        return _conversion(unit, other) == (Fraction(1), Fraction(0))
    except UnitError:
        return False


def _quantity(unit: str) -> str:
    """What a unit measures, in words: ``"an area per time"``."""
    dimensions = _resolve(unit).dimensionality
    for example, words in _QUANTITIES.items():
        if _resolve(example).dimensionality == dimensions:
            return words
    return "something else"


def _nearest(unit: str, to: str = "") -> str:
    """A hint for a unit that differs from a common one only in capitals, or the unit that is asked for."""
    for example in _QUANTITIES | _COMMON:
        if example != unit and example.lower() == unit.lower():
            return f"did you mean {example}? capitals matter"
    return f"give it in {to} or a unit that converts to it" if to else "write it like S/cm, mA/cm^2 or degC"


__all__ = ["conversion", "convert", "is_unit", "is_usual", "normalise_unit"]
