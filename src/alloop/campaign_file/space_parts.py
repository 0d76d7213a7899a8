"""The `space:` section as a whole: which kind it is, its parts, and the space built from them."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from alloop.campaign_file.limits import LIMITS, mixture_holdings, read_limits, site_holdings
from alloop.campaign_file.mixtures import read_mixture
from alloop.campaign_file.pools import POOL, Pool, pool_rows, read_pool
from alloop.campaign_file.process import read_settings
from alloop.campaign_file.report import Report
from alloop.campaign_file.sites import COMPENSATION, SITES, read_compensation, read_sites
from alloop.campaign_file.space_models import SpaceModel
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.shelf import Shelf
from alloop.chemistry.species import parse_species
from alloop.errors import CampaignFileError
from alloop.space import MixtureSpace, PoolSpace, SiteSpace, Space
from alloop.space.definition import Compensation, Limits, Mixture, PoolRow, Site
from alloop.space.process import Process, Setting

SPACE: Path = ("space",)
DEFAULT_MOBILE_ION = "Li+"
_KINDS = ("sites", "mixture", "pool")


@dataclass(frozen=True)
class SpaceParts:
    """What the section says, with the function that builds the space from it (once).

    `settings` are the process settings as far as they could be read; `members` maps what a candidate
    may hold, species or end members, to its elements; `uncounted` is how many substituents there are when
    nothing limits how many are combined, else 0; `table` is the pool's.
    """

    settings: tuple[Setting, ...]
    mobile_ion: str
    members: dict[str, tuple[str, ...]]
    uncounted: int
    build: Callable[[], Space]
    table: pathlib.Path | None = None
    pool_columns: Mapping[str, str] = field(default_factory=dict)


def read_space(
    report: Report, shelf: Shelf | None, base: pathlib.Path, mobile_ion: str | None, complete: bool
) -> SpaceParts:
    """Read the section; what is wrong is noted.

    Args:
        report: the document with its problems.
        shelf: what the laboratory owns; None leaves the space unrestricted.
        base: the folder that a pool's table is relative to.
        mobile_ion: the campaign's, None where the file does not say.
        complete: whether the pool's table must be there and is read now.
    """
    ion = mobile_ion or DEFAULT_MOBILE_ION
    if not report.has(SPACE):
        if complete:
            report.say(SPACE, "'space' is missing", "say what may be made: sites, a mixture or a pool")
        return SpaceParts((), ion, {}, 0, _no_space)
    kind = _kind(report, complete)
    if kind == "sites":
        return _read_sites(report, shelf, mobile_ion)
    if report.has(COMPENSATION):
        report.say(COMPENSATION, "charges are compensated between sites only", "remove the key", key=True)
    if kind == "mixture":
        return _read_mixture(report, shelf, ion)
    if kind == "pool":
        return _read_pool(report, shelf, base, ion, complete)
    return SpaceParts(read_settings(report, shelf, None if complete else ()), ion, {}, 0, _no_space)


def _no_space() -> Space:
    raise CampaignFileError("'space' is missing", "say what may be made: sites, a mixture or a pool")


def _kind(report: Report, complete: bool) -> str | None:
    if report.section(SpaceModel, SPACE) is None and not isinstance(report.at(SPACE), dict):
        return None
    kinds = [name for name in _KINDS if report.has((*SPACE, name))]
    if len(kinds) == 1:
        return kinds[0]
    if not kinds and not complete:  # settings alone: what a replayed table gives
        return None
    what = (
        f"the space has {' and '.join(kinds)}" if kinds else "the space has neither sites, mixture nor pool"
    )
    report.say(SPACE, what, "give exactly one of sites, mixture and pool")
    return None


def _read_sites(report: Report, shelf: Shelf | None, mobile_ion: str | None) -> SpaceParts:
    sites = read_sites(report)
    compensation = read_compensation(report, sites)
    limits = read_limits(report, site_holdings(sites, compensation, report.clean(SITES, COMPENSATION)))
    settings = read_settings(report, shelf)
    ion = mobile_ion or DEFAULT_MOBILE_ION
    if mobile_ion is None and compensation is not None and compensation.species.charge > 0:
        ion = compensation.species.symbol
    substituents = [entry.species for site in sites for entry in site.substituents]
    species = [site.host for site in sites] + substituents
    species += [compensation.species] if compensation else []
    members = {entry.symbol: tuple(entry.elements) for entry in species}
    uncounted = len(substituents) if limits.max_dopants is None else 0
    build = partial(_site_space, sites, compensation, limits, settings, ion, shelf)
    return SpaceParts(settings, ion, members, uncounted, cache(build))


def _site_space(
    sites: tuple[Site, ...],
    compensation: Compensation | None,
    limits: Limits,
    settings: tuple[Setting, ...],
    mobile_ion: str,
    shelf: Shelf | None,
) -> Space:
    return SiteSpace(sites, compensation, limits, Process(settings), mobile_ion, shelf)


def _read_mixture(report: Report, shelf: Shelf | None, ion: str) -> SpaceParts:
    mixture = read_mixture(report)
    limits = read_limits(report, mixture_holdings(mixture))
    settings = read_settings(report, shelf)
    if mixture is None:
        return SpaceParts(settings, ion, {}, 0, _no_space)
    members = {member.formula: tuple(member.elements) for member in mixture.end_members}
    build = partial(_mixture_space, mixture, settings, ion, shelf, limits)
    return SpaceParts(settings, ion, members, 0, cache(build))


def _mixture_space(
    mixture: Mixture, settings: tuple[Setting, ...], mobile_ion: str, shelf: Shelf | None, limits: Limits
) -> Space:
    return MixtureSpace(mixture, Process(settings), mobile_ion, shelf, limits)


def _read_pool(
    report: Report, shelf: Shelf | None, base: pathlib.Path, ion: str, complete: bool
) -> SpaceParts:
    if report.has(LIMITS):
        report.say(LIMITS, "limits do not apply to a pool", "remove the rows from its table", key=True)
    model = read_pool(report, base, complete)
    columns = model.process if model is not None else {}
    headings = {"formula": model.formula, **columns} if model is not None else {}
    declared = read_settings(report, shelf, columns)
    names = [setting.name for setting in declared]
    settings = (*declared, *(Setting(name, "", ()) for name in columns if name not in names))
    if model is None:
        return SpaceParts(settings, ion, {}, 0, _no_space)
    pool = Pool(base / model.table, model.formula, columns, model.measured, settings)
    read = cache(partial(pool_rows, pool))
    if complete and report.clean(SPACE):
        with report.catching(POOL):
            settings = read()[1]
    return SpaceParts(settings, ion, {}, 0, cache(lambda: _pool_space(*read(), ion)), pool.table, headings)


def _pool_space(rows: tuple[PoolRow, ...], settings: tuple[Setting, ...], mobile_ion: str) -> Space:
    """The pool; an ion that none of its rows holds (a pool of alloys) is not mobile in it."""
    carrier = parse_species(mobile_ion).elements
    is_held = any(carrier.keys() <= row.amounts.keys() for row in rows)
    return PoolSpace(rows, Process(settings), mobile_ion if is_held else None)
