"""A space of sites written as a program: substituents are the variables, everything else follows from them.

With n_i atoms of substituent i on site s, the host of s fills A_s - sum n_i, and the compensating species c
has

    n_c = -(sum_s A_s z_host(s) + sum_i n_i (z_i - z_host(s))) / z_c,

where a host that is the compensating species itself counts with zero charge (its site then shows vacancies,
or interstitials where n_c exceeds the site). Any weighted sum of amounts is therefore an affine function of
the n_i.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm

from alloop.chemistry.species import Species
from alloop.errors import SpaceError
from alloop.space.checks import interval, is_excluded, plain_number
from alloop.space.definition import Compensation, DistinctLimit, Limits, Site
from alloop.space.program import UNBOUNDED, Bound, Mark, Program, Variable
from alloop.space.types import COMPENSATION, Column

Weights = Mapping[int, Fraction]
"""Column index -> weight of one atom (or unit) of it."""

_LARGEST = 1 << 55  # sums beyond this could overflow on the way


@dataclass(frozen=True)
class SiteLayout:
    """Where everything of a space of sites stands, and how it follows from the substituents.

    `denominator` units make one atom per formula unit. `variable_columns` (one per variable) and
    `host_columns` (one per site, None where the host is the compensating species) index `columns`; the
    compensator is the last column, where there is one. `groups` is each variable's site.
    """

    sites: tuple[Site, ...]
    compensation: Compensation | None
    columns: tuple[Column, ...]
    variable_columns: tuple[int, ...]
    groups: tuple[int, ...]
    host_columns: tuple[int | None, ...]
    denominator: int

    def units(self, amount: Fraction) -> int:
        """An amount in units; every amount of the definition is a whole number of them."""
        return int(amount * self.denominator)

    def affine(self, weights: Weights) -> tuple[Fraction, list[Fraction]]:
        """A weighted sum over columns as a function of the substituents: its value for the pure hosts in
        atoms per formula unit, and its change per atom of each substituent.
        """
        own, own_charge = Fraction(0), 1
        if self.compensation is not None:
            own = weights.get(len(self.columns) - 1, Fraction(0))
            own_charge = self.compensation.species.charge
        hosts = []
        for site, column in zip(self.sites, self.host_columns, strict=True):
            charge = 0 if column is None else site.host.charge
            weight = Fraction(0) if column is None else weights.get(column, Fraction(0))
            hosts.append(weight - own * Fraction(charge, own_charge))
        start = sum((site.amount * host for site, host in zip(self.sites, hosts, strict=True)), Fraction(0))
        slopes = []
        for column, group in zip(self.variable_columns, self.groups, strict=True):
            species = self.columns[column].species
            charge = species.charge if species else 0
            weight = weights.get(column, Fraction(0)) - own * Fraction(charge, own_charge)
            slopes.append(weight - hosts[group])
        return start, slopes

    def bound(
        self, name: str, says: str, weights: Weights, low: Fraction | None, high: Fraction | None
    ) -> Bound:
        """Bounds on a weighted sum over columns, in whole numbers."""
        start, slopes = self.affine(weights)
        scale = lcm(*(slope.denominator for slope in slopes), (start * self.denominator).denominator)
        total = scale * self.denominator
        most = [
            slope * scale * self.units(self.sites[g].amount)
            for slope, g in zip(slopes, self.groups, strict=True)
        ]
        if sum(abs(entry) for entry in most) + abs(start) * total > _LARGEST:
            what = "the amounts, levels and weights have no common step that can be counted with"
            raise SpaceError(what, "write them with fewer decimals", name)
        return Bound(
            name,
            says,
            start=int(start * total),
            low=-UNBOUNDED if low is None else ceil(low * total),
            high=UNBOUNDED if high is None else floor(high * total),
            per_unit=tuple(int(slope * scale) for slope in slopes),
            per_species=(0,) * len(slopes),
            scale=total,
        )


def make_layout(sites: Sequence[Site], compensation: Compensation | None) -> SiteLayout:
    """Columns and units of sites in normal form: for each its host and substituents, then the compensator."""
    columns: list[Column] = []
    variable_columns: list[int] = []
    groups: list[int] = []
    host_columns: list[int | None] = []
    for group, site in enumerate(sites):
        follows = compensation is not None and site.host == compensation.species
        host_columns.append(None if follows else len(columns))
        if not follows:
            columns.append(_column(site.name, site.host, False))
        for entry in site.substituents:
            variable_columns.append(len(columns))
            groups.append(group)
            columns.append(_column(site.name, entry.species, entry.dopant))
    if compensation is not None:
        columns.append(_column(COMPENSATION, compensation.species, False))
    amounts = [site.amount for site in sites]
    amounts += [level for site in sites for entry in site.substituents for level in entry.levels]
    denominator = lcm(*(amount.denominator for amount in amounts))
    if compensation is not None:
        denominator *= abs(compensation.species.charge)
    return SiteLayout(
        tuple(sites),
        compensation,
        tuple(columns),
        tuple(variable_columns),
        tuple(groups),
        tuple(host_columns),
        denominator,
    )


def _column(group: str, species: Species, is_dopant: bool) -> Column:
    elements = {element: Fraction(count) for element, count in species.elements.items()}
    return Column(group, species.symbol, species, elements, is_dopant)


def make_program(layout: SiteLayout, limits: Limits, more: Iterable[Bound] = ()) -> Program:
    """The program of a space of sites; `more` are bounds that come from elsewhere (the shelf)."""
    variables = []
    for column, group in zip(layout.variable_columns, layout.groups, strict=True):
        held = layout.columns[column]
        entry = next(e for e in layout.sites[group].substituents if e.species == held.species)
        levels = tuple(layout.units(level) for level in entry.levels)
        variables.append(Variable(str(held), group, levels, held.is_dopant))
    bounds = [_room(layout, group, limits) for group in range(len(layout.sites))]
    capacities = tuple(range(len(bounds)))
    bounds.append(_neutrality(layout))
    dopant_bound = None
    if limits.max_dopants is not None:
        dopant_bound = len(bounds)
        says = f"limits.max_dopants allows {limits.max_dopants}"
        bounds.append(_counted("dopants", says, variables, None, limits.max_dopants))
    for group, site in enumerate(layout.sites):
        if site.max_substituents is not None:
            says = f"max_substituents of site {site.name} allows {site.max_substituents}"
            bounds.append(_counted(f"dopants on {site.name}", says, variables, group, site.max_substituents))
    for i, limit in enumerate(limits.amounts):
        weights: dict[int, Fraction] = {}
        for place, held in enumerate(layout.columns):
            for symbol, site_name, weight in limit.weights:
                if symbol == held.label and site_name in (None, held.group):
                    weights[place] = weights.get(place, Fraction(0)) + weight
        names = " + ".join(
            (symbol if weight == 1 else f"{plain_number(weight)} {symbol}") + (f" on {site}" if site else "")
            for symbol, site, weight in limit.weights
        )
        says = f"limits.amounts[{i}] allows {interval(limit.min, limit.max)}"
        bounds.append(layout.bound(names, says, weights, limit.min, limit.max))
    marks: list[Mark] = []
    for i, distinct in enumerate(limits.distinct):
        bound, own_marks = _distinct(layout, distinct, i, len(bounds))
        bounds.append(bound)
        marks += own_marks
    bounds += more
    return Program(tuple(variables), tuple(bounds), capacities, tuple(marks), dopant_bound)


def _room(layout: SiteLayout, group: int, limits: Limits) -> Bound:
    """What the substituents of one site may add up to."""
    site = layout.sites[group]
    full = layout.units(site.amount)
    is_out = is_excluded(site.host, limits)
    says = f"site {site.name} holds {plain_number(site.amount)}"
    if is_out:
        says = f"limits.exclude_elements rules out {site.host}, so they must fill {plain_number(site.amount)}"
    return Bound(
        f"substituents on {site.name}",
        says,
        start=0,
        low=full if is_out else 0,
        high=full,
        per_unit=tuple(int(g == group) for g in layout.groups),
        per_species=(0,) * len(layout.groups),
        scale=layout.denominator,
    )


def _neutrality(layout: SiteLayout) -> Bound:
    if layout.compensation is not None:
        low, high = layout.compensation.min, layout.compensation.max
        name = layout.compensation.species.symbol
        says = f"charge_compensation allows {interval(low, high)}"
        return layout.bound(name, says, {len(layout.columns) - 1: Fraction(1)}, low, high)
    charges = {i: Fraction(c.species.charge) for i, c in enumerate(layout.columns) if c.species is not None}
    says = "without charge_compensation it must be 0"
    return layout.bound("the charge per formula unit", says, charges, Fraction(0), Fraction(0))


def _counted(name: str, says: str, variables: Sequence[Variable], group: int | None, most: int) -> Bound:
    counted = tuple(int(v.is_dopant and group in (None, v.group)) for v in variables)
    return Bound(name, says, 0, 0, most, (0,) * len(variables), counted)


def _distinct(layout: SiteLayout, limit: DistinctLimit, number: int, index: int) -> tuple[Bound, list[Mark]]:
    """The count of different species present; those that can come from several places are marked."""
    counted = [0] * len(layout.groups)
    start = 0
    marks = []
    for symbol in dict.fromkeys(limit.species):
        if layout.compensation is not None and symbol == layout.compensation.species.symbol:
            start += 1
            continue
        places = [
            place
            for place, column in enumerate(layout.variable_columns)
            if layout.columns[column].label == symbol and limit.site in (None, layout.columns[column].group)
        ]
        hosts = [
            group
            for group, host in enumerate(layout.host_columns)
            if host is not None
            and layout.columns[host].label == symbol
            and limit.site in (None, layout.sites[group].name)
        ]
        if hosts or len(places) > 1:
            marks.append(Mark(index, tuple(places), tuple(hosts)))
        elif places:
            counted[places[0]] = 1
    low = -UNBOUNDED if limit.min is None else limit.min
    high = UNBOUNDED if limit.max is None else limit.max
    name = f"different species among {', '.join(limit.species)}" + (f" on {limit.site}" if limit.site else "")
    says = f"limits.distinct[{number}] allows {interval(limit.min, limit.max)}"
    return Bound(name, says, start, low, high, (0,) * len(counted), tuple(counted)), marks
