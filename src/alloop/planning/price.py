"""What each rule costs a plate: the plate is filled again without the rule, and both are compared.

*Utility.* What a plate is expected to bring to the campaign's aims: for `hits` the expected number of hits among its
wells, for `front` and `best` the expected growth, for `map` the expected fall of the doubt; each relative to the plate
without the rule, weighted by the aim's weight. Both plates are filled from the same short list with the same draws,
so that what differs is the rule. Wells that explore stay where they are in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from alloop.arrays import BoolArray, IntArray
from alloop.planning.components import Component
from alloop.planning.filling import FilledBlock, Pool, Shared
from alloop.planning.problem import PlanningProblem, PlateRules, RulePrice
from alloop.planning.rules import RuleBook, Traits
from alloop.planning.select import fill
from alloop.planning.settings import PlateSettings
from alloop.space import Block, Candidate

_PER_WELL = 3
"""Candidates on each component's list, for every well of the plate."""
_EVERY = 4
"""Every fourth draw is enough to compare two plates that see the same draws."""
_LOOSER = 1.1
_NOTHING = 1.0
"""Percent below which a rule costs nothing that could be told from zero."""
_ABOUT = {
    "max_precursors": "at most {} precursors on the plate (max_precursors)",
    "max_wells_per_dopant": "at most {} wells with the same dopant (max_wells_per_dopant)",
    "max_wells_per_composition": "at most {} wells of one composition (max_wells_per_composition)",
    "min_distance": "compositions at least {} apart (min_distance)",
    "stations": "the room at the stations ({})",
    "shared_by block": "the same {} in all wells of a block (shared_by)",
    "shared_by plate": "the same {} in all wells of the plate (shared_by)",
    "reserved": "{}",
}
"""A rule in words, with its setting."""


@dataclass(frozen=True)
class _Market:
    """The candidates, components and wells with which plates are filled again.

    `aims` fill a plate, `values` say what it is worth; `fixed` are wells that explore, `blind` those drawn at random.
    """

    problem: PlanningProblem
    settings: PlateSettings
    filled: Sequence[FilledBlock]
    block: Block
    traits: Traits
    is_open: BoolArray
    choices: IntArray
    aims: Shared
    values: Shared
    fixed: IntArray
    blind: IntArray

    @property
    def reserved(self) -> list[Candidate]:
        """Controls and replicates of all blocks."""
        return [candidate for block in self.filled for candidate in block.reserved.candidates]


def rule_prices(
    problem: PlanningProblem,
    settings: PlateSettings,
    pool: Pool,
    components: Shared,
    filled: Sequence[FilledBlock],
) -> tuple[RulePrice, ...]:
    """The price of every rule that the plate has; none where the only aim is `map`.

    Args:
        problem: the round.
        settings: the open combinations of shared settings.
        pool: the candidates.
        components: before any well was chosen.
        filled: the plate.
    """
    market = _market(problem, settings, pool, components, filled)
    if not market.aims:
        return ()
    rules, with_all = problem.rules, _worth(market, problem.rules)
    prices = []
    for name in ("max_precursors", "max_wells_per_dopant", "max_wells_per_composition"):
        limit = getattr(rules, name)
        if limit is None:
            continue
        without = _worth(market, _with_limit(rules, name, None))
        lost, words = _lost(with_all, without), ""
        if lost >= _NOTHING:
            looser = ceil(limit * _LOOSER)
            left = min(_lost(_worth(market, _with_limit(rules, name, looser)), without), lost)
            words = f"; {looser} instead of {limit} would cost {_percent(left)}"
        prices.append(_price(name, str(limit), lost, words))
    if rules.min_distance > 0:
        lost = _lost(with_all, _worth(market, replace(rules, min_distance=0.0)))
        prices.append(_price("min_distance", f"{rules.min_distance:.3g}", lost))
    if rules.stations:
        lost = _lost(with_all, _worth(market, replace(rules, stations=())))
        text = ", ".join(f"{station.name} {station.wells}" for station in rules.stations)
        prices.append(_price("stations", text, lost))
    for sharer, mode in (("block", "plate"), ("plate", "own")):
        names = _shared(market, sharer)
        if names:
            lost = _lost(with_all, _worth(market, rules, mode))
            prices.append(_price(f"shared_by {sharer}", names, lost))
    text = _reserved_text(market)
    if text:
        lost = _lost(with_all, _worth(market, rules, with_reserved=False))
        prices.append(_price("reserved", text, lost, "; later plates are compared by them"))
    return tuple(prices)


def _market(
    problem: PlanningProblem,
    settings: PlateSettings,
    pool: Pool,
    components: Shared,
    filled: Sequence[FilledBlock],
) -> _Market:
    explores = {component.name for component, _ in components if component.explores}
    picks = [pick for block in filled for pick in block.picks]
    kept = [pick.index for pick in picks if pick.component in explores]
    blind = [row for block in filled for row in block.blind]
    n_list = _PER_WELL * sum(len(block.task.wells) for block in filled)
    listed: list[IntArray] = [np.array([*blind, *(pick.index for pick in picks)], dtype=np.int64)]
    open_rows = np.flatnonzero(pool.is_open & (pool.choices >= 0))
    aims = [(component, share) for component, share in components if not component.explores]
    for component, _ in aims:
        listed.append(open_rows[np.argsort(-component.gains(open_rows), kind="stable")[:n_list]])
    rows = np.unique(np.concatenate(listed))
    fills = [(component.part(rows, _EVERY), share) for component, share in aims]
    hope = sum(share for component, share in fills if component.name == "hope")
    values = [(c, share + hope if c.name == "hits" else share) for c, share in fills if c.name != "hope"]
    weight, others = problem.aim.get("map", 0.0), sum(problem.aim.values()) - problem.aim.get("map", 0.0)
    if weight > 0 and others > 0:
        total = sum(share for _, share in aims)
        values += [(c.part(rows, _EVERY), total * weight / others) for c, _ in components if c.name == "map"]
    return _Market(
        problem,
        settings,
        filled,
        problem.space.decode(pool.block.ranks[rows]),
        pool.traits.part(rows),
        pool.is_open[rows],
        pool.choices[rows],
        fills,
        values,
        np.searchsorted(rows, np.array(kept, dtype=np.int64)),
        np.searchsorted(rows, np.array(blind, dtype=np.int64)),
    )


def _worth(
    market: _Market, rules: PlateRules, mode: str = "block", with_reserved: bool = True
) -> dict[str, tuple[float, float]]:
    """(Share, value) by aim of the plate that the rules allow.

    Args:
        market: what it is filled with.
        rules: of the plate.
        mode: whether wells keep the shared settings of their ``block``, those of the ``plate``, or have their ``own``.
        with_reserved: whether controls, replicates and blind wells are on it.
    """
    groups = {"block": np.arange(len(market.settings)), "plate": market.settings.groups}.get(
        mode, np.zeros(len(market.settings), dtype=np.int64)
    )
    own = np.where(market.choices >= 0, groups[market.choices], -1)
    book = RuleBook(replace(market.problem, rules=rules), market.traits, market.block, market.is_open, own)
    reserved = market.reserved if with_reserved else []
    book.reserve(reserved)
    n_wells = 0
    for block in market.filled:
        room = len(block.task.wells) - (len(block.reserved.candidates) if with_reserved else 0)
        book.make_room(int(groups[block.choice]), room)
        n_wells += room
    components = [(component.fork(), share) for component, share in market.aims]
    held = [*(market.blind.tolist() if with_reserved else []), *market.fixed.tolist()]
    for row in held:
        book.add(row)
        for component, _ in components:
            component.add(row)
    picks = fill(components, book, n_wells - len(held))
    plate = np.array([*held, *(pick.index for pick in picks)], dtype=np.int64)
    return {component.name: (share, _value(component, plate)) for component, share in market.values}


def _value(component: Component, plate: IntArray) -> float:
    """What the wells of a plate are worth to one aim together."""
    alone = component.part(plate, 1)
    total = 0.0
    for row in range(len(plate)):
        total += float(alone.gains(np.array([row]))[0])
        alone.add(row)
    return total


def _with_limit(rules: PlateRules, name: str, limit: int | None) -> PlateRules:
    changed: dict[str, Any] = {name: limit}
    return replace(rules, **changed)


def _lost(with_rule: Mapping[str, tuple[float, float]], without: Mapping[str, tuple[float, float]]) -> float:
    """Percent of the utility that a rule takes, never below 0: filling well by well is not always best."""
    lost = total = 0.0
    for name, (share, value) in without.items():
        if value > 0.0:
            lost += share * (1.0 - with_rule[name][1] / value)
            total += share
    return round(max(100.0 * lost / total, 0.0), 1) if total > 0.0 else 0.0


def _price(rule: str, setting: str, lost: float, more: str = "") -> RulePrice:
    nothing = lost < _NOTHING
    price = "nothing on this plate" if nothing else f"{lost:.0f} % of what this plate is expected to bring"
    more = "" if nothing and rule != "reserved" else more
    return RulePrice(rule, setting, lost, f"{_ABOUT[rule].format(setting.replace('_', ' '))}: {price}{more}")


def _percent(lost: float) -> str:
    return "nothing" if lost < _NOTHING else f"{lost:.0f} %"


def _shared(market: _Market, sharer: str) -> str:
    """Names of the settings with several open levels that a plate, or a block, shares; empty where it has none."""
    settings = market.settings
    is_divided = market.filled[0].task.name is not None
    names = []
    for column, place in enumerate(settings.shared):
        setting = settings.process.settings[place]
        owner = setting.shared_by if is_divided else "plate"
        if owner == sharer and len(np.unique(settings.combinations[:, column])) > 1:
            names.append(setting.name)
    return ", ".join(names)


def _reserved_text(market: _Market) -> str:
    counts = {
        "control": sum(len(block.reserved.controls) for block in market.filled),
        "replicate": sum(len(block.reserved.replicates) for block in market.filled),
        "random well": len(market.blind),
    }
    parts = [f"{n} {name}" + ("s" if n > 1 else "") for name, n in counts.items() if n]
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else ""
