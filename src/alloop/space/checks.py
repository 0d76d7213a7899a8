"""Checks of a site space's definition, and its normal form without repeated and excluded entries."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from alloop.chemistry.species import Species
from alloop.errors import Problem
from alloop.space.definition import Compensation, Limits, Site, Substituent
from alloop.space.types import COMPENSATION


def check_sites(sites: Sequence[Site], compensation: Compensation | None, limits: Limits) -> list[Problem]:
    """Everything that is wrong with a definition by itself, whatever can be counted in it."""
    problems = [] if sites else [Problem("space.sites", "is empty", "declare at least one site")]
    names = [site.name for site in sites]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem(f"site {name}", "is declared twice", "rename one, or make them one site"))
    for site in sites:
        problems += _check_site(site, compensation)
    if compensation is not None:
        problems += _check_compensation(compensation, limits)
    problems += _check_limits(sites, compensation, limits)
    return problems


def normal_sites(sites: Sequence[Site], limits: Limits) -> tuple[Site, ...]:
    """The sites without excluded substituents, each species once per site with its levels ascending."""
    result = []
    for site in sites:
        merged: dict[Species, Substituent] = {}
        for entry in site.substituents:
            if is_excluded(entry.species, limits):
                continue
            earlier = merged.get(entry.species)
            levels = {*entry.levels, *(earlier.levels if earlier else ())}
            merged[entry.species] = Substituent(entry.species, tuple(sorted(levels)), entry.dopant)
        result.append(Site(site.name, site.amount, site.host, tuple(merged.values()), site.max_substituents))
    return tuple(result)


def is_excluded(species: Species, limits: Limits) -> bool:
    """Whether the species holds an excluded element."""
    return any(element in limits.exclude_elements for element in species.elements)


def _check_site(site: Site, compensation: Compensation | None) -> list[Problem]:
    where = f"site {site.name}"
    problems = []
    if not site.name or site.name == COMPENSATION or any(sign in site.name for sign in ";|=,:"):
        problems.append(Problem(where, "is no usable name", "use a word without ';', '|', '=', ',' and ':'"))
    if site.amount <= 0:
        problems.append(Problem(where, f"amount {_plain(site.amount)} is not above zero"))
    if site.max_substituents is not None and site.max_substituents < 0:
        problems.append(Problem(where, f"max_substituents {site.max_substituents} is below zero"))
    kinds: dict[Species, bool] = {}
    for entry in site.substituents:
        symbol = entry.species.symbol
        if entry.species == site.host:
            problems.append(Problem(where, f"{symbol} is its own host", "leave it out of the substituents"))
        elif compensation is not None and entry.species == compensation.species:
            mend = "its amount follows from neutrality; leave it out of the substituents"
            problems.append(Problem(where, f"{symbol} is the charge-compensating species", mend))
        if kinds.setdefault(entry.species, entry.dopant) != entry.dopant:
            mend = "give both entries the same dopant flag"
            problems.append(Problem(where, f"{symbol} is listed as a dopant and as none", mend))
        if not entry.levels:
            problems.append(Problem(where, f"{symbol} has no levels", "give max and step, or levels"))
        elif min(entry.levels) <= 0:
            what = f"{symbol} has the level {_plain(min(entry.levels))}"
            problems.append(Problem(where, what, "levels are above zero; none of it is always allowed"))
        elif max(entry.levels) > site.amount:
            what = (
                f"{symbol} goes up to {_plain(max(entry.levels))}, but the site holds {_plain(site.amount)}"
            )
            problems.append(Problem(where, what, f"lower its max to {_plain(site.amount)} or less"))
    return problems


def _check_compensation(compensation: Compensation, limits: Limits) -> list[Problem]:
    where = "charge_compensation"
    symbol = compensation.species.symbol
    problems = []
    if compensation.species.charge == 0:
        mend = "name a charged species, such as Li+"
        problems.append(Problem(where, f"{symbol} has no charge to compensate with", mend))
    if compensation.min < 0:
        problems.append(Problem(where, f"min {_plain(compensation.min)} is below zero"))
    if compensation.min > compensation.max:
        what = f"min {_plain(compensation.min)} is above max {_plain(compensation.max)}"
        problems.append(Problem(where, what, "exchange them"))
    if is_excluded(compensation.species, limits):
        mend = "take it off limits.exclude_elements"
        problems.append(Problem(where, f"{symbol} holds an excluded element", mend))
    return problems


def _check_limits(sites: Sequence[Site], compensation: Compensation | None, limits: Limits) -> list[Problem]:
    problems = []
    if limits.max_dopants is not None and limits.max_dopants < 0:
        problems.append(Problem("limits.max_dopants", f"{limits.max_dopants} is below zero"))
    own = None if compensation is None else compensation.species.symbol
    known = {(site.name, species.symbol) for site in sites for species in _species_of(site)}
    for i, limit in enumerate(limits.amounts):
        where = f"limits.amounts[{i}]"
        for symbol, site_name, _ in limit.weights:
            problems += _check_named(where, symbol, site_name, known, own)
        problems += check_ends(where, limit.min, limit.max)
    for i, count in enumerate(limits.distinct):
        where = f"limits.distinct[{i}]"
        for symbol in count.species:
            problems += _check_named(where, symbol, count.site, known, own)
            if symbol == own and count.site is None and compensation is not None and compensation.min <= 0:
                mend = "leave it out of the list, or give charge_compensation a min above zero"
                problems.append(Problem(where, f"{symbol} may be absent, and is not counted", mend))
        problems += check_ends(where, count.min, count.max)
    return problems


def _check_named(
    where: str, symbol: str, site_name: str | None, known: set[tuple[str, str]], own: str | None
) -> list[Problem]:
    if site_name is not None and site_name not in {name for name, _ in known}:
        names = ", ".join(sorted({name for name, _ in known}))
        return [Problem(where, f"there is no site {site_name!r}", f"the sites are {names}")]
    if symbol == own:
        if site_name is None:
            return []
        mend = "leave out 'site'"
        return [Problem(where, f"{symbol} follows from neutrality and is not tied to a site", mend)]
    on = sorted({species for name, species in known if site_name in (None, name)})
    if symbol not in on:
        place = "in the space" if site_name is None else f"on site {site_name}"
        return [Problem(where, f"{symbol} is not {place}", f"choose from {', '.join(on)}")]
    return []


def check_ends(where: str, low: Fraction | int | None, high: Fraction | int | None) -> list[Problem]:
    """What is wrong with a pair of bounds."""
    if low is None and high is None:
        return [Problem(where, "has neither min nor max", "give at least one of them")]
    if low is not None and high is not None and low > high:
        what = f"min {_plain(low)} is above max {_plain(high)}"
        return [Problem(where, what, "exchange them")]
    return []


def _species_of(site: Site) -> list[Species]:
    return [site.host, *(entry.species for entry in site.substituents)]


def _plain(amount: Fraction | int) -> str:
    """The amount as a decimal where that is exact, else as a fraction."""
    return plain_number(Fraction(amount))


def plain_number(amount: Fraction) -> str:
    """The number as a person writes it: 0.25, 1/3, 2."""
    short = f"{float(amount):.10g}"
    return short if "e" not in short and Fraction(short) == amount else str(amount)


def interval(low: Fraction | int | None, high: Fraction | int | None) -> str:
    """Inclusive bounds in words."""
    if low is None:
        return f"at most {plain_number(Fraction(high or 0))}"
    if high is None:
        return f"at least {plain_number(Fraction(low))}"
    if low == high:
        return f"only {plain_number(Fraction(low))}"
    return f"{plain_number(Fraction(low))} to {plain_number(Fraction(high))}"
