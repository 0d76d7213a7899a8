"""How a unit is written: the many spellings of laboratories, and the one that alloop keeps."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

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
# "Scm-1" and "ohmcm": the space between the unit of an electrical quantity and the length was lost.
_GLUED = re.compile("(?<![A-Za-z])([munpk]?(?:S|ohm|A|W|V))cm(?![A-Za-z])")
_PIECE = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<symbol>(?:wt|mol|at|vol)?%|[A-Za-z]+)"
    r"|(?P<power>\^|\*\*)|(?P<sign>[+-])|(?P<times>[*.])|(?P<over>/)|(?P<open>\()|(?P<close>\)))\s*"
)


def normalise_unit(text: str) -> str:
    """The one spelling of a unit: ``"S cm⁻¹"``, ``"S·cm-1"`` and ``"Ω⁻¹cm⁻¹"`` all give ``"S/cm"``.

    A power of ten in front is kept (``"10⁻⁴ S/cm"`` gives ``"1e-4*S/cm"``). Whether the symbols exist is not
    looked up here but when converting.

    Raises:
        UnitError: when the text is not built like a unit.
    """
    return _normalise(text.strip())


def factors_of(spelling: str) -> list[tuple[str, int]]:
    """The symbols of a normalised unit with their powers; powers of ten are symbols such as ``1e-4``."""
    return [] if spelling == "1" else _Reader(spelling).whole()


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
        spelling = _spell(_Reader(plain).whole())
        return _SAME.get(spelling.lower(), spelling)
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
