"""What a single value of the campaign file may be: exact numbers, species, formulas, names, levels.

The YAML reader hands over texts; each type here turns one text into its value, or says what is wrong with it
and what would mend it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainValidator
from pydantic_core import PydanticCustomError

from alloop.chemistry.formula import is_element, parse_formula
from alloop.chemistry.species import Species, parse_species
from alloop.errors import UserError
from alloop.properties import get_property
from alloop.space.types import Level

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE]([+-]?\d+))?", re.ASCII)
_RATIO = re.compile(r"([+-]?\d+)\s*/\s*(\d+)", re.ASCII)
_MAX_DIGITS, _MAX_EXPONENT = 40, 40
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.'-]*")


class Section(BaseModel):
    """The base of every part of the campaign file: frozen, and no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def wrong(what: str, mend: str = "") -> PydanticCustomError:
    """The error to raise in a validator: what is wrong with the value and what would mend it."""
    return PydanticCustomError("alloop", "{what}", {"what": what, "mend": mend})


def _field(read: Callable[[str], Any]) -> PlainValidator:
    """A validator that gets the text of one scalar."""

    def check(value: object) -> Any:
        if isinstance(value, Mapping | list):
            kind = "a mapping" if isinstance(value, Mapping) else "a list"
            raise wrong(f"{kind} stands where one value is expected", "write a single value")
        if value is None:
            raise wrong("the value is empty", "write one or remove the key")
        if not isinstance(value, str):
            return value  # a default that is already what it should be
        try:
            return read(value.strip())
        except UserError as error:
            raise wrong(error.problems[0].what, error.problems[0].mend) from error

    return PlainValidator(check)


def read_number(text: str) -> Fraction:
    """The exact number that `text` writes: `0.3`, `1e-8` or `1/3`.

    Raises:
        PydanticCustomError: when it is no number.
    """
    if ratio := _RATIO.fullmatch(text):
        if len(text) > 2 * _MAX_DIGITS or int(ratio[2]) == 0:
            raise wrong(f"{text!r} is no fraction", "write one such as 1/3")
        return Fraction(int(ratio[1]), int(ratio[2]))
    found = _NUMBER.fullmatch(text)
    if found is None:
        mend = "write a number such as 0.05, 1e-8 or 1/3"
        if re.fullmatch(r"[+-]?\d+,\d+", text):
            mend = f"write {text.replace(',', '.')!r} with a decimal point"
        elif re.fullmatch(r"[+-]?[\d.]+\s*%", text):
            mend = "write it as a fraction of 1"
        raise wrong(f"{text!r} is not a number", mend)
    if len(text) > _MAX_DIGITS or abs(int(found[3] or 0)) > _MAX_EXPONENT:
        raise wrong(f"{text!r} has more digits than any amount needs", "write a shorter number")
    return Fraction(text)


def number_text(value: Fraction) -> str:
    """The number as a person writes it: a short decimal where that is exact, else a fraction."""
    plain = f"{float(value):.10g}"
    return plain if Fraction(plain) == value else f"{value.numerator}/{value.denominator}"


def _bounded(
    low: Fraction | None = None, high: Fraction | None = None, above: bool = False
) -> Callable[[str], Fraction]:
    def read(text: str) -> Fraction:
        value = read_number(text)
        if low is not None and (value < low or (above and value == low)):
            raise wrong(f"{text} is too small", f"it must be {'above' if above else 'at least'} {low}")
        if high is not None and value > high:
            raise wrong(f"{text} is too large", f"it may be {high} at most")
        return value

    return read


def _whole(low: int, high: int = 10**9) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = _bounded(Fraction(low), Fraction(high))(text)
        if value.denominator != 1:
            raise wrong(f"{text} is not a whole number", "write a count")
        return int(value)

    return read


def _as_float(read: Callable[[str], Fraction]) -> Callable[[str], float]:
    return lambda text: float(read(text))


def _read_flag(text: str) -> bool:
    known = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
    if text not in known:
        raise wrong(f"{text!r} is neither true nor false", "write true or false")
    return known[text]


def _read_words(text: str) -> str:
    if not text:
        raise wrong("the text is empty", "write some words or remove the key")
    return text


def _matching(pattern: re.Pattern[str], help_text: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise wrong(f"{text!r} cannot be a name here", help_text)
        return text

    return read


def _read_formula(text: str) -> str:
    parse_formula(text)
    return text


def _read_element(text: str) -> str:
    if not is_element(text):
        raise wrong(f"{text!r} is not an element", "write its symbol, such as 'Cd'")
    return text


def read_level(value: object) -> Level:
    """One level of a process setting; `none` and an empty value mean that the step does not take place."""
    if isinstance(value, Mapping | list):
        raise wrong("a level is a number, a name or none", "write a single value")
    text = "" if value is None else str(value).strip()
    if text.lower() in {"none", ""}:
        return None
    if _NUMBER.fullmatch(text) or _RATIO.fullmatch(text):
        return read_number(text)
    if any(sign in text for sign in "=;|"):
        raise wrong(f"the level {text!r} holds one of = ; |", "leave these signs out")
    return text


Number = Annotated[Fraction, _field(read_number)]
PositiveNumber = Annotated[Fraction, _field(_bounded(Fraction(0), above=True))]
AmountNumber = Annotated[Fraction, _field(_bounded(Fraction(0)))]
Share = Annotated[Fraction, _field(_bounded(Fraction(0), Fraction(1)))]
PositiveFloat = Annotated[float, _field(_as_float(_bounded(Fraction(0), above=True)))]
AmountFloat = Annotated[float, _field(_as_float(_bounded(Fraction(0))))]
ShareFloat = Annotated[float, _field(_as_float(_bounded(Fraction(0), Fraction(1))))]
Purity = Annotated[float, _field(_as_float(_bounded(Fraction(0), Fraction(1), above=True)))]
Float = Annotated[float, _field(_as_float(read_number))]
Count = Annotated[int, _field(_whole(0))]
PositiveCount = Annotated[int, _field(_whole(1))]
CandidateCount = Annotated[int, _field(_whole(1, 10**15))]
Rows = Annotated[int, _field(_whole(1, 26))]
Columns = Annotated[int, _field(_whole(1, 99))]
Flag = Annotated[bool, _field(_read_flag)]
Words = Annotated[str, _field(_read_words)]
Slug = Annotated[str, _field(_matching(_SLUG, "use lower-case letters, digits and hyphens: 'halide-spinel'"))]
Name = Annotated[str, _field(_matching(_NAME, "use letters, digits and _, and begin with a letter"))]
SiteName = Annotated[str, _field(_matching(_SITE, "use letters, digits and _ . - such as 'M' or '16d'"))]
SpeciesField = Annotated[Species, _field(parse_species)]
FormulaField = Annotated[str, _field(_read_formula)]
ElementField = Annotated[str, _field(_read_element)]
PropertyName = Annotated[str, _field(lambda text: get_property(text).name)]
LevelField = Annotated[Level, PlainValidator(read_level)]


def as_list(value: object) -> object:
    """A single value where a list is meant counts as a list of one."""
    return [value] if isinstance(value, str) else value
