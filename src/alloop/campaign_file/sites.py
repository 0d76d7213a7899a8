"""Sites, charge compensation and limits: read, checked against each other, and built."""

from __future__ import annotations

from fractions import Fraction

from alloop.campaign_file.checks import check_multiple, check_order, check_some_bound
from alloop.campaign_file.fields import number_text
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.space_models import (
    AmountLimitModel,
    CompensationModel,
    DistinctLimitModel,
    LimitsModel,
    SiteModel,
    SubstituentModel,
)
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.species import Species
from alloop.space import AmountLimit, Compensation, DistinctLimit, Limits, Site, Substituent

SITES: Path = ("space", "sites")
COMPENSATION: Path = ("space", "charge_compensation")
LIMITS: Path = ("space", "limits")
MAX_LEVELS = 10_000
"""Levels of one substituent beyond which a step is taken for a mistake."""


def read_sites(report: Report) -> tuple[Site, ...]:
    """The sites of the file that can be read; what is wrong with the others is noted."""
    if report.at(SITES) == []:
        report.say(SITES, "the list of sites is empty", "add a site with name, amount and host")
    sites = []
    names: dict[str, Path] = {}
    for path, model in report.items(SiteModel, SITES):
        if model.name in names:
            report.say((*path, "name"), f"a second site is called {model.name!r}", "give each its own name")
        names[model.name] = path
        substituents = _read_substituents(report, path, model)
        sites.append(Site(model.name, model.amount, model.host, model.max_substituents, substituents))
    return tuple(sites)


def _read_substituents(report: Report, site: Path, model: SiteModel) -> tuple[Substituent, ...]:
    listed: dict[Species, Path] = {}
    found = []
    for path, entry in report.items(SubstituentModel, (*site, "substituents")):
        levels = _levels(report, path, entry)
        if levels and levels[-1] > model.amount:
            report.say(
                (*path, "levels" if entry.levels else "max"),
                f"{number_text(levels[-1])} do not fit on site {model.name} of {number_text(model.amount)}",
                f"keep the levels within {number_text(model.amount)}",
            )
        for species in entry.species:
            if species == model.host:
                what = f"{species.symbol} is the host of site {model.name} already"
                report.say((*path, "species"), what, "remove it from the substituents")
            elif species in listed:
                what = f"{species.symbol} is listed twice on site {model.name}"
                report.say((*path, "species"), what, "keep it once")
            else:
                listed[species] = path
                found.append(Substituent(species, levels, entry.dopant))
    return tuple(found)


def _levels(report: Report, path: Path, entry: SubstituentModel) -> tuple[Fraction, ...]:
    """The levels in ascending order; empty when they could not be made out, which is noted."""
    if entry.levels is not None:
        if entry.max is not None or entry.step is not None:
            report.say(path, "levels stand beside max or step", "give either levels or max with step")
        elif not entry.levels:
            report.say((*path, "levels"), "the list is empty", "add an amount, such as 0.1")
        elif len(set(entry.levels)) < len(entry.levels):
            report.say((*path, "levels"), "an amount is listed twice", "keep each level once")
        return tuple(sorted(set(entry.levels)))
    if entry.max is None or entry.step is None:
        given = "max" if entry.max is not None else "step" if entry.step is not None else ""
        what = f"{given} alone does not say the levels" if given else "the levels are missing"
        report.say(path, what, "give max and step together, or a list of levels")
        return ()
    if not check_multiple(report, (*path, "max"), entry.max, entry.step):
        return ()
    if entry.max / entry.step > MAX_LEVELS:
        report.say((*path, "step"), f"this makes more than {MAX_LEVELS:,} levels", "use a larger step")
        return ()
    return tuple(entry.step * count for count in range(1, int(entry.max / entry.step) + 1))


def read_compensation(report: Report, sites: tuple[Site, ...]) -> Compensation | None:
    """The compensating species with its bounds; None when there is none."""
    if not report.has(COMPENSATION):
        return None
    model = report.section(CompensationModel, COMPENSATION)
    if model is None:
        return None
    if model.species.charge == 0:
        what = f"{model.species.symbol} is neutral and compensates nothing"
        report.say((*COMPENSATION, "species"), what, "name an ion, such as Li+")
    check_order(report, COMPENSATION, model.min, model.max)
    for site in sites:
        if any(entry.species == model.species for entry in site.substituents):
            report.say(
                (*COMPENSATION, "species"),
                f"{model.species.symbol} compensates the charge but is a substituent on site {site.name}",
                "remove it from the substituents: its amount follows from neutrality",
            )
    return Compensation(model.species, model.min, model.max)


def read_limits(report: Report, sites: tuple[Site, ...], compensation: Compensation | None) -> Limits:
    """The limits over all sites; without the section there are none."""
    if not report.has(LIMITS):
        return Limits()
    model = report.section(LimitsModel, LIMITS)
    checker = _LimitChecker(report, sites, compensation)
    amounts, distinct = [], []
    for path, sum_limit in report.items(AmountLimitModel, (*LIMITS, "amounts")):
        check_some_bound(report, path, sum_limit.min, sum_limit.max)
        checker.check(path, [entry.species for entry in sum_limit.species], sum_limit.site)
        weights = tuple((entry.species.symbol, sum_limit.site, entry.weight) for entry in sum_limit.species)
        amounts.append(AmountLimit(weights, sum_limit.min, sum_limit.max))
    for path, limit in report.items(DistinctLimitModel, (*LIMITS, "distinct")):
        check_some_bound(report, path, limit.min, limit.max)
        checker.check(path, list(limit.species), limit.site)
        if limit.min is not None and limit.min > len(limit.species):
            what = f"min {limit.min} asks for more than the {len(limit.species)} species listed"
            report.say((*path, "min"), what, "list more species or lower it")
        symbols = tuple(species.symbol for species in limit.species)
        distinct.append(DistinctLimit(symbols, limit.site, limit.min, limit.max))
    if model is None:
        return Limits()
    return Limits(model.max_dopants, model.exclude_elements, tuple(amounts), tuple(distinct))


class _LimitChecker:
    """Knows which species and sites a limit may name; stays silent while the sites themselves are unclear."""

    def __init__(self, report: Report, sites: tuple[Site, ...], compensation: Compensation | None) -> None:
        self.report = report
        self.certain = report.clean(SITES, COMPENSATION)
        self.on_site = {
            site.name: {site.host.symbol, *(entry.species.symbol for entry in site.substituents)}
            for site in sites
        }
        self.anywhere = {symbol for symbols in self.on_site.values() for symbol in symbols}
        if compensation is not None:
            self.anywhere.add(compensation.species.symbol)

    def check(self, path: Path, species: list[Species], site: str | None) -> None:
        """Note species that can never be there and sites that do not exist."""
        symbols = [entry.symbol for entry in species]
        for symbol in dict.fromkeys(symbols):
            if symbols.count(symbol) > 1:
                self.report.say((*path, "species"), f"{symbol} is listed twice", "keep it once")
        if not self.certain:
            return
        if site is not None and site not in self.on_site:
            self.report.say((*path, "site"), f"there is no site {site!r}", nearest(site, self.on_site))
            return
        known = self.anywhere if site is None else self.on_site[site]
        place = "in this space" if site is None else f"on site {site}"
        for symbol in dict.fromkeys(symbols):
            if symbol not in known:
                mend = nearest(symbol, sorted(known))
                self.report.say((*path, "species"), f"{symbol} is not {place}", mend)
