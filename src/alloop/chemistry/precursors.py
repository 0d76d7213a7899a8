"""Precursors: the powders a laboratory owns, and what each leaves in the product after firing."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from alloop.chemistry.formula import Amounts, molar_mass, parse_formula
from alloop.errors import PrecursorError, Problem

VOLATILE_IN_AIR = ("C", "H", "N")
"""Elements that leave as gas when a precursor is fired in air, unless the composition holds them."""


@dataclass(frozen=True)
class Precursor:
    """One powder on the shelf.

    `elements` are the atoms in one formula unit as weighed, water of crystallisation included; `gives` is
    what that formula unit leaves in the product. `purity` is the mass fraction of `formula` in the powder,
    `excess` the fraction weighed in beyond what the composition asks, because the furnace loses that much. A powder
    that `needs_inert` must not see air before it is fired.
    """

    formula: str
    elements: Amounts = field(hash=False)
    gives: Amounts = field(hash=False)
    purity: float = 1.0
    excess: float = 0.0
    price_per_g: float | None = None
    stock_g: float | None = None
    needs_inert: bool = False

    @cached_property
    def molar_mass(self) -> float:
        """Mass of one mole of formula units as weighed, in g/mol, without impurities."""
        return molar_mass(self.elements)

    def mass_g(self, moles: float, excess: float | None = None) -> float:
        """Grams of powder to weigh for `moles` in the product; `excess` replaces the precursor's own."""
        return moles * (1 + (self.excess if excess is None else excess)) * self.molar_mass / self.purity

    def moles(self, mass_g: float, excess: float | None = None) -> float:
        """Moles that `mass_g` of powder brings into the product: the inverse of :meth:`mass_g`."""
        return mass_g * self.purity / self.molar_mass / (1 + (self.excess if excess is None else excess))


def make_precursor(
    formula: str,
    gives: str | Amounts | None = None,
    *,
    purity: float = 1.0,
    excess: float = 0.0,
    price_per_g: float | None = None,
    stock_g: float | None = None,
    needs_inert: bool = False,
    where: str = "",
) -> Precursor:
    """A precursor from its formula.

    Args:
        formula: as on the bottle, hydrates included (`AlCl3·6H2O`).
        gives: what it leaves after firing, on any scale: `Al2O3` for Al(NO3)3·9H2O means half an Al2O3 for
            each formula unit. The scale is set by the element that is kept most completely (oxygen only when
            there is no other), because a firing cannot create atoms. Without it, the formula itself.
        purity: mass fraction of the formula in the powder, above 0 up to 1.
        excess: fraction weighed in beyond the stoichiometric amount, at least 0 (0.1 is 10 % more).
        price_per_g: price in the campaign's currency.
        stock_g: grams in the laboratory.
        needs_inert: whether the powder must not see air.
        where: the place to name in errors.

    Raises:
        FormulaError: when a formula cannot be read.
        PrecursorError: with every value that is out of its range.
    """
    elements = parse_formula(formula, where)
    problems = []
    place = where or f"precursor {formula}"
    if not 0 < purity <= 1:
        mend = f"write {purity / 100:g}" if 1 < purity <= 100 else "write the mass fraction, such as 0.999"
        problems.append(Problem(place, f"purity {purity:g} is not above 0 and up to 1", mend))
    if not 0 <= excess <= 1:
        mend = f"write {excess / 100:g} for {excess:g} %" if 1 < excess <= 100 else "write 0.1 for 10 % more"
        problems.append(Problem(place, f"excess {excess:g} is not between 0 and 1", mend))
    for name, amount in (("price_per_g", price_per_g), ("stock_g", stock_g)):
        if amount is not None and not 0 <= amount < float("inf"):
            problems.append(Problem(place, f"{name} {amount:g} is not a number of at least 0"))
    left = parse_formula(gives, where) if isinstance(gives, str) else gives
    foreign = [element for element in left or () if element not in elements and element != "O"]
    if foreign:
        mend = "name what this precursor leaves, such as Li2O for Li2CO3"
        problems.append(Problem(place, f"gives {', '.join(foreign)}, which {formula} does not hold", mend))
    if problems:
        raise PrecursorError(problems)
    kept = dict(elements) if left is None else _scaled(left, elements)
    return Precursor(formula, elements, kept, purity, excess, price_per_g, stock_g, needs_inert)


def _scaled(left: Amounts, elements: Amounts) -> dict[str, Fraction]:
    """`left` on the scale of one formula unit of `elements`, with no element but oxygen created."""
    counted = [element for element in left if element != "O"] or list(left)
    scale = min(elements[element] / left[element] for element in counted)
    return {element: amount * scale for element, amount in left.items()}
