"""Short ways to write spaces, and a count of them that shares no idea with the one under test."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np

from alloop.chemistry.formula import parse_formula
from alloop.chemistry.precursors import make_precursor
from alloop.chemistry.shelf import Shelf
from alloop.chemistry.species import parse_species
from alloop.errors import PrecursorError
from alloop.space import (
    AmountLimit,
    Compensation,
    DistinctLimit,
    EndMember,
    Limits,
    Process,
    Site,
    SiteSpace,
    Space,
    Substituent,
)

NO_PROCESS = Process()
Composition = frozenset[tuple[str, str, Fraction]]


def numbers(text: str) -> tuple[Fraction, ...]:
    return tuple(Fraction(word) for word in text.split())


def substituent(species: str, levels: str, dopant: bool = True) -> Substituent:
    return Substituent(parse_species(species), numbers(levels), dopant)


def site(name: str, amount: str, host: str, *substituents: Substituent, most: int | None = None) -> Site:
    return Site(name, Fraction(amount), parse_species(host), substituents, most)


CHLORIDE = site("X", "4", "Cl-")


def held(space: SiteSpace, column: str) -> set[Fraction]:
    """Every amount that a column, written as `label on group`, takes."""
    (place,) = [i for i, c in enumerate(space.columns) if str(c) == column]
    amounts = space.decode(np.arange(space.size)).amounts[:, place]
    return {Fraction(amount).limit_denominator(1000) for amount in amounts.tolist()}


def compensation(species: str, low: str, high: str) -> Compensation:
    return Compensation(parse_species(species), Fraction(low), Fraction(high))


def amount_limit(
    species: str, low: str | None = None, high: str | None = None, on: str | None = None
) -> AmountLimit:
    weights = tuple((symbol, on, Fraction(1)) for symbol in species.split())
    return AmountLimit(weights, Fraction(low) if low else None, Fraction(high) if high else None)


def distinct(
    species: str, low: int | None = None, high: int | None = None, on: str | None = None
) -> DistinctLimit:
    return DistinctLimit(tuple(species.split()), on, low, high)


def end_member(formula: str, low: str = "0", high: str | None = None) -> EndMember:
    return EndMember(formula, parse_formula(formula), Fraction(low), Fraction(high) if high else None)


def make_shelf(formulas: str, atmosphere: str = "inert") -> Shelf:
    """Precursors by formula; `A>B` is A that leaves B."""
    entries = []
    for word in formulas.split():
        formula, _, gives = word.partition(">")
        entries.append(make_precursor(formula, gives or None))
    return Shelf(tuple(entries), "air" if atmosphere == "air" else "inert")


def make_space(
    *sites: Site,
    li: tuple[str, str] = ("0", "20"),
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    process: Process = NO_PROCESS,
    shelf: Shelf | None = None,
) -> SiteSpace:
    """A space of sites compensated by lithium between the amounts `li`."""
    return SiteSpace(sites, compensation("Li+", *li), limits, process, "Li+", shelf)


def compositions(space: Space) -> set[Composition]:
    """Every composition that a space without process settings counts."""
    return {
        frozenset(
            (group, label, amount) for group, held in space.candidate(rank).parts for label, amount in held
        )
        for rank in range(space.size)
    }


def brute_force(
    sites: tuple[Site, ...], charges: Compensation | None, limits: Limits, shelf: Shelf | None
) -> Iterator[tuple[Composition, int]]:
    """Every composition that the definition allows, tried one by one, with its number of dopants."""
    entries = sorted(
        {(s.name, e.species, e.dopant): None for s in sites for e in s.substituents},
        key=lambda entry: (entry[0], entry[1].symbol),
    )
    choices = []
    for name, species, _ in entries:
        levels = {
            level
            for s in sites
            if s.name == name
            for e in s.substituents
            if e.species == species
            for level in e.levels
        }
        choices.append([Fraction(0), *sorted(levels)])
    for amounts in product(*choices):
        present = [(entry, n) for entry, n in zip(entries, amounts, strict=True) if n]
        held = [(name, species, n) for (name, species, _), n in present]
        dopants = [name for (name, _, is_dopant), _ in present if is_dopant]
        for s in sites:
            rest = s.amount - sum(n for name, _, n in held if name == s.name)
            if charges is not None and s.host == charges.species:
                if rest < 0:
                    break
                continue
            if rest < 0:
                break
            if rest:
                held.append((s.name, s.host, rest))
        else:
            charge = sum(species.charge * n for _, species, n in held)
            if charges is None and charge:
                continue
            if charges is not None:
                own = Fraction(-charge, charges.species.charge)
                if not charges.min <= own <= charges.max:
                    continue
                if own:
                    held.append(("+", charges.species, own))
            if _within(held, dopants, sites, limits) and (shelf is None or _is_makeable(held, shelf)):
                yield frozenset((name, species.symbol, n) for name, species, n in held), len(dopants)


def _within(held: list, dopants: list[str], sites: tuple[Site, ...], limits: Limits) -> bool:
    if limits.max_dopants is not None and len(dopants) > limits.max_dopants:
        return False
    if any(s.max_substituents is not None and dopants.count(s.name) > s.max_substituents for s in sites):
        return False
    if any(element in limits.exclude_elements for _, species, _ in held for element in species.elements):
        return False
    for limit in limits.amounts:
        total = sum(
            weight * n
            for symbol, where, weight in limit.weights
            for name, species, n in held
            if species.symbol == symbol and where in (None, name)
        )
        if (limit.min is not None and total < limit.min) or (limit.max is not None and total > limit.max):
            return False
    for count in limits.distinct:
        seen = {s.symbol for name, s, _ in held if s.symbol in count.species and count.site in (None, name)}
        if (count.min is not None and len(seen) < count.min) or (
            count.max is not None and len(seen) > count.max
        ):
            return False
    return True


def _is_makeable(held: list, shelf: Shelf) -> bool:
    totals: dict[str, Fraction] = {}
    for _, species, n in held:
        for element, count in species.elements.items():
            totals[element] = totals.get(element, Fraction(0)) + n * count
    try:
        shelf.solve(totals)
    except PrecursorError:
        return False
    return True
