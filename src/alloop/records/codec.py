"""Amounts and settings as exact text: what the database stores and the export shows.

Amounts are written as fraction strings (`{"Li": "12/5"}`). Settings are JSON in which a number is a number
when its decimal form is exact and `{"fraction": "1/3"}` when it is not, a name is a string and a setting
that does not apply is null; so that a number never turns into a name and nothing is rounded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

Level = Fraction | str | None


def encode_amounts(amounts: Mapping[str, Fraction | int | str]) -> str:
    """Amounts (name -> atoms per formula unit) as JSON of fraction strings, in the order given."""
    parts = (f'{_text(name)}: "{_exact(value)}"' for name, value in amounts.items())
    return "{" + ", ".join(parts) + "}"


def decode_amounts(text: str) -> dict[str, Fraction]:
    """What `encode_amounts` wrote."""
    return dict(_amounts(text))


def encode_settings(settings: Mapping[str, Level | int | float]) -> str:
    """Settings (name -> level) as exact JSON, in the order given. A float counts as the decimal it prints."""
    return "{" + ", ".join(f"{_text(name)}: {_level(value)}" for name, value in settings.items()) + "}"


def decode_settings(text: str) -> dict[str, Level]:
    """What `encode_settings` wrote, numbers as fractions."""
    return dict(_settings(text))


def exact_decimal(value: Fraction) -> str | None:
    """The decimal form of a fraction when it ends (`0.05`), None when it does not (1/3)."""
    rest = value.denominator
    digits = 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        digits = max(digits, count)
    if rest != 1:
        return None
    whole = str(abs(value.numerator) * 10**digits // value.denominator).rjust(digits + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else f"{sign}{whole}"


# The same few thousand texts are read again and again when a campaign has many measurements.
@lru_cache(maxsize=65536)
def _amounts(text: str) -> dict[str, Fraction]:
    return {name: _fraction(value) for name, value in json.loads(text).items()}


@lru_cache(maxsize=65536)
def _settings(text: str) -> dict[str, Level]:
    raw = json.loads(text, parse_float=Fraction, parse_int=Fraction)
    exact = {name: Fraction(value["fraction"]) for name, value in raw.items() if isinstance(value, dict)}
    return {name: exact.get(name, value) for name, value in raw.items()}


@lru_cache(maxsize=65536)
def _fraction(text: str) -> Fraction:
    return Fraction(text)


def _exact(value: Fraction | int | str) -> Fraction:
    return value if type(value) is Fraction else Fraction(value)


def _level(value: Level | int | float) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return _text(value)
    exact = Fraction(repr(value)) if isinstance(value, float) else _exact(value)
    return _number(exact.numerator, exact.denominator)


@lru_cache(maxsize=4096)  # by two whole numbers: to look up a fraction takes several times as long
def _number(numerator: int, denominator: int) -> str:
    exact = Fraction(numerator, denominator)
    return exact_decimal(exact) or f'{{"fraction": "{exact}"}}'


@lru_cache(maxsize=65536)
def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


__all__ = [
    "Level",
    "decode_amounts",
    "decode_settings",
    "encode_amounts",
    "encode_settings",
    "exact_decimal",
]
