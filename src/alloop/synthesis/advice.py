"""What to do about portions too small for the balance, and stock that does not suffice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from alloop.synthesis.rounding import round_to_balance

_PARTS = (1, 3, 4, 9, 19, 49, 99)
"""Parts of carrier per part of precursor in a master batch: totals that are easy to reckon with."""

_SPARE = 1.2
"""How much more of a master batch is ground than the wells take: some stays in the mortar."""

WellMasses = Mapping[str, Mapping[str, float]]
"""Exact mg of every precursor in every well."""


@dataclass(frozen=True)
class BatchPortion:
    """In this well: mg of the batch instead of its precursor, and mg of the carrier then left to weigh.

    `carrier_mg` allows for every batch that brings the same carrier into the well.
    """

    well: str
    batch_mg: float
    carrier_mg: float


@dataclass(frozen=True)
class MasterBatch:
    """A scarce precursor ground with a carrier that the same wells hold anyway, for heavier portions.

    `parts` is the mass of carrier per mass of precursor; `precursor_mg` and `carrier_mg` make enough for all
    `portions` and a fifth more.
    """

    precursor: str
    carrier: str
    parts: int
    precursor_mg: float
    carrier_mg: float
    portions: tuple[BatchPortion, ...]


def advise_stock(needs: Mapping[str, tuple[float, float | None]]) -> list[str]:
    """One line for each precursor of which the plate needs more than there is.

    Args:
        needs: grams needed and grams in stock (None when unknown) by precursor.
    """
    return [
        f"{formula}: the plate takes {needed:.3f} g, in stock are {stock:g} g; get {needed - stock:.3f} g"
        for formula, (needed, stock) in needs.items()
        if stock is not None and needed > stock
    ]


def small_portions(wells: WellMasses, min_portion_mg: float) -> dict[str, dict[str, float]]:
    """The exact masses below `min_portion_mg` by precursor and well, the precursor with the least first."""
    small: dict[str, dict[str, float]] = {}
    for well, portions in wells.items():
        for formula, mass in portions.items():
            if mass < min_portion_mg:
                small.setdefault(formula, {})[well] = mass
    return dict(sorted(small.items(), key=lambda entry: (min(entry[1].values()), entry[0])))


def master_batches(wells: WellMasses, min_portion_mg: float, resolution_mg: float) -> tuple[MasterBatch, ...]:
    """Master batches for the precursors with small portions, where a carrier is plentiful enough for one."""
    left = {well: dict(portions) for well, portions in wells.items()}
    chosen: list[tuple[str, str, int, dict[str, float]]] = []
    for formula, masses in small_portions(wells, min_portion_mg).items():
        found = _carrier(formula, masses, left, min_portion_mg)
        if found is not None:
            carrier, parts = found
            for well, mass in masses.items():
                left[well][carrier] -= parts * mass
            chosen.append((formula, carrier, parts, masses))
    batches = []
    for formula, carrier, parts, masses in chosen:
        portions = tuple(
            BatchPortion(
                well,
                round_to_balance((parts + 1) * mass, resolution_mg),
                round_to_balance(left[well][carrier], resolution_mg),
            )
            for well, mass in masses.items()
        )
        ground = max(_SPARE * sum(masses.values()), min_portion_mg)
        ground = round_to_balance(ground + resolution_mg / 2, resolution_mg)
        carried = round_to_balance(parts * ground, resolution_mg)
        batches.append(MasterBatch(formula, carrier, parts, ground, carried, portions))
    return tuple(batches)


def _carrier(
    formula: str, masses: Mapping[str, float], left: WellMasses, min_portion_mg: float
) -> tuple[str, int] | None:
    """The carrier most plentiful where it is scarcest, and its parts; what is left of it stays weighable."""
    best: tuple[float, str] | None = None
    for carrier in sorted({other for well in masses for other in left[well]} - {formula}):
        if all(carrier in left[well] for well in masses):
            spare = min((left[well][carrier] - min_portion_mg) / masses[well] for well in masses)
            if best is None or spare > best[0]:
                best = (spare, carrier)
    if best is None:
        return None
    smallest = min(masses.values())
    return next(
        (
            (best[1], parts)
            for parts in _PARTS
            if (parts + 1) * smallest >= min_portion_mg and parts <= best[0]
        ),
        None,
    )


def advise_portions(
    wells: WellMasses,
    batches: Sequence[MasterBatch],
    sample_mass_g: float,
    min_portion_mg: float,
    resolution_mg: float,
) -> list[str]:
    """How large samples would mend all small portions, and a line for each precursor that has some."""
    small = small_portions(wells, min_portion_mg)
    if not small:
        return []
    smallest = min(mass for masses in small.values() for mass in masses.values())
    needed_g = ceil(sample_mass_g * min_portion_mg / smallest * 10 - 1e-9) / 10
    count = sum(len(masses) for masses in small.values())
    lines = [
        f"{count} portion{' is' if count == 1 else 's are'} below {min_portion_mg:g} mg; samples of "
        f"{needed_g:g} g instead of {sample_mass_g:g} g would lift all of them above it"
    ]
    by_precursor = {batch.precursor: batch for batch in batches}
    for formula, masses in small.items():
        worst = min(masses, key=lambda well: masses[well])
        where = worst if len(masses) == 1 else f"{len(masses)} wells, the least in {worst}"
        text = f"{formula}: {masses[worst]:.2f} mg in {where}"
        if masses[worst] < resolution_mg / 2:
            text += ", which this balance cannot weigh at all"
        if (batch := by_precursor.get(formula)) is None:
            lines.append(f"{text}; no carrier is plentiful enough for a master batch, make larger samples")
        else:
            ratio = f"1 part of {formula} ground with {batch.parts} of {batch.carrier} by mass"
            lines.append(f"{text}; or a master batch: {ratio}, amounts on the sheet")
    return lines
