"""What drives a prediction: the shares of dopants and settings in it.

A well differs from the undoped host (for a mixture or pool: from the average of the space) in things that a chemist
can name: a species on a site with its amount, an end member, an element, a process setting. Their shares in the
difference of the predicted means are Shapley values: each thing's effect when it is added, averaged over the orders
in which they can be added (Štrumbelj & Kononenko 2014, doi:10.1007/s10115-013-0679-x). The composition stays neutral
at each step, so nothing is asked of the model that could not be weighed out in principle. Shares sum to the
difference exactly. Up to four things, all orders count; beyond, three random orders and their reverses, which is
exact as long as things act singly or in pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.planning.because import Driver
from alloop.space import Candidate, FeatureMap, Level, PoolSpace, SiteSpace, Space
from alloop.space.types import COMPENSATION
from alloop.surrogate.protocol import PropertyModel

_ALL_ORDERS = 4
_PAIRS_OF_ORDERS = 3
_SAMPLE = 256
_SMALL = 1e-9

Atoms = dict[str, float]


@dataclass(frozen=True)
class Baseline:
    """What wells are compared with: `atoms` per formula unit and, outside site spaces, the average of every column."""

    space: Space
    atoms: Atoms
    columns: FloatArray


@dataclass(frozen=True)
class _Part:
    """One thing in a well: its name, what it changes in the composition, the setting it is (or None)."""

    name: str
    change: Mapping[str, float]
    setting: tuple[str, Level] | None = None


def baseline_of(space: Space, rng: np.random.Generator) -> Baseline:
    """The undoped host of a site space; the average composition of any other."""
    if isinstance(space, SiteSpace):
        atoms: Atoms = {}
        charge = 0.0
        for site in space.sites:
            _add(atoms, site.host.elements, float(site.amount))
            charge += float(site.amount) * site.host.charge
        if space.compensation is not None:
            ion = space.compensation.species
            _add(atoms, ion.elements, -charge / ion.charge)
        return Baseline(space, atoms, np.zeros(len(space.columns)))
    block = space.decode(space.sample(min(_SAMPLE, space.size), rng))
    totals = space.element_amounts(block).sum(axis=1, keepdims=True)
    columns = (block.amounts / totals).mean(axis=0)
    atoms = {}
    for column, amount in zip(space.columns, columns, strict=True):
        _add(atoms, column.elements, float(amount))
    return Baseline(space, atoms, columns)


def drivers(
    beliefs: Mapping[str, PropertyModel],
    features: FeatureMap,
    baseline: Baseline,
    candidates: Sequence[Candidate],
    rng: np.random.Generator,
) -> list[tuple[Driver, ...]]:
    """What drives the predictions of each candidate, the strongest first.

    Args:
        beliefs: the models, by property.
        features: of the space.
        baseline: what the candidates are compared with.
        candidates: of the wells.
        rng: for the orders in which more than four things are added.
    """
    named = [_parts(baseline, candidate) for candidate in candidates]
    plans = [_orders(len(parts), rng) for parts in named]
    masks = [_masks(orders) for orders in plans]
    amounts: list[Atoms] = []
    settings: list[dict[str, Level]] = []
    for parts, rows in zip(named, masks, strict=True):
        for row in rows:
            atoms = dict(baseline.atoms)
            process: dict[str, Level] = {}
            for part, present in zip(parts, row, strict=True):
                if present:
                    _add(atoms, part.change, 1.0)
                    process.update([part.setting] if part.setting else [])
            amounts.append({element: max(amount, 0.0) for element, amount in atoms.items()})
            settings.append(process)
    x = features.of_compositions(amounts, settings)  # type: ignore[arg-type]
    means = {name: belief.latent(x)[0] for name, belief in beliefs.items()}
    found, start = [], 0
    for parts, orders, rows in zip(named, plans, masks, strict=True):
        own = slice(start, start + len(rows))
        start += len(rows)
        effects = _shapley(rows, orders)
        shares = {name: effects @ values[own] for name, values in means.items()}
        spread = {name: max(float(np.ptp(values)), _SMALL) for name, values in means.items()}
        strength = [
            max((abs(shares[n][i]) / spread[n] for n in shares), default=0.0) for i in range(len(parts))
        ]
        order = sorted(range(len(parts)), key=lambda i: (-strength[i], i))
        found.append(tuple(Driver(parts[i].name, {n: float(shares[n][i]) for n in shares}) for i in order))
    return found


def _parts(baseline: Baseline, candidate: Candidate) -> list[_Part]:
    """The things in a candidate that the baseline does not have."""
    space = baseline.space
    parts = _substituents(space, candidate) if isinstance(space, SiteSpace) else _members(baseline, candidate)
    changed = dict(baseline.atoms)
    for part in parts:
        _add(changed, part.change, 1.0)
    whole = {element: float(amount) for element, amount in candidate.amounts.items()}
    if not _same_composition(changed, whole):  # made otherwise than the space says: nothing to tell apart
        scale = sum(baseline.atoms.values()) / max(sum(whole.values()), _SMALL)
        elements = sorted({*baseline.atoms, *whole})
        change = {e: whole.get(e, 0.0) * scale - baseline.atoms.get(e, 0.0) for e in elements}
        parts = [_Part("the composition as a whole", change)]
    for setting in space.process.settings:
        if setting.name in candidate.process and len(setting.levels) > 1:
            level = candidate.process[setting.name]
            text = f"{setting.name.replace('_', ' ')} {_written(level)}"
            unit = (
                "" if level is None or setting.unit in ("", "1") or isinstance(level, str) else setting.unit
            )
            name = f"{text} {'°C' if unit == 'degC' else unit}".strip()
            parts.append(_Part(name, {}, (setting.name, level)))
    return parts


def _substituents(space: SiteSpace, candidate: Candidate) -> list[_Part]:
    """Each species that replaces a host, with the host it replaces and the ion that keeps the balance."""
    hosts = {site.name: site.host for site in space.sites}
    columns = {(column.group, column.label): column for column in space.columns}
    parts = []
    for group, held in candidate.parts:
        for label, amount in held:
            column = columns.get((group, label))
            host = hosts.get(group)
            if group == COMPENSATION or host is None or column is None or column.label == host.symbol:
                continue
            change: Atoms = {}
            _add(change, column.elements, float(amount))
            _add(change, host.elements, -float(amount))
            if space.compensation is not None and column.species is not None:
                ion = space.compensation.species
                _add(
                    change, ion.elements, -float(amount) * (column.species.charge - host.charge) / ion.charge
                )
            what = "empty places" if label == "Va" else label
            parts.append(_Part(f"{_written(amount)} {what} on {group}", change))
    return parts


def _members(baseline: Baseline, candidate: Candidate) -> list[_Part]:
    """Each end member or element that a candidate holds; what it does without is one thing."""
    space = baseline.space
    held = {(group, label): float(amount) for group, own in candidate.parts for label, amount in own}
    amounts = np.array([held.get((column.group, column.label), 0.0) for column in space.columns])
    total = sum(
        amount * float(sum(column.elements.values()))
        for column, amount in zip(space.columns, amounts, strict=True)
    )
    per_atom = amounts / max(total, _SMALL)
    parts: list[_Part] = []
    missing: Atoms = {}
    for column, amount, own, average in zip(space.columns, amounts, per_atom, baseline.columns, strict=True):
        change: Atoms = {}
        _add(change, column.elements, float(own - average))
        if amount > 0:
            parts.append(_Part(f"{_written(amount)} {column.label}", change))
        else:
            _add(missing, change, 1.0)
    if any(abs(amount) > _SMALL for amount in missing.values()):
        kind = "elements" if isinstance(space, PoolSpace) else "end members"
        parts.append(_Part(f"no other {kind}", missing))
    return parts


def _orders(n: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    if n <= _ALL_ORDERS:
        return list(permutations(range(n)))
    drawn = [tuple(rng.permutation(n).tolist()) for _ in range(_PAIRS_OF_ORDERS)]
    return [order for one in drawn for order in (one, one[::-1])]


def _masks(orders: Sequence[tuple[int, ...]]) -> BoolArray:
    """The distinct sets that come up while things are added in `orders`: (m, n) which are present."""
    sets = {frozenset(order[:size]) for order in orders for size in range(len(order) + 1)}
    n = len(orders[0])
    rows = sorted((tuple(i in one for i in range(n)) for one in sets), key=lambda row: (sum(row), row))
    return np.array(rows, dtype=bool).reshape(len(rows), n)


def _shapley(rows: BoolArray, orders: Sequence[tuple[int, ...]]) -> FloatArray:
    """(n, m) what turns the value of every set in `rows` (m, n) into the mean effect of adding each thing."""
    place = {frozenset(np.flatnonzero(row).tolist()): i for i, row in enumerate(rows)}
    weights = np.zeros(rows.shape[::-1])
    for order in orders:
        before = place[frozenset()]
        for size, thing in enumerate(order):
            after = place[frozenset(order[: size + 1])]
            weights[thing, after] += 1.0
            weights[thing, before] -= 1.0
            before = after
    return weights / len(orders)


def _add(atoms: Atoms, elements: Mapping[str, object], amount: float) -> None:
    for element, count in elements.items():
        atoms[element] = atoms.get(element, 0.0) + amount * float(count)  # type: ignore[arg-type]


def _same_composition(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    first, second = sum(one.values()), sum(other.values())
    return all(abs(one.get(e, 0.0) / first - other.get(e, 0.0) / second) < 1e-6 for e in {*one, *other})


def _written(amount: object) -> str:
    if amount is None or isinstance(amount, str):
        return "none" if amount is None else amount
    return f"{float(amount):.4g}"  # type: ignore[arg-type]


__all__ = ["Baseline", "baseline_of", "drivers"]
