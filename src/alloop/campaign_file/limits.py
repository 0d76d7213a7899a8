"""Limits over the whole composition: read, checked against what the space holds, and built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alloop.campaign_file.checks import check_some_bound
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.space_models import AmountLimitModel, DistinctLimitModel, LimitsModel
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.species import parse_species
from alloop.space.definition import AmountLimit, Compensation, DistinctLimit, Limits, Mixture, Site

LIMITS: Path = ("space", "limits")


class Holdings:
    """What a space can hold: species by site, or the end members of a mixture.

    `certain` says whether that part of the file could be read whole; while it could not, no species is called
    unknown.
    """

    def __init__(self, by_site: Mapping[str, Sequence[str]], elsewhere: Sequence[str], certain: bool) -> None:
        self.by_site = by_site
        self.anywhere = {symbol: None for symbols in by_site.values() for symbol in symbols}
        self.anywhere.update(dict.fromkeys(elsewhere))
        self.certain = certain
        self.are_formulas = not by_site


def site_holdings(sites: Sequence[Site], compensation: Compensation | None, certain: bool) -> Holdings:
    """Host and substituents of each site, and the compensating species."""
    by_site = {
        site.name: [site.host.symbol, *(entry.species.symbol for entry in site.substituents)]
        for site in sites
    }
    return Holdings(by_site, [compensation.species.symbol] if compensation else [], certain)


def mixture_holdings(mixture: Mixture | None) -> Holdings:
    """The end members, by formula."""
    members = [member.formula for member in mixture.end_members] if mixture else []
    return Holdings({}, members, mixture is not None)


def read_limits(report: Report, holdings: Holdings) -> Limits:
    """The limits of the file; without the section there are none."""
    if not report.has(LIMITS):
        return Limits()
    model = report.section(LimitsModel, LIMITS)
    amounts, distinct = [], []
    for path, sum_limit in report.items(AmountLimitModel, (*LIMITS, "amounts")):
        check_some_bound(report, path, sum_limit.min, sum_limit.max)
        names = [entry.species for entry in sum_limit.species]
        symbols = _symbols(report, path, names, sum_limit.site, holdings)
        weights = tuple(
            (symbol, sum_limit.site, entry.weight)
            for symbol, entry in zip(symbols, sum_limit.species, strict=True)
        )
        amounts.append(AmountLimit(weights, sum_limit.min, sum_limit.max))
    for path, limit in report.items(DistinctLimitModel, (*LIMITS, "distinct")):
        check_some_bound(report, path, limit.min, limit.max)
        listed = _symbols(report, path, limit.species, limit.site, holdings)
        if limit.min is not None and limit.min > len(listed):
            what = f"min {limit.min} asks for more than the {len(listed)} species listed"
            report.say((*path, "min"), what, "list more species or lower it")
        distinct.append(DistinctLimit(tuple(listed), limit.site, limit.min, limit.max))
    if model is None:
        return Limits()
    return Limits(model.max_dopants, model.exclude_elements, tuple(amounts), tuple(distinct))


def _symbols(
    report: Report, path: Path, names: Sequence[str], site: str | None, holdings: Holdings
) -> list[str]:
    """The canonical symbols of the listed species; those that can never be there are noted."""
    place = (*path, "species")
    symbols = []
    for name in names:
        symbol = name
        if not holdings.are_formulas:
            with report.catching(place):
                symbol = parse_species(name).symbol
        if symbol in symbols:
            report.say(place, f"{symbol} is listed twice", "keep it once")
        symbols.append(symbol)
    if site is not None and holdings.certain and site not in holdings.by_site:
        report.say((*path, "site"), f"there is no site {site!r}", nearest(site, holdings.by_site))
    elif holdings.certain and report.clean(place):
        known = holdings.anywhere if site is None else dict.fromkeys(holdings.by_site[site])
        where = "in this space" if site is None else f"on site {site}"
        for symbol in dict.fromkeys(symbols):
            if symbol not in known:
                report.say(place, f"{symbol} is not {where}", nearest(symbol, known))
    return symbols
