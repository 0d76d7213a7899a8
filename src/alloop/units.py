"""Units as laboratories write them: read into one spelling and converted exactly.

A unit has one spelling inside alloop: symbols joined by ``*``, divisors behind ``/``, powers behind ``^``, no
spaces, plain letters (``S/cm``, ``uS/cm``, ``mA/cm^2``, ``degC``, ``%``, ``1`` for a bare number).
Conversions are carried out in exact fractions and rounded once at the end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from alloop.errors import UnitError

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_DASHES = re.compile("[‐‑‒–—−]")
_TIMES = re.compile("[·⋅•∙×]")
_WORDS = (
    (re.compile("μ"), "u"),  # the compatibility normalisation has turned the micro sign into this letter
    (re.compile("Ω"), "ohm"),
    (re.compile("Å"), "angstrom"),
    (re.compile(r"(?:°|º|˚|\bdeg(?:rees?)?\b)\s*\.?\s*C(?![a-z])"), "degC"),
    (re.compile(r"\b[Oo]hms?\b"), "ohm"),
    (re.compile(r"\b[Cc]elsius\b|\bdegrees?_[Cc]elsius\b|\boC\b"), "degC"),
    (re.compile(r"\bTorr\b"), "torr"),
)
_SAME = {
    "": "1", "1": "1", "-": "1", "fraction": "1", "dimensionless": "1", "unitless": "1",
    "%": "%", "percent": "%",
    "wt%": "wt%", "wt.%": "wt%", "weight%": "wt%", "mass%": "wt%", "w%": "wt%", "%wt": "wt%", "%(w/w)": "wt%",
    "w/w%": "wt%", "wtpercent": "wt%", "wt.-%": "wt%", "wt-%": "wt%",
    "mol%": "mol%", "mole%": "mol%", "mol.%": "mol%", "mol-%": "mol%",
    "at%": "at%", "at.%": "at%", "at.-%": "at%", "at-%": "at%",
    "vol%": "vol%", "vol.%": "vol%", "vol-%": "vol%", "vol.-%": "vol%", "v/v%": "vol%",
    "c": "degC",  # a lone C is a temperature: coulombs are no unit of anything that alloop measures
}  # fmt: skip
_PERCENT = {"%": "percent", "wt%": "weight_percent", "mol%": "mole_percent", "at%": "atom_percent",
            "vol%": "volume_percent"}  # fmt: skip
# "Scm-1" and "ohmcm": the space between the unit of an electrical quantity and the length was lost.
_GLUED = re.compile("(?<![A-Za-z])([munpk]?(?:S|ohm|A|W|V))cm(?![A-Za-z])")
_PIECE = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<symbol>(?:wt|mol|at|vol)?%|[A-Za-z]+)"
    r"|(?P<power>\^|\*\*)|(?P<sign>[+-])|(?P<times>[*.])|(?P<over>/)|(?P<open>\()|(?P<close>\)))\s*"
)
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


def normalise_unit(text: str) -> str:
    """The one spelling of a unit: ``"S cm⁻¹"``, ``"S·cm-1"`` and ``"Ω⁻¹cm⁻¹"`` all give ``"S/cm"``.

    A power of ten in front is kept (``"10⁻⁴ S/cm"`` gives ``"1e-4*S/cm"``). Whether the symbols exist is not
    looked up here but when converting.

    Raises:
        UnitError: when the text is not built like a unit.
    """
    return _normalise(text.strip())


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


@lru_cache(maxsize=1024)
def _normalise(text: str) -> str:
    lifted = _SUPERSCRIPT_RUN.sub(lambda run: "^" + run.group().translate(_SUPERSCRIPTS), text)
    plain = _TIMES.sub("*", _DASHES.sub("-", unicodedata.normalize("NFKC", lifted)))
    whole = _SAME.get(re.sub(r"\s+", "", plain).lower())
    if whole is not None:
        return whole
    if re.match(r"(?:log|ln|lg)(?:10)?\s*[\(_ ]", plain, re.IGNORECASE):
        raise UnitError(f"{text!r} is a logarithm, not a unit", "give the values themselves")
    for pattern, word in _WORDS:
        plain = pattern.sub(word, plain)
    plain = re.sub(r"^\s*[*xX]\s*(?=\d)", "", _GLUED.sub(r"\1 cm", plain))
    try:
        return _spell(_Reader(plain).whole())
    except _Unreadable:
        raise UnitError(f"{text!r} is not a unit", "write it like S/cm, mA/cm^2 or degC") from None


def _spell(factors: list[tuple[str, int]]) -> str:
    powers: dict[str, int] = {}
    for symbol, power in factors:
        if symbol == "ohm" and power < 0:
            symbol, power = "S", -power
        powers[symbol] = powers.get(symbol, 0) + power
    above = [_powered(symbol, power) for symbol, power in powers.items() if power > 0]
    below = [_powered(symbol, -power) for symbol, power in powers.items() if power < 0]
    return "/".join(["*".join(above) or "1", *below])


def _powered(symbol: str, power: int) -> str:
    return symbol if power == 1 else f"{symbol}^{power}"


class _Unreadable(Exception):
    """The text is not built like a unit."""


class _Reader:
    """Reads products, quotients, powers, brackets and powers of ten into pairs of symbol and power."""

    def __init__(self, text: str) -> None:
        self.pieces: list[tuple[str, str]] = []
        position = 0
        while position < len(text):
            found = _PIECE.match(text, position)
            if found is None or found.lastgroup is None:
                raise _Unreadable
            self.pieces.append((found.lastgroup, found.group().strip()))
            position = found.end()

    def take(self, kind: str) -> str | None:
        """The next piece if it is of this kind; it is used up then."""
        return self.pieces.pop(0)[1] if self.pieces and self.pieces[0][0] == kind else None

    def whole(self) -> list[tuple[str, int]]:
        factors = self.product(0)
        if self.pieces:
            raise _Unreadable
        return factors

    def product(self, depth: int) -> list[tuple[str, int]]:
        factors, divided = self.factor(depth), False
        while self.pieces and self.pieces[0][0] != "close":
            sign = -1 if self.take("over") else 1
            # "S/cm K" could be read both ways; "S/cm*K" and "S/cm/K" could not.
            if sign == 1 and self.take("times") is None and divided:
                raise _Unreadable
            divided = divided or sign == -1
            factors += [(symbol, sign * power) for symbol, power in self.factor(depth)]
        return factors

    def factor(self, depth: int) -> list[tuple[str, int]]:
        number = self.take("number")
        if number is not None:
            return _power_of_ten(Fraction(number) ** self.power(most=30))
        symbol = self.take("symbol")
        if symbol is not None:
            inner = [(symbol, 1)]
        elif self.take("open") is not None and depth < 5:
            inner = self.product(depth + 1)
            if self.take("close") is None:
                raise _Unreadable
        else:
            raise _Unreadable
        power = self.power(most=9)
        return [(name, one * power) for name, one in inner]

    def power(self, most: int) -> int:
        marked = self.take("power") is not None
        sign = self.take("sign")
        # A number directly behind a symbol is its power ("cm2"); one behind a number is not ("10 3").
        digits = self.take("number") if marked or sign or most == 9 else None
        if digits is None and (marked or sign):
            raise _Unreadable
        if digits is None:
            return 1
        if not digits.isdigit() or not 1 <= int(digits) <= most:
            raise _Unreadable
        return -int(digits) if sign == "-" else int(digits)


def _power_of_ten(value: Fraction) -> list[tuple[str, int]]:
    if value == 1:
        return []
    digits = str(max(value, 1 / value)) if value else ""
    if not re.fullmatch("10+", digits):
        raise _Unreadable
    return [(f"1e{'' if value > 1 else '-'}{len(digits) - 1}", 1)]


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
    factors = [] if spelling == "1" else _Reader(spelling).whole()
    alone = len(factors) == 1 and factors[0][1] == 1
    result = registry.Quantity(Fraction(1), "dimensionless")
    for symbol, power in factors:
        if symbol.startswith("1e"):
            result = result * Fraction(symbol) ** power
            continue
        name = _PERCENT.get(symbol, symbol)
        if name not in registry or _is_logarithmic(name):
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
