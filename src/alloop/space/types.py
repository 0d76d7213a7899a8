"""What a design space is made of: columns, candidates and blocks of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache

from alloop.arrays import FloatArray, IntArray
from alloop.chemistry.formula import composition_key
from alloop.chemistry.species import Species

Level = Fraction | str | None
"""The value of a process setting: an exact number, a name, or None for the level `none`."""

COMPENSATION = "+"
"""The group that holds the charge-compensating species."""

Parts = tuple[tuple[str, tuple[tuple[str, Fraction], ...]], ...]
"""Groups (sites, the compensation, the mixture) with the amount of every species or member in them."""


@dataclass(frozen=True)
class Column:
    """One thing that a candidate holds an amount of: a species on a site, the compensator, an end member.

    `group` is the site's name, ``"+"`` for the compensating species, ``"mole"`` or ``"weight"`` for end
    members and ``"atoms"`` in a pool; `label` is the species' symbol, the end member's formula or the
    element. `elements` are the atoms in one unit of the column. `is_dopant` marks what counts as a dopant.
    """

    group: str
    label: str
    species: Species | None
    elements: Mapping[str, Fraction] = field(hash=False)
    is_dopant: bool

    def __str__(self) -> str:
        has_site = self.species is not None and self.group != COMPENSATION
        return f"{self.label} on {self.group}" if has_site else self.label


@dataclass(frozen=True)
class Candidate:
    """A composition with its process settings, exactly.

    `parts` are the amounts per formula unit, zeros left out, in the order of the space's columns; `settings`
    those that apply to the candidate, in the order of the file; `dopants` are (group, label, amount);
    `charge` is the total charge in e per formula unit (zero in every space of sites).
    """

    parts: Parts
    settings: tuple[tuple[str, Level], ...]
    elements: tuple[tuple[str, Fraction], ...]
    formula: str
    dopants: tuple[tuple[str, str, Fraction], ...]
    charge: Fraction

    @cached_property
    def key(self) -> str:
        """The canonical name: amounts as reduced fractions per group, then the settings, all sorted by name.

        It depends neither on the order nor on the steps of the campaign file, so it outlives its versions:
        ``M=Mg2+:4/5,Zn2+:1/5;X=Cl-:4;+=Li+:2|anneal_temperature=400;milling_time=5``.
        """
        return f"{write_parts(self.parts)}|{write_settings(self.settings)}"

    @cached_property
    def recipe_key(self) -> str:
        """The name of the experiment, shared by candidates that weigh out the same with the same settings."""
        return write_recipe(dict(self.elements), self.settings)

    @property
    def process(self) -> dict[str, Level]:
        """The settings that apply, by name."""
        return dict(self.settings)

    @property
    def amounts(self) -> dict[str, Fraction]:
        """Atoms of each element per formula unit."""
        return dict(self.elements)


@dataclass(frozen=True)
class Block:
    """Many candidates as arrays.

    `ranks` (n,); `amounts` (n, n_columns) in atoms (species, end members) per formula unit; `settings`
    (n, n_settings) the index of each setting's level, -1 where the setting does not apply.
    """

    ranks: IntArray
    amounts: FloatArray
    settings: IntArray

    def __len__(self) -> int:
        return len(self.ranks)


def write_level(level: Level) -> str:
    """A level as it stands in a key: `400`, `1/3`, `milled`, `none`."""
    return "none" if level is None else str(level)


def write_parts(parts: Parts) -> str:
    """The composition half of a key; groups and species sorted, the compensation last."""
    ordered = sorted(parts, key=lambda part: (part[0] == COMPENSATION, part[0]))
    return ";".join(
        f"{group}={','.join(f'{label}:{amount}' for label, amount in sorted(held))}"
        for group, held in ordered
    )


def write_settings(settings: Iterable[tuple[str, Level]]) -> str:
    """The settings half of a key, sorted by name."""
    return ";".join(
        f"{name}={write_level(level)}" for name, level in sorted(settings, key=lambda pair: pair[0])
    )


def write_recipe(elements: Mapping[str, Fraction], settings: Iterable[tuple[str, Level]]) -> str:
    """The name of an experiment: what is weighed, and the settings it is made with."""
    return f"{composition_key(elements)}|{write_settings(settings)}"


@lru_cache(maxsize=65536)
def _fraction(text: str) -> Fraction:
    return Fraction(text)


def read_key(key: str) -> tuple[dict[tuple[str, str], Fraction], dict[str, str]] | None:
    """Amounts by (group, label) and settings by name that a key stands for; None when it is not a key."""
    composition, bar, process = key.partition("|")
    if not bar:
        return None
    amounts: dict[tuple[str, str], Fraction] = {}
    settings: dict[str, str] = {}
    try:
        for part in filter(None, composition.split(";")):
            group, held = part.split("=")
            for entry in held.split(","):
                label, amount = entry.rsplit(":", 1)
                amounts[group, label] = _fraction(amount)
        for part in filter(None, process.split(";")):
            name, level = part.split("=")
            settings[name] = level
    except (ValueError, ZeroDivisionError):
        return None
    return amounts, settings
