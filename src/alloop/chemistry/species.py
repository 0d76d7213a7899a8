"""Species: ions and neutral units with their charge, such as `Al3+`, `S2-`, `BH4-`, `B12H12^2-` or `Va`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from alloop.chemistry.formula import is_element, parse_formula, plain_text
from alloop.errors import FormulaError

VACANCY = "Va"

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]*[⁺⁻]$")
_SINGLE = re.compile(r"([A-Z][a-z]?)(\d*)([+-])")
_CARET = re.compile(r"(.+?)\^(\d*)([+-]?)")
_MOLECULAR = re.compile(r"(.+?)([+-])")
_REVERSED = re.compile(r"([A-Z][a-z]?)\^?([+-])(\d+)")
_BARE = re.compile(r"([A-Z][a-z]?)\d*")
_HELP = "write it with its valence, such as 'Al3+', 'Cl-', 'BH4-' or 'B12H12^2-'"


@dataclass(frozen=True, order=True)
class Species:
    """One ion or neutral unit.

    `formula` is the unit as written (`Zr`, `BH4`, `Va` for a vacancy), `charge` is in elementary charges.
    """

    formula: str
    charge: int

    @property
    def symbol(self) -> str:
        """The name that :func:`parse_species` reads back: `Li+`, `Zr4+`, `BH4-`, `B12H12^2-`, `Va`."""
        if self.is_vacancy:
            return VACANCY
        size, sign = abs(self.charge), "+" if self.charge > 0 else "-"
        if self.charge == 0:
            return f"{self.formula}^0"
        if size == 1:
            return self.formula + sign
        return f"{self.formula}{size}{sign}" if is_element(self.formula) else f"{self.formula}^{size}{sign}"

    @property
    def elements(self) -> Mapping[str, int]:
        """Atoms of each element in the unit; a vacancy has none."""
        return _atoms(self.formula)

    @property
    def is_vacancy(self) -> bool:
        """Whether this is the neutral vacancy."""
        return self.formula == VACANCY

    def __str__(self) -> str:
        return self.symbol


@lru_cache(maxsize=4096)
def _atoms(formula: str) -> Mapping[str, int]:
    if formula == VACANCY:
        return MappingProxyType({})
    atoms = parse_formula(formula)
    if any(amount.denominator != 1 for amount in atoms.values()):
        raise FormulaError(f"species {formula!r} is not one whole unit", "count its atoms in integers")
    return MappingProxyType({element: int(amount) for element, amount in atoms.items()})


def parse_species(text: str, where: str = "") -> Species:
    """The species called `text`.

    Bare digits before the sign are a charge only after a single element (`Zr4+`, `S2-`); after several they
    count atoms (`BH4-` is one minus), and a caret sets the charge apart (`B12H12^2-`, `O2^2-`). `Va` is the
    neutral vacancy, `^0` marks another neutral unit (`H2O^0`). Unicode superscripts are read as such.

    Args:
        text: the species.
        where: the place to name in an error.

    Raises:
        FormulaError: for an unknown element, a missing charge or anything else that cannot be read.
    """
    clean = _plain(text)
    if clean == VACANCY:
        return Species(VACANCY, 0)
    try:
        formula, charge = _split(clean, text)
        species = Species(formula, charge)
        if not species.elements:
            raise FormulaError(f"species {text!r} has no atoms", _HELP)
    except FormulaError as error:
        problem = error.problems[0]
        raise FormulaError(problem.what, problem.mend, where) from None
    return species


def _plain(text: str) -> str:
    """The text with ASCII signs and a caret before a raised charge."""
    clean = text.strip()
    raised = _RAISED.search(clean)
    if raised and "^" not in clean:
        clean = f"{clean[: raised.start()]}^{raised[0].translate(_SUPERSCRIPTS)}"
    return plain_text(clean.translate(_SUPERSCRIPTS))


def _split(clean: str, text: str) -> tuple[str, int]:
    """Unit and charge; `text` is what the user wrote."""
    if single := _SINGLE.fullmatch(clean):
        element, digits, sign = single.groups()
        if not is_element(element):
            raise FormulaError(f"unknown element {element!r} in species {text!r}")
        return element, _charge(digits, sign, text)
    if turned := _REVERSED.fullmatch(clean):
        element, sign, digits = turned.groups()
        raise FormulaError(
            f"species {text!r} has its sign before the digits", f"write '{element}{digits}{sign}'"
        )
    if "^" in clean:
        caret = _CARET.fullmatch(clean)
        if caret is None or (not caret[3] and caret[2] != "0"):
            raise FormulaError(f"species {text!r} has no charge after its caret", _HELP)
        formula, charge = caret[1], 0 if not caret[3] else _charge(caret[2], caret[3], text)
    elif molecular := _MOLECULAR.fullmatch(clean):
        formula, charge = molecular[1], 1 if molecular[2] == "+" else -1
    elif (bare := _BARE.fullmatch(clean)) is not None:
        if not is_element(bare[1]):
            raise FormulaError(f"unknown element {bare[1]!r}")
        raise FormulaError(f"element {bare[1]!r} has no charge", _HELP)
    else:
        parse_formula(clean)  # an unknown element is the more helpful complaint
        raise FormulaError(f"species {text!r} has no charge", _HELP)
    if formula == VACANCY:
        raise FormulaError(f"species {text!r}: the vacancy is neutral", "write 'Va'")
    return formula, charge


def _charge(digits: str, sign: str, text: str) -> int:
    size = int(digits or 1)
    if not 1 <= size <= 12:
        raise FormulaError(f"species {text!r} has an impossible charge", _HELP)
    return size if sign == "+" else -size
