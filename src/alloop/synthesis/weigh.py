"""What to weigh for each well, and what the balance makes of the composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from alloop.chemistry.formula import Amounts, format_formula, molar_mass
from alloop.chemistry.precursors import Precursor
from alloop.chemistry.shelf import Shelf
from alloop.errors import PrecursorError, Problem
from alloop.synthesis.advice import MasterBatch, advise_portions, advise_stock, master_batches
from alloop.synthesis.rounding import round_to_balance


@dataclass(frozen=True)
class WellRecipe:
    """A composition to be made in a well.

    `amounts` are atoms per formula unit of the product. `excess` replaces, for this well, the shelf's excess
    of the precursors it names (0.1 is 10 % more than the composition asks).
    """

    well: str
    sample: str
    formula: str
    amounts: Amounts
    excess: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Portion:
    """One precursor for one well: the exact mass in mg, and the mass the balance can show."""

    well: str
    sample: str
    precursor: str
    exact_mg: float
    mass_mg: float


@dataclass(frozen=True)
class WellWeights:
    """All portions of a well.

    `product_mg` is what the exact portions leave after firing; `powder_mg` what the rounded portions weigh
    together. `composition_error` is the largest change of an element's atomic fraction that rounding causes,
    among the elements that have to balance, and `weighed_formula` the composition that the rounded portions
    give when the excess is lost as foreseen.
    """

    well: str
    sample: str
    formula: str
    portions: tuple[Portion, ...]
    product_mg: float
    powder_mg: float
    composition_error: float
    weighed_formula: str


@dataclass(frozen=True)
class PrecursorTotal:
    """What a plate takes of one precursor; `stock_g` is None when it was not declared."""

    precursor: Precursor
    total_g: float
    portions: int
    smallest_mg: float
    stock_g: float | None

    @property
    def is_short(self) -> bool:
        """Whether the declared stock does not suffice."""
        return self.stock_g is not None and self.total_g > self.stock_g


@dataclass(frozen=True)
class WeighPlan:
    """The weighing of a plate: wells in their order on the plate, precursors in the order of the shelf.

    `advice` names stock that does not suffice and portions below `min_portion_mg`; `batches` are master
    batches that may replace the latter. The portions listed for the wells do not use them.
    """

    wells: tuple[WellWeights, ...]
    totals: tuple[PrecursorTotal, ...]
    sample_mass_g: float
    balance_resolution_mg: float
    min_portion_mg: float
    atmosphere: str
    advice: tuple[str, ...]
    batches: tuple[MasterBatch, ...]

    @property
    def portions(self) -> tuple[Portion, ...]:
        """Every portion, well by well."""
        return tuple(portion for well in self.wells for portion in well.portions)

    @property
    def precursors(self) -> tuple[str, ...]:
        """The formulas of the precursors that the plate needs."""
        return tuple(total.precursor.formula for total in self.totals)


def weigh_plate(
    recipes: Sequence[WellRecipe],
    shelf: Shelf,
    sample_mass_g: float,
    balance_resolution_mg: float,
    min_portion_mg: float = 2.0,
) -> WeighPlan:
    """Portions for every well of a plate.

    `sample_mass_g` is the mass of the product: what is left in the crucible when carbon dioxide, water and
    the excess have gone. The powder weighed in is heavier. Each portion is

        mass = moles of product * precursor per formula unit * (1 + excess) * molar mass / purity,

    exact fractions up to the last step, then rounded to the nearest multiple of the balance's resolution.

    Args:
        recipes: one per well, in the order in which they shall be weighed.
        shelf: the precursors.
        sample_mass_g: grams of product per well, above 0.
        balance_resolution_mg: smallest step of the balance in mg, above 0.
        min_portion_mg: portions below this are listed in the advice.

    Raises:
        PrecursorError: with every well that the shelf does not reach, naming the elements, and every excess
            of a precursor that is not on the shelf.
    """
    if sample_mass_g <= 0 or balance_resolution_mg <= 0:
        raise ValueError("sample mass and balance resolution must be above 0")
    known = {entry.formula: entry for entry in shelf.precursors}
    problems: list[Problem] = []
    wells: list[WellWeights] = []
    for recipe in recipes:
        place = f"well {recipe.well} ({recipe.formula})"
        foreign = [formula for formula in recipe.excess if formula not in known]
        for formula in foreign:
            what = f"an excess of {formula} is asked for, which is not among the precursors"
            problems.append(Problem(place, what, "name a precursor as it is listed"))
        try:
            moles = shelf.solve(recipe.amounts, place)
        except PrecursorError as error:
            problems.extend(error.problems)
            continue
        if not foreign:
            wells.append(_weigh_well(recipe, moles, shelf, sample_mass_g, balance_resolution_mg))
    if problems:
        raise PrecursorError(problems)
    portions = [portion for well in wells for portion in well.portions]
    totals = tuple(_totals(portions, shelf))
    masses = {well.well: {p.precursor: p.exact_mg for p in well.portions} for well in wells}
    batches = master_batches(masses, min_portion_mg, balance_resolution_mg)
    advice = (
        *advise_stock({total.precursor.formula: (total.total_g, total.stock_g) for total in totals}),
        *advise_portions(masses, batches, sample_mass_g, min_portion_mg, balance_resolution_mg),
    )
    return WeighPlan(
        tuple(wells),
        totals,
        sample_mass_g,
        balance_resolution_mg,
        min_portion_mg,
        shelf.atmosphere,
        advice,
        batches,
    )


def _weigh_well(
    recipe: WellRecipe,
    moles: Mapping[str, Fraction],
    shelf: Shelf,
    sample_mass_g: float,
    resolution_mg: float,
) -> WellWeights:
    by_formula = {entry.formula: entry for entry in shelf.precursors}
    units = sample_mass_g / molar_mass(recipe.amounts)  # moles of formula units in the product
    portions = []
    for formula, per_unit in moles.items():
        exact_g = by_formula[formula].mass_g(units * float(per_unit), recipe.excess.get(formula))
        rounded_mg = round_to_balance(1000 * exact_g, resolution_mg)
        portions.append(Portion(recipe.well, recipe.sample, formula, 1000 * exact_g, rounded_mg))
    rounded = {portion.precursor: portion.mass_mg for portion in portions}
    made = weighed_amounts(rounded, recipe.amounts, shelf, recipe.excess) if any(rounded.values()) else {}
    return WellWeights(
        recipe.well,
        recipe.sample,
        recipe.formula,
        tuple(portions),
        1000 * sample_mass_g,
        float(sum(Fraction(str(mass)) for mass in rounded.values())),
        composition_error(made, recipe.amounts, shelf),
        format_formula({e: Fraction(value).limit_denominator(10**6) for e, value in made.items()}),
    )


def _totals(portions: Sequence[Portion], shelf: Shelf) -> list[PrecursorTotal]:
    totals = []
    for entry in shelf.precursors:
        own = [portion for portion in portions if portion.precursor == entry.formula]
        if own:
            total_g = float(sum(Fraction(str(portion.mass_mg)) for portion in own)) / 1000
            smallest = min(portion.mass_mg for portion in own)
            totals.append(PrecursorTotal(entry, total_g, len(own), smallest, entry.stock_g))
    return totals


def weighed_amounts(
    masses_mg: Mapping[str, float], target: Amounts, shelf: Shelf, excess: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The composition that weighed portions give, in atoms per formula unit.

    The excess foreseen for each precursor is taken to be lost. The result is scaled to as many balanced atoms
    as the target has; elements that need not balance (oxygen in air) are the target's.

    Args:
        masses_mg: milligrams of powder by precursor.
        target: the composition that was to be made.
        shelf: the precursors.
        excess: replaces the shelf's excess of the precursors it names.

    Raises:
        PrecursorError: when a precursor is not on the shelf, a mass is not a number of at least 0, or nothing
            that counts was weighed.
    """
    known = {entry.formula: entry for entry in shelf.precursors}
    problems = []
    for formula, mass in masses_mg.items():
        if formula not in known:
            problems.append(Problem(formula, "is not among the precursors", f"known are {', '.join(known)}"))
        if not 0 <= mass < float("inf"):
            problems.append(Problem(formula, f"{mass:g} mg is not a mass"))
    if problems:
        raise PrecursorError(problems)
    brought: dict[str, float] = {}
    for formula, mass in masses_mg.items():
        moles = known[formula].moles(mass / 1000, (excess or {}).get(formula))
        for element, atoms in shelf.left_by(known[formula], target).items():
            brought[element] = brought.get(element, 0.0) + moles * float(atoms)
    balanced = shelf.balanced_in(target)
    total = sum(brought.values())
    if total <= 0:
        raise PrecursorError("nothing was weighed", "give the mass of each precursor in mg")
    scale = float(sum(target[element] for element in balanced)) / total
    made = {element: float(amount) for element, amount in target.items() if element not in balanced}
    return {**{element: amount * scale for element, amount in brought.items()}, **made}


def composition_error(made: Mapping[str, float], target: Amounts, shelf: Shelf) -> float:
    """The largest difference in an element's share of the atoms that have to balance (0 to 1).

    In air, oxygen is left out: the furnace supplies it. A composition of nothing differs by 1.
    """
    balanced = shelf.balanced_in(target)
    gas = {element for element in target if element not in balanced}
    own = {element: amount for element, amount in made.items() if element not in gas}
    if not own:
        return 1.0
    total, wanted = sum(own.values()), float(sum(target[element] for element in balanced))
    return max(
        abs(own.get(element, 0.0) / total - float(target.get(element, 0)) / wanted)
        for element in {*own, *balanced}
    )
