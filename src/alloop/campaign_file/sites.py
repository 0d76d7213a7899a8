"""Sites and charge compensation: read, checked against each other, and built."""

from __future__ import annotations

from fractions import Fraction

from alloop.campaign_file.checks import check_multiple, check_order
from alloop.campaign_file.fields import number_text
from alloop.campaign_file.report import Report
from alloop.campaign_file.space_models import (
    CompensationModel,
    SiteModel,
    SubstituentModel,
)
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.species import Species
from alloop.space.definition import Compensation, Site, Substituent

SITES: Path = ("space", "sites")
COMPENSATION: Path = ("space", "charge_compensation")
MAX_LEVELS = 10_000
"""Levels of one substituent beyond which a step is taken for a mistake."""


def read_sites(report: Report) -> tuple[Site, ...]:
    """The sites of the file that can be read; what is wrong with the others is noted."""
    if report.at(SITES) == []:
        report.say(SITES, "the list of sites is empty", "add a site with name, amount and host")
    sites = []
    names: set[str] = set()
    for path in report.entries(SITES):
        model = report.section(SiteModel, path)
        substituents = _read_substituents(report, path, model)
        if model is None:
            continue
        if model.name in names:
            report.say((*path, "name"), f"a second site is called {model.name!r}", "give each its own name")
        names.add(model.name)
        sites.append(Site(model.name, model.amount, model.host, substituents, model.max_substituents))
    return tuple(sites)


def _read_substituents(report: Report, site: Path, model: SiteModel | None) -> tuple[Substituent, ...]:
    """The substituents of one site; without its model they are only checked by themselves."""
    listed: set[Species] = set()
    found = []
    for path, entry in report.items(SubstituentModel, (*site, "substituents")):
        levels = _levels(report, path, entry)
        if model is not None and levels and levels[-1] > model.amount:
            report.say(
                (*path, "levels" if entry.levels else "max"),
                f"{number_text(levels[-1])} do not fit on site {model.name} of {number_text(model.amount)}",
                f"keep the levels within {number_text(model.amount)}",
            )
        for species in entry.species:
            if model is not None and species == model.host:
                what = f"{species.symbol} is the host of site {model.name} already"
                report.say((*path, "species"), what, "remove it from the substituents")
            elif species in listed:
                report.say(
                    (*path, "species"), f"{species.symbol} is listed twice on this site", "keep it once"
                )
            else:
                listed.add(species)
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
