"""The parts of a plan (`plan.json`) that lists, maps and sheets show, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from alloop.synthesis.because import because
from alloop.synthesis.numbers import shown_unit

COMPENSATION = "+"
"""The group of the charge-compensating species in a plan's composition."""


@dataclass(frozen=True)
class Prediction:
    """What is expected of a new measurement: median and 90 % interval in the property's canonical unit."""

    median: float
    low90: float
    high90: float
    unit: str


@dataclass(frozen=True)
class PlannedWell:
    """One well of a plan; amounts and settings as text. `because` are sentences on what stands behind it."""

    well: str
    sample: str
    role: str
    replicate_of: str
    key: str
    formula: str
    composition: Mapping[str, str]
    settings: Mapping[str, str]
    predictions: Mapping[str, Prediction]
    p_feasible: float | None
    p_hit: float | None
    reason: str
    because: tuple[str, ...] = ()
    block: str = ""
    station: str = ""


@dataclass(frozen=True)
class PlannedPart:
    """A block or a station of a plate: its wells, and what holds for them in words."""

    name: str
    wells: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class PlannedPlate:
    """One plate of a plan; `shared_settings` carry their units, `setting_units` has all units by setting.

    `outlook` are sentences on what it is expected to bring, `prices` on what each of its rules costs.
    """

    plate: str
    campaign: str
    title: str
    rows: int
    columns: int
    wells: tuple[PlannedWell, ...]
    shared_settings: Mapping[str, str]
    setting_units: Mapping[str, str]
    warnings: tuple[str, ...]
    outlook: tuple[str, ...] = ()
    blocks: tuple[PlannedPart, ...] = ()
    stations: tuple[PlannedPart, ...] = ()
    prices: tuple[str, ...] = ()

    @property
    def well_settings(self) -> tuple[str, ...]:
        """Names of the settings that wells have of their own, in their order of appearance."""
        names = dict.fromkeys(name for well in self.wells for name in well.settings)
        return tuple(name for name in names if name not in self.shared_settings)

    @property
    def properties(self) -> dict[str, str]:
        """The unit of each predicted property, in their order of appearance."""
        return {name: p.unit for well in self.wells for name, p in well.predictions.items()}

    def setting(self, well: PlannedWell, name: str) -> str:
        """A well's setting with its unit; empty where it does not apply."""
        return with_unit(well.settings.get(name, ""), self.setting_units.get(name, ""))


def read_plan(plan: Mapping[str, Any]) -> PlannedPlate:
    """The plate that a `plan.json` describes.

    Read are `plate`, `campaign`, `title`, `rows`, `columns`, `shared_settings` ({name: {value, unit}}),
    `setting_units` ({name: unit}), `warnings` and of each entry of `wells`: `well`, `sample`, `role`,
    `replicate_of`, `key`, `formula`, `composition` ({group: {species: amount}}), `process`, `predictions`,
    `p_feasible`, `p_hit`, `reason`, `neighbours`, `drivers`, `teaches`, `block` and `station`; `effect_units`,
    `advice`, `gain_before`, `blocks`, `stations` and `rule_prices`. Only `plate`, `wells` and `well` and `formula` of
    each must be.
    """
    effect_units = plan.get("effect_units") or {}
    wells = tuple(_read_well(entry, str(plan["plate"]), effect_units) for entry in plan["wells"])
    places = [split_label(well.well) for well in wells]
    shared = plan.get("shared_settings") or {}
    units = {name: str(entry.get("unit") or "") for name, entry in shared.items()}
    units.update({name: str(unit or "") for name, unit in (plan.get("setting_units") or {}).items()})
    return PlannedPlate(
        plate=str(plan["plate"]),
        campaign=str(plan.get("campaign", "")),
        title=str(plan.get("title") or ""),
        rows=int(plan.get("rows") or max((row for row, _ in places), default=0) + 1),
        columns=int(plan.get("columns") or max((column for _, column in places), default=0) + 1),
        wells=wells,
        shared_settings={
            name: with_unit(write_amount(e["value"]), units[name]) for name, e in shared.items()
        },
        setting_units=units,
        warnings=tuple(str(line) for line in plan.get("warnings") or ()),
        outlook=_outlook(plan),
        blocks=tuple(
            PlannedPart(
                str(block["name"]),
                tuple(block["wells"]),
                ", ".join(
                    f"{name.replace('_', ' ')} {with_unit(write_amount(e['value']), str(e.get('unit') or ''))}"
                    for name, e in block["settings"].items()
                ),
            )
            for block in plan.get("blocks") or ()
            if block["wells"]
        ),
        stations=tuple(
            PlannedPart(str(station["name"]), tuple(station["wells"]), str(station["atmosphere"]))
            for station in plan.get("stations") or ()
            if station["wells"]
        ),
        prices=tuple(str(price["words"]) for price in plan.get("rule_prices") or ()),
    )


def _outlook(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """What the plate is expected to bring, and what the one before was and brought."""
    texts = (plan.get("advice"), (plan.get("gain_before") or {}).get("words"))
    return tuple(str(text) for text in texts if text)


def _read_well(
    entry: Mapping[str, Any], plate: str, effect_units: Mapping[str, str] = MappingProxyType({})
) -> PlannedWell:
    row, column = split_label(str(entry["well"]))
    label = write_label(row, column)
    composition = {
        ("compensation" if group == COMPENSATION else str(group)): (
            "; ".join(f"{species} {write_amount(amount)}" for species, amount in held.items())
            if isinstance(held, Mapping)
            else write_amount(held)
        )
        for group, held in (entry.get("composition") or {}).items()
    }
    predictions = {
        str(name): Prediction(
            float(value["median"]),
            float(value["low90"]),
            float(value["high90"]),
            str(value.get("unit") or ""),
        )
        for name, value in (entry.get("predictions") or {}).items()
    }
    return PlannedWell(
        well=label,
        sample=str(entry.get("sample") or f"{plate}-{label}"),
        role=str(entry.get("role") or "candidate"),
        replicate_of=str(entry.get("replicate_of") or ""),
        key=str(entry.get("key") or ""),
        formula=str(entry["formula"]),
        composition=composition,
        settings={str(name): write_amount(value) for name, value in (entry.get("process") or {}).items()},
        predictions=predictions,
        p_feasible=_optional(entry.get("p_feasible")),
        p_hit=_optional(entry.get("p_hit")),
        reason=str(entry.get("reason") or ""),
        block=str(entry.get("block") or ""),
        station=str(entry.get("station") or ""),
        because=because(entry, effect_units),
    )


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)


def split_label(label: str) -> tuple[int, int]:
    """Row and column, both from 0, of a well label such as `A1`, `B07` or `AA12`."""
    found = re.fullmatch(r"([A-Za-z]{1,2})0*([1-9]\d*)", label.strip())
    if found is None:
        raise ValueError(f"{label!r} is not the label of a well, such as 'B07'")
    row = 0
    for letter in found[1].upper():
        row = row * 26 + ord(letter) - ord("A") + 1
    return row - 1, int(found[2]) - 1


def write_label(row: int, column: int) -> str:
    """The label of a well from its row and column, both from 0: `B07`; the 27th row is `AA`."""
    letters = chr(ord("A") + row % 26)
    return f"{chr(ord('A') + row // 26 - 1) if row >= 26 else ''}{letters}{column + 1:02d}"


def write_amount(value: object) -> str:
    """An amount or a level as people read it: at most four decimals, `1/3` as 0.3333, None as `none`."""
    if value is None:
        return "none"
    if isinstance(value, str) and not re.fullmatch(r"-?\d+/\d+", value):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Fraction)):
        return str(value)
    number = float(Fraction(value))
    return f"{number:.4f}".rstrip("0").rstrip(".") if abs(number) >= 1e-3 or not number else f"{number:.3g}"


def with_unit(value: str, unit: str) -> str:
    """A value with its unit; the unit of a pure number, and of a setting that does not apply, is left out."""
    if not value or value == "none" or unit in ("", "1"):
        return value
    return f"{value} {shown_unit(unit)}"
