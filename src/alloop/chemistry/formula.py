"""Chemical formulas: read exactly, written readably."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from math import gcd, lcm
from typing import NoReturn

from alloop.errors import FormulaError

Amounts = Mapping[str, Fraction]
"""Element symbol -> atoms per formula unit."""

_SEQUENCE = """
    He Ne Ar Kr Xe Rn Fr Cs Rb K Na Li Ra Ba Sr Ca Mg Be
    Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Y Sc
    Rf Hf Zr Ti Db Ta Nb V Sg W Mo Cr Bh Re Tc Mn Hs Os Ru Fe Mt Ir Rh Co Ds Pt Pd Ni Rg Au Ag Cu Cn Hg Cd Zn
    Nh Tl In Ga Al B Fl Pb Sn Ge Si C Mc Bi Sb As P N H Lv Po Te Se S O Ts At I Br Cl F Og
    """
ELEMENT_ORDER: tuple[str, ...] = tuple(_SEQUENCE.split())
"""The elements from electropositive to electronegative: the IUPAC Red Book (2005), table VI, read backwards,
but with the lanthanides and actinides by atomic number. Hydrogen stands between nitrogen and oxygen."""
_PLACE = {element: place for place, element in enumerate(ELEMENT_ORDER)}

MAX_LENGTH = 400
"""Longest formula that is read, in characters."""

_READABLE = str.maketrans(
    {
        **{chr(0x2080 + digit): str(digit) for digit in range(10)},
        **dict.fromkeys("•∙⋅・*", "·"),
        **dict.fromkeys("−–—‐‑", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f\u2002\u2003\t", " "),
    }
)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(?:/(\d+))?")
_POINT = re.compile(r"\.(?=\s*[A-Z(\[{])")  # a point before a letter adds a part, as in 'LiOH.H2O'
_OPEN = {"(": ")", "[": "]", "{": "}"}


def is_element(symbol: str) -> bool:
    """Whether `symbol` is the symbol of a chemical element."""
    return symbol in _PLACE


def plain_text(text: str) -> str:
    """The text with ASCII digits for subscripts, `·` for any sign of addition, plain hyphens and spaces."""
    return text.translate(_READABLE)


def order_elements(elements: Iterable[str]) -> list[str]:
    """The distinct elements from electropositive to electronegative (IUPAC Red Book 2005, table VI)."""
    return sorted(set(elements), key=_PLACE.__getitem__)


def parse_formula(text: str, where: str = "") -> dict[str, Fraction]:
    """Atoms of each element per formula unit, exactly as written.

    Nested brackets, decimals (`Al0.3`), fractions (`In1/3`), Unicode subscripts, spaces between elements and
    added parts (`AlCl3·6H2O`, `AlCl3*6H2O`, `AlCl3-6H2O`, `75Li2S-25P2S5`) are understood. Elements come in
    the order in which they first appear; those with a zero amount are left out.

    Args:
        text: the formula.
        where: the place to name in an error.

    Raises:
        FormulaError: with the position of what cannot be read.
    """
    try:
        return dict(_parsed(text))
    except FormulaError as error:
        if where:
            raise FormulaError(error.problems[0].what, error.problems[0].mend, where) from None
        raise


@lru_cache(maxsize=65536)
def _parsed(text: str) -> tuple[tuple[str, Fraction], ...]:
    return tuple(_Reader(text).formula().items())


class _Reader:
    """Reads one formula from left to right; `at` is the position of the next character."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.text = _POINT.sub("·", plain_text(text))
        self.at = 0

    def fail(self, what: str, mend: str = "", at: int | None = None) -> NoReturn:
        position = (self.at if at is None else at) + 1
        raise FormulaError(f"formula {self.original!r}, position {position}: {what}", mend)

    def formula(self) -> dict[str, Fraction]:
        if not self.text.strip():
            raise FormulaError("the formula is empty", "write one such as 'Li6PS5Cl'")
        if len(self.text) > MAX_LENGTH:
            raise FormulaError(
                f"the formula has {len(self.text)} characters", f"at most {MAX_LENGTH} are read"
            )
        total: dict[str, Fraction] = {}
        while True:
            self.skip_spaces()
            times = self.number(leads=True)
            self.skip_spaces()
            _add(total, self.units(""), times)
            if self.at == len(self.text):
                break
            self.separator()
        total = {element: amount for element, amount in total.items() if amount}
        if not total:
            raise FormulaError(f"formula {self.original!r}: every amount is zero")
        return total

    def separator(self) -> None:
        """Pass the sign between added parts; a hyphen counts only before an amount or water."""
        is_hyphen = self.text[self.at] == "-"
        self.at += 1
        rest = self.text[self.at :].lstrip()
        if not rest:
            self.fail("nothing follows the last sign", "a formula carries no charge and no trailing sign")
        if is_hyphen and rest[0] in "xyzδ":
            self.fail(f"{rest[0]!r} is an unknown amount", "write it as a number")
        if is_hyphen and not (rest[0].isdigit() or rest[0] == "." or rest.startswith("H2O")):
            self.fail("a hyphen without an amount after it", "write the amounts, such as '75Li2S-25P2S5'")

    def units(self, closing: str) -> dict[str, Fraction]:
        """Elements and brackets up to `closing`, or up to the end or a separator when that is empty."""
        total: dict[str, Fraction] = {}
        start = self.at
        while True:
            self.skip_spaces()
            sign = self.text[self.at : self.at + 1]
            if sign == "" or sign in "·-)]}":
                break
            if sign in _OPEN:
                opened = self.at
                self.at += 1
                part = self.units(_OPEN[sign])
                if self.text[self.at : self.at + 1] != _OPEN[sign]:
                    self.fail(f"the bracket {sign!r} is not closed", at=opened)
                self.at += 1
            elif "A" <= sign <= "Z":
                part = {self.element(): Fraction(1)}
            else:
                self.refuse(sign)
            _add(total, part, self.number())
        if not total:
            self.fail("an element is missing here", at=start)
        if sign and sign in ")]}" and sign != closing:
            self.fail(
                f"{sign!r} closes no bracket" if not closing else f"{sign!r} where {closing!r} must close"
            )
        if sign and sign in "·-" and closing:
            self.fail(f"{sign!r} inside brackets", "close the bracket first")
        return total

    def element(self) -> str:
        long, short = self.text[self.at : self.at + 2], self.text[self.at]
        if len(long) == 2 and "a" <= long[1] <= "z":
            if long not in _PLACE:
                self.fail(f"unknown element {long!r}")
            self.at += 2
            return long
        if short not in _PLACE:
            mend = f"write {long.capitalize()!r}" if long.capitalize() in _PLACE else ""
            self.fail(f"unknown element {short!r}", mend)
        self.at += 1
        return short

    def number(self, leads: bool = False) -> Fraction:
        """The amount that stands here, 1 when there is none; `leads` when it stands before what it counts."""
        found = _NUMBER.match(self.text, self.at)
        if found is None:
            return Fraction(1)
        if not leads and "." in found[1] and self.text.startswith("H2O", found.end()):
            self.fail(
                "this may be a decimal or a hydrate", "write '·' before the water, such as 'AlCl3·6H2O'"
            )
        if found[2] is not None and int(found[2]) == 0:
            self.fail("division by zero")
        value = Fraction(found[1]) / int(found[2] or 1)
        self.at = found.end()
        if re.match(r",|\.\d", self.text[self.at :]):
            self.fail("a comma or a second point in an amount", "write decimals such as 0.25")
        return value

    def skip_spaces(self) -> None:
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1

    def refuse(self, sign: str) -> NoReturn:
        if sign.isdigit() or sign == ".":
            self.fail("a number after a space", "join it to its element, or write '·' before an added part")
        if sign in "xyzδ":
            self.fail(f"{sign!r} is an unknown amount", "write it as a number")
        if sign == "+" and re.match(r"\+\s*[xyzδ]", self.text[self.at :]):
            self.fail(
                f"{self.text[self.at + 1 :].lstrip()[0]!r} is an unknown amount", "write it as a number"
            )
        if sign == "+" or sign == "^" or sign in "⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
            self.fail(f"{sign!r} looks like a charge", "a formula carries no charges")
        if "a" <= sign <= "z":
            self.fail(f"{sign!r} begins no element", "element symbols begin with a capital letter")
        self.fail(f"{sign!r} cannot be read in a formula")


def _add(total: dict[str, Fraction], part: Mapping[str, Fraction], times: Fraction) -> None:
    for element, amount in part.items():
        total[element] = total.get(element, Fraction(0)) + amount * times


def format_formula(amounts: Mapping[str, Fraction], order: Iterable[str] | None = None) -> str:
    """A readable formula, amounts trimmed to four decimals.

    Args:
        amounts: atoms per formula unit; zero amounts are left out.
        order: elements to write first, such as the mobile ion's; the others follow from electropositive to
            electronegative, which puts alkali metals first anyway.
    """
    first = {element: place for place, element in enumerate(order or ())}
    present = [element for element in amounts if amounts[element]]
    present.sort(key=lambda element: (first.get(element, len(first)), _PLACE[element]))
    parts = [element + _readable(amounts[element]) for element in present]
    for place in range(
        1, len(parts) - 1
    ):  # after a decimal, two hydrogen and oxygen would read as water of a hydrate
        if parts[place] == "H2" and present[place + 1] == "O" and "." in parts[place - 1]:
            parts[place : place + 2] = parts[place + 1], parts[place]
    return "".join(parts)


def _readable(amount: Fraction) -> str:
    digits = 4
    while round(amount, digits) == 0:  # a trace must not vanish from the formula
        digits += 1
    text = f"{float(amount):.{digits}f}".rstrip("0").rstrip(".")
    return "" if text == "1" else text


@cache
def _masses() -> dict[str, float]:
    from pymatgen.core.periodic_table import Element  # slow to import

    return {element: float(Element(element).atomic_mass) for element in ELEMENT_ORDER}


def molar_mass(amounts: Mapping[str, Fraction] | Mapping[str, float]) -> float:
    """Mass of one mole of formula units in g/mol (standard atomic weights as in pymatgen)."""
    masses = _masses()
    return sum(float(amount) * masses[element] for element, amount in amounts.items())


def atomic_fractions(amounts: Mapping[str, Fraction]) -> dict[str, float]:
    """Each element's share of the atoms; the shares sum to 1."""
    total = sum(amounts.values(), Fraction(0))
    return {element: float(amount / total) for element, amount in amounts.items()}


def composition_key(amounts: Mapping[str, Fraction]) -> str:
    """An exact name of the composition that does not depend on scale or order of writing.

    Amounts are reduced to the smallest integers, elements stand in alphabetical order: `Li2P2S6` and `LiPS3`
    share `Li1P1S3`.
    """
    present = {element: Fraction(amount) for element, amount in sorted(amounts.items()) if amount}
    scale = lcm(*(amount.denominator for amount in present.values()))
    counts = {element: int(amount * scale) for element, amount in present.items()}
    common = gcd(*counts.values())
    return "".join(f"{element}{count // common}" for element, count in counts.items())
